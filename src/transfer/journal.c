#include "transfer/journal.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "transfer/hold.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HASH_DIGITS = 16, PIECE = 64 << 10, PART = 16 << 20 /* of rows in one record of a store */ };

/* Files of rows, and what their parts begin with in a store. */
enum rows_file { UNDO_ROWS, REFUSED_ROWS, ROWS_FILES };
static const struct {
  const char *name, *place;
} rows_files[ROWS_FILES] = {[UNDO_ROWS] = {"undo.csv", "rows"}, [REFUSED_ROWS] = {"refused.csv", "refused"}};

struct journal {
  char *folder;
  struct hold *hold;                /* NULL: it is a folder; else all below is not used */
  int lock, file, rows[ROWS_FILES]; /* rows: -1: not opened */
  bool broken;                      /* a write failed: what is on the disk is not known any more */
};

static char *path_in(const struct journal *j, const char *name) {
  return mem_printf("%s/%s", j->folder, name);
}

static int disk(struct error *error, const struct journal *j, const char *name, const char *what) {
  return error_set(error, ERROR_inside, "%s/%s %s: %s", j->folder, name, what, strerror(errno));
}

static void hash_of(struct str bytes, char ret[HASH_DIGITS + 1]) {
  unsigned char hash[HASH_SIZE];
  hash_sha256(bytes, hash);
  (void)hash_hex(hash, HASH_DIGITS / 2, ret);
}

static int open_in(struct journal *j, const char *name, struct error *error) {
  _cleanup_free_
  char *path = path_in(j, name);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return disk(error, j, name, "cannot be opened");
  (void)file_leave_to_folder(fd, path);
  return fd;
}

/* New names must be on the disk too. */
static int sync_folder(struct journal *j, const char *folder, struct error *error) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int result = fd < 0 || fsync(fd) < 0 ? disk(error, j, ".", "cannot be written to the disk") : 0;
  if (fd >= 0) (void)close(fd);
  return result;
}

static int make_folder(struct journal *j, struct error *error) {
  if (file_make_folder(j->folder) < 0)
    return error_set(error, ERROR_inside, "the folder %s cannot be made: %s", j->folder, strerror(errno));
  return 0;
}

/* Whom a second process is told of. */
static void say_who(int lock) {
  char time[CLOCK_TEXT_SIZE], text[200];
  const struct passwd *user = getpwuid(geteuid());
  int n = snprintf(text, sizeof text, "begun at %s by %s, process %ld", clock_format(clock_now_ms() / 1000 * 1000, time),
                   user ? user->pw_name : "somebody", (long)getpid());
  if (ftruncate(lock, 0) == 0) (void)!pwrite(lock, text, (size_t)n, 0);
}

static int in_use(int lock, const char *folder, struct error *error) {
  char who[201];
  ssize_t n = pread(lock, who, sizeof who - 1, 0);
  return error_set(error, ERROR_busy,
                   "another run is using the journal %s right now (%.*s): wait for it, or name another folder with --journal", folder,
                   n > 0 ? (int)n : 0, who);
}

static int take_lock(struct journal *j, struct error *error) {
  j->lock = open_in(j, "lock", error);
  if (j->lock < 0) return -1;
  if (flock(j->lock, LOCK_EX | LOCK_NB) == 0) return say_who(j->lock), 0;
  return errno == EWOULDBLOCK ? in_use(j->lock, j->folder, error) : disk(error, j, "lock", "cannot be locked");
}

int journal_is_free(const char *folder, struct error *error) {
  if (hold_is_place(folder)) {
    struct hold *hold = hold_take(folder, error);
    hold_release(hold);
    return hold || error->code != ERROR_busy ? 0 : -1;
  }
  _cleanup_free_
  char *path = mem_printf("%s/lock", folder);
  int fd = open(path, O_RDWR | O_CLOEXEC), result = 0;
  if (fd < 0) return 0;
  if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) result = in_use(fd, folder, error);
  (void)close(fd);
  return result;
}

/* --- reading --- */

struct reading {
  struct journal *journal;
  int (*replay)(void *payload, struct str record, struct error *error);
  void *payload;
  struct buf line;
  off_t good; /* end of the last whole record */
};

static bool record_of(struct str line, struct str *ret) {
  char hash[HASH_DIGITS + 1];
  *ret = str_from(line, HASH_DIGITS + 1);
  if (line.n < HASH_DIGITS + 2 || line.p[HASH_DIGITS] != ' ') return false;
  hash_of(*ret, hash);
  return memcmp(hash, line.p, HASH_DIGITS) == 0;
}

static int take_line(struct reading *r, struct error *error) {
  struct str record, line = buf_str(&r->line);
  if (!record_of(line, &record))
    return error_set(
        error, ERROR_input,
        "%s/journal is damaged at byte %lld: it cannot be gone on with; a new run in another folder sends only what is still missing",
        r->journal->folder, (long long)r->good);
  r->good += (off_t)line.n + 1;
  return r->replay ? r->replay(r->payload, record, error) : 0;
}

static int take_piece(struct reading *r, struct str piece, struct error *error) {
  while (piece.n) {
    size_t end = str_find_char(piece, '\n');
    if (!buf_add(&r->line, str_slice(piece, 0, end)))
      return error_set(error, ERROR_input, "%s/journal has a record that is too large", r->journal->folder);
    if (end == SIZE_MAX) return 0;
    if (take_line(r, error)) return -1;
    buf_clear(&r->line);
    piece = str_from(piece, end + 1);
  }
  return 0;
}

static int read_all(struct reading *r, struct error *error) {
  _cleanup_free_
  char *piece = mem_alloc(PIECE);
  for (;;) {
    ssize_t n = read(r->journal->file, piece, PIECE);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk(error, r->journal, "journal", "cannot be read");
    if (n == 0) return 0;
    if (take_piece(r, (struct str){piece, (size_t)n}, error)) return -1;
  }
}

/* What was cut while being written goes away, so that the next record begins a line. */
static int drop_tail(struct journal *j, off_t good, struct error *error) {
  struct stat status;
  if (fstat(j->file, &status) < 0) return disk(error, j, "journal", "cannot be read");
  if (status.st_size != good && (ftruncate(j->file, good) < 0 || fsync(j->file) < 0)) return disk(error, j, "journal", "cannot be mended");
  return lseek(j->file, good, SEEK_SET) < 0 ? disk(error, j, "journal", "cannot be read") : 0;
}

static int open_all(struct journal *j, struct reading *r, struct error *error) {
  if (make_folder(j, error) || take_lock(j, error)) return -1;
  if ((j->file = open_in(j, "journal", error)) < 0 || (j->rows[UNDO_ROWS] = open_in(j, "undo.csv", error)) < 0) return -1;
  if (sync_folder(j, j->folder, error) || read_all(r, error)) return -1;
  return drop_tail(j, r->good, error);
}

/* --- in a store --- */

static int on_held(void *payload, struct str record, struct error *error) {
  struct reading *r = payload;
  return r->replay ? r->replay(r->payload, record, error) : 0;
}

static int open_held(struct journal *j, struct reading *r, struct error *error) {
  j->hold = hold_take(j->folder, error);
  if (!j->hold) return -1;
  free(j->folder);
  j->folder = mem_printf("run %.*s", STR_ARG(hold_id(j->hold)));
  return hold_each(j->hold, STR("journal"), on_held, r, error);
}

static struct str rows_at(struct arena *arena, enum rows_file which, uint64_t at) {
  return arena_printf(arena, "%s@%llu", rows_files[which].place, (unsigned long long)at);
}

/* Of two parts that begin at one place the later one counts: rows are dropped by being written over. */
static int put_held(struct journal *j, enum rows_file which, uint64_t end, struct str rows, struct error *error) {
  struct arena *arena = arena_new_small();
  int result = 0;
  for (size_t at = 0; result == 0 && at < rows.n; at += PART)
    result = hold_add(j->hold, rows_at(arena, which, end + at), str_slice(rows, at, at + PART), error);
  arena_free(arena);
  return result;
}

static int get_held(struct journal *j, enum rows_file which, uint64_t at, size_t n, char *bytes, size_t *have, struct error *error) {
  struct arena *arena = arena_new();
  struct str part;
  int found = 1;
  while (found == 1 && *have < n) {
    found = hold_last(j->hold, rows_at(arena, which, at + *have), arena, &part, error);
    if (found == 1 && (part.n == 0 || part.n > n - *have)) found = 0;
    if (found == 1) memcpy(bytes + *have, part.p, part.n);
    if (found == 1) *have += part.n;
  }
  arena_free(arena);
  return found < 0 ? -1 : 0;
}

static struct str file_name(struct arena *arena, const char *name) {
  return arena_printf(arena, "file:%s", name);
}

static int put_file_held(struct journal *j, const char *name, struct str bytes, struct error *error) {
  struct arena *arena = arena_new_small();
  int result = hold_add(j->hold, file_name(arena, name), bytes, error);
  arena_free(arena);
  return result;
}

static int get_file_held(struct journal *j, const char *name, struct arena *arena, struct str *ret, struct error *error) {
  int found = hold_last(j->hold, file_name(arena, name), arena, ret, error);
  return found == 0 ? error_set(error, ERROR_input, "%s has no %s", j->folder, name) : found < 0 ? -1 : 0;
}

struct journal *journal_open(const char *folder, int (*replay)(void *payload, struct str record, struct error *error), void *payload,
                             struct error *error) {
  struct journal *j = mem_alloc(sizeof *j);
  *j = (struct journal){.folder = mem_printf("%s", folder), .lock = -1, .file = -1, .rows = {-1, -1}};
  struct reading r = {.journal = j, .replay = replay, .payload = payload, .line = BUF_INIT(JOURNAL_RECORD_MAX + HASH_DIGITS + 2)};
  int result = hold_is_place(folder) ? open_held(j, &r, error) : open_all(j, &r, error);
  buf_free(&r.line);
  if (result == 0) return j;
  journal_close(j);
  return NULL;
}

void journal_close(struct journal *j) {
  if (!j) return;
  hold_release(j->hold);
  if (j->file >= 0) (void)close(j->file);
  for (unsigned i = 0; i < ROWS_FILES; i++)
    if (j->rows[i] >= 0) (void)close(j->rows[i]);
  if (j->lock >= 0) (void)close(j->lock);
  free(j->folder);
  free(j);
}

/* --- writing --- */

static int write_out(struct journal *j, int fd, const char *name, struct str bytes, bool sync, struct error *error) {
  if (j->broken)
    return error_set(error, ERROR_inside, "%s/%s could not be written before; resume the run when that is mended", j->folder, name);
  j->broken = true;
  if (file_write_fd(fd, bytes, name, error)) return error_context(error, "%s", j->folder);
  if (sync && fsync(fd) < 0) return disk(error, j, name, "cannot be written to the disk");
  j->broken = false;
  return 0;
}

static int append(struct journal *j, struct str record, bool sync, struct error *error) {
  if (j->hold && record.n > JOURNAL_RECORD_MAX)
    return error_set(error, ERROR_too_large, "a record of the journal is larger than %d bytes", JOURNAL_RECORD_MAX);
  if (j->hold) return hold_add(j->hold, STR("journal"), record, error);
  struct buf line = BUF_INIT(JOURNAL_RECORD_MAX + HASH_DIGITS + 2);
  char hash[HASH_DIGITS + 1];
  hash_of(record, hash);
  (void)buf_printf(&line, "%s ", hash);
  (void)buf_add(&line, record);
  (void)buf_add_char(&line, '\n');
  int result = line.full ? error_set(error, ERROR_too_large, "a record of the journal is larger than %d bytes", JOURNAL_RECORD_MAX)
                         : write_out(j, j->file, "journal", buf_str(&line), sync, error);
  buf_free(&line);
  return result;
}

int journal_append(struct journal *j, struct str record, struct error *error) {
  return append(j, record, true, error);
}

int journal_note(struct journal *j, struct str record, struct error *error) {
  return append(j, record, false, error);
}

bool journal_keeps_notes(const struct journal *j) {
  return j->hold;
}

static struct journal_rows rows_of(uint64_t end, struct str rows) {
  struct journal_rows ret = {.at = end, .n = rows.n};
  hash_of(rows, ret.hash);
  return ret;
}

static int put_rows(struct journal *j, enum rows_file which, uint64_t end, struct str rows, struct error *error) {
  const char *name = rows_files[which].name;
  if (rows.n > JOURNAL_ROWS_MAX) return error_set(error, ERROR_too_large, "more than %d bytes of rows at once", JOURNAL_ROWS_MAX);
  if (j->hold) return put_held(j, which, end, rows, error);
  if (ftruncate(j->rows[which], (off_t)end) < 0 || lseek(j->rows[which], (off_t)end, SEEK_SET) < 0)
    return disk(error, j, name, "cannot be written");
  return write_out(j, j->rows[which], name, rows, true, error);
}

/* refused.csv, where it is there, or `makes` one. 0: it is open, or there is none. */
static int open_refused(struct journal *j, bool makes, struct error *error) {
  int *fd = &j->rows[REFUSED_ROWS];
  _cleanup_free_
  char *path = path_in(j, rows_files[REFUSED_ROWS].name);
  if (j->hold || *fd >= 0 || (!makes && access(path, F_OK) < 0)) return 0;
  if ((*fd = open_in(j, rows_files[REFUSED_ROWS].name, error)) < 0) return -1;
  return makes ? sync_folder(j, j->folder, error) : 0;
}

int journal_put_refused(struct journal *j, uint64_t end, struct str rows, struct journal_rows *ret, struct error *error) {
  *ret = rows_of(end, rows);
  return open_refused(j, true, error) ? -1 : put_rows(j, REFUSED_ROWS, end, rows, error);
}

int journal_cut_refused(struct journal *j, uint64_t end, struct error *error) {
  struct stat status;
  if (open_refused(j, false, error)) return -1;
  int fd = j->rows[REFUSED_ROWS]; /* none in a store: what no record names is not there */
  bool longer = fd >= 0 && fstat(fd, &status) == 0 && (uint64_t)status.st_size > end;
  return longer && ftruncate(fd, (off_t)end) < 0 ? disk(error, j, rows_files[REFUSED_ROWS].name, "cannot be mended") : 0;
}

int journal_put_rows(struct journal *j, uint64_t end, struct str rows, struct journal_rows *ret, struct error *error) {
  *ret = rows_of(end, rows);
  return put_rows(j, UNDO_ROWS, end, rows, error);
}

static int get_rows(struct journal *j, enum rows_file which, const struct journal_rows *rows, struct arena *arena, struct str *ret,
                    struct error *error) {
  const char *name = rows_files[which].name;
  if (rows->n > JOURNAL_ROWS_MAX) return error_set(error, ERROR_input, "%s/%s is not what the journal says", j->folder, name);
  char *bytes = arena_alloc(arena, rows->n + 1), hash[HASH_DIGITS + 1];
  size_t have = 0;
  if (j->hold && get_held(j, which, rows->at, rows->n, bytes, &have, error) < 0) return -1;
  while (!j->hold && j->rows[which] >= 0 && have < rows->n) {
    ssize_t n = pread(j->rows[which], bytes + have, rows->n - have, (off_t)(rows->at + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk(error, j, name, "cannot be read");
    if (n == 0) break;
    have += (size_t)n;
  }
  *ret = (struct str){bytes, have};
  hash_of(*ret, hash);
  if (have == rows->n && memcmp(hash, rows->hash, sizeof hash) == 0) return 0;
  return error_set(error, ERROR_input, "%s/%s was changed at byte %llu: what stands there is not what was written", j->folder, name,
                   (unsigned long long)rows->at);
}

int journal_get_rows(struct journal *j, const struct journal_rows *rows, struct arena *arena, struct str *ret, struct error *error) {
  return get_rows(j, UNDO_ROWS, rows, arena, ret, error);
}

int journal_get_refused(struct journal *j, const struct journal_rows *rows, struct arena *arena, struct str *ret, struct error *error) {
  return open_refused(j, false, error) ? -1 : get_rows(j, REFUSED_ROWS, rows, arena, ret, error);
}

int journal_put_file(struct journal *j, const char *name, struct str bytes, struct error *error) {
  if (j->hold) return put_file_held(j, name, bytes, error);
  _cleanup_free_
  char *path = path_in(j, name);
  int result = file_write(path, bytes, error), fd = result == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0) (void)file_leave_to_folder(fd, path);
  if (fd >= 0) (void)close(fd);
  return result;
}

int journal_get_file(struct journal *j, const char *name, struct arena *arena, struct str *ret, struct error *error) {
  if (j->hold) return get_file_held(j, name, arena, ret, error);
  _cleanup_free_
  char *path = path_in(j, name);
  return file_read(arena, path, JOURNAL_ROWS_MAX, ret, error);
}
