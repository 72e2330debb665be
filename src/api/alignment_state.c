#include "api/alignment_engine.h"

#include "base/json_out.h"
#include "base/map.h"

/* The rows of one source item stand together; this is where. */
struct span {
  const struct align_row *rows;
  size_t count;
};

/* The decisions about one source element, in the order they were made. */
struct chain {
  const struct alignment_decision *decision;
  struct chain *next;
};

struct chains {
  struct chain *first, **end;
};

/* What else there is about one source element: decisions about it and its cells, and remarks. */
struct about {
  size_t decided, approved;
  const struct alignment_decision *approval; /* the last one */
  const struct alignment_remark *flag, *changed;
  size_t comments;
};

struct writing {
  const struct alignment *alignment;
  struct arena *arena;
  const struct align_result *result;
  struct map elements; /* source element id to struct span */
  struct map operands; /* "element coc" to struct span */
  struct map decided;  /* source element id to struct chains */
  struct map cells;    /* "element coc" of the source to the struct alignment_decision about it */
  struct map about;    /* source element id to struct about */
  size_t parts_left;   /* of divided cells, so many more may be listed beyond those that are shown at once */
  struct json_out *out;
};

/* A state may be large, but not for the sake of those. */
enum { PARTS_LISTED_MAX = 100000 };

static struct str cell_key(struct arena *arena, struct str element, struct str coc) {
  return arena_printf(arena, "%.*s %.*s", STR_ARG(element), STR_ARG(coc));
}

static bool same_item(const struct align_row *a, const struct align_row *b) {
  return a->kind == b->kind && a->source == b->source && a->source_coc == b->source_coc;
}

static void index_rows(struct writing *w) {
  const struct align_result *result = w->result;
  for (size_t at = 0, end; at < result->count; at = end) {
    const struct align_row *first = &result->rows[at];
    for (end = at + 1; end < result->count && same_item(first, &result->rows[end]);) end++;
    struct span *span = ARENA_NEW(w->arena, struct span);
    *span = (struct span){first, end - at};
    if (first->kind == ALIGN_DATA_ELEMENT)
      (void)map_put(&w->elements, first->source->o.id, span);
    else
      (void)map_put(&w->operands, cell_key(w->arena, first->source->o.id, first->source_coc->o.id), span);
  }
}

static struct about *about_of(struct writing *w, struct str element) {
  struct about *about = map_get(&w->about, element);
  if (about) return about;
  about = ARENA_NEW(w->arena, struct about);
  (void)map_put(&w->about, element, about);
  return about;
}

static void index_remarks(struct writing *w) {
  for (size_t i = 0; i < w->alignment->remark_count; i++) {
    const struct alignment_remark *remark = &w->alignment->remarks[i];
    struct about *about = about_of(w, remark->source_data_element);
    if (remark->kind == REMARK_COMMENT) about->comments++;
    if (remark->kind == REMARK_FLAG) about->flag = remark;
    if (remark->kind == REMARK_CHANGED) about->changed = remark;
  }
}

static void index_decisions(struct writing *w) {
  for (size_t i = 0; i < w->alignment->decision_count; i++) {
    const struct alignment_decision *d = &w->alignment->decisions[i];
    if (d->what.of) continue; /* alignment_places */
    struct about *about = about_of(w, d->what.source_data_element);
    about->decided++;
    about->approved += d->approved_by.n > 0;
    if (d->approved_by.n) about->approval = d;
    if (d->what.operand) {
      (void)map_put(&w->cells, cell_key(w->arena, d->what.source_data_element, d->what.source_category_option_combo), (void *)(uintptr_t)d);
      continue;
    }
    struct chains *chains = map_get(&w->decided, d->what.source_data_element);
    if (!chains) {
      chains = ARENA_NEW(w->arena, struct chains);
      chains->end = &chains->first;
      (void)map_put(&w->decided, d->what.source_data_element, chains);
    }
    *chains->end = ARENA_NEW(w->arena, struct chain);
    (*chains->end)->decision = d;
    chains->end = &(*chains->end)->next;
  }
}

static const struct chain *decisions_of(const struct writing *w, const struct dhis2_data_element *element) {
  const struct chains *chains = map_get(&w->decided, element->o.id);
  return chains ? chains->first : NULL;
}

static void write_object(struct writing *w, const char *key, const struct alignment_side *side, const struct dhis2_object *o) {
  json_out_member_object(w->out, key);
  alignment_write_name(w->out, side, o);
  json_out_end(w->out);
}

/* Members of an element; the object stays open. */
static void write_element(struct writing *w, const struct alignment_side *side, const struct dhis2_data_element *element) {
  alignment_write_name(w->out, side, &element->o);
  json_out_member_str(w->out, "code", element->o.code);
  json_out_member_str(w->out, "value_type", element->value_type);
  if (element->aggregation_type.n) json_out_member_str(w->out, "aggregation_type", element->aggregation_type);
  if (element->membership_count && element->memberships[0]->section.n)
    json_out_member_str(w->out, "section", element->memberships[0]->section);
  struct str periods = element->membership_count ? element->memberships[0]->data_set->period_type : STR_NONE;
  if (periods.n && !str_eq(periods, side->metadata->data_sets[0]->period_type)) json_out_member_str(w->out, "period_type", periods);
  if (element->combo_count) write_object(w, "combo", side, &element->combos[0]->o);
}

static void write_proposal(struct writing *w, const struct align_row *row) {
  json_out_object(w->out);
  json_out_member_object(w->out, "target");
  write_element(w, &w->alignment->target, row->target);
  json_out_end(w->out);
  json_out_member_number(w->out, "confidence", (double)(int)(row->confidence * 1000 + 0.5f) / 1000);
  json_out_member_str(w->out, "decision", str_of(align_answer_name(row->answer)));
  json_out_member_str(w->out, "why", row->why);
  if (row->reason) json_out_member_str(w->out, "reason", str_of(row->reason));
  json_out_member_array(w->out, "features");
  for (uint32_t i = 0; i < row->feature_count; i++) {
    json_out_object(w->out);
    json_out_member_str(w->out, "name", str_of(row->features[i].name));
    json_out_member_number(w->out, "contribution", (double)(int)(row->features[i].contribution * 1000) / 1000);
    json_out_end(w->out);
  }
  json_out_end(w->out);
  json_out_end(w->out);
}

/* Nothing is an empty text, not null. */
static struct str told(struct str text) {
  return text.p ? text : STR("");
}

static const char *state_of(const struct writing *w, const struct dhis2_data_element *element, bool answered,
                            const struct alignment_decision **ret_last) {
  bool accepted = false, none = false, excluded = false, rejected = false;
  for (const struct chain *c = decisions_of(w, element); c; c = c->next) {
    const struct alignment_decision *d = c->decision;
    *ret_last = d;
    accepted = accepted || d->what.verdict == DECISION_ACCEPTED;
    none = none || d->what.verdict == DECISION_NONE;
    excluded = excluded || d->excluded;
    rejected = rejected || d->what.verdict == DECISION_REJECTED;
  }
  return accepted ? "accepted" : excluded ? "excluded" : none ? "none" : rejected && !answered ? "rejected" : "proposed";
}

/* The targets of the element's decisions with this verdict. */
static void write_decided(struct writing *w, const char *key, const struct dhis2_data_element *element, enum decision_verdict verdict) {
  json_out_member_array(w->out, key);
  for (const struct chain *c = decisions_of(w, element); c; c = c->next) {
    const struct decision *d = &c->decision->what;
    if (d->verdict != verdict) continue;
    const struct dhis2_data_element *target = dhis2_metadata_element(w->alignment->target.metadata, d->target_data_element);
    json_out_object(w->out);
    alignment_write_name(w->out, &w->alignment->target, target ? &target->o : &(struct dhis2_object){.id = d->target_data_element});
    json_out_end(w->out);
  }
  json_out_end(w->out);
}

static void write_decision(struct writing *w, const struct dhis2_data_element *element, bool answered) {
  const struct alignment_decision *last = NULL;
  json_out_member_object(w->out, "decision");
  json_out_member_str(w->out, "state", str_of(state_of(w, element, answered, &last)));
  write_decided(w, "targets", element, DECISION_ACCEPTED);
  write_decided(w, "rejected", element, DECISION_REJECTED);
  if (last) {
    json_out_member_str(w->out, "by", told(last->by));
    json_out_member_str(w->out, "at", told(last->at));
    json_out_member_str(w->out, "note", told(last->note));
    if (last->confidence > 0) json_out_member_number(w->out, "confidence", last->confidence);
  }
  const struct about *about = map_get(&w->about, element->o.id);
  if (about && about->decided && about->approved == about->decided) {
    json_out_member_str(w->out, "approved_by", about->approval->approved_by);
    json_out_member_str(w->out, "approved_at", about->approval->approved_at);
  }
  json_out_end(w->out);
}

/* What people said about it beside deciding; members of the open object. */
static void write_remarks(struct writing *w, const struct dhis2_data_element *element) {
  const struct about *about = map_get(&w->about, element->o.id);
  if (!about) return;
  if (about->comments) json_out_member_int(w->out, "comments", (int64_t)about->comments);
  if (about->flag) {
    json_out_member_object(w->out, "flag");
    json_out_member_str(w->out, "by", told(about->flag->by));
    json_out_member_str(w->out, "at", about->flag->at);
    if (about->flag->to.n) json_out_member_str(w->out, "to", about->flag->to);
    if (about->flag->text.n) json_out_member_str(w->out, "note", about->flag->text);
    json_out_end(w->out);
  }
  if (about->changed) {
    json_out_member_object(w->out, "changed");
    json_out_member_str(w->out, "at", about->changed->at);
    json_out_member_str(w->out, "reason", about->changed->text);
    if (about->changed->code.n) json_out_member_str(w->out, "code", about->changed->code);
    json_out_end(w->out);
  }
}

/* What can change by a decision stands on lines of its own, one an element or cell: alignment_changes compares them. */
static void next_line(struct writing *w) {
  (void)buf_add_char(w->out->buf, '\n');
}

static void write_elements(struct writing *w) {
  const struct dhis2_metadata *source = w->alignment->source.metadata;
  json_out_member_array(w->out, "elements");
  for (size_t i = 0; i < source->element_count; i++) {
    next_line(w);
    const struct span *span = map_get(&w->elements, source->elements[i]->o.id);
    bool answered = false;
    json_out_object(w->out);
    json_out_member_object(w->out, "source");
    write_element(w, &w->alignment->source, source->elements[i]);
    json_out_end(w->out);
    json_out_member_array(w->out, "proposals");
    for (size_t k = 0; span && k < span->count; k++) {
      if (!span->rows[k].target) continue;
      answered = answered || span->rows[k].answer != ALIGN_CANDIDATE;
      write_proposal(w, &span->rows[k]);
    }
    json_out_end(w->out);
    write_decision(w, source->elements[i], answered);
    write_remarks(w, source->elements[i]);
    json_out_end(w->out);
  }
  next_line(w);
  json_out_end(w->out);
}

/* What of the target it would have to be divided into: ids alone, target_combos has their names. */
static void write_division(struct writing *w, const struct align_division *division) {
  if (!division) return;
  size_t listed = division->count;
  if (listed > ALIGNMENT_PARTS_SHOWN && listed > w->parts_left) listed = ALIGNMENT_PARTS_SHOWN;
  if (listed > ALIGNMENT_PARTS_SHOWN) w->parts_left -= listed;
  if (division->all > ALIGNMENT_PARTS_SHOWN) json_out_member_int(w->out, "divided_count", (int64_t)division->all);
  json_out_member_array(w->out, "divided");
  for (size_t i = 0; i < listed; i++) json_out_str(w->out, division->parts[i]->o.id);
  json_out_end(w->out);
  if (division->whole) json_out_member_str(w->out, "whole", division->whole->o.id);
}

static void write_cell(struct writing *w, const struct dhis2_data_element *element, const struct dhis2_option_combo *coc) {
  struct str key = cell_key(w->arena, element->o.id, coc->o.id);
  const struct span *span = map_get(&w->operands, key);
  if (!span) return;
  next_line(w);
  json_out_object(w->out);
  json_out_member_str(w->out, "source_data_element", element->o.id);
  write_object(w, "source", &w->alignment->source, &coc->o);
  const struct alignment_decision *decision = map_get(&w->cells, key);
  if (decision) {
    json_out_member_bool(w->out, "decided", true);
    json_out_member_str(w->out, "by", told(decision->by));
    json_out_member_str(w->out, "at", told(decision->at));
  }
  write_division(w, span->rows[0].division);
  json_out_member_array(w->out, "terms");
  for (size_t i = 0; i < span->count; i++) {
    const struct align_row *row = &span->rows[i];
    if (!row->target || row->answer == ALIGN_CANDIDATE) continue;
    json_out_object(w->out);
    json_out_member_str(w->out, "target_data_element", row->target->o.id);
    write_object(w, "target", &w->alignment->target, &row->target_coc->o);
    json_out_member_str(w->out, "sign", row->sign == '-' ? STR("-") : STR("+"));
    json_out_member_number(w->out, "confidence", (double)(int)(row->confidence * 1000 + 0.5f) / 1000);
    json_out_member_str(w->out, "decision", row->decided ? STR("accepted") : str_of(align_answer_name(row->answer)));
    json_out_end(w->out);
  }
  json_out_end(w->out);
  json_out_end(w->out);
}

static void write_cells(struct writing *w) {
  const struct dhis2_metadata *source = w->alignment->source.metadata;
  json_out_member_array(w->out, "cells");
  for (size_t i = 0; i < source->element_count; i++)
    for (size_t k = 0; k < source->elements[i]->combo_count; k++)
      for (size_t j = 0; j < source->elements[i]->combos[k]->option_combo_count; j++)
        write_cell(w, source->elements[i], source->elements[i]->combos[k]->option_combos[j]);
  next_line(w);
  json_out_end(w->out);
}

static void write_targets(struct writing *w) {
  const struct dhis2_metadata *target = w->alignment->target.metadata;
  json_out_member_array(w->out, "target_elements");
  for (size_t i = 0; i < target->element_count; i++) {
    json_out_object(w->out);
    write_element(w, &w->alignment->target, target->elements[i]);
    json_out_end(w->out);
  }
  json_out_end(w->out);
}

static void write_combo(struct writing *w, const struct dhis2_category_combo *combo) {
  json_out_object(w->out);
  alignment_write_name(w->out, &w->alignment->target, &combo->o);
  json_out_member_array(w->out, "option_combos");
  for (size_t i = 0; i < combo->option_combo_count; i++) {
    json_out_object(w->out);
    alignment_write_name(w->out, &w->alignment->target, &combo->option_combos[i]->o);
    json_out_end(w->out);
  }
  json_out_end(w->out);
  json_out_end(w->out);
}

/* Which cells a target element has: what a person can choose from. */
static void write_target_combos(struct writing *w) {
  const struct dhis2_metadata *target = w->alignment->target.metadata;
  struct map seen = {0};
  json_out_member_array(w->out, "target_combos");
  for (size_t i = 0; i < target->element_count; i++)
    for (size_t k = 0; k < target->elements[i]->combo_count; k++) {
      const struct dhis2_category_combo *combo = target->elements[i]->combos[k];
      if (map_get(&seen, combo->o.id)) continue;
      (void)map_put(&seen, combo->o.id, w);
      write_combo(w, combo);
    }
  json_out_end(w->out);
  map_free(&seen);
}

/* Elements by how far they are, and how many cells of the target get something. */
static void write_coverage(struct writing *w) {
  const struct dhis2_metadata *source = w->alignment->source.metadata, *target = w->alignment->target.metadata;
  size_t accepted = 0, none = 0, cells = 0, filled = 0;
  for (size_t i = 0; i < source->element_count; i++) {
    const struct alignment_decision *last = NULL;
    const char *state = state_of(w, source->elements[i], true, &last);
    accepted += strcmp(state, "accepted") == 0;
    none += strcmp(state, "none") == 0 || strcmp(state, "excluded") == 0;
  }
  struct map seen = {0};
  for (size_t i = 0; i < w->result->count; i++) {
    const struct align_row *row = &w->result->rows[i];
    if (row->kind != ALIGN_OPERAND || !row->target || row->answer == ALIGN_CANDIDATE) continue;
    filled += map_put(&seen, cell_key(w->arena, row->target->o.id, row->target_coc->o.id), w) == NULL;
  }
  map_free(&seen);
  for (size_t i = 0; i < target->element_count; i++)
    for (size_t k = 0; k < target->elements[i]->combo_count; k++) cells += target->elements[i]->combos[k]->option_combo_count;
  json_out_member_object(w->out, "coverage");
  json_out_member_int(w->out, "source_elements", (int64_t)source->element_count);
  json_out_member_int(w->out, "accepted", (int64_t)accepted);
  json_out_member_int(w->out, "none", (int64_t)none);
  json_out_member_int(w->out, "target_cells", (int64_t)cells);
  json_out_member_int(w->out, "target_cells_filled", (int64_t)filled);
  json_out_end(w->out);
}

/* How proposals fared: in the line that every change tells anew. */
static void write_judged(struct writing *w) {
  struct alignment_band bands[ALIGNMENT_BANDS];
  alignment_judge(w->alignment, bands);
  json_out_member_array(w->out, "judged");
  for (size_t i = 0; i < ALIGNMENT_BANDS; i++) {
    json_out_object(w->out);
    json_out_member_number(w->out, "from", bands[i].from);
    json_out_member_int(w->out, "decided", (int64_t)bands[i].decided);
    json_out_member_int(w->out, "agreed", (int64_t)bands[i].agreed);
    json_out_end(w->out);
  }
  json_out_end(w->out);
}

static void write_side(struct writing *w, const char *key, const struct alignment_side *side) {
  json_out_member_object(w->out, key);
  json_out_member_str(w->out, "server", side->server);
  if (side->metadata->data_set_count) {
    const struct dhis2_data_set *set = side->metadata->data_sets[0];
    json_out_member_object(w->out, "data_set");
    alignment_write_name(w->out, side, &set->o);
    json_out_member_str(w->out, "period_type", set->period_type);
    json_out_end(w->out);
  }
  json_out_end(w->out);
}

const struct decision *alignment_fixed(const struct alignment *alignment, struct arena *arena) {
  struct decision *fixed = ARENA_ARRAY(arena, alignment->decision_count, struct decision);
  for (size_t i = 0; i < alignment->decision_count; i++) fixed[i] = alignment->decisions[i].what;
  return fixed;
}

const char *alignment_on_change_name(enum alignment_on_change on_change) {
  static const char *const names[] = {[ALIGNMENT_WARNS] = "warn", [ALIGNMENT_ASKS] = "ask", [ALIGNMENT_TAKES] = "take"};
  return names[on_change];
}

bool alignment_on_change_named(struct str name, enum alignment_on_change *ret) {
  for (enum alignment_on_change one = ALIGNMENT_WARNS; one < ALIGNMENT_ON_CHANGES; one++) {
    if (!str_eq(name, str_of(alignment_on_change_name(one)))) continue;
    *ret = one;
    return true;
  }
  return false;
}

void alignment_write_people(const struct alignment *alignment, struct json_out *out) {
  json_out_member_str(out, "owner", told(alignment->owner));
  json_out_member_bool(out, "second_person", alignment->second_person);
  json_out_member_array(out, "people");
  for (size_t i = 0; i < alignment->person_count; i++) {
    json_out_object(out);
    json_out_member_str(out, "server", alignment->people[i].server);
    json_out_member_str(out, "username", alignment->people[i].username);
    json_out_end(out);
  }
  json_out_end(out);
}

/* The engine's answer around what is decided. The arena is the caller's. */
int alignment_run_engine(const struct alignment *alignment, const struct align_watch *watch, struct arena *arena,
                         const struct align_result **ret, struct error *error) {
  const struct decision *fixed = alignment_fixed(alignment, arena);
  struct align_options options = {.candidates = 5};
  if (watch) options.watch = *watch;
  return align_run(alignment->source.metadata, alignment->target.metadata, &options, fixed, alignment->decision_count, arena, ret, error);
}

int alignment_state(const struct alignment *alignment, const struct align_watch *watch, struct buf *buf, struct error *error) {
  struct arena *arena = arena_new();
  struct json_out out = JSON_OUT_INIT(buf);
  struct writing w = {.alignment = alignment, .arena = arena, .parts_left = PARTS_LISTED_MAX, .out = &out};
  int result = alignment_run_engine(alignment, watch, arena, &w.result, error);
  if (result == 0) {
    index_rows(&w);
    index_decisions(&w);
    index_remarks(&w);
    json_out_object(&out);
    json_out_member_str(&out, "id", alignment->id);
    json_out_member_int(&out, "version", alignment->version);
    json_out_member_str(&out, "state", STR("ready"));
    alignment_write_people(alignment, &out);
    json_out_member_str(&out, "on_change", str_of(alignment_on_change_name(alignment->on_change)));
    write_side(&w, "source", &alignment->source);
    write_side(&w, "target", &alignment->target);
    write_elements(&w);
    write_cells(&w);
    write_targets(&w);
    write_target_combos(&w);
    next_line(&w);
    write_coverage(&w);
    write_judged(&w);
    json_out_member_array(&out, "warnings");
    for (size_t i = 0; i < w.result->warning_count; i++) json_out_str(&out, w.result->warnings[i]);
    json_out_end(&out);
    next_line(&w);
    json_out_end(&out);
    if (buf->full) result = error_set(error, ERROR_too_large, "the two data sets are too large to be shown at once");
  }
  map_free(&w.elements);
  map_free(&w.operands);
  map_free(&w.decided);
  map_free(&w.cells);
  map_free(&w.about);
  arena_free(arena);
  return result;
}
