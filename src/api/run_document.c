#include "api/run_document.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "transfer/hold.h"
#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>

enum { ABOUT_MAX = 4 << 20, ID_LETTERS = 22 };

bool run_state_is_end(struct str state) {
  static const char *const ends[] = {"done", "differs", "refused", "failed", "cancelled"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (str_eq(state, str_of(ends[i]))) return true;
  return false;
}

/* --- about --- */

/* The texts of `about` by their names; `seen`: people see it in lists. */
static const struct part {
  const char *name;
  size_t offset;
  bool seen, always;
} parts[] = {
    {"alignment", offsetof(struct run_about, alignment), true, false},
    {"from", offsetof(struct run_about, from), true, true},
    {"to", offsetof(struct run_about, to), true, true},
    {"by", offsetof(struct run_about, by), true, true},
    {"schedule", offsetof(struct run_about, beside.schedule), true, false},
    {"undoes", offsetof(struct run_about, beside.undoes), true, false},
    {"undone_by", offsetof(struct run_about, beside.undone_by), true, false},
    {"by_target", offsetof(struct run_about, by_target), false, true},
    {"meaning", offsetof(struct run_about, meaning), false, false},
    {"mandate", offsetof(struct run_about, beside.mandate), false, false},
    {"webhook", offsetof(struct run_about, beside.webhook), false, false},
    {"language", offsetof(struct run_about, beside.language), true, false},
};
enum { PARTS = sizeof parts / sizeof *parts };

static void write_texts(struct json_out *out, const struct run_about *about, bool seen) {
  for (size_t i = 0; i < PARTS; i++) {
    struct str text = *(const struct str *)((const char *)about + parts[i].offset);
    if (parts[i].seen == seen && (parts[i].always || text.n)) json_out_member_str(out, parts[i].name, text.p ? text : STR(""));
  }
}

void run_about_members(struct json_out *out, const struct run_about *about, struct str state) {
  json_out_member_str(out, "state", state);
  json_out_member_bool(out, "dry_run", about->dry_run);
  write_texts(out, about, true);
  json_out_member_strs(out, "periods", about->periods, about->period_count);
  if (about->beside.unattended_until_ms) json_out_member_time(out, "unattended_until", about->beside.unattended_until_ms);
}

/* That of a list, too: a run that found nothing, or skipped something, is not to be told as one that sent all. */
static void write_counted(struct json_out *out, const struct run_about *about, struct str state) {
  if (!about->counted || !run_state_is_end(state)) return;
  json_out_member_int(out, "read", about->read);
  json_out_member_int(out, "sent", about->sent);
  if (about->units_skipped) json_out_member_int(out, "units_skipped", about->units_skipped);
}

static struct str run_about_write(struct arena *arena, const struct run_about *about) {
  struct buf text = BUF_INIT(ABOUT_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  run_about_members(&out, about, about->state);
  write_texts(&out, about, false);
  write_counted(&out, about, about->state);
  json_out_member_int(&out, "org_units", about->org_units);
  json_out_member_int(&out, "alignment_version", about->alignment_version);
  json_out_member_bool(&out, "wait", about->wait);
  if (about->beside.once_more) json_out_member_bool(&out, "once_more", true);
  if (about->problem.n) {
    json_out_member_raw(&out, "problem", about->problem);
  }
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

struct run_about run_about_read(struct arena *arena, struct str json) {
  json_t *root = json_doc_read(json);
  const json_t *periods = json_object_get(root, "periods"), *problem = json_object_get(root, "problem");
  struct str *list = ARENA_ARRAY(arena, json_array_size(periods) + 1, struct str);
  struct run_about about = {.state = json_text_copy(arena, root, "state"),
                            .dry_run = json_is_true(json_object_get(root, "dry_run")),
                            .wait = json_is_true(json_object_get(root, "wait")),
                            .periods = list,
                            .period_count = json_array_size(periods),
                            .org_units = json_integer_value(json_object_get(root, "org_units")),
                            .alignment_version = json_integer_value(json_object_get(root, "alignment_version")),
                            .counted = json_object_get(root, "read") != NULL,
                            .read = json_integer_value(json_object_get(root, "read")),
                            .sent = json_integer_value(json_object_get(root, "sent")),
                            .units_skipped = json_integer_value(json_object_get(root, "units_skipped")),
                            .beside = {.once_more = json_is_true(json_object_get(root, "once_more"))}};
  for (size_t i = 0; i < PARTS; i++) *(struct str *)((char *)&about + parts[i].offset) = json_text_copy(arena, root, parts[i].name);
  (void)clock_parse(json_text_copy(arena, root, "unattended_until"), &about.beside.unattended_until_ms);
  for (size_t i = 0; i < about.period_count; i++) list[i] = arena_str(arena, str_of(json_string_value(json_array_get(periods, i))));
  if (problem) {
    char *text = json_dumps(problem, JSON_COMPACT);
    about.problem = arena_str(arena, str_of(text));
    free(text);
  }
  json_decref(root);
  return about;
}

void run_document_members(struct json_out *out, const struct store_document *document, const struct run_about *about, struct str state) {
  json_out_member_str(out, "id", document->id);
  run_about_members(out, about, state);
  write_counted(out, about, state);
  json_out_member_time(out, "created", document->created_ms);
  json_out_member_time(out, "updated", document->updated_ms);
}

void run_document_about(struct arena *arena, const struct run_about *about, struct store_document *document) {
  document->about = run_about_write(arena, about);
  document->updated_ms = clock_now_ms();
}

void run_document_end(struct arena *arena, struct gateway *gateway, const struct run_about *about, struct store_document *document) {
  struct config *config = gateway_config_now(gateway);
  run_document_about(arena, about, document);
  document->expires_ms = document->updated_ms + config->runs_keep_ms;
  config_unref(config);
}

/* --- the whole --- */

int run_document_make(struct arena *arena, const struct run_asked *asked, const struct run_about *who, struct store_document *ret,
                      struct error *error) {
  const struct run_order *order = &asked->order;
  struct run_about about = *who;
  about.state = RUN_STATE_OPEN;
  about.alignment = asked->alignment;
  about.from = order->from;
  about.to = order->to;
  about.dry_run = order->dry_run;
  about.wait = asked->wait;
  about.periods = order->periods;
  about.period_count = order->period_count;
  about.org_units = (int64_t)order->org_unit_count;
  about.alignment_version = asked->alignment_version;
  about.beside.webhook = asked->webhook;
  about.beside.language = asked->language;
  *ret = (struct store_document){.kind = RUN_KIND, .id = random_id(arena, ID_LETTERS), .created_ms = clock_now_ms()};
  run_document_about(arena, &about, ret);
  struct buf body = BUF_INIT(STORE_BODY_MAX);
  (void)run_order_write(order, &body);
  (void)buf_add(&body, STR("\n\n"));
  (void)buf_add(&body, asked->mapping_text);
  int result = body.full ? error_set(error, ERROR_too_large, "the run is larger than can be kept") : 0;
  ret->body = arena_str(arena, buf_str(&body));
  buf_free(&body);
  return result;
}

struct run_body run_body_split(struct str body) {
  struct run_body split;
  split.order = str_take(&body, '\n');
  split.report = str_take(&body, '\n');
  split.mapping = body;
  return split;
}

static char *copy_of(struct str text) {
  return mem_printf("%.*s", STR_ARG(text));
}

static char *new_holder(void) {
  char text[ID_LETTERS];
  random_letters(text, sizeof text);
  return mem_printf("%.*s", ID_LETTERS, text);
}

enum runner_crew run_crew(const struct run_about *about) {
  return about->wait && !about->dry_run ? RUNNER_WAITERS : RUNNER_TRANSFERS;
}

int run_document_start(struct api *api, struct str id, const struct run_start *how, struct error *error) {
  struct run_payload *payload = mem_alloc(sizeof *payload);
  *payload = (struct run_payload){.id = copy_of(id),
                                  .gateway = how->gateway,
                                  .session = how->session ? gateway_session_ref(how->session) : NULL,
                                  .public_url = copy_of(how->public_url),
                                  .store = copy_of(how->store),
                                  .holder = how->holder.n ? copy_of(how->holder) : new_holder(),
                                  .claim = how->claim,
                                  .resume = how->resume};
  int result = how->promise ? runner_keep(how->promise, payload, error) : runner_start(api_runner(api), how->crew, id, payload, error);
  if (result == 0) return 0;
  run_payload_free(payload);
  return -1;
}

void run_payload_free(struct run_payload *payload) {
  claim_release(payload->claim);
  gateway_session_unref(payload->session);
  free(payload->id);
  free(payload->public_url);
  free(payload->store);
  free(payload->holder);
  free(payload);
}

static const struct str a_file = {"sqlite:", 7};

static const char *place_in(struct arena *arena, struct str store, struct str id) {
  return arena_cstr(arena, arena_printf(arena, "%.*s#%.*s", STR_ARG(store), STR_ARG(id)));
}

const char *run_journals(struct arena *arena, struct str store) {
  if (!str_starts(store, a_file)) return NULL;
  return arena_cstr(arena, arena_printf(arena, "%.*s.runs", STR_ARG(str_from(store, a_file.n))));
}

int run_folder(struct arena *arena, struct str store, struct str id, const char **ret, struct error *error) {
  const char *folder = run_journals(arena, store);
  if (!folder) {
    *ret = place_in(arena, store, id);
    return 0;
  }
  if (file_make_folder(folder) < 0) return error_set(error, ERROR_inside, "the folder %s cannot be made: %s", folder, strerror(errno));
  *ret = arena_cstr(arena, arena_printf(arena, "%s/%.*s", folder, STR_ARG(id)));
  return 0;
}

const char *run_claims_folder(struct arena *arena, struct str store, struct str id) {
  if (!str_starts(store, a_file)) return place_in(arena, store, id);
  return arena_cstr(arena, arena_printf(arena, "%.*s.claims", STR_ARG(str_from(store, a_file.n))));
}

const char *run_place_of(struct arena *arena, const char *place, struct str holder) {
  return hold_is_place(place) ? arena_cstr(arena, arena_printf(arena, "%s/%.*s", place, STR_ARG(holder))) : place;
}

/* Journal and claim are of the run whose journal it is: an undo works from another's. */
struct claim *run_cells_claim(struct arena *arena, const struct run_cells *cells, const struct claim_wait *wait, struct error *error) {
  const char *folder = run_claims_folder(arena, cells->store, cells->undoes.n ? cells->undoes : cells->id);
  struct run_claimant who = {.to_url = cells->to_url, .by = cells->by, .run = arena_printf(arena, "run %.*s", STR_ARG(cells->id))};
  return run_claim(run_place_of(arena, folder, cells->holder), cells->order, cells->mapping_text, who, wait, error);
}
