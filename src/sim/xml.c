#include "sim/xml.h"

#include "base/utf8.h"

static bool fail(struct xml *xml, struct str what, size_t at) {
  size_t row = 1, column = 1;
  for (size_t i = 0; i < at && i < xml->text.n; i++) {
    column++;
    if (xml->text.p[i] != '\n') continue;
    row++;
    column = 1;
  }
  xml->error = arena_printf(xml->arena, "%.*s\n at [row,col {unknown-source}]: [%zu,%zu]", STR_ARG(what), row, column);
  return false;
}

static bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void pass_blanks(struct xml *xml) {
  while (xml->at < xml->text.n && blank(xml->text.p[xml->at])) xml->at++;
}

static bool here(const struct xml *xml, struct str what) {
  return str_starts(str_from(xml->text, xml->at), what);
}

static bool pass(struct xml *xml, struct str end) {
  size_t found = str_find(str_from(xml->text, xml->at), end);
  if (found == SIZE_MAX) return fail(xml, STR("Unexpected EOF in prolog"), xml->text.n);
  xml->at += found + end.n;
  return true;
}

static struct str name_here(struct xml *xml) {
  size_t from = xml->at;
  while (xml->at < xml->text.n && !blank(xml->text.p[xml->at]) && !strchr("=/><\"'", xml->text.p[xml->at])) xml->at++;
  return str_slice(xml->text, from, xml->at);
}

static struct str local(struct str name) {
  size_t colon = str_find_char(name, ':');
  return colon == SIZE_MAX ? name : str_from(name, colon + 1);
}

/* &amp; and its like, and characters by number. SIZE_MAX: unknown. */
static size_t entity(struct str name, char out[4]) {
  static const struct {
    const char *name;
    char character;
  } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!str_eq(name, str_of(known[i].name))) continue;
    out[0] = known[i].character;
    return 1;
  }
  if (str_starts(name, STR("#x")) && name.n < 10) {
    for (size_t i = 2; i < name.n; i++) {
      const char *digits = "0123456789abcdef", *found = strchr(digits, name.p[i] | 32);
      if (!found) return SIZE_MAX;
      number = number * 16 + (uint64_t)(found - digits);
    }
    return utf8_encode((int32_t)number, out);
  }
  if (str_starts(name, STR("#")) && str_to_u64(str_from(name, 1), &number) && number < 0x110000) return utf8_encode((int32_t)number, out);
  return SIZE_MAX;
}

static bool value_here(struct xml *xml, struct str *ret) {
  char quote = xml->at < xml->text.n ? xml->text.p[xml->at] : 0;
  if (quote != '"' && quote != '\'') return fail(xml, STR("Unexpected character in attribute; expected a quote"), xml->at);
  size_t from = ++xml->at, end = str_find_char(str_from(xml->text, from), quote), n = 0;
  if (end == SIZE_MAX) return fail(xml, STR("Unexpected EOF in attribute value"), xml->text.n);
  char *out = arena_alloc(xml->arena, end + 1);
  for (size_t i = from; i < from + end; i++) {
    size_t semicolon = xml->text.p[i] == '&' ? str_find_char(str_slice(xml->text, i, from + end), ';') : SIZE_MAX;
    if (semicolon == SIZE_MAX) {
      out[n++] = xml->text.p[i];
      continue;
    }
    struct str name = str_slice(xml->text, i + 1, i + semicolon);
    size_t written = entity(name, out + n);
    i += semicolon;
    if (written == SIZE_MAX) return fail(xml, arena_printf(xml->arena, "Undeclared general entity \"%.*s\"", STR_ARG(name)), i);
    n += written;
  }
  xml->at = from + end + 1;
  *ret = (struct str){out, n};
  return true;
}

static bool start_tag(struct xml *xml, struct xml_tag *tag) {
  struct str name = name_here(xml);
  *tag = (struct xml_tag){.name = local(name)};
  if (xml->depth == XML_DEPTH_MAX) return fail(xml, STR("Maximum Element Depth limit Exceeded"), xml->at);
  xml->open[xml->depth++] = name;
  for (;;) {
    pass_blanks(xml);
    if (here(xml, STR("/>"))) {
      xml->at += 2;
      xml->closing = true;
      return true;
    }
    if (here(xml, STR(">"))) {
      xml->at++;
      return true;
    }
    struct xml_attribute attribute = {.name = local(name_here(xml))};
    if (!attribute.name.n) return fail(xml, STR("Unexpected EOF in start tag"), xml->at);
    pass_blanks(xml);
    if (here(xml, STR("="))) xml->at++;
    pass_blanks(xml);
    if (!value_here(xml, &attribute.value)) return false;
    if (tag->count < XML_ATTRIBUTES_MAX) tag->attributes[tag->count++] = attribute;
  }
}

static bool end_tag(struct xml *xml, struct xml_tag *tag) {
  *tag = (struct xml_tag){.name = local(xml->open[--xml->depth]), .end = true};
  return true;
}

bool xml_next(struct xml *xml, struct xml_tag *tag) {
  if (xml->error.p) return false;
  if (xml->closing) {
    xml->closing = false;
    return end_tag(xml, tag);
  }
  for (;;) {
    if (xml->depth) { /* text between tags says nothing here */
      while (xml->at < xml->text.n && xml->text.p[xml->at] != '<') xml->at++;
    } else
      pass_blanks(xml);
    if (xml->at == xml->text.n) {
      if (!xml->depth) return false;
      return fail(
          xml, arena_printf(xml->arena, "Unexpected EOF; was expecting a close tag for element <%.*s>", STR_ARG(xml->open[xml->depth - 1])),
          xml->at - 1);
    }
    if (!here(xml, STR("<"))) {
      xml->no_xml = true;
      char c = xml->text.p[xml->at];
      return fail(xml, arena_printf(xml->arena, "Unexpected character '%c' (code %d) in prolog; expected '<'", c, (unsigned char)c),
                  xml->at);
    }
    if (here(xml, STR("<?"))) {
      if (!pass(xml, STR("?>"))) return false;
    } else if (here(xml, STR("<!--"))) {
      if (!pass(xml, STR("-->"))) return false;
    } else if (here(xml, STR("<!"))) {
      if (!pass(xml, here(xml, STR("<!DOCTYPE")) && str_has(xml->text, STR("]>")) ? STR("]>") : STR(">"))) return false;
    } else if (here(xml, STR("</"))) {
      if (!xml->depth || !pass(xml, STR(">"))) return fail(xml, STR("Unexpected close tag"), xml->at);
      return end_tag(xml, tag);
    } else {
      xml->at++;
      return start_tag(xml, tag);
    }
  }
}

struct str xml_attribute(const struct xml_tag *tag, const char *name) {
  for (size_t i = 0; i < tag->count; i++)
    if (str_eq(tag->attributes[i].name, str_of(name))) return tag->attributes[i].value;
  return STR_NONE;
}
