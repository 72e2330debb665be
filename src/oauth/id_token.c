#include "oauth/id_token.h"

#include "oauth/jwt.h"

enum { SUBJECT_MAX = 255, NAME_MAX = 200 };

static const char *check_identity(const json_t *claims, const struct id_token_expected *expected) {
  size_t subject = strlen(jwt_text(claims, "sub"));
  if (!jwt_is(claims, "iss", expected->issuer)) return "it names another issuer";
  if (!jwt_audience_fits(claims, expected->client_id)) return "it was made for another client";
  if (subject == 0 || subject > SUBJECT_MAX) return "it names no user";
  if (expected->subject.n) return jwt_is(claims, "sub", expected->subject) ? NULL : "it names another user than before";
  return expected->nonce.n && jwt_is(claims, "nonce", expected->nonce) ? NULL : "it belongs to another sign-in";
}

static struct str keep(struct arena *arena, const json_t *claims, const char *name) {
  return arena_str(arena, str_slice(str_of(jwt_text(claims, name)), 0, NAME_MAX));
}

int id_token_check(struct str token, struct str jwks, const struct id_token_expected *expected, struct arena *arena,
                   struct oauth_person *ret, struct error *error) {
  struct jwt jwt;
  const char *wrong;
  int result = jwt_open(token, jwks, &jwt, &wrong);
  if (result == 1) return 1;
  if (result == 0) wrong = check_identity(jwt.claims, expected);
  int64_t ahead_s = !wrong ? jwt_clock_ahead_s(jwt.claims, expected->now_ms) : 0;
  if (!wrong) wrong = jwt_times_wrong(jwt.claims, expected->now_ms);
  if (!wrong)
    *ret = (struct oauth_person){.subject = arena_str(arena, str_of(jwt_text(jwt.claims, "sub"))),
                                 .username = keep(arena, jwt.claims, "preferred_username"),
                                 .name = keep(arena, jwt.claims, "name"),
                                 .sid = keep(arena, jwt.claims, "sid")};
  jwt_clear(&jwt);
  if (!wrong) return 0;
  if (ahead_s)
    return error_set(error, ERROR_clock_skew,
                     "the server's ID token is of another time: the server's clock is %lld seconds or more %s ours: set both by NTP",
                     (long long)(ahead_s < 0 ? -ahead_s : ahead_s), ahead_s < 0 ? "behind" : "ahead of");
  (void)error_set(error, ERROR_upstream_error, "the server's ID token was refused: %s", wrong);
  return error_because(error, "id_token");
}
