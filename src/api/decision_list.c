#include "api/decision_list.h"

#include "base/map.h"
#include "base/vec.h"

/* An entry stands in three chains: of its source item and verdict, of its pair of source and target, and of what it is about: an element with all its cells, an org unit, an attribute option combo. Chains are by position + 1; 0 ends them. */
struct entry {
  struct alignment_decision decision;
  bool gone;
  size_t next_of_item, next_of_pair, next_of_subject;
};

struct item {
  size_t first[3]; /* by enum decision_verdict */
};

struct chain {
  size_t first;
};

struct decision_list {
  struct arena *arena; /* of keys, items and pairs */
  VEC(struct entry) entries;
  struct map items, pairs, subjects;
  size_t count, looked;
};

struct decision_list *decision_list_new(void) {
  struct decision_list *list = mem_alloc_array(1, sizeof *list);
  *list = (struct decision_list){.arena = arena_new()};
  return list;
}

void decision_list_free(struct decision_list *list) {
  VEC_FREE(&list->entries);
  map_free(&list->items);
  map_free(&list->pairs);
  map_free(&list->subjects);
  arena_free(list->arena);
  free(list);
}

/* Ids hold no spaces, and an id that does would at worst be taken for another's: so each has its length before it. */
static struct str item_key(struct arena *arena, const struct decision *of) {
  return arena_printf(arena, "%d %d %zu %.*s %.*s", (int)of->of, of->operand, of->source_data_element.n, STR_ARG(of->source_data_element),
                      STR_ARG(of->source_category_option_combo));
}

static struct str pair_key(struct arena *arena, const struct decision *of) {
  struct str item = item_key(arena, of);
  return arena_printf(arena, "%zu %.*s %zu %.*s %.*s", item.n, STR_ARG(item), of->target_data_element.n, STR_ARG(of->target_data_element),
                      STR_ARG(of->target_category_option_combo));
}

static struct str subject_key(struct arena *arena, const struct decision *of) {
  return of->of ? arena_printf(arena, "%d %.*s", (int)of->of, STR_ARG(of->source_data_element)) : of->source_data_element;
}

static void *known(struct decision_list *list, struct map *map, struct str key, size_t size) {
  void *value = map_get(map, key);
  if (!value) {
    value = arena_alloc(list->arena, size);
    memset(value, 0, size);
    (void)map_put(map, key, value);
  }
  return value;
}

void decision_list_add(struct decision_list *list, struct alignment_decision decision) {
  struct item *item = known(list, &list->items, item_key(list->arena, &decision.what), sizeof *item);
  struct chain *pair = known(list, &list->pairs, pair_key(list->arena, &decision.what), sizeof *pair);
  struct chain *subject = known(list, &list->subjects, subject_key(list->arena, &decision.what), sizeof *subject);
  size_t *first = &item->first[decision.what.verdict];
  VEC_PUSH(&list->entries, (struct entry){decision, false, *first, pair->first, subject->first});
  *first = pair->first = subject->first = list->entries.n;
  list->count++;
}

static void drop(struct decision_list *list, struct entry *entry) {
  list->looked++;
  list->count -= !entry->gone;
  entry->gone = true;
}

static void drop_verdict(struct decision_list *list, struct item *item, enum decision_verdict verdict) {
  for (size_t at = item->first[verdict]; at; at = list->entries.p[at - 1].next_of_item) drop(list, &list->entries.p[at - 1]);
  item->first[verdict] = 0;
}

void decision_list_forget(struct decision_list *list, const struct decision *of, enum decision_list_part part) {
  struct item *item = map_get(&list->items, item_key(list->arena, of));
  if (!item) return;
  drop_verdict(list, item, DECISION_ACCEPTED);
  drop_verdict(list, item, DECISION_NONE);
  if (part == DECISION_LIST_ALL) drop_verdict(list, item, DECISION_REJECTED);
}

/* Those that go by their target stay in the chain of their item until that is dropped: each is looked at twice at most. */
void decision_list_forget_target(struct decision_list *list, const struct decision *of) {
  struct item *item = map_get(&list->items, item_key(list->arena, of));
  struct chain *pair = map_get(&list->pairs, pair_key(list->arena, of));
  if (item) drop_verdict(list, item, DECISION_NONE);
  for (size_t at = pair ? pair->first : 0; at; at = list->entries.p[at - 1].next_of_pair) drop(list, &list->entries.p[at - 1]);
  if (pair) pair->first = 0;
}

/* What is gone is taken out of the chain on the way, so that it is passed once. */
struct alignment_decision *decision_list_about(struct decision_list *list, const struct decision *of, size_t *cursor) {
  struct chain *chain = map_get(&list->subjects, subject_key(list->arena, of));
  if (!chain) return NULL;
  size_t *at = *cursor ? &list->entries.p[*cursor - 1].next_of_subject : &chain->first;
  for (; *at && list->entries.p[*at - 1].gone; *at = list->entries.p[*at - 1].next_of_subject) list->looked++;
  if (!*at) return NULL;
  *cursor = *at;
  return &list->entries.p[*at - 1].decision;
}

size_t decision_list_count(const struct decision_list *list) {
  return list->count;
}

size_t decision_list_looked(const struct decision_list *list) {
  return list->looked;
}

const struct alignment_decision *decision_list_end(struct decision_list *list, struct arena *arena, size_t *ret_count) {
  struct alignment_decision *kept = ARENA_ARRAY(arena, list->count, struct alignment_decision);
  size_t n = 0;
  for (size_t i = 0; i < list->entries.n; i++)
    if (!list->entries.p[i].gone) kept[n++] = list->entries.p[i].decision;
  *ret_count = n;
  decision_list_free(list);
  return kept;
}
