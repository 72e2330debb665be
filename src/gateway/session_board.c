#include "gateway/session_board.h"

#include "base/map.h"
#include "base/mem.h"

struct session_board {
  uv_mutex_t lock, merging;
  struct map seats; /* id to seat */
  _Atomic int64_t changed_ms;
};

static struct str id_of(const unsigned char id[HASH_SIZE]) {
  return (struct str){(const char *)id, HASH_SIZE};
}

struct session_board *session_board_new(void) {
  struct session_board *board = mem_alloc(sizeof *board);
  if (uv_mutex_init(&board->lock) || uv_mutex_init(&board->merging)) abort();
  return board;
}

void session_board_free(struct session_board *board) {
  if (!board) return;
  map_free(&board->seats);
  uv_mutex_destroy(&board->lock);
  uv_mutex_destroy(&board->merging);
  free(board);
}

struct session_seat *session_board_take(struct session_board *board, const unsigned char id[HASH_SIZE]) {
  uv_mutex_lock(&board->lock);
  struct session_seat *seat = map_get(&board->seats, id_of(id));
  if (!seat) {
    seat = mem_alloc(sizeof *seat);
    memcpy(seat->id, id, HASH_SIZE);
    (void)map_put(&board->seats, id_of(seat->id), seat);
  }
  seat->loops++;
  uv_mutex_unlock(&board->lock);
  return seat;
}

void session_board_leave(struct session_board *board, struct session_seat *seat, bool shares) {
  struct gateway_session *last = NULL;
  uv_mutex_lock(&board->lock);
  if (shares) seat->sharers--;
  if (--seat->loops == 0) {
    (void)map_delete(&board->seats, id_of(seat->id));
    last = seat->session;
    free(seat);
  }
  uv_mutex_unlock(&board->lock);
  gateway_session_unref(last);
}

struct gateway_session *session_board_share(struct session_board *board, struct session_seat *seat) {
  uv_mutex_lock(&board->lock);
  struct gateway_session *session = seat->session ? gateway_session_ref(seat->session) : NULL;
  if (session) seat->sharers++;
  uv_mutex_unlock(&board->lock);
  return session;
}

struct gateway_session *session_board_put(struct session_board *board, struct session_seat *seat, struct gateway_session *session) {
  uv_mutex_lock(&board->lock);
  if (!seat->session) seat->session = gateway_session_ref(session);
  struct gateway_session *there = gateway_session_ref(seat->session);
  seat->sharers++;
  uv_mutex_unlock(&board->lock);
  return there;
}

void session_board_part(struct session_board *board, struct session_seat *seat) {
  uv_mutex_lock(&board->lock);
  seat->sharers--;
  uv_mutex_unlock(&board->lock);
}

struct gateway_session *session_board_find(struct session_board *board, const unsigned char id[HASH_SIZE]) {
  uv_mutex_lock(&board->lock);
  const struct session_seat *seat = map_get(&board->seats, id_of(id));
  struct gateway_session *session = seat && seat->session ? gateway_session_ref(seat->session) : NULL;
  uv_mutex_unlock(&board->lock);
  return session;
}

bool session_board_is_idle(struct session_board *board, const struct session_seat *seat) {
  uv_mutex_lock(&board->lock);
  bool idle = !seat->session || !session_held(seat->session, 1 + seat->sharers);
  uv_mutex_unlock(&board->lock);
  return idle;
}

void session_board_begin_merge(struct session_board *board) {
  uv_mutex_lock(&board->merging);
}

void session_board_end_merge(struct session_board *board) {
  uv_mutex_unlock(&board->merging);
}

void session_board_look_again(struct session_board *board, int64_t now_ms) {
  board->changed_ms = now_ms;
}

int64_t session_board_changed_ms(const struct session_board *board) {
  return atomic_load_explicit(&board->changed_ms, memory_order_acquire);
}

size_t session_board_count(struct session_board *board) {
  uv_mutex_lock(&board->lock);
  size_t count = board->seats.count;
  uv_mutex_unlock(&board->lock);
  return count;
}
