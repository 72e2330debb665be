/* run_document: a run as it is kept in the store, between the routes (runs.c), what is asked for (run_order.c) and what carries it out (run_work.c).
 *
 * `about`: {state, dry_run, alignment?, from, to, periods, by, by_target, org_units, alignment_version, wait, meaning?, read?, sent?, units_skipped?, what struct run_beside has, problem?}; `state` is "queued" from the start to the end of a run, then how it ended. Body: three parts, the first two a line each: the order, the report
 * (empty until the end), the mapping. */
#ifndef DRAWBRIDGE_API_RUN_DOCUMENT_H
#define DRAWBRIDGE_API_RUN_DOCUMENT_H

#include "api/api.h"
#include "api/runner.h"
#include "base/json_out.h"
#include "transfer/run.h"

#define RUN_KIND STR("run")
#define RUN_STATE_OPEN STR("queued")

/* What was asked for; in the arena. */
struct run_asked {
  struct run_order order;
  struct str alignment; /* empty: a mapping was given */
  bool wait;            /* for another run that writes to the same cells */
  int64_t alignment_version;
  struct str mapping_text;
  int64_t unattended_until_ms; /* 0: it ends with the session */
  struct str webhook;          /* id; empty: none */
  struct str language;         /* as struct run_beside has it */
};

/* Reads a RunOrder (docs/openapi.yaml). -1: ERROR_bad_request says what is wrong, ERROR_input which choices exclude each other; or as api_alignment_take. */
int run_asked_read(struct api_job *job, struct run_asked *ret, struct error *error);

/* What belongs to a run beside its order. All may be empty. */
struct run_beside {
  struct str mandate;          /* id of what lets it go on without the person (mandates.h): its own, or its schedule's */
  int64_t unattended_until_ms; /* of that one */
  struct str schedule, webhook;
  bool once_more;               /* of a schedule: all had gone through of the period before; where nothing is new, nobody is told */
  struct str language;          /* of the names in its report, and of the report where it is filed: "fr" */
  struct str undoes, undone_by; /* ids of runs */
};

/* `about` of a document. */
struct run_about {
  struct str state, alignment, from, to, by, by_target;
  struct str meaning; /* hash of what was asked for, where that came with an Idempotency-Key; empty: none */
  bool dry_run, wait;
  const struct str *periods;
  size_t period_count;
  int64_t org_units;
  int64_t alignment_version; /* 0: none */
  bool counted;              /* once it has ended: */
  int64_t read, sent;        /* values */
  int64_t units_skipped;     /* org units, each in one period */
  struct str problem;        /* JSON; empty: none */
  struct run_beside beside;
};
struct run_about run_about_read(struct arena *arena, struct str json);
void run_about_members(struct json_out *out, const struct run_about *about,
                       struct str state); /* into an open object, as RunEntry has them, but for what is the document's own */

bool run_state_is_end(struct str state); /* nothing is left to be done, or to be gone on with without being asked */

/* The parts of a body, borrowed. */
struct run_body {
  struct str order, report, mapping;
};
struct run_body run_body_split(struct str body);

/* The RunOrder that a run was started with, into an open object, but for what ends with it (`unattended_until`): asked for again it is the same run. -1: ERROR_inside: what is kept cannot be read. */
int run_asked_write(struct arena *arena, const struct run_about *about, const struct run_body *body, struct json_out *out,
                    struct error *error);

/* A new run, queued, with a random id; not stored yet. `key`: as struct store_document has it. -1: ERROR_too_large. */
int run_document_make(struct arena *arena, const struct run_asked *asked, const struct run_about *who, struct store_document *ret,
                      struct error *error);

/* Into an open object, as RunEntry of docs/openapi.yaml has them. */
void run_document_members(struct json_out *out, const struct store_document *document, const struct run_about *about, struct str state);

/* Takes `about` into the document, to be stored. */
void run_document_about(struct arena *arena, const struct run_about *about, struct store_document *document);
/* Of one that has ended: the time begins that it is kept for. */
void run_document_end(struct arena *arena, struct gateway *gateway, const struct run_about *about, struct store_document *document);

/* The crew that a run is for. */
enum runner_crew run_crew(const struct run_about *about);

/* What a run is about to write, claimed (claim.h). In a shared store it is held by the same name as the run and its journal. */
struct run_cells {
  struct str store, holder;
  struct str id, undoes; /* of the run; as struct run_beside has it */
  struct str by, to_url;
  const struct run_order *order;
  struct str mapping_text;
};
struct claim *run_cells_claim(struct arena *arena, const struct run_cells *cells, const struct claim_wait *wait, struct error *error);

/* A place in a shared store as that holder's (hold.h); a folder as it is. */
const char *run_place_of(struct arena *arena, const char *place, struct str holder);

/* Hands it to the runner, with all that is its own: promise and claim are given back here where it could not be started. `session`: NULL where it has a mandate. -1: as runner_start, or runner_keep.
 *
 * A run that somebody is told of has its cells from then on, so that who comes after it is refused at once, and by a run, never by the other's look; what that leaves is claimed by the run when it has a thread: where it may wait for others, or is gone on with by a process that found it left off. */
struct run_start {
  struct gateway *gateway;
  struct gateway_session *session;
  struct str public_url, store;
  bool resume;
  struct runner_run *promise; /* of the runner; NULL: none was made */
  enum runner_crew crew;      /* where there is no promise */
  struct str holder;          /* who has the claim; empty: nobody yet */
  struct claim *claim;        /* NULL: none was taken */
};
int run_document_start(struct api *api, struct str id, const struct run_start *how, struct error *error);

/* What a runner's thread is given; it frees it. */
struct run_payload {
  char *id;
  struct gateway *gateway;
  struct gateway_session *session;   /* NULL: the mandate alone */
  char *public_url, *store, *holder; /* by this name it has the run, its journal and its claim */
  struct claim *claim;               /* NULL: none yet, or given back */
  bool resume;
};

void run_payload_free(struct run_payload *payload);

/* Where runs tell each other what they write to (claim.h), for the command line too: beside a store that is a file, else in it (hold.h); `id`: whose it is, empty where it is no run of the store. */
const char *run_claims_folder(struct arena *arena, struct str store, struct str id);

/* The folder that the journals of all runs are in; NULL: they are in the store. */
const char *run_journals(struct arena *arena, struct str store);

/* Where a run's journal is: a folder beside a store that is a file, else a place in it (hold.h). -1: ERROR_inside: the folder cannot be made. */
int run_folder(struct arena *arena, struct str store, struct str id, const char **ret, struct error *error);

#endif
