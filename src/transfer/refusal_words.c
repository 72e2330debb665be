#include "transfer/refusal_words.h"

#include "transfer/translate.h"

static const char not_taken[] = N_("The target does not take this attribute option");
static const char not_among_periods[] = N_("The data input periods of the data set do not let this period in now");
static const char their_periods[] = N_("data set, data input periods.");

/* As the page words them. */
static const struct {
  const char *code, *title, *remedy;
  bool in_maintenance; /* the remedy is a place in that app */
} table[] = {
    {"no_authority", N_("You have no right to enter data at the target"),
     N_("In the Users app: user role, authorities: \"Data value: Add/update\"."), false},
    {"data_set_access", N_("You may not write to this data set"), N_("data set, sharing settings: data access \"Can capture and view\"."),
     true},
    {"data_set_unknown", N_("The target does not know the data set"), N_("It was removed, or you may not see it. Make the alignment anew."),
     false},
    {"org_unit_unknown", N_("The target does not know the organisation unit"),
     N_("Align the organisation units of both servers, or leave the unit out."), false},
    {"org_unit_not_captured", N_("The organisation unit is outside those you may enter data for"),
     N_("In the Users app: user, \"Data capture and maintenance organisation units\"."), false},
    {"org_unit_not_assigned", N_("The data set is not assigned to the organisation unit"), N_("data set, organisation units."), true},
    {"org_unit_closed", N_("The organisation unit is closed in that period"),
     N_("organisation unit, \"Opening date\" and \"Closed date\"."), true},
    {"attribute_option_combo_foreign", not_taken, N_("data set, \"Category combination\"; or pair it with one that is there."), true},
    {"option_access", N_("You may not write data for one of its category options"),
     N_("category option, sharing settings: data access \"Can capture and view\"."), true},
    {"attribute_org_unit", N_("A category option does not count in this organisation unit"), N_("category option, organisation units."),
     true},
    {"attribute_dates", N_("A category option does not count in this period"),
     N_("category option, \"Start date\" and \"End date\"; or data set, \"Open periods after category option end date\"."), true},
    {"input_period", N_("The period is open, and yet this release of DHIS2 refuses it"),
     N_("Upgrade the target to 2.43.2, or take the data input periods out of the data set for the time of the transfer."), false},
    {"input_period_before", not_among_periods, their_periods, true},
    {"input_period_over", not_among_periods, their_periods, true},
    {"input_period_not_listed", not_among_periods, their_periods, true},
    {"period_expired", N_("The time in which data of this period may be entered is over"),
     N_("In the Data Administration app: lock exceptions; or in the data set \"Expiry days\"; or the authority F_EDIT_EXPIRED in a role of "
        "yours."),
     false},
    {"period_future", N_("The period is not open for entry yet"),
     N_("data set, \"Open future periods for data entry\"; or wait until the period has ended."), true},
    {"approved", N_("The data of that period is approved already"),
     N_("In the Data Approval app: take the approval back, for the workflow, the period and the organisation unit or one above it."),
     false},
    {"approval_unknown", N_("Whether the data is approved could not be found out"),
     N_("Try again. If it stays so, ask the administrator of the target about /api/dataApprovals."), false},
    {"min_max", N_("The value is below the least or above the largest one that the target expects"),
     N_("In the Data Entry app: the cell, minimum and maximum limits; or send it without that check."), false},
    {"comment_missing", N_("Comments of this data element are options, and DHIS2 fails on a value without one"),
     N_("data element, \"Option set comment\": take it out for the time of the transfer; or enter a comment in the cell."), true},
    {"comment_unknown", N_("Its comment is none of the options of its data element"),
     N_("option set, options: codes, where capitals count; or send the values without comments."), true},
    {"comment_too_long", N_("Its comment is longer than the target takes"),
     N_("Make it shorter at the source, or send the values without comments."), false},
    {"option_unknown", N_("The value is none of the options of its data element"),
     N_("option set, options: codes, where capitals count; or correct the value at the source."), true},
    {"option_set_missing", N_("The data element holds several options and has no option set, and DHIS2 takes no value for it then"),
     N_("data element, \"Option set\", or \"Value type\"."), true},
    {"not_in_analytics", N_("analytics of the source does not give the values of this cell"),
     N_("Send these cells by a run that reads the values themselves, with an account that may."), false},
    {"comment_alone", N_("the cell held a comment alone, which would be lost with the value: it is left as it is"), NULL, false},
    {"doubtful",
     N_("The target took the value and did not show it when the run read it back: nobody can say whose the one is that stands there now, "
        "and it is left as it is"),
     N_("Take it out, or put back what stood there, by hand. undo.csv tells what it was."), false},
    {"unreadable", N_("The target took the value and does not show it to you"),
     N_("Ask the administrator of the target to assign the organisation unit to the data set and to you."), false},
};

static struct str words_of_reason(struct str code) {
  for (unsigned reason = 1; reason < TRANSFER_REASON_COUNT; reason++)
    if (str_eq(code, str_of(transfer_reason_name((enum transfer_reason)reason))))
      return str_of(transfer_reason_words((enum transfer_reason)reason));
  return STR_NONE;
}

struct str obstacle_words(enum language language, struct arena *arena, const struct report_obstacle *obstacle) {
  static const char *const texts[2][2][2] = {
      {{N_("the aggregation type of the target's data element is {1}: such values may not be added up"),
        N_("the aggregation type of the target's data element is {1}: such values may not be added up over time")},
       {N_("the aggregation type of the source's data element is {1}: such values may not be added up"),
        N_("the aggregation type of the source's data element is {1}: such values may not be added up over time")}},
      {{N_("the value type of the target's data element is {1}: such values may not be added up"),
        N_("the value type of the target's data element is {1}: such values may not be added up over time")},
       {N_("the value type of the source's data element is {1}: such values may not be added up"),
        N_("the value type of the source's data element is {1}: such values may not be added up over time")}}};
  bool of_values = str_eq(obstacle->kind, STR("value"));
  return text_with(language, arena, str_of(texts[of_values][obstacle->at_source][obstacle->over_time]), &obstacle->type, 1);
}

bool refusal_words(enum language language, struct arena *arena, struct str code, struct str *ret_title, struct str *ret_remedy) {
  *ret_title = text_in(language, words_of_reason(code));
  *ret_remedy = STR_NONE;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (!str_eq(code, str_of(table[i].code))) continue;
    struct str where = text_in(language, str_of(table[i].remedy));
    *ret_title = text_in(language, str_of(table[i].title));
    *ret_remedy = table[i].in_maintenance
                      ? text_with(language, arena, STR(N_("In the Maintenance app (from 2.42 on: Metadata Management): {1}")), &where, 1)
                      : where;
  }
  return ret_title->n > 0;
}
