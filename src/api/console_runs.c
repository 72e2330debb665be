#include "api/console_runs.h"

#include "api/desk.h"
#include "api/mandates.h"
#include "api/run_document.h"
#include "base/clock.h"
#include "gateway/audit.h"
#include "gateway/oversight.h"
#include "transfer/hold.h"

enum { LIST_MAX = 10000 };

static const struct {
  const char *state, *meaning, *remedy;
} states[] = {
    {"done", "all of it has gone through, and what was read back is what was sent", "nothing is to be done"},
    {"differs", "something that was read back is not what was sent", "its person looks at the report: each cell is named there"},
    {"refused", "the target, or drawbridge before it, refused values", "its person looks at the report: each refusal has its remedy"},
    {"failed", "it could not go on: see problem", "what problem says is mended; then its person goes on with it (resume)"},
    {"cancelled", "it was cancelled: by its person, or here", "nothing is to be done; its person may go on with it (resume)"},
    {"paused", "it was paused, or what let it go on has ended: see problem", "its person signs in and goes on with it (resume)"},
};

/* `unattended`: something lets it go on without its person, now. */
static struct oversight_told what_it_means(struct str state, bool under_way, bool unattended, bool shared) {
  if (under_way && str_eq(state, RUN_STATE_OPEN))
    return (struct oversight_told){"it waits for a free thread, or for another run that writes to the same cells", "nothing is to be done"};
  if (under_way) return (struct oversight_told){"it is under way: see progress", "nothing is to be done"};
  if (str_eq(state, STR("interrupted")) && unattended)
    return (struct oversight_told){"the process that carried it out has ended",
                                   "nothing is to be done: it goes on by itself within seconds"};
  if (str_eq(state, STR("interrupted")) && shared)
    return (struct oversight_told){"the process that carried it out has ended", "it goes on when its person's page asks about it again"};
  if (str_eq(state, STR("interrupted")))
    return (struct oversight_told){"the process that carried it out has ended", "its person signs in and goes on with it (resume)"};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (str_eq(state, str_of(states[i].state))) return (struct oversight_told){states[i].meaning, states[i].remedy};
  return (struct oversight_told){"", ""};
}

/* --- runs --- */

static void write_run(struct json_out *out, const struct store_document *document, const struct run_about *about, struct str state) {
  run_document_members(out, document, about, state);
  json_out_member_str(out, "owner", document->owner);
}

int console_runs_list(struct console_asked *asked, struct error *error) {
  struct store_document *documents;
  size_t count = 0;
  struct json_out out = JSON_OUT_INIT(asked->answer);
  if (store_document_list_all(asked->store, RUN_KIND, LIST_MAX + 1, asked->arena, &documents, &count, error)) return -1;
  if (count > LIST_MAX) asked->cut_after = count = LIST_MAX;
  json_out_array(&out);
  for (size_t i = 0; i < count; i++) {
    struct runner_view view;
    struct run_about about = run_about_read(asked->arena, documents[i].about);
    json_out_object(&out);
    write_run(&out, &documents[i], &about, desk_state(asked->api, &documents[i], &about, asked->arena, &view));
    json_out_end(&out);
  }
  json_out_end(&out);
  return 0;
}

static int load(struct console_asked *asked, struct store_document *ret, struct error *error) {
  int found = store_document_get(asked->store, RUN_KIND, asked->id, asked->arena, ret, error);
  if (found) return found < 0 ? -1 : 0;
  return error_set(error, ERROR_not_found, "there is no run '%.*s' (any more)", STR_ARG(str_slice(asked->id, 0, 64)));
}

/* Where processes share the store, a lease says that one of them has it. */
static const char *held_by(struct console_asked *asked, struct str id) {
  struct runner_view unused;
  struct error error = {0};
  if (runner_look(api_runner(asked->api), id, asked->arena, &unused)) return "this process";
  if (!api_is_shared(asked->api)) return "nobody";
  int held = store_lease_look(asked->store, hold_lease(id, asked->arena), clock_now_ms(), &error);
  return held > 0 ? "another process" : held < 0 ? "unknown" : "nobody";
}

int console_run_explain(struct console_asked *asked, struct error *error) {
  struct store_document document;
  struct runner_view view;
  struct str unused;
  struct json_out out = JSON_OUT_INIT(asked->answer);
  if (load(asked, &document, error)) return -1;
  struct run_about about = run_about_read(asked->arena, document.about);
  struct str state = desk_state(asked->api, &document, &about, asked->arena, &view);
  int unattended = about.beside.mandate.n ? mandates_get(asked->api, about.beside.mandate, asked->arena, &unused, error) : 0;
  if (unattended < 0) return -1;
  json_out_object(&out);
  write_run(&out, &document, &about, state);
  json_out_member_str(&out, "held_by", str_of(held_by(asked, document.id)));
  if (about.beside.mandate.n) json_out_member_str(&out, "mandate", about.beside.mandate);
  if (document.expires_ms) json_out_member_time(&out, "kept_until", document.expires_ms);
  if (view.phase.n) {
    json_out_member_object(&out, "progress");
    json_out_member_int(&out, "done", (int64_t)view.done);
    json_out_member_int(&out, "of", (int64_t)view.of);
    json_out_end(&out);
  } else if (about.problem.n) {
    json_out_member_raw(&out, "problem", about.problem);
  }
  oversight_tell(&out, what_it_means(state, view.phase.n > 0, unattended == 1, api_is_shared(asked->api)));
  json_out_end(&out);
  return 0;
}

static void answer_ended(struct console_asked *asked, bool ended_now) {
  struct json_out out = JSON_OUT_INIT(asked->answer);
  json_out_object(&out);
  json_out_member_str(&out, "ended", asked->id);
  json_out_member_bool(&out, "had_ended", !ended_now);
  json_out_end(&out);
}

/* One that is not under way is marked, so that nothing begins it again by itself. */
static int mark_cancelled(struct console_asked *asked, struct store_document *document, struct run_about *about, struct error *error) {
  int64_t unused;
  about->state = STR("cancelled");
  run_document_end(asked->arena, asked->gateway, about, document);
  return store_document_update(asked->store, document, &unused, error);
}

int console_run_end(struct console_asked *asked, struct error *error) {
  struct store_document document;
  struct runner_view view;
  if (load(asked, &document, error)) return -1;
  struct run_about about = run_about_read(asked->arena, document.about);
  bool open = !run_state_is_end(desk_state(asked->api, &document, &about, asked->arena, &view));
  if (open && !desk_end(asked->api, document.id, false) && mark_cancelled(asked, &document, &about, error)) return -1;
  if (str_eq(about.beside.mandate, document.id) && mandates_withdraw_one(asked->store, document.id, error) < 0) return -1;
  if (open) audit_process(AUDIT_ended_by_operator, arena_printf(asked->arena, "run %.*s", STR_ARG(document.id)), NULL);
  answer_ended(asked, open);
  return 0;
}

/* --- what lets them go on --- */

static void write_mandate(struct json_out *out, const struct mandates_view *view) {
  json_out_object(out);
  json_out_member_str(out, "id", view->work);
  json_out_member_str(out, "for", view->kind.n ? view->kind : STR("nothing"));
  json_out_member_str(out, "owner", view->owner.p ? view->owner : STR(""));
  json_out_member_time(out, "until", view->until_ms);
  json_out_member_bool(out, "withdrawn", view->withdrawn);
}

int console_mandates_list(struct console_asked *asked, struct error *error) {
  struct mandates_view *views;
  size_t count;
  struct json_out out = JSON_OUT_INIT(asked->answer);
  if (mandates_look(asked->store, asked->arena, &views, &count, error)) return -1;
  json_out_array(&out);
  for (size_t i = 0; i < count; i++) {
    write_mandate(&out, &views[i]);
    json_out_end(&out);
  }
  json_out_end(&out);
  return 0;
}

static int no_mandate(struct console_asked *asked, struct error *error) {
  return error_set(error, ERROR_not_found, "there is no mandate '%.*s' (any more)", STR_ARG(str_slice(asked->id, 0, 64)));
}

static struct oversight_told what_mandate_means(const struct mandates_view *view) {
  if (view->withdrawn) return (struct oversight_told){"it was withdrawn, and is about to end", "nothing is to be done"};
  if (!view->kind.n) return (struct oversight_told){"what it was for is gone", "end it; else it ends by itself at 'until'"};
  return (struct oversight_told){"a person lets this go on without them until then; tokens of its own were made for it at their servers",
                                 "nothing is to be done; its end pauses the run, stops the schedule, and deletes those tokens"};
}

int console_mandate_explain(struct console_asked *asked, struct error *error) {
  struct mandates_view view;
  struct json_out out = JSON_OUT_INIT(asked->answer);
  int found = mandates_look_at(asked->store, asked->id, asked->arena, &view, error);
  if (found != 1) return found ? -1 : no_mandate(asked, error);
  write_mandate(&out, &view);
  if (view.about.n) {
    json_out_member_raw(&out, "work", view.about);
  }
  oversight_tell(&out, what_mandate_means(&view));
  json_out_end(&out);
  return 0;
}

int console_mandate_end(struct console_asked *asked, struct error *error) {
  int done = mandates_withdraw_one(asked->store, asked->id, error);
  if (done != 1) return done ? -1 : no_mandate(asked, error);
  audit_process(AUDIT_ended_by_operator, arena_printf(asked->arena, "mandate %.*s", STR_ARG(asked->id)), NULL);
  answer_ended(asked, true);
  return 0;
}
