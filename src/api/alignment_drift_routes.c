/* What changed at both servers since an alignment was made or carried forward last, and carrying it forward. */
#include "api/alignments.h"
#include "api/sides.h"
#include "base/json_doc.h"
#include "base/json_out.h"
#include <jansson.h>

/* Both sides as their servers tell them now. */
static int read_now(struct api_job *job, const struct alignment *alignment, enum dhis2_extent extent, struct drift_sides *ret,
                    struct error *error) {
  const struct alignment_side *const sides[2] = {&alignment->source, &alignment->target};
  struct sides_asked asked = {.extent = extent};
  struct side_found found[2];
  struct str ids[2][DHIS2_DATA_SETS_MAX];
  for (int i = 0; i < 2; i++) {
    const struct dhis2_metadata *kept = sides[i]->metadata;
    size_t n = 0;
    for (size_t k = 0; k < kept->data_set_count && n < DHIS2_DATA_SETS_MAX; k++) ids[i][n++] = kept->data_sets[k]->o.id;
    asked.sides[i] = (struct side_asked){.server = sides[i]->server, .data_sets = ids[i], .count = n};
  }
  if (sides_read(job, &asked, found, error)) return -1;
  *ret = (struct drift_sides){.source = found[0].metadata, .target = found[1].metadata};
  return 0;
}

struct naming {
  const struct alignment *alignment;
  struct drift_sides now;
};

static const struct dhis2_object *object_in(const struct dhis2_metadata *metadata, const struct drift_change *change) {
  if (!metadata) return NULL;
  const struct dhis2_data_set *set = change->object == DRIFT_DATA_SET ? dhis2_metadata_data_set(metadata, change->id) : NULL;
  const struct dhis2_org_unit *unit = change->object == DRIFT_ORG_UNIT ? dhis2_metadata_org_unit(metadata, change->id) : NULL;
  const struct dhis2_option_combo *coc = change->object == DRIFT_OPTION_COMBO ? dhis2_metadata_option_combo(metadata, change->id) : NULL;
  bool of_element = change->object == DRIFT_DATA_ELEMENT || change->object == DRIFT_CELL;
  const struct dhis2_data_element *element = of_element ? dhis2_metadata_element(metadata, change->id) : NULL;
  return set ? &set->o : unit ? &unit->o : coc ? &coc->o : element ? &element->o : NULL;
}

/* As it was called, or is where it appeared, in the language that the names of its side are shown in. */
static void write_name(void *payload, const struct drift_change *change, struct json_out *out) {
  const struct naming *naming = payload;
  bool source = change->side == DRIFT_SOURCE;
  const struct alignment_side *side = source ? &naming->alignment->source : &naming->alignment->target;
  const struct dhis2_object *object = object_in(side->metadata, change);
  if (!object) object = object_in(source ? naming->now.source : naming->now.target, change);
  if (object)
    alignment_write_called(out, side, object);
  else if (change->name.n)
    json_out_member_str(out, "name", change->name);
}

int api_alignment_drift(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  struct drift_sides now = {0};
  if (alignments_load_shown(job, &document, &alignment, error) || read_now(job, &alignment, DHIS2_EXTENT_SHOWN, &now, error)) return -1;
  const struct mapping *mapping;
  if (alignment_mapping(&alignment, job->arena, &mapping, error) < 0) return -1;
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  json_out_member_str(&out, "id", alignment.id);
  json_out_member_int(&out, "version", alignment.version);
  struct naming naming = {&alignment, now};
  drift_write(drift_find(job->arena, mapping, now), write_name, &naming, &out);
  json_out_end(&out);
  job->etag = document.version;
  return 0;
}

/* {"follow": true}, or nothing. */
static int read_follow(struct api_job *job, bool *ret, struct error *error) {
  *ret = false;
  if (!job->body.n) return 0;
  json_t *root = json_loadb(job->body.p, job->body.n, JSON_REJECT_DUPLICATES, NULL);
  const json_t *follow = json_object_get(root, "follow");
  bool fine = json_is_object(root) && json_object_size(root) == (follow ? 1 : 0) && (!follow || json_is_boolean(follow));
  *ret = json_is_true(follow);
  json_decref(root);
  return fine ? 0 : error_set(error, ERROR_bad_request, "a JSON object with 'follow', true or false, or nothing is wanted");
}

/* As the side called it that the decision was made on. */
static const struct dhis2_object *decided_about(const struct dhis2_metadata *side, const struct decision *what) {
  struct str id = what->source_data_element;
  const struct dhis2_org_unit *unit = what->of == DECISION_OF_ORG_UNIT ? dhis2_metadata_org_unit(side, id) : NULL;
  const struct dhis2_option_combo *option = what->of == DECISION_OF_ATTRIBUTE ? dhis2_metadata_option_combo(side, id) : NULL;
  const struct dhis2_data_element *element = what->of ? NULL : dhis2_metadata_element(side, id);
  return unit ? &unit->o : option ? &option->o : element ? &element->o : NULL;
}

static void answer_reopened(struct json_out *out, const struct alignment_side *source, const struct alignment_reopened *one) {
  const struct dhis2_object *object = decided_about(source->metadata, &one->what);
  json_out_object(out);
  if (object) alignment_write_called(out, source, object);
  json_out_member_str(out, "kind", str_of(alignment_kind_name(&one->what)));
  json_out_member_str(out, one->what.of ? "source" : "source_data_element", one->what.source_data_element);
  if (one->what.operand) json_out_member_str(out, "source_category_option_combo", one->what.source_category_option_combo);
  if (one->what.target_data_element.n)
    json_out_member_str(out, one->what.of ? "target" : "target_data_element", one->what.target_data_element);
  if (one->what.target_category_option_combo.n)
    json_out_member_str(out, "target_category_option_combo", one->what.target_category_option_combo);
  json_out_member_str(out, "reason", one->reason);
  json_out_end(out);
}

static void answer_carried(struct api_job *job, const struct alignment_side *source, const struct alignment_carried *carried) {
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  json_out_member_str(&out, "id", carried->alignment.id);
  json_out_member_int(&out, "version", carried->alignment.version);
  json_out_member_int(&out, "kept", (int64_t)carried->alignment.decision_count);
  json_out_member_int(&out, "followed", (int64_t)carried->followed);
  json_out_member_array(&out, "reopened");
  for (size_t i = 0; i < carried->reopened_count; i++) answer_reopened(&out, source, &carried->reopened[i]);
  json_out_end(&out);
  json_out_end(&out);
  job->etag = carried->alignment.version;
}

/* With all that is kept of a side. A data set that is gone is no mistake in the address. */
static int read_whole(struct api_job *job, const struct alignment *alignment, struct drift_sides *ret, struct error *error) {
  int result = read_now(job, alignment, DHIS2_EXTENT_PLACES, ret, error);
  if (result < 0 && error->code == ERROR_not_found) error->code = ERROR_conflict;
  return result;
}

/* The sides first: if the program ends between, the decisions are all there still, and those that name what is gone are passed over. */
int api_alignment_carry(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  struct alignment_carried carried;
  struct drift_sides now = {0};
  struct buf body = {0};
  bool follow;
  if (read_follow(job, &follow, error) || alignments_load(job, &document, &alignment, error) ||
      alignments_version_wanted(job, document.version, error) || read_whole(job, &alignment, &now, error) ||
      alignment_carry(&alignment, now, follow, alignments_actor(job, &alignment), job->arena, &carried, error))
    return -1;
  carried.alignment.version++;
  struct alignment_side before = alignment.source;
  int64_t last_step = alignments_last_step(&alignment);
  int result = alignments_keep_sides(job, &document, &carried.alignment, error);
  if (result == 0) result = alignments_keep(job, &document, &carried.alignment, last_step, &body, error);
  if (result == 0) answer_carried(job, &before, &carried);
  buf_free(&body);
  return result;
}

/* {"on_change": "warn" | "ask" | "take"} */
static int read_on_change(struct api_job *job, enum alignment_on_change *ret, struct error *error) {
  json_t *root = json_doc_read_strictly(job->body);
  bool fine = json_object_size(root) == 1 && alignment_on_change_named(json_text(root, "on_change"), ret);
  json_decref(root);
  return fine ? 0 : error_set(error, ERROR_bad_request, "'on_change' is warn, ask or take");
}

int api_alignment_on_change(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  struct buf body = {0};
  if (alignments_load(job, &document, &alignment, error) || alignments_version_wanted(job, document.version, error) ||
      read_on_change(job, &alignment.on_change, error))
    return -1;
  struct alignment_actor actor = alignments_actor(job, &alignment);
  int64_t last_step = alignments_last_step(&alignment);
  alignment.version++;
  struct str label = arena_printf(job->arena, "When the servers change: %s", alignment_on_change_name(alignment.on_change));
  alignment_add_step(&alignment, (struct alignment_step){.label = label, .by = actor.name, .at = actor.at}, false, job->arena);
  document.about = alignments_about(job->arena, &alignment);
  int result = alignments_keep(job, &document, &alignment, last_step, &body, error);
  struct json_out out = JSON_OUT_INIT(&job->answer);
  json_out_object(&out);
  json_out_member_int(&out, "version", alignment.version);
  json_out_member_str(&out, "on_change", str_of(alignment_on_change_name(alignment.on_change)));
  json_out_end(&out);
  job->etag = alignment.version;
  buf_free(&body);
  return result;
}
