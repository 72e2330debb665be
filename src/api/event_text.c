#include "api/event_text.h"

#include "crypt/random.h"

const char *event_id(struct str data, char ret[EVENT_ID_SIZE]) {
  unsigned char hash[HASH_SIZE];
  hash_sha256(data, hash);
  return hash_hex(hash, (EVENT_ID_SIZE - 1) / 2, ret);
}

void event_text(struct buf *out, struct str id, struct str data) {
  (void)buf_printf(out, "id: %.*s\n", STR_ARG(id));
  do {
    (void)buf_add(out, STR("data: "));
    (void)buf_add(out, str_take(&data, '\n'));
    (void)buf_add_char(out, '\n');
  } while (data.p);
  (void)buf_add_char(out, '\n');
}
