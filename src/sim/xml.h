/* xml: the tags of a small XML text, one after the other: enough for what the stand-in server is sent. No document types, no entities but the five of XML itself. */
#ifndef DRAWBRIDGE_SIM_XML_H
#define DRAWBRIDGE_SIM_XML_H

#include "base/arena.h"

enum { XML_ATTRIBUTES_MAX = 32, XML_DEPTH_MAX = 16 };

struct xml_attribute {
  struct str name, value;
};

struct xml_tag {
  struct str name; /* without prefix */
  bool end;        /* "</name>", also behind "<name/>" */
  struct xml_attribute attributes[XML_ATTRIBUTES_MAX];
  size_t count;
};

struct xml {
  struct arena *arena;
  struct str text;
  size_t at;
  struct str open[XML_DEPTH_MAX]; /* names as written */
  size_t depth;
  bool closing;     /* the end of an empty tag is still to come */
  struct str error; /* p NULL: none; as a Java reader says it, with its place */
  bool no_xml;      /* it does not begin like XML */
};

/* False: the end, or an error. */
bool xml_next(struct xml *xml, struct xml_tag *tag);
struct str xml_attribute(const struct xml_tag *tag, const char *name); /* p NULL: not there */

#endif
