/* reports_out: the report of a run that has ended, to where it is filed: the folder and the webhook that the configuration names. A webhook is also told of a run that stopped because nothing lets it go on without the person any more.
 *
 * What holds always:
 * - What is to be told is in the store before the run is kept as ended, and waits there until it is: a process that dies between loses nothing. There it stays until it was told, also after a restart.
 * - The folder (runs.reports) gets each report whole or not at all, as <day>-<run>.json, .csv and .html, the last two in the language of the run. What cannot be written is logged and tried again as what cannot be sent; the report is kept with the run all the same.
 * - What is to be sent to a webhook is tried again until the other side takes it (2xx), refuses it for good (410), or REPORTS_OUT_TRIES tries over a day and a half have failed. It may come twice, never changed:
 *   its id is the same then.
 * - It is signed: Drawbridge-Signature is `sha256=` and the HMAC-SHA256 of the header Drawbridge-Timestamp, a full stop and the body, with the webhook's secret. Its address is checked like that of every server, at each connection; redirects are not followed.
 *
 * Any thread; all calls block. */
#ifndef DRAWBRIDGE_API_REPORTS_OUT_H
#define DRAWBRIDGE_API_REPORTS_OUT_H

#include "api/api.h"
#include <stdatomic.h>

enum { REPORTS_OUT_TRIES = 7 };

/* Before *run is put into the store as it is now. Of one that neither has ended nor waits for its person, and of a dry one: nothing. */
void reports_out(struct api *api, struct gateway *gateway, const struct store_document *run);

/* Of a schedule: "period_given_up" with the period, "schedule_ended" without one. Told once for each, as above; the folder gets one file, <day>-<schedule>-<period or "ended">.json. */
void reports_out_schedule(struct api *api, struct gateway *gateway, struct str schedule, struct str webhook, struct str event,
                          struct str period);

/* Files and sends what is due, a few at a time; what is under way when *stop is set counts as not tried. */
void reports_out_deliver(struct api *api, struct gateway *gateway, int64_t now_ms, const atomic_bool *stop);

/* How long after so many failed tries the next one is made; 0: there is no next one. Pure. */
int64_t reports_out_pause_ms(unsigned tries);

#endif
