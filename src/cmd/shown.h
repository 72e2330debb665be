/* shown: how far long work is: one line on standard error that is written over, where that is a terminal; in a pipe nothing.
 *
 * Life cycle: shown any number of times, from one thread at a time; shown_no_more before anything else is printed. */
#ifndef DRAWBRIDGE_CMD_SHOWN_H
#define DRAWBRIDGE_CMD_SHOWN_H

void shown(const char *format, ...) __attribute__((format(printf, 1, 2)));
void shown_no_more(void); /* takes the line away; without effect where nothing is shown */

#endif
