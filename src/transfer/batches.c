#include "transfer/batches.h"

#include "base/clock.h"

enum { TEXTS_MAX = 1 << 12 };

void batches_free(struct batches *b) {
  for (size_t i = 0; i < BATCHES_KEPT; i++) buf_free(&b->texts[i]);
  *b = (struct batches){0};
}

/* Behind the texts that stand there; what would be too long is left out. */
static struct str keep(struct buf *texts, struct str text) {
  size_t at = texts->n;
  return buf_add(texts, text) ? (struct str){texts->p + at, text.n} : STR("");
}

static void put(struct batches *b, uint64_t number, const struct batch *batch) {
  struct batch *kept = &b->last[(number - 1) % BATCHES_KEPT];
  struct buf *texts = &b->texts[(number - 1) % BATCHES_KEPT];
  texts->max = TEXTS_MAX;
  buf_clear(texts);
  (void)buf_reserve(texts, batch->period.n + batch->org_unit.n + batch->name.n); /* they stay where they are */
  *kept = *batch;
  kept->period = keep(texts, batch->period);
  kept->org_unit = keep(texts, batch->org_unit);
  kept->name = keep(texts, batch->name);
  b->count = number;
}

void batches_put(struct batches *b, const struct batch *batch) {
  put(b, b->count + 1, batch);
}

static uint64_t first_kept(const struct batches *b) {
  return b->count > BATCHES_KEPT ? b->count - BATCHES_KEPT + 1 : 1;
}

void batches_add(struct batches *b, const struct batches *more) {
  uint64_t before = b->count;
  for (uint64_t n = first_kept(more); n <= more->count; n++) put(b, before + n, &more->last[(n - 1) % BATCHES_KEPT]);
}

static void write_one(const struct batch *one, uint64_t number, struct json_out *out) {
  json_out_object(out);
  json_out_member_int(out, "number", (int64_t)number);
  json_out_member_str(out, "period", one->period);
  json_out_member_str(out, "org_unit", one->org_unit);
  if (one->name.n) json_out_member_str(out, "name", one->name);
  json_out_member_int(out, "org_units", (int64_t)one->org_units);
  json_out_member_int(out, "values", (int64_t)one->values);
  json_out_member_int(out, "created", (int64_t)one->created);
  json_out_member_int(out, "updated", (int64_t)one->updated);
  json_out_member_int(out, "removed", (int64_t)one->removed);
  json_out_member_int(out, "ignored", (int64_t)one->ignored);
  json_out_member_time(out, "at", one->at_ms);
  json_out_end(out);
}

/* Those from number `from` on, where `before` batches went before them. */
static void write_from(const struct batches *b, uint64_t before, uint64_t from, struct json_out *out) {
  for (uint64_t n = first_kept(b); n <= b->count; n++)
    if (before + n >= from) write_one(&b->last[(n - 1) % BATCHES_KEPT], before + n, out);
}

void batches_write_both(const struct batches *first, const struct batches *then, struct json_out *out) {
  uint64_t all = first->count + (then ? then->count : 0), from = all > BATCHES_KEPT ? all - BATCHES_KEPT + 1 : 1;
  json_out_array(out);
  write_from(first, 0, from, out);
  if (then) write_from(then, first->count, from, out);
  json_out_end(out);
}

void batches_write(const struct batches *b, struct json_out *out) {
  batches_write_both(b, NULL, out);
}

void batches_read(struct batches *b, const json_t *list) {
  struct batches part = {0};
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *from = json_array_get(list, i);
    struct batch one = {.period = json_text(from, "period"),
                        .org_unit = json_text(from, "org_unit"),
                        .name = json_text(from, "name"),
                        .org_units = json_count(from, "org_units"),
                        .values = json_count(from, "values"),
                        .created = json_count(from, "created"),
                        .updated = json_count(from, "updated"),
                        .removed = json_count(from, "removed"),
                        .ignored = json_count(from, "ignored")};
    uint64_t number = json_count(from, "number");
    if (clock_parse(json_text(from, "at"), &one.at_ms) && number > part.count) put(&part, number, &one);
  }
  batches_add(b, &part);
  batches_free(&part);
}
