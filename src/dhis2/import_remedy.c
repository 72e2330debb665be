#include "dhis2/import_summary.h"

static const char rights[] = N_("Ask the target's administrator for the right to enter this data.");
static const char assigned[] = N_("Ask the target's administrator to assign the org unit to the data set and to the user.");
static const char mapping[] = N_("The target's metadata are not as the mapping has them: align again.");
static const char closed[] = N_("Ask the target's administrator to open the period for data entry, then send again.");
static const char approved[] = N_("Ask whoever approved the data at the target to take the approval back, then send again.");
static const char correct[] = N_("Correct the value at the source, then send again.");
static const char administrator[] = N_("Show this to the target's administrator.");

static const struct {
  const char *code, *remedy;
} table[] = {
    {"E7600", rights},   {"E7601", rights},   {"E7603", mapping},  {"E7604", mapping},  {"E7610", mapping},       {"E7611", mapping},
    {"E7612", mapping},  {"E7613", mapping},  {"E7614", rights},   {"E7615", mapping},  {"E7616", rights},        {"E7617", assigned},
    {"E7618", correct},  {"E7619", correct},  {"E7620", correct},  {"E7621", correct},  {"E7630", mapping},       {"E7631", mapping},
    {"E7632", mapping},  {"E7633", mapping},  {"E7634", mapping},  {"E7635", mapping},  {"E7636", assigned},      {"E7638", closed},
    {"E7639", assigned}, {"E7640", closed},   {"E7641", closed},   {"E7642", approved}, {"E7643", closed},        {"E7644", closed},
    {"E8010", rights},   {"E8011", assigned}, {"E8012", rights},   {"E8020", mapping},  {"E8021", mapping},       {"E8022", assigned},
    {"E8023", mapping},  {"E8024", mapping},  {"E8025", assigned}, {"E8030", closed},   {"E8031", closed},        {"E8032", closed},
    {"E8033", approved}, {"E8103", mapping},  {"E8107", mapping},  {"E8108", mapping},  {"E8110", mapping},       {"E8120", correct},
    {"E8122", correct},  {"E8123", correct},  {"E8124", correct},  {"E8125", correct},  {"unreadable", assigned},
};

const char *dhis2_import_remedy(struct str code) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (str_eq(code, str_of(table[i].code))) return table[i].remedy;
  return administrator;
}
