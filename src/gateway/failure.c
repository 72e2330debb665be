#include "gateway/failure.h"

int failure_at(struct error *error, enum error_code code, struct str server, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)error_vset(error, code, format, args);
  va_end(args);
  return error_name_server(error, server);
}

int failure_later(struct error *error, enum error_code code, int retry_after_s, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)error_vset(error, code, format, args);
  va_end(args);
  error->retry_after = retry_after_s;
  return -1;
}

int failure_busy(struct error *error) {
  return failure_later(error, ERROR_busy, 5, "too much is under way: try again soon");
}

int failure_unknown_server(struct error *error, struct str id) {
  return error_set(error, ERROR_unknown_server, "there is no server '%.*s' here: GET /v1/servers lists them",
                   STR_ARG(str_slice(id, 0, 32)));
}
