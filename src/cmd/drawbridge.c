#include "base/error.h"

int main(int argc, char **argv) {
  if (argc == 2 && str_eq(str_of(argv[1]), STR("version"))) return puts("drawbridge 0.1.0") < 0;
  (void)fputs("usage: drawbridge version\n", stderr);
  return error_exit_code(ERROR_usage);
}
