#include "make_side.h"
#include "../metadata_of.h"

#include "base/buf.h"
#include "base/json_out.h"
#include "base/vec.h"

struct making {
  struct arena *arena;
  char letter;
  unsigned next;
  struct buf elements, combos, cocs;
  struct str combo_names[64], combo_ids[64];
  size_t combo_count;
};

static struct str new_id(struct making *m) {
  return arena_printf(m->arena, "%c%010u", m->letter, m->next++);
}

static void add_coc(struct making *m, struct str combo, struct str name) {
  struct str id = new_id(m);
  (void)buf_printf(&m->cocs, ",{\"id\":\"%.*s\",\"name\":\"%.*s\",\"categoryCombo\":{\"id\":\"%.*s\"}}", STR_ARG(id), STR_ARG(name),
                   STR_ARG(combo));
}

static void add_combo(struct making *m, struct str name, struct str categories) {
  struct str first = str_take(&categories, '|'), id = new_id(m);
  m->combo_names[m->combo_count] = name;
  m->combo_ids[m->combo_count++] = id;
  (void)buf_printf(&m->combos, ",{\"id\":\"%.*s\",\"name\":\"%.*s\"}", STR_ARG(id), STR_ARG(name));
  while (first.p) {
    struct str option = str_trim(str_take(&first, ',')), second = categories;
    if (!second.p) add_coc(m, id, option);
    while (second.p) {
      struct str other = str_trim(str_take(&second, ','));
      add_coc(m, id, arena_printf(m->arena, "%.*s, %.*s", STR_ARG(option), STR_ARG(other)));
    }
  }
}

static struct str combo_id(const struct making *m, struct str name) {
  for (size_t i = 0; i < m->combo_count; i++)
    if (str_eq(m->combo_names[i], name)) return m->combo_ids[i];
  return STR("default0000");
}

static void add_element(struct making *m, struct str line) {
  struct str translation = line, text = str_take(&translation, ';'), combo = text, name = str_trim(str_take(&combo, '='));
  struct str id = new_id(m), combo_of = combo.p ? combo_id(m, str_trim(combo)) : STR("default0000");
  struct str brief = name;
  name = str_trim(str_take(&brief, '~'));
  (void)buf_printf(&m->elements, "%s{\"id\":\"%.*s\",\"name\":\"%.*s\",\"valueType\":\"INTEGER\",\"categoryCombo\":{\"id\":\"%.*s\"}",
                   m->elements.n ? "," : "", STR_ARG(id), STR_ARG(name), STR_ARG(combo_of));
  if (brief.p) {
    brief = str_trim(brief);
    (void)buf_printf(&m->elements, ",\"shortName\":\"%.*s\"", STR_ARG(brief));
  }
  if (translation.p) {
    struct str value = str_trim(translation), locale = str_take(&value, ':');
    value = str_trim(value);
    (void)buf_printf(&m->elements, ",\"translations\":[{\"locale\":\"%.*s\",\"property\":\"NAME\",\"value\":\"%.*s\"}]", STR_ARG(locale),
                     STR_ARG(value));
  }
  (void)buf_add_char(&m->elements, '}');
}

const struct dhis2_metadata *make_side(struct arena *arena, char letter, const char *const *lines, size_t count) {
  struct making m = {
      .arena = arena, .letter = letter, .elements = BUF_INIT(4 << 20), .combos = BUF_INIT(1 << 20), .cocs = BUF_INIT(4 << 20)};
  (void)buf_printf(&m.combos, "{\"id\":\"default0000\",\"name\":\"default\"}");
  (void)buf_printf(&m.cocs, "{\"id\":\"%ccocdefault\",\"name\":\"default\",\"categoryCombo\":{\"id\":\"default0000\"}}", letter);
  for (size_t i = 0; i < count; i++) {
    struct str rest = str_of(lines[i]), head = str_take(&rest, ':');
    bool is_combo = rest.p && str_find_char(head, ' ') == SIZE_MAX;
    if (is_combo)
      add_combo(&m, str_trim(head), rest);
    else
      add_element(&m, str_of(lines[i]));
  }
  struct str json = arena_printf(arena, "{\"dataElements\":[%.*s],\"categoryCombos\":[%.*s],\"categoryOptionCombos\":[%.*s]}",
                                 STR_ARG(buf_str(&m.elements)), STR_ARG(buf_str(&m.combos)), STR_ARG(buf_str(&m.cocs)));
  const struct dhis2_metadata *metadata = metadata_of(arena, json);
  buf_free(&m.elements);
  buf_free(&m.combos);
  buf_free(&m.cocs);
  return metadata;
}

const struct dhis2_data_element *element_named(const struct dhis2_metadata *side, const char *name) {
  for (size_t i = 0; i < side->element_count; i++)
    if (str_eq(side->elements[i]->o.name, str_of(name))) return side->elements[i];
  (void)fprintf(stderr, "there is no element '%s'\n", name);
  abort();
}

const struct dhis2_option_combo *coc_named(const struct dhis2_metadata *side, const struct dhis2_data_element *element, const char *name) {
  for (size_t c = 0; c < element->combo_count; c++)
    for (size_t i = 0; i < element->combos[c]->option_combo_count; i++)
      if (str_eq(element->combos[c]->option_combos[i]->o.name, str_of(name))) return element->combos[c]->option_combos[i];
  (void)side;
  (void)fprintf(stderr, "there is no option combo '%s'\n", name);
  abort();
}
