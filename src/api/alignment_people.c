#include "api/alignment_people.h"

#include "api/alignments.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/map.h"
#include "crypt/random.h"

enum { SHARED_MAX = 500, NAME_MAX_BYTES = 255 };

#define SHARE_KIND STR("alignment-share")

/* --- as it is kept --- */

static int people_of(struct arena *arena, const json_t *list, struct alignment *ret) {
  size_t n = json_array_size(list);
  if ((list && !json_is_array(list)) || n > ALIGNMENT_PEOPLE_MAX) return -1;
  struct alignment_person *people = ARENA_ARRAY(arena, n + 1, struct alignment_person);
  for (size_t i = 0; i < n; i++) {
    people[i] = (struct alignment_person){arena_str(arena, json_text(json_array_get(list, i), "server")),
                                          arena_str(arena, str_trim(json_text(json_array_get(list, i), "username")))};
    if (!people[i].server.n || !people[i].username.n || people[i].username.n > NAME_MAX_BYTES) return -1;
  }
  ret->people = people;
  ret->person_count = n;
  return 0;
}

static enum alignment_on_change on_change_of(const json_t *about) {
  enum alignment_on_change found = ALIGNMENT_WARNS;
  (void)alignment_on_change_named(json_text(about, "on_change"), &found);
  return found;
}

void alignment_people_of(struct arena *arena, const json_t *about, struct alignment *ret) {
  ret->owner = arena_str(arena, json_text(about, "owner"));
  ret->second_person = json_is_true(json_object_get(about, "second_person"));
  ret->on_change = on_change_of(about);
  (void)people_of(arena, json_object_get(about, "people"), ret);
}

/* --- who is let in --- */

static bool is_one_of(struct api_job *job, const struct alignment *alignment) {
  struct gateway_person person;
  for (size_t i = 0; i < alignment->person_count; i++)
    if (gateway_session_person(job->session, alignment->people[i].server, job->arena, &person) &&
        str_eq(person.username, alignment->people[i].username))
      return true;
  return false;
}

bool alignment_is_open_to(struct api_job *job, const struct store_document *document) {
  struct alignment alignment = {0};
  if (api_is_owner(job, document->owner)) return true;
  json_t *about = json_doc_read(document->about);
  alignment_people_of(job->arena, about, &alignment);
  json_decref(about);
  return is_one_of(job, &alignment);
}

int alignment_must_own(struct api_job *job, const struct store_document *document, struct error *error) {
  if (api_is_owner(job, document->owner)) return 0;
  return error_set(error, ERROR_forbidden, "only who made the alignment may do that");
}

/* --- lists --- */

static struct str share_owner(struct arena *arena, struct str server, struct str username) {
  return arena_printf(arena, "%.*s user %.*s", STR_ARG(server), STR_ARG(username));
}

/* A person's place in lists; there already is fine. */
static int put_share(struct api_job *job, const struct store_document *document, const struct alignment_person *person,
                     struct error *error) {
  struct error there = {0};
  struct buf about = BUF_INIT(4096);
  struct json_out out = JSON_OUT_INIT(&about);
  json_out_object(&out);
  json_out_member_str(&out, "owner", document->owner);
  json_out_end(&out);
  struct store_document share = {.kind = SHARE_KIND,
                                 .id = random_id(job->arena, 22),
                                 .owner = share_owner(job->arena, person->server, person->username),
                                 .key = document->id,
                                 .about = buf_str(&about),
                                 .created_ms = clock_now_ms()};
  share.updated_ms = share.created_ms;
  struct store *store = api_store(job->api);
  int result = store_document_create(store, &share, &there);
  api_store_done(job->api);
  buf_free(&about);
  if (result == 0 || there.code == ERROR_conflict) return 0;
  *error = there;
  return -1;
}

static int drop_share(struct api_job *job, struct str id, const struct alignment_person *person, struct error *error) {
  struct store_document share;
  struct store *store = api_store(job->api);
  int found =
      store_document_by_key(store, SHARE_KIND, share_owner(job->arena, person->server, person->username), id, job->arena, &share, error);
  int result = found > 0 ? store_document_delete(store, SHARE_KIND, share.id, error) : found;
  api_store_done(job->api);
  return result;
}

static int list(struct api_job *job, struct str kind, struct str owner, struct store_document **ret, size_t *ret_count,
                struct error *error) {
  struct store *store = api_store(job->api);
  int result = store_document_list(store, kind, owner, SHARED_MAX, job->arena, ret, ret_count, error);
  api_store_done(job->api);
  return result;
}

struct sharing {
  struct map seen;   /* ids that were told */
  struct map makers; /* owners whose alignments were looked through */
  void (*each)(void *payload, const struct store_document *document);
  void *payload;
};

/* Of everything that one person made: what is open to the session. */
static int each_of(struct api_job *job, struct sharing *s, struct str maker, struct error *error) {
  struct store_document *documents;
  size_t count;
  if (map_get(&s->makers, maker) || api_is_owner(job, maker)) return 0;
  (void)map_put(&s->makers, maker, s);
  if (list(job, ALIGNMENTS_KIND, maker, &documents, &count, error)) return -1;
  for (size_t i = 0; i < count; i++) {
    if (map_get(&s->seen, documents[i].id) || !alignment_is_open_to(job, &documents[i])) continue;
    (void)map_put(&s->seen, documents[i].id, s);
    s->each(s->payload, &documents[i]);
  }
  return 0;
}

static int each_at(struct api_job *job, struct sharing *s, struct str server, struct error *error) {
  struct gateway_person person;
  struct store_document *shares;
  size_t count;
  if (!gateway_session_person(job->session, server, job->arena, &person) || !person.username.n) return 0;
  if (list(job, SHARE_KIND, share_owner(job->arena, server, person.username), &shares, &count, error)) return -1;
  int result = 0;
  for (size_t i = 0; result == 0 && i < count; i++) {
    json_t *about = json_doc_read(shares[i].about);
    result = each_of(job, s, arena_str(job->arena, json_text(about, "owner")), error);
    json_decref(about);
  }
  return result;
}

int alignment_each_shared(struct api_job *job, void (*each)(void *payload, const struct store_document *document), void *payload,
                          struct error *error) {
  struct sharing s = {.each = each, .payload = payload};
  int result = 0;
  for (size_t i = 0; result == 0 && i < job->config->server_count; i++) result = each_at(job, &s, job->config->servers[i].id, error);
  map_free(&s.seen);
  map_free(&s.makers);
  return result;
}

/* --- the routes --- */

static void answer(struct api_job *job, const struct store_document *document, const struct alignment *alignment) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  json_out_member_int(&out, "version", alignment->version);
  alignment_write_people(alignment, &out);
  json_out_member_bool(&out, "mine", api_is_owner(job, document->owner));
  json_out_end(&out);
  job->etag = alignment->version;
}

int api_alignment_people(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  if (alignments_load(job, &document, &alignment, error)) return -1;
  answer(job, &document, &alignment);
  return 0;
}

/* {"second_person": true|false, "people": [{"server","username"}]}: takes the place of what was. */
static int read_wanted(struct api_job *job, struct alignment *alignment, struct error *error) {
  json_t *root = json_doc_read_strictly(job->body);
  const json_t *second = json_object_get(root, "second_person"), *people = json_object_get(root, "people");
  bool fine =
      json_is_boolean(second) && json_is_array(people) && json_object_size(root) == 2 && people_of(job->arena, people, alignment) == 0;
  alignment->second_person = json_is_true(second);
  json_decref(root);
  for (size_t i = 0; fine && i < alignment->person_count; i++)
    if (!config_server(job->config, alignment->people[i].server))
      return error_set(error, ERROR_bad_request, "there is no server '%.*s'", STR_ARG(str_slice(alignment->people[i].server, 0, 40)));
  return fine ? 0
              : error_set(error, ERROR_bad_request,
                          "'second_person' (true or false) and 'people' (at most %d, each with 'server' and 'username') are wanted",
                          ALIGNMENT_PEOPLE_MAX);
}

static bool names(const struct alignment *alignment, const struct alignment_person *person) {
  for (size_t i = 0; i < alignment->person_count; i++)
    if (str_eq(alignment->people[i].server, person->server) && str_eq(alignment->people[i].username, person->username)) return true;
  return false;
}

int api_alignment_share(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment before, now;
  struct buf body = {0};
  if (alignments_load(job, &document, &before, error) || alignment_must_own(job, &document, error) ||
      alignments_version_wanted(job, document.version, error))
    return -1;
  now = before;
  if (read_wanted(job, &now, error)) return -1;
  now.version++;
  struct alignment_actor actor = alignments_actor(job, &now);
  alignment_add_step(&now,
                     (struct alignment_step){.label = now.second_person ? STR("People; a second person is asked for")
                                                                        : STR("People; no second person is asked for"),
                                             .by = actor.name,
                                             .at = actor.at},
                     false, job->arena);
  document.about = alignments_about(job->arena, &now);
  int64_t last_step = alignments_last_step(&before);
  int result = alignments_keep(job, &document, &now, last_step, &body, error);
  for (size_t i = 0; result == 0 && i < now.person_count; i++) result = put_share(job, &document, &now.people[i], error);
  for (size_t i = 0; result == 0 && i < before.person_count; i++)
    if (!names(&now, &before.people[i])) result = drop_share(job, document.id, &before.people[i], error);
  if (result == 0) answer(job, &document, &now);
  buf_free(&body);
  return result;
}
