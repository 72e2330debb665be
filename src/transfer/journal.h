/* journal: what a run has done and is about to do, on disk before it is done: a folder that a killed run is resumed from, and an undone one undone.
 *
 * What holds always: a record that journal_append returned 0 for survives the end of the process and a power cut; a record that was cut while being written is as if it had never been begun, whatever byte it was cut at. A record that
 * is whole and not what was written is never passed over: ERROR_input. One process at a time has the journal: a second gets ERROR_busy.
 *
 * What is waited for, and what not: to wait for the disk is most of what a record costs. What something irrevocable follows is waited for: a plan, before the first value of it is sent. A record that can be found out again from
 * those before it, or of which it is known when it may be missing, is not (journal_note): it survives the end of the process all the same, since the system has it; a machine that goes down may take it along, and with it only records that were not waited for either, since the next one that is waits for all of
 * the file. File systems make a file longer when what stands there was written, so that what a power cut leaves is the journal up to some byte.
 *
 * The folder: `journal`, one record a line: 16 hexadecimal digits of the record's SHA-256, a blank, the record as JSON. `undo.csv`, rows that records point into (journal_put_rows): what the target held before, readable by
 * people too. `refused.csv`, the same with what was refused (refused.h), made when there is any. `lock`, with who has it in words. Records up to 16 MiB, rows up to 256 MiB a time.
 *
 * Where several processes share a store, `folder` is a place in it (hold.h): the same journal as records there, with files and rows as records of their own; who has lost the run is told so by ERROR_cancelled.
 *
 * Life cycle: journal_open, calls, journal_close. Calls block on the disk or the store. Not for two threads at once. */
#ifndef DRAWBRIDGE_TRANSFER_JOURNAL_H
#define DRAWBRIDGE_TRANSFER_JOURNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum { JOURNAL_RECORD_MAX = 16 << 20, JOURNAL_ROWS_MAX = 256 << 20 };

struct journal;

/* -1: ERROR_busy: another process has the journal in that folder; the message says since when and whose. 0 also where there is none. */
int journal_is_free(const char *folder, struct error *error);

/* Makes the folder where there is none. Each whole record that is there goes to `replay` first, in order. NULL: ERROR_busy (another process has it), ERROR_input (damaged; the place is told), ERROR_inside (disk), or replay's own. */
struct journal *journal_open(const char *folder, int (*replay)(void *payload, struct str record, struct error *error), void *payload,
                             struct error *error);
void journal_close(struct journal *journal); /* NULL is fine */

/* JSON without line breaks. On the disk when it returns 0; ERROR_inside: not, and nothing more is taken. */
int journal_append(struct journal *journal, struct str record, struct error *error);

/* The same for what nothing is lost with: see above. In a store it is waited for like any other: who has lost the run learns it by that. */
int journal_note(struct journal *journal, struct str record, struct error *error);
bool journal_keeps_notes(const struct journal *journal); /* also where the machine goes down */

/* Rows at the end of undo.csv, on the disk when it returns; what stood behind the last rows that a record names is dropped first. `end`: where those end. */
struct journal_rows {
  uint64_t at, n;
  char hash[17];
};
int journal_put_rows(struct journal *journal, uint64_t end, struct str rows, struct journal_rows *ret, struct error *error);

int journal_get_rows(struct journal *journal, const struct journal_rows *rows, struct arena *arena, struct str *ret,
                     struct error *error); /* ERROR_input: they are not what was put */

/* The same with rows of refused.csv; and what stands there behind `end` is dropped. */
int journal_put_refused(struct journal *journal, uint64_t end, struct str rows, struct journal_rows *ret, struct error *error);
int journal_cut_refused(struct journal *journal, uint64_t end, struct error *error);
int journal_get_refused(struct journal *journal, const struct journal_rows *rows, struct arena *arena, struct str *ret,
                        struct error *error);

/* A whole small file in the folder, by name; for what belongs to a run from its start. */
int journal_put_file(struct journal *journal, const char *name, struct str bytes, struct error *error);
int journal_get_file(struct journal *journal, const char *name, struct arena *arena, struct str *ret, struct error *error);

#endif
