/* Org units that the data sets are assigned to, then and now: gone, come, renamed, moved. */
#include "drift/find.h"

#include <stdlib.h>

/* Those that take part at one time: of the data sets, or all where no data set says. */
struct part {
  const struct dhis2_org_unit **p; /* by id */
  size_t n;
  struct map by_id;
};

struct units {
  struct finding *f;
  const struct look *look;
  struct part was, is;
  struct map named;        /* ids in pairs that count */
  struct map codes, names; /* what has come, by code, and by name below its parent; two of one text are nobody's successor */
  struct map taken;        /* ids that stand for something that is gone */
};

static const struct dhis2_org_unit several;

static void take(struct part *part, const struct dhis2_org_unit *unit) {
  if (!map_put(&part->by_id, unit->o.id, (void *)(uintptr_t)unit)) part->p[part->n++] = unit;
}

static struct part part_of(struct arena *arena, const struct dhis2_metadata *m) {
  size_t most = m->org_unit_count;
  for (size_t i = 0; i < m->data_set_count; i++) most += m->data_sets[i]->org_unit_count;
  struct part part = {.p = ARENA_ARRAY(arena, most + 1, const struct dhis2_org_unit *)};
  for (size_t i = 0; i < m->data_set_count; i++)
    for (size_t k = 0; k < m->data_sets[i]->org_unit_count; k++) take(&part, m->data_sets[i]->org_units[k]);
  bool told = part.n > 0;
  for (size_t i = 0; i < m->org_unit_count && !told; i++) take(&part, m->org_units[i]);
  if (part.n) qsort(part.p, part.n, sizeof *part.p, by_object_id);
  return part;
}

/* Without pairs the same ids are meant, so that each may count. */
static enum drift_effect effect_on(const struct units *u, struct str id, bool matters) {
  return matters && (!u->f->mapping->org_unit_count || map_get(&u->named, id)) ? DRIFT_CHECK : DRIFT_INFORMATION;
}

static struct str below(struct arena *arena, const struct dhis2_org_unit *unit) {
  return unit->o.name.n ? arena_printf(arena, "%.*s\n%.*s", STR_ARG(unit->parent ? unit->parent->o.id : STR("")), STR_ARG(unit->o.name))
                        : STR("");
}

static void offer(struct map *map, struct str text, const struct dhis2_org_unit *unit) {
  if (text.n) (void)map_put(map, text, (void *)(uintptr_t)(map_get(map, text) ? &several : unit));
}

static void note_newcomers(struct units *u) {
  for (size_t i = 0; i < u->is.n; i++) {
    const struct dhis2_org_unit *unit = u->is.p[i];
    if (map_get(&u->was.by_id, unit->o.id)) continue;
    offer(&u->codes, unit->o.code, unit);
    offer(&u->names, below(u->f->arena, unit), unit);
  }
}

static const struct dhis2_org_unit *successor(struct units *u, const struct dhis2_org_unit *was) {
  const struct dhis2_org_unit *found = was->o.code.n ? map_get(&u->codes, was->o.code) : NULL;
  if (!found && was->o.name.n) found = map_get(&u->names, below(u->f->arena, was));
  return found && found != &several && !map_put(&u->taken, found->o.id, u) ? found : NULL;
}

static void tell_gone(struct units *u, const struct dhis2_org_unit *was) {
  struct finding *f = u->f;
  const struct dhis2_org_unit *next = successor(u, was);
  bool there = dhis2_metadata_org_unit(u->look->all, was->o.id) != NULL;
  struct str quoted = finding_quote(f, was->o.name, was->o.id);
  struct drift_change change = {.kind = next    ? DRIFT_replaced
                                        : there ? DRIFT_left
                                                : DRIFT_vanished,
                                .effect = effect_on(u, was->o.id, true),
                                .object = DRIFT_ORG_UNIT,
                                .id = was->o.id,
                                .name = was->o.name,
                                .before = was->o.id,
                                .after = next ? next->o.id : STR("")};
  if (next)
    finding_add(f, u->look, change, NULL, "%s no longer has the org unit %.*s, but %.*s: if it is the same one, let the mapping follow it",
                look_name(u->look), STR_ARG(quoted), STR_ARG(finding_quote(f, next->o.name, next->o.id)));
  else
    finding_add(f, u->look, change, NULL,
                there ? "the data sets of %s are no longer assigned to the org unit %.*s: %s"
                      : "%s no longer shows the org unit %.*s among those of its data sets: %s",
                look_name(u->look), STR_ARG(quoted),
                u->look->side == DRIFT_TARGET ? "values for it will be refused" : "nothing new will be entered for it");
}

static void tell_new(struct units *u, const struct dhis2_org_unit *is) {
  struct finding *f = u->f;
  bool waits = u->look->side == DRIFT_SOURCE && f->mapping->org_unit_count; /* else its own id is meant */
  struct drift_change change = {.kind = DRIFT_appeared,
                                .effect = waits ? DRIFT_CHECK : DRIFT_INFORMATION,
                                .object = DRIFT_ORG_UNIT,
                                .id = is->o.id,
                                .name = is->o.name,
                                .after = is->o.name};
  finding_add(f, u->look, change, NULL, "the data sets of %s have a new org unit %.*s%s", look_name(u->look),
              STR_ARG(finding_quote(f, is->o.name, is->o.id)),
              waits ? ": its values go nowhere until a pair says which one of the target it is" : "");
}

/* A parent that came under another id is the same one to those below it. */
static bool same_place(const struct dhis2_org_unit *a, const struct dhis2_org_unit *b) {
  if (!a || !b) return true; /* not told */
  return str_eq(a->o.id, b->o.id) || (a->o.code.n && str_eq(a->o.code, b->o.code)) || (a->o.name.n && str_eq(a->o.name, b->o.name));
}

static struct str name_of(const struct dhis2_org_unit *unit) {
  return unit->o.name.n ? unit->o.name : unit->o.id;
}

static void compare(struct units *u, const struct dhis2_org_unit *was, const struct dhis2_org_unit *is) {
  struct finding *f = u->f;
  struct str quoted = finding_quote(f, was->o.name, was->o.id);
  struct drift_change change = {.object = DRIFT_ORG_UNIT, .id = was->o.id, .name = was->o.name};
  if (was->o.name.n && is->o.name.n && !str_eq(was->o.name, is->o.name)) {
    bool same = finding_same_meaning(f, was->o.name, is->o.name, false);
    change.kind = DRIFT_renamed;
    change.sure = same;
    change.effect = effect_on(u, was->o.id, !same);
    change.before = was->o.name;
    change.after = is->o.name;
    finding_add(f, u->look, change, NULL, "the org unit %.*s of %s is now called '%.*s'%s", STR_ARG(quoted), look_name(u->look),
                STR_ARG(is->o.name), same ? "" : ": see that it is still the same place");
  }
  if (was->o.given && is->o.given && !str_eq(was->o.code, is->o.code)) {
    change.kind = DRIFT_recoded;
    change.effect = DRIFT_INFORMATION;
    change.before = was->o.code;
    change.after = is->o.code;
    finding_add(f, u->look, change, NULL, "the org unit %.*s of %s had the code '%.*s' and has '%.*s'", STR_ARG(quoted), look_name(u->look),
                STR_ARG(was->o.code), STR_ARG(is->o.code));
  }
  if (!same_place(was->parent, is->parent)) {
    change.kind = DRIFT_moved;
    change.effect = effect_on(u, was->o.id, true);
    change.before = name_of(was->parent);
    change.after = name_of(is->parent);
    finding_add(f, u->look, change, NULL,
                "the org unit %.*s of %s was below '%.*s' and is below '%.*s': see that it is still the same place", STR_ARG(quoted),
                look_name(u->look), STR_ARG(change.before), STR_ARG(change.after));
  }
}

void find_org_units(struct finding *f, const struct look *look) {
  if (!look->before || !look->before->org_unit_count || !look->now->org_unit_count) return; /* nobody looked */
  struct units u = {.f = f,
                    .look = look,
                    .was = part_of(f->arena, look->before),
                    .is = part_of(f->arena, look->now),
                    .named = pairs_named(f->mapping->org_units, f->mapping->org_unit_count, look->side)};
  note_newcomers(&u);
  for (size_t i = 0; i < u.was.n; i++) {
    const struct dhis2_org_unit *is = map_get(&u.is.by_id, u.was.p[i]->o.id);
    if (is)
      compare(&u, u.was.p[i], is);
    else
      tell_gone(&u, u.was.p[i]);
  }
  for (size_t i = 0; i < u.is.n; i++)
    if (!map_get(&u.was.by_id, u.is.p[i]->o.id) && !map_get(&u.taken, u.is.p[i]->o.id)) tell_new(&u, u.is.p[i]);
  map_free(&u.was.by_id);
  map_free(&u.is.by_id);
  map_free(&u.named);
  map_free(&u.codes);
  map_free(&u.names);
  map_free(&u.taken);
}
