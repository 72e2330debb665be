#include "base/error.h"

int main(void) {
  (void)fputs("usage: drawbridge-sim --version V --listen ADDR:PORT\n", stderr);
  return error_exit_code(ERROR_usage);
}
