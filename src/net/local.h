/* local: a UNIX socket that is listened on at a path: for who administers this machine, and for nobody else.
 *
 * What holds always: the file is its owner's alone (mode 0600) from its first moment on. One that an earlier process left behind is replaced at once; one that somebody listens at, or may listen at, and what is no socket, is left as it is. So is `<path>.new`, where it is made. At the end it is
 * removed if it is still the one that was made.
 *
 * Life cycle: local_listen, before the first thread is made (it sets the umask for a moment); local_remove. */
#ifndef DRAWBRIDGE_NET_LOCAL_H
#define DRAWBRIDGE_NET_LOCAL_H

#include "base/error.h"
#include <sys/types.h>

enum { LOCAL_PATH_MAX = 100 };

struct local_file {
  char path[LOCAL_PATH_MAX + 1]; /* empty: there is none */
  dev_t device;
  ino_t number;
};

/* The socket, to be closed by the caller. -1: ERROR_configuration: the path is too long; ERROR_inside: another process listens there, or why not. */
int local_listen(struct str path, struct local_file *ret, struct error *error);
void local_remove(const struct local_file *file);

#endif
