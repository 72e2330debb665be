/* service: what systemd hands to a service, and what it hears from it: sockets that it opened (sd_listen_fds(3)), word of readiness and signs of life (sd_notify(3)).
 *
 * A page of our own instead of libsystemd: the protocol is a few variables and one datagram, both manual pages promise that it stays, and the library would bring three compressors and a
 * cipher library into the process that holds the secrets.
 *
 * What holds always: where systemd did not start the process, every call is quietly without effect. Nothing here blocks: a datagram that is not taken at once is lost, and logged.
 *
 * Life cycle: service_open once, before anything else is opened; service_close at the end. */
#ifndef DRAWBRIDGE_NET_SERVICE_H
#define DRAWBRIDGE_NET_SERVICE_H

#include "base/error.h"

struct service;

/* What a socket is for; FileDescriptorName= in its unit says which: "http", "https", "admin". */
enum service_use { SERVICE_HTTP, SERVICE_HTTPS, SERVICE_ADMIN, SERVICE_USES };

/* Takes the sockets over. NULL with ERROR_configuration: one has another name, or is none that listens on a network address. */
struct service *service_open(struct error *error);
void service_close(struct service *service); /* NULL is fine. Sockets that nobody took are closed */

/* The next socket of that use, now the caller's; -1: there is none left. */
int service_take(struct service *service, enum service_use use);
bool service_has(const struct service *service, enum service_use use);

/* Lines like "READY=1" and "STATUS=…", with a line feed between them. */
void service_tell(struct service *service, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How often a sign of life ("WATCHDOG=1") is to be given: half of what WatchdogSec= allows. 0: none is wanted. */
uint64_t service_watchdog_ms(const struct service *service);

#endif
