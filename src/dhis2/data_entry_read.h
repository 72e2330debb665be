/* data_entry_read: what a server answers about entering data, as facts of data_entry.h. Inner part of data_entry_server.h.
 *
 * What holds always: pure; everything lands in the arena, in the maps of the entry (which go with the arena). False: the answer is not of that shape; what was read before stays. Lists up to a million rows. */
#ifndef DRAWBRIDGE_DHIS2_DATA_ENTRY_READ_H
#define DRAWBRIDGE_DHIS2_DATA_ENTRY_READ_H

#include "dhis2/data_entry.h"

struct dhis2_entry *dhis2_entry_new(struct arena *arena);
struct dhis2_entry_place *dhis2_entry_place_new(struct arena *arena);

bool dhis2_entry_read_user(struct arena *arena, struct str json, struct dhis2_entry *entry); /* /api/me */
bool dhis2_entry_read_clock(struct arena *arena, struct str json,
                            struct dhis2_entry *entry); /* /api/system/info; no serverDate: server_ms stays */
bool dhis2_entry_read_sets(struct arena *arena, struct str json,
                           struct dhis2_entry *entry); /* {"dataSets": […]}, with the elements in them */
bool dhis2_entry_read_options(struct arena *arena, struct str json,
                              struct dhis2_entry *entry); /* {"categoryCombos": [{"categories": [{"categoryOptions": […]}]}]} */
bool dhis2_entry_read_option_sets(struct arena *arena, struct str json, struct dhis2_entry *entry); /* {"optionSets": [{"options": […]}]} */
bool dhis2_entry_read_exceptions(struct arena *arena, struct str json, struct dhis2_entry *entry); /* {"lockExceptions": […]} */

bool dhis2_entry_read_units(struct arena *arena, struct str json, struct dhis2_entry_place *place);     /* {"organisationUnits": […]} */
bool dhis2_entry_read_approvals(struct arena *arena, struct str json, struct dhis2_entry_place *place); /* [{"wf", "ou", "aoc", "state"}] */
bool dhis2_entry_read_limits(struct arena *arena, struct str json, struct dhis2_entry_place *place);    /* {"minMaxDataElements": […]} */

#endif
