/* Any bytes as what a server says of entering data: read or passed over, and every verdict on what was read is one. */
#include "dhis2/data_entry_read.h"

static void judge(const struct dhis2_entry *entry, const struct dhis2_entry_set *set, const struct dhis2_period *period, int64_t now_ms) {
  struct dhis2_period latest, with;
  enum dhis2_input input = dhis2_entry_input(entry, set, period, now_ms);
  const struct dhis2_entry_option *options[64];
  size_t n = 0;
  for (struct map_entry *e = map_first(&entry->options); e && n < 64; e = map_next(&entry->options, e)) options[n++] = e->value;
  if ((input == DHIS2_INPUT_FREE) != (set->input_count == 0)) abort();
  if (dhis2_entry_is_expired(entry, set, period, true, now_ms)) abort();
  (void)dhis2_entry_is_expired(entry, set, period, false, now_ms);
  if (dhis2_entry_latest(set, now_ms, &latest) && latest.type != set->type) abort();
  if (dhis2_entry_is_future(entry, set, period, now_ms) && entry->other_calendar) abort();
  if (dhis2_entry_workflow_period(set, period, &with) && !set->workflow.n) abort();
  (void)dhis2_entry_not_in_time(entry, set, options, n, period);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct str text = {(const char *)data, size};
  struct arena *arena = arena_new();
  struct dhis2_entry *entry = dhis2_entry_new(arena);
  struct dhis2_entry_place *place = dhis2_entry_place_new(arena);
  struct dhis2_period period;
  (void)dhis2_entry_read_user(arena, text, entry);
  (void)dhis2_entry_read_clock(arena, text, entry);
  (void)dhis2_entry_read_sets(arena, text, entry);
  (void)dhis2_entry_read_options(arena, text, entry);
  (void)dhis2_entry_read_exceptions(arena, text, entry);
  (void)dhis2_entry_read_option_sets(arena, text, entry);
  (void)dhis2_entry_read_units(arena, text, place);
  (void)dhis2_entry_read_approvals(arena, text, place);
  (void)dhis2_entry_read_limits(arena, text, place);
  (void)dhis2_period_parse(STR("202401"), &period);
  for (int minor = 41; minor <= 43; minor++) {
    entry->version = (struct dhis2_version){minor, 1};
    for (struct map_entry *e = map_first(&entry->sets); e; e = map_next(&entry->sets, e)) judge(entry, e->value, &period, entry->server_ms);
  }
  arena_free(arena);
  return 0;
}
