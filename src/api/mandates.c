#include "api/mandates.h"

#include "base/clock.h"
#include "gateway/mandate.h"

enum { LIST_MAX = 10000 };

static const struct str kind = {"mandate", 7}, owner = {"all", 3};

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

int mandates_get(struct api *api, struct str work, struct arena *arena, struct str *ret, struct error *error) {
  struct store_document document;
  struct store *store = api_store(api);
  int found = store_document_get(store, kind, work, arena, &document, error);
  api_store_done(api);
  if (found == 1) *ret = document.sealed;
  return found;
}

int mandates_list(struct api *api, struct gateway *gateway, struct arena *arena, struct str **ret, size_t *ret_count, struct error *error) {
  struct store_document *documents;
  size_t count = 0;
  struct store *store = api_store(api);
  int failed = store_document_list(store, kind, owner, LIST_MAX, arena, &documents, &count, error);
  api_store_done(api);
  if (failed) return -1;
  *ret = ARENA_ARRAY(arena, count + 1, struct str);
  *ret_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (documents[i].expires_ms > clock_now_ms())
      (*ret)[(*ret_count)++] = documents[i].id;
    else
      mandates_end(api, gateway, documents[i].id);
  }
  return 0;
}

void mandates_end(struct api *api, struct gateway *gateway, struct str work) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct str sealed;
  if (mandates_get(api, work, arena, &sealed, &error) == 1) {
    struct store *store = api_store(api);
    int failed = store_document_delete(store, kind, work, &error);
    api_store_done(api);
    if (failed) log_event(LOG_ERROR, "mandate_not_wiped", LOG_STR("work", work), LOG_FAILURE(&error));
    mandate_end(gateway, work, sealed);
  }
  arena_free(arena);
}
