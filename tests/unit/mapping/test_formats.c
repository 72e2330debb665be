/* Forms of a mapping: random ones written and read are the same but for what the form says that it cannot hold, and each such thing is told; broken lists are refused with their place. */
#include "base/map.h"
#include "base/str.h"
#include "dhis2/uid.h"
#include "mapping/format_parts.h"
#include "mapping/formats.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned next(unsigned *seed, unsigned below) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % below;
}

static const char *const texts[] = {
    "",           "plain",         "=SUM(A1)",     "a \"quote\", a comma\r\nand a line", "'=x", " blanks ", "\xc3\xa9t\xc3\xa9",
    "subtracted", "_x0041_ & <b>", "tab\tcr\rnl\n"};

static struct str text(unsigned *seed) {
  return str_of(texts[next(seed, sizeof texts / sizeof *texts)]);
}

/* Each rule has source cells of its own for its target, so that nothing counts twice; targets may have several rules. */
static void random_rule(struct arena *arena, unsigned *seed, size_t number, struct mapping_rule *r) {
  r->decision = (enum mapping_decision)next(seed, 5);
  bool none = r->decision == MAPPING_NONE, targeted = !none || next(seed, 2);
  r->term_count = none ? !targeted : 1 + next(seed, 4);
  if (targeted) r->target = (struct mapping_operand){arena_printf(arena, "t%u", next(seed, 4)), next(seed, 2) ? STR("2-4") : STR("x.y %")};
  struct mapping_term *terms = ARENA_ARRAY(arena, r->term_count + 1, struct mapping_term);
  for (size_t t = 0; t < r->term_count; t++)
    terms[t] = (struct mapping_term){next(seed, 4) ? 1 : -1,
                                     {arena_printf(arena, "s%u", next(seed, 3)), arena_printf(arena, "c%zu.%zu", number, t)}};
  r->terms = terms;
  r->confidence = next(seed, 3) ? next(seed, 10001) / 10000.0 : -1;
  r->value_type = next(seed, 2) ? STR("INTEGER") : STR("");
  r->by = text(seed);
  r->at = next(seed, 2) ? STR("2026-11-24T09:30:00Z") : STR("");
  r->note = text(seed);
  r->blocked = next(seed, 4) ? STR("") : text(seed);
}

/* The first one counts: a list of which none is left would say something else, and is refused (below). */
static const struct mapping_pair *random_pairs(struct arena *arena, unsigned *seed, size_t *ret_count) {
  size_t n = *ret_count = next(seed, 4);
  struct mapping_pair *pairs = ARENA_ARRAY(arena, n + 1, struct mapping_pair);
  for (size_t i = 0; i < n; i++) {
    pairs[i] = (struct mapping_pair){.source = arena_printf(arena, "p%zu.", i),
                                     .target = arena_printf(arena, "=q%u", next(seed, 3)),
                                     .decision = (enum mapping_decision)next(seed, i ? 5 : 2),
                                     .confidence = next(seed, 2) ? next(seed, 101) / 100.0 : 0,
                                     .by = text(seed),
                                     .at = next(seed, 2) ? STR("2026-11-24T09:30:00Z") : STR(""),
                                     .note = text(seed)};
    if (next(seed, 2)) pairs[i].approved_by = STR("=john"), pairs[i].approved_at = STR("2026-11-25T09:30:00Z");
    if (pairs[i].decision == MAPPING_NONE) pairs[i].target = STR("");
  }
  return pairs;
}

static void random_periods(struct arena *arena, unsigned *seed, struct mapping_periods *periods) {
  struct str *sound_for = ARENA_ARRAY(arena, 2, struct str);
  sound_for[0] = STR("SUM");
  sound_for[1] = STR("LAST");
  periods->conversion = (enum mapping_conversion)next(seed, 3);
  if (periods->conversion == MAPPING_ROLL_UP)
    *periods = (struct mapping_periods){MAPPING_ROLL_UP, STR("Monthly"), STR("Quarterly"), sound_for, next(seed, 3), STR("=three months")};
}

static void random_side(struct arena *arena, unsigned *seed, struct mapping_side *side) {
  side->server = next(seed, 2) ? STR("district:1/\xc3\xa9") : STR("");
  side->default_combo = next(seed, 2) ? STR("dflt") : MAPPING_DEFAULT_COMBO;
  struct str *sets = ARENA_ARRAY(arena, 3, struct str);
  side->data_set_count = next(seed, 3);
  for (size_t i = 0; i < side->data_set_count; i++) sets[i] = arena_printf(arena, "set%zu", i);
  side->data_sets = sets;
}

static const struct mapping *random_mapping(struct arena *arena, unsigned seed) {
  struct mapping *m = ARENA_NEW(arena, struct mapping);
  struct mapping_rule *rules = ARENA_ARRAY(arena, 8, struct mapping_rule);
  m->rule_count = next(&seed, 8);
  for (size_t i = 0; i < m->rule_count; i++) random_rule(arena, &seed, i, &rules[i]);
  m->rules = rules;
  random_side(arena, &seed, &m->source);
  random_side(arena, &seed, &m->target);
  m->attribute_option_combos = random_pairs(arena, &seed, &m->attribute_option_combo_count);
  m->org_units = random_pairs(arena, &seed, &m->org_unit_count);
  random_periods(arena, &seed, &m->periods);
  m->missing = (enum mapping_missing)next(&seed, 3);
  return m;
}

/* What a mapping says, a line for each thing, sorted: how terms are grouped into rules and in which order things stand is no part of it. `holds`: what is not held is not said. */
struct lines {
  struct arena *arena;
  struct str p[256];
  size_t n;
};

static void say(struct lines *l, const char *format, ...) {
  va_list args;
  va_start(args, format);
  assert_true(l->n < sizeof l->p / sizeof *l->p);
  l->p[l->n++] = arena_vprintf(l->arena, format, args);
  va_end(args);
}

static bool is_subtracted_from(const struct mapping *m, struct mapping_operand target) {
  for (size_t i = 0; i < m->rule_count; i++)
    for (size_t t = 0; t < m->rules[i].term_count; t++)
      if (m->rules[i].terms[t].sign < 0 && mapping_operand_cmp(m->rules[i].target, target) == 0) return true;
  return false;
}

static void say_rule(struct lines *l, const struct mapping *m, const struct mapping_rule *r, unsigned holds) {
  bool none = r->decision == MAPPING_NONE, sure = r->decision == MAPPING_ACCEPTED || r->decision == MAPPING_AUTO;
  const char *decision = mapping_decision_name(r->decision);
  if (r->blocked.n && !(holds & HOLDS_BLOCKED)) return;
  if (none && !(holds & (r->term_count ? HOLDS_UNMAPPED : HOLDS_UNFILLED))) return;
  if (!none && !sure && !(holds & HOLDS_DECISIONS)) return;
  if (!(holds & HOLDS_SIGNS) && r->target.data_element.n && is_subtracted_from(m, r->target)) return;
  if (sure && !(holds & HOLDS_DECISIONS)) decision = "accepted";
  for (size_t t = 0; t < r->term_count || (t == 0 && !r->term_count); t++) {
    const struct mapping_term *term = r->term_count ? &r->terms[t] : NULL;
    say(l, "%.*s|%.*s <- %c %.*s|%.*s %s %g %.*s|%.*s|%.*s|%.*s|%.*s", STR_ARG(r->target.data_element),
        STR_ARG(r->target.category_option_combo), term && term->sign < 0 ? '-' : '+', STR_ARG(term ? term->source.data_element : STR("")),
        STR_ARG(term ? term->source.category_option_combo : STR("")), decision, holds & HOLDS_CONFIDENCE ? r->confidence : -1,
        STR_ARG(holds & HOLDS_VALUE_TYPE ? r->value_type : STR("")), STR_ARG(holds & HOLDS_AUTHOR ? r->by : STR("")),
        STR_ARG(holds & HOLDS_AUTHOR ? r->at : STR("")), STR_ARG(holds & HOLDS_NOTE ? r->note : STR("")), STR_ARG(r->blocked));
  }
}

static void say_side(struct lines *l, const char *name, const struct mapping_side *side, unsigned holds) {
  if (holds & HOLDS_SERVERS) say(l, "%s server %.*s", name, STR_ARG(side->server));
  for (size_t i = 0; holds & HOLDS_DATA_SETS && i < side->data_set_count; i++)
    say(l, "%s set %zu %.*s", name, i, STR_ARG(side->data_sets[i]));
  say(l, "%s default %.*s", name, STR_ARG(holds & HOLDS_DEFAULTS ? side->default_combo : MAPPING_DEFAULT_COMBO));
}

static void say_pairs(struct lines *l, const char *what, const struct mapping_pair *pairs, size_t count, unsigned holds) {
  for (size_t i = 0; i < count; i++) {
    bool sure = pairs[i].decision == MAPPING_ACCEPTED || pairs[i].decision == MAPPING_AUTO;
    if (!(holds & HOLDS_DECISIONS) && !sure) continue;
    say(l, "%s %.*s %.*s %d %g %.*s|%.*s|%.*s|%.*s|%.*s", what, STR_ARG(pairs[i].source), STR_ARG(pairs[i].target),
        holds & HOLDS_DECISIONS ? (int)pairs[i].decision : 0, holds & HOLDS_CONFIDENCE ? pairs[i].confidence : 0,
        STR_ARG(holds & HOLDS_AUTHOR ? pairs[i].by : STR("")), STR_ARG(holds & HOLDS_AUTHOR ? pairs[i].at : STR("")),
        STR_ARG(holds & HOLDS_NOTE ? pairs[i].note : STR("")), STR_ARG(holds & HOLDS_APPROVAL ? pairs[i].approved_by : STR("")),
        STR_ARG(holds & HOLDS_APPROVAL ? pairs[i].approved_at : STR("")));
  }
}

static int by_bytes(const void *a, const void *b) {
  return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str said(struct arena *arena, const struct mapping *m, unsigned holds) {
  struct lines *l = ARENA_NEW(arena, struct lines);
  l->arena = arena;
  for (size_t i = 0; i < m->rule_count; i++) say_rule(l, m, &m->rules[i], holds);
  say_side(l, "source", &m->source, holds);
  say_side(l, "target", &m->target, holds);
  if (holds & HOLDS_ATTRIBUTES) say_pairs(l, "aoc", m->attribute_option_combos, m->attribute_option_combo_count, holds);
  if (holds & HOLDS_UNITS) say_pairs(l, "unit", m->org_units, m->org_unit_count, holds);
  if (holds & HOLDS_PERIODS)
    say(l, "periods %d %.*s %.*s %.*s", (int)m->periods.conversion, STR_ARG(m->periods.source), STR_ARG(m->periods.target),
        STR_ARG(m->periods.note));
  for (size_t i = 0; holds & HOLDS_PERIODS && i < m->periods.sound_count; i++)
    say(l, "sound for %zu %.*s", i, STR_ARG(m->periods.sound_for[i]));
  say(l, "missing %d", holds & HOLDS_MISSING ? (int)m->missing : 0);
  qsort(l->p, l->n, sizeof *l->p, by_bytes);
  for (size_t i = 0; i < l->n; i++) l->p[i] = arena_concat(arena, l->p[i], STR("\n"));
  return arena_join(arena, l->p, l->n);
}

static const struct mapping *there_and_back(struct arena *arena, const struct format *format, const struct mapping *m,
                                            struct format_job *job, unsigned seed) {
  struct error error = {0};
  struct buf bytes = BUF_INIT(1 << 20);
  *job = (struct format_job){.arena = arena};
  if (format_write(format, job, m, &bytes, &error)) fail_msg("%s, seed %u: %s", format->name, seed, error.message);
  struct format_job reading = {.arena = arena};
  const struct mapping *again = format_read(format, &reading, buf_str(&bytes), &error);
  if (!again) fail_msg("%s, seed %u: %s\n%s", format->name, seed, error.message, bytes.p);
  buf_free(&bytes);
  return again;
}

static void round_trips(void **state) {
  (void)state;
  size_t count;
  const struct format *all = formats_all(&count);
  for (unsigned seed = 0; seed < 400; seed++)
    for (size_t f = 0; f < count; f++) {
      if (str_eq(str_of(all[f].name), STR("openhexa")) || !all[f].read) continue; /* below */
      struct arena *arena = arena_new();
      struct format_job job;
      const struct mapping *m = random_mapping(arena, seed), *again = there_and_back(arena, &all[f], m, &job, seed);
      unsigned holds = all[f].holds;
      struct str before = said(arena, m, holds), after = said(arena, again, holds);
      if (again->rule_count + again->attribute_option_combo_count + again->org_unit_count == 0 && str_eq(str_of(all[f].name), STR("fhir")))
        before = said(arena, m, holds &= ~(unsigned)HOLDS_SERVERS), after = said(arena, again, holds); /* told: nothing is mapped */
      if (!str_eq(before, after)) fail_msg("%s, seed %u:\n%.*s---\n%.*s", all[f].name, seed, STR_ARG(before), STR_ARG(after));
      arena_free(arena);
    }
}

/* What the pipeline would do with the dictionaries is what the mapping says, for each cell that the mapping names. */
static void dictionaries_send_nothing_else(void **state) {
  (void)state;
  size_t written = 0;
  for (unsigned seed = 0; seed < 3000; seed++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    struct mapping m = {.source.default_combo = MAPPING_DEFAULT_COMBO, .target.default_combo = MAPPING_DEFAULT_COMBO};
    struct mapping_rule *rules = ARENA_ARRAY(arena, 8, struct mapping_rule);
    struct mapping_term *terms = ARENA_ARRAY(arena, 8, struct mapping_term);
    unsigned dice = seed;
    m.rules = rules;
    m.rule_count = 1 + next(&dice, 7);
    for (size_t i = 0; i < m.rule_count; i++) {
      terms[i] = (struct mapping_term){1, {arena_printf(arena, "s%u", next(&dice, 3)), arena_printf(arena, "c%u", next(&dice, 3))}};
      rules[i] = (struct mapping_rule){{arena_printf(arena, "t%u", next(&dice, 3)), arena_printf(arena, "d%u", next(&dice, 3))},
                                       &terms[i],
                                       1,
                                       MAPPING_ACCEPTED,
                                       .confidence = -1};
    }
    if (mapping_check(&m, &error) == 0) {
      struct format_job job = {.arena = arena};
      struct buf bytes = BUF_INIT(1 << 16);
      const struct format *format = format_named(STR("openhexa"));
      if (format_write(format, &job, &m, &bytes, &error) == 0) {
        const struct mapping *again = format_read(format, &job, buf_str(&bytes), &error);
        assert_non_null(again);
        written++;
        for (size_t k = 0; k < again->rule_count; k++) {
          size_t named = 0; /* sources of one target cell that the mapping names: more would be added up */
          for (size_t i = 0; i < m.rule_count; i++)
            for (size_t t = 0; t < again->rules[k].term_count; t++) {
              if (mapping_operand_cmp(again->rules[k].terms[t].source, terms[i].source)) continue;
              named++;
              if (mapping_operand_cmp(again->rules[k].target, rules[i].target)) fail_msg("seed %u: sent elsewhere: %s", seed, bytes.p);
            }
          assert_true(named <= 1);
        }
      } else {
        assert_int_equal(error.code, ERROR_input);
        assert_true(job.warnings.n > 0);
      }
      buf_free(&bytes);
    }
    arena_free(arena);
  }
  assert_true(written > 500);
}

static bool warned(const struct format_job *job, const char *words) {
  for (size_t i = 0; i < job->warnings.n; i++)
    if (strstr(job->warnings.lines[i].message, words)) return true;
  return false;
}

/* For each form and each thing that it does not hold: that thing alone is told, and once. */
static void losses_are_told(void **state) {
  (void)state;
  static struct str set = {"S1", 2};
  static struct mapping_pair pair = {{"a", 1}, {"b", 1}};
  static struct mapping_term plus = {1, {{"s", 1}, {"c", 1}}}, minus = {-1, {{"s", 1}, {"c", 1}}}, other = {1, {{"u", 1}, {"v", 1}}};
  static const struct {
    unsigned bit;
    const char *words;
  } things[] = {{HOLDS_SERVERS, "the servers"},
                {HOLDS_DATA_SETS, "1 data set"},
                {HOLDS_DEFAULTS, "default option combos"},
                {HOLDS_ATTRIBUTES, "1 pair of attribute option combos"},
                {HOLDS_UNITS, "1 pair of org units"},
                {HOLDS_MISSING, "missing values are \"skip\""},
                {HOLDS_PERIODS, "the periods' conversion is \"cannot\""},
                {HOLDS_SIGNS, "is subtracted"},
                {HOLDS_DECISIONS, "1 rule that nobody has accepted"},
                {HOLDS_UNMAPPED, "1 source cell without counterpart"},
                {HOLDS_UNFILLED, "1 target cell that nothing fills"},
                {HOLDS_CONFIDENCE, "1 confidence"},
                {HOLDS_VALUE_TYPE, "1 value type"},
                {HOLDS_AUTHOR, "who decided 1 rules"},
                {HOLDS_NOTE, "1 note"},
                {HOLDS_BLOCKED, "1 rule that is blocked"},
                {HOLDS_APPROVAL, "who approved 1 rules"}};
  size_t count;
  const struct format *all = formats_all(&count);
  for (size_t f = 0; f < count; f++)
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
      unsigned bit = things[i].bit;
      struct arena *arena = arena_new();
      struct error error = {0};
      struct format_job job = {.arena = arena};
      struct buf bytes = BUF_INIT(1 << 20);
      struct mapping_rule rules[2] = {{{STR("t"), STR("d")},
                                       bit == HOLDS_SIGNS ? &minus : &plus,
                                       1,
                                       MAPPING_ACCEPTED,
                                       .confidence = bit == HOLDS_CONFIDENCE ? 0.5 : -1},
                                      {{STR("x"), STR("y")}, &other, 1, MAPPING_ACCEPTED, .confidence = -1}};
      if (bit == HOLDS_DECISIONS) rules[0].decision = MAPPING_PROPOSED;
      if (bit == HOLDS_UNMAPPED)
        rules[0] = (struct mapping_rule){.terms = &plus, .term_count = 1, .decision = MAPPING_NONE, .confidence = -1};
      if (bit == HOLDS_UNFILLED) rules[0] = (struct mapping_rule){{STR("t"), STR("d")}, NULL, 0, MAPPING_NONE, .confidence = -1};
      if (bit == HOLDS_VALUE_TYPE) rules[0].value_type = STR("TEXT");
      if (bit == HOLDS_AUTHOR) rules[0].by = STR("maria");
      if (bit == HOLDS_NOTE) rules[0].note = STR("why");
      if (bit == HOLDS_BLOCKED) rules[0].blocked = STR("renamed");
      if (bit == HOLDS_APPROVAL) rules[0].approved_by = STR("john");
      struct mapping m = {.source = {.server = bit == HOLDS_SERVERS ? STR("d") : STR(""),
                                     .data_sets = &set,
                                     .data_set_count = bit == HOLDS_DATA_SETS,
                                     .default_combo = bit == HOLDS_DEFAULTS ? STR("z") : MAPPING_DEFAULT_COMBO},
                          .target = {.default_combo = MAPPING_DEFAULT_COMBO},
                          .rules = rules,
                          .rule_count = 2,
                          .attribute_option_combos = &pair,
                          .attribute_option_combo_count = bit == HOLDS_ATTRIBUTES,
                          .org_units = &pair,
                          .org_unit_count = bit == HOLDS_UNITS,
                          .periods.conversion = bit == HOLDS_PERIODS ? MAPPING_CANNOT : MAPPING_SAME_PERIODS,
                          .missing = bit == HOLDS_MISSING ? MAPPING_SKIP : MAPPING_SUM_PRESENT};
      if (format_write(&all[f], &job, &m, &bytes, &error)) fail_msg("%s: %s", all[f].name, error.message);
      bool openhexa = str_eq(str_of(all[f].name), STR("openhexa"));
      if (all[f].holds & bit ? job.warnings.n && !openhexa : !warned(&job, things[i].words))
        fail_msg("%s, %s: %zu told%s%s", all[f].name, things[i].words, job.warnings.n, job.warnings.n ? ": " : "",
                 job.warnings.n ? job.warnings.lines[0].message : "");
      assert_int_equal(str_has(format_cannot_hold(arena, &all[f]), STR("notes")), !(all[f].holds & HOLDS_NOTE));
      buf_free(&bytes);
      arena_free(arena);
    }
}

/* Of a pair: who decided, why and who approved it, where a form has pairs but not that. */
static void losses_of_pairs_are_told(void **state) {
  (void)state;
  static struct mapping_pair pair = {
      .source = {"a", 1}, .target = {"b", 1}, .by = {"maria", 5}, .note = {"why", 3}, .approved_by = {"john", 4}};
  static struct mapping_term term = {1, {{"s", 1}, {"c", 1}}};
  static struct mapping_rule rule = {{{"t", 1}, {"d", 1}}, &term, 1, MAPPING_ACCEPTED, .confidence = -1};
  static const struct {
    unsigned bit;
    const char *words;
  } things[] = {{HOLDS_AUTHOR, "who decided 1 pairs of org units, and when"},
                {HOLDS_NOTE, "the notes of 1 pairs of org units"},
                {HOLDS_APPROVAL, "who approved 1 pairs of org units, and when"}};
  size_t count;
  const struct format *all = formats_all(&count);
  for (size_t f = 0; f < count; f++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    struct format_job job = {.arena = arena};
    struct buf bytes = BUF_INIT(1 << 16);
    struct mapping m = {.source.default_combo = MAPPING_DEFAULT_COMBO,
                        .target.default_combo = MAPPING_DEFAULT_COMBO,
                        .rules = &rule,
                        .rule_count = 1,
                        .org_units = &pair,
                        .org_unit_count = 1};
    if (format_write(&all[f], &job, &m, &bytes, &error)) fail_msg("%s: %s", all[f].name, error.message);
    for (size_t i = 0; i < sizeof things / sizeof *things; i++)
      assert_int_equal(warned(&job, things[i].words), (all[f].holds & HOLDS_UNITS) && !(all[f].holds & things[i].bit));
    buf_free(&bytes);
    arena_free(arena);
  }
}

/* A list of pairs that loses all of them would mean "the same ids". */
static void pairs_that_nobody_accepted(void **state) {
  (void)state;
  static struct mapping_pair pairs[] = {{{"a", 1}, {"b", 1}, MAPPING_PROPOSED, .confidence = 0.5},
                                        {{"c", 1}, {NULL, 0}, MAPPING_NONE, .confidence = 0},
                                        {{"d", 1}, {"e", 1}, MAPPING_AUTO, .confidence = 0.5}};
  static struct mapping_term term = {1, {{"s", 1}, {"c", 1}}};
  static struct mapping_rule rule = {{{"t", 1}, {"d", 1}}, &term, 1, MAPPING_ACCEPTED, .confidence = -1};
  size_t count;
  const struct format *all = formats_all(&count);
  for (size_t f = 0; f < count; f++)
    for (size_t n = 2; n < 4; n++) {
      struct arena *arena = arena_new();
      struct error error = {0};
      struct format_job job = {.arena = arena};
      struct buf bytes = BUF_INIT(1 << 16);
      struct mapping m = {.source.default_combo = MAPPING_DEFAULT_COMBO,
                          .target.default_combo = MAPPING_DEFAULT_COMBO,
                          .rules = &rule,
                          .rule_count = 1,
                          .org_units = pairs,
                          .org_unit_count = n};
      bool loses = (all[f].holds & HOLDS_UNITS) && !(all[f].holds & HOLDS_DECISIONS), left_out = loses || !(all[f].holds & HOLDS_UNITS);
      assert_int_equal(format_write(&all[f], &job, &m, &bytes, &error), n == 2 && loses ? -1 : 0);
      assert_true(n == 2 && loses ? str_has(str_of(error.message), STR("would let all pass")) : warned(&job, "org units") == left_out);
      buf_free(&bytes);
      arena_free(arena);
    }
}

static void indicators_for_an_exchange(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct format_job job = {.arena = arena};
  struct buf bytes = BUF_INIT(1 << 16);
  static const struct mapping_term first[] = {{1, {{"dA", 2}, {"cA", 2}}}, {1, {{"dB", 2}, {"cA", 2}}}},
                                   less[] = {{-1, {{"dC", 2}, {"cB", 2}}}}, foreign[] = {{1, {{"d}", 2}, {"c", 1}}}};
  struct mapping_rule rules[] = {
      {.target = {STR("tA"), STR("tC")}, .terms = first, .term_count = 2, .decision = MAPPING_ACCEPTED, .confidence = -1},
      {.target = {STR("tB"), STR("tC")}, .terms = foreign, .term_count = 1, .decision = MAPPING_ACCEPTED, .confidence = -1},
      {.target = {STR("tA"), STR("tC")}, .terms = less, .term_count = 1, .decision = MAPPING_AUTO, .confidence = -1},
      {.target = {STR("tD"), STR("tC")}, .terms = less, .term_count = 1, .decision = MAPPING_PROPOSED, .confidence = -1},
  };
  struct mapping m = {.rules = rules, .rule_count = 4, .source.default_combo = STR("sD"), .target.default_combo = STR("tDefault")};
  const struct format *format = format_named(STR("dhis2-exchange"));
  assert_int_equal(format_write(format, &job, &m, &bytes, &error), 0);
  json_t *root = json_loadb(bytes.p, bytes.n, 0, NULL), *all = json_object_get(root, "indicators"), *one = json_array_get(all, 0);
  assert_int_equal(json_array_size(all), 1);
  assert_string_equal(json_string_value(json_object_get(one, "numerator")), "#{dA.cA}+#{dB.cA}-#{dC.cB}");
  assert_string_equal(json_string_value(json_object_get(one, "aggregateExportCategoryOptionCombo")), "tC");
  assert_string_equal(json_string_value(json_object_get(one, "aggregateExportAttributeOptionCombo")), "tDefault");
  const json_t *value = json_array_get(json_object_get(one, "attributeValues"), 0);
  assert_string_equal(json_string_value(json_object_get(value, "value")), "tA");
  const char *attribute = json_string_value(json_object_get(json_object_get(value, "attribute"), "id"));
  assert_string_equal(attribute, json_string_value(json_object_get(json_array_get(json_object_get(root, "attributes"), 0), "id")));
  json_t *exchange = json_array_get(json_object_get(root, "aggregateDataExchanges"), 0),
         *request = json_array_get(json_object_get(json_object_get(exchange, "source"), "requests"), 0);
  assert_string_equal(json_string_value(json_array_get(json_object_get(request, "dx"), 0)), json_string_value(json_object_get(one, "id")));
  assert_true(dhis2_is_uid(str_of(json_string_value(json_object_get(one, "id")))));
  assert_int_equal(json_array_size(json_object_get(request, "ou")), 0);
  assert_true(warned(&job, "ids that an expression of DHIS2 cannot hold") && warned(&job, "1 rule that nobody has accepted"));
  assert_null(format_read(format, &job, buf_str(&bytes), &error));
  assert_non_null(strstr(error.message, "never read"));
  json_decref(root);
  buf_free(&bytes);
  arena_free(arena);
}

static void dictionaries_tell_why(void **state) {
  (void)state;
  static const struct {
    const char *rules, *words;
  } cases[] = {
      {"a.c>x.d a.e>x.d b.c>y.d", "of whose cells sums are made"},
      {"a.c>x.d a.c>x.f b.c>y.d", "a cell that goes to several target cells"},
      {"a.c>x.d a.e>z.f b.c>y.d", "whose cells go to several data elements"},
      {"a.c>x.d b.c>y.d g.c>z.f", "do something else than the mapping"},
      {"a.c>x.d b.e>y.f", "2 cells that the mapping does not name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    struct format_job job = {.arena = arena};
    struct buf bytes = BUF_INIT(1 << 16);
    struct mapping_rule rules[8];
    struct mapping_term terms[8];
    struct mapping m = {.rules = rules, .source.default_combo = MAPPING_DEFAULT_COMBO, .target.default_combo = MAPPING_DEFAULT_COMBO};
    for (struct str rest = str_of(cases[i].rules); rest.p;) {
      struct str target = str_take(&rest, ' '), source = str_take(&target, '>'), element = str_take(&source, '.'),
                 target_element = str_take(&target, '.');
      terms[m.rule_count] = (struct mapping_term){1, {element, source}};
      rules[m.rule_count] = (struct mapping_rule){{target_element, target}, &terms[m.rule_count], 1, MAPPING_ACCEPTED, .confidence = -1};
      m.rule_count++;
    }
    assert_int_equal(format_write(format_named(STR("openhexa")), &job, &m, &bytes, &error), 0);
    if (!warned(&job, cases[i].words)) fail_msg("%s: %s", cases[i].rules, bytes.p);
    buf_free(&bytes);
    arena_free(arena);
  }
}

static void guarded_texts(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  unsigned seed = 1;
  assert_true(str_eq(cell_guard(arena, STR("\xef\xbc\x9d"
                                           "1")),
                     STR("'\xef\xbc\x9d"
                         "1")));
  for (int i = 0; i < 20000; i++) {
    char letters[5];
    size_t n = next(&seed, 5);
    for (size_t k = 0; k < n; k++) letters[k] = "'=+-@\t\r\na "[next(&seed, 10)];
    struct str plain = {letters, n}, guarded = cell_guard(arena, plain);
    assert_true(str_eq(cell_unguard(guarded), plain));
    assert_true(!guarded.n || !strchr("=+-@\t\r\n", guarded.p[0]));
  }
  arena_free(arena);
}

static const struct mapping *read_text(struct arena *arena, const char *format, const char *bytes, struct format_job *job,
                                       struct error *error) {
  *job = (struct format_job){.arena = arena};
  return format_read(format_named(str_of(format)), job, str_of(bytes), error);
}

#define HEADER \
  "kind,source_data_element,source_category_option_combo,target_data_element,target_category_option_combo,sign,confidence,decision\n"
#define DATIM "DATIM_Indicator_ID,DATIM_Disag_ID,Operation,MOH_Indicator_ID,MOH_Disag_ID\n"
#define FHIR(relation) \
  "{\"resourceType\":\"ConceptMap\",\"status\":\"active\",\"group\":[{\"element\":[{\"code\":\"a.c\",\"target\":[{\"code\":\"t." \
  "d\"," relation "}]}]}]}"
#define STORE(row) \
  "[{\"sourceDs\":{\"ids\":[\"S\"]},\"targetDs\":{\"ids\":[\"T\"]},\"sourceUrl\":\"x\",\"targetUrl\":\"y\",\"mappings\":[" row "]}]"
#define ROW(sources, targets, source_combos, target_combos) \
  "{\"sourceDes\":[" sources "],\"targetDes\":[" targets "],\"cocMappings\":[{\"sourceCocs\":[" source_combos \
  "],\"targetCocs\":[" target_combos "]}]}"

static void broken_ones(void **state) {
  (void)state;
  static const struct {
    const char *format, *bytes, *message;
  } cases[] = {
      {"csv", "", "no header"},
      {"csv", "kind,decision\n", "the column source_data_element is missing"},
      {"csv", HEADER "cell,a,c,t,d,+,1,auto\n", "line 2: the kind is"},
      {"csv", HEADER "operand,a,c,t,d,x,1,auto\n", "line 2: the sign"},
      {"csv", HEADER "operand,a,c,t,d,+,2,auto\n", "line 2: a confidence"},
      {"csv", HEADER "operand,a,c,t,d,+,nan,auto\n", "line 2: a confidence"},
      {"csv", HEADER "operand,a,c,t,d,+,1,maybe\n", "line 2: the decision"},
      {"csv", HEADER "operand,a,c,,,+,1,accepted\n", "rule 1 has no target"},
      {"csv", HEADER "operand,a,c,t,d,+,1,auto\noperand,a,c,t,d,-,1,auto\n", "would count twice"},
      {"xlsx", "", "no workbook"},
      {"xlsx", "PK\x03\x04", "no workbook"},
      {"aligner-csv", "a,b\n", "the column dataitemid_src is missing"},
      {"aligner-csv", "dataitemid_src,catoptcomboid_src,dataitemid_tgt,catoptcomboid_tgt\n,,t,d\n", "line 2: the source is empty"},
      {"datim", "DATIM_Indicator_ID,DATIM_Disag_ID\n", "the column Operation is missing"},
      {"datim", DATIM "T,d,ADD HALF,m,c\n", "line 2: the operation ADD HALF: a value is never split"},
      {"datim", DATIM "T,d,TIMES,m,c\n", "line 2: the operation is ADD or SUBTRACT"},
      {"datim", DATIM ",d,ADD,m,c\n", "DATIM_Indicator_ID or DATIM_Disag_ID is empty"},
      {"openhexa", "{}", "are missing"},
      {"openhexa", "{\"dataElements\":{},\"categoryOptionCombos\":{\"a\":\"b\"}}", "lets everything pass"},
      {"openhexa", "{\"dataElements\":{\"a\":1},\"categoryOptionCombos\":{\"a\":\"b\"}}", "the entry \"a\" must be an id"},
      {"openhexa", "{\"dataElements\":{\"a\":\"b\",\"a\":\"c\"},\"categoryOptionCombos\":{}}", "duplicate"},
      {"fhir", "{}", "no ConceptMap"},
      {"fhir", FHIR("\"equivalence\":\"alike\""), "a.c: 'alike' is no equivalence"},
      {"fhir", FHIR("\"equivalence\":\"equal\",\"modifierExtension\":[{\"url\":\"urn:x\",\"valueCode\":\"y\"}]"),
       "the modifierExtension 'urn:x' is not known"},
      {"fhir", "{\"resourceType\":\"ConceptMap\",\"implicitRules\":\"x\"}", "rules of its own"},
      {"data-set-aligner", "[]", "no mapping in the list"},
      {"data-set-aligner", "[{},{}]", "holds 2 mappings"},
      {"data-set-aligner", "[{}]", "the rows of data elements are missing"},
      {"data-set-aligner", STORE("{}"), "row 1: \"sourceDes\" must be a list of ids"},
      {"data-set-aligner", STORE(ROW("\"a\",\"b\"", "\"t\"", "\"c\"", "\"d\"")), "row 1: the option combo c could be of several"},
      {"data-set-aligner", STORE(ROW("\"a\"", "\"t\"", "\"c\",\"e\"", "\"d\",\"f\"")), "row 1: several option combos on both sides"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    struct format_job job;
    assert_null(read_text(arena, cases[i].format, cases[i].bytes, &job, &error));
    if (!str_has(str_of(error.message), str_of(cases[i].message))) fail_msg("case %zu: %s", i, error.message);
    arena_free(arena);
  }
}

static void proposals_of_align(void **state) {
  (void)state;
  struct arena *arena = arena_new();
  struct error error = {0};
  struct format_job job;
  const struct mapping *m = read_text(
      arena, "csv", HEADER "data_element,a,,t,,+,1,auto\noperand,a,c,t,d,+,0.5,auto\noperand,a,c,t,e,+,0.1,candidate\n", &job, &error);
  assert_non_null(m);
  assert_int_equal(m->rule_count, 1);
  assert_int_equal(job.warnings.n, 2);
  assert_ptr_equal(format_of_file(STR("x.CSV")), format_named(STR("csv")));
  assert_ptr_equal(format_of_file(STR("x.datim.csv")), format_named(STR("datim")));
  assert_ptr_equal(format_of_file(STR(".datim.csv")), format_named(STR("csv")));
  assert_null(format_of_file(STR("x.txt")));
  arena_free(arena);
}

/* A target cell is told as "target = source source". */
static struct str sums(struct arena *arena, const struct mapping *m) {
  struct str all = STR("");
  for (size_t i = 0; i < m->rule_count; i++) {
    const struct mapping_rule *r = &m->rules[i];
    all = arena_printf(arena, "%.*s%s%.*s.%.*s %s", STR_ARG(all), i ? "; " : "", STR_ARG(r->target.data_element),
                       STR_ARG(r->target.category_option_combo), mapping_decision_name(r->decision));
    for (size_t t = 0; t < r->term_count; t++)
      all = arena_printf(arena, "%.*s %c%.*s.%.*s", STR_ARG(all), r->terms[t].sign < 0 ? '-' : '+',
                         STR_ARG(r->terms[t].source.data_element), STR_ARG(r->terms[t].source.category_option_combo));
  }
  return all;
}

/* As the peers write them, with what they leave unsaid. */
static void shapes_of_others(void **state) {
  (void)state;
  static const struct {
    const char *format, *bytes, *sums, *told;
  } cases[] = {
      {"aligner-csv",
       "\"\",\"\",\"\",\"\",\"Source Ds\",\"A \"quoted\" set\",\"target Ds\",\"B\",\"Source url\",\"x\",\"Target url\",\"y\"\n"
       "\"dataitemid_src\",\"catoptcomboid_src\",\"dataitemid_tgt\",\"catoptcomboid_tgt\"\n\"a\",\"c\",\"t\",\"d\"\n\"b\",\"c\",\"t\","
       "\"d\"",
       "t.d accepted +a.c +b.c", "the line about data sets"},
      {"datim",
       "DATIM_Indicator_Category,DATIM_Indicator_ID,DATIM_Disag_Name,DATIM_Disag_ID,Operation,MOH_Indicator_Name,MOH_Indicator_ID,MOH_"
       "Disag_Name,MOH_Disag_ID,Disaggregation Type\n"
       "HTS,HTS_N_MOH,Total,d,ADD,One,a,,,Both\nHTS,HTS_N_MOH,Total,d,SUBTRACT,Two,b,x,null-disag,Both\nHTS,HTS_N_MOH,Other,e,ADD,,,,,"
       "Fine\n",
       "HTS_N_MOH.d accepted +a.HllvX50cXC0 -b.HllvX50cXC0; HTS_N_MOH.e none", NULL},
      {"openhexa", "{\"dataElements\":{\"a\":\"t\"},\"categoryOptionCombos\":{\"c\":\"d\",\"e\":\"f\"},\"attributeOptionCombos\":{}}",
       "t.d accepted +a.c; t.f accepted +a.e", NULL},
      {"fhir", FHIR("\"equivalence\":\"equivalent\""), "t.d accepted +a.c", NULL},
      {"fhir", FHIR("\"relationship\":\"source-is-narrower-than-target\""), "t.d accepted +a.c", NULL},
      {"fhir", FHIR("\"equivalence\":\"inexact\",\"comment\":\"about\""), "t.d proposed +a.c", "1 pairs that are not exact"},
      {"fhir", FHIR("\"equivalence\":\"disjoint\""), "t.d rejected +a.c", NULL},
      {"fhir", "{\"resourceType\":\"ConceptMap\",\"group\":[{\"element\":[{\"code\":\"a\",\"noMap\":true}]}]}", ". none +a.HllvX50cXC0",
       NULL},
      {"data-set-aligner", STORE(ROW("\"a\"", "\"t\"", "\"c\",\"e\"", "\"d\"") "," ROW("\"b\"", "", "\"c\"", "")), "t.d accepted +a.c +a.e",
       "1 option combos without target"},
      {"metadata-alignment",
       "{\"sourceDs\":[{\"id\":\"S\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"a\",\"categoryCombo\":{\"categoryOptionCombos\":[{"
       "\"id\":\"c\"}]}}},"
       "{\"dataElement\":{\"id\":\"b\",\"categoryCombo\":{\"categoryOptionCombos\":[{\"id\":\"e\"}]}}}]}],"
       "\"targetDs\":[{\"id\":\"T\",\"dataSetElements\":[{\"dataElement\":{\"id\":\"t\",\"categoryCombo\":{\"categoryOptionCombos\":[{"
       "\"id\":\"d\"}]}}}]}],\"sourceUrl\":\"x\",\"targetUrl\":\"y\","
       "\"deCocMappings\":[" ROW("\"a\",\"b\"", "\"t\"", "\"c\",\"e\"", "\"d\"") "," ROW(
           "\"a\"", "\"t\"", "\"c\"",
           "\"elsewhere\"") "],\"aocMappings\":[],\"ouMappings\":[{\"sourceOus\":[\"u\",\"v\"],\"targetOus\":[\"w\"]}]}",
       "t.d accepted +a.c +b.e", "1 pairs are passed over: the option combo is none that"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct arena *arena = arena_new();
    struct error error = {0};
    struct format_job job;
    const struct mapping *m = read_text(arena, cases[i].format, cases[i].bytes, &job, &error);
    if (!m) fail_msg("case %zu: %s", i, error.message);
    struct str found = sums(arena, m);
    assert_string_equal(arena_cstr(arena, found), cases[i].sums);
    if (cases[i].told ? !warned(&job, cases[i].told) : job.warnings.n > 0) fail_msg("case %zu tells %zu things", i, job.warnings.n);
    arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips),
                                     cmocka_unit_test(dictionaries_send_nothing_else),
                                     cmocka_unit_test(losses_are_told),
                                     cmocka_unit_test(losses_of_pairs_are_told),
                                     cmocka_unit_test(pairs_that_nobody_accepted),
                                     cmocka_unit_test(indicators_for_an_exchange),
                                     cmocka_unit_test(dictionaries_tell_why),
                                     cmocka_unit_test(guarded_texts),
                                     cmocka_unit_test(broken_ones),
                                     cmocka_unit_test(proposals_of_align),
                                     cmocka_unit_test(shapes_of_others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
