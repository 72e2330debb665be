#include "net/service.h"

#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3, SOCKETS_MAX = 64, TOLD_MAX = 1024 };

struct service {
  int notify; /* -1: nobody wants to hear */
  struct sockaddr_un where;
  socklen_t where_size;
  uint64_t watchdog_ms;
  struct {
    int fd; /* -1: taken */
    enum service_use use;
  } sockets[SOCKETS_MAX];
  size_t socket_count;
};

static uint64_t number_of(const char *variable) {
  uint64_t number = 0;
  return str_to_u64(str_of(getenv(variable)), &number) ? number : 0;
}

/* --- sockets --- */

static bool use_of(struct str name, enum service_use *ret) {
  static const char *const names[SERVICE_USES] = {"http", "https", "admin"};
  for (int i = 0; i < SERVICE_USES; i++)
    if (str_eq(name, str_of(names[i]))) {
      *ret = (enum service_use)i;
      return true;
    }
  return false;
}

static bool listens_on_network(int fd) {
  int listening = 0, family = 0;
  socklen_t n = sizeof listening, m = sizeof family;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &m)) return false;
  return listening && (family == AF_INET || family == AF_INET6);
}

static int add_socket(struct service *service, int fd, struct str name, struct error *error) {
  enum service_use use;
  if (!use_of(name, &use))
    return error_set(error, ERROR_configuration,
                     "systemd hands over a socket named '%.*s': write FileDescriptorName=http, https or admin into its unit",
                     STR_ARG(str_slice(name, 0, 60)));
  if (!listens_on_network(fd))
    return error_set(error, ERROR_configuration,
                     "the socket '%.*s' of systemd does not listen on a network address: write ListenStream=address:port into its unit",
                     STR_ARG(name));
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  service->sockets[service->socket_count].fd = fd;
  service->sockets[service->socket_count++].use = use;
  return 0;
}

static int take_over(struct service *service, struct error *error) {
  uint64_t count = number_of("LISTEN_FDS");
  struct str names = str_of(getenv("LISTEN_FDNAMES"));
  if (number_of("LISTEN_PID") != (uint64_t)getpid()) return 0;
  if (count > SOCKETS_MAX) return error_set(error, ERROR_configuration, "systemd hands over more than %d sockets", SOCKETS_MAX);
  for (int i = 0; i < (int)count; i++)
    if (add_socket(service, FIRST_FD + i, str_take(&names, ':'), error) < 0) return -1;
  return 0;
}

/* SIZE_MAX: there is none left. */
static size_t find(const struct service *service, enum service_use use) {
  for (size_t i = 0; i < service->socket_count; i++)
    if (service->sockets[i].fd >= 0 && service->sockets[i].use == use) return i;
  return SIZE_MAX;
}

bool service_has(const struct service *service, enum service_use use) {
  return find(service, use) != SIZE_MAX;
}

int service_take(struct service *service, enum service_use use) {
  size_t i = find(service, use);
  if (i == SIZE_MAX) return -1;
  int fd = service->sockets[i].fd;
  service->sockets[i].fd = -1;
  return fd;
}

/* --- what is told --- */

static void open_notify(struct service *service) {
  struct str path = str_of(getenv("NOTIFY_SOCKET"));
  if (path.n < 2 || path.n >= sizeof service->where.sun_path || (path.p[0] != '/' && path.p[0] != '@')) return;
  service->where.sun_family = AF_UNIX;
  memcpy(service->where.sun_path, path.p, path.n);
  if (path.p[0] == '@') service->where.sun_path[0] = '\0'; /* an abstract name */
  service->where_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n);
  service->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void service_tell(struct service *service, const char *format, ...) {
  char text[TOLD_MAX];
  va_list args;
  if (service->notify < 0) return;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  size_t size = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
  if (sendto(service->notify, text, size, MSG_NOSIGNAL, (const struct sockaddr *)&service->where, service->where_size) < 0)
    log_event(LOG_WARNING, "service_manager_not_told", LOG_TEXT("message", strerror(errno)));
}

static uint64_t wanted_watchdog_ms(void) {
  uint64_t pid = number_of("WATCHDOG_PID"), usec = number_of("WATCHDOG_USEC");
  if (!usec || (pid && pid != (uint64_t)getpid())) return 0;
  return usec < 2000 ? 1 : usec / 2000;
}

uint64_t service_watchdog_ms(const struct service *service) {
  return service->notify < 0 ? 0 : service->watchdog_ms;
}

/* --- life --- */

struct service *service_open(struct error *error) {
  struct service *service = mem_alloc(sizeof *service);
  service->notify = -1;
  service->watchdog_ms = wanted_watchdog_ms();
  if (take_over(service, error) < 0) {
    service_close(service);
    return NULL;
  }
  open_notify(service);
  return service;
}

void service_close(struct service *service) {
  if (!service) return;
  for (size_t i = 0; i < service->socket_count; i++)
    if (service->sockets[i].fd >= 0) (void)close(service->sockets[i].fd);
  if (service->notify >= 0) (void)close(service->notify);
  free(service);
}
