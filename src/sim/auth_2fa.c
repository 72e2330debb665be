#include "sim/auth_internal.h"

#include "sim/qr.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void sim_totp_secret(char *out, size_t letters) {
  sim_random_text(out, letters, base32);
}

static size_t base32_decode(const char *text, unsigned char *out, size_t room) {
  uint32_t bits = 0;
  unsigned count = 0;
  size_t n = 0;
  for (; *text && n < room; text++) {
    const char *at = strchr(base32, *text);
    if (!at) continue;
    bits = bits << 5 | (uint32_t)(at - base32);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    out[n++] = (unsigned char)(bits >> count);
  }
  return n;
}

/* RFC 4226 section 5.3 */
static unsigned hotp(const unsigned char *key, size_t n, uint64_t counter) {
  unsigned char text[8], mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  for (int i = 7; i >= 0; i--, counter >>= 8) text[i] = (unsigned char)counter;
  if (!HMAC(EVP_sha1(), key, (int)n, text, sizeof text, mac, &length)) return UINT32_MAX;
  unsigned at = mac[length - 1] & 15;
  return (((mac[at] & 127u) << 24) | ((unsigned)mac[at + 1] << 16) | ((unsigned)mac[at + 2] << 8) | mac[at + 3]) % 1000000u;
}

/* Blanks in a code: "123 456", as apps show it. */
static struct str without_blanks(struct str code, char out[8]) {
  size_t n = 0;
  for (size_t i = 0; i < code.n && n < 8; i++)
    if (code.p[i] != ' ') out[n++] = code.p[i];
  return (struct str){out, n};
}

bool sim_totp_check(const struct sim *sim, const char *secret, struct str code) {
  unsigned char key[40];
  char room[8];
  size_t n = base32_decode(secret, key, sizeof key);
  uint64_t given, step = (uint64_t)(sim_now_ms(sim) / 30000);
  if (sim->release <= SIM_2_37) code = without_blanks(code, room);
  if (code.n != 6 || !str_to_u64(code, &given)) return false;
  return hotp(key, n, step) == given || hotp(key, n, step - 1) == given;
}

/* Codes by e-mail, 2.42 and later. */

enum { MAIL_CODE_MS = 15 * 60 * 1000 };

bool sim_2fa_send(struct sim *sim, struct sim_account *account) {
  if (!sim->conf.mail) return false;
  sim_random_text(account->mail_code, sizeof account->mail_code - 1, "0123456789");
  account->mail_until_ms = sim_now_ms(sim) + MAIL_CODE_MS;
  return true;
}

bool sim_code_check(const struct sim *sim, const struct sim_account *account, struct str code) {
  if (!account->by_mail) return sim_totp_check(sim, account->secret, code);
  return account->mail_code[0] && str_eq(code, str_of(account->mail_code)) && sim_now_ms(sim) < account->mail_until_ms;
}

/* Up to 2.41 users show whether they have one. */
static void show_on_user(const struct sim *sim, json_t *user, const struct sim_account *account) {
  if (sim->release <= SIM_2_41) json_object_set_new(user, "twoFactorEnabled", json_boolean(account->totp == SIM_TOTP_ENABLED));
}

void sim_2fa_reset(struct sim *sim, json_t *user) {
  struct sim_account *account = sim_account_of(sim, user);
  if (!account) return;
  account->totp = SIM_TOTP_NONE;
  show_on_user(sim, user, account);
}

void sim_2fa_forget_pending(struct sim *sim, const json_t *user) {
  struct sim_account *account = sim_account_of(sim, user);
  if (account && account->totp == SIM_TOTP_PENDING && sim->release <= SIM_2_41) account->totp = SIM_TOTP_NONE;
}

/* 2.42 and later: enrolment is a step of its own, its answers have error codes of their own. */
static void enable_new(struct sim *sim, struct sim_account *account, struct str code, bool on, struct sim_reply *reply) {
  enum sim_totp from = on ? SIM_TOTP_PENDING : SIM_TOTP_ENABLED;
  if (code.n == 0)
    sim_reply_thrown(sim, reply, 409, "E3050", "2FA code can not be null or empty");
  else if (account->totp != from)
    sim_reply_thrown(sim, reply, 409, on ? "E3029" : "E3031", on ? "User must start 2FA enrollment first" : "2FA is not enabled");
  else if (!sim_code_check(sim, account, code))
    sim_reply_thrown(sim, reply, 403, "E3023", "Invalid 2FA code");
  else {
    account->totp = on ? SIM_TOTP_ENABLED : SIM_TOTP_NONE;
    sim_reply_message(reply, 200, "OK", NULL, on ? "2FA was enabled successfully" : "2FA was disabled successfully");
  }
}

static void enable_old(struct sim *sim, struct sim_account *account, struct str code, bool on, struct sim_reply *reply) {
  if (on && account->totp == SIM_TOTP_NONE)
    sim_reply_message(reply, 409, "ERROR", "E3029", "User must call the /qrCode endpoint first");
  else if (!on && account->totp != SIM_TOTP_ENABLED)
    sim_reply_message(reply, 409, "ERROR", "E3031", "Two factor authentication is not enabled");
  else if (!sim_totp_check(sim, account->secret, code))
    sim_reply_message(reply, 401, "ERROR", NULL, "Invalid 2FA code");
  else {
    account->totp = on ? SIM_TOTP_ENABLED : SIM_TOTP_NONE;
    sim_reply_message(reply, 200, "OK", NULL,
                      on ? "Two factor authentication was enabled successfully" : "Two factor authentication was disabled successfully");
  }
}

static void enable(struct sim *sim, struct sim_account *account, const struct sim_request *request, bool on, struct sim_reply *reply) {
  json_t *body = sim_body_json(request);
  struct str code = arena_str(request->arena, sim_text(body, "code"));
  json_decref(body);
  if (sim->release >= SIM_2_42)
    enable_new(sim, account, code, on, reply);
  else
    enable_old(sim, account, code, on, reply);
}

static void enrol(struct sim *sim, struct sim_account *account, bool by_mail, struct sim_reply *reply) {
  bool allowed = by_mail ? sim->conf.email_2fa : sim->conf.totp;
  if (!allowed) {
    sim_reply_thrown(sim, reply, 409, by_mail ? "E3045" : "E3046", by_mail ? "Email based 2FA is not enabled" : "TOTP 2FA is not enabled");
  } else if (account->totp == SIM_TOTP_ENABLED) {
    sim_reply_thrown(sim, reply, 409, "E3022", "2FA is already enabled");
  } else if (by_mail && !account->email_verified) {
    sim_reply_thrown(sim, reply, 409, "E3043",
                     "User does not have a verified email, please verify your email before you try to enable 2FA");
  } else {
    if (by_mail)
      (void)sim_2fa_send(sim, account);
    else
      sim_totp_secret(account->secret, 32);
    account->by_mail = by_mail;
    account->totp = SIM_TOTP_PENDING;
    sim_reply_message(reply, 200, "OK", NULL,
                      by_mail ? "The user has enrolled in email-based 2FA, a code was generated and sent successfully to the user's email"
                              : "The user has enrolled in TOTP 2FA, call the QR code endpoint to continue the process");
  }
}

/* Up to 2.37 everybody has a secret, and an administrator switches the factor on (take_credentials of auth_accounts.c). */
static void handle_2_37(struct sim *sim, const json_t *user, struct sim_account *account, struct str what,
                        const struct sim_request *request, struct sim_reply *reply) {
  if (!account->secret[0]) sim_totp_secret(account->secret, 16);
  if (str_eq(what, STR("qr"))) {
    struct str url = arena_printf(reply->arena,
                                  "https://chart.googleapis.com/"
                                  "chart?chs=200x200&chld=M%%%%7C0&cht=qr&chl=otpauth%%3A%%2F%%2Ftotp%%2FDHIS%%25202%%2520DHIS%%25202%%3A%"
                                  "s%%3Fsecret%%3D%s%%26issuer%%3D"
                                  "DHIS%%25202%%2520DHIS%%25202",
                                  sim_user_name(user), account->secret);
    sim_reply_json(reply, 202, json_pack("{s:s}", "url", url.p));
  } else if (str_eq(what, STR("authenticate"))) {
    bool right = sim_totp_check(sim, account->secret, sim_param(request, "code", 0));
    sim_reply_message(reply, right ? 200 : 401, right ? "OK" : "ERROR", NULL,
                      right ? "2FA code authenticated" : "2FA code not authenticated");
  } else {
    sim_reply_tomcat(reply, 404, NULL);
  }
}

static struct str key_uri(struct sim *sim, const json_t *user, const struct sim_account *account, struct arena *arena) {
  return arena_printf(arena, "otpauth://totp/DHIS2:%s?secret=%s&issuer=DHIS2", sim_user_name(user), account->secret);
}

static void qr_json(struct sim *sim, const json_t *user, struct sim_account *account, struct sim_reply *reply) {
  if (account->totp != SIM_TOTP_PENDING || account->by_mail) {
    sim_reply_thrown(sim, reply, 409, "E3047", "User is not in TOTP 2FA enrollment mode");
    return;
  }
  struct str picture = sim_qr_png(reply->arena, key_uri(sim, user, account, reply->arena));
  char *encoded = arena_alloc(reply->arena, picture.n * 2 + 8);
  (void)EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)picture.p, (int)picture.n);
  sim_reply_json(reply, 200, json_pack("{s:s, s:s}", "base32Secret", account->secret, "base64QRImage", encoded));
}

static void qr_picture(struct sim *sim, const json_t *user, struct sim_account *account, int status, struct sim_reply *reply) {
  reply->status = status;
  reply->body = sim_qr_png(reply->arena, key_uri(sim, user, account, reply->arena));
}

void sim_2fa_handle(struct sim *sim, json_t *user, struct str path, const struct sim_request *request, struct sim_reply *reply) {
  struct sim_account *account = sim_account_of(sim, user);
  struct str what = str_from(path, strlen("/api/2fa/"));
  bool is_new = sim->release >= SIM_2_42;
  if (sim->release <= SIM_2_37) {
    handle_2_37(sim, user, account, what, request, reply);
    return;
  }
  if (str_eq(what, STR("enabled")) && sim_is(request, "GET"))
    sim_reply_json(reply, 200, json_boolean(account->totp == SIM_TOTP_ENABLED));
  else if (str_eq(what, STR("enabled")))
    enable(sim, account, request, true, reply);
  else if (str_eq(what, STR("disabled")))
    enable(sim, account, request, false, reply);
  else if (is_new && str_eq(what, STR("enrollTOTP2FA")))
    enrol(sim, account, false, reply);
  else if (is_new && str_eq(what, STR("enrollEmail2FA")))
    enrol(sim, account, true, reply);
  else if (is_new && str_eq(what, STR("qrCodeJson")))
    qr_json(sim, user, account, reply);
  else if (is_new && str_eq(what, STR("qrCodePng"))) {
    if (sim_wants(request, "application/octet-stream"))
      qr_picture(sim, user, account, 200, reply);
    else
      sim_reply_thrown(sim, reply, 406, NULL, "No acceptable representation");
  } else if (!is_new && str_eq(what, STR("qrCode"))) {
    if (account->totp == SIM_TOTP_NONE) sim_totp_secret(account->secret, 16);
    if (account->totp == SIM_TOTP_NONE) account->totp = SIM_TOTP_PENDING;
    qr_picture(sim, user, account, 202, reply);
  } else
    sim_reply_tomcat(reply, 404, NULL);
  show_on_user(sim, user, account);
}
