#include "gateway/proxy.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "dhis2/judge.h"
#include "gateway/proxy_alias.h"
#include "gateway/proxy_answer.h"
#include "gateway/proxy_cookies.h"
#include "gateway/proxy_credential.h"
#include "gateway/proxy_pool.h"
#include "gateway/rewrite.h"
#include "net/turn.h"

enum {
  SMALL = 64 * 1024,          /* an answer up to here is gathered, so that its length and tag can be told rightly */
  MESSAGE_MAX = 16 * 1024,    /* of a refusal: read for the server's own words */
  OUT_MAX = 16 * 1024 * 1024, /* one piece of an answer with its links made longer */
};

enum state {
  ASKING,     /* the request is on its way; no head yet */
  GATHERING,  /* a head is here, and nothing has gone out */
  STREAMING,  /* the browser has the head */
  REPLIED,    /* the browser has all of it; only the server's end is still to be told */
  SWALLOWING, /* it is a refusal or a failure: its body is read for the reason */
  WAITING,    /* the gateway renews the sign-in */
  ALIASING,   /* the address was too long: the server is asked to keep it under a short one */
  OVER,       /* `done` runs at the turn's end */
};

struct proxy {
  struct proxy_host host;
  struct proxy_pools *pools;
  struct turn *turn;
  struct proxy_pass *first;
  size_t kept; /* bytes of bodies, over all passes: PROXY_KEEP_ALL_MAX at most */
};

struct proxy_pass {
  struct proxy *proxy;
  struct proxy_pass *next, *previous;
  struct http_exchange *exchange;
  const struct http_request *request;
  struct arena *arena; /* of the exchange */
  struct proxy_call call;
  struct proxy_question question;
  struct proxy_pool *pool;
  struct upstream_call *upstream; /* NULL: none is alive */
  struct turn_item turn;
  enum state state;
  bool repeated, aliased, gone;
  bool cookie_sent;             /* with the last call */
  bool wants_nonce, nonce_sent; /* of a proof (DPoP): asked for; and given once */
  int64_t asked_ms;
  /* the body of the request */
  struct buf kept; /* its bytes so far, where they may be needed again */
  bool keeps, body_ended;
  /* the answer */
  enum { REFUSAL, FAILURE, TOO_LONG } swallowed; /* what is being swallowed */
  bool has_words;                                /* of a refusal: it is JSON, with a reason in it */
  int status, retry_after;
  struct http_headers headers;
  int64_t length; /* -1: not known before its end */
  bool rewriting, must_have_body, bodiless;
  struct rewrite *rewrite; /* NULL: not needed so far */
  struct buf out;          /* gathered, as it came; or the last piece rewritten */
  struct proxy_result result;
};

/* --- ends --- */

static void drop_kept(struct proxy_pass *pass) {
  pass->proxy->kept -= pass->kept.n;
  buf_free(&pass->kept);
}

static void pass_free(struct proxy_pass *pass) {
  struct proxy *proxy = pass->proxy;
  if (pass->previous)
    pass->previous->next = pass->next;
  else
    proxy->first = pass->next;
  if (pass->next) pass->next->previous = pass->previous;
  turn_remove(proxy->turn, &pass->turn);
  if (pass->pool) proxy_pool_give(proxy->pools, pass->pool);
  rewrite_free(pass->rewrite);
  drop_kept(pass);
  buf_free(&pass->out);
  secret_free(pass->call.credential.value);
  config_unref(pass->call.config);
  http_exchange_on_gone(pass->exchange, NULL, NULL);
  http_exchange_on_drained(pass->exchange, NULL, NULL);
  http_exchange_release(pass->exchange); /* and its arena, in which the pass lies, with the turn */
}

static void finish(struct proxy_pass *pass, enum proxy_outcome outcome, enum error_code code) {
  if (pass->state == OVER) return;
  pass->state = OVER;
  upstream_cancel(pass->upstream);
  pass->upstream = NULL;
  pass->result.outcome = outcome;
  pass->result.code = code;
  turn_add(pass->proxy->turn, &pass->turn);
}

/* Tells the browser, or cuts it off where it has a head already. */
static void fail(struct proxy_pass *pass, const struct error *error) {
  struct proxy_host *host = &pass->proxy->host;
  struct error told = *error;
  if (pass->state == OVER) return;
  (void)snprintf(told.server, sizeof told.server, "%.*s", STR_ARG(pass->call.server->id));
  if (http_exchange_begun(pass->exchange)) {
    http_exchange_abort(pass->exchange);
  } else {
    bool by_upstream = error->code == ERROR_upstream_error || error->code == ERROR_reauth_required;
    pass->result.status =
        error->code == ERROR_upstream_error && error->upstream_status >= 400 ? error->upstream_status : error_http_status(error->code);
    host->error(host->payload, pass->exchange, &told, pass->result.status, by_upstream);
  }
  finish(pass, error->code == ERROR_reauth_required ? PROXY_REFUSED : PROXY_FAILED, error->code);
}

static void on_gone(void *payload) {
  struct proxy_pass *pass = payload;
  pass->gone = true;
  if (pass->state == WAITING) return; /* the gateway still holds it */
  http_exchange_abort(pass->exchange);
  finish(pass, PROXY_GONE, ERROR_NONE);
}

/* --- towards the server --- */

static const struct upstream_callbacks callbacks;

static void send_head(struct proxy_pass *pass, struct str method, struct http_headers *headers, struct str target, int64_t body_length) {
  struct upstream_secret secrets[PROXY_SECRETS_MAX] = {0};
  struct secret *cookie;
  size_t n = proxy_credential_secrets(&pass->call, method, &pass->question.target, target, pass->arena, headers, secrets, &cookie);
  struct upstream_head head = {.method = method,
                               .target = target,
                               .headers = headers,
                               .secrets = secrets,
                               .secret_count = n,
                               .body_length = body_length,
                               .who = pass->call.who};
  pass->asked_ms = clock_monotonic_ms();
  pass->upstream = upstream_request(proxy_pool_upstream(pass->pool), &head, callbacks, pass);
  pass->cookie_sent = cookie != NULL;
  secret_free(cookie);
}

/* The browser's request, from its start. */
static void ask(struct proxy_pass *pass) {
  const struct http_request *request = pass->request;
  struct http_headers headers = {0};
  struct error error;
  error_clear(&error);
  pass->state = ASKING;
  if (proxy_request_headers(pass->call.config->via, pass->call.server, request, &pass->question.target, http_exchange_id(pass->exchange),
                            pass->call.trace, pass->arena, &headers, &error) < 0) {
    fail(pass, &error);
    return;
  }
  send_head(pass, request->method, &headers, pass->question.target.sent, request->has_body ? request->body_length : 0);
  if (!request->has_body) return;
  if (pass->kept.n && !upstream_write(pass->upstream, buf_str(&pass->kept)))
    http_exchange_pause(pass->exchange);
  else
    http_exchange_resume(pass->exchange);
  if (pass->body_ended) upstream_finish(pass->upstream);
}

static bool can_repeat(const struct proxy_pass *pass) {
  return !pass->request->has_body || pass->keeps;
}

static bool keep(struct proxy_pass *pass, struct str piece) {
  if (piece.n > PROXY_KEEP_ALL_MAX - pass->proxy->kept || !buf_add(&pass->kept, piece)) return false;
  pass->proxy->kept += piece.n;
  return true;
}

static void on_body(void *payload, struct str piece) {
  struct proxy_pass *pass = payload;
  if (pass->state == OVER) return;
  pass->result.request_bytes += (int64_t)piece.n;
  if (pass->result.request_bytes > pass->call.server->limits.body && pass->state != WAITING) {
    struct error error;
    error_clear(&error);
    (void)error_set(&error, ERROR_too_large, "the request body has more than %lld bytes, the most for this server",
                    (long long)pass->call.server->limits.body);
    fail(pass, &error);
    return;
  }
  if (pass->keeps && !keep(pass, piece)) {
    pass->keeps = false;
    drop_kept(pass);
  }
  if (pass->upstream && !upstream_write(pass->upstream, piece)) http_exchange_pause(pass->exchange);
}

static void on_body_end(void *payload, bool complete) {
  struct proxy_pass *pass = payload;
  pass->body_ended = complete;
  if (pass->state == OVER) return;
  if (complete) {
    if (pass->upstream) upstream_finish(pass->upstream);
  } else if (pass->state == WAITING) {
    pass->keeps = false; /* told when the gateway comes back */
  } else if (!http_exchange_gone(pass->exchange)) {
    struct error error = {0};
    (void)error_set(&error, ERROR_bad_request, "the request body is malformed");
    fail(pass, &error);
  }
}

static void on_upstream_drained(void *payload) {
  struct proxy_pass *pass = payload;
  if (pass->state != OVER) http_exchange_resume(pass->exchange);
}

/* --- towards the browser --- */

static void add_out(void *payload, struct str piece) {
  (void)buf_add(&((struct proxy_pass *)payload)->out, piece);
}

struct through {
  struct proxy_pass *pass;
  struct str given, plain; /* plain: a run of what was given, all that came out so far */
};

static void add_through(void *payload, struct str piece) {
  struct through *through = payload;
  struct buf *out = &through->pass->out;
  bool own = piece.p >= through->given.p && piece.p < through->given.p + through->given.n;
  if (own && !out->n && !through->plain.n) {
    through->plain = piece;
    return;
  }
  (void)buf_add(out, through->plain);
  through->plain = STR_NONE;
  (void)buf_add(out, piece);
}

static void write_out(struct proxy_pass *pass, struct str piece) {
  pass->result.answer_bytes += (int64_t)piece.n;
  if (!http_exchange_write(pass->exchange, piece) && pass->upstream) upstream_pause(pass->upstream);
}

static void on_browser_drained(void *payload) {
  struct proxy_pass *pass = payload;
  if (pass->upstream) upstream_resume(pass->upstream);
}

static void add_host_headers(struct proxy_pass *pass) {
  struct proxy_host *host = &pass->proxy->host;
  host->headers(host->payload, pass->exchange, &pass->headers);
  pass->result.status = pass->status;
}

static void start_rewriting(struct proxy_pass *pass) {
  const struct proxy_call *call = &pass->call;
  pass->rewrite = rewrite_new(call->server->url, arena_concat(pass->arena, call->config->public_url, STR("/s/"), call->server->id));
}

/* Mostly there is no link in it, and it goes on without a copy. */
static void rewrite_stream(struct proxy_pass *pass, struct str piece) {
  struct through through = {.pass = pass, .given = piece};
  rewrite_feed(pass->rewrite, piece, add_through, &through);
  if (through.plain.n && !pass->out.full) write_out(pass, through.plain);
}

static bool out_is_full(struct proxy_pass *pass) {
  struct error error;
  if (!pass->out.full) return false;
  error_clear(&error);
  (void)error_set(&error, ERROR_upstream_broken, "the answer's links cannot be rewritten");
  fail(pass, &error);
  return true;
}

static void stream(struct proxy_pass *pass, struct str piece) {
  if (!pass->rewriting) {
    write_out(pass, piece);
    return;
  }
  rewrite_stream(pass, piece);
  if (out_is_full(pass) || !pass->out.n) return;
  write_out(pass, buf_str(&pass->out));
  buf_clear(&pass->out);
}

/* From here on the answer cannot become another one. */
static void begin(struct proxy_pass *pass) {
  struct buf gathered = pass->out;
  pass->out = BUF_INIT(OUT_MAX);
  if (pass->rewriting) {
    start_rewriting(pass);
    proxy_mark_rewritten(&pass->headers, pass->arena);
  }
  add_host_headers(pass);
  pass->state = STREAMING;
  http_exchange_on_drained(pass->exchange, on_browser_drained, pass);
  http_exchange_begin(pass->exchange, pass->status, &pass->headers, pass->rewriting ? -1 : pass->length);
  if (gathered.n) stream(pass, buf_str(&gathered));
  buf_free(&gathered);
}

static void rewrite_gathered(struct proxy_pass *pass) {
  struct buf gathered = pass->out;
  pass->out = BUF_INIT(OUT_MAX);
  start_rewriting(pass);
  rewrite_feed(pass->rewrite, buf_str(&gathered), add_out, pass);
  rewrite_finish(pass->rewrite, add_out, pass);
  buf_free(&gathered);
}

/* All of it is here, and none of it out. */
static void reply_gathered(struct proxy_pass *pass) {
  if (pass->must_have_body && pass->out.n == 0) {
    struct error error = {0};
    (void)error_set(
        &error, ERROR_empty_answer,
        "the server answered without data: this user may not read it, or something in front of the server took the answer away");
    fail(pass, &error);
    return;
  }
  if (pass->rewriting && rewrite_may_change(pass->call.server->url, buf_str(&pass->out))) rewrite_gathered(pass);
  if (out_is_full(pass)) return;
  bool changed = pass->rewrite && rewrite_count(pass->rewrite);
  if (changed || (pass->rewriting && pass->bodiless)) proxy_mark_rewritten(&pass->headers, pass->arena);
  add_host_headers(pass);
  if (pass->bodiless) {
    http_exchange_begin(pass->exchange, pass->status, &pass->headers, pass->rewriting ? -1 : pass->length);
    http_exchange_end(pass->exchange);
  } else {
    pass->result.answer_bytes = (int64_t)pass->out.n;
    http_exchange_reply(pass->exchange, pass->status, &pass->headers, buf_str(&pass->out));
  }
  finish(pass, PROXY_ANSWERED, ERROR_NONE);
}

static void end_stream(struct proxy_pass *pass) {
  if (pass->rewriting) {
    rewrite_finish(pass->rewrite, add_out, pass);
    if (pass->out.n) write_out(pass, buf_str(&pass->out));
  }
  http_exchange_end(pass->exchange);
  finish(pass, PROXY_ANSWERED, ERROR_NONE);
}

/* The whole body in one piece, in which no link is to be rewritten: goes on as it is. */
static bool reply_at_once(struct proxy_pass *pass, struct str piece) {
  if (pass->out.n || pass->length <= 0 || piece.n != (uint64_t)pass->length) return false;
  if (pass->rewriting && rewrite_may_change(pass->call.server->url, piece)) return false;
  add_host_headers(pass);
  pass->result.answer_bytes = pass->length;
  http_exchange_reply(pass->exchange, pass->status, &pass->headers, piece);
  pass->state = REPLIED;
  return true;
}

static void on_answer_data(struct proxy_pass *pass, struct str piece) {
  if (pass->state == STREAMING) {
    stream(pass, piece);
    return;
  }
  if (reply_at_once(pass, piece)) return;
  if (pass->length > 0 && pass->length <= SMALL) (void)buf_reserve(&pass->out, (size_t)pass->length - pass->out.n);
  (void)buf_add(&pass->out, piece);
  if (pass->out.n > SMALL)
    begin(pass);
  else if (pass->length < 0)
    turn_add(pass->proxy->turn, &pass->turn); /* if that was not all, it goes out at the turn's end */
}

/* --- the answer's head --- */

static int64_t told_length(const struct upstream_answer *answer) {
  struct str text;
  uint64_t n;
  return http_field_get(&answer->headers, FIELD_CONTENT_LENGTH, &text) && str_to_u64(text, &n) && n <= INT64_MAX ? (int64_t)n : -1;
}

static void take_answer(struct proxy_pass *pass, const struct upstream_answer *answer) {
  struct proxy_call *call = &pass->call;
  if (call->jar && proxy_cookies_keep(call->jar, &answer->headers, pass->question.target.cookie_path, clock_now_ms()) &&
      call->events.cookies)
    call->events.cookies(call->payload);
  pass->state = GATHERING;
  pass->status = answer->status;
  pass->headers = (struct http_headers){0};
  proxy_answer_headers(&pass->question, answer, pass->arena, &pass->headers);
  if (answer->status == 304) proxy_mark_known(&pass->request->headers, &pass->headers, pass->arena);
  pass->bodiless = str_eq(pass->request->method, STR("HEAD")) || answer->status == 204 || answer->status == 304;
  pass->length = pass->bodiless ? told_length(answer) : answer->body_length;
  pass->must_have_body = proxy_must_have_body(&pass->question, answer);
  pass->rewriting = proxy_has_links(answer);
  if (!pass->bodiless && pass->length > (pass->rewriting ? SMALL : 0)) begin(pass);
}

/* A refusal or a failure: what the browser gets for it comes from here, and so do the reasons. */
static void swallow(struct proxy_pass *pass, const struct upstream_answer *answer, int what) {
  pass->state = SWALLOWING;
  pass->swallowed = what;
  pass->status = answer->status;
  pass->retry_after = proxy_retry_after(&answer->headers, clock_now_ms());
  pass->has_words = http_headers_are_json(&answer->headers);
}

static void on_head(void *payload, const struct upstream_answer *answer) {
  struct proxy_pass *pass = payload;
  if (pass->state == ALIASING) {
    swallow(pass, answer, TOO_LONG);
    pass->state = ALIASING;
    return;
  }
  pass->result.upstream_ms = clock_monotonic_ms() - pass->asked_ms;
  pass->wants_nonce = proxy_credential_wants_nonce(&pass->call, answer->status, &answer->headers);
  if (!pass->aliased && proxy_alias_helps(&pass->question, answer)) {
    swallow(pass, answer, TOO_LONG);
    return;
  }
  switch (proxy_meaning_of(&pass->question, answer)) {
  case PROXY_PASSES: take_answer(pass, answer); break;
  case PROXY_NOT_SIGNED: swallow(pass, answer, REFUSAL); break;
  case PROXY_NO_DATA: swallow(pass, answer, FAILURE); break;
  }
}

/* --- refusals and failures --- */

static void fail_by_server(struct proxy_pass *pass, enum error_code code, const char *what) {
  struct str words = pass->has_words ? dhis2_message(pass->arena, buf_str(&pass->out)) : STR_NONE;
  struct error error = {0};
  if (words.n)
    (void)error_set(&error, code, "%s: %.*s", what, STR_ARG(words));
  else
    (void)error_set(&error, code, "%s (status %d)", what, pass->status);
  error.upstream_status = pass->status;
  error.retry_after = pass->retry_after;
  fail(pass, &error);
}

static void on_refused(struct proxy_pass *pass) {
  struct proxy_call *call = &pass->call;
  if (pass->wants_nonce && !pass->nonce_sent && can_repeat(pass)) {
    pass->nonce_sent = true;
    buf_clear(&pass->out);
    ask(pass);
    return;
  }
  if (call->events.refused) {
    pass->state = WAITING;
    if (pass->request->has_body && !pass->body_ended) http_exchange_pause(pass->exchange);
    if (call->events.refused(call->payload, pass, !pass->repeated && can_repeat(pass))) return;
  }
  fail_by_server(pass, ERROR_reauth_required, "the server does not accept the sign-in any more");
}

/* The server keeps the long address and answers with a short one. */
static void ask_for_alias(struct proxy_pass *pass) {
  struct str body = proxy_alias_request(&pass->question.target, pass->arena), path = proxy_alias_path(pass->call.server, pass->arena);
  struct http_headers headers = {0};
  proxy_alias_headers(pass->call.config->via, http_exchange_id(pass->exchange), pass->arena, &headers);
  buf_clear(&pass->out);
  pass->aliased = true;
  pass->state = ALIASING;
  send_head(pass, STR("POST"), &headers, path, (int64_t)body.n);
  (void)upstream_write(pass->upstream, body);
  upstream_finish(pass->upstream);
}

static void on_alias(struct proxy_pass *pass) {
  struct str short_one;
  bool good =
      pass->status >= 200 && pass->status <= 299 && proxy_alias_read(pass->call.server, buf_str(&pass->out), pass->arena, &short_one);
  buf_clear(&pass->out);
  if (good) {
    pass->question.target.sent = short_one;
    ask(pass);
    return;
  }
  struct error error = {0};
  (void)error_set(&error, ERROR_target_too_long,
                  "the address is longer than the server takes, and it keeps none under a short name: ask for less at once");
  fail(pass, &error);
}

static void on_swallowed(struct proxy_pass *pass) {
  if (pass->state == ALIASING) {
    on_alias(pass);
    return;
  }
  switch (pass->swallowed) {
  case REFUSAL: on_refused(pass); break;
  case TOO_LONG: ask_for_alias(pass); break;
  case FAILURE: fail_by_server(pass, ERROR_upstream_error, "the server answered with a page in place of data"); break;
  }
}

/* Enough for a reason; a longer one is not waited for. */
static void swallow_data(struct proxy_pass *pass, struct str piece) {
  if (pass->out.n + piece.n <= MESSAGE_MAX) {
    (void)buf_add(&pass->out, piece);
    return;
  }
  upstream_cancel(pass->upstream);
  pass->upstream = NULL;
  on_swallowed(pass);
}

/* --- what upstream tells --- */

static void on_data(void *payload, struct str piece) {
  struct proxy_pass *pass = payload;
  if (pass->state == SWALLOWING || pass->state == ALIASING)
    swallow_data(pass, piece);
  else if (pass->state == GATHERING || pass->state == STREAMING)
    on_answer_data(pass, piece);
}

static void on_end(void *payload, const struct error *error) {
  struct proxy_pass *pass = payload;
  pass->upstream = NULL;
  if (pass->state == SWALLOWING || (pass->state == ALIASING && !error))
    on_swallowed(pass);
  else if (pass->state == REPLIED)
    finish(pass, PROXY_ANSWERED, ERROR_NONE);
  else if (error)
    fail(pass, error);
  else if (pass->state == GATHERING)
    reply_gathered(pass);
  else if (pass->state == STREAMING)
    end_stream(pass);
}

static const struct upstream_callbacks callbacks = {.head = on_head, .data = on_data, .drained = on_upstream_drained, .end = on_end};

/* --- life --- */

static void on_turn(void *payload) {
  struct proxy_pass *pass = payload;
  if (pass->state == GATHERING) begin(pass);
  if (pass->state != OVER) return;
  struct proxy_events events = pass->call.events;
  void *to = pass->call.payload;
  struct proxy_result result = pass->result;
  events.done(to, &result);
  pass_free(pass);
}

static struct proxy_pass *pass_new(struct proxy *proxy, struct http_exchange *exchange, const struct proxy_call *call) {
  struct proxy_pass *pass = ARENA_NEW(http_exchange_arena(exchange), struct proxy_pass);
  pass->proxy = proxy;
  pass->exchange = exchange;
  pass->request = http_exchange_request(exchange);
  pass->arena = http_exchange_arena(exchange);
  pass->call = *call;
  pass->call.config = config_ref(call->config);
  pass->call.credential.value = secret_ref(call->credential.value);
  pass->turn = (struct turn_item){.act = on_turn, .payload = pass};
  pass->kept = BUF_INIT(PROXY_KEEP_MAX);
  pass->out = BUF_INIT(OUT_MAX);
  pass->keeps = (call->renewable || call->proof_key) && pass->request->has_body;
  pass->result.upstream_ms = -1;
  pass->next = proxy->first;
  if (pass->next) pass->next->previous = pass;
  proxy->first = pass;
  http_exchange_hold(exchange);
  return pass;
}

static int prepare(struct proxy_pass *pass, struct error *error) {
  const struct http_request *request = pass->request;
  struct proxy_call *call = &pass->call;
  pass->question = (struct proxy_question){.config = call->config, .server = call->server, .method = request->method};
  if (proxy_target_of(call->server, pass->arena, request->method, call->target, &pass->question.target, error) < 0) return -1;
  if (request->has_body && request->body_length > call->server->limits.body)
    return error_set(error, ERROR_too_large, "the request body has %lld bytes, more than the %lld that this server gets at most",
                     (long long)request->body_length, (long long)call->server->limits.body);
  pass->pool = proxy_pool_take(pass->proxy->pools, call->server, error);
  return pass->pool ? 0 : -1;
}

struct proxy_pass *proxy_pass(struct proxy *proxy, struct http_exchange *exchange, const struct proxy_call *call) {
  struct proxy_pass *pass = pass_new(proxy, exchange, call);
  struct error error;
  error_clear(&error);
  http_exchange_on_gone(exchange, on_gone, pass);
  if (prepare(pass, &error) < 0) {
    fail(pass, &error);
    return pass;
  }
  ask(pass);
  if (pass->state == ASKING && pass->request->has_body)
    http_exchange_stream(exchange, (struct http_body_reader){.data = on_body, .end = on_body_end, .payload = pass});
  return pass;
}

int proxy_refused_status(const struct proxy_pass *pass) {
  return pass->status;
}

bool proxy_sent_cookie(const struct proxy_pass *pass) {
  return pass->cookie_sent;
}

/* A browser that went meanwhile, and a body that was not kept, need no second call. */
void proxy_repeat(struct proxy_pass *pass, struct source_credential credential) {
  struct error error = {0};
  if (pass->gone) {
    http_exchange_abort(pass->exchange);
    finish(pass, PROXY_GONE, ERROR_NONE);
    return;
  }
  struct secret *old = pass->call.credential.value;
  pass->call.credential = (struct source_credential){.kind = credential.kind, .value = secret_ref(credential.value)};
  secret_free(old);
  pass->repeated = true;
  buf_clear(&pass->out);
  if (can_repeat(pass)) {
    ask(pass);
    return;
  }
  (void)error_set(&error, ERROR_refresh_failed, "the sign-in was renewed while a large request was on its way: send the request again");
  error.retry_after = 1;
  fail(pass, &error);
}

/* The server's own reason goes with the gateway's. */
void proxy_fail(struct proxy_pass *pass, const struct error *error) {
  bool refusal = error->code == ERROR_reauth_required || error->code == ERROR_forbidden;
  struct str words = pass->has_words && refusal ? dhis2_message(pass->arena, buf_str(&pass->out)) : STR_NONE;
  struct error both = *error;
  if (words.n) (void)error_set(&both, error->code, "%s (the server says: %.*s)", error->message, STR_ARG(words));
  memcpy(both.reason, error->reason, sizeof both.reason);
  if (!pass->gone) {
    fail(pass, &both);
    return;
  }
  http_exchange_abort(pass->exchange);
  finish(pass, PROXY_GONE, ERROR_NONE);
}

int proxy_check_loop(const struct config *config, const struct http_request *request, struct error *error) {
  return proxy_via_lists(&request->headers, config->via)
             ? error_set(error, ERROR_loop,
                         "the request came through this gateway before: a server's address in the configuration leads back here")
             : 0;
}

struct proxy *proxy_new(uv_loop_t *loop, struct proxy_places *places, struct proxy_host host) {
  struct proxy *proxy = mem_alloc(sizeof *proxy);
  proxy->host = host;
  proxy->pools = proxy_pools_new(loop, places);
  proxy->turn = turn_new(loop);
  return proxy;
}

void proxy_reload(struct proxy *proxy, struct config *config) {
  proxy_pools_reload(proxy->pools, config);
}

void proxy_free(struct proxy *proxy) {
  if (!proxy) return;
  while (proxy->first) {
    upstream_cancel(proxy->first->upstream);
    http_exchange_abort(proxy->first->exchange);
    pass_free(proxy->first);
  }
  proxy_pools_free(proxy->pools);
  turn_free(proxy->turn);
  free(proxy);
}

void proxy_stop(struct proxy_pass *pass, const struct error *error) {
  if (pass->state != WAITING) fail(pass, error);
}
