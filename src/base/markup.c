#include "base/markup.h"

struct str markup_of(char letter) {
  switch (letter) {
  case '&': return STR("&amp;");
  case '<': return STR("&lt;");
  case '>': return STR("&gt;");
  case '"': return STR("&quot;");
  default: return STR_NONE;
  }
}
