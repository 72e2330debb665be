#include "store/trouble.h"

#include "base/texts.h"
#include <errno.h>

static const struct {
  const char *reason, *words;
} troubles[STORE_TROUBLES] = {
    [STORE_DISK_FULL] = {"disk_full", N_("the disk that the store is on is full: make room; nothing that was saved is lost")},
    [STORE_READ_ONLY] = {"read_only",
                         N_("the store is on a disk or in a database that is set to read only: let it be written again; nothing "
                            "that was saved is lost")},
    [STORE_NOT_ALLOWED] = {"not_allowed",
                           N_("drawbridge may not write to its store: a file and its folder must belong to the user that runs "
                              "drawbridge, tables to the user that it signs in as")},
};

enum store_trouble store_trouble_of_errno(int number) {
  switch (number) {
  case ENOSPC:
  case EDQUOT: return STORE_DISK_FULL;
  case EROFS: return STORE_READ_ONLY;
  case EACCES:
  case EPERM: return STORE_NOT_ALLOWED;
  default: return STORE_NO_TROUBLE;
  }
}

int store_trouble_set(struct error *error, enum store_trouble trouble) {
  (void)error_set(error, ERROR_store_unavailable, "%s", troubles[trouble].words);
  return error_because(error, troubles[trouble].reason);
}

const char *store_trouble_words(const char *reason) {
  for (size_t i = STORE_NO_TROUBLE + 1; i < STORE_TROUBLES; i++)
    if (strcmp(troubles[i].reason, reason) == 0) return troubles[i].words;
  return NULL;
}
