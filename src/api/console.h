/* console: what `drawbridge admin` asks a running drawbridge on its UNIX socket (configuration: admin_socket), as plain HTTP and JSON: sessions, connections, runs, and what goes on without its people; listed, explained, ended. Beside it
 * what `admin_listen` answers: /healthz, /readyz, /metrics.
 *
 * What holds always: only root and the user that drawbridge runs as are answered, by the kernel's word (SO_PEERCRED); all others get ERROR_forbidden. No answer holds a secret. What is ended is in the audit log. One call at a time is
 * carried out, on a thread and with a handle of the store of its own.
 *
 * Life cycle: console_new before any loop runs, console_free when none runs any more, before api_free. */
#ifndef DRAWBRIDGE_API_CONSOLE_H
#define DRAWBRIDGE_API_CONSOLE_H

#include "api/api.h"

struct console;

/* Takes over the socket, which listens. NULL: ERROR_store_unavailable, ERROR_inside. */
struct console *console_new(struct api *api, struct gateway *gateway, int fd, struct error *error);
void console_free(struct console *console); /* NULL is fine */

#endif
