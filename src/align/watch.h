/* watch: who waits for the engine: it is told how far it is, and looks whether it is wanted any more. Both now and then, so that neither costs anything. */
#ifndef DRAWBRIDGE_ALIGN_WATCH_H
#define DRAWBRIDGE_ALIGN_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct align_watch {
  const atomic_bool *cancel; /* NULL: cannot be cancelled */
  void (*told)(void *payload, size_t done,
               size_t of); /* data elements of the source that are compared, only ever rising; on the thread that compares. NULL: nobody */
  void *payload;
};

static inline bool align_is_cancelled(const struct align_watch *watch) {
  return watch->cancel && atomic_load(watch->cancel);
}

static inline void align_tell(const struct align_watch *watch, size_t done, size_t of) {
  if (watch->told) watch->told(watch->payload, done, of);
}

#endif
