#include "api/alignments.h"
#include "api/alignment_make.h"
#include "api/alignment_people.h"
#include "api/making.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include "dhis2/metadata_write.h"
#include "http/form.h"
#include "mapping/formats.h"
#include <jansson.h>

enum { LIST_MAX = 500 };

#define KIND ALIGNMENTS_KIND

struct str alignments_side_id(struct arena *arena, struct str id, char side) {
  return arena_printf(arena, "%.*s%c", STR_ARG(id), side);
}

/* A document's body: decisions, remarks and steps on the first line, the state on those after it. */
static void split_body(struct str body, struct str *kept, struct str *state) {
  *state = body;
  *kept = str_take(state, '\n');
}

/* --- what is kept --- */

int alignments_find(struct api_job *job, struct str id, struct store_document *ret, struct error *error) {
  struct store *store = api_store(job->api);
  int found = store_document_get(store, KIND, id, job->arena, ret, error);
  api_store_done(job->api);
  if (found < 0) return -1;
  if (!found || !alignment_is_open_to(job, ret))
    return error_set(error, ERROR_not_found, "there is no alignment '%.*s' of yours", STR_ARG(str_slice(id, 0, 64)));
  return 0;
}

static int load_document(struct api_job *job, struct store_document *ret, struct error *error) {
  return alignments_find(job, job->words[0], ret, error);
}

/* `calendar`: what the bytes of a side do not tell. */
static const struct dhis2_metadata *load_side(struct api_job *job, struct str id, char side, struct str calendar, struct error *error) {
  struct store_document document;
  struct store *store = api_store(job->api);
  int found = store_document_get(store, ALIGNMENTS_SIDE_KIND, alignments_side_id(job->arena, id, side), job->arena, &document, error);
  api_store_done(job->api);
  if (found < 0) return NULL;
  if (!found) {
    (void)error_set(error, ERROR_not_found, "what this alignment was made from is gone: make it anew");
    return NULL;
  }
  struct dhis2_metadata_reader *reader = dhis2_metadata_reader_new(job->arena);
  const struct dhis2_metadata *metadata = NULL;
  dhis2_metadata_reader_calendar(reader, calendar);
  if (dhis2_metadata_reader_feed(reader, document.body, error) == 0) metadata = dhis2_metadata_reader_finish(reader, error);
  if (!metadata) dhis2_metadata_reader_free(reader);
  return metadata;
}

/* Whose it is and of which servers. */
static void read_about(struct api_job *job, const struct store_document *document, struct alignment *ret) {
  json_error_t why;
  json_t *about = json_loadb(document->about.p, document->about.n, 0, &why);
  *ret = (struct alignment){.id = document->id, .version = document->version};
  alignment_people_of(job->arena, about, ret);
  ret->source.server = json_text_copy(job->arena, json_object_get(about, "source"), "server");
  ret->target.server = json_text_copy(job->arena, json_object_get(about, "target"), "server");
  ret->source.locale = json_text_copy(job->arena, json_object_get(about, "source"), "locale");
  ret->target.locale = json_text_copy(job->arena, json_object_get(about, "target"), "locale");
  json_decref(about);
}

static int load_sides(struct api_job *job, const struct store_document *document, struct alignment *ret, struct error *error) {
  json_t *about = json_doc_read(document->about);
  ret->source.metadata = load_side(job, document->id, 's', json_text(json_object_get(about, "source"), "calendar"), error);
  if (ret->source.metadata)
    ret->target.metadata = load_side(job, document->id, 't', json_text(json_object_get(about, "target"), "calendar"), error);
  json_decref(about);
  return ret->source.metadata && ret->target.metadata ? 0 : -1;
}

/* The value that a document keeps. */
static int load_alignment(struct api_job *job, const struct store_document *document, struct alignment *ret, struct error *error) {
  struct str kept, state;
  read_about(job, document, ret);
  split_body(document->body, &kept, &state);
  return load_sides(job, document, ret, error) || alignment_read(job->arena, kept, ret, error) ? -1 : 0;
}

int alignments_load(struct api_job *job, struct store_document *document, struct alignment *ret, struct error *error) {
  return load_document(job, document, error) || load_alignment(job, document, ret, error) ? -1 : 0;
}

/* Is what is kept as good, since it is in that language, if of another region? */
static bool is_read_so(struct api_job *job, struct str locale) {
  enum language kept;
  return language_of(locale, &kept) && kept == job->language;
}

static bool reads_side(struct api_job *job, struct alignment_side *side) {
  if (is_read_so(job, side->locale)) return false;
  side->locale = str_of(language_tag(job->language));
  return true;
}

bool alignments_for_reader(struct api_job *job, const struct store_document *document, struct alignment *alignment) {
  if (api_is_owner(job, document->owner)) return false;
  bool source = reads_side(job, &alignment->source), target = reads_side(job, &alignment->target);
  return source || target;
}

int alignments_load_shown(struct api_job *job, struct store_document *document, struct alignment *ret, struct error *error) {
  if (alignments_load(job, document, ret, error)) return -1;
  (void)alignments_for_reader(job, document, ret);
  return 0;
}

struct alignment_order alignments_order(struct arena *arena, const struct store_document *document) {
  static const char *const sides[] = {"source", "target"};
  struct alignment_order order = {0};
  json_t *about = json_doc_read(document->about);
  for (int i = 0; i < 2; i++) {
    const json_t *side = json_object_get(about, sides[i]);
    order.sides[i] =
        (struct alignment_choice){json_text_copy(arena, side, "server"), json_text_copy(arena, json_object_get(side, "data_set"), "id")};
  }
  json_decref(about);
  return order;
}

static void about_side(struct json_out *out, const char *key, const struct alignment_side *side) {
  const struct dhis2_data_set *set = side->metadata->data_sets[0];
  json_out_member_object(out, key);
  json_out_member_str(out, "server", side->server);
  if (side->locale.n) json_out_member_str(out, "locale", side->locale);
  if (side->metadata->calendar.n) json_out_member_str(out, "calendar", side->metadata->calendar);
  json_out_member_object(out, "data_set");
  alignment_write_name(out, side, &set->o);
  json_out_member_str(out, "period_type", set->period_type);
  json_out_end(out);
  alignment_write_names(out, &set->o);
  json_out_end(out);
}

struct str alignments_about(struct arena *arena, const struct alignment *alignment) {
  struct buf text = BUF_INIT(65536);
  struct json_out out = JSON_OUT_INIT(&text);
  json_out_object(&out);
  about_side(&out, "source", &alignment->source);
  about_side(&out, "target", &alignment->target);
  alignment_write_people(alignment, &out);
  json_out_member_str(&out, "on_change", str_of(alignment_on_change_name(alignment->on_change)));
  json_out_end(&out);
  struct str kept = arena_str(arena, buf_str(&text));
  buf_free(&text);
  return kept;
}

int alignments_body(const struct alignment *alignment, const struct align_watch *watch, struct buf *body, struct error *error) {
  if (!alignment_keep(alignment, body) || !buf_add_char(body, '\n'))
    return error_set(error, ERROR_too_large, "too many decisions to be kept");
  return alignment_state(alignment, watch, body, error);
}

/* --- reading --- */

static void list_side(struct api_job *job, struct json_out *out, const char *key, json_t *side, bool mine) {
  const json_t *names = json_object_get(side, "names");
  if (names && !mine && !is_read_so(job, json_text(side, "locale")))
    alignment_pick_name(json_object_get(side, "data_set"), names, str_of(language_tag(job->language)));
  (void)json_object_del(side, "names");
  char *text = json_dumps(side, JSON_COMPACT);
  json_out_member_raw(out, key, text ? str_of(text) : STR("null"));
  free(text);
}

static void list_one(struct api_job *job, struct json_out *out, const struct store_document *document, bool mine) {
  json_out_object(out);
  json_out_member_str(out, "id", document->id);
  json_out_member_int(out, "version", document->version);
  json_out_member_time(out, "created", document->created_ms);
  json_out_member_time(out, "updated", document->updated_ms);
  json_t *about = json_doc_read(document->about);
  list_side(job, out, "source", json_object_get(about, "source"), mine);
  list_side(job, out, "target", json_object_get(about, "target"), mine);
  json_out_member_bool(out, "mine", mine);
  if (!mine) json_out_member_str(out, "owner", json_text(about, "owner"));
  json_decref(about);
  json_out_end(out);
}

static void list_mine(struct api_job *job, struct json_out *out, const struct store_document *document) {
  list_one(job, out, document, true);
}

struct listing {
  struct api_job *job;
  struct json_out *out;
};

static void list_shared(void *payload, const struct store_document *document) {
  struct listing *listing = payload;
  list_one(listing->job, listing->out, document, false);
}

int api_alignments_list(struct api_job *job, struct error *error) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  struct listing listing = {job, &out};
  json_out_array(&out);
  if (api_each_own(job, KIND, LIST_MAX, list_mine, &out, error) || alignment_each_shared(job, list_shared, &listing, error)) return -1;
  json_out_end(&out);
  return 0;
}

/* A state, or what changed in it, for who reads. */
static int answer_renamed(struct api_job *job, const struct alignment *alignment, struct str json, struct error *error) {
  if (alignment_renamed(alignment, json, &job->answer) || job->answer.full) return 0;
  return error_set(error, ERROR_inside, "what is kept of the alignment cannot be read");
}

/* A state for who reads: where a second person is asked for, with what is the reader's own. `ret` is to be freed. */
static struct str with_own(struct api_job *job, const struct alignment *alignment, struct str state, struct buf *ret) {
  *ret = BUF_INIT(job->answer.max);
  if (!alignment->second_person) return state;
  struct alignment_actor reader = alignments_actor(job, alignment);
  job->answer.full = !alignment_with_own(alignment, &reader, state, ret) || job->answer.full;
  return buf_str(ret);
}

static int answer_shown(struct api_job *job, const struct store_document *document, struct alignment *shown, struct str state,
                        struct error *error) {
  if (alignments_for_reader(job, document, shown))
    return load_sides(job, document, shown, error) ? -1 : answer_renamed(job, shown, state, error);
  (void)buf_add(&job->answer, state);
  return 0;
}

static int answer_state(struct api_job *job, const struct store_document *document, struct str state, struct error *error) {
  struct alignment shown;
  struct buf own;
  struct str kept, rest;
  read_about(job, document, &shown);
  job->etag = document->version;
  split_body(document->body, &kept, &rest);
  if (shown.second_person && alignment_read(job->arena, kept, &shown, error)) return -1;
  state = with_own(job, &shown, state, &own);
  int result = answer_shown(job, document, &shown, state, error);
  buf_free(&own);
  return result;
}

static int query_value(struct api_job *job, const char *name, struct str *ret, struct error *error) {
  struct form query;
  *ret = STR("");
  if (form_parse(job->arena, job->query, &query, error)) return -1;
  (void)form_get(&query, str_of(name), ret);
  return 0;
}

int api_alignment_get(struct api_job *job, struct error *error) {
  struct store_document document;
  struct str kept, state, features;
  if (query_value(job, "features", &features, error) || load_document(job, &document, error)) return -1;
  split_body(document.body, &kept, &state);
  if (!str_eq(features, STR("false"))) return answer_state(job, &document, state, error);
  struct buf shorter = BUF_INIT(ALIGNMENT_STATE_MAX);
  (void)alignment_shortened(state, &shorter); /* it is no longer than it was */
  int result = answer_state(job, &document, buf_str(&shorter), error);
  buf_free(&shorter);
  return result;
}

int api_alignment_features(struct api_job *job, struct error *error) {
  struct store_document document;
  struct str kept, state, element;
  if (query_value(job, "source_data_element", &element, error) || load_document(job, &document, error)) return -1;
  split_body(document.body, &kept, &state);
  job->etag = document.version;
  (void)alignment_features(state, str_slice(element, 0, 64), &job->answer);
  return 0;
}

/* The form that ?format= names; without: JSON. */
static const struct format *format_wanted(struct api_job *job, struct error *error) {
  struct form query;
  struct str name = STR("json");
  if (form_parse(job->arena, job->query, &query, error)) return NULL;
  (void)form_get(&query, STR("format"), &name);
  const struct format *format = format_named(name);
  if (!format) (void)error_set(error, ERROR_bad_request, "a format is %.*s", STR_ARG(format_names(job->arena)));
  return format;
}

static struct format_job format_job_of(struct api_job *job, const struct alignment *alignment) {
  return (struct format_job){.arena = job->arena, .source = alignment->source.metadata, .target = alignment->target.metadata};
}

/* One header for all: a list of {"detail": …, "said": […]} as JSON. */
static void tell(struct api_job *job, const struct format_warnings *warnings) {
  struct buf text = BUF_INIT(32 << 10);
  struct json_out out = JSON_OUT_INIT(&text);
  if (!warnings->n) return;
  json_out_array(&out);
  for (size_t i = 0; i < warnings->n; i++) {
    json_out_object(&out);
    json_out_member_str(&out, "detail", str_of(warnings->lines[i].message));
    error_said_write(&warnings->lines[i], &out);
    json_out_end(&out);
  }
  json_out_end(&out);
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] < 0x20 || text.p[i] == 0x7f) text.p[i] = '?';
  job->warnings = text.full ? STR("[{\"detail\":\"much was left out\",\"said\":[{\"text\":\"much was left out\",\"values\":[]}]}]")
                            : arena_str(job->arena, buf_str(&text));
  buf_free(&text);
}

int api_alignment_mapping(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  const struct mapping *mapping;
  const struct format *format = format_wanted(job, error);
  if (!format || load_document(job, &document, error) || load_alignment(job, &document, &alignment, error) ||
      alignment_mapping(&alignment, job->arena, &mapping, error))
    return -1;
  struct format_job writing = format_job_of(job, &alignment);
  if (format_write(format, &writing, mapping, &job->answer, error)) return -1;
  tell(job, &writing.warnings);
  job->attachment = arena_cstr(job->arena, arena_printf(job->arena, "mapping%s", format->ending));
  if (strcmp(format->media_type, "application/json") != 0) job->type = format->media_type;
  job->etag = document.version;
  return 0;
}

int api_formats_list(struct api_job *job, struct error *error) {
  size_t count;
  const struct format *all = formats_all(&count);
  struct json_out out = JSON_OUT_INIT(&job->answer);
  (void)error;
  json_out_array(&out);
  for (size_t i = 0; i < count; i++) {
    json_out_object(&out);
    json_out_member_str(&out, "name", str_of(all[i].name));
    json_out_member_str(&out, "title", str_of(all[i].title));
    json_out_member_str(&out, "ending", str_of(all[i].ending));
    json_out_member_str(&out, "media_type", str_of(all[i].media_type));
    json_out_member_str(&out, "cannot_hold", format_cannot_hold(job->arena, &all[i]));
    json_out_member_bool(&out, "written_only", !all[i].read);
    json_out_end(&out);
  }
  json_out_end(&out);
  return 0;
}

int api_alignment_take(struct api_job *job, struct str id, bool approval, struct buf *mapping, struct str *ret_from, struct str *ret_to,
                       int64_t *ret_version, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  if (alignments_find(job, id, &document, error) || load_alignment(job, &document, &alignment, error)) return -1;
  *ret_from = alignment.source.server;
  *ret_to = alignment.target.server;
  *ret_version = document.version;
  const struct mapping *made;
  alignment.second_person = alignment.second_person || approval;
  if (alignment_mapping(&alignment, job->arena, &made, error)) return -1;
  return mapping_write(made, mapping) ? 0 : error_set(error, ERROR_too_large, "the mapping is larger than %zu bytes", mapping->max);
}

/* --- deciding --- */

int alignments_version_wanted(struct api_job *job, int64_t version, struct error *error) {
  uint64_t wanted;
  if (!job->if_match.n) return error_set(error, ERROR_bad_request, "If-Match with the version you saw is missing");
  if (!str_to_u64(job->if_match, &wanted)) return error_set(error, ERROR_bad_request, "If-Match is the version in quotes, as ETag has it");
  if ((int64_t)wanted != version)
    return error_set(error, ERROR_changed_meanwhile, "it has version %lld by now: read it again", (long long)version);
  return 0;
}

/* Everybody that the session is, at every server: "server:user id …". */
static struct str persons_of(struct api_job *job) {
  struct str all = STR_NONE;
  for (size_t i = 0; i < job->config->server_count; i++) {
    struct str one;
    struct error not_there = {0};
    if (api_owner(job, job->config->servers[i].id, &one, &not_there)) continue;
    all = all.n ? arena_printf(job->arena, "%.*s %.*s", STR_ARG(all), STR_ARG(one)) : one;
  }
  return all;
}

/* By the name at the source; else at the target, or wherever there is one. */
struct alignment_actor alignments_actor(struct api_job *job, const struct alignment *alignment) {
  char now[CLOCK_TEXT_SIZE];
  struct alignment_actor actor = {.person = persons_of(job), .at = arena_str(job->arena, str_of(clock_format(clock_now_ms(), now)))};
  actor.name = api_user_name(job, alignment->source.server);
  if (!actor.name.n) actor.name = api_user_name(job, alignment->target.server);
  for (size_t i = 0; !actor.name.n && i < job->config->server_count; i++) actor.name = api_user_name(job, job->config->servers[i].id);
  return actor;
}

/* The steps behind `before`, one event each. What the end of the program keeps from being written here is in the document still: see alignment_history.c. */
static int add_history(struct store *store, const struct store_document *document, const struct alignment *alignment, int64_t before,
                       struct error *error) {
  int result = 0;
  for (size_t i = 0; result == 0 && i < alignment->step_count; i++) {
    const struct alignment_step *step = &alignment->steps[i];
    if (step->number <= before) continue;
    struct buf text = BUF_INIT(ALIGNMENT_STATE_MAX);
    result = alignment_write_step(step, &text)
                 ? store_history_add(store, KIND, document->id, document->updated_ms, step->by, buf_str(&text), error)
                 : error_set(error, ERROR_too_large, "the step is too large to be kept");
    buf_free(&text);
  }
  return result;
}

int alignments_keep(struct api_job *job, struct store_document *document, const struct alignment *alignment, int64_t last_step,
                    struct buf *ret_body, struct error *error) {
  int64_t version;
  *ret_body = BUF_INIT(STORE_BODY_MAX);
  if (alignments_body(alignment, NULL, ret_body, error)) return -1;
  document->body = buf_str(ret_body);
  document->updated_ms = clock_now_ms();
  struct store *store = api_store(job->api);
  int result = store_document_update(store, document, &version, error);
  if (result == 0) result = add_history(store, document, alignment, last_step, error);
  api_store_done(job->api);
  return result;
}

static int replace_side(struct api_job *job, struct str id, char side, const struct dhis2_metadata *metadata, struct error *error) {
  struct store_document document;
  struct buf body = BUF_INIT(ALIGNMENTS_SIDE_MAX);
  int64_t version;
  if (!dhis2_metadata_write(metadata, &body)) {
    buf_free(&body);
    return error_set(error, ERROR_too_large, "the data set is larger than can be kept (%d bytes)", ALIGNMENTS_SIDE_MAX);
  }
  struct store *store = api_store(job->api);
  int found = store_document_get(store, ALIGNMENTS_SIDE_KIND, alignments_side_id(job->arena, id, side), job->arena, &document, error);
  int result = found > 0   ? 0
               : found < 0 ? -1
                           : error_set(error, ERROR_not_found, "what this alignment was made from is gone: make it anew");
  if (result == 0) {
    document.body = buf_str(&body);
    document.updated_ms = clock_now_ms();
    result = store_document_update(store, &document, &version, error);
  }
  api_store_done(job->api);
  buf_free(&body);
  return result;
}

int alignments_keep_sides(struct api_job *job, struct store_document *document, const struct alignment *alignment, struct error *error) {
  if (replace_side(job, document->id, 's', alignment->source.metadata, error) ||
      replace_side(job, document->id, 't', alignment->target.metadata, error))
    return -1;
  document->about = alignments_about(job->arena, alignment);
  return 0;
}

int64_t alignments_last_step(const struct alignment *alignment) {
  return alignment->step_count ? alignment->steps[alignment->step_count - 1].number : 0;
}

static int answer_difference(struct api_job *job, const struct store_document *document, const struct alignment *now, struct str before,
                             struct str after, struct error *error) {
  struct alignment shown = *now;
  struct buf changes = BUF_INIT(job->answer.max);
  if (!alignments_for_reader(job, document, &shown)) {
    (void)alignment_changes(now, before, after, &job->answer);
    return 0;
  }
  int result = 0;
  if (alignment_changes(now, before, after, &changes))
    result = answer_renamed(job, &shown, buf_str(&changes), error);
  else
    job->answer.full = true;
  buf_free(&changes);
  return result;
}

static int answer_changes(struct api_job *job, const struct store_document *document, const struct alignment *was,
                          const struct alignment *now, struct str before, struct str after, struct error *error) {
  struct buf own_before, own_after;
  before = with_own(job, was, before, &own_before);
  after = with_own(job, now, after, &own_after);
  int result = answer_difference(job, document, now, before, after, error);
  buf_free(&own_before);
  buf_free(&own_after);
  return result;
}

/* Applies job->body, keeps what comes of it and answers what is another by it. */
static int decide(struct api_job *job, struct store_document *document, const struct alignment *alignment, struct error *error) {
  struct buf body;
  struct str kept, before, after;
  struct alignment now;
  split_body(document->body, &kept, &before);
  if (alignment_decide(alignment, job->body, alignments_actor(job, alignment), before, job->arena, &now, error)) return -1;
  now.version++;
  int result = alignments_keep(job, document, &now, alignments_last_step(alignment), &body, error);
  if (result == 0) {
    split_body(buf_str(&body), &kept, &after);
    job->etag = now.version;
    result = answer_changes(job, document, alignment, &now, before, after, error);
  }
  buf_free(&body);
  return result;
}

int api_alignment_patch(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  if (load_document(job, &document, error) || alignments_version_wanted(job, document.version, error) ||
      load_alignment(job, &document, &alignment, error))
    return -1;
  return decide(job, &document, &alignment, error);
}

static bool is_edited(const struct format *format) {
  return format == format_named(STR("csv")) || format == format_named(STR("xlsx"));
}

/* The answer of a decision has one member more: what was decided by the mapping. */
static void add_counts(struct api_job *job, const struct alignment_entry_counts *counts) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  if (job->answer.full) return;
  job->answer.n--; /* the brace, which comes behind it again */
  (void)buf_add(&job->answer, STR(",\"decided\":"));
  json_out_object(&out);
  json_out_member_int(&out, "data_elements", (int64_t)counts->elements);
  json_out_member_int(&out, "cells", (int64_t)counts->cells);
  json_out_member_int(&out, "org_units", (int64_t)counts->org_units);
  json_out_member_int(&out, "attribute_option_combos", (int64_t)counts->attributes);
  json_out_end(&out);
  (void)buf_add_char(&job->answer, '}');
}

/* The request that a mapping stands for takes the mapping's place. */
int api_alignment_import(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  struct alignment_entry_counts counts;
  const struct format *format = format_wanted(job, error);
  if (!format || load_document(job, &document, error) || alignments_version_wanted(job, document.version, error) ||
      load_alignment(job, &document, &alignment, error))
    return -1;
  struct format_job reading = format_job_of(job, &alignment);
  const struct mapping *mapping = format_read(format, &reading, job->body, error);
  if (!mapping || alignment_entries(&alignment, mapping, is_edited(format), job->arena, &job->body, &counts, error) ||
      decide(job, &document, &alignment, error))
    return -1;
  add_counts(job, &counts);
  if (counts.unknown) format_tell(&reading, "%zu cells or pairs are passed over: the two data sets do not hold them", counts.unknown);
  tell(job, &reading.warnings);
  return 0;
}

/* One that is being made is ended. */
int api_alignment_delete(struct api_job *job, struct error *error) {
  struct store_document document;
  int ended = making_end(job, job->words[0], error);
  job->status = 204;
  if (ended < 0) return -1;
  if (load_document(job, &document, error) == 0)
    return alignment_must_own(job, &document, error) ? -1 : alignment_remove(job, document.id, error);
  if (!ended || error->code != ERROR_not_found) return -1;
  *error = (struct error){0};
  return 0;
}
