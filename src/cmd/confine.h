/* confine: puts a running drawbridge into the sandbox (base/sandbox.h) that its configuration leaves it: the folders of the files that a reload reads again are read, those of the store and of the audit log written.
 *
 * Folders, not files, since who changes a file puts a new one in its place. To be called before the first thread is made, and before the store is opened: there is nothing of it that is not in its folder. */
#ifndef DRAWBRIDGE_CMD_CONFINE_H
#define DRAWBRIDGE_CMD_CONFINE_H

#include "gateway/config.h"

/* Makes the key ring where there is none yet: afterwards its folder can only be read. Logs what the kernel gave. -1: ERROR_configuration ('sandbox: required', and it has not all of it; the key ring), ERROR_inside. */
int confine(const char *config_path, const struct config *config, struct error *error);

#endif
