/* Post: what another thread says is heard on the loop, once each and in order. */
#include "base/mem.h"
#include "net/post.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SENDERS = 4, EACH = 500 };

struct heard {
  uv_thread_t loop_thread;
  int next[SENDERS]; /* of each sender */
  int count;
};

struct word {
  struct heard *heard;
  int sender, number;
};

static void act(void *payload) {
  struct word *word = payload;
  uv_thread_t here = uv_thread_self();
  assert_true(uv_thread_equal(&here, &word->heard->loop_thread));
  assert_int_equal(word->heard->next[word->sender]++, word->number);
  word->heard->count++;
}

struct sender {
  struct post *post;
  struct word words[EACH];
};

static void send_all(void *payload) {
  struct sender *sender = payload;
  for (int i = 0; i < EACH; i++) post_send(sender->post, act, &sender->words[i]);
}

static void on_time(uv_timer_t *timer) {}

static void from_several_threads(void **state) {
  uv_loop_t loop;
  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  struct post *post = post_new(&loop);
  struct heard heard = {.loop_thread = uv_thread_self()};
  struct sender *senders = mem_alloc_array(SENDERS, sizeof *senders);
  uv_thread_t threads[SENDERS];
  for (int s = 0; s < SENDERS; s++) {
    senders[s].post = post;
    for (int i = 0; i < EACH; i++) senders[s].words[i] = (struct word){&heard, s, i};
    assert_int_equal(uv_thread_create(&threads[s], send_all, &senders[s]), 0);
  }
  uv_timer_t wait; /* a post keeps no loop alive */
  (void)uv_timer_init(&loop, &wait);
  (void)uv_timer_start(&wait, on_time, 60000, 0);
  while (heard.count < SENDERS * EACH) (void)uv_run(&loop, UV_RUN_ONCE);
  for (int s = 0; s < SENDERS; s++) (void)uv_thread_join(&threads[s]);
  uv_close((uv_handle_t *)&wait, NULL);
  post_free(post);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
  free(senders);
}

static void what_is_left_is_heard_at_the_end(void **state) {
  uv_loop_t loop;
  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  struct post *post = post_new(&loop);
  struct heard heard = {.loop_thread = uv_thread_self()};
  struct word words[] = {{&heard, 0, 0}, {&heard, 0, 1}};
  for (int i = 0; i < 2; i++) post_send(post, act, &words[i]);
  assert_int_equal(heard.count, 0);
  post_free(post);
  assert_int_equal(heard.count, 2);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(from_several_threads),
      cmocka_unit_test(what_is_left_is_heard_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
