/* config_check: what one value, and then the whole, must be. For config.c and config_tls.c alone. */
#ifndef DRAWBRIDGE_GATEWAY_CONFIG_CHECK_H
#define DRAWBRIDGE_GATEWAY_CONFIG_CHECK_H

#include "gateway/config_table.h"

/* One text as its kind wants it; NULL: good (*ret is the form that is kept), else what is wrong, in the arena. */
const char *config_check_text(struct arena *arena, const struct directive *directive, enum directive_item item, struct str text,
                              struct str *ret);

/* What no single value shows. `report` is called for each problem; `file` is the one that it was read from; `id` is that of the app or server concerned (empty: the file as a whole), `key` the one in it that it is about. */
typedef void config_report(void *payload, struct str id, const char *key, const char *what);
void config_check_whole(struct arena *arena, const struct config *config, const char *file, config_report *report, void *payload);

/* May everybody on this machine read or write the file? */
bool config_open_to_all(struct arena *arena, struct str file);

/* NULL: good. A secret that is short or a placeholder is refused. */
const char *config_check_secret(struct str secret);

#endif
