#include "sim/data.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sim/auth.h"
#include "sim/data_internal.h"
#include "sim/data_pack.h"
#include "sim/values.h"
#include <ctype.h>

struct sim_data *sim_data_new(struct sim *sim) {
  struct sim_data *data = mem_alloc(sizeof *data);
  data->schema = sim_schema_new();
  data->tasks = sim_tasks_new();
  data->store = json_object();
  data->user_settings = json_object();
  sim_objects_put_defaults(sim->objects);
  return data;
}

void sim_data_free(struct sim_data *data) {
  if (!data) return;
  sim_schema_free(data->schema);
  sim_tasks_free(data->tasks);
  json_decref(data->store);
  json_decref(data->user_settings);
  free(data);
}

/* --- small things --- */

bool data_is(const struct data_call *call, const char *method) {
  return sim_is(call->request, method);
}

struct str data_param(const struct data_call *call, const char *name) {
  return sim_param(call->request, name, 0);
}

bool data_flag(const struct data_call *call, const char *name, bool without) {
  struct str text = data_param(call, name);
  return text.n ? !str_eq_nocase(text, STR("false")) : without;
}

void data_error(struct data_call *call, int status, const char *code, struct str message) {
  if (call->sim->release >= SIM_2_42) http_headers_set(&call->reply->headers, call->arena, STR("Content-Type"), STR("application/json"));
  sim_reply_message(call->reply, status, "ERROR", code, arena_cstr(call->arena, message));
}

void data_not_found(struct data_call *call, const struct sim_class *class, struct str uid) {
  data_error(call, 404, "E1005", arena_printf(call->arena, "%s with id %.*s could not be found.", class->title, STR_ARG(uid)));
}

json_t *data_time(int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  (void)clock_format(ms - ms % 1000, text);
  return json_sprintf("%.19s.%03d", text, (int)(ms % 1000));
}

struct str data_body(const struct data_call *call) {
  return data_unpack(call->arena, call->request->body);
}

/* The address by which the server thinks it was asked: DHIS2 believes X-Forwarded-Proto and -Port, not -Host. */
struct str data_link(const struct data_call *call, struct str path) {
  struct str proto = sim_header(call->request, "X-Forwarded-Proto"), host = call->request->host,
             port = sim_header(call->request, "X-Forwarded-Port");
  bool known = str_eq_nocase(proto, STR("http")) || str_eq_nocase(proto, STR("https"));
  size_t colon = str_find_last_char(host, ':');
  uint64_t number;
  if (!str_to_u64(port, &number)) port = colon == SIZE_MAX ? STR_NONE : str_from(host, colon + 1);
  if (str_eq(port, STR("80")) || str_eq(port, STR("443"))) port = STR_NONE;
  return arena_printf(call->arena, "%.*s://%.*s%s%.*s%.*s%.*s", STR_ARG(known ? proto : STR("http")), STR_ARG(str_slice(host, 0, colon)),
                      port.n ? ":" : "", STR_ARG(port), STR_ARG(call->sim->context), STR_ARG(path));
}

/* --- dispatch --- */

/* "/api/41/dataElements.json" is "dataElements" with the suffix ".json". */
static void read_path(struct data_call *call) {
  struct str path = str_from(call->request->path, strlen("/api/"));
  uint64_t version;
  struct str rest = path, first = str_take(&rest, '/');
  if (rest.p && str_to_u64(first, &version)) path = rest;
  static const char *const suffixes[] = {".json.gz", ".json.zip", ".csv.gz", ".csv.zip", ".xml.gz", ".json",
                                         ".csv",     ".xml",      ".zip",    ".xlsx",    ".pdf"};
  struct str last = str_from(path, str_find_last_char(path, '/') == SIZE_MAX ? 0 : str_find_last_char(path, '/'));
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && !call->suffix.p; i++)
    if (last.n > strlen(suffixes[i]) && str_ends(last, str_of(suffixes[i]))) call->suffix = str_of(suffixes[i]);
  path = str_slice(path, 0, path.n - call->suffix.n);
  call->slash = str_find(path, STR("%2F")) != SIZE_MAX || str_find(path, STR("%2f")) != SIZE_MAX;
  call->path = sim_url_decode(call->arena, path, false);
  if (call->path.n > 1 && str_ends(call->path, STR("/"))) call->path.n--;
}

/* A language tag, as translations spell it: "pt-BR" is "pt_BR"; "pt_BR" is no tag, and no locale. */
static struct str locale_of(const struct data_call *call) {
  struct str tag = data_param(call, "locale");
  size_t hyphen = str_find_char(tag, '-');
  if (str_find_char(tag, '_') != SIZE_MAX) return STR_NONE;
  return hyphen == SIZE_MAX
             ? tag
             : arena_printf(call->arena, "%.*s_%.*s", STR_ARG(str_slice(tag, 0, hyphen)), STR_ARG(str_from(tag, hyphen + 1)));
}

/* Does Accept leave room for JSON? */
static bool acceptable(const struct data_call *call) {
  struct str accept = sim_header(call->request, "Accept");
  return !accept.n || call->suffix.p || str_has(accept, STR("*/*")) || str_has(accept, STR("json")) ||
         str_has(accept, STR("application/*"));
}

static void not_acceptable(struct data_call *call) {
  const char *formats = "Acceptable representations: [application/json, application/json+gzip, application/json+zip, application/*+json].";
  sim_reply_tomcat(call->reply, 406, call->sim->release >= SIM_2_42 ? formats : NULL);
}

static void collection(struct data_call *call, const struct sim_class *class) {
  bool reads = data_is(call, "GET") || data_is(call, "HEAD");
  if (reads && !acceptable(call))
    not_acceptable(call);
  else if (reads)
    data_list(call, class);
  else if (data_is(call, "POST"))
    data_create(call, class);
  else
    data_error(call, 405, NULL, arena_printf(call->arena, "Request method '%.*s' is not supported", STR_ARG(call->request->method)));
}

static void dispatch(struct data_call *call) {
  struct str rest = call->path, first = str_take(&rest, '/');
  const struct sim_class *class = sim_class_of(call->sim->data->schema, first);
  const char *values_path = arena_printf(call->arena, "/api/%.*s%.*s", STR_ARG(call->path), STR_ARG(call->suffix)).p;
  if (str_eq(call->path, STR("metadata")))
    data_metadata(call);
  else if (str_eq(call->path, STR("sharing")))
    data_sharing(call);
  else if (str_eq(first, STR("dataStore")))
    data_store(call, rest);
  else if (sim_values_handle(call->sim, call->user, call->request, values_path, call->reply) || data_system(call) ||
           data_maintenance(call) || sim_tasks_handle(call->sim, call->request, call->path, call->reply))
    return;
  else if (class && !rest.p)
    collection(call, class);
  else if (class) {
    struct str uid = str_take(&rest, '/');
    data_object(call, class, uid, rest);
  } else
    sim_reply_tomcat(call->reply, 404, NULL);
}

static bool broken_escape(struct str text) {
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] == '%' && (i + 2 >= text.n || !isxdigit((unsigned char)text.p[i + 1]) || !isxdigit((unsigned char)text.p[i + 2])))
      return true;
  return false;
}

/* Parameters with a broken escape: dropped without a word up to 2.41, an error after it. False: answered. */
static bool read_query(struct data_call *call, struct sim_request *request) {
  struct buf kept = BUF_INIT(1 << 20);
  struct str rest = call->request->query;
  *request = *call->request;
  if (!rest.n || !broken_escape(rest)) return true;
  while (rest.p) {
    struct str value = str_take(&rest, '&');
    if (!broken_escape(value)) {
      (void)buf_printf(&kept, "%s%.*s", kept.n ? "&" : "", STR_ARG(value));
      continue;
    }
    struct str name = str_take(&value, '=');
    if (call->sim->release <= SIM_2_41) continue;
    data_error(call, 409, NULL,
               arena_printf(call->arena,
                            "Character decoding failed. Parameter [%.*s] with value [%.*s] has been ignored. Note that the name and value "
                            "quoted here may be corrupted due to the failed decoding. Use debug level logging to "
                            "see the original, non-corrupted values.",
                            STR_ARG(name), STR_ARG(value)));
    buf_free(&kept);
    return false;
  }
  request->query = arena_str(call->arena, buf_str(&kept));
  buf_free(&kept);
  call->request = request;
  return true;
}

void sim_data_handle(struct sim *sim, json_t *user, const struct sim_request *request, struct sim_reply *reply) {
  struct sim_request cleaned;
  struct data_call call = {
      .sim = sim, .user = user, .request = request, .reply = reply, .arena = request->arena, .super = sim_auth_may(sim, user, "ALL")};
  read_path(&call);
  if (!read_query(&call, &cleaned)) return;
  sim_tasks_tick(sim);
  call.without_defaults = str_eq_nocase(data_param(&call, "defaults"), STR("EXCLUDE"));
  call.locale = str_of(data_text(json_object_get(sim->data->user_settings, data_text(user, "id")), "keyDbLocale"));
  if (sim->release <= SIM_2_41 && data_param(&call, "locale").n) call.locale = locale_of(&call);
  if (call.slash)
    sim_reply_tomcat(reply, 400, "Invalid URI: [The encoded slash character is not allowed]");
  else
    dispatch(&call);
}
