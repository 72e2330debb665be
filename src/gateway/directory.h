/* directory: the servers of one configuration, each with how it is reached and what its last probe told.
 *
 * What holds always: made for one configuration and never changed; shared by reference. A server is probed by one thread at a time; others wait for its result. A result is good for five minutes, a failure for ten seconds.
 * What a probe told is shared by reference and never changes.
 *
 * Any thread. directory_probe blocks: not on the loop. */
#ifndef DRAWBRIDGE_GATEWAY_DIRECTORY_H
#define DRAWBRIDGE_GATEWAY_DIRECTORY_H

#include "dhis2/oauth.h"
#include "dhis2/probe.h"
#include "gateway/config.h"
#include "source/http_source.h"

struct directory;

struct directory *directory_new(struct config *config); /* takes its own reference */
struct directory *directory_ref(struct directory *directory);
void directory_unref(struct directory *directory);
struct config *directory_config(const struct directory *directory); /* borrowed */

/* One server; lives as long as the directory. NULL: there is none. */
struct directory_server;
struct directory_server *directory_find(struct directory *directory, struct str id);
const struct config_server *directory_about(const struct directory_server *server);
const struct source_place *directory_place(const struct directory_server *server);

struct dpop_nonces *directory_nonces(const struct directory_server *server); /* borrowed */
struct http_source directory_http(const struct directory_server *server);    /* a server of type http; borrowed */

/* drawbridge as the client of one of that server's authorization servers. In the arena. */
struct oauth_party directory_party(struct directory *directory, const struct directory_server *server,
                                   const struct oauth_provider *provider, struct arena *arena);

struct directory_answer {
  /* Meaningful where error.code is ERROR_NONE. */
  const struct source_probe *source;
  const struct dhis2_probe *dhis2; /* the same server, and what only DHIS2 has; NULL: it is of type http */
  struct error error;
};
const struct directory_answer *directory_probe(struct directory_server *server); /* own reference: directory_answer_unref */
void directory_doubt(
    struct directory_server *server); /* something is not as the last probe told: the next one asks again, if that was not just now */
const struct directory_answer *directory_last(struct directory_server *server, bool *ret_fresh); /* NULL: never probed. Does not block */
void directory_answer_unref(const struct directory_answer *answer);

/* What the doctor says of it, as JSON, copied to the arena. A diagnosis is good for ten seconds and made by one at a time: -1 with ERROR_busy while another one is under way. Blocks. */
int directory_diagnosis(struct directory *directory, struct directory_server *server, struct arena *arena, struct str *ret,
                        struct error *error);

/* Is this kind offered: by the configuration, and, where an answer is given, by the server? -1: ERROR_kind_not_offered with the reason; or, where it could not be asked just now, why. */
int directory_offers(const struct directory_server *server, enum sign_in_kind kind, const struct directory_answer *answer,
                     struct error *error);

#endif
