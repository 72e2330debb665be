/* metrics: counters of what happened, for /metrics (Prometheus text format 0.0.4).
 *
 * What holds always: counted from any thread without a lock; the names of series are fixed, their labels are of a fixed set (no label comes from a request). Nothing here holds a secret, a path or a person. */
#ifndef DRAWBRIDGE_GATEWAY_METRICS_H
#define DRAWBRIDGE_GATEWAY_METRICS_H

#include "base/buf.h"
#include "base/error.h"
#include <stdatomic.h>

enum metrics_counter {
  METRIC_REQUESTS_1XX_2XX,
  METRIC_REQUESTS_3XX,
  METRIC_REQUESTS_4XX,
  METRIC_REQUESTS_5XX,
  METRIC_REQUESTS_CUT, /* the browser went, or the answer was cut */
  METRIC_SIGN_INS,
  METRIC_SIGN_INS_FAILED,
  METRIC_SIGN_OUTS,
  METRIC_RENEWALS,
  METRIC_RENEWALS_FAILED,
  METRIC_HANDOFFS,
  METRIC_PROXIED_ANSWERED,
  METRIC_PROXIED_FAILED,
  METRIC_PROXIED_REFUSED,
  METRIC_PROXIED_GONE,
  METRIC_RELOADS,
  METRIC_COUNT,
};

struct metrics {
  _Atomic uint64_t counters[METRIC_COUNT];
};

void metrics_count(struct metrics *metrics, enum metrics_counter which);

/* Appends all counters. */
void metrics_write(struct metrics *metrics, struct buf *out);

/* Appends a counter that is kept elsewhere. */
void metrics_counter(struct buf *out, const char *name, const char *help, uint64_t value);

/* Appends one more value with its own help text: gauges that the caller knows. `labels`: `server="central"`, or NULL. */
void metrics_gauge(struct buf *out, const char *name, const char *help, const char *labels, int64_t value);

#endif
