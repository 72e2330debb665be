#include "gateway/metrics.h"

#include "base/mem.h"

struct metrics_server {
  struct metrics_server *next;
  char id[33];
  _Atomic uint64_t counters[METRIC_SERVER_COUNT];
  struct metrics_times heads;
};

static const struct series {
  const char *name, *label, *value, *help; /* help NULL: as the one before */
} series[METRIC_COUNT] = {
    [METRIC_REQUESTS_1XX_2XX] = {"drawbridge_requests_total", "status", "2xx", "Requests on the public listener by status"},
    [METRIC_REQUESTS_3XX] = {"drawbridge_requests_total", "status", "3xx", NULL},
    [METRIC_REQUESTS_4XX] = {"drawbridge_requests_total", "status", "4xx", NULL},
    [METRIC_REQUESTS_5XX] = {"drawbridge_requests_total", "status", "5xx", NULL},
    [METRIC_REQUESTS_CUT] = {"drawbridge_requests_total", "status", "cut", NULL},
    [METRIC_HANDOFFS] = {"drawbridge_handoffs_total", NULL, NULL, "Sessions handed to apps on other sites"},
    [METRIC_SESSIONS_ENDED] = {"drawbridge_sessions_ended_total", NULL, NULL, "Sessions that somebody signed out of"},
    [METRIC_RELOADS] = {"drawbridge_reloads_total", "outcome", "ok", "Configurations read again while running"},
    [METRIC_RELOADS_REFUSED] = {"drawbridge_reloads_total", "outcome", "refused", NULL},
    [METRIC_RUNS_BEGUN] = {"drawbridge_runs_begun_total", NULL, NULL,
                           "Runs of transfers that this process began, or went on with; dry runs do not count"},
    [METRIC_RUNS_DONE] = {"drawbridge_runs_ended_total", "state", "done", "Runs of transfers that ended here, or were left off, as what"},
    [METRIC_RUNS_DIFFERS] = {"drawbridge_runs_ended_total", "state", "differs", NULL},
    [METRIC_RUNS_REFUSED] = {"drawbridge_runs_ended_total", "state", "refused", NULL},
    [METRIC_RUNS_FAILED] = {"drawbridge_runs_ended_total", "state", "failed", NULL},
    [METRIC_RUNS_CANCELLED] = {"drawbridge_runs_ended_total", "state", "cancelled", NULL},
    [METRIC_RUNS_PAUSED] = {"drawbridge_runs_ended_total", "state", "paused", NULL},
    [METRIC_RUNS_INTERRUPTED] = {"drawbridge_runs_ended_total", "state", "interrupted", NULL},
    [METRIC_VALUES_READ] =
        {"drawbridge_run_values_total", "what", "read",
         "Values of runs that have ended or paused here, each once, and none of dry runs: read, sent, read back as sent, refused"},
    [METRIC_VALUES_SENT] = {"drawbridge_run_values_total", "what", "sent", NULL},
    [METRIC_VALUES_VERIFIED] = {"drawbridge_run_values_total", "what", "verified", NULL},
    [METRIC_VALUES_REFUSED] = {"drawbridge_run_values_total", "what", "refused", NULL},
    [METRIC_REPORTS_SENT] = {"drawbridge_reports_total", "outcome", "sent",
                             "Reports of runs to webhooks: taken, to be tried again, given up"},
    [METRIC_REPORTS_FAILED] = {"drawbridge_reports_total", "outcome", "failed", NULL},
    [METRIC_REPORTS_GIVEN_UP] = {"drawbridge_reports_total", "outcome", "given_up", NULL},
};

static const struct series server_series[METRIC_SERVER_COUNT] = {
    [METRIC_SIGN_INS] = {"drawbridge_sign_ins_total", "outcome", "ok", "Sign-ins at servers"},
    [METRIC_SIGN_INS_FAILED] = {"drawbridge_sign_ins_total", "outcome", "failed", NULL},
    [METRIC_SIGN_OUTS] = {"drawbridge_sign_outs_total", NULL, NULL, "Sign-outs from servers"},
    [METRIC_RENEWALS] = {"drawbridge_renewals_total", "outcome", "ok", "Renewals of tokens"},
    [METRIC_RENEWALS_FAILED] = {"drawbridge_renewals_total", "outcome", "failed", NULL},
    [METRIC_PROXIED_ANSWERED] = {"drawbridge_proxied_total", "outcome", "answered", "Calls to servers"},
    [METRIC_PROXIED_FAILED] = {"drawbridge_proxied_total", "outcome", "failed", NULL},
    [METRIC_PROXIED_REFUSED] = {"drawbridge_proxied_total", "outcome", "refused", NULL},
    [METRIC_PROXIED_GONE] = {"drawbridge_proxied_total", "outcome", "gone", NULL},
};

static const struct {
  const char *text;
  int64_t us;
} bounds[METRICS_BOUNDS] = {{"0.001", 1000},  {"0.0025", 2500}, {"0.005", 5000},  {"0.01", 10000}, {"0.025", 25000},
                            {"0.05", 50000},  {"0.1", 100000},  {"0.25", 250000}, {"0.5", 500000}, {"1", 1000000},
                            {"2.5", 2500000}, {"5", 5000000},   {"10", 10000000}, {"60", 60000000}};

/* --- counting --- */

static void add(_Atomic uint64_t *counter, uint64_t value) {
  atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static struct metrics_server *find(struct metrics_server *from, struct str id) {
  while (from && !str_eq(str_of(from->id), id)) from = from->next;
  return from;
}

/* Two threads may add the same server at once: the second sees the first before its own is in. NULL: there are too many. */
static struct metrics_server *server_of(struct metrics *metrics, struct str id) {
  struct metrics_server *first = atomic_load_explicit(&metrics->servers, memory_order_acquire), *found = find(first, id);
  if (found || id.n >= sizeof found->id || metrics->server_count >= METRICS_SERVERS_MAX) return found;
  struct metrics_server *server = mem_alloc(sizeof *server);
  (void)snprintf(server->id, sizeof server->id, "%.*s", STR_ARG(id));
  do {
    found = find(first, id);
    if (found) {
      free(server);
      return found;
    }
    server->next = first;
  } while (!atomic_compare_exchange_weak_explicit(&metrics->servers, &first, server, memory_order_acq_rel, memory_order_acquire));
  metrics->server_count++;
  return server;
}

void metrics_clear(struct metrics *metrics) {
  struct metrics_server *server = metrics->servers;
  metrics->servers = NULL;
  while (server) {
    struct metrics_server *next = server->next;
    free(server);
    server = next;
  }
}

void metrics_know(struct metrics *metrics, struct str server_id) {
  (void)server_of(metrics, server_id);
}

void metrics_count(struct metrics *metrics, enum metrics_counter which) {
  add(&metrics->counters[which], 1);
}

void metrics_count_many(struct metrics *metrics, enum metrics_counter which, uint64_t many) {
  add(&metrics->counters[which], many);
}

void metrics_run_ended(struct metrics *metrics, struct str state) {
  for (enum metrics_counter which = METRIC_RUNS_DONE; which <= METRIC_RUNS_INTERRUPTED; which++)
    if (str_eq(state, str_of(series[which].value))) metrics_count(metrics, which);
}

void metrics_problem(struct metrics *metrics, enum error_code code) {
  add(&metrics->problems[code], 1);
}

void metrics_count_at(struct metrics *metrics, struct str server_id, enum metrics_server_counter which) {
  struct metrics_server *server = server_of(metrics, server_id);
  if (server) add(&server->counters[which], 1);
}

void metrics_time(struct metrics_times *times, int64_t us) {
  size_t i = 0;
  while (i < METRICS_BOUNDS && us > bounds[i].us) i++;
  add(&times->counts[i], 1);
  add(&times->sum_us, us > 0 ? (uint64_t)us : 0);
}

void metrics_time_at(struct metrics *metrics, struct str server_id, int64_t ms) {
  struct metrics_server *server = ms < 0 ? NULL : server_of(metrics, server_id);
  if (server) metrics_time(&server->heads, ms * 1000);
}

static void add_times_of(struct metrics_times *times, const struct metrics_times *more) {
  for (size_t i = 0; i <= METRICS_BOUNDS; i++) add(&times->counts[i], more->counts[i]);
  add(&times->sum_us, more->sum_us);
}

void metrics_add(struct metrics *metrics, struct metrics *more) {
  for (size_t i = 0; i < METRIC_COUNT; i++) add(&metrics->counters[i], more->counters[i]);
  for (size_t i = 0; i < METRIC_CODES; i++) add(&metrics->problems[i], more->problems[i]);
  add_times_of(&metrics->requests, &more->requests);
  add_times_of(&metrics->store, &more->store);
  add_times_of(&metrics->turns, &more->turns);
  for (struct metrics_server *from = atomic_load_explicit(&more->servers, memory_order_acquire); from; from = from->next) {
    struct metrics_server *server = server_of(metrics, str_of(from->id));
    if (!server) continue;
    for (size_t i = 0; i < METRIC_SERVER_COUNT; i++) add(&server->counters[i], from->counters[i]);
    add_times_of(&server->heads, &from->heads);
  }
}

/* --- writing --- */

struct label {
  const char *name, *value; /* name NULL: none */
};

static void add_head(struct buf *out, const char *name, const char *type, const char *help) {
  if (help) (void)buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Values of labels are ids, numbers and words: nothing in them is to be escaped. */
static void add_value(struct buf *out, const char *name, const char *suffix, struct label a, struct label b, uint64_t value) {
  (void)buf_printf(out, "%s%s", name, suffix);
  if (a.name) (void)buf_printf(out, "{%s=\"%s\"", a.name, a.value);
  if (b.name) (void)buf_printf(out, "%c%s=\"%s\"", a.name ? ',' : '{', b.name, b.value);
  (void)buf_printf(out, "%s %llu\n", a.name || b.name ? "}" : "", (unsigned long long)value);
}

static void add_times(struct buf *out, const char *name, const char *help, struct label server, struct metrics_times *times) {
  uint64_t count = 0, sum_us = times->sum_us;
  add_head(out, name, "histogram", help);
  for (size_t i = 0; i <= METRICS_BOUNDS; i++) {
    count += times->counts[i];
    add_value(out, name, "_bucket", server, (struct label){"le", i < METRICS_BOUNDS ? bounds[i].text : "+Inf"}, count);
  }
  (void)buf_printf(out, "%s_sum", name);
  if (server.name) (void)buf_printf(out, "{%s=\"%s\"}", server.name, server.value);
  (void)buf_printf(out, " %llu.%06llu\n", (unsigned long long)(sum_us / 1000000), (unsigned long long)(sum_us % 1000000));
  add_value(out, name, "_count", server, (struct label){0}, count);
}

static void add_servers(struct metrics *metrics, struct buf *out) {
  struct metrics_server *first = atomic_load_explicit(&metrics->servers, memory_order_acquire);
  for (size_t i = 0; i < METRIC_SERVER_COUNT && first;) {
    size_t end = i + 1;
    while (end < METRIC_SERVER_COUNT && !server_series[end].help) end++;
    add_head(out, server_series[i].name, "counter", server_series[i].help);
    for (struct metrics_server *s = first; s; s = s->next)
      for (size_t k = i; k < end; k++)
        add_value(out, server_series[k].name, "", (struct label){"server", s->id},
                  (struct label){server_series[k].label, server_series[k].value}, s->counters[k]);
    i = end;
  }
  for (struct metrics_server *s = first; s; s = s->next)
    add_times(out, "drawbridge_upstream_seconds", s == first ? "Time until the head of a server's answer" : NULL,
              (struct label){"server", s->id}, &s->heads);
}

static void add_problems(const struct metrics *metrics, struct buf *out) {
  for (size_t i = 1; i < METRIC_CODES; i++) {
    add_head(out, "drawbridge_problems_total", "counter", i == 1 ? "Answers that told a problem, by its code" : NULL);
    add_value(out, "drawbridge_problems_total", "", (struct label){"code", error_name((enum error_code)i)}, (struct label){0},
              metrics->problems[i]);
  }
}

void metrics_write(struct metrics *metrics, struct buf *out) {
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    add_head(out, series[i].name, "counter", series[i].help);
    add_value(out, series[i].name, "", (struct label){series[i].label, series[i].value}, (struct label){0}, metrics->counters[i]);
  }
  add_problems(metrics, out);
  add_servers(metrics, out);
  add_times(out, "drawbridge_store_seconds", "Time of what the event loop asks the store for, with the wait for what was asked before",
            (struct label){0}, &metrics->store);
  add_times(out, "drawbridge_request_seconds", "Time of requests on the public listener, from the head to the end of the answer",
            (struct label){0}, &metrics->requests);
  add_times(out, "drawbridge_loop_busy_seconds",
            "How long the event loop was at work before it waited again: what a call waits for at the worst", (struct label){0},
            &metrics->turns);
}

void metrics_counter(struct buf *out, const char *name, const char *help, uint64_t value) {
  add_head(out, name, "counter", help);
  add_value(out, name, "", (struct label){0}, (struct label){0}, value);
}

void metrics_gauge_of(struct buf *out, const char *name, const char *help, const char *label, struct str of, int64_t value) {
  add_head(out, name, "gauge", help);
  (void)buf_printf(out, "%s", name);
  if (of.n) (void)buf_printf(out, "{%s=\"%.*s\"}", label, STR_ARG(of));
  (void)buf_printf(out, " %lld\n", (long long)value);
}

void metrics_gauge(struct buf *out, const char *name, const char *help, struct str server_id, int64_t value) {
  metrics_gauge_of(out, name, help, "server", server_id, value);
}
