#include "transfer/preflight.h"

#include "base/utf8.h"
#include "transfer/decimal.h"

enum { OPTIONS_MAX = 64, NAME_MAX_SHOWN = 100 };

#define MAINTENANCE "Maintenance app (from 2.42 on: Metadata Management)"

/* What all checks of one row look at. */
struct judging {
  const struct preflight *preflight;
  const struct plan_row *row;
  const struct dhis2_entry_set *set;
  const struct dhis2_entry_unit *unit;
  const struct dhis2_option_combo *attribute;
  struct arena *arena;
  struct preflight_finding found;
};

static struct str shown(struct str name, struct str id) {
  return name.n ? str_slice(name, 0, NAME_MAX_SHOWN) : id;
}

static bool hold_back(struct judging *j, const char *code, struct str sentence, const char *remedy) {
  j->found = (struct preflight_finding){PREFLIGHT_HELD_BACK, str_of(code), sentence, str_of(remedy)};
  return true;
}

#define SAY(j, ...) arena_printf((j)->arena, __VA_ARGS__)

/* --- who may --- */

/* Each check: true: it found something. What is not known of a data set opens no gate. */
static bool check_set(struct judging *j) {
  if (j->set) return false;
  return hold_back(j, "data_set_unknown",
                   SAY(j, "The target tells nothing about the data set '%.*s': it is not there, or not among those of the mapping.",
                       STR_ARG(j->row->data_set)),
                   "See whether the target still has the data set and shares it with the user: " MAINTENANCE " > Data set.");
}

static bool check_authority(struct judging *j) {
  if (j->preflight->entry->user.may_write) return false;
  return hold_back(j, "no_authority",
                   STR("The user at the target may not enter data: none of the user's roles has the authority F_DATAVALUE_ADD."),
                   "Users app > User role > Authorities: \"Data value: Add/update\".");
}

static bool check_set_access(struct judging *j) {
  if (j->preflight->entry->user.is_super || j->set->writable) return false;
  return hold_back(j, "data_set_access",
                   SAY(j, "The user may not write to the data set '%.*s' at the target.", STR_ARG(shown(j->set->name, j->set->id))),
                   MAINTENANCE " > Data set > Sharing settings: data access \"Can capture and view\".");
}

/* --- where --- */

static bool check_unit(struct judging *j) {
  const struct dhis2_entry *entry = j->preflight->entry;
  if (!j->unit)
    return hold_back(j, "org_unit_unknown", STR("The target has no organisation unit of this id."),
                     "Pair the organisation unit in the mapping with one of the target, or add it there: " MAINTENANCE
                     " > Organisation unit.");
  if (!dhis2_entry_user_at(entry, j->unit))
    return hold_back(j, "org_unit_not_captured",
                     STR("The organisation unit is not among those that the user may enter data for at the target."),
                     "Users app > User > \"Data capture and maintenance organisation units\".");
  if (!map_get(&j->set->units, j->row->org_unit))
    return hold_back(
        j, "org_unit_not_assigned",
        SAY(j, "The data set '%.*s' is not assigned to the organisation unit at the target.", STR_ARG(shown(j->set->name, j->set->id))),
        MAINTENANCE " > Data set > Organisation units.");
  if (!dhis2_entry_unit_in_time(entry, j->unit, &j->preflight->period))
    return hold_back(j, "org_unit_closed", STR("The organisation unit is not open at the target at the start of the period."),
                     MAINTENANCE " > Organisation unit > \"Opening date\" and \"Closed date\".");
  return false;
}

/* --- option combos --- */

static size_t options_of(const struct judging *j, const struct dhis2_option_combo *combo,
                         const struct dhis2_entry_option *ret[OPTIONS_MAX]) {
  size_t n = 0;
  for (size_t i = 0; combo && i < combo->option_count && n < OPTIONS_MAX; i++)
    ret[n++] = map_get(&j->preflight->entry->options, combo->options[i]->o.id);
  return n;
}

/* The combo's name and the option in it, where the option's name says more. */
static struct str option_shown(struct judging *j, const struct dhis2_entry_option *option) {
  return SAY(j, "'%.*s'", STR_ARG(shown(option->name, option->id)));
}

static bool check_attribute(struct judging *j) {
  const struct dhis2_category_combo *combo = j->attribute ? j->attribute->combo : NULL;
  const struct dhis2_data_set *set = dhis2_metadata_data_set(j->preflight->metadata, j->row->data_set);
  if (!set || !set->combo || !set->combo->option_combo_count || combo == set->combo)
    return false; /* one that may not be seen: the target knows */
  return hold_back(j, "attribute_option_combo_foreign",
                   SAY(j, "The data set '%.*s' does not take this attribute option combo.", STR_ARG(shown(j->set->name, j->set->id))),
                   "Pair the attribute option combo in the mapping with one of the target's; which those are: " MAINTENANCE
                   " > Data set > \"Category combination\".");
}

static bool check_option_access(struct judging *j) {
  const struct dhis2_option_combo *combos[] = {dhis2_metadata_option_combo(j->preflight->metadata, j->row->category_option_combo),
                                               j->attribute};
  const struct dhis2_entry_option *options[OPTIONS_MAX];
  for (unsigned k = 0; k < 2; k++) {
    size_t n = options_of(j, combos[k], options);
    for (size_t i = 0; i < n; i++)
      if (options[i] && !options[i]->writable)
        return hold_back(
            j, "option_access",
            SAY(j, "The user may not write data for the category option %.*s at the target.", STR_ARG(option_shown(j, options[i]))),
            MAINTENANCE " > Category option > Sharing settings: data access \"Can capture and view\".");
  }
  return false;
}

static bool check_attribute_place(struct judging *j) {
  const struct dhis2_entry *entry = j->preflight->entry;
  const struct dhis2_entry_option *options[OPTIONS_MAX], *bad;
  size_t n = options_of(j, j->attribute, options);
  if ((bad = dhis2_entry_not_at(entry, options, n, j->unit)))
    return hold_back(
        j, "attribute_org_unit",
        SAY(j, "The category option %.*s does not count in this organisation unit at the target.", STR_ARG(option_shown(j, bad))),
        MAINTENANCE " > Category option > Organisation units.");
  if ((bad = dhis2_entry_not_in_time(entry, j->set, options, n, &j->preflight->period)))
    return hold_back(
        j, "attribute_dates",
        SAY(j, "The category option %.*s does not count in the period at the target (its start and end date).",
            STR_ARG(option_shown(j, bad))),
        MAINTENANCE
        " > Category option > \"Start date\" and \"End date\", or > Data set > \"Open periods after category option end date\".");
  return false;
}

/* --- when --- */

static bool told_turned_round(struct judging *j) {
  j->found = (struct preflight_finding){
      PREFLIGHT_TOLD, STR("input_period"),
      SAY(j,
          "By the data input periods of the data set '%.*s' the period is open now, and yet the target refuses it: DHIS2 %.*s takes open "
          "data input periods for closed ones. Mended in 2.43.2.",
          STR_ARG(shown(j->set->name, j->set->id)), STR_ARG(j->preflight->entry->version_text)),
      STR("Upgrade the target to 2.43.2, or take the data input periods out of the data set for the time of the transfer: " MAINTENANCE
          " > Data set > Data input periods.")};
  return false;
}

static bool check_input(struct judging *j) {
  static const char remedy[] = MAINTENANCE " > Data set > Data input periods.";
  const struct preflight *p = j->preflight;
  struct str name = shown(j->set->name, j->set->id);
  switch (dhis2_entry_input(p->entry, j->set, &j->preflight->period, p->now_ms)) {
  case DHIS2_INPUT_FREE: return false;
  case DHIS2_INPUT_OPEN: return dhis2_can(p->entry->version, DHIS2_TURNS_INPUT_PERIODS_ROUND) && told_turned_round(j);
  case DHIS2_INPUT_BEFORE:
    return hold_back(j, "input_period_before",
                     SAY(j, "By the data input periods of the data set '%.*s' the period is not open yet.", STR_ARG(name)), remedy);
  case DHIS2_INPUT_OVER:
    return hold_back(j, "input_period_over",
                     SAY(j, "By the data input periods of the data set '%.*s' the period is closed by now.", STR_ARG(name)), remedy);
  case DHIS2_INPUT_NOT_LISTED: break;
  }
  return hold_back(j, "input_period_not_listed",
                   SAY(j, "The data set '%.*s' has data input periods, and this period is not among them.", STR_ARG(name)), remedy);
}

static bool check_expiry(struct judging *j) {
  const struct preflight *p = j->preflight;
  bool excepted = dhis2_entry_is_excepted(p->entry, j->set, &j->preflight->period, j->row->org_unit);
  if (p->entry->exceptions_unknown || !dhis2_entry_is_expired(p->entry, j->set, &j->preflight->period, excepted, p->now_ms)) return false;
  return hold_back(j, "period_expired",
                   SAY(j, "The data set '%.*s' takes the data of a period until %g days after its end; that time is over.",
                       STR_ARG(shown(j->set->name, j->set->id)), j->set->expiry_days),
                   "Data Administration app > Lock exceptions, for the data set, period and organisation unit; or " MAINTENANCE
                   " > Data set > \"Expiry days\"; or the authority F_EDIT_EXPIRED in a role of the user.");
}

static bool check_future(struct judging *j) {
  const struct preflight *p = j->preflight;
  struct dhis2_period latest;
  if (!dhis2_entry_is_future(p->entry, j->set, &j->preflight->period, p->now_ms) || !dhis2_entry_latest(j->set, p->now_ms, &latest))
    return false;
  return hold_back(
      j, "period_future",
      SAY(j, "The latest period that the data set '%.*s' is open for is %s (open future periods: %d; 0 closes the running one too).",
          STR_ARG(shown(j->set->name, j->set->id)), latest.text, j->set->open_future_periods),
      MAINTENANCE " > Data set > \"Open future periods for data entry\"; or wait until the period has ended.");
}

static bool check_approval(struct judging *j) {
  static const char remedy[] =
      "Data Approval app: choose the workflow, the period and the organisation unit or one above it, and take the approval back.";
  const struct preflight *p = j->preflight;
  if (!j->set->workflow.n) return false;
  struct str name = shown(j->set->workflow_name, j->set->workflow);
  struct str key = dhis2_entry_key(j->arena, j->set->workflow, j->row->org_unit, j->row->attribute_option_combo);
  struct str why = p->place->approval_unknown;
  if (map_get(&p->place->approved, key))
    return hold_back(j, "approved",
                     SAY(j, "The data of the period are approved at the target (workflow '%.*s'), here or above.", STR_ARG(name)), remedy);
  if (map_get(&p->place->approvals_told, key) || !dhis2_can(p->entry->version, DHIS2_NEW_VALUE_ENGINE))
    return false; /* to 2.42 the server itself judges rightly */
  return hold_back(j, "approval_unknown",
                   SAY(j, "Whether the data are approved (workflow '%.*s') could not be found out: %.*s.", STR_ARG(name),
                       STR_ARG(why.n ? why : STR("the target was not asked about the period"))),
                   "Try again; where it stays so, ask the administrator of the target about /api/dataApprovals.");
}

/* --- the value --- */

static bool is_outside(struct str value, const struct dhis2_entry_limit *limit) {
  struct decimal number, bound;
  char text[24];
  if (!limit || !decimal_parse(value, &number)) return false;
  (void)snprintf(text, sizeof text, "%lld", (long long)limit->least);
  if (limit->least != INT64_MIN && decimal_parse(str_of(text), &bound) && decimal_cmp(&number, &bound) < 0) return true;
  (void)snprintf(text, sizeof text, "%lld", (long long)limit->most);
  return limit->most != INT64_MAX && decimal_parse(str_of(text), &bound) && decimal_cmp(&number, &bound) > 0;
}

static bool check_limits(struct judging *j) {
  const struct plan_row *row = j->row;
  if (!j->preflight->check_limits || !row->after.p) return false;
  struct str key = dhis2_entry_key(j->arena, row->data_element, row->category_option_combo, row->org_unit);
  if (!is_outside(row->after, map_get(&j->preflight->place->limits, key))) return false;
  return hold_back(j, "min_max",
                   STR("The value is below the least or above the largest one that the target expects in this cell (min-max)."),
                   "Data Entry app > the cell > Min and max limits; or send it without the check of min and max.");
}

/* What stands in the cell at the target goes along with every value: nothing of the source does. */
static bool is_targets(const struct judging *j, struct str comment) {
  return str_eq(comment, j->row->current_comment);
}

static bool check_comment_text(struct judging *j, struct str comment) {
  size_t most = dhis2_entry_comment_max(j->preflight->entry);
  if (comment.n <= most || utf8_units16(comment) <= most) return false;
  if (is_targets(j, comment))
    return hold_back(
        j, "comment_too_long",
        SAY(j,
            "The comment that stands in the cell at the target is longer than the %zu characters that the target takes by now, "
            "and it refuses whatever is written to the cell with it.",
            most),
        "Shorten the comment of the cell at the target: Data Entry app > the cell > Comment.");
  return hold_back(
      j, "comment_too_long",
      SAY(j, "The comment that goes along, of all sources of the cell together, is longer than the %zu characters that the target takes.",
          most),
      "Shorten the comments at the source; or send the values without comments.");
}

static bool check_comment_option(struct judging *j, const struct dhis2_entry_element *element, struct str comment) {
  const struct dhis2_entry_option_set *set = map_get(&j->preflight->entry->option_sets, element->comment_set);
  if (!set || !set->codes.count || map_get(&set->codes, comment)) return false;
  return hold_back(
      j, "comment_unknown",
      SAY(j, "Comments of the data element '%.*s' are options (of '%.*s'), and the comment that goes along is the code of none.",
          STR_ARG(shown(element->name, element->id)), STR_ARG(shown(set->name, set->id))),
      is_targets(j, comment) ? MAINTENANCE
          " > Option set > Options (code, where capitals count); or change the comment of the cell at the target."
                             : MAINTENANCE " > Option set > Options (code, where capitals count); or send the values without comments.");
}

/* What the target keeps there as a comment goes along with the value. */
static bool check_comment(struct judging *j) {
  const struct dhis2_entry_element *element = map_get(&j->preflight->entry->elements, j->row->data_element);
  struct str comment = row_write(j->row).comment;
  if (comment.n && check_comment_text(j, comment)) return true;
  if (!element || !element->comment_set.n || !dhis2_can(j->preflight->entry->version, DHIS2_WANTS_COMMENTS)) return false;
  if (comment.n) return check_comment_option(j, element, comment);
  const struct dhis2_entry_option_set *set = map_get(&j->preflight->entry->option_sets, element->comment_set);
  return hold_back(
      j, "comment_missing",
      SAY(j,
          "Comments of the data element '%.*s' are options (of '%.*s'), and DHIS2 %.*s fails on a value without one: nothing of "
          "what is sent together with it would be stored.",
          STR_ARG(shown(element->name, element->id)), STR_ARG(shown(set ? set->name : STR_NONE, element->comment_set)),
          STR_ARG(j->preflight->entry->version_text)),
      MAINTENANCE " > Data element > Option set comment: take it out for the time of the transfer; or enter a comment in the cell.");
}

static bool check_option(struct judging *j) {
  const struct dhis2_entry_element *element = map_get(&j->preflight->entry->elements, j->row->data_element);
  if (element && j->row->after.p && dhis2_entry_lacks_options(j->preflight->entry, element))
    return hold_back(
        j, "option_set_missing",
        SAY(j, "The data element '%.*s' holds several options (MULTI_TEXT) and has no option set: DHIS2 %.*s takes no value for it.",
            STR_ARG(shown(element->name, element->id)), STR_ARG(j->preflight->entry->version_text)),
        MAINTENANCE " > Data element > Option set, or Value type.");
  if (!element || !element->option_set.n || !j->row->after.p || dhis2_entry_is_option(j->preflight->entry, element, j->row->after))
    return false;
  const struct dhis2_entry_option_set *set = map_get(&j->preflight->entry->option_sets, element->option_set);
  return hold_back(j, "option_unknown",
                   SAY(j, "The value is the code of no option in the option set '%.*s' of the data element '%.*s'.",
                       STR_ARG(shown(set->name, set->id)), STR_ARG(shown(element->name, element->id))),
                   MAINTENANCE " > Option set > Options (code, where capitals count); or correct the value at the source.");
}

typedef bool check(struct judging *j);

static bool is_held_back(struct judging *j, check *const *checks, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (checks[i](j)) return true;
  return false;
}

/* What is the same for all rows of a place. */
static void judge_place(struct judging *j, struct preflight_last *last) {
  static check *const first[] = {check_set, check_authority, check_set_access, check_unit, check_attribute}, *const then[] = {
                                                                                                                 check_attribute_place,
                                                                                                                 check_input, check_expiry,
                                                                                                                 check_future,
                                                                                                                 check_approval};
  const struct preflight *p = j->preflight;
  last->data_set = j->row->data_set;
  last->org_unit = j->row->org_unit;
  last->attribute_option_combo = j->row->attribute_option_combo;
  last->set = j->set = map_get(&p->entry->sets, last->data_set);
  last->unit = j->unit = map_get(&p->place->units, last->org_unit);
  last->attribute = j->attribute = dhis2_metadata_option_combo(p->metadata, last->attribute_option_combo);
  last->first = last->then = j->found;
  if (is_held_back(j, first, sizeof first / sizeof *first)) {
    last->first = j->found;
    return;
  }
  (void)is_held_back(j, then, sizeof then / sizeof *then);
  last->then = j->found;
}

static bool is_of_place(const struct plan_row *row, const struct preflight_last *last) {
  return last->data_set.n && str_eq(row->org_unit, last->org_unit) && str_eq(row->data_set, last->data_set) &&
         str_eq(row->attribute_option_combo, last->attribute_option_combo);
}

static bool some_options_are_closed(const struct dhis2_entry *entry) {
  for (struct map_entry *e = map_first(&entry->options); e && !entry->user.is_super; e = map_next(&entry->options, e))
    if (!((const struct dhis2_entry_option *)e->value)->writable) return true;
  return false;
}

struct preflight_finding preflight_judge(const struct preflight *preflight, const struct plan_row *row, struct preflight_last *last,
                                         struct arena *arena) {
  static check *const of_row[] = {check_comment, check_option, check_limits};
  struct preflight_last none = {0};
  struct judging j = {.preflight = preflight, .row = row, .arena = arena};
  if (!last) last = &none;
  if (!last->options) last->options = some_options_are_closed(preflight->entry) ? OPTIONS_CLOSED : OPTIONS_OPEN;
  if (!is_of_place(row, last)) judge_place(&j, last);
  j.set = last->set;
  j.unit = last->unit;
  j.attribute = last->attribute;
  j.found = last->first;
  if (j.found.verdict == PREFLIGHT_HELD_BACK) return j.found;
  if (last->options == OPTIONS_CLOSED && check_option_access(&j)) return j.found;
  j.found = last->then;
  if (j.found.verdict != PREFLIGHT_HELD_BACK) (void)is_held_back(&j, of_row, sizeof of_row / sizeof *of_row);
  return j.found;
}

bool preflight_foretold(struct str target_code) {
  return str_eq(target_code, STR("E8030"));
}
