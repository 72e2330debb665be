#include "sim/pages.h"

#include "base/buf.h"
#include "sim/auth_internal.h"

static const char style[] =
    "<style>body{font:16px/1.5 sans-serif;margin:3em auto;max-width:26em;padding:0 1em;color:#212934;background:#f3f5f7}"
    "main{background:#fff;border:1px solid #d5dde5;border-radius:6px;padding:1.5em}label{display:block;margin:.8em 0 .2em}"
    "input[type=text],input[type=password]{box-sizing:border-box;width:100%;padding:.5em;font:inherit;border:1px solid "
    "#a0adba;border-radius:4px}"
    "button{margin-top:1.2em;padding:.5em 1.2em;font:inherit;border:0;border-radius:4px;color:#fff;background:#1565c0}"
    ".problem{color:#b71c1c;font-weight:bold}small{color:#6c7787}</style>";

static void reply_page(const struct sim *sim, struct sim_reply *reply, int status, const char *title, struct buf *body) {
  struct str page = arena_printf(reply->arena,
                                 "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                                 "content=\"width=device-width\"><title>%s</title>"
                                 "<link rel=\"icon\" href=\"data:,\">%s</head><body><main>%.*s</main><p><small>Stand-in server for tests "
                                 "and demonstration, playing DHIS2 %s.</small></p></body></html>",
                                 title, style, STR_ARG(buf_str(body)), sim_version(sim));
  buf_free(body);
  sim_reply_text(reply, status, "text/html;charset=UTF-8", page);
}

void sim_page_login(const struct sim *sim, struct sim_reply *reply, struct str username, const char *problem) {
  struct buf body = BUF_INIT(1 << 16);
  bool old = sim->release <= SIM_2_41;
  struct str name = sim_html_escape(reply->arena, username);
  buf_printf(&body, "<h1>Sign in</h1>");
  if (problem) buf_printf(&body, "<p class=\"problem\" role=\"alert\">%s</p>", problem);
  buf_printf(&body, "<form id=\"loginForm\" method=\"post\" action=\"%.*s%s\">", STR_ARG(sim->context),
             old ? "/dhis-web-commons-security/login.action" : sim_login_path(sim));
  buf_printf(&body,
             "<label for=\"username\">User name</label><input type=\"text\" id=\"username\" name=\"%s\" value=\"%.*s\" "
             "autocomplete=\"username\" required autofocus>"
             "<label for=\"password\">Password</label><input type=\"password\" id=\"password\" name=\"%s\" "
             "autocomplete=\"current-password\" required>"
             "<label for=\"code\">Code of the second factor, if you have one</label><input type=\"text\" id=\"code\" name=\"%s\" "
             "inputmode=\"numeric\" autocomplete=\"one-time-code\">"
             "<button type=\"submit\" id=\"submit\">Sign in</button></form>",
             old ? "j_username" : "username", STR_ARG(name), old ? "j_password" : "password", old ? "2fa_code" : "code");
  if (old) sim_reply_header(reply, "Login-Page", STR("true"));
  reply_page(sim, reply, 200, "DHIS2 sign in", &body);
}

void sim_page_home(const struct sim *sim, struct sim_reply *reply, const json_t *user) {
  struct buf body = BUF_INIT(1 << 16);
  struct str name = sim_html_escape(reply->arena, str_of(sim_user_name(user)));
  buf_printf(&body,
             "<h1>Signed in</h1><p>You are signed in as <b>%.*s</b>.</p><p><a href=\"%.*s/dhis-web-commons-security/logout.action\">Sign "
             "out</a></p>",
             STR_ARG(name), STR_ARG(sim->context));
  reply_page(sim, reply, 200, "DHIS2", &body);
}

static void add_boxes(struct buf *body, const json_t *scopes, bool before, struct arena *arena) {
  size_t i;
  json_t *entry;
  json_array_foreach(scopes, i, entry) {
    struct str scope = sim_html_escape(arena, str_of(json_string_value(entry)));
    if (before)
      buf_printf(body, "<p><label><input type=\"checkbox\" name=\"scope\" id=\"%.*s\" checked disabled> %.*s</label></p>", STR_ARG(scope),
                 STR_ARG(scope));
    else
      buf_printf(body, "<p><label><input type=\"checkbox\" name=\"scope\" value=\"%.*s\" id=\"%.*s\"> %.*s</label></p>", STR_ARG(scope),
                 STR_ARG(scope), STR_ARG(scope));
  }
}

void sim_page_consent(const struct sim *sim, struct sim_reply *reply, const json_t *user, struct str client_id, struct str client_name,
                      struct str state, const json_t *scopes, const json_t *granted) {
  struct buf body = BUF_INIT(1 << 18);
  struct arena *arena = reply->arena;
  struct str id = sim_html_escape(arena, client_id), name = sim_html_escape(arena, client_name),
             who = sim_html_escape(arena, str_of(sim_user_name(user)));
  buf_printf(&body, "<h1>Consent required</h1><p><b>%.*s</b> wants to access your account <b>%.*s</b>.</p>", STR_ARG(name), STR_ARG(who));
  buf_printf(&body, "<form name=\"consent_form\" method=\"post\" action=\"%.*s/oauth2/authorize\">", STR_ARG(sim->context));
  buf_printf(&body, "<input type=\"hidden\" name=\"client_id\" value=\"%.*s\"><input type=\"hidden\" name=\"state\" value=\"%.*s\">",
             STR_ARG(id), STR_ARG(state));
  buf_printf(&body, "<p>Tick what it may know:</p>");
  add_boxes(&body, scopes, false, arena);
  if (json_array_size(granted) > 0) buf_printf(&body, "<p>You granted before:</p>");
  add_boxes(&body, granted, true, arena);
  buf_printf(&body, "<button type=\"submit\" id=\"submit-consent\">Submit consent</button></form><p><small>To refuse, submit it with "
                    "nothing ticked.</small></p>");
  reply_page(sim, reply, 200, "Consent required", &body);
}

void sim_page_approval(const struct sim *sim, struct sim_reply *reply, struct str client_id) {
  struct buf body = BUF_INIT(1 << 16);
  struct str id = sim_html_escape(reply->arena, client_id);
  buf_printf(&body,
             "<h1>Authorize</h1><p>Do you authorize <b>%.*s</b> to access your protected resources?</p>"
             "<form id=\"authorizeForm\" action=\"authorize\" method=\"POST\"><input name=\"user_oauth_approval\" value=\"true\" "
             "type=\"hidden\"><button type=\"submit\">Authorize</button></form>"
             "<form id=\"denyForm\" action=\"authorize\" method=\"POST\"><input name=\"user_oauth_approval\" value=\"false\" "
             "type=\"hidden\"><button type=\"submit\">Deny</button></form>",
             STR_ARG(id));
  reply_page(sim, reply, 200, "Authorize", &body);
}

void sim_page_icon(struct sim_reply *reply) {
  /* One picture of one transparent pixel. */
  static const char icon[] = "\0\0\1\0\1\0\1\1\0\0\1\0\x20\0\x30\0\0\0\x16\0\0\0\x28\0\0\0\1\0\0\0\2\0\0\0\1\0\x20\0\0\0\0\0\4\0\0\0\0\0\0"
                             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  sim_reply_text(reply, 200, "image/x-icon;charset=UTF-8", (struct str){icon, sizeof icon - 1});
}

static const struct {
  const char *locale, *tag, *name, *english;
  bool new_only; /* from 2.42 on */
} locales[] = {
    {"ar", "ar", "العربية", "Arabic", false},
    {"ar_EG", "ar-EG", "العربية (مصر)", "Arabic (Egypt)", false},
    {"ar_IQ", "ar-IQ", "العربية (العراق)", "Arabic (Iraq)", false},
    {"ar_SD", "ar-SD", "العربية (السودان)", "Arabic (Sudan)", false},
    {"bn", "bn", "বাংলা", "Bangla", false},
    {"bi", "bi", "Bislama", "Bislama", false},
    {"my", "my", "မြန်မာ", "Burmese", false},
    {"ckb", "ckb", "کوردیی ناوەندی", "Central Kurdish", false},
    {"zh", "zh", "中文", "Chinese", false},
    {"zh_CN", "zh-CN", "中文 (中国)", "Chinese (China)", false},
    {"cs", "cs", "čeština", "Czech", false},
    {"da", "da", "dansk", "Danish", false},
    {"nl", "nl", "Nederlands", "Dutch", false},
    {"en", "en", "English", "English", false},
    {"fr", "fr", "français", "French", false},
    {"hi_IN", "hi-IN", "हिन्दी (भारत)", "Hindi (India)", true},
    {"id", "id", "Indonesia", "Indonesian", false},
    {"id_ID", "id-ID", "Indonesia (Indonesia)", "Indonesian (Indonesia)", false},
    {"km", "km", "ខ្មែរ", "Khmer", false},
    {"rw", "rw", "Kinyarwanda", "Kinyarwanda", false},
    {"lo", "lo", "ລາວ", "Lao", false},
    {"mn", "mn", "монгол", "Mongolian", false},
    {"ne", "ne", "नेपाली", "Nepali", false},
    {"nb", "nb", "norsk bokmål", "Norwegian Bokmål", false},
    {"or", "or", "ଓଡ଼ିଆ", "Odia", false},
    {"ps", "ps", "پښتو", "Pashto", false},
    {"pt", "pt", "português", "Portuguese", false},
    {"pt_BR", "pt-BR", "português (Brasil)", "Portuguese (Brazil)", false},
    {"ro", "ro", "română", "Romanian", false},
    {"ru", "ru", "русский", "Russian", false},
    {"si", "si", "සිංහල", "Sinhala", false},
    {"es", "es", "español", "Spanish", false},
    {"es_419", "es-419", "español (Latinoamérica)", "Spanish (Latin America)", true},
    {"sv", "sv", "svenska", "Swedish", false},
    {"tg", "tg", "тоҷикӣ", "Tajik", false},
    {"tet", "tet", "Tetum", "Tetum", false},
    {"uk", "uk", "українська", "Ukrainian", false},
    {"ur", "ur", "اردو", "Urdu", false},
    {"uz_UZ_Cyrl", "uz-Cyrl-UZ", "ўзбекча (Кирил, Ўзбекистон)", "Uzbek (Cyrillic, Uzbekistan)", false},
    {"uz_UZ_Latn", "uz-Latn-UZ", "o‘zbek (lotin, Oʻzbekiston)", "Uzbek (Latin, Uzbekistan)", false},
    {"vi", "vi", "Tiếng Việt", "Vietnamese", false},
    {"prs", "prs", "prs", "prs", false},
};

void sim_page_locales(const struct sim *sim, struct sim_reply *reply) {
  bool is_new = sim->release >= SIM_2_42;
  json_t *list = json_array();
  for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
    if (locales[i].new_only && !is_new) continue;
    json_t *entry = json_pack("{s:s, s:s, s:s}", "locale", locales[i].locale, "name", locales[i].name, "displayName", locales[i].english);
    /* Up to 2.41 the script stands where the variant would, and is named as one. */
    bool latin = str_ends(str_of(locales[i].locale), STR("_Latn")), cyrillic = str_ends(str_of(locales[i].locale), STR("_Cyrl"));
    if (!is_new && (latin || cyrillic)) {
      json_object_set_new(entry, "name", json_string(latin ? "o‘zbek (Oʻzbekiston, Latn)" : "o‘zbek (Oʻzbekiston, Cyrl)"));
      json_object_set_new(entry, "displayName", json_string(latin ? "Uzbek (Uzbekistan, Latn)" : "Uzbek (Uzbekistan, Cyrl)"));
    }
    if (is_new) json_object_set_new(entry, "languageTag", json_string(locales[i].tag));
    json_array_append_new(list, entry);
  }
  sim_reply_json(reply, 200, list);
}
