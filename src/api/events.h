/* events: a GET that goes on: what it answers is told again whenever it has changed, as a stream of events (text/event-stream), each with the hash of its data for an id.
 *
 * What holds always:
 * - Each look is the route's own work on a worker thread, with the rights of the session as they are then; what it answers is compared with what was told last. Looks of one stream are EVENTS_LOOK_MS apart, and all streams together have EVENTS_LOOKS under
 *   way: they never take all threads from other calls, and where there are many, each is looked after more seldom.
 * - A stream that names what it was told last (Last-Event-ID) is not told it again. It ends behind the first event that says that nothing is under way any more; where the look finds nothing (deleted, or no longer this person's); with its session
 *   (gateway/long_calls.h); when the process ends; and after EVENTS_LIFE_MS, so that who reads on comes again, as to any process that shares the store, and that is a use of the session like any other.
 * - What waits for a reader is one event at most: to one who has not taken it, nothing more is written, and the server lets go of who takes nothing (http/server.h, idle_timeout_ms).
 * - EVENTS_OF_SESSION of one session, and EVENTS_MOST in all: beyond that ERROR_too_many or ERROR_busy. (Browsers have six HTTP/1.1 connections to one origin: what remains is for calls.)
 *
 * Life cycle: events_new for the process, events_here_new for each loop; events_begin on the loop's thread; events_stop from any thread, before the servers drain; events_here_free when no loop runs any more and the pool was freed (the loop must run
 * once more for the handle to close), then events_free. */
#ifndef DRAWBRIDGE_API_EVENTS_H
#define DRAWBRIDGE_API_EVENTS_H

#include "api/api.h"
#include "net/work.h"

enum {
  EVENTS_LOOK_MS = 500,
  EVENTS_LOOK_SHARED_MS = 1000, /* where processes share the store: they tell each other as often (desk.h) */
  EVENTS_LOOKS = 2,
  EVENTS_ALIVE_MS = 15000, /* a comment after so long without an event */
  EVENTS_LIFE_MS = 10 * 60 * 1000,
  EVENTS_OF_SESSION = 4,
  EVENTS_MOST = 256,
};

struct events;
struct events_here; /* of one loop */

struct events *events_new(bool shared);
void events_stop(struct events *events); /* what is open ends within a look, and nothing more is begun */
void events_free(struct events *events);

struct events_here *events_here_new(struct events *events, struct gateway *gateway, struct work_pool *pool);
void events_here_free(struct events_here *here);

/* Answers the job's call. Takes the job over, as it was made for a call. */
void events_begin(struct events_here *here, struct api_job *job);

#endif
