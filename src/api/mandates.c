#include "api/mandates.h"

#include "api/run_document.h"
#include "api/schedules.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "gateway/mandate.h"

enum { LIST_MAX = 10000 };

static const struct str kind = {"mandate", 7}, owner = {"all", 3}, withdrawn = {"{\"withdrawn\":true}", 18};

int mandates_give(struct api_job *job, struct str work, const struct str servers[2], int64_t until_ms, struct error *error) {
  struct str sealed;
  struct mandate_wish wish = {
      .work = work, .servers = servers, .server_count = str_eq(servers[0], servers[1]) ? 1 : 2, .until_ms = until_ms};
  if (mandate_give(job->gateway, job->session, &wish, job->arena, &sealed, error)) return -1;
  struct store_document document = {.kind = kind,
                                    .id = work,
                                    .owner = owner,
                                    .about = STR("{}"),
                                    .sealed = sealed,
                                    .created_ms = clock_now_ms(),
                                    .updated_ms = clock_now_ms(),
                                    .expires_ms = until_ms};
  struct store *store = api_store(job->api);
  int failed = store_document_create(store, &document, error);
  api_store_done(job->api);
  if (failed) mandate_end(job->gateway, work, sealed);
  return failed;
}

static int get(struct api *api, struct str work, struct arena *arena, struct store_document *ret, struct error *error) {
  struct store *store = api_store(api);
  int found = store_document_get(store, kind, work, arena, ret, error);
  api_store_done(api);
  return found;
}

static bool is_withdrawn(const struct store_document *document) {
  return str_eq(document->about, withdrawn);
}

int mandates_get(struct api *api, struct str work, struct arena *arena, struct str *ret, struct error *error) {
  struct store_document document;
  int found = get(api, work, arena, &document, error);
  if (found != 1) return found;
  if (is_withdrawn(&document)) return 0;
  *ret = document.sealed;
  return 1;
}

int mandates_list(struct api *api, struct gateway *gateway, struct arena *arena, struct mandates_found *ret, struct error *error) {
  struct store_document *documents;
  size_t count = 0;
  struct store *store = api_store(api);
  int failed = store_document_list(store, kind, owner, LIST_MAX, arena, &documents, &count, error);
  api_store_done(api);
  if (failed) return -1;
  *ret = (struct mandates_found){.works = ARENA_ARRAY(arena, count + 1, struct str),
                                 .withdrawn = ARENA_ARRAY(arena, count + 1, struct str),
                                 .over = ARENA_ARRAY(arena, count + 1, struct str)};
  for (size_t i = 0; i < count; i++) {
    if (is_withdrawn(&documents[i]))
      ret->withdrawn[ret->withdrawn_count++] = documents[i].id;
    else if (documents[i].expires_ms > clock_now_ms())
      ret->works[ret->count++] = documents[i].id;
    else
      ret->over[ret->over_count++] = documents[i].id;
  }
  return 0;
}

void mandates_end(struct api *api, struct gateway *gateway, struct str work) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct store_document document;
  if (get(api, work, arena, &document, &error) == 1) {
    struct store *store = api_store(api);
    int failed = store_document_delete(store, kind, work, &error);
    api_store_done(api);
    if (failed) log_event(LOG_ERROR, "mandate_not_wiped", LOG_STR("work", work), LOG_FAILURE(&error));
    mandate_end(gateway, work, document.sealed);
  }
  arena_free(arena);
}

/* --- for an operator --- */

/* With what the document of its work tells, as far as that is there. */
static int view_of(struct store *store, const struct store_document *mandate, struct arena *arena, struct mandates_view *ret,
                   struct error *error) {
  const struct str kinds[] = {RUN_KIND, SCHEDULE_KIND};
  struct store_document work;
  *ret = (struct mandates_view){.work = mandate->id, .until_ms = mandate->expires_ms, .withdrawn = is_withdrawn(mandate)};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !ret->kind.n; i++) {
    int found = store_document_get(store, kinds[i], mandate->id, arena, &work, error);
    if (found < 0) return -1;
    if (!found) continue;
    ret->kind = kinds[i];
    ret->owner = work.owner;
    ret->about = work.about;
  }
  return 0;
}

int mandates_look_at(struct store *store, struct str work, struct arena *arena, struct mandates_view *ret, struct error *error) {
  struct store_document document;
  int found = store_document_get(store, kind, work, arena, &document, error);
  return found == 1 && view_of(store, &document, arena, ret, error) ? -1 : found;
}

int mandates_look(struct store *store, struct arena *arena, struct mandates_view **ret, size_t *ret_count, struct error *error) {
  struct store_document *documents;
  size_t count = 0;
  if (store_document_list(store, kind, owner, LIST_MAX, arena, &documents, &count, error)) return -1;
  if (count == LIST_MAX) log_event(LOG_WARNING, "mandates_cut", LOG_INT("looked_at", LIST_MAX));
  *ret = ARENA_ARRAY(arena, count + 1, struct mandates_view);
  *ret_count = count;
  for (size_t i = 0; i < count; i++)
    if (view_of(store, &documents[i], arena, &(*ret)[i], error)) return -1;
  return 0;
}

int mandates_withdraw_one(struct store *store, struct str work, struct error *error) {
  struct store_document document;
  struct arena *arena = arena_new_small();
  int64_t unused;
  int found = store_document_get(store, kind, work, arena, &document, error);
  if (found == 1) {
    document.about = withdrawn;
    document.updated_ms = clock_now_ms();
    if (store_document_update(store, &document, &unused, error)) found = -1;
  }
  arena_free(arena);
  return found;
}

/* At its source a run is its owner's; at its target it writes as somebody who may have another name there. */
static bool is_of(const struct mandates_view *view, const struct store_connection *connection, struct arena *arena) {
  struct str user = view->owner, server = str_take(&user, ':');
  if (str_eq(server, connection->server) && str_eq(user, roster_user(arena, connection, "id"))) return true;
  json_t *about = json_doc_read(view->about);
  struct str by = json_text(about, "by_target");
  bool same = by.n && str_eq(json_text(about, "to"), connection->server) && str_eq(by, roster_user(arena, connection, "username"));
  json_decref(about);
  return same;
}

int mandates_withdraw(struct store *store, struct mandates_view *views, size_t count, const struct roster_row *row, struct arena *arena,
                      size_t *ret_count, struct error *error) {
  *ret_count = 0;
  for (size_t i = 0; i < count; i++) {
    bool theirs = false;
    for (size_t k = 0; k < row->count && !theirs; k++) theirs = is_of(&views[i], &row->connections[k], arena);
    if (!theirs || views[i].withdrawn) continue;
    int done = mandates_withdraw_one(store, views[i].work, error);
    if (done < 0) return -1;
    views[i].withdrawn = true;
    *ret_count += (size_t)done;
  }
  return 0;
}
