/* GET /api/dataValueSets as both engines answer it. */
#include "sim/data_pack.h"
#include "sim/values_format.h"

enum { ANSWER_MAX = 1 << 30 };

static const struct {
  const char *name, *media, *suffix;
  enum values_format format;
} formats[] = {{"json", "application/json", "json", VALUES_JSON},
               {"csv", "application/csv", "csv", VALUES_CSV},
               {"xml", "application/xml", "xml", VALUES_XML},
               {"adx+xml", "application/adx+xml", "adx.xml", VALUES_ADX}};

/* By `format`, then the path's suffix, then (on the old engine) Accept; SIZE_MAX: none fits. */
static size_t choose_format(const struct values_query *q, struct str suffix) {
  struct str asked = sim_param(q->request, "format", 0), accept = sim_header(q->request, "Accept");
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (str_eq(asked, str_of(formats[i].name)) || (!asked.n && suffix.n && str_eq(str_from(suffix, 1), str_of(formats[i].name)))) return i;
  if (q->new_engine || asked.n || suffix.n || !accept.n || str_has(accept, STR("*/*"))) return 0;
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (str_has(accept, str_of(formats[i].media))) return i;
  return SIZE_MAX;
}

static void add_disposition(struct values_query *q, struct str packing, const char *suffix) {
  struct arena *a = q->request->arena;
  struct str attachment = sim_param(q->request, "attachment", 0), format = sim_param(q->request, "format", 0),
             start = sim_param(q->request, "startDate", 0), end = sim_param(q->request, "endDate", 0);
  struct str kind = q->new_engine && format.n && !str_eq(format, STR("adx+xml")) ? format : str_of(suffix);
  struct str name = STR_NONE;
  if (q->new_engine && !attachment.n) {
    struct str dates = q->dates ? arena_printf(a, "_%.*s_%.*s", STR_ARG(start), STR_ARG(end)) : STR("");
    name = arena_printf(a, "attachment; filename=\"dataValues%.*s.%.*s%s%.*s\"", STR_ARG(dates), STR_ARG(kind), packing.n ? "." : "",
                        STR_ARG(packing));
  } else if (!q->new_engine && (attachment.n || packing.n)) {
    struct str base = attachment.n ? attachment : STR("dataValues");
    name = arena_printf(a, "attachment; filename=%.*s.%s%s%.*s", STR_ARG(base), suffix, packing.n ? "." : "", STR_ARG(packing));
  }
  if (!name.n) return;
  sim_reply_header(q->reply, "Content-Disposition", name);
  sim_reply_header(q->reply, "Content-Transfer-Encoding", STR("binary"));
}

static void reply(struct values_query *q, size_t at) {
  struct buf text = BUF_INIT(ANSWER_MAX);
  struct str compression = sim_param(q->request, "compression", 0), packing = str_eq(compression, STR("gzip"))  ? STR("gz")
                                                                              : str_eq(compression, STR("zip")) ? STR("zip")
                                                                                                                : STR("");
  values_query_select(q);
  if (values_format_write(q, formats[at].format, &text)) {
    struct str body = buf_str(&text);
    add_disposition(q, packing, formats[at].suffix);
    sim_reply_header(q->reply, "Cache-Control", STR("no-cache, no-store, max-age=0, must-revalidate"));
    if (str_eq(packing, STR("gz"))) body = data_gzip(q->request->arena, body);
    if (str_eq(packing, STR("zip")))
      body = data_zip(q->request->arena, arena_printf(q->request->arena, "dataValues.%s", formats[at].suffix), body);
    sim_reply_text(q->reply, 200, arena_printf(q->request->arena, "%s;charset=UTF-8", formats[at].media).p, body);
  }
  buf_free(&text);
}

void values_read(struct sim *sim, json_t *user, const struct sim_request *request, struct str suffix, struct sim_reply *answer) {
  struct values_query q;
  bool good = values_query_read(&q, sim, user, request, answer);
  size_t at = choose_format(&q, suffix);
  if (good && at == SIZE_MAX)
    sim_reply_tomcat(answer, 400, "Parameter conditions \"format\" not met for actual request parameters");
  else if (good)
    reply(&q, at);
  values_query_done(&q);
}
