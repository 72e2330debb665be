/* reports_out: the report of a run that has ended, to where it is filed: the folder and the webhook that the configuration names.
 *
 * What holds always:
 * - The folder (runs.reports) gets each report whole or not at all, as <day>-<run>.json, .csv and .html, the last two in the language of the run. What cannot be written is logged; the report is kept with the run all the same.
 * - What is to be sent to a webhook is in the store before the first try, and tried again until the other side takes it (2xx), refuses it for good (410), or REPORTS_OUT_TRIES tries over a day and a half have failed: also after a restart. It may come twice, never changed:
 *   its id is the same then.
 * - It is signed: Drawbridge-Signature is `sha256=` and the HMAC-SHA256 of the header Drawbridge-Timestamp, a full stop and the body, with the webhook's secret. Its address is checked like that of every server, at each connection; redirects are not followed.
 *
 * Any thread; all calls block. */
#ifndef DRAWBRIDGE_API_REPORTS_OUT_H
#define DRAWBRIDGE_API_REPORTS_OUT_H

#include "api/api.h"
#include <stdatomic.h>

enum { REPORTS_OUT_TRIES = 7 };

/* Of a run that has not ended, or a dry one: nothing. */
void reports_out(struct api *api, struct gateway *gateway, const struct store_document *run);

/* Sends what is due, a few at a time; what is under way when *stop is set counts as not tried. */
void reports_out_deliver(struct api *api, struct gateway *gateway, int64_t now_ms, const atomic_bool *stop);

/* How long after so many failed tries the next one is made; 0: there is no next one. Pure. */
int64_t reports_out_pause_ms(unsigned tries);

#endif
