/* A resolver for tests, put before libc's by LD_PRELOAD: names that end with ".test" have the addresses that the file $FAKE_RESOLVER says, a line "name address…" each, read anew for every question; the first address alone is told the first time, the second
 * the second time and so on, the last for ever. Each question is added to $FAKE_RESOLVER.asked. Everything else goes to libc. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* How often the name was asked for before. */
static int count_and_add(const char *path, const char *name) {
  char asked[4096], line[256];
  int before = 0;
  (void)snprintf(asked, sizeof asked, "%s.asked", path);
  FILE *file = fopen(asked, "a+");
  if (!file) return 0;
  rewind(file);
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    before += strcmp(line, name) == 0;
  }
  (void)fprintf(file, "%s\n", name);
  (void)fclose(file);
  return before;
}

static int address_of(const char *path, const char *name, char ret[64]) {
  char line[512];
  int before = count_and_add(path, name), found = 0;
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) {
    char *rest = NULL, *word = strtok_r(line, " \n", &rest);
    if (!word || strcmp(word, name) != 0) continue;
    for (int i = 0; (word = strtok_r(NULL, " \n", &rest)) && i <= before; i++) {
      (void)snprintf(ret, 64, "%s", word);
      found = 1;
    }
  }
  if (file) (void)fclose(file);
  return found;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret) {
  resolve *real = (resolve *)dlsym(RTLD_NEXT, "getaddrinfo");
  const char *path = getenv("FAKE_RESOLVER");
  size_t n = name ? strlen(name) : 0;
  char address[64];
  if (!path || n < 5 || strcmp(name + n - 5, ".test") != 0) return real(name, service, hints, ret);
  return address_of(path, name, address) ? real(address, service, hints, ret) : EAI_NONAME;
}
