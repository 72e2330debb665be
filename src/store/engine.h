/* engine: what a store is made of behind store.h: one table of calls per engine. For store.c and the engines alone.
 *
 * What holds always: store.c has checked the arguments (lengths, UTF-8) before an engine sees them, so an engine only stores. Each call keeps what store.h says of it; every engine
 * passes the one suite in tests/unit/store/suite.c. An engine's own struct begins with `struct store`. */
#ifndef DRAWBRIDGE_STORE_ENGINE_H
#define DRAWBRIDGE_STORE_ENGINE_H

#include "store/store.h"

enum { STORE_SESSION_KEPT_MS = 24 * 3600 * 1000, STORE_LOCK_MS = 5000 };

/* Whole tables, for copy.c. */
enum { STORE_COLUMNS = 12 };
struct store_table {
  const char *name, *order;
  const char *columns[STORE_COLUMNS];
  const char *types; /* of each: b bytes, t text, i number */
};
struct store_value {
  struct str bytes; /* borrowed */
  int64_t number;
};
typedef int store_each_row(void *payload, const struct store_value *values, struct error *error);
enum store_counter { STORE_COUNTER_FENCES, STORE_COUNTER_HISTORY, STORE_COUNTER_JOURNALS, STORE_COUNTERS };

struct store_engine {
  const char *scheme;                                                          /* "sqlite:" */
  int (*check)(struct str place, struct error *error);                         /* of store_check_address */
  struct store *(*open)(struct str place, bool may_make, struct error *error); /* place: what follows the scheme */
  void (*close)(struct store *store);
  void (*rest)(struct store *store); /* NULL: there is nothing to let go of */

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
  int (*lease_look)(struct store *store, struct str name, int64_t now_ms, struct error *error);
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
  int (*purge_tickets)(struct store *store, int64_t now_ms, struct error *error);

  int (*copy_begin)(struct store *store, bool writes, struct error *error); /* reads: one look; writes: all or nothing */
  int (*copy_end)(struct store *store, int result, struct error *error);    /* `result`, or -1 */
  int (*copy_read)(struct store *store, const struct store_table *table, store_each_row *each, void *payload, struct error *error);
  int (*copy_write)(struct store *store, const struct store_table *table, const struct store_value *values, struct error *error);
  int (*copy_counter)(struct store *store, enum store_counter counter, bool set, int64_t *last,
                      struct error *error); /* the last one given */
};

struct store {
  const struct store_engine *engine;
};

extern const struct store_engine store_sqlite, store_postgres;

#endif
