/* store: what must outlive a request or a process: sessions, connections, sign-ins under way, leases, documents.
 *
 * What holds always:
 * - One contract, several engines behind a table of calls (store/engine.h): "sqlite:/path", "postgresql://…". The same tests run against each.
 * - Calls block: one handle belongs to one thread at a time (net/work.h with one thread, or the command line). Several handles and processes may share one store.
 * - Each call is one transaction: all of it happened or nothing. What was acknowledged survives the end of the process.
 * - Ids of sessions, states and codes come as their SHA-256 (crypt/random.h): the store never sees them. Credentials come sealed (crypt/seal.h).
 * - Times are clock_now_ms(); 0 means "not". Every call that depends on the time is told it.
 * - Results are copied to the caller's arena. Text is UTF-8; `sealed` and `body` are any bytes.
 * - A store that is gone, locked or without an answer for 5 s, full or broken is ERROR_store_unavailable, never an empty answer. What was to be written may be there or not; the next look tells. The next call tries anew: a handle is
 *   good again when the store is.
 * - What is longer than it may be is ERROR_too_large, a text that is not UTF-8 or a name that is empty ERROR_bad_request.
 * - Returns: 0 done, -1 failed; of get and take calls 1 found, 0 not there, -1 failed.
 *
 * Life cycle: store_open (makes the store, moves an older one forward, refuses a newer one), calls, store_close. */
#ifndef DRAWBRIDGE_STORE_STORE_H
#define DRAWBRIDGE_STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"

struct store;

/* What can be told of an address without opening it: how it is written, and files that it names. -1: ERROR_configuration. */
int store_check_address(struct str address, struct error *error);

enum { STORE_HASH_SIZE = 32, STORE_BODY_MAX = 64 << 20 };

/* Do other processes, on other machines too, use a store of this address? */
bool store_is_shared(struct str address);

struct store *store_open(struct str address,
                         struct error *error); /* ERROR_configuration: not an address of a store; ERROR_store_unavailable */
struct store *store_open_existing(struct str address, struct error *error); /* the same, and makes none: ERROR_configuration */
void store_close(struct store *store);
void store_rest(struct store *store); /* it is not called for a while: a connection to a database ends, and the next call makes one */

/* --- sessions: one browser's relation to drawbridge --- */

struct store_session {
  unsigned char id[STORE_HASH_SIZE];
  int64_t created_ms;
  int64_t seen_ms;    /* last use; idle time counts from here */
  int64_t idle_ms;    /* longest pause */
  int64_t expires_ms; /* absolute end */
  struct str app;     /* origin it belongs to alone (made by hand-off); empty: to public_url's own */
  struct str mode;    /* "same-origin", … */
  struct str data;    /* JSON of the gateway's own; may be empty */
};

int store_session_put(struct store *store, const struct store_session *session, struct error *error); /* new or replaced */
int store_session_get(struct store *store, const unsigned char id[STORE_HASH_SIZE], struct arena *arena, struct store_session *ret,
                      struct error *error); /* also one that ended, until store_purge */
int store_session_list(struct store *store, int64_t now_ms, size_t limit, struct arena *arena, struct store_session **ret,
                       size_t *ret_count, struct error *error); /* those that have not ended; last used first */
int store_session_touch(struct store *store, const unsigned char id[STORE_HASH_SIZE], int64_t seen_ms,
                        struct error *error); /* never back */
int store_session_data(struct store *store, const unsigned char id[STORE_HASH_SIZE], struct str data,
                       struct error *error); /* not there is fine */
int store_session_delete(struct store *store, const unsigned char id[STORE_HASH_SIZE],
                         struct error *error); /* with its connections; not there is fine */

/* --- connections: a session's sign-in at one server --- */

struct store_connection {
  unsigned char session[STORE_HASH_SIZE];
  struct str server;  /* configured id */
  struct str kind;    /* "pat", "password", … */
  struct str state;   /* "ok", "reauth_required", … */
  struct str user;    /* JSON {id, username, name} */
  struct str sealed;  /* the credential */
  struct str data;    /* JSON of the gateway's own; may be empty */
  int64_t generation; /* counts what replaced the credential: a refresh that lost the race sees it */
  int64_t since_ms;
  int64_t expires_ms; /* 0: not known */
};

/* New or replaced; sets generation to 1, or to one more than what it replaces. ERROR_no_session: the session is gone. ERROR_too_many: above `most` connections of the session. */
int store_connection_put(struct store *store, const struct store_connection *connection, size_t most, struct error *error);
int store_connection_get(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct str server, struct arena *arena,
                         struct store_connection *ret, struct error *error);
int store_connection_list(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct arena *arena,
                          struct store_connection **ret, size_t *ret_count, struct error *error); /* by server */

/* Puts sealed, state, data and expires_ms in place where the row still has `connection->generation`, and raises it by one. ERROR_changed_meanwhile: it has not, or is gone. */
int store_connection_renew(struct store *store, const struct store_connection *connection, struct error *error);
int store_connection_state(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct str server, int64_t generation,
                           struct str state, struct error *error); /* no effect on another generation */
/* Deletes, of all sessions, the connections at `server` of the user whose id is `user_id`, or whose `data` is `data`; an empty one of the two is not looked for. */
int store_connection_end(struct store *store, struct str server, struct str user_id, struct str data, size_t *ret_count,
                         struct error *error);
int store_connection_delete(struct store *store, const unsigned char session[STORE_HASH_SIZE], struct str server,
                            struct error *error); /* not there is fine */

/* A new session id for the same browser: puts `session` with `connections` (sealed anew for it; their `session` is not looked at, generations stay), and of the old one either leaves the rows until old_until_ms or, with 0, deletes them. One transaction. ERROR_no_session: the old one is gone (signed out meanwhile). */
int store_session_rotate(struct store *store, const unsigned char old_id[STORE_HASH_SIZE], int64_t old_until_ms,
                         const struct store_session *session, const struct store_connection *connections, size_t count,
                         struct error *error);

/* --- tickets: what may be used once and soon: sign-ins under way (by state), hand-off codes --- */

struct store_ticket {
  unsigned char id[STORE_HASH_SIZE];
  struct str kind; /* "sign-in", "hand-off": taken only by the same kind */
  struct str server;
  struct str sealed; /* what belongs to it */
  int64_t expires_ms;
};

int store_ticket_put(struct store *store, const struct store_ticket *ticket, struct error *error); /* ERROR_conflict: that id is there */
int store_ticket_take(struct store *store, struct str kind, const unsigned char id[STORE_HASH_SIZE], int64_t now_ms, struct arena *arena,
                      struct store_ticket *ret, struct error *error); /* deletes it: of two at once one gets it; one that ended is 0 */

/* --- leases: one at a time across threads and replicas --- */

struct store_lease {
  int64_t deadline_ms;
  int64_t fence; /* larger with each new holder of the name: what an old one writes late can be refused */
};

/* 1: it is held now by `owner` (also when it was before: deadline moved, same fence); 0: somebody else holds it. */
int store_lease_take(struct store *store, struct str name, struct str owner, int64_t now_ms, int64_t deadline_ms, struct store_lease *ret,
                     struct error *error);
int store_lease_look(struct store *store, struct str name, int64_t now_ms, struct error *error); /* 1: somebody holds it now; 0: nobody */
int store_lease_release(struct store *store, struct str name, struct str owner, struct error *error); /* of another owner: no effect */

/* --- documents: alignments, runs, schedules, remembered sign-ins, and what processes tell each other --- */

struct store_document {
  struct str
      kind; /* whose they are: "alignment", "making", "run", "schedule", "vault", …; a name that one part of the program alone uses */
  struct str id;     /* 1 to 64 letters; unique in its kind */
  struct str owner;  /* who may see it, as the caller writes it */
  struct str key;    /* Idempotency-Key; unique within kind and owner; empty: none */
  struct str about;  /* JSON for lists: small */
  struct str body;   /* JSON or bytes, up to STORE_BODY_MAX */
  struct str sealed; /* what it holds of secrets */
  int64_t version;   /* 1 when made */
  int64_t created_ms, updated_ms;
  int64_t expires_ms; /* deleted by store_purge after that; 0: never */
};

/* Makes it with version 1. ERROR_conflict: the id, or owner's key, is there (store_document_by_key finds it). */
int store_document_create(struct store *store, const struct store_document *document, struct error *error);
int store_document_get(struct store *store, struct str kind, struct str id, struct arena *arena, struct store_document *ret,
                       struct error *error);
int store_document_by_key(struct store *store, struct str kind, struct str owner, struct str key, struct arena *arena,
                          struct store_document *ret, struct error *error);
int store_document_list(struct store *store, struct str kind, struct str owner, size_t limit, struct arena *arena,
                        struct store_document **ret, size_t *ret_count,
                        struct error *error); /* without body and sealed; last changed first */
int store_document_list_all(struct store *store, struct str kind, size_t limit, struct arena *arena, struct store_document **ret,
                            size_t *ret_count, struct error *error); /* the same, whoever owns them: for who looks after the store */

/* Puts about, body, sealed, updated_ms and expires_ms where the version is still document->version, raises it by one and tells it. ERROR_changed_meanwhile: it is another; ERROR_not_found. */
int store_document_update(struct store *store, const struct store_document *document, int64_t *ret_version, struct error *error);
int store_document_delete(struct store *store, struct str kind, struct str id,
                          struct error *error); /* with its history and journal; not there is fine */

struct store_event {
  int64_t number; /* rising */
  int64_t at_ms;
  struct str who, what; /* what: JSON */
};

/* ERROR_not_found: there is no such document. */
int store_history_add(struct store *store, struct str kind, struct str id, int64_t at_ms, struct str who, struct str what,
                      struct error *error);
int store_history_list(struct store *store, struct str kind, struct str id, int64_t after, size_t limit, struct arena *arena,
                       struct store_event **ret, size_t *ret_count, struct error *error);

/* --- journals: what belongs to a document and is only ever added to, by who holds a lease --- */

struct store_record {
  int64_t number; /* rising */
  struct str bytes;
};

struct store_fence {
  struct str lease; /* its name */
  int64_t fence;    /* as store_lease_take told it */
};

/* Under a name of the caller's, in order. ERROR_changed_meanwhile: the lease is another holder's by now, or nobody's: what comes late from a process that slept is not taken. ERROR_not_found: there is no such document. */
int store_journal_add(struct store *store, struct str kind, struct str id, const struct store_fence *fence, struct str name,
                      struct str bytes, struct error *error);
int store_journal_list(struct store *store, struct str kind, struct str id, struct str name, int64_t after, size_t limit,
                       struct arena *arena, struct store_record **ret, size_t *ret_count, struct error *error);

/* Deletes what ended: sessions a day after (so that they can still be told "it has ended"; their connections at once), tickets, leases and documents at once. */
int store_purge(struct store *store, int64_t now_ms, struct error *error);
int store_purge_tickets(struct store *store, int64_t now_ms, struct error *error); /* these alone: cheap, for where there are many */

#endif
