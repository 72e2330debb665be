#include "gateway/config.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/vec.h"
#include "gateway/config_check.h"
#include "gateway/config_hosted.h"
#include "gateway/config_tls.h"
#include "gateway/config_yaml.h"
#include "gateway/proxy_request.h"
#include "http/url.h"
#include "net/tls.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_BYTES_MAX = 65536, LIST_MAX = 1000, PROBLEMS_MAX = 100 };

/* What is handed out, with what keeps it alive. */
struct holder {
  struct config config; /* first: a struct config * is the holder */
  atomic_uint references;
  struct arena *arena;
  struct {
    struct secret **p;
    size_t n, capacity;
  } secrets;
  struct {
    struct str *p;
    size_t n, capacity;
  } files;
};

struct reader {
  struct arena *arena; /* of the config */
  struct holder *holder;
  const char *file;
  struct config_problems *problems;
  const struct yaml *root;
};

static void add_line(struct reader *r, struct str **lines, size_t *n, unsigned line, unsigned column, const char *what) {
  struct arena *arena = r->problems->arena;
  if (*n >= PROBLEMS_MAX) return;
  if (*n == 0) *lines = ARENA_ARRAY(arena, PROBLEMS_MAX, struct str);
  (*lines)[(*n)++] = arena_printf(arena, "%s:%u:%u: %s", r->file, line ? line : 1, column ? column : 1, what);
}

static void problem_at(struct reader *r, unsigned line, unsigned column, const char *what) {
  add_line(r, &r->problems->lines, &r->problems->n, line, column, what);
}

static void problem(struct reader *r, const struct yaml *node, const char *what) {
  problem_at(r, node->line, node->column, what);
}

static unsigned distance(struct str a, struct str b) {
  unsigned row[65];
  if (a.n > 64 || b.n > 64) return 99;
  for (size_t k = 0; k <= b.n; k++) row[k] = (unsigned)k;
  for (size_t i = 1; i <= a.n; i++) {
    unsigned corner = row[0];
    row[0] = (unsigned)i;
    for (size_t k = 1; k <= b.n; k++) {
      unsigned up = row[k], best = corner + (a.p[i - 1] != b.p[k - 1]);
      if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
      if (up + 1 < best) best = up + 1;
      row[k] = best;
      corner = up;
    }
  }
  return row[b.n];
}

static void unknown_key(struct reader *r, const struct section *section, const struct yaml *key) {
  const char *nearest = section->directives[0].name;
  unsigned least = 99;
  for (size_t i = 0; i < section->count; i++) {
    unsigned d = distance(key->text, str_of(section->directives[i].name));
    if (d < least) least = d, nearest = section->directives[i].name;
  }
  problem(r, key,
          arena_printf(r->arena, "there is no key '%.*s' here; the nearest is '%s'", STR_ARG(str_slice(key->text, 0, 64)), nearest).p);
}

/* A number may have a unit behind it. */
struct unit {
  struct str name;
  int64_t factor;
};

static bool read_units(struct str text, const struct unit *units, size_t count, int64_t *ret) {
  uint64_t number;
  int64_t value;
  for (size_t i = 0; i < count; i++) {
    if (!str_ends(text, units[i].name) || !str_to_u64(str_slice(text, 0, text.n - units[i].name.n), &number)) continue;
    if (number > INT64_MAX || __builtin_mul_overflow((int64_t)number, units[i].factor, &value)) return false;
    *ret = value;
    return true;
  }
  return false;
}

static bool read_number(const struct directive *d, struct str text, int64_t *ret) {
  static const struct unit plain[] = {{{"", 0}, 1}};
  static const struct unit sizes[] = {{{"K", 1}, 1 << 10}, {{"M", 1}, 1 << 20}, {{"G", 1}, 1 << 30}, {{"", 0}, 1}};
  static const struct unit times[] = {{{"s", 1}, 1000}, {{"m", 1}, 60000}, {{"h", 1}, 3600000}};
  if (d->kind == DIRECTIVE_SIZE) return read_units(text, sizes, 4, ret);
  if (d->kind == DIRECTIVE_DURATION) return read_units(text, times, 3, ret);
  return read_units(text, plain, 1, ret);
}

static const char *form_of(const struct directive *d) {
  return d->kind == DIRECTIVE_SIZE       ? "a size like 64K, 256M or 1G"
         : d->kind == DIRECTIVE_DURATION ? "a duration like 90s, 10m or 2h"
                                         : "a whole number";
}

static void fill_number(struct reader *r, const struct directive *d, const struct yaml *node, int64_t *field) {
  int64_t value;
  if (!read_number(d, node->text, &value))
    problem(r, node, arena_printf(r->arena, "'%s' is %s", d->name, form_of(d)).p);
  else if (value < d->min || value > d->max)
    problem(
        r, node,
        arena_printf(r->arena, "'%s' is from %s to %s", d->name, directive_bound(r->arena, d, d->min), directive_bound(r->arena, d, d->max))
            .p);
  else
    *field = value;
}

static bool choose(const struct directive *d, struct str text, int64_t *field) {
  for (int64_t i = 0; d->choices[i]; i++)
    if (str_eq(text, str_of(d->choices[i]))) {
      *field = i;
      return true;
    }
  return false;
}

static void fill_choice(struct reader *r, const struct directive *d, const struct yaml *node, int64_t *field) {
  if (choose(d, node->text, field)) return;
  struct buf list = BUF_INIT(512);
  for (size_t i = 0; d->choices[i]; i++) (void)buf_printf(&list, "%s%s", i ? ", " : "", d->choices[i]);
  problem(r, node, arena_printf(r->arena, "'%s' is one of: %.*s", d->name, STR_ARG(buf_str(&list))).p);
  buf_free(&list);
}

static void fill_bool(struct reader *r, const struct directive *d, const struct yaml *node, bool *field) {
  if (!node->quoted && str_eq(node->text, STR("true")))
    *field = true;
  else if (!node->quoted && str_eq(node->text, STR("false")))
    *field = false;
  else
    problem(r, node, arena_printf(r->arena, "'%s' is true or false", d->name).p);
}

static void fill_text(struct reader *r, const struct directive *d, const struct yaml *node, struct str *field) {
  const char *wrong = config_check_text(r->arena, d, d->item, node->text, field);
  if (d->kind == DIRECTIVE_FILE && !wrong) VEC_PUSH(&r->holder->files, *field);
  if (wrong) problem(r, node, arena_printf(r->arena, "'%s': %s", d->name, wrong).p);
}

static void fill_texts(struct reader *r, const struct directive *d, const struct yaml *node, struct config_texts *field) {
  size_t count = 0;
  for (const struct yaml *item = node->first; item; item = item->next) count++;
  if (count > LIST_MAX) {
    problem(r, node, arena_printf(r->arena, "'%s' has more than %d entries", d->name, LIST_MAX).p);
    return;
  }
  field->p = ARENA_ARRAY(r->arena, count, struct str);
  for (const struct yaml *item = node->first; item; item = item->next) {
    struct str text;
    const char *wrong = item->kind != YAML_SCALAR ? "a text is wanted here" : config_check_text(r->arena, d, d->item, item->text, &text);
    if (wrong)
      problem(r, item, arena_printf(r->arena, "'%s': %s", d->name, wrong).p);
    else
      field->p[field->n++] = text;
  }
}

static void fill_kinds(struct reader *r, const struct directive *d, const struct yaml *node, int64_t *field) {
  enum config_kind kind;
  *field = 0;
  for (const struct yaml *item = node->first; item; item = item->next)
    if (item->kind == YAML_SCALAR && config_kind_of(item->text, &kind))
      *field |= kind;
    else
      problem(r, item, arena_printf(r->arena, "'%s' lists of: oauth, legacy-oauth, pat, password, basic, bearer, api-key", d->name).p);
  if (!*field && !node->first) problem(r, node, "'sign_in' is empty: nobody could sign in");
}

/* The file's bytes without a final line end; the file may not be open to everybody. */
static struct secret *secret_of_file(struct reader *r, const struct yaml *node, const char *path) {
  struct stat info;
  char bytes[SECRET_BYTES_MAX + 1];
  FILE *file = fopen(path, "re");
  VEC_PUSH(&r->holder->files, arena_str(r->arena, str_of(path)));
  if (!file || fstat(fileno(file), &info)) {
    problem(r, node, arena_printf(r->arena, "the file %s cannot be read: %s", path, strerror(errno)).p);
    if (file) (void)fclose(file);
    return NULL;
  }
  size_t n = fread(bytes, 1, sizeof bytes, file);
  (void)fclose(file);
  struct secret *secret = NULL;
  if (info.st_mode & (S_IROTH | S_IWOTH))
    problem(r, node, arena_printf(r->arena, "the file %s can be read by everybody: chmod 600 it", path).p);
  else if (n > SECRET_BYTES_MAX)
    problem(r, node, arena_printf(r->arena, "the file %s is larger than 64 KiB", path).p);
  else
    secret = secret_new(str_trim((struct str){bytes, n}));
  secret_wipe(bytes, sizeof bytes);
  return secret;
}

static struct secret *secret_from(struct reader *r, const struct yaml *source) {
  const char *name = arena_cstr(r->arena, source->text);
  if (str_eq(source->key->text, STR("file"))) return secret_of_file(r, source, name);
  if (str_eq(source->key->text, STR("credential"))) {
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (!directory)
      problem(r, source, "there is no $CREDENTIALS_DIRECTORY: a credential needs LoadCredential= in the unit");
    else if (str_find_char(source->text, '/') != SIZE_MAX)
      problem(r, source, "a credential is a name, not a path");
    else
      return secret_of_file(r, source, arena_printf(r->arena, "%s/%s", directory, name).p);
    return NULL;
  }
  if (str_eq(source->key->text, STR("env"))) {
    const char *value = getenv(name);
    if (value) return secret_new(str_of(value));
    problem(r, source, arena_printf(r->arena, "the environment has no %s", name).p);
    return NULL;
  }
  problem(r, source->key, "a secret comes from one of: file, credential, env");
  return NULL;
}

static void fill_secret(struct reader *r, const struct directive *d, const struct yaml *node, struct secret **field) {
  if (node->kind != YAML_MAPPING || !node->first || node->first->next || node->first->kind != YAML_SCALAR) {
    problem(r, node, arena_printf(r->arena, "'%s' is never written here: {file: …}, {credential: …} or {env: …}", d->name).p);
    return;
  }
  *field = secret_from(r, node->first);
  if (!*field) return;
  VEC_PUSH(&r->holder->secrets, *field);
  const char *wrong = config_check_secret(secret_reveal(*field));
  if (wrong) problem(r, node, arena_printf(r->arena, "'%s': %s", d->name, wrong).p);
}

static void fill_section(struct reader *r, const struct section *section, const struct yaml *node, char *into);

static void fill_sections(struct reader *r, const struct directive *d, const struct yaml *node, char *into) {
  size_t count = 0;
  for (const struct yaml *item = node->first; item; item = item->next) count++;
  if (count > (size_t)d->max) {
    problem(r, node, arena_printf(r->arena, "'%s' has more than %lld entries", d->name, (long long)d->max).p);
    return;
  }
  char *items = arena_alloc_array(r->arena, count, d->section->size), *at = items;
  for (const struct yaml *item = node->first; item; item = item->next, at += d->section->size) fill_section(r, d->section, item, at);
  memcpy(into + d->offset, &items, sizeof items);
  memcpy(into + d->count_offset, &count, sizeof count);
}

static bool kind_fits(const struct directive *d, const struct yaml *node) {
  switch (d->kind) {
  case DIRECTIVE_SECTION: return node->kind == YAML_MAPPING;
  case DIRECTIVE_SECTIONS:
  case DIRECTIVE_TEXTS:
  case DIRECTIVE_KINDS: return node->kind == YAML_SEQUENCE;
  case DIRECTIVE_SECRET: return true;
  default: return node->kind == YAML_SCALAR;
  }
}

static void fill(struct reader *r, const struct directive *d, const struct yaml *node, char *into) {
  void *field = into + d->offset;
  if (!kind_fits(d, node)) {
    const char *want = d->kind == DIRECTIVE_SECTION                                                                ? "a group of keys"
                       : d->kind == DIRECTIVE_TEXTS || d->kind == DIRECTIVE_KINDS || d->kind == DIRECTIVE_SECTIONS ? "a list"
                                                                                                                   : "one value";
    problem(r, node, arena_printf(r->arena, "'%s' is %s", d->name, want).p);
    return;
  }
  switch (d->kind) {
  case DIRECTIVE_NUMBER:
  case DIRECTIVE_SIZE:
  case DIRECTIVE_DURATION: fill_number(r, d, node, field); break;
  case DIRECTIVE_BOOL: fill_bool(r, d, node, field); break;
  case DIRECTIVE_CHOICE: fill_choice(r, d, node, field); break;
  case DIRECTIVE_TEXTS: fill_texts(r, d, node, field); break;
  case DIRECTIVE_KINDS: fill_kinds(r, d, node, field); break;
  case DIRECTIVE_SECRET: fill_secret(r, d, node, field); break;
  case DIRECTIVE_SECTION: fill_section(r, d->section, node, field); break;
  case DIRECTIVE_SECTIONS: fill_sections(r, d, node, into); break;
  default: fill_text(r, d, node, field); break;
  }
}

/* Values that nobody wrote; also inside sections that are not there. */
static void fill_defaults(const struct section *section, char *into) {
  for (size_t i = 0; i < section->count; i++) {
    const struct directive *d = &section->directives[i];
    void *field = into + d->offset;
    if (d->kind == DIRECTIVE_SECTION)
      fill_defaults(d->section, field);
    else if (d->kind == DIRECTIVE_CHOICE)
      (void)choose(d, str_of(d->fallback), field);
    else if (d->kind == DIRECTIVE_BOOL)
      *(bool *)field = str_eq(str_of(d->fallback), STR("true"));
    else if (d->kind == DIRECTIVE_KINDS)
      *(int64_t *)field = CONFIG_ALL_BUT_BASIC;
    else if (d->fallback)
      (void)read_number(d, str_of(d->fallback), field);
  }
}

/* What stands under a key of a mapping; NULL: it is not there. */
static const struct yaml *child_of(const struct yaml *node, const char *name) {
  const struct yaml *child = node->first;
  while (child && !str_eq(child->key->text, str_of(name))) child = child->next;
  return child;
}

static void fill_section(struct reader *r, const struct section *section, const struct yaml *node, char *into) {
  if (node->kind != YAML_MAPPING) {
    problem(r, node, arena_printf(r->arena, "'%s' needs keys here, like '%s:'", section->name, section->directives[0].name).p);
    return;
  }
  fill_defaults(section, into);
  for (const struct yaml *child = node->first; child; child = child->next) {
    const struct directive *d = NULL;
    for (size_t i = 0; i < section->count && !d; i++)
      if (str_eq(child->key->text, str_of(section->directives[i].name))) d = &section->directives[i];
    if (d)
      fill(r, d, child, into);
    else
      unknown_key(r, section, child->key);
  }
  for (size_t i = 0; i < section->count; i++)
    if (section->directives[i].required && !child_of(node, section->directives[i].name))
      problem(r, node, arena_printf(r->arena, "'%s' is missing here", section->directives[i].name).p);
}

/* The last entry of a list with this id: an app, a server. */
static const struct yaml *entry_of(const struct yaml *list, struct str id) {
  const struct yaml *found = NULL;
  for (const struct yaml *entry = list ? list->first : NULL; entry; entry = entry->next) {
    const struct yaml *child = child_of(entry, "id");
    if (child && str_eq(child->text, id)) found = entry;
  }
  return found;
}

static void report_whole(void *payload, struct str id, const char *key, const char *what) {
  struct reader *r = payload;
  const struct yaml *server = entry_of(child_of(r->root, "servers"), id), *app = entry_of(child_of(r->root, "apps"), id),
                    *webhook = entry_of(child_of(r->root, "webhooks"), id);
  const struct yaml *place = id.n && server && child_of(server, key) ? server
                             : id.n && app                           ? app
                             : id.n && webhook                       ? webhook
                             : id.n && server                        ? server
                                                                     : r->root;
  const struct yaml *node = child_of(place, key);
  problem(r, node ? node : place, id.n ? arena_printf(r->arena, "%.*s: %s", STR_ARG(id), what).p : what);
}

static void report_tls(void *payload, const char *key, bool warning, const char *what) {
  struct reader *r = payload;
  const struct yaml *section = child_of(r->root, "tls"), *value = child_of(section, key), *node = value ? value : section;
  if (warning)
    add_line(r, &r->problems->warnings.p, &r->problems->warnings.n, node->line, node->column, what);
  else
    problem(r, node, what);
}

/* What systemd passes on under the name that the key ring has here. */
static struct str keys_of_systemd(struct arena *arena) {
  const char *directory = getenv("CREDENTIALS_DIRECTORY");
  struct str path = directory ? arena_printf(arena, "%s/keys", directory) : STR_NONE;
  struct stat info;
  return path.n && stat(path.p, &info) == 0 ? path : STR_NONE;
}

static void complete(struct arena *arena, struct config *config) {
  struct url url;
  struct error error = {0};
  if (url_parse(arena, config->public_url, &url, &error) == 0) {
    config->public_origin = url_origin(arena, &url);
    config->https = str_eq(url.scheme, STR("https"));
    config->via = proxy_via_name(config->public_url, arena);
  }
  for (size_t i = 0; i < config->server_count; i++) {
    struct config_server *server = &config->servers[i];
    if (!server->name.n) server->name = server->id;
    if (server->type == CONFIG_HTTP && server->sign_in == CONFIG_ALL_BUT_BASIC)
      server->sign_in = CONFIG_BEARER | (server->api_key.header.n ? CONFIG_API_KEY : 0) | (server->oauth.client_id.n ? CONFIG_OAUTH : 0);
  }
  if (!config->keys.n) config->keys = keys_of_systemd(arena);
  if (str_eq(config->log_audit, STR("stderr"))) config->log_audit = STR_NONE;
}

static void read_config(struct reader *r, struct str text) {
  struct error error = {0};
  unsigned line, column;
  r->root = yaml_read(r->arena, text, &line, &column, &error);
  if (!r->root) {
    problem_at(r, line, column, error.message);
    return;
  }
  fill_section(r, config_table(), r->root, (char *)&r->holder->config);
  complete(r->arena, &r->holder->config);
  if (!r->problems->n) config_check_whole(r->arena, &r->holder->config, r->file, report_whole, r);
  if (!r->problems->n) config_hosted_load(r->arena, &r->holder->config, report_whole, r);
  if (!r->problems->n && r->holder->config.tls_listen.n) config_tls_load(r->arena, &r->holder->config, report_tls, r);
}

static void unreadable(struct reader *r, const char *path, const struct error *error) {
  bool there = access(path, F_OK) == 0 || errno != ENOENT;
  problem_at(r, 0, 0, there ? error->message : "there is no such file: --config names another");
}

int config_load(const char *path, struct config **ret, struct config_problems *problems, struct error *error) {
  struct str text;
  struct arena *arena = arena_new();
  struct holder *holder = mem_alloc(sizeof *holder);
  atomic_init(&holder->references, 1);
  holder->arena = arena;
  struct reader r = {.arena = arena, .holder = holder, .file = path, .problems = problems};
  if (file_read(arena, path, 1 << 20, &text, error))
    unreadable(&r, path, error);
  else
    read_config(&r, text);
  holder->config.files = (struct config_texts){holder->files.p, holder->files.n};
  if (!problems->n) {
    *ret = &holder->config;
    return 0;
  }
  config_unref(&holder->config);
  return error_set(error, ERROR_configuration, "%.*s", STR_ARG(problems->lines[0]));
}

struct config *config_ref(struct config *config) {
  atomic_fetch_add(&((struct holder *)config)->references, 1);
  return config;
}

void config_unref(struct config *config) {
  struct holder *holder = (struct holder *)config;
  if (!holder || atomic_fetch_sub(&holder->references, 1) > 1) return;
  for (size_t i = 0; i < holder->secrets.n; i++) secret_free(holder->secrets.p[i]);
  VEC_FREE(&holder->secrets);
  VEC_FREE(&holder->files);
  tls_context_free(holder->config.tls);
  arena_free(holder->arena);
  free(holder);
}

struct str config_server_folder(const struct config_server *server) {
  struct str rest = str_from(server->url, str_find(server->url, STR("://")) + 3);
  struct str folder = str_from(rest, str_find_char(rest, '/'));
  return str_eq(folder, STR("/")) ? STR_NONE : folder;
}

const struct config_webhook *config_webhook(const struct config *config, struct str id) {
  for (size_t i = 0; i < config->webhook_count; i++)
    if (str_eq(config->webhooks[i].id, id)) return &config->webhooks[i];
  return NULL;
}

const struct config_server *config_server(const struct config *config, struct str id) {
  for (size_t i = 0; i < config->server_count; i++)
    if (str_eq(config->servers[i].id, id)) return &config->servers[i];
  return NULL;
}

const struct config_app *config_app_of_origin(const struct config *config, struct str origin) {
  for (size_t i = 0; i < config->app_count; i++)
    for (size_t k = 0; k < config->apps[i].origins.n; k++)
      if (str_eq(config->apps[i].origins.p[k], origin)) return &config->apps[i];
  return NULL;
}

/* Segments that lead nowhere else: none empty but the last, no dots. */
static bool plain_segments(struct str path) {
  for (struct str rest = str_from(path, 1); rest.p;) {
    struct str segment = str_take(&rest, '/');
    if ((!segment.n && rest.p) || str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) return false;
  }
  return true;
}

/* "/…" on our own origin: one leading slash, and nothing a browser would read as another host or place, also one that decodes it once too often (R-F8). */
static bool own_path(struct arena *arena, struct str text) {
  struct str decoded, path = text;
  if (!text.n || text.p[0] != '/' || text.n > 2048 || !url_decode(arena, text, &decoded)) return false;
  path = str_take(&path, '#');
  path = str_take(&path, '?');
  if (!url_decode(arena, path, &path) || !plain_segments(path)) return false;
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 127) return false;
  for (size_t i = 0; i < decoded.n; i++)
    if ((unsigned char)decoded.p[i] < ' ' || decoded.p[i] == 127 || decoded.p[i] == '\\') return false;
  return true;
}

int config_return_to(const struct config *config, struct arena *arena, struct str text, struct str *ret_url,
                     const struct config_app **ret_app, struct error *error) {
  struct url url, listed;
  struct error ignored = {0};
  struct str own = str_starts(text, config->public_origin) ? str_from(text, config->public_origin.n) : text;
  *ret_app = NULL;
  if (text.n && !own.n) own = STR("/");
  if (own_path(arena, own)) {
    *ret_url = arena_printf(arena, "%.*s%.*s", STR_ARG(config->public_origin), STR_ARG(own));
    return 0;
  }
  if (text.n > 2048 || url_parse(arena, text, &url, &ignored)) return error_set(error, ERROR_return_to_refused, "return_to is no address");
  for (size_t i = 0; i < config->app_count; i++)
    for (size_t k = 0; k < config->apps[i].return_to.n; k++) {
      if (url_parse(arena, config->apps[i].return_to.p[k], &listed, &ignored)) continue;
      if (!url_same_origin(&url, &listed) || !str_eq(url.path, listed.path)) continue;
      *ret_url = url_text(arena, &url);
      *ret_app = &config->apps[i];
      return 0;
    }
  return error_set(error, ERROR_return_to_refused, "return_to is not on the list of an app: add it to 'return_to' in the configuration");
}

const char *config_kind_name(enum config_kind kind) {
  for (enum sign_in_kind i = 0; i < SIGN_IN_KINDS; i++)
    if (kind == 1U << i) return sign_in_kind_name(i);
  return "";
}

bool config_kind_of(struct str name, enum config_kind *ret) {
  for (enum sign_in_kind i = 0; i < SIGN_IN_KINDS; i++)
    if (str_eq(name, str_of(sign_in_kind_name(i)))) {
      *ret = (enum config_kind)(1 << i);
      return true;
    }
  return false;
}
