/* request: what the stand-in server is asked and answers, without any socket: so that each part of it is a function from one to the other. */
#ifndef DRAWBRIDGE_SIM_REQUEST_H
#define DRAWBRIDGE_SIM_REQUEST_H

#include "http/message.h"
#include <jansson.h>

struct sim_request {
  struct arena *arena; /* of this exchange */
  struct str method, target, path, query, host, peer, body; /* path: below the context path, not decoded, version prefix still there */
  struct http_headers headers;
};

struct sim_reply {
  struct arena *arena;
  int status;
  struct http_headers headers;
  struct str body;
};

/* Query parameters, decoded; the n-th of that name. NULL p: not there. */
struct str sim_param(const struct sim_request *request, const char *name, size_t nth);
struct str sim_header(const struct sim_request *request, const char *name);

/* Answers; Content-Type as DHIS2 writes it is the caller's to say. sim_reply_json takes the reference. */
void sim_reply_header(struct sim_reply *reply, const char *name, struct str value);
void sim_reply_text(struct sim_reply *reply, int status, const char *content_type, struct str body);
void sim_reply_json(struct sim_reply *reply, int status, json_t *body);
/* DHIS2's web message: {"httpStatus":"Conflict","httpStatusCode":409,"status":"ERROR","message":…,"errorCode":…}; error_code NULL: left out. */
void sim_reply_message(struct sim_reply *reply, int status, const char *level, const char *error_code, const char *message);

#endif
