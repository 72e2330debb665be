/* qr: a text as a QR code picture, for the set-up of a second factor. */
#ifndef DRAWBRIDGE_SIM_QR_H
#define DRAWBRIDGE_SIM_QR_H

#include "base/arena.h"

struct str sim_qr_png(struct arena *arena, struct str text); /* PNG, grey, 4 pixels a module; empty if the text is too long for a code */

#endif
