#include "mapping/formats.h"

#include "mapping/format_forms.h"
#include "mapping/format_parts.h"

static const struct mapping *json_read(struct format_job *job, struct str bytes, struct error *error) {
  return mapping_read(job->arena, bytes, error);
}

static int json_write(struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  (void)job;
  (void)mapping_write(mapping, buf);
  return buf->n > MAPPING_BYTES_MAX
             ? error_set(error, ERROR_too_large, "the mapping is larger than %d bytes: make it of fewer data sets", MAPPING_BYTES_MAX)
             : 0;
}

enum {
  OF_RULES = HOLDS_SIGNS | HOLDS_DECISIONS | HOLDS_UNMAPPED | HOLDS_UNFILLED | HOLDS_CONFIDENCE | HOLDS_VALUE_TYPE | HOLDS_AUTHOR |
             HOLDS_NOTE | HOLDS_BLOCKED,
  OF_PAIRS = HOLDS_ATTRIBUTES | HOLDS_UNITS,
};

static const struct format formats[] = {
    {"json", "Mapping (JSON)", ".json", "application/json", HOLDS_ALL, "", json_read, json_write},
    {"csv", "List (CSV)", ".csv", "text/csv; charset=utf-8", OF_RULES | OF_PAIRS, "", format_csv_read, format_csv_write},
    {"xlsx", "Workbook (Excel)", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
     HOLDS_ALL & ~(HOLDS_METADATA | HOLDS_APPROVAL), "texts of more than 32767 characters", format_xlsx_read, format_xlsx_write},
    {"fhir", "FHIR ConceptMap", ".fhir.json", "application/fhir+json", (OF_RULES & ~HOLDS_UNFILLED) | OF_PAIRS | HOLDS_SERVERS, "",
     format_fhir_read, format_fhir_write},
    {"datim", "DATIM indicator map (CSV)", ".datim.csv", "text/csv; charset=utf-8", HOLDS_SIGNS | HOLDS_UNFILLED, "", format_datim_read,
     format_datim_write},
    {"openhexa", "OpenHEXA dictionaries", ".openhexa.json", "application/json", OF_PAIRS,
     "sums; a source cell that goes to several target cells; data elements whose cells go to several; option combos that become another "
     "one from data element to data element",
     format_openhexa_read, format_openhexa_write},
    {"aligner-csv", "Four columns (Dataset Alignment CSV)", ".aligner.csv", "text/csv; charset=utf-8", 0, "", format_aligner_read,
     format_aligner_write},
    {"data-set-aligner", "data-set-aligner (data store)", ".data-set-aligner.json", "application/json", HOLDS_SERVERS | HOLDS_DATA_SETS, "",
     format_data_set_aligner_read, format_data_set_aligner_write},
    {"metadata-alignment", "Dataset Alignment (data store)", ".metadata-alignment.json", "application/json",
     HOLDS_SERVERS | HOLDS_DATA_SETS | OF_PAIRS, "", format_metadata_alignment_read, format_metadata_alignment_write},
    {"dhis2-exchange", "DHIS2 indicators and data exchange", ".dhis2-exchange.json", "application/json", HOLDS_SIGNS | HOLDS_DEFAULTS,
     "values that are not numbers; comments, follow-up marks and deleted values; attribute option combos of the source, which analytics "
     "adds "
     "up; periods, org units, address and sign-in of the exchange, which you fill in",
     NULL, format_exchange_write},
};

enum { COUNT = sizeof formats / sizeof *formats };

const struct format *formats_all(size_t *ret_count) {
  *ret_count = COUNT;
  return formats;
}

const struct format *format_named(struct str name) {
  for (size_t i = 0; i < COUNT; i++)
    if (str_eq(name, str_of(formats[i].name))) return &formats[i];
  return NULL;
}

const struct format *format_of_file(struct str path) {
  const struct format *best = NULL;
  for (size_t i = 0; i < COUNT; i++) {
    struct str ending = str_of(formats[i].ending);
    bool fits = path.n > ending.n && str_eq_nocase(str_from(path, path.n - ending.n), ending);
    if (fits && (!best || ending.n > strlen(best->ending))) best = &formats[i];
  }
  return best;
}

struct str format_names(struct arena *arena) {
  struct str text = STR("");
  for (size_t i = 0; i < COUNT; i++)
    text = arena_printf(arena, "%.*s%s%s", STR_ARG(text), i == 0 ? "" : i + 1 < COUNT ? ", " : " or ", formats[i].name);
  return text;
}

const struct mapping *format_read(const struct format *format, struct format_job *job, struct str bytes, struct error *error) {
  if (bytes.n > MAPPING_BYTES_MAX) {
    (void)error_set(error, ERROR_input, "a mapping has at most %d bytes", MAPPING_BYTES_MAX);
    return NULL;
  }
  if (!format->read) {
    (void)error_set(error, ERROR_input, "%s is written and never read: what DHIS2 makes of it is no mapping any more", format->name);
    return NULL;
  }
  const struct mapping *mapping = format->read(job, bytes, error);
  return mapping && mapping_check(mapping, error) == 0 ? mapping : NULL;
}

/* Pairs of which none is left would read as "the same ids on both sides". */
static bool lost_all(const struct format *format, unsigned bit, size_t before, size_t after) {
  return (format->holds & bit) && before && !after;
}

int format_write(const struct format *format, struct format_job *job, const struct mapping *mapping, struct buf *buf, struct error *error) {
  const struct mapping *kept = format_keep(job, format->holds, mapping);
  if (!job->source) job->source = mapping->source.metadata;
  if (!job->target) job->target = mapping->target.metadata;
  if (lost_all(format, HOLDS_ATTRIBUTES, mapping->attribute_option_combo_count, kept->attribute_option_combo_count) ||
      lost_all(format, HOLDS_UNITS, mapping->org_unit_count, kept->org_unit_count))
    return error_set(error, ERROR_input,
                     "no pair of org units, or of attribute option combos, is accepted: without any, %s would let all pass as it is",
                     format->name);
  if (format->write(job, kept, buf, error) < 0) return -1;
  return buf->full
             ? error_set(error, ERROR_too_large, "the mapping is too large to be written as %s: make it of fewer data sets", format->name)
             : 0;
}
