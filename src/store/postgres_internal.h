/* What the rooms of the PostgreSQL engine share: a handle with its connection, and statements that go out together. For postgres*.c alone.
 *
 * What holds always: all statements between batch_begin and batch_end travel in one piece and are one transaction (libpq's pipeline mode): all of it happened or nothing, and no process that is stopped half way leaves
 * a transaction open. What is decided on the way is decided by the statements themselves. A statement is prepared at its first use on a connection and found by the address of its text: so the text is a literal. */
#ifndef DRAWBRIDGE_STORE_POSTGRES_INTERNAL_H
#define DRAWBRIDGE_STORE_POSTGRES_INTERNAL_H

#include "store/engine.h"
#include <libpq-fe.h>

enum { POSTGRES_STATEMENTS = 128, POSTGRES_PARAMETERS = 12 };

struct postgres {
  struct store store;                        /* first */
  char *address;                             /* may hold a password: never told */
  char *place;                               /* what people are told instead */
  PGconn *connection;                        /* NULL: to be made */
  int64_t again_ms;                          /* monotonic: before that no connection is tried */
  struct error why;                          /* what became of the last try */
  const char *prepared[POSTGRES_STATEMENTS]; /* open addressing */
};

struct batch {
  struct postgres *postgres;
  struct error *error;
  struct batch_answer {
    const char *preparing; /* NULL: it is a statement's own */
    PGresult *result;
  } * answers;
  size_t count, capacity, bytes;
  bool failed;
};

struct batch batch_begin(struct store *store, struct error *error);
int batch_end(struct batch *batch); /* 0, or -1 where any failed: then nothing of it happened, or nobody knows (ERROR_store_unavailable) */
void batch_free(struct batch *batch);
int batch_close(struct batch *batch); /* both, where nobody wants the answers */

/* One statement: question_of, a value for each $1, $2, … in their order, question_ask. Values are borrowed until then. */
struct question {
  struct batch *batch;
  const char *literal;
  int count;
  const char *values[POSTGRES_PARAMETERS];
  int lengths[POSTGRES_PARAMETERS];
  unsigned char numbers[POSTGRES_PARAMETERS][8];
};
struct question question_of(struct batch *batch, const char *literal);
void question_bytes(struct question *question, struct str bytes); /* text too */
void question_hash(struct question *question, const unsigned char *hash);
void question_int(struct question *question, int64_t number);
void question_limit(struct question *question, size_t most); /* of rows */
void question_ask(struct question *question);

/* After batch_end. `answer`: the statement's number from 0. */
size_t batch_rows(const struct batch *batch, size_t answer);
size_t batch_changed(const struct batch *batch, size_t answer); /* rows that it inserted, updated or deleted */
struct str batch_str(const struct batch *batch, size_t answer, size_t row, int column, struct arena *arena); /* copied */
void batch_hash(const struct batch *batch, size_t answer, size_t row, int column, unsigned char ret[STORE_HASH_SIZE]);
int64_t batch_int(const struct batch *batch, size_t answer, size_t row, int column); /* of a bigint */
int64_t postgres_int(const PGresult *result, int row, int column);                   /* the same of a result in binary form */

/* Statements without values, one after the other as they stand in `sql`; for the schema. -1. */
int postgres_execute(struct postgres *postgres, const char *sql, struct error *error);

/* Fills *error by a failed result (NULL: by the connection, which is given up); -1. */
int postgres_fail(struct postgres *postgres, const PGresult *result, struct error *error);

/* A connection that is good as far as anybody can tell, in the pipeline. -1. */
int postgres_connect(struct postgres *postgres, struct error *error);
/* Out of the pipeline, for plain calls that block, and in again. -1. */
int postgres_leave_pipeline(struct postgres *postgres, struct error *error);
int postgres_enter_pipeline(struct postgres *postgres, struct error *error);
void postgres_disconnect(struct postgres *postgres);

/* postgres_schema.c: moves the database forward to this program's tables; ones that are not there are made, where they may be. */
int postgres_migrate(struct postgres *postgres, bool may_make, struct error *error);

/* postgres_sessions.c */
int postgres_session_put(struct store *store, const struct store_session *session, struct error *error);
int postgres_session_get(struct store *store, const unsigned char *id, struct arena *arena, struct store_session *ret, struct error *error);
int postgres_session_list(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret,
                          size_t *ret_count, struct error *error);
int postgres_session_touch(struct store *store, const unsigned char *id, int64_t seen_ms, struct error *error);
int postgres_session_data(struct store *store, const unsigned char *id, struct str data, struct error *error);
int postgres_session_delete(struct store *store, const unsigned char *id, struct error *error);
int postgres_session_rotate(struct store *store, const unsigned char *old_id, int64_t old_until_ms, const struct store_session *session,
                            const struct store_connection *connections, size_t count, struct error *error);

/* postgres_connections.c */
void postgres_ask_connection(struct batch *batch, const unsigned char *old_session, const unsigned char *session,
                             const struct store_connection *connection, int64_t generation); /* no effect where there is no old_session */
int postgres_connection_put(struct store *store, const struct store_connection *connection, size_t most, struct error *error);
int postgres_connection_get(struct store *store, const unsigned char *session, struct str server, struct arena *arena,
                            struct store_connection *ret, struct error *error);
int postgres_connection_list(struct store *store, const unsigned char *session, struct arena *arena, struct store_connection **ret,
                             size_t *ret_count, struct error *error);
int postgres_connection_renew(struct store *store, const struct store_connection *connection, struct error *error);
int postgres_connection_state(struct store *store, const unsigned char *session, struct str server, int64_t generation, struct str state,
                              struct error *error);
int postgres_connection_end(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                            struct error *error);
int postgres_connection_delete(struct store *store, const unsigned char *session, struct str server, struct error *error);

/* postgres_tickets.c: tickets and leases */
int postgres_ticket_put(struct store *store, const struct store_ticket *ticket, struct error *error);
int postgres_ticket_take(struct store *store, struct str kind, const unsigned char *id, int64_t now_ms, struct arena *arena,
                         struct store_ticket *ret, struct error *error);
int postgres_lease_take(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms,
                        struct store_lease *ret, struct error *error);
int postgres_lease_look(struct store *store, struct str name, int64_t now_ms, struct error *error);
int postgres_lease_release(struct store *store, struct str name, struct str owner, struct error *error);

/* postgres_documents.c */
int postgres_document_create(struct store *store, const struct store_document *document, struct error *error);
int postgres_document_get(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                          struct error *error);
int postgres_document_by_key(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                             struct store_document *ret, struct error *error);
int postgres_document_list(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                           struct store_document **ret, size_t *ret_count, struct error *error);
int postgres_document_update(struct store *store, const struct store_document *document, int64_t *ret_version, struct error *error);
int postgres_document_delete(struct store *store, struct str kind, struct str id, struct error *error);
int postgres_history_add(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                         struct error *error);
int postgres_history_list(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                          struct store_event **ret, size_t *ret_count, struct error *error);

/* postgres_journals.c */
int postgres_journal_add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                         struct str bytes, struct error *error);
int postgres_journal_list(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                          struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error);

/* postgres_copy.c */
int postgres_copy_begin(struct store *store, bool writes, struct error *error);
int postgres_copy_end(struct store *store, int result, struct error *error);
int postgres_copy_read(struct store *store, const struct store_table *table, store_each_row *each, void *payload, struct error *error);
int postgres_copy_write(struct store *store, const struct store_table *table, const struct store_value *values, struct error *error);
int postgres_copy_counter(struct store *store, enum store_counter counter, bool set, int64_t *last, struct error *error);

#endif
