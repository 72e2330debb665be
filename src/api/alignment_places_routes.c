/* Org units, attribute option combos and periods of an alignment: what is proposed, what is decided, and what else there is to choose from. Deciding is the alignment's PATCH. */
#include "api/alignments.h"
#include "http/form.h"

int api_alignment_places(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  if (alignments_load_shown(job, &document, &alignment, error)) return -1;
  struct alignment_actor reader = alignments_actor(job, &alignment);
  if (alignment_places(&alignment, &reader, NULL, &job->answer, error)) return -1;
  job->etag = document.version;
  return 0;
}

/* ?kind=org_unit|attribute_option_combo&search=WORDS, or ?kind=org_unit&below=ID */
int api_alignment_place_targets(struct api_job *job, struct error *error) {
  struct store_document document;
  struct alignment alignment;
  struct form query;
  struct str kind = STR_NONE, search = STR(""), above = STR_NONE;
  if (form_parse(job->arena, job->query, &query, error)) return -1;
  (void)form_get(&query, STR("kind"), &kind);
  (void)form_get(&query, STR("search"), &search);
  bool level = form_get(&query, STR("below"), &above), units = str_eq(kind, STR("org_unit"));
  if (!units && !str_eq(kind, STR("attribute_option_combo")))
    return error_set(error, ERROR_bad_request, "'kind' is org_unit or attribute_option_combo");
  if (alignments_load_shown(job, &document, &alignment, error)) return -1;
  if (level && units) return alignment_units_below(&alignment, above, &job->answer), 0;
  (void)alignment_find_places(&alignment, units ? DECISION_OF_ORG_UNIT : DECISION_OF_ATTRIBUTE, search, &job->answer);
  return 0;
}
