/* What the engine proposes for org units, attribute option combos and periods, and what people decided about them, as the page reads it. */
#include "align/places.h"
#include "align/text.h"
#include "api/alignment.h"
#include "base/json_out.h"
#include "base/map.h"
#include "base/utf8.h"

struct chain {
  const struct alignment_decision *decision;
  struct chain *next;
};

struct writing {
  const struct alignment *alignment;
  struct arena *arena;
  struct json_out *out;
  enum decision_of of;
  const struct alignment_actor *reader; /* NULL: nobody in particular */
  struct map decided;                   /* source id to struct chain, the last first */
  struct map assigned;                  /* ids of org units that the target's data sets are assigned to; none: they do not tell */
};

static void index_decisions(struct writing *w) {
  for (size_t i = 0; i < w->alignment->decision_count; i++) {
    const struct alignment_decision *d = &w->alignment->decisions[i];
    if (d->what.of != w->of) continue;
    struct chain *chain = ARENA_NEW(w->arena, struct chain);
    *chain = (struct chain){d, map_get(&w->decided, d->what.source_data_element)};
    (void)map_put(&w->decided, d->what.source_data_element, chain);
  }
}

static void index_assigned(struct writing *w) {
  const struct dhis2_metadata *target = w->alignment->target.metadata;
  for (size_t i = 0; i < target->data_set_count; i++)
    for (size_t k = 0; k < target->data_sets[i]->org_unit_count; k++)
      (void)map_put(&w->assigned, target->data_sets[i]->org_units[k]->o.id, w);
}

static bool is_unassigned(const struct writing *w, const struct alignment_side *side, struct str id) {
  return w->of == DECISION_OF_ORG_UNIT && side == &w->alignment->target && w->assigned.count && !map_get(&w->assigned, id);
}

static struct str path_above(const struct writing *w, const struct alignment_side *side, struct str id) {
  const struct dhis2_org_unit *unit = w->of == DECISION_OF_ORG_UNIT ? dhis2_metadata_org_unit(side->metadata, id) : NULL;
  return unit && unit->parent && unit->parent->o.given ? align_unit_path(w->arena, unit->parent, side->locale) : STR_NONE;
}

/* Members of an open object. */
static void write_place(const struct writing *w, const struct alignment_side *side, const struct dhis2_object *o) {
  struct str above = path_above(w, side, o->id);
  alignment_write_name(w->out, side, o);
  if (o->code.n) json_out_member_str(w->out, "code", o->code);
  if (above.n) json_out_member_str(w->out, "above", above);
  if (is_unassigned(w, side, o->id)) json_out_member_bool(w->out, "assigned", false);
}

static void write_reasons(const struct writing *w, const struct align_pair *row) {
  json_out_member_str(w->out, "why", row->why);
  json_out_member_array(w->out, "reasons");
  for (size_t i = 0; i < row->reason_count; i++) {
    json_out_object(w->out);
    json_out_member_str(w->out, "code", str_of(row->reasons[i].code));
    if (row->reasons[i].value.n) json_out_member_str(w->out, "value", row->reasons[i].value);
    if (row->reasons[i].contribution != 0)
      json_out_member_number(w->out, "contribution", (double)(int)(row->reasons[i].contribution * 1000) / 1000);
    json_out_end(w->out);
  }
  json_out_end(w->out);
}

static void write_proposal(const struct writing *w, const struct align_pair *row) {
  json_out_object(w->out);
  json_out_member_object(w->out, "target");
  write_place(w, &w->alignment->target, row->target);
  json_out_end(w->out);
  json_out_member_number(w->out, "confidence", (double)(int)(row->confidence * 1000 + 0.5f) / 1000);
  json_out_member_str(w->out, "decision", str_of(align_answer_name(row->answer)));
  write_reasons(w, row);
  json_out_end(w->out);
}

static const struct dhis2_object *target_object(const struct writing *w, struct str id) {
  const struct dhis2_metadata *target = w->alignment->target.metadata;
  if (w->of == DECISION_OF_ORG_UNIT) {
    const struct dhis2_org_unit *unit = dhis2_metadata_org_unit(target, id);
    return unit ? &unit->o : NULL;
  }
  const struct dhis2_option_combo *coc = dhis2_metadata_option_combo(target, id);
  return coc ? &coc->o : NULL;
}

static void write_targets(const struct writing *w, const char *key, const struct chain *chain, enum decision_verdict verdict) {
  json_out_member_array(w->out, key);
  for (; chain; chain = chain->next) {
    const struct dhis2_object *o =
        chain->decision->what.verdict == verdict ? target_object(w, chain->decision->what.target_data_element) : NULL;
    if (!o) continue;
    json_out_object(w->out);
    write_place(w, &w->alignment->target, o);
    json_out_end(w->out);
  }
  json_out_end(w->out);
}

static const char *state_of(const struct chain *chain) {
  for (; chain; chain = chain->next)
    if (chain->decision->what.verdict != DECISION_REJECTED) return chain->decision->what.verdict == DECISION_ACCEPTED ? "accepted" : "none";
  return "open";
}

static bool is_readers(const struct writing *w, const struct chain *chain) {
  for (; chain; chain = chain->next)
    if (alignment_same_person(chain->decision->person, chain->decision->by, w->reader->person, w->reader->name)) return true;
  return false;
}

/* As of an element: where all that is decided about the source is approved. */
static void write_approval(const struct writing *w, const struct chain *chain) {
  const struct alignment_decision *last = chain->decision;
  for (; chain; chain = chain->next)
    if (!chain->decision->approved_by.n) return;
  json_out_member_str(w->out, "approved_by", last->approved_by);
  json_out_member_str(w->out, "approved_at", last->approved_at);
}

static void write_decision(const struct writing *w, const struct chain *chain) {
  json_out_member_object(w->out, "decision");
  json_out_member_str(w->out, "state", str_of(state_of(chain)));
  write_targets(w, "targets", chain, DECISION_ACCEPTED);
  write_targets(w, "rejected", chain, DECISION_REJECTED);
  if (chain) {
    json_out_member_str(w->out, "by", chain->decision->by);
    json_out_member_str(w->out, "at", chain->decision->at);
    json_out_member_str(w->out, "note", chain->decision->note);
    write_approval(w, chain);
  }
  json_out_end(w->out);
}

/* All rows of one source. Those that surely keep their id, and that nobody decided about, are only counted. */
static bool write_pair(const struct writing *w, const struct align_pair *rows, size_t count) {
  const struct chain *chain = map_get(&w->decided, rows[0].source->id);
  if (rows[0].keeps_id && !chain) return false;
  json_out_object(w->out);
  json_out_member_object(w->out, "source");
  write_place(w, &w->alignment->source, rows[0].source);
  json_out_end(w->out);
  json_out_member_array(w->out, "proposals");
  for (size_t i = 0; i < count; i++)
    if (rows[i].target && !rows[i].decided) write_proposal(w, &rows[i]);
  json_out_end(w->out);
  if (!rows[0].target) write_reasons(w, &rows[0]); /* why there is none */
  write_decision(w, chain);
  if (w->alignment->second_person && w->reader && is_readers(w, chain)) json_out_member_bool(w->out, "own", true);
  json_out_end(w->out);
  return true;
}

static bool none_assigned(const struct alignment_side *side) {
  size_t units = 0;
  for (size_t i = 0; i < side->metadata->data_set_count; i++) units += side->metadata->data_sets[i]->org_unit_count;
  return !units;
}

/* Which of the sides has data sets that are assigned to nothing: for it nothing can be entered. */
static void write_none_assigned(const struct writing *w) {
  json_out_member_array(w->out, "none_assigned");
  if (none_assigned(&w->alignment->source)) json_out_str(w->out, STR("source"));
  if (none_assigned(&w->alignment->target)) json_out_str(w->out, STR("target"));
  json_out_end(w->out);
}

static void write_pairs(struct writing *w, const char *key, enum decision_of of, const struct align_pairs *pairs) {
  size_t kept = 0;
  w->of = of;
  index_decisions(w);
  json_out_member_object(w->out, key);
  json_out_member_bool(w->out, "told", pairs->told);
  if (of == DECISION_OF_ORG_UNIT && !pairs->told) write_none_assigned(w);
  json_out_member_array(w->out, "pairs");
  for (size_t at = 0, end; at < pairs->count; at = end) {
    for (end = at + 1; end < pairs->count && pairs->rows[end].source == pairs->rows[at].source;) end++;
    kept += !write_pair(w, &pairs->rows[at], end - at);
  }
  json_out_end(w->out);
  json_out_member_int(w->out, "same", (int64_t)kept);
  json_out_end(w->out);
  map_free(&w->decided);
  w->decided = (struct map){0};
}

static void write_periods(const struct writing *w, const struct align_period_rule *rule) {
  json_out_member_object(w->out, "periods");
  json_out_member_str(w->out, "conversion", str_of(mapping_conversion_name(rule->periods.conversion)));
  json_out_member_str(w->out, "source", rule->periods.source);
  json_out_member_str(w->out, "target", rule->periods.target);
  json_out_member_str(w->out, "note", rule->periods.note);
  json_out_member_str(w->out, "reason", str_of(rule->reason));
  json_out_member_array(w->out, "sound_for");
  for (size_t i = 0; i < rule->periods.sound_count; i++) json_out_str(w->out, rule->periods.sound_for[i]);
  json_out_end(w->out);
  json_out_end(w->out);
}

int alignment_places(const struct alignment *alignment, const struct alignment_actor *reader, const atomic_bool *cancel, struct buf *buf,
                     struct error *error) {
  struct arena *arena = arena_new();
  struct json_out out = JSON_OUT_INIT(buf);
  struct writing w = {.alignment = alignment, .arena = arena, .out = &out, .reader = reader};
  struct align_options options = {.candidates = 5, .watch.cancel = cancel};
  const struct align_places *places;
  int result = align_places(alignment->source.metadata, alignment->target.metadata, &options, alignment_fixed(alignment, arena),
                            alignment->decision_count, arena, &places, error);
  if (result == 0) {
    index_assigned(&w);
    json_out_object(&out);
    json_out_member_str(&out, "id", alignment->id);
    json_out_member_int(&out, "version", alignment->version);
    json_out_member_bool(&out, "second_person", alignment->second_person);
    write_pairs(&w, "org_units", DECISION_OF_ORG_UNIT, &places->org_units);
    write_pairs(&w, "attribute_option_combos", DECISION_OF_ATTRIBUTE, &places->attributes);
    write_periods(&w, &places->period);
    json_out_end(&out);
    if (buf->full) result = error_set(error, ERROR_too_large, "there are too many org units to be shown at once");
  }
  map_free(&w.assigned);
  arena_free(arena);
  return result;
}

/* --- what a person can choose from --- */

static struct str plain(struct arena *arena, struct str text) {
  return text_plain(arena, text_tokens(arena, utf8_fold(arena, text))); /* folded first: an id is not cut where its case changes */
}

static bool holds_words(struct arena *arena, const struct dhis2_object *o, struct str locale, const struct str *words, size_t count) {
  struct str shown = dhis2_object_name(o, locale);
  struct str text =
      plain(arena, arena_printf(arena, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(o->name), STR_ARG(shown), STR_ARG(o->code), STR_ARG(o->id)));
  for (size_t i = 0; i < count; i++)
    if (!str_has(text, words[i])) return false;
  return true;
}

struct finding {
  struct writing w;
  struct arena *scratch;
  struct str words[ALIGNMENT_SEARCH_WORDS_MAX];
  size_t word_count, found;
};

static void find_one(struct finding *f, const struct dhis2_object *o) {
  if (f->found == ALIGNMENT_FOUND_MAX || !holds_words(f->scratch, o, f->w.alignment->target.locale, f->words, f->word_count)) return;
  f->found++;
  json_out_object(f->w.out);
  write_place(&f->w, &f->w.alignment->target, o);
  json_out_end(f->w.out);
}

/* Those that the data sets are assigned to; where none says, all. */
static const struct dhis2_org_unit **units_taking_part(const struct dhis2_metadata *target, struct arena *arena, size_t *ret_count) {
  size_t most = target->org_unit_count, n = 0;
  struct map seen = {0};
  for (size_t i = 0; i < target->data_set_count; i++) most += target->data_sets[i]->org_unit_count;
  const struct dhis2_org_unit **units = ARENA_ARRAY(arena, most + 1, const struct dhis2_org_unit *);
  for (size_t i = 0; i < target->data_set_count; i++)
    for (size_t k = 0; k < target->data_sets[i]->org_unit_count; k++) {
      const struct dhis2_org_unit *unit = target->data_sets[i]->org_units[k];
      if (unit->o.given && !map_put(&seen, unit->o.id, units)) units[n++] = unit;
    }
  for (size_t i = 0; !seen.count && i < target->org_unit_count; i++) units[n++] = target->org_units[i];
  map_free(&seen);
  *ret_count = n;
  return units;
}

static void find_units(struct finding *f, const struct dhis2_metadata *target) {
  size_t count;
  const struct dhis2_org_unit **units = units_taking_part(target, f->scratch, &count);
  for (size_t i = 0; i < count; i++) find_one(f, &units[i]->o);
}

static void find_attributes(struct finding *f, const struct dhis2_metadata *target) {
  struct map seen = {0};
  for (size_t i = 0; i < target->data_set_count; i++) {
    const struct dhis2_category_combo *combo = target->data_sets[i]->combo;
    if (!combo || map_put(&seen, combo->o.id, f)) continue;
    for (size_t k = 0; k < combo->option_combo_count; k++) find_one(f, &combo->option_combos[k]->o);
  }
  map_free(&seen);
}

bool alignment_find_places(const struct alignment *alignment, enum decision_of of, struct str search, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  struct arena *arena = arena_new();
  struct finding f = {.w = {.alignment = alignment, .arena = arena, .out = &out, .of = of}, .scratch = arena};
  for (struct str rest = plain(arena, search); rest.p && f.word_count < ALIGNMENT_SEARCH_WORDS_MAX;) {
    struct str word = str_take(&rest, ' ');
    if (word.n) f.words[f.word_count++] = word;
  }
  json_out_array(&out);
  if (of == DECISION_OF_ORG_UNIT)
    find_units(&f, alignment->target.metadata);
  else
    find_attributes(&f, alignment->target.metadata);
  json_out_end(&out);
  arena_free(arena);
  return !buf->full;
}

/* --- the tree of the target, level by level --- */

struct node {
  const struct dhis2_org_unit *unit;
  size_t below; /* how many that take part are below it */
};

static const struct dhis2_org_unit *parent_of(const struct dhis2_org_unit *unit) {
  return unit->parent && unit->parent->o.given ? unit->parent : NULL;
}

static void write_node(const struct writing *w, const struct node *node) {
  json_out_object(w->out);
  write_place(w, &w->alignment->target, &node->unit->o);
  json_out_member_int(w->out, "below", (int64_t)node->below);
  json_out_end(w->out);
}

bool alignment_units_below(const struct alignment *alignment, struct str above, struct buf *buf) {
  const struct dhis2_metadata *target = alignment->target.metadata;
  const struct dhis2_org_unit *parent = above.n ? dhis2_metadata_org_unit(target, above) : NULL;
  struct json_out out = JSON_OUT_INIT(buf);
  struct arena *arena = arena_new();
  struct writing w = {.alignment = alignment, .arena = arena, .out = &out, .of = DECISION_OF_ORG_UNIT};
  struct map known = {0};
  size_t count, n = 0;
  const struct dhis2_org_unit **units = units_taking_part(target, arena, &count);
  struct node *nodes = ARENA_ARRAY(arena, count + 1, struct node);
  for (size_t i = 0; (parent || !above.n) && i < count; i++) {
    const struct dhis2_org_unit *at = units[i];
    while (at && parent_of(at) != parent) at = parent_of(at);
    if (!at) continue;
    struct node *node = map_get(&known, at->o.id);
    if (!node) {
      node = &nodes[n++];
      node->unit = at;
      (void)map_put(&known, at->o.id, node);
    }
    node->below += at != units[i];
  }
  index_assigned(&w);
  json_out_array(&out);
  for (size_t i = 0; i < n; i++) write_node(&w, &nodes[i]);
  json_out_end(&out);
  map_free(&w.assigned);
  map_free(&known);
  arena_free(arena);
  return !buf->full;
}
