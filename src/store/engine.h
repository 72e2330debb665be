/* engine: what a store is made of behind store.h: one table of calls per engine. For store.c and the engines alone.
 *
 * What holds always: store.c has checked the arguments (lengths, UTF-8) before an engine sees them, so an engine only stores. Each call keeps what store.h says of it; every engine
 * passes the one suite in tests/unit/store/suite.c. An engine's own struct begins with `struct store`. */
#ifndef DRAWBRIDGE_STORE_ENGINE_H
#define DRAWBRIDGE_STORE_ENGINE_H

#include "store/store.h"

enum { STORE_SESSION_KEPT_MS = 24 * 3600 * 1000, STORE_LOCK_MS = 5000 };

struct store_engine {
  const char *scheme;                                           /* "sqlite:" */
  struct store *(*open)(struct str place, struct error *error); /* what follows the scheme */
  void (*close)(struct store *store);

  int (*session_put)(struct store *store, const struct store_session *session, struct error *error);
  int (*session_get)(struct store *store, const unsigned char *id, struct arena *arena, struct store_session *ret, struct error *error);
  int (*session_list)(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret, size_t *ret_count,
                      struct error *error);
  int (*session_touch)(struct store *store, const unsigned char *id, int64_t seen_ms, struct error *error);
  int (*session_data)(struct store *store, const unsigned char *id, struct str data, struct error *error);
  int (*session_delete)(struct store *store, const unsigned char *id, struct error *error);
  int (*session_rotate)(struct store *store, const unsigned char *old_id, int64_t old_until_ms, const struct store_session *session,
                        const struct store_connection *connections, size_t count, struct error *error);

  int (*connection_put)(struct store *store, const struct store_connection *connection, size_t most, struct error *error);
  int (*connection_get)(struct store *store, const unsigned char *session, struct str server, struct arena *arena,
                        struct store_connection *ret, struct error *error);
  int (*connection_list)(struct store *store, const unsigned char *session, struct arena *arena, struct store_connection **ret,
                         size_t *ret_count, struct error *error);
  int (*connection_renew)(struct store *store, const struct store_connection *connection, struct error *error);
  int (*connection_state)(struct store *store, const unsigned char *session, struct str server, int64_t generation, struct str state,
                          struct error *error);
  int (*connection_end)(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                        struct error *error);
  int (*connection_delete)(struct store *store, const unsigned char *session, struct str server, struct error *error);

  int (*ticket_put)(struct store *store, const struct store_ticket *ticket, struct error *error);
  int (*ticket_take)(struct store *store, struct str kind, const unsigned char *id, int64_t now_ms, struct arena *arena,
                     struct store_ticket *ret, struct error *error);

  int (*lease_take)(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms, struct store_lease *ret,
                    struct error *error);
  int (*lease_release)(struct store *store, struct str name, struct str owner, struct error *error);

  int (*document_create)(struct store *store, const struct store_document *document, struct error *error);
  int (*document_get)(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                      struct error *error);
  int (*document_by_key)(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                         struct store_document *ret, struct error *error);
  int (*document_list)(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                       struct store_document **ret, size_t *ret_count, struct error *error);
  int (*document_update)(struct store *store, const struct store_document *document, int64_t *ret_version, struct error *error);
  int (*document_delete)(struct store *store, struct str kind, struct str id, struct error *error);

  int (*history_add)(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                     struct error *error);
  int (*history_list)(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                      struct store_event **ret, size_t *ret_count, struct error *error);

  int (*journal_add)(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                     struct str bytes, struct error *error);
  int (*journal_list)(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                      struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error);

  int (*purge)(struct store *store, int64_t now_ms, struct error *error);
};

struct store {
  const struct store_engine *engine;
};

extern const struct store_engine store_sqlite, store_postgres;

#endif
