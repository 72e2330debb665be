#include "dhis2/metadata_record.h"

enum { UNIT_DEPTH_MAX = 64, OBJECTS_MAX = 4000000, LINKS_MAX = 16000000 };

void builder_init(struct builder *builder, struct arena *arena) {
  *builder = (struct builder){.arena = arena, .scratch = arena_new()};
}

void builder_free(struct builder *builder) {
  for (size_t kind = 0; kind < RECORD_WITH_ID; kind++) {
    VEC_FREE(&builder->records[kind]);
    map_free(&builder->by_id[kind]);
  }
  arena_free(builder->scratch);
  builder->scratch = NULL;
}

struct record *builder_record(struct builder *builder, enum record_kind kind) {
  if (builder->objects >= OBJECTS_MAX + LINKS_MAX) return NULL; /* blank ones of one id count too: they stay until the end */
  builder->objects++;
  struct record *record = ARENA_NEW(builder->scratch, struct record);
  record->kind = kind;
  return record;
}

static void enter(struct builder *builder, struct record *record) {
  VEC_PUSH(&builder->records[record->kind], record);
  map_put(&builder->by_id[record->kind], record->o.id, record);
}

struct record *builder_known(struct builder *builder, enum record_kind kind, struct str id) {
  struct record *record = map_get(&builder->by_id[kind], id);
  if (record) return record;
  if (builder->records[kind].n >= OBJECTS_MAX || !(record = builder_record(builder, kind))) return NULL;
  record->o.id = arena_str(builder->arena, id);
  enter(builder, record);
  return record;
}

bool builder_link(struct builder *builder, struct record_list *list, struct record *to) {
  if (builder->links >= LINKS_MAX) return false;
  builder->links++;
  struct record_link *link = ARENA_NEW(builder->scratch, struct record_link);
  link->to = to;
  if (list->last)
    list->last->next = link;
  else
    list->first = link;
  list->last = link;
  list->n++;
  return true;
}

static void put_text(struct str *to, struct str from) {
  if (from.n) *to = from;
}

static void put_together(struct record *known, const struct record *more) {
  put_text(&known->o.code, more->o.code);
  put_text(&known->o.name, more->o.name);
  put_text(&known->o.short_name, more->o.short_name);
  put_text(&known->o.form_name, more->o.form_name);
  put_text(&known->o.description, more->o.description);
  if (more->o.translations) known->o.translations = more->o.translations;
  known->o.given |= more->o.given;
  known->o.is_default |= more->o.is_default;
  known->zero_is_significant |= more->zero_is_significant;
  for (size_t i = 0; i < RECORD_TEXTS; i++) put_text(&known->text[i], more->text[i]);
  for (size_t i = 0; i < RECORD_ONES; i++)
    if (more->one[i]) known->one[i] = more->one[i];
  for (size_t i = 0; i < RECORD_LISTS; i++) {
    const struct record_list *list = &more->list[i];
    if (!list->n) continue;
    if (known->list[i].last)
      known->list[i].last->next = list->first; /* said twice: the model takes each once */
    else
      known->list[i].first = list->first;
    known->list[i].last = list->last;
    known->list[i].n += list->n;
  }
}

struct record *builder_keep(struct builder *builder, struct record *blank) {
  if (blank->kind >= RECORD_WITH_ID) return blank;
  if (!blank->o.id.n) {
    builder->nameless++;
    return NULL;
  }
  struct record *known = map_get(&builder->by_id[blank->kind], blank->o.id);
  if (blank->o.given) blank->said = ++builder->said;
  if (known) {
    if (!known->o.given) known->said = blank->said;
    put_together(known, blank);
    return known;
  }
  if (builder->records[blank->kind].n >= OBJECTS_MAX) return NULL;
  enter(builder, blank);
  return blank;
}

bool builder_place_unit(struct builder *builder, struct record *unit, struct str path) {
  struct record *below = unit;
  if (!str_eq(str_from(path, str_find_last_char(path, '/') + 1), unit->o.id)) return true; /* of another unit */
  path = str_slice(path, 0, path.n - unit->o.id.n);
  for (unsigned depth = 0; depth < UNIT_DEPTH_MAX && !below->one[ONE_PARENT]; depth++) {
    path = str_slice(path, 0, path.n - str_ends(path, STR("/")));
    struct str id = str_from(path, str_find_last_char(path, '/') + 1);
    if (!id.n) return true;
    struct record *parent = builder_known(builder, RECORD_ORG_UNIT, id);
    if (!parent) return false;
    if (parent != below) below->one[ONE_PARENT] = parent;
    path = str_slice(path, 0, path.n - id.n);
    below = parent;
  }
  return true;
}
