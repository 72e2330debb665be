#include "transfer/remedy.h"

#include "dhis2/import_summary.h"
#include "transfer/translate.h"

static const char *const remedies[TRANSFER_REASON_COUNT] = {
    [TRANSFER_no_rule] = N_("Align the data sets again, or add a rule for this cell to the mapping."),
    [TRANSFER_no_counterpart] = N_("Nothing, if that is right; else decide it again in the alignment."),
    [TRANSFER_rejected] = N_("Nothing, if that is right; else decide it again in the alignment."),
    [TRANSFER_not_approved] = N_("Let a second person approve them in the alignment, then send again."),
    [TRANSFER_undecided] = N_("Decide the proposals in the alignment, then send again."),
    [TRANSFER_org_unit] = N_("Add a pair for this org unit to the mapping, or leave it out of the run."),
    [TRANSFER_unknown_unit] = N_("Nothing, if that is right; else make the org unit at the target, or pair it with one that is there."),
    [TRANSFER_attribute_option_combo] = N_("Add a pair for this attribute option combo to the mapping."),
    [TRANSFER_period] = N_("Ask for periods of the type that the mapping rolls up."),
    [TRANSFER_no_value] = N_("Enter a value at the source, if there is one."),
    [TRANSFER_deleted] = N_("Nothing, if the target's value is to stay; else send again with deletions."),
    [TRANSFER_missing_source] = N_(
        "Enter the missing values at the source, decide the proposals that are open, or change what the mapping says about missing ones."),
    [TRANSFER_not_all_decided] = N_("Decide the proposals in the alignment, then send again."),
    [TRANSFER_skipped] = N_(
        "Enter the missing values at the source, decide the proposals that are open, or change what the mapping says about missing ones."),
    [TRANSFER_contradiction] =
        N_("Look at the source cells and correct the wrong value, or say in the mapping what each attribute option combo becomes."),
    [TRANSFER_not_a_number] = N_("Correct the value at the source."),
    [TRANSFER_not_summable] = N_("Map this cell one to one; adding such values up makes no sense."),
    [TRANSFER_value_type] = N_("Correct the value at the source, or the value type of the data element at the target."),
    [TRANSFER_not_in_data_set] = N_("Add the data element to the target's data set, or take the rule out of the mapping."),
    [TRANSFER_period_type] = N_("Ask for periods of the type of the target's data set."),
    [TRANSFER_changed_meanwhile] = N_("See who entered what at the target, then send again."),
    [TRANSFER_unaccounted] = N_("Send again; if it stays so, show the target's administrator this report."),
};

const char *transfer_remedy(bool by_target, struct str code) {
  if (by_target) return dhis2_import_remedy(code);
  for (unsigned reason = 1; reason < TRANSFER_REASON_COUNT; reason++)
    if (str_eq(code, str_of(transfer_reason_name((enum transfer_reason)reason)))) return remedies[reason];
  return N_("Show this report to whoever looks after the transfer.");
}
