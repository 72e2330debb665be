#include "align/unit_match.h"

#include "base/vec.h"

enum { ROUNDS_MAX = 64, POSTINGS_MAX = 64, ID_MAX = 255 };

/* A source and a target unit that share something, below the same anchors. */
struct meeting {
  float score;
  uint32_t source, target;
};

struct posting {
  uint64_t key;
  uint32_t target;
};

enum reach {
  REACH_CHILDREN, /* whose parents belong together */
  REACH_BELOW,    /* parents, by the names of what is below them */
  REACH_DEEP,     /* below what belongs together, however deep */
};

struct matching {
  struct arena *arena;
  const struct unit_words *words;
  const struct units *source, *target;
  const struct unit_decisions *decisions;
  struct unit_matching out;
  uint32_t *anchors[2]; /* per unit of a side: the target unit, plus 1, that its nearest matched ancestor belongs to; 0: none */
  uint32_t *stamps;     /* per target unit: the last source that met it */
  uint32_t stamp;
  enum reach reach; /* of the walk under way */
  VEC(struct posting) postings;
  VEC(struct meeting) meetings;
  VEC(uint32_t) votes; /* target units, for the source unit under way */
};

static struct str rejected_key(char room[2 * ID_MAX + 2], struct str source, struct str target) {
  int n = snprintf(room, 2 * ID_MAX + 2, "%.*s %.*s", STR_ARG(str_slice(source, 0, ID_MAX)), STR_ARG(str_slice(target, 0, ID_MAX)));
  return (struct str){room, (size_t)n};
}

bool unit_rejected(const struct unit_decisions *decisions, const struct unit *source, const struct unit *target) {
  char room[2 * ID_MAX + 2];
  return decisions->rejected.count && map_get(&decisions->rejected, rejected_key(room, source->unit->o.id, target->unit->o.id));
}

static bool is_open(const struct matching *m, uint32_t s) {
  return m->out.to[s] == UNIT_NONE && !m->decisions->none[s];
}

static void take(struct matching *m, uint32_t s, uint32_t t, uint32_t rivals) {
  m->out.to[s] = t;
  if (m->out.from[t] == UNIT_NONE) m->out.from[t] = s;
  m->out.evidence[s] = unit_observe(m->words, &m->source->p[s], &m->target->p[t]);
  m->out.evidence[s].rivals = rivals;
}

/* --- anchors by themselves --- */

static void take_decided(struct matching *m) {
  for (size_t i = 0; i < m->source->n; i++) {
    uint32_t s = m->source->by_depth[i];
    if (m->decisions->accepted[s] != UNIT_NONE) take(m, s, m->decisions->accepted[s], 0);
  }
}

static void take_same_ids(struct matching *m) {
  for (uint32_t s = 0; s < m->source->n; s++) {
    const struct dhis2_org_unit *found = is_open(m, s) ? dhis2_metadata_org_unit(m->target->metadata, m->source->p[s].unit->o.id) : NULL;
    if (!found || m->out.from[found->o.index] != UNIT_NONE || unit_rejected(m->decisions, &m->source->p[s], &m->target->p[found->o.index]))
      continue;
    take(m, s, found->o.index, 0);
  }
}

/* Units of a side by code; a code that two have is nobody's. */
static void index_codes(const struct units *units, struct map *codes) {
  static char twice;
  for (uint32_t i = 0; i < units->n; i++)
    if (units->p[i].code.n && map_get(codes, units->p[i].code))
      (void)map_put(codes, units->p[i].code, &twice);
    else if (units->p[i].code.n)
      (void)map_put(codes, units->p[i].code, &units->p[i]);
  for (struct map_entry *e = map_first(codes); e; e = map_next(codes, e))
    if (e->value == &twice) (void)map_delete(codes, e->key);
}

/* Codes that only count ("001") agree by chance: where the names contradict or the places are far apart, they are left to the names. */
static void take_same_codes(struct matching *m) {
  struct map sources = {0}, targets = {0};
  index_codes(m->source, &sources);
  index_codes(m->target, &targets);
  for (size_t i = 0; i < m->source->n; i++) {
    uint32_t s = m->source->by_depth[i];
    const struct unit *unit = &m->source->p[s], *found = unit->code.n ? map_get(&targets, unit->code) : NULL;
    if (!found || !map_get(&sources, unit->code) || !is_open(m, s)) continue;
    uint32_t t = (uint32_t)(found - m->target->p);
    struct unit_evidence seen = unit_observe(m->words, unit, found);
    if (m->out.from[t] != UNIT_NONE || unit_vetoed(&seen) || unit_rejected(m->decisions, unit, found)) continue;
    if (seen.likeness > 0.3f) take(m, s, t, 0);
  }
  map_free(&sources);
  map_free(&targets);
}

/* --- meeting below anchors --- */

static void find_anchors(struct matching *m) {
  for (size_t i = 0; i < m->source->n; i++) {
    uint32_t s = m->source->by_depth[i], parent = m->source->p[s].parent;
    m->anchors[0][s] = parent == UNIT_NONE ? 0 : m->out.to[parent] != UNIT_NONE ? m->out.to[parent] + 1 : m->anchors[0][parent];
  }
  for (size_t i = 0; i < m->target->n; i++) {
    uint32_t t = m->target->by_depth[i], parent = m->target->p[t].parent;
    m->anchors[1][t] = parent == UNIT_NONE ? 0 : m->out.from[parent] != UNIT_NONE ? parent + 1 : m->anchors[1][parent];
  }
}

static bool is_child(const struct units *units, const uint32_t *matched, uint32_t i) {
  return units->p[i].parent == UNIT_NONE || matched[units->p[i].parent] != UNIT_NONE;
}

static uint64_t key_of(uint32_t anchor, struct str text, unsigned kind) {
  uint64_t hash = 14695981039346656037u ^ ((uint64_t)anchor << 8 | kind);
  hash *= 1099511628211u;
  for (size_t i = 0; i < text.n; i++) hash = (hash ^ (unsigned char)text.p[i]) * 1099511628211u;
  return hash ^ hash >> 29;
}

typedef void key_sink(struct matching *m, uint64_t key, uint32_t unit);

enum { KEY_NAME, KEY_CODE, KEY_WORD, KEY_HEAD, KEY_TAIL, KEY_CHILD, KEY_PLACE };

/* All keys of a unit under an anchor: two units with one in common meet. Heads and tails of words let typos meet. */
static void each_key(struct matching *m, const struct units *units, uint32_t at, uint32_t anchor, enum reach reach, key_sink *sink) {
  const struct unit *unit = &units->p[at];
  if (reach == REACH_BELOW) {
    for (size_t i = 0; i < unit->child_count; i++) {
      const struct unit *child = &units->p[unit->children[i]];
      if (child->name_count) sink(m, key_of(anchor, child->names[0].plain, KEY_CHILD), at);
    }
    return;
  }
  for (size_t i = 0; i < unit->name_count; i++) {
    const struct unit_name *name = &unit->names[i];
    sink(m, key_of(anchor, name->plain, KEY_NAME), at);
    for (uint32_t k = 0; reach == REACH_CHILDREN && k < name->word_count; k++) {
      struct str word = unit_word_text(m->words, name->words[k]);
      sink(m, key_of(anchor, word, KEY_WORD), at);
      if (word.n < 4) continue;
      sink(m, key_of(anchor, str_slice(word, 0, 3), KEY_HEAD), at);
      sink(m, key_of(anchor, str_from(word, word.n - 3), KEY_TAIL), at);
    }
  }
  if (unit->code.n) sink(m, key_of(anchor, unit->code, KEY_CODE), at);
  if (reach != REACH_CHILDREN || !unit->unit->has_point) return;
  /* Squares of about a kilometre; a point stands in those around it too, so that neighbours across a line meet. */
  int x = (int)(unit->unit->longitude * 100), y = (int)(unit->unit->latitude * 100);
  bool wide = units == m->target;
  for (int dx = -wide; dx <= wide; dx++)
    for (int dy = -wide; dy <= wide; dy++) {
      char place[32];
      int n = snprintf(place, sizeof place, "%d %d", x + dx, y + dy);
      sink(m, key_of(anchor, (struct str){place, (size_t)n}, KEY_PLACE), at);
    }
}

static void add_posting(struct matching *m, uint64_t key, uint32_t target) {
  VEC_PUSH(&m->postings, (struct posting){key, target});
}

static int by_key(const void *left, const void *right) {
  const struct posting *a = left, *b = right;
  if (a->key != b->key) return a->key < b->key ? -1 : 1;
  return a->target < b->target ? -1 : a->target > b->target;
}

static void make_index(struct matching *m, enum reach reach) {
  m->postings.n = 0;
  for (uint32_t t = 0; t < m->target->n; t++) {
    if (m->out.from[t] != UNIT_NONE || (reach == REACH_CHILDREN && !is_child(m->target, m->out.from, t))) continue;
    each_key(m, m->target, t, m->anchors[1][t], reach, add_posting);
  }
  if (m->postings.n) qsort(m->postings.p, m->postings.n, sizeof *m->postings.p, by_key);
  size_t kept = 0; /* each once */
  for (size_t i = 0; i < m->postings.n; i++)
    if (!kept || by_key(&m->postings.p[kept - 1], &m->postings.p[i])) m->postings.p[kept++] = m->postings.p[i];
  m->postings.n = kept;
}

/* The postings of a key; too many tell nothing. */
static const struct posting *postings_of(const struct matching *m, uint64_t key, size_t *ret_count) {
  size_t low = 0, high = m->postings.n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (m->postings.p[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  size_t end = low;
  while (end < m->postings.n && m->postings.p[end].key == key && end - low <= POSTINGS_MAX) end++;
  *ret_count = end - low > POSTINGS_MAX ? 0 : end - low;
  return m->postings.n ? m->postings.p + low : NULL;
}

static void meet(struct matching *m, uint32_t s, uint32_t t, enum reach reach) {
  const struct unit *from = &m->source->p[s], *to = &m->target->p[t];
  struct unit_evidence seen = unit_observe(m->words, from, to);
  if (unit_vetoed(&seen) || unit_rejected(m->decisions, from, to)) return;
  seen.only_tops = false;
  bool near = seen.km >= 0 && seen.km < 0.3;
  bool like = reach == REACH_DEEP ? seen.likeness >= 0.9f || seen.same_code
                                  : seen.likeness >= 0.6f || seen.same_code || (near && seen.likeness > 0.3f);
  if (like) VEC_PUSH(&m->meetings, (struct meeting){unit_score(&seen), s, t});
}

static void meet_at(struct matching *m, uint64_t key, uint32_t s) {
  size_t count;
  const struct posting *found = postings_of(m, key, &count);
  for (size_t i = 0; i < count; i++) {
    if (m->stamps[found[i].target] == m->stamp) continue;
    m->stamps[found[i].target] = m->stamp;
    meet(m, s, found[i].target, m->reach);
  }
}

/* --- choosing --- */

struct choosing {
  struct matching *m;
  uint32_t *starts[2], *list[2]; /* per unit of a side: its meetings */
  float *taken[2];               /* per unit of a side: the score it was taken with */
};

static int by_score(const void *left, const void *right, void *payload) {
  const struct meeting *a = left, *b = right;
  const struct matching *m = payload;
  if (a->score > b->score || a->score < b->score) return a->score > b->score ? -1 : 1;
  int order = str_cmp(m->source->p[a->source].unit->o.id, m->source->p[b->source].unit->o.id);
  return order ? order : str_cmp(m->target->p[a->target].unit->o.id, m->target->p[b->target].unit->o.id);
}

static void list_meetings(struct choosing *c, struct arena *arena, int side, size_t n) {
  const struct matching *m = c->m;
  c->starts[side] = ARENA_ARRAY(arena, n + 2, uint32_t);
  c->list[side] = ARENA_ARRAY(arena, m->meetings.n + 1, uint32_t);
  for (size_t i = 0; i < m->meetings.n; i++) c->starts[side][(side ? m->meetings.p[i].target : m->meetings.p[i].source) + 2]++;
  for (size_t i = 2; i < n + 2; i++) c->starts[side][i] += c->starts[side][i - 1];
  for (uint32_t i = 0; i < m->meetings.n; i++) {
    uint32_t unit = side ? m->meetings.p[i].target : m->meetings.p[i].source;
    c->list[side][c->starts[side][unit + 1]++] = i;
  }
}

/* Others of the unit on one side that are as good, and not better off elsewhere. */
static uint32_t rivals_at(const struct choosing *c, const struct meeting *meeting, int side) {
  const float margin = 0.3f;
  uint32_t rivals = 0, unit = side ? meeting->target : meeting->source;
  for (uint32_t i = c->starts[side][unit]; i < c->starts[side][unit + 1]; i++) {
    const struct meeting *other = &c->m->meetings.p[c->list[side][i]];
    float elsewhere = side ? c->taken[0][other->source] : c->taken[1][other->target];
    rivals += other != meeting && elsewhere <= other->score + margin && other->score > meeting->score - margin;
  }
  return rivals;
}

static uint32_t rivals_of(const struct choosing *c, const struct meeting *meeting) {
  uint32_t of_source = rivals_at(c, meeting, 0), of_target = rivals_at(c, meeting, 1);
  return of_source > of_target ? of_source : of_target;
}

/* The best first. Deep down, where nothing but a name speaks, a name that two have is left alone. */
static size_t choose(struct matching *m, enum reach reach) {
  struct arena *arena = arena_new();
  struct choosing c = {.m = m};
  size_t taken = 0;
  if (m->meetings.n) qsort_r(m->meetings.p, m->meetings.n, sizeof *m->meetings.p, by_score, m);
  list_meetings(&c, arena, 0, m->source->n);
  list_meetings(&c, arena, 1, m->target->n);
  for (int side = 0; side < 2; side++) {
    size_t n = side ? m->target->n : m->source->n;
    c.taken[side] = ARENA_ARRAY(arena, n + 1, float);
    for (size_t i = 0; i < n; i++) c.taken[side][i] = -1000;
  }
  for (size_t i = 0; i < m->meetings.n; i++) {
    const struct meeting *meeting = &m->meetings.p[i];
    if (m->out.to[meeting->source] != UNIT_NONE || m->out.from[meeting->target] != UNIT_NONE) continue;
    uint32_t rivals = rivals_of(&c, meeting);
    if (reach == REACH_DEEP && rivals) continue;
    c.taken[0][meeting->source] = c.taken[1][meeting->target] = meeting->score;
    take(m, meeting->source, meeting->target, rivals);
    taken++;
  }
  arena_free(arena);
  return taken;
}

/* Two trees with one top each: whatever they are called, unless a level says that one is a part of the other. */
static size_t take_tops(struct matching *m) {
  if (m->source->tops != 1 || m->target->tops != 1) return 0;
  uint32_t s = m->source->by_depth[0], t = m->target->by_depth[0];
  const struct unit *from = &m->source->p[s], *to = &m->target->p[t];
  if (!is_open(m, s) || m->out.from[t] != UNIT_NONE || from->unit->level != to->unit->level || unit_rejected(m->decisions, from, to))
    return 0;
  take(m, s, t, 0);
  m->out.evidence[s].only_tops = true;
  return 1;
}

static size_t match_by_names(struct matching *m, enum reach reach) {
  find_anchors(m);
  make_index(m, reach);
  m->meetings.n = 0;
  m->reach = reach;
  for (size_t i = 0; i < m->source->n; i++) {
    uint32_t s = m->source->by_depth[i];
    if (!is_open(m, s) || (reach == REACH_CHILDREN && !is_child(m->source, m->out.to, s))) continue;
    m->stamp++;
    each_key(m, m->source, s, m->anchors[0][s], reach, meet_at);
  }
  return choose(m, reach);
}

/* --- upwards --- */

static int by_number(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

/* The target unit that most of the votes are for, and how many. */
static uint32_t most_voted(uint32_t *votes, size_t n, uint32_t *ret_count) {
  uint32_t best = UNIT_NONE;
  *ret_count = 0;
  if (n) qsort(votes, n, sizeof *votes, by_number);
  for (size_t at = 0, end; at < n; at = end) {
    for (end = at + 1; end < n && votes[end] == votes[at];) end++;
    if (end - at > *ret_count)
      *ret_count = (uint32_t)(end - at), best = votes[at];
    else if (end - at == *ret_count)
      best = UNIT_NONE; /* no majority */
  }
  return best;
}

static void vote_at(struct matching *m, uint64_t key, uint32_t s) {
  size_t count;
  const struct posting *found = postings_of(m, key, &count);
  (void)s;
  for (size_t i = 0; i < count; i++) VEC_PUSH(&m->votes, found[i].target);
}

/* Parents that nothing was found for, by what is below them: units that belong together already, or names. */
static size_t match_parents(struct matching *m) {
  size_t taken = 0;
  find_anchors(m);
  make_index(m, REACH_BELOW);
  for (size_t i = m->source->n; i-- > 0;) { /* from the bottom */
    uint32_t s = m->source->by_depth[i], count;
    const struct unit *unit = &m->source->p[s];
    if (!is_open(m, s) || unit->child_count < 2) continue;
    m->votes.n = 0;
    for (size_t k = 0; k < unit->child_count; k++) {
      uint32_t to = m->out.to[unit->children[k]];
      if (to != UNIT_NONE && m->target->p[to].parent != UNIT_NONE) VEC_PUSH(&m->votes, m->target->p[to].parent);
    }
    if (!m->votes.n) each_key(m, m->source, s, m->anchors[0][s], REACH_BELOW, vote_at);
    uint32_t t = most_voted(m->votes.p, m->votes.n, &count);
    if (t == UNIT_NONE || m->out.from[t] != UNIT_NONE || count < 2) continue;
    size_t fewer = unit->child_count < m->target->p[t].child_count ? unit->child_count : m->target->p[t].child_count;
    struct unit_evidence seen = unit_observe(m->words, unit, &m->target->p[t]);
    if (10 * count < 6 * fewer || seen.km > 100 || unit_rejected(m->decisions, unit, &m->target->p[t])) continue;
    take(m, s, t, 0);
    taken++;
  }
  return taken;
}

/* --- how sure --- */

void unit_look_above(const struct units *source, const struct units *target, const struct unit_matching *matching, uint32_t s, uint32_t t,
                     struct unit_evidence *ret) {
  uint32_t from = source->p[s].parent, to = target->p[t].parent;
  ret->above = UNIT_ABOVE_NONE;
  if (from == UNIT_NONE && to == UNIT_NONE) {
    ret->above = UNIT_ABOVE_PARENT;
    ret->above_confidence = 0.7f; /* both are tops: little is said by that */
    return;
  }
  if (from != UNIT_NONE && matching->to[from] != UNIT_NONE && matching->to[from] == to) {
    ret->above = UNIT_ABOVE_PARENT;
    ret->above_confidence = matching->confidence[from];
    ret->other_level = false;
    return;
  }
  while (from != UNIT_NONE && matching->to[from] == UNIT_NONE) from = source->p[from].parent;
  while (to != UNIT_NONE && matching->from[to] == UNIT_NONE) to = target->p[to].parent;
  if (from == UNIT_NONE || to == UNIT_NONE) return;
  bool within = matching->to[from] == to;
  for (uint32_t at = target->p[t].parent; at != UNIT_NONE && !within; at = target->p[at].parent) within = at == matching->to[from];
  bool around = within;
  for (uint32_t at = source->p[s].parent; at != UNIT_NONE && !around; at = source->p[at].parent) around = matching->to[at] == to;
  if (within && around)
    ret->other_level = source->p[s].depth - source->p[from].depth != target->p[t].depth - target->p[matching->to[from]].depth;
  ret->above = within && around ? UNIT_ABOVE_ANCESTOR : UNIT_ABOVE_OTHER;
  ret->above_confidence = matching->confidence[from];
}

/* Of the units below a pair, those that belong together whatever stands above them. */
static void count_below(struct matching *m) {
  for (uint32_t s = 0; s < m->source->n; s++) {
    uint32_t t = m->out.to[s];
    if (t == UNIT_NONE) continue;
    const struct unit *unit = &m->source->p[s];
    struct unit_evidence *e = &m->out.evidence[s];
    e->of = (uint32_t)(unit->child_count < m->target->p[t].child_count ? unit->child_count : m->target->p[t].child_count);
    for (size_t k = 0; k < unit->child_count; k++) {
      uint32_t child = unit->children[k];
      bool below = m->out.to[child] != UNIT_NONE && m->target->p[m->out.to[child]].parent == t;
      e->below += below && unit_stands_alone(&m->out.evidence[child]);
    }
    if (e->below > e->of) e->below = e->of;
  }
}

static void judge(struct matching *m) {
  count_below(m);
  for (size_t i = 0; i < m->source->n; i++) {
    uint32_t s = m->source->by_depth[i];
    if (m->out.to[s] == UNIT_NONE) continue;
    unit_look_above(m->source, m->target, &m->out, s, m->out.to[s], &m->out.evidence[s]);
    m->out.confidence[s] = m->decisions->accepted[s] != UNIT_NONE ? 1 : unit_confidence(&m->out.evidence[s]);
  }
}

static uint32_t *unmatched(struct arena *arena, size_t n) {
  uint32_t *list = ARENA_ARRAY(arena, n + 1, uint32_t);
  for (size_t i = 0; i < n; i++) list[i] = UNIT_NONE;
  return list;
}

int unit_match(struct arena *arena, const struct unit_words *words, const struct units *source, const struct units *target,
               const struct unit_decisions *decisions, const atomic_bool *cancel, struct unit_matching *ret, struct error *error) {
  struct matching m = {.arena = arena, .words = words, .source = source, .target = target, .decisions = decisions};
  int result = 0;
  m.out = (struct unit_matching){unmatched(arena, source->n), unmatched(arena, target->n),
                                 ARENA_ARRAY(arena, source->n + 1, struct unit_evidence), ARENA_ARRAY(arena, source->n + 1, float)};
  m.anchors[0] = ARENA_ARRAY(arena, source->n + 1, uint32_t);
  m.anchors[1] = ARENA_ARRAY(arena, target->n + 1, uint32_t);
  m.stamps = ARENA_ARRAY(arena, target->n + 1, uint32_t);
  take_decided(&m);
  take_same_ids(&m);
  take_same_codes(&m);
  for (unsigned round = 0; round < ROUNDS_MAX; round++) {
    if (cancel && atomic_load(cancel)) {
      result = error_set(error, ERROR_cancelled, "the alignment was cancelled");
      break;
    }
    if (take_tops(&m) || match_by_names(&m, REACH_CHILDREN) || match_parents(&m) || match_by_names(&m, REACH_DEEP)) continue;
    break;
  }
  judge(&m);
  VEC_FREE(&m.postings);
  VEC_FREE(&m.meetings);
  VEC_FREE(&m.votes);
  *ret = m.out;
  return result;
}
