/* Who changed what, when: the steps of an alignment, the newest first.
 *
 * The store's history has all of them; the document has the newest as well, which is how a step is told that the end of the program kept from being written there. */
#include "api/alignments.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/vec.h"
#include "http/form.h"
#include <jansson.h>

enum { EVENTS_AT_ONCE = 50, STEPS_MAX = 1000, STEPS_DEFAULT = 100 };

struct step {
  int64_t number;
  json_t *json;
};

struct collecting {
  struct api_job *job;
  const struct alignment *alignment;
  struct str element; /* only what is about it; empty: all */
  size_t limit;
  VEC(struct step) steps;
};

static bool is_about(const json_t *list, struct str element) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (str_eq(json_text(json_array_get(list, i), "source_data_element"), element)) return true;
  return false;
}

/* Of a list of decisions or remarks, only those about the element. */
static void cut(json_t *step, const char *key, struct str element) {
  json_t *list = json_object_get(step, key);
  for (size_t i = json_array_size(list); i-- > 0;)
    if (!str_eq(json_text(json_array_get(list, i), "source_data_element"), element)) (void)json_array_remove(list, i);
}

static bool is_wanted(const struct collecting *c, json_t *step) {
  static const char *const lists[] = {"before", "after", "remarks", "flags_before"};
  bool wanted = !c->element.n;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) wanted = wanted || is_about(json_object_get(step, lists[i]), c->element);
  for (size_t i = 0; wanted && c->element.n && i < sizeof lists / sizeof *lists; i++) cut(step, lists[i], c->element);
  return wanted;
}

/* Takes the step, in its order, unless it is there. Where there are too many the oldest one goes. */
static void add(struct collecting *c, json_t *step) {
  struct step made = {json_integer_value(json_object_get(step, "number")), step};
  size_t at = c->steps.n;
  while (at > 0 && c->steps.p[at - 1].number > made.number) at--;
  bool there = at > 0 && c->steps.p[at - 1].number == made.number, too_old = at == 0 && c->steps.n == c->limit;
  if (made.number < 1 || there || too_old || !is_wanted(c, step)) {
    json_decref(step);
    return;
  }
  VEC_PUSH(&c->steps, made);
  for (size_t i = c->steps.n - 1; i > at; i--) c->steps.p[i] = c->steps.p[i - 1];
  c->steps.p[at] = made;
  if (c->steps.n <= c->limit) return;
  json_decref(c->steps.p[0].json);
  memmove(c->steps.p, c->steps.p + 1, (c->steps.n - 1) * sizeof *c->steps.p);
  c->steps.n--;
}

static int add_events(struct collecting *c, struct error *error) {
  int64_t after = 0;
  for (;;) {
    struct arena *arena = arena_new();
    struct store_event *events;
    size_t count;
    struct store *store = api_store(c->job->api);
    int result = store_history_list(store, ALIGNMENTS_KIND, c->alignment->id, after, EVENTS_AT_ONCE, arena, &events, &count, error);
    api_store_done(c->job->api);
    for (size_t i = 0; result == 0 && i < count; i++) {
      add(c, json_doc_read(events[i].what));
      after = events[i].number;
    }
    arena_free(arena);
    if (result) return -1;
    if (count < EVENTS_AT_ONCE) return 0;
  }
}

static void add_kept(struct collecting *c) {
  for (size_t i = 0; i < c->alignment->step_count; i++) {
    struct buf text = BUF_INIT(ALIGNMENT_STATE_MAX);
    if (alignment_write_step(&c->alignment->steps[i], &text)) add(c, json_loadb(text.p, text.n, 0, NULL));
    buf_free(&text);
  }
}

/* What can be undone, and what was, is the document's to say. */
static const struct alignment_step *kept_step(const struct alignment *alignment, int64_t number) {
  for (size_t i = 0; i < alignment->step_count; i++)
    if (alignment->steps[i].number == number) return &alignment->steps[i];
  return NULL;
}

/* Accounts are nobody's business: names are. */
static void without_accounts(json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) (void)json_object_del(json_array_get(list, i), "person");
}

static void write_step(struct collecting *c, const struct alignment_actor *actor, const struct step *step, struct json_out *out) {
  const struct alignment_step *kept = kept_step(c->alignment, step->number);
  bool mine = alignment_same_person(json_text(step->json, "person"), json_text(step->json, "by"), actor->person, actor->name) &&
              json_text(step->json, "person").n > 0;
  (void)json_object_set_new(step->json, "mine", json_boolean(mine));
  (void)json_object_set_new(step->json, "undone", json_boolean(kept && kept->undone));
  (void)json_object_set_new(step->json, "can_undo", json_boolean(kept && mine && alignment_can_undo(kept)));
  (void)json_object_set_new(step->json, "can_redo",
                            json_boolean(kept && mine && alignment_can_redo(c->alignment->steps, c->alignment->step_count, kept)));
  (void)json_object_del(step->json, "person");
  without_accounts(json_object_get(step->json, "before"));
  without_accounts(json_object_get(step->json, "after"));
  char *text = json_dumps(step->json, JSON_COMPACT);
  json_out_raw(out, text ? str_of(text) : STR("null"));
  free(text);
}

static int read_query(struct api_job *job, struct collecting *c, struct error *error) {
  struct form query;
  struct str limit = STR_NONE;
  uint64_t wanted = STEPS_DEFAULT;
  if (form_parse(job->arena, job->query, &query, error)) return -1;
  (void)form_get(&query, STR("source_data_element"), &c->element);
  if (form_get(&query, STR("limit"), &limit) && (!str_to_u64(limit, &wanted) || wanted < 1 || wanted > STEPS_MAX))
    return error_set(error, ERROR_bad_request, "a limit is from 1 to %d", STEPS_MAX);
  c->limit = (size_t)wanted;
  return 0;
}

int api_alignment_history(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  struct collecting c = {.job = job, .alignment = &alignment};
  if (read_query(job, &c, error) || alignments_load(job, &document, &alignment, error)) return -1;
  struct alignment_actor actor = alignments_actor(job, &alignment);
  int result = add_events(&c, error);
  if (result == 0) {
    struct json_out out = JSON_OUT_INIT(&job->answer);
    add_kept(&c);
    json_out_object(&out);
    json_out_member_str(&out, "id", alignment.id);
    json_out_member_int(&out, "version", alignment.version);
    json_out_member_array(&out, "steps");
    for (size_t i = c.steps.n; i-- > 0;) write_step(&c, &actor, &c.steps.p[i], &out);
    json_out_end(&out);
    json_out_end(&out);
    job->etag = alignment.version;
  }
  for (size_t i = 0; i < c.steps.n; i++) json_decref(c.steps.p[i].json);
  VEC_FREE(&c.steps);
  return result;
}
