#include "crypt/keyring.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypt/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 8192, BASE64_SIZE = 45 };

struct key {
  uint32_t id;
  int64_t made_ms;
  unsigned char bytes[KEYRING_KEY_SIZE];
};

struct keyring {
  atomic_size_t references;
  size_t n;
  struct key *keys; /* KEYRING_MAX, in guarded, locked pages; read-only once filled */
};

static struct keyring *ring_new(void) {
  if (sodium_init() < 0) abort();
  struct keyring *ring = mem_alloc(sizeof *ring);
  atomic_init(&ring->references, 1);
  ring->keys = sodium_allocarray(KEYRING_MAX, sizeof *ring->keys);
  if (!ring->keys) mem_exhausted(KEYRING_MAX * sizeof *ring->keys);
  return ring;
}

struct keyring *keyring_ref(struct keyring *ring) {
  atomic_fetch_add_explicit(&ring->references, 1, memory_order_relaxed);
  return ring;
}

void keyring_free(struct keyring *ring) {
  if (!ring || atomic_fetch_sub_explicit(&ring->references, 1, memory_order_acq_rel) > 1) return;
  sodium_free(ring->keys);
  free(ring);
}

static const struct key *key_of(const struct keyring *ring, uint32_t id) {
  for (size_t i = 0; i < ring->n; i++)
    if (ring->keys[i].id == id) return &ring->keys[i];
  return NULL;
}

/* An id that says nothing and that no other ring has by chance: what another ring sealed is told apart from what was changed. */
static void add_new_key(struct keyring *ring, int64_t from_ms) {
  if (ring->n == KEYRING_MAX) memmove(ring->keys, ring->keys + 1, --ring->n * sizeof *ring->keys);
  struct key key = {.made_ms = (from_ms ? from_ms : clock_now_ms()) / 1000 * 1000};
  do key.id = randombytes_random();
  while (key.id == 0 || key_of(ring, key.id));
  randombytes_buf(key.bytes, sizeof key.bytes);
  ring->keys[ring->n++] = key;
  secret_wipe(&key, sizeof key);
}

/* --- the file --- */

static bool read_key(struct str line, struct key *ret) {
  struct str rest = line;
  uint64_t id;
  size_t n = 0;
  const char *end = NULL;
  if (!str_eq(str_take(&rest, ' '), STR("key")) || !str_to_u64(str_take(&rest, ' '), &id) || id == 0 || id > UINT32_MAX) return false;
  if (!clock_parse(str_take(&rest, ' '), &ret->made_ms) || !rest.p) return false;
  ret->id = (uint32_t)id;
  return sodium_base642bin(ret->bytes, sizeof ret->bytes, rest.p, rest.n, NULL, &n, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
         n == sizeof ret->bytes && end == rest.p + rest.n;
}

static int read_ring(struct keyring *ring, struct str text, const char *path, struct error *error) {
  struct key key = {0};
  for (unsigned number = 1; text.p; number++) {
    struct str line = str_trim(str_take(&text, '\n'));
    if (line.n == 0 || line.p[0] == '#') continue;
    bool good = ring->n < KEYRING_MAX && read_key(line, &key) && !key_of(ring, key.id);
    if (good) ring->keys[ring->n++] = key;
    secret_wipe(&key, sizeof key);
    if (!good)
      return error_set(
          error, ERROR_configuration,
          "%s:%u: this is no key, one too many, or there twice; put the file back from a copy (without it, everybody signs in again)", path,
          number);
  }
  if (ring->n == 0)
    return error_set(error, ERROR_configuration, "%s holds no key; put the file back from a copy, or remove it so that a new one is made",
                     path);
  return 0;
}

static struct str write_ring(const struct keyring *ring, char *text, size_t size) {
  size_t n = (size_t)snprintf(text, size, "# drawbridge keys, the newest last. Keep a copy in a safe place, readable by nobody else.\n");
  for (size_t i = 0; i < ring->n; i++) {
    char made[CLOCK_TEXT_SIZE], base64[BASE64_SIZE];
    (void)sodium_bin2base64(base64, sizeof base64, ring->keys[i].bytes, KEYRING_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL);
    n += (size_t)snprintf(text + n, size - n, "key %u %s %s\n", ring->keys[i].id, clock_format(ring->keys[i].made_ms, made), base64);
    secret_wipe(base64, sizeof base64);
  }
  return (struct str){text, n};
}

static int save_ring(const struct keyring *ring, const char *path, enum file_private how, struct error *error) {
  char text[FILE_MAX];
  int result = file_write_private(path, write_ring(ring, text, sizeof text), how, error);
  secret_wipe(text, sizeof text);
  if (result < 0 && error->code != ERROR_conflict) error->code = ERROR_configuration;
  return result;
}

/* What systemd puts into $CREDENTIALS_DIRECTORY is shut by its folder, and shows the mask of an access list where the group's rights would be. */
static bool is_credential(const char *path) {
  struct str folder = str_of(getenv("CREDENTIALS_DIRECTORY")), text = str_of(path);
  return folder.n && str_starts(text, folder) && str_starts(str_from(text, folder.n), STR("/")) && !str_has(text, STR("/../"));
}

/* Who owns a file can read it, whatever its mode: the one that serves with it, or root. Root rotates anybody's: the file stays its owner's. */
static bool is_ours(uid_t owner, bool rotating) {
  return owner == geteuid() || owner == 0 || (rotating && geteuid() == 0);
}

static int check_file(int fd, const char *path, bool rotating, struct error *error) {
  struct stat info;
  mode_t others = is_credential(path) ? S_IRWXO | S_IWGRP : S_IRWXO | S_IRWXG;
  if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
    return error_set(error, ERROR_configuration, "%s is no file that could hold keys", path);
  if (info.st_mode & others)
    return error_set(error, ERROR_configuration,
                     "%s is open to others (mode %04o): chmod 600 it, and make new keys if somebody may have read it", path,
                     info.st_mode & 07777);
  if (!is_ours(info.st_uid, rotating))
    return error_set(error, ERROR_configuration, "%s belongs to another user: chown it to the one that runs drawbridge", path);
  return 0;
}

static int read_open_file(int fd, const char *path, bool rotating, struct keyring *ring, struct error *error) {
  char text[FILE_MAX + 1];
  size_t n = 0;
  ssize_t got = 1;
  int result = check_file(fd, path, rotating, error);
  while (result == 0 && got > 0 && n < sizeof text) {
    got = read(fd, text + n, sizeof text - n);
    if (got > 0)
      n += (size_t)got;
    else if (got < 0 && errno == EINTR)
      got = 1;
    else if (got < 0)
      result = error_set(error, ERROR_configuration, "%s cannot be read: %s", path, strerror(errno));
  }
  if (result == 0 && n > FILE_MAX) result = error_set(error, ERROR_configuration, "%s is larger than a file of keys can be", path);
  if (result == 0) result = read_ring(ring, (struct str){text, n}, path, error);
  secret_wipe(text, sizeof text);
  return result;
}

/* Who serves makes the file for himself. Root who rotates before that makes it for the one whose folder it is. */
static int make_file(const char *path, bool rotating, struct error *error) {
  struct keyring *ring = ring_new();
  add_new_key(ring, 0);
  int result = save_ring(ring, path, rotating ? FILE_NEW_IN_PLACE : FILE_NEW, error);
  keyring_free(ring);
  return result < 0 && error->code == ERROR_conflict ? 0 : result; /* another process made it meanwhile: that one counts */
}

static int open_file(const char *path, bool rotating, struct error *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) {
    if (make_file(path, rotating, error) < 0) return -1;
    *error = (struct error){0};
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  }
  if (fd >= 0) return fd;
  return error_set(error, ERROR_configuration, "%s cannot be read: %s%s", path, strerror(errno),
                   errno == EACCES ? ": chown it to the user that runs drawbridge, or run this as that user" : "");
}

/* The ring of an open file, or NULL. */
static struct keyring *ring_of(int fd, const char *path, bool rotating, struct error *error) {
  struct keyring *ring = ring_new();
  if (read_open_file(fd, path, rotating, ring, error) == 0) return ring;
  keyring_free(ring);
  return NULL;
}

struct keyring *keyring_open(const char *path, struct error *error) {
  int fd = open_file(path, false, error);
  if (fd < 0) return NULL;
  struct keyring *ring = ring_of(fd, path, false, error);
  (void)close(fd);
  if (ring) (void)sodium_mprotect_readonly(ring->keys);
  return ring;
}

/* The file under that name, locked: two rotations at once must not lose a key. What was renamed away while we waited is not it. */
static int open_locked(const char *path, struct error *error) {
  for (;;) {
    struct stat held, named;
    int fd = open_file(path, true, error);
    if (fd < 0) return -1;
    while (flock(fd, LOCK_EX) < 0)
      if (errno != EINTR) break;
    if (fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev) return fd;
    (void)close(fd);
  }
}

int keyring_rotate(const char *path, int64_t from_ms, struct error *error) {
  int fd = open_locked(path, error);
  if (fd < 0) return -1;
  struct keyring *ring = ring_of(fd, path, true, error);
  int result = ring ? 0 : -1;
  if (ring) {
    add_new_key(ring, from_ms);
    result = save_ring(ring, path, FILE_REPLACES, error);
  }
  keyring_free(ring);
  (void)close(fd);
  return result;
}

/* --- keys --- */

uint32_t keyring_newest(const struct keyring *ring) {
  int64_t now = clock_now_ms();
  for (size_t i = ring->n; i-- > 0;)
    if (ring->keys[i].made_ms <= now) return ring->keys[i].id;
  return ring->keys[0].id;
}

bool keyring_has(const struct keyring *ring, uint32_t id) {
  return key_of(ring, id) != NULL;
}

static void add_field(crypto_generichash_state *state, struct str field) {
  unsigned char n[8];
  for (int i = 0; i < 8; i++) n[i] = (unsigned char)((uint64_t)field.n >> (8 * i));
  (void)crypto_generichash_update(state, n, sizeof n);
  (void)crypto_generichash_update(state, (const unsigned char *)(field.n ? field.p : ""), field.n);
}

bool keyring_derive(const struct keyring *ring, uint32_t id, struct str purpose, struct str holder, unsigned char ret[KEYRING_KEY_SIZE]) {
  const struct key *key = key_of(ring, id);
  if (!key) return false;
  crypto_generichash_state state;
  (void)crypto_generichash_init(&state, key->bytes, sizeof key->bytes, KEYRING_KEY_SIZE);
  add_field(&state, purpose);
  add_field(&state, holder);
  (void)crypto_generichash_final(&state, ret, KEYRING_KEY_SIZE);
  secret_wipe(&state, sizeof state);
  return true;
}
