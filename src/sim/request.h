/* request: what the stand-in server is asked and answers, without any socket: so that each part of it is a function from one to the other. */
#ifndef DRAWBRIDGE_SIM_REQUEST_H
#define DRAWBRIDGE_SIM_REQUEST_H

#include "http/message.h"
#include <jansson.h>

struct sim_request {
  struct arena *arena;                                      /* of this exchange */
  struct str method, target, path, query, host, peer, body; /* path: below the context path, not decoded, version prefix still there */
  struct http_headers headers;
};

struct sim_reply {
  struct arena *arena;
  int status;
  struct http_headers headers;
  struct str body;
  uint64_t late_ms; /* so long it takes until the answer goes out */
};

/* Query parameters, decoded; the n-th of that name. NULL p: not there. */
struct str sim_param(const struct sim_request *request, const char *name, size_t nth);
struct str sim_header(const struct sim_request *request, const char *name); /* the first; NULL p: not there */
struct str sim_cookie(const struct sim_request *request, const char *name); /* the last of that name; NULL p: not there */
bool sim_is(const struct sim_request *request, const char *method);
bool sim_wants(const struct sim_request *request,
               const char *media_type); /* Accept names this media type (as text, quality is not looked at) */

/* The same for any application/x-www-form-urlencoded text. Broken escapes stay as they are. */
struct str sim_form_value(struct arena *arena, struct str form, const char *name, size_t nth);
struct str sim_url_decode(struct arena *arena, struct str text, bool plus_is_blank);
struct str sim_url_encode(struct arena *arena, struct str text); /* all but letters, digits and "-._~" */
struct str sim_html_escape(struct arena *arena, struct str text);

/* Answers; Content-Type as DHIS2 writes it is the caller's to say: sim_reply_header before, or these defaults: JSON goes out as "application/json;charset=UTF-8" where no
 * Content-Type is set yet. sim_reply_json takes the reference. */
void sim_reply_header(struct sim_reply *reply, const char *name, struct str value); /* adds */
void sim_reply_text(struct sim_reply *reply, int status, const char *content_type, struct str body);
void sim_reply_json(struct sim_reply *reply, int status, json_t *body);
void sim_reply_empty(struct sim_reply *reply, int status);
/* DHIS2's web message: {"httpStatus":"Conflict","httpStatusCode":409,"status":"ERROR","message":…,"errorCode":…}; error_code and message NULL: left out. */
void sim_reply_message(struct sim_reply *reply, int status, const char *level, const char *error_code, const char *message);
/* Tomcat's own error page. */
void sim_reply_tomcat(struct sim_reply *reply, int status, const char *message);
const char *sim_reason(int status); /* Spring's names: "Not Found", "Conflict" */

#endif
