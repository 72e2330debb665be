/* The category combos of both sides with their categories and options: what a person matches once for all data elements that share them. */
#include "api/alignments.h"
#include "base/json_out.h"
#include "base/map.h"

static void write_category(struct json_out *out, const struct alignment_side *side, const struct dhis2_category *category) {
  json_out_object(out);
  alignment_write_name(out, side, &category->o);
  json_out_member_array(out, "options");
  for (size_t i = 0; i < category->option_count; i++) {
    json_out_object(out);
    alignment_write_name(out, side, &category->options[i]->o);
    json_out_end(out);
  }
  json_out_end(out);
  json_out_end(out);
}

static void write_option_combo(struct json_out *out, const struct alignment_side *side, const struct dhis2_option_combo *coc) {
  json_out_object(out);
  alignment_write_name(out, side, &coc->o);
  json_out_member_array(out, "options");
  for (size_t i = 0; i < coc->option_count; i++) json_out_str(out, coc->options[i]->o.id);
  json_out_end(out);
  json_out_end(out);
}

static void write_combo(struct json_out *out, const struct alignment_side *side, const struct dhis2_category_combo *combo) {
  json_out_object(out);
  alignment_write_name(out, side, &combo->o);
  json_out_member_array(out, "categories");
  for (size_t i = 0; i < combo->category_count; i++) write_category(out, side, combo->categories[i]);
  json_out_end(out);
  json_out_member_array(out, "option_combos");
  for (size_t i = 0; i < combo->option_combo_count; i++) write_option_combo(out, side, combo->option_combos[i]);
  json_out_end(out);
  json_out_end(out);
}

static void write_side(struct json_out *out, const char *key, const struct alignment_side *side) {
  const struct dhis2_metadata *metadata = side->metadata;
  struct map seen = {0};
  json_out_member_array(out, key);
  for (size_t i = 0; i < metadata->element_count; i++)
    for (size_t k = 0; k < metadata->elements[i]->combo_count; k++) {
      const struct dhis2_category_combo *combo = metadata->elements[i]->combos[k];
      if (!map_put(&seen, combo->o.id, &seen)) write_combo(out, side, combo);
    }
  json_out_end(out);
  map_free(&seen);
}

bool alignment_combos(const struct alignment *alignment, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  write_side(&out, "source", &alignment->source);
  write_side(&out, "target", &alignment->target);
  json_out_end(&out);
  return !buf->full;
}

int api_alignment_combos(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  if (alignments_load_shown(job, &document, &alignment, error)) return -1;
  (void)alignment_combos(&alignment, &job->answer);
  return 0;
}
