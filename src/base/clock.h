/* clock: the time, and its written form. Pure parts of the program take times as arguments instead of calling this. Both clocks are as fine as the kernel's tick (1 to 10 ms): a request looks several times, and
 * reading the exact one is ten times as dear. */
#ifndef DRAWBRIDGE_BASE_CLOCK_H
#define DRAWBRIDGE_BASE_CLOCK_H

#include "base/str.h"

int64_t clock_monotonic_ms(void); /* for time-outs: never goes back, means nothing by itself */
int64_t clock_uptime_ms(void);    /* since the machine went up, with the time that it slept */
int64_t clock_now_ms(void);       /* milliseconds since 1970-01-01T00:00:00Z, without leap seconds */

enum { CLOCK_TEXT_SIZE = 32 };

/* RFC 3339 in UTC: "2026-11-24T09:30:00Z", or with milliseconds where they are not 0. Returns `text`. Years 0 to 9999. */
const char *clock_format(int64_t ms, char text[CLOCK_TEXT_SIZE]);

/* RFC 3339 with any offset; also DHIS2's "2026-11-24T09:30:00.000+0000" and without an offset (taken as UTC). False: not a time. */
bool clock_parse(struct str text, int64_t *ret_ms);

/* "Wed, 25 Nov 2026 09:30:00 GMT": Date, Expires, Retry-After, cookies; also with '-' in the date and two digits of the year (RFC 6265 section 5.1.1). False: not such a time. */
bool clock_parse_http(struct str text, int64_t *ret_ms);

#endif
