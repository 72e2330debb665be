/* metrics: counters and times of what happened, for /metrics (Prometheus text format 0.0.4).
 *
 * What holds always: counted from any thread without a lock, by each loop in its own (two that count in one place slow each other down); the names of series are fixed, and their labels are of a fixed set: kinds of outcome, and ids of configured servers (no label comes from a
 * request). Nothing here holds a secret, a path or a person.
 *
 * Life cycle: a zeroed struct is ready; metrics_clear. */
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
  METRIC_HANDOFFS,
  METRIC_SESSIONS_ENDED,
  METRIC_RELOADS,
  METRIC_RELOADS_REFUSED,
  METRIC_RUNS_BEGUN,
  METRIC_RUNS_DONE,
  METRIC_RUNS_DIFFERS,
  METRIC_RUNS_REFUSED,
  METRIC_RUNS_FAILED,
  METRIC_RUNS_CANCELLED,
  METRIC_RUNS_PAUSED,
  METRIC_RUNS_INTERRUPTED,
  METRIC_VALUES_READ,
  METRIC_VALUES_SENT,
  METRIC_VALUES_VERIFIED,
  METRIC_VALUES_REFUSED,
  METRIC_REPORTS_SENT,
  METRIC_REPORTS_FAILED,
  METRIC_REPORTS_GIVEN_UP,
  METRIC_COUNT,
};

/* What is counted for each server. */
enum metrics_server_counter {
  METRIC_SIGN_INS,
  METRIC_SIGN_INS_FAILED,
  METRIC_SIGN_OUTS,
  METRIC_RENEWALS,
  METRIC_RENEWALS_FAILED,
  METRIC_PROXIED_ANSWERED,
  METRIC_PROXIED_FAILED,
  METRIC_PROXIED_REFUSED,
  METRIC_PROXIED_GONE,
  METRIC_SERVER_COUNT,
};

enum {
  METRIC_CODES = 1
#define X(name, status, exit_code, title) +1
  ERROR_TABLE(X)
#undef X
};

enum { METRICS_BOUNDS = 14, METRICS_SERVERS_MAX = 1024 };

struct metrics_times {
  _Atomic uint64_t counts[METRICS_BOUNDS + 1]; /* between two bounds; the last one: above all */
  _Atomic uint64_t sum_us;
};

struct metrics {
  _Atomic uint64_t counters[METRIC_COUNT];
  _Atomic uint64_t problems[METRIC_CODES]; /* by enum error_code: answers that told one */
  struct metrics_times requests, turns;    /* from head to end; how long the loop was busy before it waited again */
  struct metrics_times store;              /* what the loop asks it for, from the asking to the answer */
  struct metrics_server *_Atomic servers;  /* only ever grows */
  _Atomic unsigned server_count;
};

void metrics_clear(struct metrics *metrics);

void metrics_know(struct metrics *metrics,
                  struct str server_id); /* its series are there from now on, with zeros: a rate needs a beginning */
void metrics_count(struct metrics *metrics, enum metrics_counter which);
void metrics_count_many(struct metrics *metrics, enum metrics_counter which, uint64_t many);
void metrics_run_ended(struct metrics *metrics,
                       struct str state); /* one of METRIC_RUNS_DONE to METRIC_RUNS_INTERRUPTED; others are not counted */
void metrics_problem(struct metrics *metrics, enum error_code code);
void metrics_count_at(struct metrics *metrics, struct str server_id, enum metrics_server_counter which);
void metrics_time(struct metrics_times *times, int64_t us);
void metrics_time_at(struct metrics *metrics, struct str server_id,
                     int64_t ms); /* until the head of a server's answer; negative: it never came, and is not counted */

/* Adds what another loop counted. */
void metrics_add(struct metrics *metrics, struct metrics *more);

/* Appends all of them. */
void metrics_write(struct metrics *metrics, struct buf *out);

/* Appends a counter that is kept elsewhere. */
void metrics_counter(struct buf *out, const char *name, const char *help, uint64_t value);

/* Appends one more value with its own help text (NULL: the series has it already): gauges that the caller knows. `of`, `server_id`: empty: without a label. */
void metrics_gauge_of(struct buf *out, const char *name, const char *help, const char *label, struct str of, int64_t value);
void metrics_gauge(struct buf *out, const char *name, const char *help, struct str server_id, int64_t value);

#endif
