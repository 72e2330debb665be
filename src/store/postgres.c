#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/postgres_internal.h"
#include "store/trouble.h"
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AGAIN_MS = 500, VERSION_LEAST = 130000, WHY_MAX = 4096 };

/* --- failures --- */

/* By SQLSTATE: disk_full, read_only_sql_transaction, insufficient_privilege. */
static enum store_trouble trouble_of(const char *state) {
  if (strcmp(state, "53100") == 0) return STORE_DISK_FULL;
  if (strcmp(state, "25006") == 0) return STORE_READ_ONLY;
  return strcmp(state, "42501") == 0 ? STORE_NOT_ALLOWED : STORE_NO_TROUBLE;
}

static int fail_by_state(struct postgres *postgres, const char *state, const char *message, struct error *error) {
  const char *place = postgres->place;
  enum store_trouble trouble = trouble_of(state);
  if (trouble) {
    (void)store_trouble_set(error, trouble);
    return error_context(error, "PostgreSQL at %s: %s", place, message);
  }
  if (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0 || strcmp(state, "57014") == 0)
    return error_set(error, ERROR_store_unavailable,
                     "something in PostgreSQL at %s has been locked by others for too long: look into pg_stat_activity", place);
  return error_set(error, ERROR_store_unavailable, "PostgreSQL at %s: %s", place, message);
}

static struct str first_line(const char *message) {
  struct str text = str_of(message ? message : "");
  return str_trim(str_take(&text, '\n'));
}

/* The server goes, is a standby by now, or starts: the next call looks for one that takes writing. */
static bool is_over(const char *state) {
  return strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0 || strcmp(state, "25006") == 0;
}

int postgres_fail(struct postgres *postgres, const PGresult *result, struct error *error) {
  const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  if (state && message) {
    (void)fail_by_state(postgres, state, message, error);
    if (is_over(state)) postgres_disconnect(postgres);
    return -1;
  }
  struct str why = first_line(postgres->connection ? PQerrorMessage(postgres->connection) : "");
  if (error->code == ERROR_NONE)
    (void)error_set(error, ERROR_store_unavailable, "the connection to PostgreSQL at %s was lost%s%.*s", postgres->place, why.n ? ": " : "",
                    STR_ARG(why));
  postgres_disconnect(postgres);
  return -1;
}

/* --- the connection --- */

void postgres_disconnect(struct postgres *postgres) {
  PQfinish(postgres->connection);
  postgres->connection = NULL;
  memset(postgres->prepared, 0, sizeof postgres->prepared);
}

static void no_notice(void *payload, const PGresult *result) {
  (void)payload;
  (void)result;
}

int postgres_execute(struct postgres *postgres, const char *sql, struct error *error) {
  PGresult *result = PQexec(postgres->connection, sql);
  ExecStatusType status = PQresultStatus(result);
  int failed = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : postgres_fail(postgres, result, error);
  PQclear(result);
  return failed;
}

/* What is acknowledged is on its disk, whatever others set there as the default. Nothing waits for ever, and nothing that was given up goes on for ever. */
static const char settings[] = "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
                               "ELSE current_setting('synchronous_commit') END, false),"
                               " set_config('lock_timeout', '4s', false), set_config('statement_timeout', '60s', false),"
                               " set_config('idle_in_transaction_session_timeout', '10s', false),"
                               " set_config('default_transaction_isolation', 'read committed', false), set_config('jit', 'off', false)";

static int check_server(struct postgres *postgres, struct error *error) {
  PGconn *connection = postgres->connection;
  const char *encoding = PQparameterStatus(connection, "server_encoding");
  if (PQserverVersion(connection) < VERSION_LEAST)
    return error_set(error, ERROR_store_unavailable, "PostgreSQL at %s is older than 13: upgrade it", postgres->place);
  if (!encoding || strcmp(encoding, "UTF8") != 0)
    return error_set(error, ERROR_store_unavailable,
                     "the database at %s has the encoding %s: make one with UTF8 (createdb --encoding=UTF8 --template=template0)",
                     postgres->place, encoding ? encoding : "?");
  return 0;
}

/* What stands before `dbname` is what holds where the address does not say otherwise. */
static PGconn *dial(const struct postgres *postgres) {
  static const char *const keys[] = {"connect_timeout",
                                     "target_session_attrs",
                                     "application_name",
                                     "keepalives_idle",
                                     "keepalives_interval",
                                     "keepalives_count",
                                     "tcp_user_timeout",
                                     "gssencmode",
                                     "dbname",
                                     "client_encoding",
                                     NULL};
  const char *const values[] = {"3", "read-write", "drawbridge", "30", "5", "3", "20000", "disable", postgres->address, "UTF8", NULL};
  return PQconnectdbParams(keys, values, 1);
}

int postgres_leave_pipeline(struct postgres *postgres, struct error *error) {
  if (PQexitPipelineMode(postgres->connection) && PQsetnonblocking(postgres->connection, 0) == 0) return 0;
  return postgres_fail(postgres, NULL, error);
}

int postgres_enter_pipeline(struct postgres *postgres, struct error *error) {
  if (PQsetnonblocking(postgres->connection, 1) == 0 && PQenterPipelineMode(postgres->connection)) return 0;
  return postgres_fail(postgres, NULL, error);
}

/* What libpq says of each host, and what to do where its words do not tell that. */
static int fail_to_connect(const struct postgres *postgres, struct error *error) {
  static const struct {
    const char *words, *remedy;
  } known[] = {
      {"no password supplied", "name a passfile that has a line host:port:database:user:password for it"},
      {"session is read-only", "it is a standby, or set to read only: name the one that takes writing, too"},
  };
  struct str text = str_of(PQerrorMessage(postgres->connection));
  struct buf why = BUF_INIT(WHY_MAX);
  const char *remedy = NULL;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (str_find(text, str_of(known[i].words)) != SIZE_MAX) remedy = known[i].remedy;
  while (text.n) {
    struct str line = str_take(&text, '\n');
    bool asks_back = line.n && line.p[0] == '\t'; /* "Is the server running on that host?" */
    if (line.n && !asks_back) (void)buf_printf(&why, "%s%.*s", why.n ? "; " : "", STR_ARG(str_trim(line)));
  }
  (void)error_set(error, ERROR_store_unavailable, "PostgreSQL at %s takes no connection%s%s%s: %.*s", postgres->place, remedy ? " (" : "",
                  remedy ? remedy : "", remedy ? ")" : "", STR_ARG(buf_str(&why)));
  buf_free(&why);
  return -1;
}

static int connect_anew(struct postgres *postgres, struct error *error) {
  postgres_disconnect(postgres);
  postgres->connection = dial(postgres);
  if (PQstatus(postgres->connection) != CONNECTION_OK) return fail_to_connect(postgres, error);
  (void)PQsetNoticeReceiver(postgres->connection, no_notice, NULL);
  if (check_server(postgres, error) < 0 || postgres_execute(postgres, settings, error) < 0) return -1;
  return postgres_enter_pipeline(postgres, error);
}

/* Has the server said farewell while nobody asked it anything? */
static bool is_alive(struct postgres *postgres) {
  if (!postgres->connection || PQstatus(postgres->connection) != CONNECTION_OK) return false;
  for (;;) {
    struct pollfd fd = {.fd = PQsocket(postgres->connection), .events = POLLIN};
    if (poll(&fd, 1, 0) <= 0) return true;
    if (!PQconsumeInput(postgres->connection) || PQstatus(postgres->connection) != CONNECTION_OK) return false;
  }
}

/* While it is away every call fails at once but one in AGAIN_MS: what waits in a queue would wait for nothing. */
int postgres_connect(struct postgres *postgres, struct error *error) {
  if (is_alive(postgres)) return 0;
  if (clock_monotonic_ms() < postgres->again_ms) {
    *error = postgres->why;
    return -1;
  }
  if (connect_anew(postgres, error) == 0) return 0;
  postgres_disconnect(postgres);
  postgres->again_ms = clock_monotonic_ms() + AGAIN_MS;
  postgres->why = *error;
  return -1;
}

/* --- purge --- */

#define ENDED "(expires_ms > 0 AND expires_ms + $1 <= $2 OR idle_ms > 0 AND seen_ms + idle_ms + $1 <= $2)"
#define FREE " FOR UPDATE SKIP LOCKED"

static void ask_by(struct batch *batch, const char *literal, int64_t kept_ms, int64_t now_ms) {
  struct question q = question_of(batch, literal);
  if (kept_ms >= 0) question_int(&q, kept_ms);
  question_int(&q, now_ms);
  question_ask(&q);
}

static void ask_tickets(struct batch *batch, int64_t now_ms) {
  ask_by(batch,
         "DELETE FROM drawbridge.tickets WHERE id IN (SELECT id FROM drawbridge.tickets WHERE expires_ms > 0 AND expires_ms <= $1" FREE ")",
         -1, now_ms);
}

static int postgres_purge_tickets(struct store *store, int64_t now_ms, struct error *error) {
  struct batch b = batch_begin(store, error);
  ask_tickets(&b, now_ms);
  int result = batch_end(&b);
  batch_free(&b);
  return result;
}

/* Several do it at once: what one of them has in hand another passes over. */
static int postgres_purge(struct store *store, int64_t now_ms, struct error *error) {
  struct batch b = batch_begin(store, error);
  ask_by(&b, "DELETE FROM drawbridge.sessions WHERE id IN (SELECT id FROM drawbridge.sessions WHERE " ENDED FREE ")", STORE_SESSION_KEPT_MS,
         now_ms);
  /* What an ended session could open nobody can any more. */
  ask_by(&b,
         "DELETE FROM drawbridge.connections WHERE (session, server) IN (SELECT session, server FROM drawbridge.connections"
         " WHERE session IN (SELECT id FROM drawbridge.sessions WHERE " ENDED ")" FREE ")",
         0, now_ms);
  ask_tickets(&b, now_ms);
  ask_by(&b, "DELETE FROM drawbridge.leases WHERE name IN (SELECT name FROM drawbridge.leases WHERE deadline_ms <= $1" FREE ")", -1,
         now_ms);
  ask_by(&b,
         "DELETE FROM drawbridge.documents WHERE (kind, id) IN (SELECT kind, id FROM drawbridge.documents"
         " WHERE expires_ms > 0 AND expires_ms <= $1" FREE ")",
         -1, now_ms);
  int result = batch_end(&b);
  batch_free(&b);
  return result;
}

/* --- life --- */

static void postgres_rest(struct store *store) {
  postgres_disconnect((struct postgres *)store);
}

static void postgres_close(struct store *store) {
  struct postgres *postgres = (struct postgres *)store;
  postgres_disconnect(postgres);
  free(postgres->address);
  free(postgres->place);
  free(postgres);
}

static const char *option_of(const PQconninfoOption *options, const char *name) {
  for (const PQconninfoOption *o = options; o && o->keyword; o++)
    if (o->val && strcmp(o->keyword, name) == 0) return o->val;
  return "";
}

/* Host and database, without what opens them. */
static char *place_of(const char *address) {
  PQconninfoOption *options = PQconninfoParse(address, NULL);
  char *place = mem_printf("%s/%s", option_of(options, "host"), option_of(options, "dbname"));
  PQconninfoFree(options);
  return place;
}

/* libpq passes over one that it cannot use, and then says that there is no password. */
static int check_passfile(const char *path, struct error *error) {
  struct stat info;
  if (path[0] != '/') return error_set(error, ERROR_configuration, "the path of the passfile '%s' begins with '/'", path);
  if (access(path, R_OK) < 0 || stat(path, &info) < 0)
    return error_set(error, ERROR_configuration, "the passfile %s cannot be read: %s", path, strerror(errno));
  if (!S_ISREG(info.st_mode)) return error_set(error, ERROR_configuration, "the passfile %s is no file", path);
  if (info.st_mode & (S_IRWXG | S_IRWXO))
    return error_set(error, ERROR_configuration, "the passfile %s is open to others (mode %04o): chmod 600 it", path, info.st_mode & 07777);
  return 0;
}

/* Of what libpq says about an address only this holds none of its secrets. */
static int fail_to_read(const char *why, struct error *error) {
  const struct str unknown = STR("invalid URI query parameter: ");
  struct str line = first_line(why);
  struct str name = str_starts(line, unknown) ? str_from(line, unknown.n) : STR_NONE;
  return error_set(error, ERROR_configuration,
                   "the store is written like postgresql://user@host:5432/database?passfile=/etc/drawbridge/pgpass%s%.*s",
                   name.n ? "; there is no parameter " : "", STR_ARG(name));
}

/* One, or as many as there are hosts; libpq looks at them when it connects, and it would look like a PostgreSQL that is away. */
static int check_ports(const char *ports, struct error *error) {
  struct str rest = str_of(ports);
  while (rest.n) {
    uint64_t port;
    struct str text = str_take(&rest, ',');
    if (text.n && (!str_to_u64(text, &port) || port < 1 || port > 65535))
      return error_set(error, ERROR_configuration, "the port of PostgreSQL is a number from 1 to 65535, not '%.*s'", STR_ARG(text));
  }
  return 0;
}

static int check_options(const PQconninfoOption *options, struct error *error) {
  const char *passfile = option_of(options, "passfile");
  return *passfile && check_passfile(passfile, error) < 0 ? -1 : check_ports(option_of(options, "port"), error);
}

static int postgres_check(struct str place, struct error *error) {
  char *why = NULL;
  _cleanup_free_
  char *address = mem_printf("postgresql:%.*s", STR_ARG(place));
  PQconninfoOption *options = memchr(place.p, '\0', place.n) ? NULL : PQconninfoParse(address, &why);
  int result = options ? check_options(options, error) : fail_to_read(why, error);
  PQconninfoFree(options);
  PQfreemem(why);
  return result;
}

static struct store *postgres_open(struct str place, bool may_make, struct error *error) {
  struct postgres *postgres = mem_alloc(sizeof *postgres);
  postgres->store.engine = &store_postgres;
  postgres->address = mem_printf("postgresql:%.*s", STR_ARG(place));
  postgres->place = place_of(postgres->address);
  int result = connect_anew(postgres, error) < 0 ? -1 : postgres_migrate(postgres, may_make, error);
  if (result == 0) return &postgres->store;
  postgres_close(&postgres->store);
  return NULL;
}

const struct store_engine store_postgres = {
    .scheme = "postgresql:",
    .check = postgres_check,
    .open = postgres_open,
    .close = postgres_close,
    .rest = postgres_rest,
    .session_put = postgres_session_put,
    .session_get = postgres_session_get,
    .session_list = postgres_session_list,
    .session_touch = postgres_session_touch,
    .session_data = postgres_session_data,
    .session_delete = postgres_session_delete,
    .session_rotate = postgres_session_rotate,
    .connection_put = postgres_connection_put,
    .connection_get = postgres_connection_get,
    .connection_list = postgres_connection_list,
    .connection_renew = postgres_connection_renew,
    .connection_state = postgres_connection_state,
    .connection_end = postgres_connection_end,
    .connection_delete = postgres_connection_delete,
    .ticket_put = postgres_ticket_put,
    .ticket_take = postgres_ticket_take,
    .lease_take = postgres_lease_take,
    .lease_look = postgres_lease_look,
    .lease_release = postgres_lease_release,
    .document_create = postgres_document_create,
    .document_get = postgres_document_get,
    .document_by_key = postgres_document_by_key,
    .document_list = postgres_document_list,
    .document_update = postgres_document_update,
    .document_delete = postgres_document_delete,
    .history_add = postgres_history_add,
    .history_list = postgres_history_list,
    .journal_add = postgres_journal_add,
    .journal_list = postgres_journal_list,
    .purge = postgres_purge,
    .purge_tickets = postgres_purge_tickets,
    .copy_begin = postgres_copy_begin,
    .copy_end = postgres_copy_end,
    .copy_read = postgres_copy_read,
    .copy_write = postgres_copy_write,
    .copy_counter = postgres_copy_counter,
};
