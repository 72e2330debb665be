/* What the rooms of the SQLite engine share: a handle, its statements, and how a failure is told. For sqlite*.c alone.
 *
 * A statement is written where it is used; it is prepared at its first use and kept, found by the address of its text. So the text is a literal. */
#ifndef DRAWBRIDGE_STORE_SQLITE_INTERNAL_H
#define DRAWBRIDGE_STORE_SQLITE_INTERNAL_H

#include "store/engine.h"
#include <sqlite3.h>

enum { SQLITE_STATEMENTS = 128 };

struct sqlite {
  struct store store; /* first */
  sqlite3 *db;
  char *path;
  int64_t busy_since_ms; /* of the statement that waits for a lock */
  struct {
    const char *text;
    sqlite3_stmt *statement;
  } statements[SQLITE_STATEMENTS]; /* open addressing */
  sqlite3_stmt *copying;           /* into this table */
  const struct store_table *copying_to;
};

/* One use of a statement: query_of, binds in the order of the question marks, then query_run or query_next …; each ends with query_end (query_run does so itself). */
struct query {
  struct sqlite *sqlite;
  sqlite3_stmt *statement; /* NULL: could not be prepared; everything after that is without effect */
  int bound;
  bool failed;
};

struct query query_of(struct store *store, const char *literal);
void query_blob(struct query *query, struct str bytes);
void query_hash(struct query *query, const unsigned char *hash);
void query_text(struct query *query, struct str text);
void query_int(struct query *query, int64_t number);
void query_limit(struct query *query, size_t most); /* of rows */

int query_run(struct query *query, struct error *error);    /* of a statement without rows. 0; -1 */
int query_change(struct query *query, struct error *error); /* the same: how many rows it changed, or -1 */
int query_next(struct query *query, struct error *error);   /* 1: a row; 0: no more; -1 */
int query_end(struct query *query, int result,
              struct error *error); /* `result`, or -1 where ending it (which commits what stands alone) failed */

struct str query_get_str(struct query *query, int column, struct arena *arena); /* text or blob, copied */
void query_get_hash(struct query *query, int column, unsigned char ret[STORE_HASH_SIZE]);
int64_t query_get_int(struct query *query, int column);
void *query_more(struct arena *arena, void *rows, size_t *capacity, size_t size); /* room for twice as many rows, the old ones copied */

/* What belongs together: 0 … and sqlite_end(store, result) commits where result is not below 0, else takes all back. */
int sqlite_begin(struct store *store, struct error *error);
int sqlite_end(struct store *store, int result, struct error *error);

/* Fills *error by what SQLite said last; -1. */
int sqlite_fail(struct sqlite *sqlite, struct error *error);

/* sqlite_sessions.c */
int sqlite_session_put(struct store *store, const struct store_session *session, struct error *error);
int sqlite_session_get(struct store *store, const unsigned char *id, struct arena *arena, struct store_session *ret, struct error *error);
int sqlite_session_list(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret,
                        size_t *ret_count, struct error *error);
int sqlite_session_touch(struct store *store, const unsigned char *id, int64_t seen_ms, struct error *error);
int sqlite_session_data(struct store *store, const unsigned char *id, struct str data, struct error *error);
int sqlite_session_delete(struct store *store, const unsigned char *id, struct error *error);
int sqlite_session_rotate(struct store *store, const unsigned char *old_id, int64_t old_until_ms, const struct store_session *session,
                          const struct store_connection *connections, size_t count, struct error *error);
int sqlite_connection_put(struct store *store, const struct store_connection *connection, size_t most, struct error *error);
int sqlite_connection_get(struct store *store, const unsigned char *session, struct str server, struct arena *arena,
                          struct store_connection *ret, struct error *error);
int sqlite_connection_list(struct store *store, const unsigned char *session, struct arena *arena, struct store_connection **ret,
                           size_t *ret_count, struct error *error);
int sqlite_connection_renew(struct store *store, const struct store_connection *connection, struct error *error);
int sqlite_connection_state(struct store *store, const unsigned char *session, struct str server, int64_t generation, struct str state,
                            struct error *error);
int sqlite_connection_end(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                          struct error *error);
int sqlite_connection_delete(struct store *store, const unsigned char *session, struct str server, struct error *error);

/* sqlite_tickets.c: tickets and leases */
int sqlite_ticket_put(struct store *store, const struct store_ticket *ticket, struct error *error);
int sqlite_ticket_take(struct store *store, struct str kind, const unsigned char *id, int64_t now_ms, struct arena *arena,
                       struct store_ticket *ret, struct error *error);
int sqlite_lease_take(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms, struct store_lease *ret,
                      struct error *error);
int sqlite_lease_look(struct store *store, struct str name, int64_t now_ms, struct error *error);
int sqlite_lease_release(struct store *store, struct str name, struct str owner, struct error *error);

/* sqlite_documents.c */
int sqlite_document_create(struct store *store, const struct store_document *document, struct error *error);
int sqlite_document_get(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                        struct error *error);
int sqlite_document_by_key(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                           struct store_document *ret, struct error *error);
int sqlite_document_list(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                         struct store_document **ret, size_t *ret_count, struct error *error);
int sqlite_document_update(struct store *store, const struct store_document *document, int64_t *ret_version, struct error *error);
int sqlite_document_delete(struct store *store, struct str kind, struct str id, struct error *error);
int sqlite_history_add(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                       struct error *error);
int sqlite_history_list(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                        struct store_event **ret, size_t *ret_count, struct error *error);

/* sqlite_journals.c */
int sqlite_journal_add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                       struct str bytes, struct error *error);
int sqlite_journal_list(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                        struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error);

/* sqlite_copy.c */
int sqlite_copy_begin(struct store *store, bool writes, struct error *error);
int sqlite_copy_end(struct store *store, int result, struct error *error);
int sqlite_copy_read(struct store *store, const struct store_table *table, store_each_row *each, void *payload, struct error *error);
int sqlite_copy_write(struct store *store, const struct store_table *table, const struct store_value *values, struct error *error);
int sqlite_copy_counter(struct store *store, enum store_counter counter, bool set, int64_t *last, struct error *error);

/* sqlite_schema.c: moves the file forward to this program's tables. */
int sqlite_migrate(struct sqlite *sqlite, struct error *error);

#endif
