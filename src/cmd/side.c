#include "cmd/side.h"

#include "cmd/commands.h"
#include "cmd/shown.h"
#include "dhis2/metadata_live.h"
#include "gateway/config.h"
#include "http/base64.h"
#include <termios.h>
#include <unistd.h>

enum { TOKEN_MAX = 4096, SIDE_BODY_LIMIT = 512 << 20, SIDE_TIMEOUT_MS = 300000 };

const char *side_take_data_set(void *payload, const char *id) {
  struct side_data_sets *sets = payload;
  if (sets->n == SIDE_DATA_SETS_MAX) return "there are more data sets than can be named: no room for";
  sets->ids[sets->n++] = str_of(id);
  return NULL;
}

bool side_is_server(const char *side, struct str *ret_id) {
  struct str text = str_of(side);
  if (!str_starts(text, STR("server:"))) return false;
  *ret_id = str_from(text, STR("server:").n);
  return true;
}

/* DRAWBRIDGE_<ID>_TOKEN, _USER, _PASSWORD */
static const char *variable_of(struct arena *arena, struct str id, const char *what) {
  char *name = (char *)(uintptr_t)arena_printf(arena, "DRAWBRIDGE_%.*s_%s", STR_ARG(id), what).p;
  for (char *c = name; *c; c++) *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c == '-' ? '_' : *c;
  return name;
}

/* Typed on the terminal, not shown. NULL: no terminal, or nothing typed. */
static struct secret *ask(struct str id) {
  FILE *terminal = fopen("/dev/tty", "r+");
  if (!terminal) return NULL;
  struct termios shown, hidden;
  char line[TOKEN_MAX];
  bool quiet = tcgetattr(fileno(terminal), &shown) == 0;
  if (quiet) {
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
  }
  (void)fprintf(terminal, "Personal access token for %.*s: ", STR_ARG(id));
  (void)fflush(terminal);
  bool got = fgets(line, sizeof line, terminal) != NULL;
  if (quiet) (void)tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
  (void)fputc('\n', terminal);
  (void)fclose(terminal);
  struct str token = got ? str_trim(str_of(line)) : STR("");
  struct secret *secret = token.n ? secret_new(token) : NULL;
  secret_wipe(line, sizeof line);
  return secret;
}

struct secret *side_token(struct arena *arena, struct str id) {
  struct str value = str_trim(str_of(getenv(variable_of(arena, id, "TOKEN"))));
  return value.n ? secret_new(value) : NULL;
}

/* A user with a password, for servers that give no tokens (2.37 as it is delivered). value NULL: none is named, or *error says what is wrong with it. */
static struct source_credential password_of(struct arena *arena, struct str id, struct error *error) {
  struct source_credential credential = {.kind = CREDENTIAL_BASIC};
  struct str user = str_of(getenv(variable_of(arena, id, "USER"))), word = str_of(getenv(variable_of(arena, id, "PASSWORD")));
  if (!user.n) return credential;
  if (!word.n || str_find_char(user, ':') != SIZE_MAX) {
    (void)error_set(error, ERROR_usage, "%s is a name without a colon, and comes with %s", variable_of(arena, id, "USER"),
                    variable_of(arena, id, "PASSWORD"));
    return credential;
  }
  struct secret *password = secret_new(word);
  credential.value = base64_basic(user, password);
  secret_free(password);
  return credential;
}

/* value NULL: *error says so. */
static struct source_credential credential_for(struct arena *arena, struct str id, struct error *error) {
  struct source_credential token = {CREDENTIAL_PAT, side_token(arena, id)};
  if (token.value) return token;
  struct source_credential password = password_of(arena, id, error);
  if (password.value || error->code) return password;
  token.value = ask(id);
  if (!token.value)
    (void)error_set(error, ERROR_usage, "no sign-in for server '%.*s': put a personal access token into %s", STR_ARG(id),
                    variable_of(arena, id, "TOKEN"));
  return token;
}

struct dhis2_server *side_server(struct arena *arena, const char *config_path, struct str id, struct error *error) {
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  if (config_load(config_path ? config_path : COMMAND_CONFIG_DEFAULT, &config, &problems, error) < 0) return NULL;
  const struct config_server *server = config_server(config, id);
  struct dhis2_server *result = NULL;
  if (!server)
    (void)error_set(error, ERROR_unknown_server, "the configuration has no server '%.*s'", STR_ARG(id));
  else {
    struct source_credential credential = credential_for(arena, id, error);
    if (credential.value) {
      struct str *addresses = ARENA_ARRAY(arena, server->addresses.n, struct str);
      for (size_t i = 0; i < server->addresses.n; i++) addresses[i] = arena_str(arena, server->addresses.p[i]);
      struct http_client_options options = {.ca_file = server->ca.n ? arena_cstr(arena, server->ca) : NULL,
                                            .addresses = addresses,
                                            .address_count = server->addresses.n,
                                            .timeout_ms = SIDE_TIMEOUT_MS,
                                            .body_limit = SIDE_BODY_LIMIT};
      result = dhis2_server_new(arena_str(arena, server->id), arena_str(arena, server->url), options, credential);
      secret_free(credential.value);
    }
  }
  config_unref(config);
  return result;
}

int side_store(struct arena *arena, const char *config_path, struct str *ret, struct error *error) {
  struct config_problems problems = {.arena = arena};
  struct config *config = NULL;
  if (config_load(config_path ? config_path : COMMAND_CONFIG_DEFAULT, &config, &problems, error) < 0) return -1;
  *ret = arena_str(arena, config->store);
  config_unref(config);
  return 0;
}

static int show(void *payload, struct dhis2_read_so_far so_far, struct error *error) {
  const struct str *id = payload;
  (void)error;
  shown("reading %.*s: %llu data elements, %llu org units", STR_ARG(*id), (unsigned long long)so_far.data_elements,
        (unsigned long long)so_far.org_units);
  return 0;
}

/* Those that are named for this side, and those for both. */
static struct str *named(struct arena *arena, const struct side_data_sets *sets, size_t *ret_n) {
  size_t shared = sets->shared ? sets->shared->n : 0, n = 0;
  struct str *ids = ARENA_ARRAY(arena, sets->n + shared, struct str);
  for (size_t i = 0; i < sets->n; i++) ids[n++] = sets->ids[i];
  for (size_t i = 0; i < shared; i++) ids[n++] = sets->shared->ids[i];
  *ret_n = n;
  return ids;
}

/* Of a server that shows some of them: is what is named for it alone among those, and is there any? */
static int check_shown(const struct dhis2_metadata *metadata, const struct side_data_sets *sets, struct error *error) {
  for (size_t i = 0; i < sets->n; i++)
    if (!dhis2_metadata_data_set(metadata, sets->ids[i]))
      return error_set(error, ERROR_not_found, "it shows no data set %.*s to this user", STR_ARG(sets->ids[i]));
  return metadata->data_set_count ? 0
                                  : error_set(error, ERROR_not_found, "it shows no data set %.*s to this user: name one of this server",
                                              STR_ARG(sets->shared->ids[0]));
}

static const struct dhis2_metadata *of_server(struct arena *arena, struct str id, const struct side_data_sets *data_sets,
                                              const char *config_path, enum dhis2_extent extent, const struct dhis2_metadata *from,
                                              struct error *error) {
  size_t count;
  struct str *ids = named(arena, data_sets, &count);
  bool some = data_sets->shared && data_sets->shared->n;
  if (!count) return error_set(error, ERROR_usage, "say which data sets of server '%.*s' take part: --data-set UID", STR_ARG(id)), NULL;
  struct dhis2_server *server = side_server(arena, config_path, id, error);
  if (!server) return NULL;
  struct dhis2_reading reading = {arena, server, ids, count, some ? DHIS2_EXTENT_SHOWN : extent, {show, &id}};
  (void)show(&id, (struct dhis2_read_so_far){0}, error);
  const struct dhis2_metadata *metadata = dhis2_metadata_read(&reading, error);
  if (metadata && some && check_shown(metadata, data_sets, error) < 0) metadata = NULL;
  if (metadata && from) metadata = dhis2_metadata_with_units_of(&reading, metadata, from, error);
  shown_no_more();
  if (!metadata) (void)error_context(error, "server '%.*s'", STR_ARG(id));
  dhis2_server_free(server);
  return metadata;
}

const struct dhis2_metadata *side_metadata(struct arena *arena, const char *side, const struct side_data_sets *data_sets,
                                           const char *config_path, const struct dhis2_metadata *from, struct error *error) {
  struct str id;
  if (side_is_server(side, &id)) return of_server(arena, id, data_sets, config_path, DHIS2_EXTENT_PLACES, from, error);
  const struct dhis2_metadata *metadata = dhis2_metadata_of_file(arena, side, error);
  if (!metadata) return NULL;
  size_t count, n = 0;
  struct str *ids = named(arena, data_sets, &count);
  for (size_t i = 0; i < count; i++)
    if (i < data_sets->n || dhis2_metadata_data_set(metadata, ids[i])) ids[n++] = ids[i];
  return n ? dhis2_metadata_only(arena, metadata, ids, n, error) : metadata;
}

int side_shared_found(const struct side_data_sets *shared, const struct dhis2_metadata *source, const struct dhis2_metadata *target,
                      struct error *error) {
  for (size_t i = 0; i < shared->n; i++)
    if (!dhis2_metadata_data_set(source, shared->ids[i]) && !dhis2_metadata_data_set(target, shared->ids[i]))
      return error_set(error, ERROR_input, "there is no data set %.*s on either side", STR_ARG(shared->ids[i]));
  return 0;
}

const struct dhis2_metadata *side_shown(struct arena *arena, const char *side, const struct side_data_sets *data_sets,
                                        const char *config_path, struct error *error) {
  struct str id;
  if (side_is_server(side, &id)) return of_server(arena, id, data_sets, config_path, DHIS2_EXTENT_SHOWN, NULL, error);
  return dhis2_metadata_of_file(arena, side, error);
}
