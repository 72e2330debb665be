/* values_format: data values as DHIS2 writes them: JSON, CSV, XML, ADX, each engine in its own way. Inside of the values_*.c files alone. */
#ifndef DRAWBRIDGE_SIM_VALUES_FORMAT_H
#define DRAWBRIDGE_SIM_VALUES_FORMAT_H

#include "sim/values_query.h"

enum values_format { VALUES_JSON, VALUES_CSV, VALUES_XML, VALUES_ADX };

/* Writes the selected rows; false: an object has no name in the scheme asked for, and that was answered. */
bool values_format_write(struct values_query *q, enum values_format format, struct buf *out);

#endif
