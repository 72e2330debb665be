#include "api/alignment_make.h"

#include "api/alignments.h"
#include "api/making.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "crypt/random.h"
#include "dhis2/metadata_write.h"

enum { ID_LETTERS = 22 };

/* --- what is asked for --- */

static int read_choice(struct arena *arena, const json_t *root, const char *key, struct alignment_choice *ret, struct error *error) {
  const json_t *side = json_object_get(root, key);
  *ret = (struct alignment_choice){json_text_copy(arena, side, "server"), json_text_copy(arena, side, "data_set")};
  return ret->server.n && ret->data_set.n ? 0 : error_set(error, ERROR_bad_request, "'%s' needs 'server' and 'data_set'", key);
}

int alignment_order_of(struct arena *arena, const json_t *root, struct alignment_order *ret, struct error *error) {
  if (!json_is_object(root)) return error_set(error, ERROR_bad_request, "a JSON object with 'source' and 'target' is wanted");
  bool read =
      read_choice(arena, root, "source", &ret->sides[0], error) == 0 && read_choice(arena, root, "target", &ret->sides[1], error) == 0;
  return read ? 0 : -1;
}

int alignment_order_read(struct arena *arena, struct str json, struct alignment_order *ret, struct error *error) {
  json_t *root = json_doc_read_strictly(json);
  int result = alignment_order_of(arena, root, ret, error);
  json_decref(root);
  return result;
}

/* --- making it --- */

int alignment_make(struct api_job *job, const struct alignment_order *order, const struct dhis2_watch watches[2], const atomic_bool *cancel,
                   struct alignment *ret, struct error *error) {
  struct sides_asked asked = {.extent = DHIS2_EXTENT_PLACES, .locales = true, .cancel = cancel};
  struct side_found found[2];
  for (int i = 0; i < 2; i++)
    asked.sides[i] =
        (struct side_asked){order->sides[i].server, &order->sides[i].data_set, 1, watches ? watches[i] : (struct dhis2_watch){0}};
  if (sides_read(job, &asked, found, error)) return -1;
  ret->source = (struct alignment_side){order->sides[0].server, found[0].metadata, found[0].locale};
  ret->target = (struct alignment_side){order->sides[1].server, found[1].metadata, found[1].locale};
  ret->owner = alignments_actor(job, ret).name;
  return 0;
}

/* --- keeping it --- */

static int create(struct api_job *job, struct store_document *document, const struct buf *body, struct error *error) {
  document->body = buf_str(body);
  document->created_ms = document->updated_ms = clock_now_ms();
  struct store *store = api_store(job->api);
  int result = store_document_create(store, document, error);
  api_store_done(job->api);
  return result;
}

static int keep_side(struct api_job *job, struct str id, char side, struct str owner, const struct dhis2_metadata *metadata,
                     struct error *error) {
  struct buf body = BUF_INIT(ALIGNMENTS_SIDE_MAX);
  struct store_document document = {.kind = ALIGNMENTS_SIDE_KIND, .id = alignments_side_id(job->arena, id, side), .owner = owner};
  int result = dhis2_metadata_write(metadata, &body)
                   ? create(job, &document, &body, error)
                   : error_set(error, ERROR_too_large, "the data set is larger than can be kept (%d bytes)", ALIGNMENTS_SIDE_MAX);
  buf_free(&body);
  return result;
}

static int keep_decisions(struct api_job *job, const struct alignment *alignment, struct str owner, const struct align_watch *watch,
                          struct error *error) {
  struct buf body = BUF_INIT(STORE_BODY_MAX);
  struct store_document document = {
      .kind = ALIGNMENTS_KIND, .id = alignment->id, .owner = owner, .about = alignments_about(job->arena, alignment)};
  int result = alignments_body(alignment, watch, &body, error) ? -1 : create(job, &document, &body, error);
  buf_free(&body);
  return result;
}

int alignment_make_keep(struct api_job *job, const struct alignment *alignment, const struct align_watch *watch, struct error *error) {
  struct str owner;
  struct error unused = {0};
  if (api_owner(job, alignment->source.server, &owner, error)) return -1;
  if (keep_side(job, alignment->id, 's', owner, alignment->source.metadata, error) == 0 &&
      keep_side(job, alignment->id, 't', owner, alignment->target.metadata, error) == 0 &&
      keep_decisions(job, alignment, owner, watch, error) == 0)
    return 0;
  (void)alignment_remove(job, alignment->id, &unused);
  return -1;
}

int alignment_remove(struct api_job *job, struct str id, struct error *error) {
  struct store *store = api_store(job->api);
  int result = store_document_delete(store, ALIGNMENTS_KIND, id, error);
  for (const char *side = "st"; result == 0 && *side; side++)
    result = store_document_delete(store, ALIGNMENTS_SIDE_KIND, alignments_side_id(job->arena, id, *side), error);
  api_store_done(job->api);
  return result;
}

/* --- in one call --- */

static void answer_made(struct api_job *job, const struct alignment *alignment) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  json_out_member_str(&out, "id", alignment->id);
  json_out_member_int(&out, "version", alignment->version);
  json_out_end(&out);
  job->status = 201;
  job->etag = alignment->version;
}

int api_alignments_create(struct api_job *job, struct error *error) {
  struct alignment alignment = {.id = random_id(job->arena, ID_LETTERS), .version = 1};
  struct alignment_order order;
  if (alignment_order_read(job->arena, job->body, &order, error)) return -1;
  if (job->respond_async) return making_begin(job, &order, error);
  if (alignment_make(job, &order, NULL, NULL, &alignment, error) || alignment_make_keep(job, &alignment, NULL, error)) return -1;
  answer_made(job, &alignment);
  return 0;
}
