/* Org units, attribute option combos and periods: by example, and what must hold for any two trees. */
#include "../metadata_of.h"
#include "align/places.h"
#include "align/to_mapping.h"
#include "base/buf.h"
#include "base/map.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TREE_MAX = 400 };

/* A tree as lines: "Country/North/Clinic", then what else is known: "|code=N1", "|at=-11.5,8.2", "|id=Xyz00000001", "|fr=Nom", "|level=3". Parents before what is below them. */
struct tree {
  const char *lines[TREE_MAX];
  size_t n;
};

static struct arena *arena;

static int setup(void **state) {
  arena = arena_new();
  return 0;
}

static int teardown(void **state) {
  arena_free(arena);
  return 0;
}

static struct str option_of(struct str line, const char *name) {
  struct str wanted = arena_printf(arena, "|%s=", name);
  size_t at = str_find(line, wanted);
  if (at == SIZE_MAX) return STR_NONE;
  struct str rest = str_from(line, at + wanted.n);
  return str_take(&rest, '|');
}

/* `letter` begins the ids, which are made of the line's place in the tree, not in the list. `order`: the places in the order they are listed in; NULL: as they stand. */
static const struct dhis2_metadata *tree_in_order(char letter, const struct tree *tree, const size_t *order) {
  struct map ids = {0};
  struct buf json = BUF_INIT(1 << 20);
  (void)buf_add(&json, STR("{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"organisationUnits\":["));
  for (size_t i = 0; i < tree->n; i++) {
    struct str rest = str_of(tree->lines[i]), path = str_take(&rest, '|'), id = option_of(str_of(tree->lines[i]), "id");
    (void)map_put(&ids, path, (void *)(uintptr_t)arena_cstr(arena, id.n ? id : arena_printf(arena, "%c%010zu", letter, i)));
  }
  for (size_t k = 0; k < tree->n; k++) {
    struct str line = str_of(tree->lines[order ? order[k] : k]), rest = line, path = str_take(&rest, '|');
    size_t slash = str_find_last_char(path, '/');
    struct str name = str_from(path, slash + 1), parent = slash == SIZE_MAX ? STR_NONE : str_slice(path, 0, slash),
               code = option_of(line, "code"), at = option_of(line, "at"), french = option_of(line, "fr"), level = option_of(line, "level");
    if (str_has(name, STR("#"))) name = str_slice(name, 0, str_find_char(name, '#')); /* "Clinic#2": one more of that name */
    (void)buf_printf(&json, "%s{\"id\":\"%s\",\"name\":\"%.*s\"", k ? "," : "", (const char *)map_get(&ids, path), STR_ARG(name));
    if (parent.n) (void)buf_printf(&json, ",\"parent\":{\"id\":\"%s\"}", (const char *)map_get(&ids, parent));
    if (code.n) (void)buf_printf(&json, ",\"code\":\"%.*s\"", STR_ARG(code));
    if (level.n) (void)buf_printf(&json, ",\"level\":%.*s", STR_ARG(level));
    if (at.n) (void)buf_printf(&json, ",\"geometry\":{\"type\":\"Point\",\"coordinates\":[%.*s]}", STR_ARG(at));
    if (french.n)
      (void)buf_printf(&json, ",\"translations\":[{\"locale\":\"fr\",\"property\":\"NAME\",\"value\":\"%.*s\"}]", STR_ARG(french));
    (void)buf_add_char(&json, '}');
  }
  (void)buf_add(&json, STR("]}"));
  const struct dhis2_metadata *m = metadata_of(arena, arena_str(arena, buf_str(&json)));
  buf_free(&json);
  map_free(&ids);
  return m;
}

static const struct dhis2_metadata *tree_of(char letter, const struct tree *tree) {
  return tree_in_order(letter, tree, NULL);
}

#define TREE(letter, ...) tree_of(letter, &(struct tree){{__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)})

static const struct align_places *place(const struct dhis2_metadata *from, const struct dhis2_metadata *to,
                                        const struct decision *decisions, size_t count) {
  struct error error = {0};
  struct align_options options = {0};
  const struct align_places *places;
  if (align_places(from, to, &options, decisions, count, arena, &places, &error) < 0) fail_msg("%s", error.message);
  return places;
}

static const struct dhis2_org_unit *unit_at(const struct dhis2_metadata *m, const char *path) {
  for (size_t i = 0; i < m->org_unit_count; i++) {
    struct str full = align_unit_path(arena, m->org_units[i], STR_NONE), wanted = str_of(path);
    struct str plain = STR("");
    for (size_t k = 0; k < full.n; k++)
      if (full.p[k] != ' ' || (k + 1 < full.n && full.p[k + 1] != '/' && full.p[k - 1] != '/'))
        plain = arena_printf(arena, "%.*s%c", STR_ARG(plain), full.p[k]);
    if (str_eq(plain, wanted)) return m->org_units[i];
  }
  fail_msg("there is no unit %s", path);
  return NULL;
}

/* The first row of a unit. */
static const struct align_pair *row_of(const struct align_pairs *pairs, const struct dhis2_object *source) {
  for (size_t i = 0; i < pairs->count; i++)
    if (pairs->rows[i].source == source) return &pairs->rows[i];
  fail_msg("there is no row of %.*s", STR_ARG(source->id));
  return NULL;
}

static const char *answer_at(const struct align_places *places, const struct dhis2_metadata *from, const struct dhis2_metadata *to,
                             const char *path) {
  const struct align_pair *row = row_of(&places->org_units, &unit_at(from, path)->o);
  if (!row->target) return "none";
  return arena_cstr(arena, arena_printf(arena, "%s %.*s", align_answer_name(row->answer),
                                        STR_ARG(align_unit_path(arena, dhis2_metadata_org_unit(to, row->target->id), STR_NONE))));
}

static float confidence_at(const struct align_places *places, const struct dhis2_metadata *from, const char *path) {
  return row_of(&places->org_units, &unit_at(from, path)->o)->confidence;
}

#define ANSWER(path, wanted) assert_string_equal(answer_at(places, from, to, path), wanted)

/* --- org units --- */

static void names_under_parents(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/North", "Land/South", "Land/North/Bo Clinic", "Land/South/Bo Clinic",
                                           "Land/South/Kenema Hospital", "Land/North/Makeni CHC");
  const struct dhis2_metadata *to = TREE('b', "Land", "Land/South", "Land/North", "Land/South/Hospital Kenema", "Land/South/Bo clinic",
                                         "Land/North/Bo Clinic", "Land/North/Makenni CHC", "Land/North/Other Post");
  const struct align_places *places = place(from, to, NULL, 0);
  ANSWER("Land", "auto Land");
  ANSWER("Land/North", "auto Land / North");
  ANSWER("Land/North/Bo Clinic", "auto Land / North / Bo Clinic");
  ANSWER("Land/South/Bo Clinic", "auto Land / South / Bo clinic");
  ANSWER("Land/South/Kenema Hospital", "auto Land / South / Hospital Kenema");
  assert_true(str_has(str_of(answer_at(places, from, to, "Land/North/Makeni CHC")), STR("Land / North / Makenni CHC")));
  assert_false(places->org_units.same);
}

static void codes_and_ids(void **state) {
  const struct dhis2_metadata *from =
      TREE('a', "Land", "Land/North|code=N", "Land/North/Old Name|code=C7", "Land/North/Kept|id=Same0000001", "Land/North/Alone|code=001");
  const struct dhis2_metadata *to = TREE('b', "Land", "Land/Nord|code=n", "Land/Nord/New Title|code=C7",
                                         "Land/Nord/Renamed Altogether|id=Same0000001", "Land/Nord/Two|code=2");
  const struct align_places *places = place(from, to, NULL, 0);
  ANSWER("Land/North/Old Name", "auto Land / Nord / New Title");
  assert_true(confidence_at(places, from, "Land/North/Old Name") >= 0.95f); /* exact code, same parent: near 1 */
  ANSWER("Land/North/Kept", "auto Land / Nord / Renamed Altogether");
  ANSWER("Land/North/Alone", "none");
}

static void names_alone_are_little(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Alpha", "Omega", "Alpha/Zuburu Clinic", "Omega/Else");
  const struct dhis2_metadata *to = TREE('b', "Beta", "Gamma", "Beta/Zuburu Clinic", "Gamma/Different");
  const struct align_places *places = place(from, to, NULL, 0);
  ANSWER("Alpha/Zuburu Clinic", "proposed Beta / Zuburu Clinic");
  assert_true(confidence_at(places, from, "Alpha/Zuburu Clinic") < 0.6f);
  ANSWER("Alpha", "none");
}

static void any_language(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Pays", "Pays/Nord", "Pays/Sud", "Pays/Nord/Poste Bo");
  const struct dhis2_metadata *to = TREE('b', "Land|fr=Pays", "Land/North|fr=Nord", "Land/South|fr=Sud", "Land/North/Bo Post|fr=Poste Bo");
  const struct align_places *places = place(from, to, NULL, 0);
  ANSWER("Pays/Nord", "auto Land / North");
  ANSWER("Pays/Nord/Poste Bo", "auto Land / North / Bo Post");
}

static void contradictions_veto(void **state) {
  const struct dhis2_metadata *from =
      TREE('a', "Land", "Land/Bo Clinic 1", "Land/East Ward", "Land/Far Post|at=10,0", "Land/Twin B", "Land/Kenema", "Land/Makeni");
  const struct dhis2_metadata *to =
      TREE('b', "Land", "Land/Bo Clinic 2", "Land/West Ward", "Land/Far Post|at=12,0", "Land/Twin C", "Land/Kenema", "Land/Makeni");
  const struct align_places *places = place(from, to, NULL, 0);
  ANSWER("Land/Bo Clinic 1", "none");
  ANSWER("Land/East Ward", "none");
  ANSWER("Land/Far Post", "none"); /* 220 km away */
  ANSWER("Land/Twin B", "none");
  ANSWER("Land/Kenema", "auto Land / Kenema");
}

static void points_tell_twins_apart(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/Post#1|at=10,0", "Land/Post#2|at=10.5,0", "Land/Kenema", "Land/Makeni");
  const struct dhis2_metadata *to = TREE('b', "Land", "Land/Post#1|at=10.5001,0", "Land/Post#2|at=10.0001,0", "Land/Kenema", "Land/Makeni");
  const struct align_places *places = place(from, to, NULL, 0);
  for (size_t i = 0; i < from->org_unit_count; i++) {
    const struct dhis2_org_unit *unit = from->org_units[i], *other;
    if (!unit->has_point) continue;
    const struct align_pair *row = row_of(&places->org_units, &unit->o);
    assert_non_null(row->target);
    other = dhis2_metadata_org_unit(to, row->target->id);
    assert_true(other->longitude - unit->longitude < 0.01 && unit->longitude - other->longitude < 0.01);
    assert_int_equal(row->answer, ALIGN_AUTO);
  }
}

/* What is equally good twice is at most proposed, on both sides. */
static void ties(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/Post#1", "Land/Post#2", "Land/Kenema", "Land/Makeni");
  const struct dhis2_metadata *to = TREE('b', "Land", "Land/Post#1", "Land/Post#2", "Land/Kenema", "Land/Makeni");
  const struct align_places *places = place(from, to, NULL, 0);
  unsigned posts = 0;
  for (size_t i = 0; i < places->org_units.count; i++) {
    const struct align_pair *row = &places->org_units.rows[i];
    if (!str_eq(row->source->name, STR("Post"))) continue;
    assert_int_not_equal(row->answer, ALIGN_AUTO);
    assert_true(row->confidence <= 0.5f);
    posts++;
  }
  assert_true(posts >= 2);
}

/* A district that was renamed is known by what is below it. */
static void parents_by_their_children(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/Freetown", "Land/Bo", "Land/Freetown/Ross Road", "Land/Freetown/Kissy",
                                           "Land/Freetown/Wellington", "Land/Bo/Tikonko");
  const struct dhis2_metadata *to = TREE('b', "Land", "Land/Western Area", "Land/Bo", "Land/Western Area/Ross Road",
                                         "Land/Western Area/Kissy", "Land/Western Area/Wellington", "Land/Bo/Tikonko");
  const struct align_places *places = place(from, to, NULL, 0);
  assert_true(str_has(str_of(answer_at(places, from, to, "Land/Freetown")), STR("Land / Western Area")));
  ANSWER("Land/Freetown/Kissy", "auto Land / Western Area / Kissy");
}

static void a_level_between(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/Bo", "Land/Bo/Tikonko", "Land/Kenema", "Land/Kenema/Blama");
  const struct dhis2_metadata *to =
      TREE('b', "Land", "Land/South", "Land/South/Bo", "Land/South/Bo/Tikonko", "Land/South/Kenema", "Land/South/Kenema/Blama");
  const struct align_places *places = place(from, to, NULL, 0);
  assert_true(str_has(str_of(answer_at(places, from, to, "Land/Bo")), STR("Land / South / Bo")));
  assert_true(str_has(str_of(answer_at(places, from, to, "Land/Bo/Tikonko")), STR("Land / South / Bo / Tikonko")));
}

static struct decision decide(const struct dhis2_org_unit *from, const struct dhis2_org_unit *to, enum decision_verdict verdict) {
  return (struct decision){.of = DECISION_OF_ORG_UNIT,
                           .source_data_element = from->o.id,
                           .target_data_element = to ? to->o.id : STR_NONE,
                           .sign = '+',
                           .verdict = verdict};
}

static void decided_pairs_pull_their_children(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/East", "Land/East/Bo Clinic", "Land/East/Ko Clinic");
  const struct dhis2_metadata *to = TREE('b', "Reich", "Reich/Nine", "Reich/Ten", "Reich/Nine/Bo Clinic", "Reich/Nine/Ma Clinic",
                                         "Reich/Ten/Bo Clinic", "Reich/Ten/Ma Clinic");
  struct decision decisions[3] = {decide(unit_at(from, "Land/East"), unit_at(to, "Reich/Ten"), DECISION_ACCEPTED)};
  const struct align_places *places = place(from, to, decisions, 1);
  assert_string_equal(answer_at(places, from, to, "Land/East"), "auto Reich / Ten");
  assert_true(row_of(&places->org_units, &unit_at(from, "Land/East")->o)->decided);
  ANSWER("Land/East/Bo Clinic", "auto Reich / Ten / Bo Clinic");
  decisions[1] = decide(unit_at(from, "Land/East/Bo Clinic"), unit_at(to, "Reich/Ten/Bo Clinic"), DECISION_REJECTED);
  decisions[2] = decide(unit_at(from, "Land/East/Ko Clinic"), NULL, DECISION_NONE);
  places = place(from, to, decisions, 3);
  for (size_t i = 0; i < places->org_units.count; i++)
    if (places->org_units.rows[i].source == &unit_at(from, "Land/East/Bo Clinic")->o)
      assert_ptr_not_equal(places->org_units.rows[i].target, &unit_at(to, "Reich/Ten/Bo Clinic")->o);
  ANSWER("Land/East/Ko Clinic", "none");
  assert_true(row_of(&places->org_units, &unit_at(from, "Land/East/Ko Clinic")->o)->decided);
  decisions[0].target_data_element = STR("nobody");
  assert_int_equal(place(from, to, decisions, 1)->warning_count, 1);
}

/* Several facilities that became one: only by decision, and both come out. */
static void decided_many_to_one(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/One", "Land/Two"), *to = TREE('b', "Land", "Land/Both");
  struct decision decisions[2] = {decide(unit_at(from, "Land/One"), unit_at(to, "Land/Both"), DECISION_ACCEPTED),
                                  decide(unit_at(from, "Land/Two"), unit_at(to, "Land/Both"), DECISION_ACCEPTED)};
  const struct align_places *places = place(from, to, decisions, 2);
  ANSWER("Land/One", "auto Land / Both");
  ANSWER("Land/Two", "auto Land / Both");
}

static void only_who_is_assigned_takes_part(void **state) {
  static const char source[] = "{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"dataSets\":[{\"id\":\"d\",\"name\":\"d\","
                               "\"organisationUnits\":[{\"id\":\"a2\"},{\"id\":\"a3\"}]}],\"organisationUnits\":["
                               "{\"id\":\"a1\",\"name\":\"Land\"},{\"id\":\"a2\",\"name\":\"Bo\",\"parent\":{\"id\":\"a1\"}},{\"id\":"
                               "\"a3\",\"name\":\"Kenema\",\"parent\":{\"id\":\"a1\"}}]}";
  static const char target[] = "{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"dataSets\":[{\"id\":\"d\",\"name\":\"d\","
                               "\"organisationUnits\":[{\"id\":\"b1\"},{\"id\":\"b2\"}]}],\"organisationUnits\":["
                               "{\"id\":\"b1\",\"name\":\"Land\"},{\"id\":\"b2\",\"name\":\"Bo\",\"parent\":{\"id\":\"b1\"}},{\"id\":"
                               "\"b3\",\"name\":\"Kenema\",\"parent\":{\"id\":\"b1\"}}]}";
  const struct dhis2_metadata *from = metadata_of(arena, str_of(source)), *to = metadata_of(arena, str_of(target));
  const struct align_places *places = place(from, to, NULL, 0);
  assert_string_equal(answer_at(places, from, to, "Land/Bo"), "auto Land / Bo");
  const struct align_pair *row = row_of(&places->org_units, &dhis2_metadata_org_unit(from, STR("a3"))->o);
  assert_int_equal(row->answer, ALIGN_NONE);
  assert_true(str_has(row->why, STR("not assigned")));
  assert_int_equal(row[1].answer, ALIGN_CANDIDATE);
  for (size_t i = 0; i < places->org_units.count; i++) assert_false(str_eq(places->org_units.rows[i].source->id, STR("a1")));
}

/* Where the target reports by district, a facility may be added to its district's total: offered, never answered. */
static void the_target_reports_one_level_higher(void **state) {
  static const char target[] = "{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"dataSets\":[{\"id\":\"d\",\"name\":\"d\","
                               "\"organisationUnits\":[{\"id\":\"b2\"}]}],\"organisationUnits\":["
                               "{\"id\":\"b1\",\"name\":\"Land\"},{\"id\":\"b2\",\"name\":\"Bo\",\"parent\":{\"id\":\"b1\"}}]}";
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/Bo", "Land/Bo/Clinic"), *to = metadata_of(arena, str_of(target));
  const struct align_places *places = place(from, to, NULL, 0);
  const struct align_pair *row = row_of(&places->org_units, &unit_at(from, "Land/Bo/Clinic")->o);
  assert_int_equal(row->answer, ALIGN_NONE);
  assert_true(row[1].answer == ALIGN_CANDIDATE && str_eq(row[1].target->id, STR("b2")) && str_has(row[1].why, STR("added to all others")));
}

/* Each reason says what it added: for it above 0, against it below; and together they make the confidence, less what most pairs begin with. */
static void reasons_add_up(void **state) {
  const struct tree a = {{"Land", "Land/North", "Land/South", "Land/North/Bo Clinic|code=N1", "Land/South/Kenema Hospital|at=-11,8",
                          "Land/South/Moyamba Post"},
                         6},
                    b = {{"Land", "Land/North", "Land/South", "Land/North/Bo Clinic|code=N1", "Land/South/Kenema Hospitl|at=-11.4,8",
                          "Land/North/Moyamba Post"},
                         6};
  const struct align_pairs *pairs = &place(tree_in_order('a', &a, NULL), tree_in_order('b', &b, NULL), NULL, 0)->org_units;
  size_t seen = 0;
  for (size_t i = 0; i < pairs->count; i++) {
    const struct align_pair *row = &pairs->rows[i];
    float sum = -2.9f;
    for (size_t r = 0; r < row->reason_count; r++) {
      const char *code = row->reasons[r].code;
      float adds = row->reasons[r].contribution;
      sum += adds;
      if (strcmp(code, "same_name") == 0 || strcmp(code, "same_code") == 0 || strcmp(code, "above_parent") == 0) assert_true(adds > 0);
      if (strcmp(code, "above_other") == 0 || strcmp(code, "far") == 0) assert_true(adds < 0);
    }
    bool leaf = str_find(row->source->name, STR(" ")) != SIZE_MAX; /* nothing stands below it */
    if (!row->target || row->answer == ALIGN_CANDIDATE || !leaf || row->confidence > 0.99f || row->confidence == 0.85f) continue;
    float sure = 1 / (1 + expf(-sum));
    if (fabsf(sure - row->confidence) > 0.02f)
      fail_msg("%.*s: %f, and %f by its reasons", STR_ARG(row->source->name), (double)row->confidence, (double)sure);
    seen++;
  }
  assert_true(seen > 0);
}

/* --- for any two trees --- */

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static const char *const places_of[] = {"Bo",     "Kenema",  "Makeni",    "Tikonko", "Blama",    "Njala",
                                        "Kabala", "Moyamba", "Port Loko", "Lungi",   "Segbwema", "Daru"};
static const char *const kinds_of[] = {"Clinic", "CHC", "Hospital", "Health Post", "MCHP"};

/* A country with districts of which no two are called alike; below them the same few names come again and again, but once in each. */
static struct tree make_tree(uint32_t seed, const char *prefix) {
  struct tree tree = {.n = 0};
  size_t districts = 3 + next(&seed) % 6;
  tree.lines[tree.n++] = arena_cstr(arena, arena_printf(arena, "%sLand", prefix));
  for (size_t d = 0; d < districts; d++) {
    size_t of_district = tree.n, facilities = 2 + next(&seed) % 12;
    tree.lines[tree.n++] = arena_cstr(arena, arena_printf(arena, "%s/%s%s District", tree.lines[0], prefix, places_of[d]));
    for (size_t f = 0; f < facilities; f++) {
      size_t kind = next(&seed) % 5;
      tree.lines[tree.n++] =
          arena_cstr(arena, arena_printf(arena, "%s/%s%s %s", tree.lines[of_district], prefix, places_of[(d + f) % 12], kinds_of[kind]));
    }
  }
  return tree;
}

static size_t *shuffled(size_t n, uint32_t seed) {
  size_t *order = ARENA_ARRAY(arena, n, size_t);
  for (size_t i = 0; i < n; i++) order[i] = i;
  for (size_t i = n - 1; i > 0; i--) {
    size_t other = next(&seed) % (i + 1), kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  return order;
}

static void same_rows(const struct align_pairs *a, const struct align_pairs *b) {
  assert_int_equal(a->count, b->count);
  for (size_t i = 0; i < a->count; i++) {
    const struct align_pair *x = &a->rows[i], *y = &b->rows[i];
    assert_true(str_eq(x->source->id, y->source->id) && !x->target == !y->target && (!x->target || str_eq(x->target->id, y->target->id)));
    assert_true(x->answer == y->answer && x->rank == y->rank && str_eq(x->why, y->why));
    assert_true(x->confidence - y->confidence < 1e-6f && y->confidence - x->confidence < 1e-6f);
  }
}

static void rows_are_well_formed(const struct dhis2_metadata *from, const struct align_pairs *pairs) {
  size_t sources = 0;
  for (size_t i = 0; i < pairs->count; i++) {
    const struct align_pair *row = &pairs->rows[i], *before = i ? row - 1 : NULL;
    bool first = !before || before->source != row->source;
    assert_true(row->confidence >= 0 && row->confidence <= 1 && row->why.n);
    assert_int_equal(row->rank, first ? 1 : before->rank + 1);
    assert_true((row->answer == ALIGN_NONE) == !row->target);
    assert_true(first || row->answer == ALIGN_CANDIDATE);
    assert_true(!first || row->answer != ALIGN_CANDIDATE);
    if (before && first) assert_true(str_cmp(before->source->id, row->source->id) < 0);
    sources += first;
  }
  assert_int_equal(sources, from->org_unit_count);
}

static void the_order_of_lists_does_not_matter(void **state) {
  for (uint32_t seed = 1; seed <= 20; seed++) {
    struct tree a = make_tree(seed, ""), b = make_tree(seed * 31 + 7, "");
    const struct dhis2_metadata *from = tree_of('a', &a), *to = tree_of('b', &b);
    const struct align_places *once = place(from, to, NULL, 0);
    rows_are_well_formed(from, &once->org_units);
    const struct align_places *again =
        place(tree_in_order('a', &a, shuffled(a.n, seed)), tree_in_order('b', &b, shuffled(b.n, seed + 9)), NULL, 0);
    same_rows(&once->org_units, &again->org_units);
  }
}

/* A tree against itself under other ids: each unit is its own counterpart, whatever all names have in common. */
static void a_copy_is_found(void **state) {
  static const char *const prefixes[] = {"", "SL ", "xy_"};
  for (uint32_t seed = 1; seed <= 20; seed++)
    for (size_t k = 0; k < 3; k++) {
      struct tree a = make_tree(seed, ""), b = make_tree(seed, prefixes[k]);
      const struct dhis2_metadata *from = tree_of('a', &a), *to = tree_in_order('b', &b, shuffled(b.n, seed));
      const struct align_places *places = place(from, to, NULL, 0);
      for (size_t i = 0; i < places->org_units.count; i++) {
        const struct align_pair *row = &places->org_units.rows[i];
        if (row->rank != 1) continue;
        if (!row->target || !str_eq(str_from(row->source->id, 1), str_from(row->target->id, 1)))
          fail_msg("seed %u, prefix '%s': %.*s is %.*s", seed, prefixes[k], STR_ARG(row->source->name),
                   STR_ARG(row->target ? row->target->name : STR("none")));
        if (k == 0) assert_int_equal(row->answer, ALIGN_AUTO);
      }
    }
}

static void sides_may_be_swapped(void **state) {
  for (uint32_t seed = 1; seed <= 20; seed++) {
    struct tree a = make_tree(seed, ""), b = make_tree(seed, "SL ");
    b.n -= b.n / 5; /* the last ones are missing there */
    const struct dhis2_metadata *from = tree_of('a', &a), *to = tree_of('b', &b);
    const struct align_places *there = place(from, to, NULL, 0), *back = place(to, from, NULL, 0);
    for (size_t i = 0; i < there->org_units.count; i++) {
      const struct align_pair *row = &there->org_units.rows[i];
      if (row->rank != 1 || !row->target) continue;
      const struct align_pair *mirror = row_of(&back->org_units, row->target);
      assert_ptr_equal(mirror->target, row->source);
      assert_int_equal(mirror->answer, row->answer);
    }
  }
}

/* A unit that moved to another district: its name alone finds nothing for sure; its id finds it, and somebody is asked to look. */
static void a_unit_moves(void **state) {
  for (uint32_t seed = 1; seed <= 10; seed++)
    for (int known = 0; known < 2; known++) {
      struct tree a = make_tree(seed, ""), b = make_tree(seed, "");
      const char *id = known ? "|id=Moved000001" : "";
      a.lines[a.n++] = arena_cstr(arena, arena_printf(arena, "%s/Zimmi Post%s", a.lines[1], id));
      b.lines[b.n++] = arena_cstr(arena, arena_printf(arena, "%s/%s District/Zimmi Post%s", b.lines[0], places_of[1], id));
      const struct dhis2_metadata *from = tree_of('a', &a), *to = tree_of('b', &b);
      const struct align_places *places = place(from, to, NULL, 0);
      for (size_t i = 0; i < places->org_units.count; i++) {
        const struct align_pair *row = &places->org_units.rows[i];
        if (!str_eq(row->source->name, STR("Zimmi Post"))) {
          assert_true(row->rank > 1 || (row->target && str_eq(str_from(row->source->id, 1),
                                                              str_from(row->target->id, 1)))); /* the others stay where they were */
          continue;
        }
        if (row->rank == 1) assert_int_equal(row->answer, known ? ALIGN_PROPOSED : ALIGN_NONE);
        if (row->target) assert_true(str_eq(row->target->name, STR("Zimmi Post")));
      }
    }
}

/* --- attribute option combos --- */

#define AOC_SIDE(letter, combos, cocs, more) \
  metadata_of( \
      arena, \
      STR("{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"dataSets\":[{\"id\":\"d\",\"name\":\"d\",\"periodType\":\"Monthly\"," \
          "\"categoryCombo\":{\"id\":\"" letter "cc\"}}" more "],\"categoryCombos\":[" combos "],\"categoryOptionCombos\":[" cocs "]}"))
#define COMBO(id, name) "{\"id\":\"" id "\",\"name\":\"" name "\"}"
#define AOC(id, name, combo) "{\"id\":\"" id "\",\"name\":\"" name "\",\"categoryCombo\":{\"id\":\"" combo "\"}}"
#define AOC_CODE(id, name, combo, code) \
  "{\"id\":\"" id "\",\"name\":\"" name "\",\"code\":\"" code "\",\"categoryCombo\":{\"id\":\"" combo "\"}}"

static const char *attribute(const struct align_places *places, const char *source) {
  for (size_t i = 0; i < places->attributes.count; i++) {
    const struct align_pair *row = &places->attributes.rows[i];
    if (!str_eq(row->source->id, str_of(source))) continue;
    return arena_cstr(arena,
                      arena_printf(arena, "%s %.*s", align_answer_name(row->answer), STR_ARG(row->target ? row->target->id : STR("-"))));
  }
  return "no row";
}

static void default_is_default_by_role(void **state) {
  const struct dhis2_metadata *from = AOC_SIDE("a", COMBO("acc", "default"), AOC("aDflt", "default", "acc"), ""),
                              *to = AOC_SIDE("b", COMBO("bcc", "default"), AOC("bDflt", "default", "bcc"), "");
  const struct align_places *places = place(from, to, NULL, 0);
  assert_string_equal(attribute(places, "aDflt"), "auto bDflt");
  assert_true(places->attributes.told && places->attributes.same);
}

static void attributes_by_what_they_say(void **state) {
  const struct dhis2_metadata *from = AOC_SIDE("a", COMBO("acc", "Funder"),
                                               AOC("a1", "Global Fund", "acc") "," AOC("a2", "PEPFAR", "acc") "," AOC_CODE(
                                                   "a3", "World Bank", "acc", "WB") "," AOC("a4", "Nobody knows", "acc"),
                                               "");
  const struct dhis2_metadata *to = AOC_SIDE("b", COMBO("bcc", "Donor"),
                                             AOC("b1", "PEPFAR", "bcc") "," AOC("b2", "The Global Fund", "bcc") "," AOC_CODE(
                                                 "b3", "Banque mondiale", "bcc", "wb") "," AOC("b5", "Gavi", "bcc"),
                                             "");
  const struct align_places *places = place(from, to, NULL, 0);
  assert_true(str_has(str_of(attribute(places, "a1")), STR(" b2")));
  assert_string_equal(attribute(places, "a2"), "auto b1");
  assert_string_equal(attribute(places, "a3"), "auto b3");
  assert_string_equal(attribute(places, "a4"), "none -");
  assert_false(places->attributes.same);
  struct decision decisions[] = {
      {.of = DECISION_OF_ATTRIBUTE, .source_data_element = STR("a4"), .target_data_element = STR("b5"), .verdict = DECISION_ACCEPTED},
      {.of = DECISION_OF_ATTRIBUTE, .source_data_element = STR("a2"), .target_data_element = STR("b1"), .verdict = DECISION_REJECTED},
      {.of = DECISION_OF_ATTRIBUTE, .source_data_element = STR("a3"), .verdict = DECISION_NONE},
      {.of = DECISION_OF_ATTRIBUTE, .source_data_element = STR("a1"), .target_data_element = STR("b9"), .verdict = DECISION_ACCEPTED}};
  places = place(from, to, decisions, 4);
  assert_string_equal(attribute(places, "a4"), "auto b5");
  assert_string_not_equal(attribute(places, "a2"), "auto b1");
  assert_string_equal(attribute(places, "a3"), "none -");
  assert_int_equal(places->warning_count, 1);
}

/* Options on one side alone are a choice, never an answer that counts by itself. */
static void attributes_on_one_side(void **state) {
  const struct dhis2_metadata *with =
                                  AOC_SIDE("a", COMBO("acc", "Funder"), AOC("a1", "Global Fund", "acc") "," AOC("a2", "PEPFAR", "acc"), ""),
                              *without = AOC_SIDE("b", COMBO("bcc", "default"), AOC("bDflt", "default", "bcc"), "");
  const struct align_places *given_up = place(with, without, NULL, 0), *made_up = place(without, with, NULL, 0);
  assert_string_equal(attribute(given_up, "a1"), "proposed bDflt");
  assert_string_equal(attribute(given_up, "a2"), "proposed bDflt");
  assert_string_equal(attribute(made_up, "bDflt"), "none -");
  assert_int_equal(made_up->attributes.count, 3);
  assert_int_equal(made_up->attributes.rows[1].answer, ALIGN_CANDIDATE);
  assert_false(given_up->attributes.same || made_up->attributes.same);
}

static const char *const funders[] = {"Global Fund", "PEPFAR", "World Bank",     "Gavi",   "Government",
                                      "Community",   "MSF",    "Private sector", "UNICEF", "Unknown"};
enum { FUNDERS = sizeof funders / sizeof *funders };

/* Some of the funders, in some order, called `prefix` and their name; ids tell which one each is. */
static const struct dhis2_metadata *funders_of(char letter, uint32_t shuffle, size_t count, const char *prefix) {
  struct str list = STR("");
  size_t *order = shuffled(count, shuffle);
  for (size_t i = 0; i < count; i++)
    list = arena_printf(arena, "%.*s%s{\"id\":\"%c%zu\",\"name\":\"%s%s\",\"categoryCombo\":{\"id\":\"%ccc\"}}", STR_ARG(list),
                        i ? "," : "", letter, order[i], prefix, funders[order[i]], letter);
  return metadata_of(arena, arena_printf(arena,
                                         "{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"dataSets\":[{\"id\":\"d\",\"name\":\"d\","
                                         "\"categoryCombo\":{\"id\":\"%ccc\"}}],"
                                         "\"categoryCombos\":[{\"id\":\"%ccc\",\"name\":\"Funder\"}],\"categoryOptionCombos\":[%.*s]}",
                                         letter, letter, STR_ARG(list)));
}

/* Each is found whatever the order of the lists and whatever all names share; the same there and back; one that only one side has is nobody's. */
static void attributes_for_any_order(void **state) {
  static const char *const prefixes[] = {"", "Funded by "};
  for (uint32_t seed = 1; seed <= 10; seed++)
    for (size_t k = 0; k < 2; k++) {
      const struct dhis2_metadata *from = funders_of('a', seed, FUNDERS, ""), *to = funders_of('b', seed * 7, FUNDERS - 2, prefixes[k]);
      const struct align_places *there = place(from, to, NULL, 0), *back = place(to, from, NULL, 0);
      same_rows(&there->attributes,
                &place(funders_of('a', seed + 50, FUNDERS, ""), funders_of('b', seed + 60, FUNDERS - 2, prefixes[k]), NULL, 0)->attributes);
      for (size_t i = 0; i < there->attributes.count; i++) {
        const struct align_pair *row = &there->attributes.rows[i];
        if (row->rank != 1) continue;
        size_t which = (size_t)(row->source->id.p[1] - '0');
        if (which >= FUNDERS - 2) {
          assert_null(row->target);
          continue;
        }
        if (!row->target || row->target->id.p[1] != row->source->id.p[1])
          fail_msg("%.*s, prefix '%s'", STR_ARG(row->source->name), prefixes[k]);
        assert_ptr_equal(row_of(&back->attributes, row->target)->target, row->source);
      }
    }
}

static void attributes_not_told(void **state) {
  const struct dhis2_metadata *told = AOC_SIDE("a", COMBO("acc", "Funder"), AOC("a1", "Global Fund", "acc"), ""),
                              *untold = metadata_of(arena, STR("{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}]}"));
  assert_false(place(told, untold, NULL, 0)->attributes.told);
  assert_int_equal(place(untold, told, NULL, 0)->attributes.count, 0);
}

/* --- periods --- */

static const struct dhis2_metadata *sets_of(const char *first, const char *second, const char *calendar) {
  struct str more = second ? arena_printf(arena, ",{\"id\":\"d2\",\"name\":\"d\",\"periodType\":\"%s\"}", second) : STR("");
  struct dhis2_metadata *m = (struct dhis2_metadata *)(uintptr_t)metadata_of(
      arena,
      arena_printf(
          arena,
          "{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}],\"dataSets\":[{\"id\":\"d\",\"name\":\"d\",\"periodType\":\"%s\"}%.*s]}",
          first, STR_ARG(more)));
  m->calendar = str_of(calendar);
  return m;
}

static struct align_period_rule rule_of(const char *from, const char *to) {
  return place(sets_of(from, NULL, NULL), sets_of(to, NULL, NULL), NULL, 0)->period;
}

static void period_rules(void **state) {
  static const struct {
    const char *from, *to;
    enum mapping_conversion conversion;
    const char *said;
  } cases[] = {
      {"Monthly", "Monthly", MAPPING_SAME_PERIODS, "same"},
      {"Monthly", "Quarterly", MAPPING_ROLL_UP, "3 Monthly"},
      {"Monthly", "Yearly", MAPPING_ROLL_UP, "12 Monthly"},
      {"Quarterly", "SixMonthly", MAPPING_ROLL_UP, "2 Quarterly"},
      {"SixMonthly", "Yearly", MAPPING_ROLL_UP, "2 SixMonthly"},
      {"Weekly", "Monthly", MAPPING_CANNOT, "can lie in two"},
      {"Quarterly", "Monthly", MAPPING_CANNOT, "shorter"},
      {"Quarterly", "FinancialFeb", MAPPING_CANNOT, "lie in two"},
      {"Daily", "Weekly", MAPPING_ROLL_UP, "days"},
      {"Odd", "Monthly", MAPPING_CANNOT, "not known"},
      {"Quarterly", "FinancialApril", MAPPING_ROLL_UP, "4 Quarterly"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct align_period_rule rule = rule_of(cases[i].from, cases[i].to);
    if (rule.periods.conversion != cases[i].conversion || !str_has(rule.periods.note, str_of(cases[i].said)))
      fail_msg("%s to %s: %.*s", cases[i].from, cases[i].to, STR_ARG(rule.periods.note));
    assert_true((rule.answer == ALIGN_NONE) == (rule.periods.conversion == MAPPING_CANNOT));
    assert_int_equal(rule.periods.sound_count, rule.periods.conversion == MAPPING_ROLL_UP);
  }
}

static void period_rules_of_odd_sides(void **state) {
  struct align_period_rule rule = place(sets_of("Monthly", NULL, "iso8601"), sets_of("Monthly", NULL, "ethiopian"), NULL, 0)->period;
  assert_int_equal(rule.periods.conversion, MAPPING_CANNOT);
  assert_true(str_has(rule.periods.note, STR("ethiopian")));
  assert_int_equal(place(sets_of("Monthly", NULL, "nepali"), sets_of("Monthly", NULL, "nepali"), NULL, 0)->period.periods.conversion,
                   MAPPING_SAME_PERIODS);
  assert_int_equal(place(sets_of("Monthly", NULL, "nepali"), sets_of("Quarterly", NULL, "nepali"), NULL, 0)->period.periods.conversion,
                   MAPPING_CANNOT);
  assert_int_equal(place(sets_of("Monthly", NULL, "gregorian"), sets_of("Quarterly", NULL, "iso8601"), NULL, 0)->period.periods.conversion,
                   MAPPING_ROLL_UP);
  rule = place(sets_of("Monthly", "Yearly", NULL), sets_of("Monthly", NULL, NULL), NULL, 0)->period;
  assert_true(rule.periods.conversion == MAPPING_SAME_PERIODS && rule.answer == ALIGN_PROPOSED);
  assert_int_equal(place(sets_of("Monthly", "Weekly", NULL), sets_of("Quarterly", NULL, NULL), NULL, 0)->period.periods.conversion,
                   MAPPING_CANNOT);
  rule = place(metadata_of(arena, STR("{\"dataElements\":[{\"id\":\"e\",\"name\":\"e\"}]}")), sets_of("Quarterly", NULL, NULL), NULL, 0)
             ->period;
  assert_true(rule.periods.conversion == MAPPING_SAME_PERIODS && rule.answer == ALIGN_PROPOSED && rule.confidence <= 0.5f);
}

/* Whatever the types: the same only to itself, never rolled up both ways, and what is rolled up twice may be rolled up at once. */
static void period_rules_of_all_types(void **state) {
  static const char *const types[] = {"Daily",          "Weekly",        "WeeklySaturday", "BiWeekly", "Monthly",
                                      "BiMonthly",      "Quarterly",     "SixMonthly",     "Yearly",   "SixMonthlyApril",
                                      "FinancialApril", "FinancialJuly", "FinancialOct"};
  enum { TYPES = sizeof types / sizeof *types };
  enum mapping_conversion found[TYPES][TYPES];
  for (size_t a = 0; a < TYPES; a++)
    for (size_t b = 0; b < TYPES; b++) found[a][b] = rule_of(types[a], types[b]).periods.conversion;
  for (size_t a = 0; a < TYPES; a++)
    for (size_t b = 0; b < TYPES; b++) {
      assert_true((found[a][b] == MAPPING_SAME_PERIODS) == (a == b));
      if (found[a][b] == MAPPING_ROLL_UP && found[b][a] != MAPPING_CANNOT) fail_msg("%s and %s, both ways", types[a], types[b]);
      for (size_t c = 0; c < TYPES; c++)
        if (found[a][b] == MAPPING_ROLL_UP && found[b][c] == MAPPING_ROLL_UP && found[a][c] != MAPPING_ROLL_UP)
          fail_msg("%s to %s by %s", types[a], types[c], types[b]);
    }
  for (size_t b = 1; b < TYPES; b++) /* days make all others, but for two weeks, of which it is not told where one begins */
    assert_int_equal(found[0][b], strcmp(types[b], "BiWeekly") == 0 ? MAPPING_CANNOT : MAPPING_ROLL_UP);
}

/* --- the document --- */

static const struct mapping *document_of(const struct dhis2_metadata *from, const struct dhis2_metadata *to,
                                         const struct decision *decisions, size_t count) {
  struct error error = {0};
  struct align_result nothing = {0};
  struct align_mapping_options options = {.places = place(from, to, decisions, count)};
  const struct mapping *mapping = align_to_mapping(arena, from, to, &nothing, options);
  if (mapping_check(mapping, &error) < 0) fail_msg("%s", error.message);
  return mapping;
}

static void a_mapping_holds_what_was_found(void **state) {
  const struct dhis2_metadata *from = TREE('a', "Land", "Land/Bo", "Land/Kenema", "Land/Gone"),
                              *to = TREE('b', "Land", "Land/Bo", "Land/Kenema");
  struct decision decision = decide(unit_at(from, "Land/Bo"), unit_at(to, "Land/Kenema"), DECISION_ACCEPTED);
  const struct mapping *mapping = document_of(from, to, &decision, 1);
  assert_int_equal(mapping->org_unit_count, 4);
  assert_int_equal(mapping->org_units[1].decision, MAPPING_ACCEPTED);
  assert_int_equal(mapping->org_units[3].decision, MAPPING_NONE);
  assert_int_equal(mapping->org_units[3].target.n, 0);
  assert_int_equal(document_of(from, from, NULL, 0)->org_unit_count, 0); /* all keep their ids */
  const struct dhis2_metadata *fewer = TREE('a', "Land", "Land/Bo", "Land/Kenema");
  mapping = document_of(from, fewer, NULL, 0); /* one does not: the others count as before, without anybody's decision */
  assert_int_equal(mapping->org_unit_count, 4);
  for (size_t i = 0; i < 3; i++) assert_int_equal(mapping->org_units[i].decision, MAPPING_ACCEPTED);
  assert_int_equal(mapping->org_units[3].decision, MAPPING_NONE);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(names_under_parents),
      TEST(codes_and_ids),
      TEST(names_alone_are_little),
      TEST(any_language),
      TEST(contradictions_veto),
      TEST(points_tell_twins_apart),
      TEST(ties),
      TEST(parents_by_their_children),
      TEST(a_level_between),
      TEST(decided_pairs_pull_their_children),
      TEST(decided_many_to_one),
      TEST(only_who_is_assigned_takes_part),
      TEST(the_target_reports_one_level_higher),
      TEST(the_order_of_lists_does_not_matter),
      TEST(a_copy_is_found),
      TEST(sides_may_be_swapped),
      TEST(a_unit_moves),
      TEST(default_is_default_by_role),
      TEST(attributes_by_what_they_say),
      TEST(attributes_on_one_side),
      TEST(attributes_for_any_order),
      TEST(attributes_not_told),
      TEST(period_rules),
      TEST(period_rules_of_odd_sides),
      TEST(period_rules_of_all_types),
      TEST(reasons_add_up),
      TEST(a_mapping_holds_what_was_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
