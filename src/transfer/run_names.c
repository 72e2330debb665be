/* Whom a run is between, and what the ids in its report are called: for the people who file it. What a server does not tell is left out; nothing of it can fail a run. */
#include "base/map.h"
#include "dhis2/names.h"
#include "dhis2/who.h"
#include "transfer/run_internal.h"

enum { PATIENCE_NAMES_MS = 30000 };

static void meet(struct run *run, enum report_side side, struct dhis2_server *server) {
  struct error unused = {0};
  struct dhis2_version version = {0};
  struct signed_in_user user = {0};
  struct str body;
  char text[32] = "";
  dhis2_server_patience(server, PATIENCE_NAMES_MS);
  if (dhis2_server_version(server, &version, &unused) == 0 && version.minor)
    (void)snprintf(text, sizeof text, "2.%d.%d", version.minor, version.patch);
  if (dhis2_get(server, STR("/api/me?fields=id,username,displayName,name,userCredentials%5Busername%5D"), run->arena, &body, &unused) == 0)
    (void)dhis2_user_read(run->arena, body, &user);
  report_party(run->whole, side, (struct report_party){dhis2_server_url(server), str_of(text), user.username});
}

void run_meet(struct run *run) {
  if (run->from) meet(run, REPORT_SOURCE, run->from);
  meet(run, REPORT_TARGET, run->to);
}

/* --- names --- */

struct naming {
  struct report *report;
  enum report_side side;
  const struct dhis2_metadata *known;
  struct str locale;
  struct map wanted[REPORT_ORG_UNIT + 1]; /* ids that are not known yet */
};

static struct str name_in(const struct dhis2_metadata *metadata, enum report_kind kind, struct str id, struct str locale) {
  const struct dhis2_data_element *element = kind == REPORT_ELEMENT ? dhis2_metadata_element(metadata, id) : NULL;
  const struct dhis2_option_combo *combo = kind == REPORT_OPTION_COMBO ? dhis2_metadata_option_combo(metadata, id) : NULL;
  return element ? dhis2_object_name(&element->o, locale) : combo ? dhis2_object_name(&combo->o, locale) : STR_NONE;
}

static void want(void *payload, enum report_side side, enum report_kind kind, struct str id) {
  struct naming *n = payload;
  if (side != n->side || !id.n || report_has_name(n->report, side, id)) return;
  struct str name = n->known ? name_in(n->known, kind, id, n->locale) : STR_NONE;
  if (name.n)
    report_name(n->report, side, id, name);
  else if (n->wanted[kind].count < DHIS2_NAMES_MAX)
    (void)map_put(&n->wanted[kind], id, n);
}

static void tell(void *payload, struct str id, struct str name) {
  struct naming *n = payload;
  report_name(n->report, n->side, id, name);
}

static void ask(struct naming *n, struct dhis2_server *server) {
  static const char *const lists[] = {
      [REPORT_ELEMENT] = "dataElements", [REPORT_OPTION_COMBO] = "categoryOptionCombos", [REPORT_ORG_UNIT] = "organisationUnits"};
  struct arena *arena = arena_new();
  struct error unused = {0};
  for (unsigned kind = 0; kind <= REPORT_ORG_UNIT; kind++) {
    struct str *ids = ARENA_ARRAY(arena, n->wanted[kind].count + 1, struct str);
    size_t count = 0;
    for (struct map_entry *e = map_first(&n->wanted[kind]); e; e = map_next(&n->wanted[kind], e)) ids[count++] = e->key;
    if (count && dhis2_names(server, lists[kind], ids, count, n->locale, tell, n, &unused)) break;
  }
  arena_free(arena);
}

static void name_side(struct run *run, enum report_side side, struct dhis2_server *server, const struct dhis2_metadata *known,
                      bool may_ask) {
  struct naming n = {.report = run->whole, .side = side, .known = known, .locale = run->watch->locale};
  report_each_id(run->whole, want, &n);
  for (size_t i = 0; side == REPORT_SOURCE && i < run->order->org_unit_count; i++)
    want(&n, side, REPORT_ORG_UNIT, run->order->org_units[i]);
  dhis2_server_patience(server, PATIENCE_NAMES_MS);
  if (may_ask) ask(&n, server);
  for (unsigned kind = 0; kind <= REPORT_ORG_UNIT; kind++) map_free(&n.wanted[kind]);
}

void run_names(struct run *run, bool may_ask) {
  if (run->watch->cancel && atomic_load(run->watch->cancel)) may_ask = false;
  if (run->from) name_side(run, REPORT_SOURCE, run->from, NULL, may_ask);
  name_side(run, REPORT_TARGET, run->to, run->target, may_ask);
}
