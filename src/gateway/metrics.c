#include "gateway/metrics.h"

static const struct {
  const char *name, *labels, *help; /* help NULL: as the one before */
} series[METRIC_COUNT] = {
    [METRIC_REQUESTS_1XX_2XX] = {"drawbridge_requests_total", "status=\"2xx\"", "Requests on the public listener by status"},
    [METRIC_REQUESTS_3XX] = {"drawbridge_requests_total", "status=\"3xx\"", NULL},
    [METRIC_REQUESTS_4XX] = {"drawbridge_requests_total", "status=\"4xx\"", NULL},
    [METRIC_REQUESTS_5XX] = {"drawbridge_requests_total", "status=\"5xx\"", NULL},
    [METRIC_REQUESTS_CUT] = {"drawbridge_requests_total", "status=\"cut\"", NULL},
    [METRIC_SIGN_INS] = {"drawbridge_sign_ins_total", "outcome=\"ok\"", "Sign-ins at servers"},
    [METRIC_SIGN_INS_FAILED] = {"drawbridge_sign_ins_total", "outcome=\"failed\"", NULL},
    [METRIC_SIGN_OUTS] = {"drawbridge_sign_outs_total", NULL, "Sign-outs from servers"},
    [METRIC_RENEWALS] = {"drawbridge_renewals_total", "outcome=\"ok\"", "Renewals of tokens"},
    [METRIC_RENEWALS_FAILED] = {"drawbridge_renewals_total", "outcome=\"failed\"", NULL},
    [METRIC_HANDOFFS] = {"drawbridge_handoffs_total", NULL, "Sessions handed to apps on other sites"},
    [METRIC_PROXIED_ANSWERED] = {"drawbridge_proxied_total", "outcome=\"answered\"", "Calls to servers"},
    [METRIC_PROXIED_FAILED] = {"drawbridge_proxied_total", "outcome=\"failed\"", NULL},
    [METRIC_PROXIED_REFUSED] = {"drawbridge_proxied_total", "outcome=\"refused\"", NULL},
    [METRIC_PROXIED_GONE] = {"drawbridge_proxied_total", "outcome=\"gone\"", NULL},
    [METRIC_RELOADS] = {"drawbridge_reloads_total", NULL, "Configurations taken over while running"},
};

void metrics_count(struct metrics *metrics, enum metrics_counter which) {
  atomic_fetch_add_explicit(&metrics->counters[which], 1, memory_order_relaxed);
}

static void add_value(struct buf *out, const char *name, const char *labels, long long value) {
  (void)buf_printf(out, "%s%s%s%s %lld\n", name, labels ? "{" : "", labels ? labels : "", labels ? "}" : "", value);
}

void metrics_write(struct metrics *metrics, struct buf *out) {
  for (size_t i = 0; i < METRIC_COUNT; i++) {
    if (series[i].help) (void)buf_printf(out, "# HELP %s %s\n# TYPE %s counter\n", series[i].name, series[i].help, series[i].name);
    add_value(out, series[i].name, series[i].labels, (long long)metrics->counters[i]);
  }
}

void metrics_counter(struct buf *out, const char *name, const char *help, uint64_t value) {
  (void)buf_printf(out, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
  add_value(out, name, NULL, (long long)value);
}

void metrics_gauge(struct buf *out, const char *name, const char *help, const char *labels, int64_t value) {
  if (help) (void)buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
  add_value(out, name, labels, (long long)value);
}
