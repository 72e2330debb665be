/* Values of the source that its server would leave out without a word. */
#include "dhis2/unread.h"
#include "transfer/run_internal.h"

enum { OPTIONS_SHOWN = 5 };

static bool counts(const struct run *run, const struct mapping_pair *pair) {
  return pair->decision <= MAPPING_PROPOSED && run->order->accept[pair->decision] && mapping_pair_is_approved(run->mapping, pair);
}

/* Can no value come from anywhere but the source's default? */
static bool is_default_alone(const struct run *run) {
  const struct mapping *m = run->mapping;
  for (size_t i = 0; i < m->attribute_option_combo_count; i++)
    if (counts(run, &m->attribute_option_combos[i]) && !str_eq(m->attribute_option_combos[i].source, m->source.default_combo)) return false;
  if (m->attribute_option_combo_count) return true;
  for (size_t i = 0; run->source && i < run->source->data_set_count; i++) {
    const struct dhis2_category_combo *combo = run->source->data_sets[i]->combo;
    if (!combo || combo->option_combo_count != 1 || !combo->option_combos[0]->o.is_default) return false;
  }
  return run->source != NULL;
}

/* Where its values would go, without pairs to the same one at the target. */
static bool leads_somewhere(const struct run *run, struct str attribute) {
  const struct mapping *m = run->mapping;
  for (size_t i = 0; i < m->attribute_option_combo_count; i++)
    if (str_eq(m->attribute_option_combos[i].source, attribute)) return counts(run, &m->attribute_option_combos[i]);
  return !m->attribute_option_combo_count && dhis2_metadata_option_combo(run->target, attribute);
}

static int refuse(const struct run *run, const struct str *names, size_t count, struct error *error) {
  struct str shown = STR_NONE;
  for (size_t i = 0; i < count && i < OPTIONS_SHOWN; i++)
    shown = arena_printf(run->arena, "%.*s%s'%.*s'%s", STR_ARG(shown), i ? ", " : "", STR_ARG(str_slice(names[i], 0, 60)),
                         i + 1 == OPTIONS_SHOWN && count > OPTIONS_SHOWN ? ", …" : "");
  return error_set(
      error, ERROR_forbidden,
      "the source, %.*s, leaves out the values of category options that this user may not read, and what is sent would lack them: %.*s. "
      "Let the user read them (Maintenance app > Category option > Sharing settings > data access), or take the attribute option combos "
      "with them out of the mapping",
      STR_ARG(dhis2_server_id(run->from)), STR_ARG(shown));
}

int run_check_attributes(struct run *run, struct error *error) {
  const struct mapping_side *side = &run->mapping->source;
  struct map unread = {0};
  if (run->order->analytics || is_default_alone(run)) return 0; /* analytics adds all of them up, and refuses */
  struct str *named = ARENA_ARRAY(run->arena, run->mapping->attribute_option_combo_count + 1, struct str);
  size_t named_count = 0;
  for (size_t i = 0; i < run->mapping->attribute_option_combo_count; i++)
    if (counts(run, &run->mapping->attribute_option_combos[i])) named[named_count++] = run->mapping->attribute_option_combos[i].source;
  int result = dhis2_unread_attributes(run->from, side->data_sets, side->data_set_count, named, named_count, run->watch->cancel, run->arena,
                                       &unread, error);
  struct str *names = ARENA_ARRAY(run->arena, unread.count + 1, struct str);
  size_t count = 0;
  for (struct map_entry *e = map_first(&unread); e; e = map_next(&unread, e))
    if (leads_somewhere(run, e->key)) names[count++] = *(const struct str *)e->value;
  map_free(&unread);
  count = str_sorted_set(names, count);
  return result || !count ? result : refuse(run, names, count, error);
}
