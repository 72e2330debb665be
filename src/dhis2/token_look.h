/* token_look: how personal access tokens look; see dhis2_token_look in sign_in.h. Pure, but for the random letters. */
#ifndef DRAWBRIDGE_DHIS2_TOKEN_LOOK_H
#define DRAWBRIDGE_DHIS2_TOKEN_LOOK_H

#include "dhis2/sign_in.h"

/* A well-formed token (of 2.41+; before, any is) that no server has: what a server says to it shows whether it looks at tokens at all. */
struct str dhis2_token_of_nobody(struct arena *arena);

#endif
