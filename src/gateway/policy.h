/* policy: which methods and paths of a server a browser may reach. Pure.
 *
 * What holds always: the path judged is the decoded one of the canonical target (http/url.h), so that what is judged is what is sent. A version prefix ("/api/41/…" is "/api/…") and a suffix
 * (.json .xml .csv .gz, also several) are folded before matching; matching knows case. In a pattern `*` is any text within one segment; a final segment `**` covers the thing itself and all below.
 *
 * A call passes when its method is listed, some `allow` pattern matches, and no `deny` pattern does. What the default denies ("/api/apiToken*", …) stays denied unless an
 * `allow` entry names it: the entry, read as a path, lies within the denied pattern. Denied patterns are read without ASCII case and cover what lies below, too. The defaults are those of servers of type dhis2; for type http everything is allowed that `deny` does not name. */
#ifndef DRAWBRIDGE_GATEWAY_POLICY_H
#define DRAWBRIDGE_GATEWAY_POLICY_H

#include "gateway/config.h"

/* 0; ERROR_method_refused or ERROR_policy. `decoded_path` starts with '/'. */
int policy_check(const struct config_server *server, struct arena *arena, struct str method, struct str decoded_path, struct error *error);

/* Is it a pattern: starts with '/', no '?' or '#', `**` only as the whole last segment, up to 255 bytes? One that could never match, and so deny nothing, is none: with a version, a suffix that is folded, or a `..`. */
bool policy_pattern_valid(struct str pattern);

#endif
