/* The report as it is filed. */
#include "base/clock.h"
#include "base/json_out.h"
#include "transfer/run_internal.h"

const char *run_outcome(const struct run_told *told, const struct report *report) {
  if (told->failure && told->failure->code)
    return told->failure->code != ERROR_cancelled ? "failed" : told->paused ? "paused" : "cancelled";
  return report_outcome(report, told->order->dry_run);
}

static void write_asked(const struct run_told *told, struct json_out *out) {
  const struct run_order *order = told->order;
  char hash[65];
  order_hash(told->mapping_text, hash);
  json_out_member_str(out, "from", order->from);
  json_out_member_str(out, "to", order->to);
  if (told->mapping_name.n) json_out_member_str(out, "mapping_name", told->mapping_name);
  if (told->mapping_version) json_out_member_int(out, "mapping_version", told->mapping_version);
  json_out_member_str(out, "mapping_sha256", str_of(hash));
  json_out_member_array(out, "periods");
  for (size_t i = 0; i < order->period_count; i++) json_out_str(out, order->periods[i]);
  json_out_end(out);
  json_out_member_array(out, "org_units");
  for (size_t i = 0; i < order->org_unit_count; i++) json_out_str(out, order->org_units[i]);
  json_out_end(out);
  json_out_member_bool(out, "descendants", order->descendants);
  json_out_member_array(out, "accept");
  for (unsigned i = 0; i < 3; i++)
    if (order->accept[i]) json_out_str(out, str_of(mapping_decision_name((enum mapping_decision)i)));
  json_out_end(out);
  json_out_member_bool(out, "dry_run", order->dry_run);
  if (told->undo) json_out_member_bool(out, "undo", true);
  if (order->changed_since.n) json_out_member_str(out, "changed_since", order->changed_since);
  json_out_member_str(out, "deletions", order->deletions ? STR("delete") : STR("ignore"));
  json_out_member_str(out, "read", order->analytics ? STR("analytics") : STR("values"));
  json_out_member_str(out, "comments", order->comments ? STR("carry") : STR("none"));
  json_out_member_str(out, "unknown_units", order->skip_units ? STR("skip") : STR("refuse"));
  if (order->check_min_max) json_out_member_bool(out, "check_min_max", true);
}

/* Who ran it: as the caller knows, else as the servers said. */
static void write_by(const struct run_told *told, const struct report *report, struct json_out *out) {
  struct str source = told->by_source.n ? told->by_source : report_party_of(report, REPORT_SOURCE).user,
             target = told->by_target.n ? told->by_target : report_party_of(report, REPORT_TARGET).user;
  if (source.n) json_out_member_str(out, "by_source", source);
  if (target.n) json_out_member_str(out, "by_target", target);
}

bool run_report_write(const struct run_told *told, const struct report *report, struct buf *buf) {
  struct json_out out = JSON_OUT_INIT(buf);
  json_out_object(&out);
  json_out_member_str(&out, "format", STR("drawbridge-report"));
  json_out_member_int(&out, "version", 1);
  write_asked(told, &out);
  write_by(told, report, &out);
  json_out_member_time(&out, "began", told->began_ms);
  json_out_member_time(&out, "ended", told->ended_ms);
  json_out_member_str(&out, "outcome", str_of(run_outcome(told, report)));
  if (told->failure && told->failure->code) {
    json_out_member_object(&out, "problem");
    json_out_member_str(&out, "code", str_of(error_name(told->failure->code)));
    json_out_member_str(&out, "detail", str_of(told->failure->message));
    error_said_write(told->failure, &out);
    if (told->failure->reason[0]) json_out_member_str(&out, "reason", str_of(told->failure->reason));
    json_out_end(&out);
  }
  report_write(report, &out);
  json_out_end(&out);
  (void)buf_add_char(buf, '\n');
  return !buf->full;
}
