#include "transfer/claim.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "crypt/random.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLAIM_MAX = 4 << 20, WAIT_MS = 100, SHOWN = 100 };

struct claim {
  char *path;
  int fd;
};

static const char suffix[] = ".claim";

static int disk(struct error *error, const char *path, const char *what) {
  return error_set(error, ERROR_inside, "%s %s: %s", path, what, strerror(errno));
}

/* --- the folder --- */

/* What root makes belongs to whoever the folder around belongs to. */
static void give(int fd, const char *folder) {
  struct stat around;
  if (geteuid() == 0 && stat(folder, &around) == 0) (void)!fchown(fd, around.st_uid, around.st_gid);
}

static int make_folder(const char *folder, struct error *error) {
  if (mkdir(folder, 0700) < 0) return errno == EEXIST ? 0 : disk(error, folder, "cannot be made");
  _cleanup_free_
  char *around = mem_printf("%s/..", folder);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) give(fd, around);
  if (fd >= 0) (void)close(fd);
  return 0;
}

static int open_in(const char *folder, const char *path, struct error *error) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return disk(error, path, "cannot be opened");
  give(fd, folder);
  return fd;
}

/* While it is open nobody else looks round. */
static int open_guard(const char *folder, struct error *error) {
  _cleanup_free_
  char *path = mem_printf("%s/guard", folder);
  int fd = make_folder(folder, error) ? -1 : open_in(folder, path, error);
  while (fd >= 0 && flock(fd, LOCK_EX) < 0) {
    if (errno == EINTR) continue;
    (void)disk(error, path, "cannot be locked");
    (void)close(fd);
    return -1;
  }
  return fd;
}

/* --- what others have --- */

static bool share(const json_t *theirs, const struct str *ours, size_t count, struct str *ret) {
  for (size_t i = 0; i < json_array_size(theirs); i++)
    for (size_t k = 0; k < count; k++)
      if (str_eq(str_of(json_string_value(json_array_get(theirs, i))), ours[k])) {
        *ret = ours[k];
        return true;
      }
  return false;
}

static int judge(const json_t *theirs, const struct claim_wish *wish, struct error *error) {
  struct str data_set, period;
  if (!str_eq(json_text(theirs, "to_url"), wish->to_url) ||
      !share(json_object_get(theirs, "data_sets"), wish->data_sets, wish->data_set_count, &data_set) ||
      !share(json_object_get(theirs, "periods"), wish->periods, wish->period_count, &period))
    return 0;
  return error_set(error, ERROR_conflict,
                   "another run writes to data set %.*s, period %.*s of this target right now: %.*s, begun at %.*s by %.*s. Wait for its "
                   "end, or start this one with --wait (in the API: \"wait\": true)",
                   STR_ARG(data_set), STR_ARG(period), STR_ARG(str_slice(json_text(theirs, "run"), 0, SHOWN)),
                   STR_ARG(str_slice(json_text(theirs, "began"), 0, SHOWN)), STR_ARG(str_slice(json_text(theirs, "by"), 0, SHOWN)));
}

/* A claim that nobody holds any more was left by a process that was killed. */
static int look_at(const char *path, const struct claim_wish *wish, struct error *error) {
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? 0 : disk(error, path, "cannot be read");
  bool left = flock(fd, LOCK_EX | LOCK_NB) == 0;
  int result = 0;
  if (left) {
    (void)unlink(path);
  } else {
    struct arena *arena = arena_new();
    struct str text;
    result = file_read(arena, path, CLAIM_MAX, &text, error);
    json_t *theirs = result == 0 ? json_loadb(text.n ? text.p : "", text.n, 0, NULL) : NULL;
    if (result == 0) result = judge(theirs, wish, error);
    json_decref(theirs);
    arena_free(arena);
  }
  (void)close(fd);
  return result;
}

static int look_round(const char *folder, const struct claim_wish *wish, struct error *error) {
  DIR *open_folder = opendir(folder);
  int result = open_folder ? 0 : disk(error, folder, "cannot be read");
  for (struct dirent *entry; result == 0 && (entry = readdir(open_folder));) {
    if (!str_ends(str_of(entry->d_name), str_of(suffix))) continue;
    _cleanup_free_
    char *path = mem_printf("%s/%s", folder, entry->d_name);
    result = look_at(path, wish, error);
  }
  if (open_folder) (void)closedir(open_folder);
  return result;
}

/* --- one's own --- */

static void write_list(struct json_out *out, const char *key, const struct str *list, size_t count) {
  json_out_member_array(out, key);
  for (size_t i = 0; i < count; i++) json_out_str(out, list[i]);
  json_out_end(out);
}

static int write_wish(int fd, const char *path, const struct claim_wish *wish, struct error *error) {
  struct buf text = BUF_INIT(CLAIM_MAX);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  json_out_member_str(&out, "to_url", wish->to_url);
  write_list(&out, "data_sets", wish->data_sets, wish->data_set_count);
  write_list(&out, "periods", wish->periods, wish->period_count);
  json_out_member_str(&out, "by", wish->by);
  json_out_member_str(&out, "run", wish->run);
  json_out_member_time(&out, "began", clock_now_ms() / 1000 * 1000);
  json_out_member_int(&out, "process", getpid());
  json_out_end(&out);
  int result = text.full ? error_set(error, ERROR_too_large, "a run of too many periods and data sets")
                         : file_write_fd(fd, buf_str(&text), path, error);
  buf_free(&text);
  return result;
}

void claim_release(struct claim *claim) {
  if (!claim) return;
  (void)unlink(claim->path);
  (void)close(claim->fd);
  free(claim->path);
  free(claim);
}

static struct claim *put_down(const char *folder, const struct claim_wish *wish, struct error *error) {
  struct arena *arena = arena_new_small();
  struct claim *claim = mem_alloc(sizeof *claim);
  *claim = (struct claim){.path = mem_printf("%s/%.*s%s", folder, STR_ARG(random_id(arena, 22)), suffix)};
  arena_free(arena);
  claim->fd = open_in(folder, claim->path, error);
  if (claim->fd >= 0 && flock(claim->fd, LOCK_EX | LOCK_NB) == 0 && write_wish(claim->fd, claim->path, wish, error) == 0) return claim;
  if (!error->code) (void)disk(error, claim->path, "cannot be locked");
  if (claim->fd >= 0) {
    claim_release(claim);
  } else {
    free(claim->path);
    free(claim);
  }
  return NULL;
}

static struct claim *try_once(const char *folder, const struct claim_wish *wish, struct error *error) {
  int guard = open_guard(folder, error);
  if (guard < 0) return NULL;
  struct claim *claim = look_round(folder, wish, error) ? NULL : put_down(folder, wish, error);
  (void)close(guard);
  return claim;
}

struct claim *claim_take(const char *folder, const struct claim_wish *wish, const struct claim_wait *wait, struct error *error) {
  for (bool told = false;; told = true) {
    *error = (struct error){0};
    struct claim *claim = try_once(folder, wish, error);
    if (claim || error->code != ERROR_conflict || !wait->wait) return claim;
    if (!told && wait->tell) wait->tell(wait->payload, error->message);
    if (wait->cancel && atomic_load(wait->cancel)) {
      (void)error_set(error, ERROR_cancelled, "cancelled while it waited for another run");
      return NULL;
    }
    (void)nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
  }
}
