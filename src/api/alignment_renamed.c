/* A state or what changed in it, with names in other languages than it was written with: of every object that begins with the id and name of something on its side. What the engine answered stays as it is, so it is not asked again. */
#include "api/alignment.h"

#include "base/json_stream.h"
#include "base/map.h"

enum { DEPTH_MAX = 64, SOURCE = 0, TARGET = 1, AS_AROUND = -1 };

struct renaming {
  struct json_out *out;
  const struct alignment_side *sides[2];
  struct map objects[2];   /* id to struct dhis2_object */
  int side[DEPTH_MAX + 1]; /* whose names stand at this depth */
  unsigned depth;
  int next_side;                               /* of what opens next */
  enum { PASSED_ON, ID, NAME, DROPPED } value; /* what the next string is */
  const struct dhis2_object *object;           /* its id was the last member */
  bool renamed;                                /* its name was; the language of the one before goes with that */
};

static void know(struct map *objects, const struct dhis2_object *o) {
  (void)map_put(objects, o->id, (void *)(uintptr_t)o);
}

static void know_combo(struct map *objects, const struct dhis2_category_combo *combo) {
  if (map_get(objects, combo->o.id)) return;
  know(objects, &combo->o);
  for (size_t i = 0; i < combo->option_combo_count; i++) know(objects, &combo->option_combos[i]->o);
}

static void know_side(struct map *objects, const struct dhis2_metadata *metadata) {
  for (size_t i = 0; i < metadata->data_set_count; i++) know(objects, &metadata->data_sets[i]->o);
  for (size_t i = 0; i < metadata->element_count; i++) {
    know(objects, &metadata->elements[i]->o);
    for (size_t k = 0; k < metadata->elements[i]->combo_count; k++) know_combo(objects, metadata->elements[i]->combos[k]);
  }
}

static void open_one(struct renaming *r) {
  int around = r->side[r->depth];
  if (r->depth < DEPTH_MAX) r->depth++;
  r->side[r->depth] = r->next_side == AS_AROUND ? around : r->next_side;
  r->next_side = AS_AROUND;
}

static void on_key(struct renaming *r, struct str name) {
  if (str_eq(name, STR("name")) && r->object) {
    r->value = NAME;
  } else if (str_eq(name, STR("lang")) && r->renamed) {
    r->value = DROPPED;
  } else {
    r->value = str_eq(name, STR("id")) ? ID : PASSED_ON;
    r->object = NULL;
    r->renamed = false;
    /* "target", "targets", "target_elements", …; what was rejected are targets */
    r->next_side = str_starts(name, STR("target")) || str_eq(name, STR("rejected")) ? TARGET
                   : str_eq(name, STR("source"))                                    ? SOURCE
                                                                                    : AS_AROUND;
    json_out_key(r->out, name);
  }
}

static void on_string(struct renaming *r, struct str text) {
  int side = r->side[r->depth];
  if (r->value == NAME) {
    alignment_write_called(r->out, r->sides[side], r->object);
    r->renamed = true;
  } else if (r->value != DROPPED) {
    json_out_str(r->out, text);
  }
  r->object = r->value == ID ? map_get(&r->objects[side], text) : NULL;
  r->value = PASSED_ON;
}

static int on_event(void *payload, enum json_event event, struct str text, struct error *error) {
  struct renaming *r = payload;
  (void)error;
  switch (event) {
  case JSON_EVENT_OBJECT: json_out_object(r->out); break;
  case JSON_EVENT_ARRAY: json_out_array(r->out); break;
  case JSON_EVENT_OBJECT_END:
  case JSON_EVENT_ARRAY_END:
    json_out_end(r->out);
    if (r->depth) r->depth--;
    break;
  case JSON_EVENT_KEY: on_key(r, text); return 0;
  case JSON_EVENT_STRING: on_string(r, text); break;
  case JSON_EVENT_NUMBER: json_out_raw(r->out, text); break;
  case JSON_EVENT_TRUE:
  case JSON_EVENT_FALSE: json_out_bool(r->out, event == JSON_EVENT_TRUE); break;
  case JSON_EVENT_NULL: json_out_null(r->out); break;
  }
  if (event == JSON_EVENT_OBJECT || event == JSON_EVENT_ARRAY) open_one(r);
  r->next_side = AS_AROUND;
  return 0;
}

bool alignment_renamed(const struct alignment *alignment, struct str json, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  struct renaming r = {.out = &out, .sides = {&alignment->source, &alignment->target}, .next_side = AS_AROUND};
  struct error unused = {0};
  for (int i = 0; i < 2; i++) know_side(&r.objects[i], r.sides[i]->metadata);
  struct json_stream *stream = json_stream_new((struct json_limits){.depth = DEPTH_MAX - 2}, on_event, &r);
  bool read = json_stream_feed(stream, json, &unused) == 0 && json_stream_finish(stream, &unused) == 0;
  json_stream_free(stream);
  for (int i = 0; i < 2; i++) map_free(&r.objects[i]);
  return read && !buf->full;
}
