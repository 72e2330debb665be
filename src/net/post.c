#include "net/post.h"

#include "base/mem.h"
#include <stdbool.h>

struct letter {
  struct letter *next;
  void (*act)(void *payload);
  void *payload;
};

struct post {
  uv_async_t wake;
  uv_mutex_t lock; /* of what follows */
  struct letter *first, **end;
};

/* Not what comes meanwhile: that has woken the loop again. */
static void act_on_all(struct post *post) {
  uv_mutex_lock(&post->lock);
  struct letter *letter = post->first;
  post->first = NULL;
  post->end = &post->first;
  uv_mutex_unlock(&post->lock);
  while (letter) {
    struct letter *next = letter->next;
    letter->act(letter->payload);
    free(letter);
    letter = next;
  }
}

static void on_wake(uv_async_t *wake) {
  act_on_all(wake->data);
}

struct post *post_new(uv_loop_t *loop) {
  struct post *post = mem_alloc(sizeof *post);
  post->end = &post->first;
  if (uv_mutex_init(&post->lock) || uv_async_init(loop, &post->wake, on_wake)) abort();
  post->wake.data = post;
  uv_unref((uv_handle_t *)&post->wake);
  return post;
}

void post_send(struct post *post, void (*act)(void *payload), void *payload) {
  struct letter *letter = mem_alloc(sizeof *letter);
  *letter = (struct letter){.act = act, .payload = payload};
  uv_mutex_lock(&post->lock);
  *post->end = letter;
  post->end = &letter->next;
  uv_mutex_unlock(&post->lock);
  (void)uv_async_send(&post->wake);
}

static void on_closed(uv_handle_t *handle) {
  free(handle->data);
}

void post_free(struct post *post) {
  if (!post) return;
  act_on_all(post);
  uv_mutex_destroy(&post->lock);
  uv_close((uv_handle_t *)&post->wake, on_closed);
}
