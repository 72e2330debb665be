#include "oauth/keys.h"

#include "base/clock.h"
#include "base/mem.h"
#include <uv.h>

enum { GOOD_MS = 3600 * 1000, SET_MAX = 65536 };

struct oauth_keys {
  uv_mutex_t lock; /* held while fetching: others wait for the result */
  char *url, *set; /* set NULL: none yet */
  uint64_t number;
  int64_t good_ms, failed_ms, asked_ms; /* of the monotonic clock, 0: never; asked: fetched again for a key that was missing */
  struct error failure;                 /* of the last try; code 0: it went well */
};

struct oauth_keys *oauth_keys_new(void) {
  struct oauth_keys *keys = mem_alloc(sizeof *keys);
  if (uv_mutex_init(&keys->lock)) abort();
  return keys;
}

void oauth_keys_free(struct oauth_keys *keys) {
  if (!keys) return;
  free(keys->url);
  free(keys->set);
  uv_mutex_destroy(&keys->lock);
  free(keys);
}

static int fetch(struct http_client *http, struct str url, struct arena *arena, struct str *ret, struct error *error) {
  struct http_headers headers = {0};
  struct http_answer answer;
  http_headers_add(&headers, arena, STR("Accept"), STR("application/json"));
  struct http_call call = {.method = STR("GET"), .url = url, .headers = &headers};
  if (http_client_call(http, &call, arena, &answer, error) < 0) return -1;
  *ret = answer.body;
  if (answer.status == 200 && answer.body.n <= SET_MAX) return 0;
  (void)error_set(error, ERROR_upstream_error, "the server's keys cannot be fetched (status %d): its sign-in cannot be checked",
                  answer.status);
  error->upstream_status = answer.status;
  return error_because(error, "id_token");
}

static void forget_other(struct oauth_keys *keys, struct str url) {
  if (keys->url && str_eq(str_of(keys->url), url)) return;
  free(keys->url);
  free(keys->set);
  keys->url = mem_printf("%.*s", STR_ARG(url));
  keys->set = NULL;
  keys->failed_ms = keys->asked_ms = 0;
}

static void renew(struct oauth_keys *keys, struct http_client *http, struct str url, struct arena *arena) {
  struct str set;
  struct error failure = {0};
  int failed = fetch(http, url, arena, &set, &failure);
  keys->failure = failure;
  keys->failed_ms = failed ? clock_monotonic_ms() : 0;
  if (failed) return;
  free(keys->set);
  keys->set = mem_printf("%.*s", STR_ARG(set));
  keys->good_ms = clock_monotonic_ms();
  keys->number++;
}

int oauth_keys_get(struct oauth_keys *keys, struct http_client *http, struct str url, uint64_t seen, struct arena *arena,
                   struct str *ret_set, uint64_t *ret_number, struct error *error) {
  uv_mutex_lock(&keys->lock);
  forget_other(keys, url);
  int64_t now = clock_monotonic_ms();
  bool old = !keys->set || now - keys->good_ms >= GOOD_MS, missing = !old && seen == keys->number;
  bool pause =
      (keys->failed_ms && now - keys->failed_ms < KEYS_PAUSE_MS) || (missing && keys->asked_ms && now - keys->asked_ms < KEYS_PAUSE_MS);
  if (missing && !pause) keys->asked_ms = now;
  if ((old || missing) && !pause) renew(keys, http, url, arena);
  bool good = keys->set && seen != keys->number && clock_monotonic_ms() - keys->good_ms < GOOD_MS;
  int result = good ? 0 : keys->failure.code ? -1 : 1;
  if (result < 0) *error = keys->failure;
  *ret_number = keys->number;
  if (good) *ret_set = arena_str(arena, str_of(keys->set));
  uv_mutex_unlock(&keys->lock);
  return result;
}
