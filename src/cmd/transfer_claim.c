#include "cmd/transfer_claim.h"

#include "api/run_document.h"
#include "cmd/side.h"
#include "transfer/hold.h"
#include "transfer/journal.h"
#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 100 };

static void tell_waiting(void *payload, const char *who) {
  (void)payload;
  (void)fprintf(stderr, "drawbridge transfer: waiting: %s\n", who);
}

int transfer_journal_wait(const char *journal, bool wait, const atomic_bool *cancel, struct error *error) {
  for (bool told = false;; told = true) {
    *error = (struct error){0};
    if (!journal || journal_is_free(journal, error) == 0) return 0;
    if (!wait) return -1;
    if (!told) tell_waiting(NULL, error->message);
    if (cancel && atomic_load(cancel)) return error_set(error, ERROR_cancelled, "cancelled while it waited for the journal %s", journal);
    (void)nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
  }
}

/* $XDG_STATE_HOME/drawbridge/claims, or below ~/.local/state. NULL: there is no home. */
static const char *own_folder(struct arena *arena) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if ((!state || *state != '/') && !home) return NULL;
  const char *base = state && *state == '/' ? state : arena_cstr(arena, arena_printf(arena, "%s/.local/state", home));
  const char *folder = arena_cstr(arena, arena_printf(arena, "%s/drawbridge", base));
  struct str path = str_of(folder);
  for (size_t i = 1; i <= path.n; i++) /* what cannot be made is told by claim_take */
    if (i == path.n || path.p[i] == '/') (void)mkdir(arena_cstr(arena, str_slice(path, 0, i)), 0700);
  return arena_cstr(arena, arena_printf(arena, "%s/claims", folder));
}

/* Who may start a transfer may not be one who may use the gateway's database. */
static bool can_reach(const char *place) {
  struct error ignored = {0};
  struct store *store = store_open(str_slice(str_of(place), 0, str_find_char(str_of(place), '#')), &ignored);
  store_close(store);
  return store != NULL;
}

static bool is_usable(struct arena *arena, const char *folder) {
  if (hold_is_place(folder)) return can_reach(folder);
  if (access(folder, W_OK | X_OK) == 0) return true;
  struct str path = str_of(folder);
  const char *around = arena_cstr(arena, str_slice(path, 0, str_find_last_char(path, '/')));
  return errno == ENOENT && access(around, W_OK | X_OK) == 0;
}

static const char *folder_of(struct arena *arena, const char *config, struct error *error) {
  struct str store;
  if (side_store(arena, config, &store, error)) return NULL;
  const char *folder = run_claims_folder(arena, store, STR_NONE);
  if (is_usable(arena, folder)) return folder;
  const char *own = own_folder(arena);
  if (!own) return folder;
  (void)fprintf(stderr, "drawbridge transfer: %s is not this user's to write to: runs of other users and of the gateway are not seen\n",
                hold_is_place(folder) ? "the store" : folder);
  return own;
}

struct claim *transfer_claim(struct arena *arena, const struct transfer_claim_wish *wish, struct error *error) {
  if (transfer_journal_wait(wish->journal, wish->wait, wish->cancel, error)) return NULL;
  const char *folder = folder_of(arena, wish->config, error);
  if (!folder) return NULL;
  const struct passwd *user = getpwuid(geteuid());
  struct run_claimant who = {
      .to_url = wish->to_url,
      .by = user ? arena_str(arena, str_of(user->pw_name)) : STR("somebody"),
      .run = arena_printf(arena, "drawbridge transfer with the journal %s, process %ld", wish->journal, (long)getpid())};
  struct claim_wait wait = {.wait = wish->wait, .cancel = wish->cancel, .tell = tell_waiting};
  return run_claim(folder, wish->order, wish->mapping_text, who, &wait, error);
}
