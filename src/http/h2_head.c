#include "http/h2_head.h"

enum { FIELD_COST = 32, COST_FACTOR = 4 };

static const struct str pseudo_names[H2_PSEUDOS] = {{":method", 7}, {":scheme", 7}, {":authority", 10}, {":path", 5}};

void h2_head_refuse(struct h2_head *head, const char *why) {
  if (!head->wrong) head->wrong = why;
}

void h2_head_free(struct h2_head *head) {
  buf_free(&head->fields);
  buf_free(&head->cookie);
}

static void add_pseudo(struct h2_head *head, struct str name, struct str value) {
  size_t i = 0;
  while (i < H2_PSEUDOS && !str_eq(name, pseudo_names[i])) i++;
  if (i == H2_PSEUDOS)
    h2_head_refuse(head, "a pseudo-header is not known");
  else if (head->has[i])
    h2_head_refuse(head, "a pseudo-header is there more than once");
  else if (head->has_field)
    h2_head_refuse(head, "a pseudo-header stands behind a field");
  else {
    head->has[i] = true;
    head->pseudo[i] = arena_str(head->arena, value);
  }
}

/* What would not be a name of its own in a line of HTTP/1.1; the guard sees to the rest. */
static bool is_name(struct str name) {
  for (size_t i = 0; i < name.n; i++) {
    unsigned char c = (unsigned char)name.p[i];
    if (c <= ' ' || c >= 0x7f || c == ':' || (c >= 'A' && c <= 'Z')) return false;
  }
  return name.n > 0;
}

bool h2_field_of_connection(enum http_field field) {
  switch (field) {
  case FIELD_CONNECTION:
  case FIELD_PROXY_CONNECTION:
  case FIELD_KEEP_ALIVE:
  case FIELD_TRANSFER_ENCODING:
  case FIELD_UPGRADE: return true;
  default: return false;
  }
}

static bool is_of_connection(enum http_field field, struct str value) {
  return h2_field_of_connection(field) || (field == FIELD_TE && !str_eq_nocase(value, STR("trailers")));
}

static void add_field(struct h2_head *head, const struct guard_limits *limits, struct str name, struct str value) {
  enum http_field field = http_field_of(name);
  head->has_field = true;
  head->fields.max = head->cookie.max = limits->head_bytes;
  if (!is_name(name))
    h2_head_refuse(head, "a header name is empty, in upper case or has a character that may not stand there");
  else if (!http_one_line(value))
    h2_head_refuse(head, "a header value has a control character");
  else if (str_trim(value).n != value.n)
    h2_head_refuse(head, "a header value begins or ends with a blank");
  else if (is_of_connection(field, value))
    h2_head_refuse(head, "a field of the connection has no place in HTTP/2");
  else if (field == FIELD_HOST) {
    if (head->has_host) h2_head_refuse(head, "Host is there more than once");
    head->has_host = true;
    head->host = arena_str(head->arena, value);
  } else if (field == FIELD_COOKIE) {
    if (head->has_cookie) (void)buf_add(&head->cookie, STR("; "));
    head->has_cookie = true;
    (void)buf_add(&head->cookie, value);
  } else {
    head->has_length |= field == FIELD_CONTENT_LENGTH;
    http_line_add(&head->fields, name, STR_NONE, value);
  }
  head->too_large |= head->fields.full || head->cookie.full;
}

int h2_head_add(struct h2_head *head, const struct guard_limits *limits, struct str name, struct str value) {
  head->cost += name.n + value.n + FIELD_COST;
  head->count++;
  if (head->cost > limits->head_bytes) head->too_large = true;
  if (head->cost > COST_FACTOR * limits->head_bytes) return -1;
  if (head->wrong) return 0;
  if (name.n && name.p[0] == ':')
    add_pseudo(head, name, value);
  else if (!head->too_large && head->count <= limits->head_fields + H2_PSEUDOS)
    add_field(head, limits, name, value);
  return 0;
}

static int refuse(struct error *error, const char *what) {
  return error_set(error, ERROR_bad_request, "%s", what);
}

static int check(const struct h2_head *head, const struct guard_limits *limits, struct error *error) {
  struct str method = head->pseudo[H2_METHOD], scheme = head->pseudo[H2_SCHEME], path = head->pseudo[H2_PATH];
  if (head->wrong) return refuse(error, head->wrong);
  if (method.n + path.n + sizeof "  HTTP/1.1" > limits->head_bytes)
    return error_set(error, ERROR_target_too_long, "the first line has more than %zu bytes", limits->head_bytes);
  if (path.n > limits->target_bytes)
    return error_set(error, ERROR_target_too_long, "the address has more than %zu bytes", limits->target_bytes);
  if (head->too_large) return error_set(error, ERROR_head_too_large, "the head has more than %zu bytes", limits->head_bytes);
  if (head->count > limits->head_fields + H2_PSEUDOS)
    return error_set(error, ERROR_head_too_large, "the head has more than %zu fields", limits->head_fields);
  if (str_eq(method, STR("CONNECT"))) return error_set(error, ERROR_method_refused, "CONNECT is not served");
  if (!head->has[H2_METHOD] || !head->has[H2_SCHEME] || !head->has[H2_PATH]) return refuse(error, "a pseudo-header is missing");
  if (!str_eq_nocase(scheme, STR("http")) && !str_eq_nocase(scheme, STR("https")))
    return refuse(error, "the scheme is neither http nor https");
  if (path.n == 0 || path.p[0] != '/') return error_set(error, ERROR_bad_target, "the address is neither a path nor an http address");
  for (size_t i = 0; i < method.n; i++)
    if (method.p[i] <= ' ') return refuse(error, "the method has a character that may not stand there");
  if (head->has[H2_AUTHORITY] && head->has_host && !str_eq_nocase(head->pseudo[H2_AUTHORITY], head->host))
    return refuse(error, "Host and :authority are not the same");
  return 0;
}

/* Its texts hold no CR and LF, or the guard refuses them: path and host by their own rules, the first line by its blanks. */
int h2_head_request(struct h2_head *head, const struct guard_limits *limits, bool ended, struct http_request *ret,
                    struct guard_framing *ret_framing, struct error *error) {
  *ret = (struct http_request){0};
  if (check(head, limits, error) < 0) return -1;
  struct str method = head->pseudo[H2_METHOD], path = head->pseudo[H2_PATH],
             host = head->has[H2_AUTHORITY] ? head->pseudo[H2_AUTHORITY] : head->host;
  if (!http_one_line(host) || !http_one_line(path) || !http_one_line(method))
    return refuse(error, "a pseudo-header has a control character");
  bool has_host = head->has[H2_AUTHORITY] || head->has_host, untold = !ended && !head->has_length;
  struct str none = STR(""), line_end = STR("\r\n");
  struct str text =
      arena_concat(head->arena, method, STR(" "), path, STR(" HTTP/1.1\r\n"), has_host ? STR("host: ") : none, host,
                   has_host ? line_end : none, buf_str(&head->fields), head->has_cookie ? STR("cookie: ") : none, buf_str(&head->cookie),
                   head->has_cookie ? line_end : none, untold ? STR("transfer-encoding: chunked\r\n") : none, line_end);
  return guard_request(head->arena, text, limits, ret, ret_framing, error);
}
