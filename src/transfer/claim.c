#include "transfer/claim.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "crypt/random.h"
#include "transfer/hold.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

enum { CLAIM_MAX = 4 << 20, WAIT_MS = 100, SHOWN = 100, LISTED_MAX = 10000 };

struct claim {
  char *path;
  int fd;
  struct hold *hold; /* NULL: it is a file */
};

static const char suffix[] = ".claim";

static int disk(struct error *error, const char *path, const char *what) {
  return error_set(error, ERROR_inside, "%s %s: %s", path, what, strerror(errno));
}

/* --- the folder --- */

static int make_folder(const char *folder, struct error *error) {
  return file_make_folder(folder) < 0 ? disk(error, folder, "cannot be made") : 0;
}

static int open_in(const char *path, struct error *error) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return disk(error, path, "cannot be opened");
  (void)file_leave_to_folder(fd, path);
  return fd;
}

/* While it is open nobody else looks round. */
static int open_guard(const char *folder, struct error *error) {
  _cleanup_free_
  char *path = mem_printf("%s/guard", folder);
  int fd = make_folder(folder, error) ? -1 : open_in(path, error);
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

/* `theirs`: ids with blanks between; none in a claim of an earlier release. */
static bool share_element(struct str theirs, const struct claim_wish *wish, struct str *ret) {
  while (theirs.n && wish->data_element_count) {
    *ret = str_take(&theirs, ' ');
    if (str_sorted_has(wish->data_elements, wish->data_element_count, *ret)) return true;
  }
  return false;
}

static int judge(const json_t *theirs, const struct claim_wish *wish, struct error *error) {
  struct str shared, period;
  if (!str_eq(json_text(theirs, "to_url"), wish->to_url) ||
      !share(json_object_get(theirs, "periods"), wish->periods, wish->period_count, &period))
    return 0;
  bool is_set = share(json_object_get(theirs, "data_sets"), wish->data_sets, wish->data_set_count, &shared);
  if (!is_set && !share_element(json_text(theirs, "data_elements"), wish, &shared)) return 0;
  struct str run = str_slice(json_text(theirs, "run"), 0, SHOWN), began = str_slice(json_text(theirs, "began"), 0, SHOWN),
             by = str_slice(json_text(theirs, "by"), 0, SHOWN);
  if (is_set)
    return error_set(error, ERROR_conflict,
                     "another run writes to data set %.*s, period %.*s of this target right now: %.*s, begun at %.*s by %.*s. Wait for its "
                     "end, or start this one with --wait (in the API: \"wait\": true)",
                     STR_ARG(shared), STR_ARG(period), STR_ARG(run), STR_ARG(began), STR_ARG(by));
  return error_set(error, ERROR_conflict,
                   "another run writes to data element %.*s by another data set that has it too, period %.*s of this target right now: "
                   "%.*s, begun at %.*s by %.*s. Wait for its end, or start this one with --wait (in the API: \"wait\": true)",
                   STR_ARG(shared), STR_ARG(period), STR_ARG(run), STR_ARG(began), STR_ARG(by));
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
    json_t *theirs = result == 0 ? json_doc_read(text) : NULL;
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

/* In one text: there may be thousands, and who looks round reads them all. */
static void write_elements(struct json_out *out, const struct claim_wish *wish) {
  struct buf list = BUF_INIT(CLAIM_MAX);
  for (size_t i = 0; i < wish->data_element_count; i++) (void)buf_printf(&list, "%s%.*s", i ? " " : "", STR_ARG(wish->data_elements[i]));
  if (list.full) out->buf->full = true;
  json_out_member_str(out, "data_elements", buf_str(&list));
  buf_free(&list);
}

static bool write_wish(const struct claim_wish *wish, struct buf *text) {
  struct json_out out = JSON_OUT_INIT(text);
  json_out_object(&out);
  json_out_member_str(&out, "to_url", wish->to_url);
  json_out_member_strs(&out, "data_sets", wish->data_sets, wish->data_set_count);
  json_out_member_strs(&out, "periods", wish->periods, wish->period_count);
  write_elements(&out, wish);
  json_out_member_str(&out, "by", wish->by);
  json_out_member_str(&out, "run", wish->run);
  json_out_member_time(&out, "began", clock_now_ms() / 1000 * 1000);
  json_out_member_int(&out, "process", getpid());
  json_out_end(&out);
  return !text->full;
}

static int refuse_size(struct error *error) {
  return error_set(error, ERROR_too_large, "a run of too many periods, data sets and data elements");
}

static int file_wish(int fd, const char *path, const struct claim_wish *wish, struct error *error) {
  struct buf text = BUF_INIT(CLAIM_MAX);
  int result = write_wish(wish, &text) ? file_write_fd(fd, buf_str(&text), path, error) : refuse_size(error);
  buf_free(&text);
  return result;
}

/* --- in a store --- */

#define KIND STR("claim")
enum { LOOK_MS = 10000, KEPT_MS = 30 * 24 * 3600 * 1000LL };

/* All claims of one target, for their look round too. */
static struct str target_of(const struct claim_wish *wish, struct arena *arena) {
  unsigned char hash[HASH_SIZE];
  char text[2 * HASH_SIZE + 1];
  hash_sha256(wish->to_url, hash);
  return arena_printf(arena, "claims:%s", hash_hex(hash, HASH_SIZE, text));
}

/* Whose run nobody carries out any more, be it that the process died or stands still: its hold is taken away, so that it writes nothing when it wakes up. */
static int clear_left(struct hold *hold, struct store *store, struct str id, bool *ret_left, struct error *error) {
  struct store_lease lease;
  struct arena *arena = arena_new_small();
  struct str name = hold_lease(id, arena);
  int64_t now = clock_now_ms();
  int held = str_eq(id, hold_id(hold)) ? 2 : store_lease_take(store, name, hold_owner(hold), now, now + LOOK_MS, &lease, error);
  *ret_left = held > 0;
  int result = held > 0 ? store_document_delete(store, KIND, id, error) : held;
  if (held == 1 && result == 0) result = store_lease_release(store, name, hold_owner(hold), error);
  arena_free(arena);
  return result;
}

static int look_at_held(struct hold *hold, struct store *store, const struct store_document *theirs, const struct claim_wish *wish,
                        struct error *error) {
  struct error overlap = {0};
  bool left = false;
  json_t *about = json_doc_read(theirs->about);
  int result = judge(about, wish, &overlap);
  json_decref(about);
  if (result == 0 && !str_eq(theirs->id, hold_id(hold))) return 0;
  result = clear_left(hold, store, theirs->id, &left, error);
  if (result == 0 && !left) {
    *error = overlap;
    result = -1;
  }
  return result;
}

static int put_held(struct hold *hold, struct store *store, struct str target, const struct claim_wish *wish, struct error *error) {
  struct buf text = BUF_INIT(CLAIM_MAX);
  struct store_document claim = {.kind = KIND, .id = hold_id(hold), .owner = target, .created_ms = clock_now_ms()};
  int result = write_wish(wish, &text) ? 0 : refuse_size(error);
  claim.updated_ms = claim.created_ms;
  claim.expires_ms = claim.created_ms + KEPT_MS;
  claim.about = buf_str(&text);
  if (result == 0) result = store_document_create(store, &claim, error);
  buf_free(&text);
  return result;
}

/* Whoever stood still while it looked round may have put its claim beside another's: then it takes it back. */
static int look_again(struct hold *hold, struct store *store, struct str target, const struct claim_wish *wish, struct arena *arena,
                      struct error *error) {
  struct error ignored = {0};
  struct store_document *list;
  size_t count;
  int result = store_document_list(store, KIND, target, LISTED_MAX, arena, &list, &count, error);
  for (size_t i = 0; result == 0 && i < count; i++) {
    json_t *about = str_eq(list[i].id, hold_id(hold)) ? NULL : json_doc_read(list[i].about);
    if (about) result = judge(about, wish, error);
    json_decref(about);
  }
  if (result < 0) (void)store_document_delete(store, KIND, hold_id(hold), &ignored);
  return result;
}

/* Under the lease of the look round. */
static int look_and_put(struct hold *hold, struct store *store, struct str target, const struct claim_wish *wish, struct arena *arena,
                        struct error *error) {
  struct store_document *list;
  size_t count;
  int result = store_document_list(store, KIND, target, LISTED_MAX, arena, &list, &count, error);
  for (size_t i = 0; result == 0 && i < count; i++) result = look_at_held(hold, store, &list[i], wish, error);
  if (result == 0) result = put_held(hold, store, target, wish, error);
  return result == 0 ? look_again(hold, store, target, wish, arena, error) : result;
}

static int try_held(struct hold *hold, const struct claim_wish *wish, struct error *error) {
  struct arena *arena = arena_new();
  struct str target = target_of(wish, arena);
  struct store_lease lease;
  struct error ignored = {0};
  int held = 0, result = -1;
  for (int64_t until = clock_monotonic_ms() + LOOK_MS; held == 0 && clock_monotonic_ms() < until;) {
    int64_t now = clock_now_ms();
    struct store *store = hold_store(hold);
    held = store_lease_take(store, target, hold_owner(hold), now, now + LOOK_MS, &lease, error);
    if (held == 1) result = look_and_put(hold, store, target, wish, arena, error);
    if (held == 1) (void)store_lease_release(store, target, hold_owner(hold), &ignored);
    hold_store_done(hold);
    if (held == 0) uv_sleep(WAIT_MS / 2);
  }
  if (held == 0) (void)error_set(error, ERROR_busy, "other runs are looking at what is written to this target: try again soon");
  arena_free(arena);
  return result;
}

static struct claim *try_in_store(const char *place, const struct claim_wish *wish, struct error *error) {
  struct hold *hold = hold_take(place, error);
  if (!hold) return NULL;
  if (try_held(hold, wish, error) < 0) {
    hold_release(hold);
    return NULL;
  }
  struct claim *claim = mem_alloc(sizeof *claim);
  *claim = (struct claim){.fd = -1, .hold = hold};
  hold_rest(hold);
  return claim;
}

/* Who stood still may find that another has gone on with the run, and has the claim of that name by now. */
static void release_in_store(struct claim *claim) {
  struct error ignored = {0};
  bool is_ours = hold_is_kept(claim->hold, 0);
  struct store *store = hold_store(claim->hold);
  if (is_ours) (void)store_document_delete(store, KIND, hold_id(claim->hold), &ignored);
  hold_store_done(claim->hold);
  hold_release(claim->hold);
  free(claim);
}

/* --- any --- */

bool claim_is_kept(struct claim *claim) {
  return !claim->hold || hold_is_kept(claim->hold, HOLD_PATIENCE_MS);
}

void claim_release(struct claim *claim) {
  if (!claim) return;
  if (claim->hold) {
    release_in_store(claim);
    return;
  }
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
  claim->fd = open_in(claim->path, error);
  if (claim->fd >= 0 && flock(claim->fd, LOCK_EX | LOCK_NB) == 0 && file_wish(claim->fd, claim->path, wish, error) == 0) return claim;
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
  if (hold_is_place(folder)) return try_in_store(folder, wish, error);
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
