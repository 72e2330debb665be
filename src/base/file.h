/* file: whole files in and out. Calls block: never on the loop.
 *
 * The name "-" is standard input for reading and standard output for writing. Messages name the file as it was given. */
#ifndef DRAWBRIDGE_BASE_FILE_H
#define DRAWBRIDGE_BASE_FILE_H

#include "base/arena.h"
#include "base/error.h"

/* The whole file. -1: ERROR_input (cannot be read, or is larger than `limit` bytes). */
int file_read(struct arena *arena, const char *path, size_t limit, struct str *ret, struct error *error);

/* The file piece by piece, up to 64 KiB each; what the sink returns other than 0 ends it (-1, the sink has filled *error). */
int file_read_pieces(const char *path, int (*sink)(void *payload, struct str piece, struct error *error), void *payload,
                     struct error *error);

/* All or nothing: written beside, synced, renamed over; for "-" just written. -1: ERROR_inside (disk full, no right, …). */
int file_write(const char *path, struct str bytes, struct error *error);

/* Could it be, as far as can be known without writing? For what is written at the end of long work. -1: ERROR_inside. */
int file_write_check(const char *path, struct error *error);

enum file_private {
  FILE_REPLACES,     /* root leaves the file to the one who owned it */
  FILE_NEW,          /* a file that is there stays, also one made meanwhile: ERROR_conflict */
  FILE_NEW_IN_PLACE, /* the same; root gives the file to the one whose folder it is */
};
/* As file_write, with mode 0600, for what only its user may read: this one, but where root writes for another. */
int file_write_private(const char *path, struct str bytes, enum file_private how, struct error *error);

/* What root makes in somebody's folder is theirs: else a service could not use what its operator began. -1, with errno: it cannot be given away. */
int file_leave_to_folder(int fd, const char *path);

/* A folder for this user alone, left so, too; one that is there stays as it is. -1, with errno. */
int file_make_folder(const char *path);

/* All bytes to an open file; -1: ERROR_inside. */
int file_write_fd(int fd, struct str bytes, const char *name, struct error *error);

#endif
