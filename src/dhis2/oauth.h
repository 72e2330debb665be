/* oauth: DHIS2's two authorization servers, as they differ from what oauth/oauth.h knows: the new one (2.42+, PKCE, OpenID Connect) and the old one (to 2.41: no PKCE, no ID token, no revocation).
 *
 * What holds always: both answer a call without a good client by a redirect to the login page or a page, where they should say invalid_client. The ID token is taken as a credential for 30 minutes (2.42+). Blocks, where it calls. */
#ifndef DRAWBRIDGE_DHIS2_OAUTH_H
#define DRAWBRIDGE_DHIS2_OAUTH_H

#include "dhis2/sign_in.h"

extern const struct oauth_manners dhis2_manners, dhis2_legacy_manners;
bool dhis2_is_legacy(const struct oauth_provider *provider); /* the old one */

struct oauth_party dhis2_party(const struct source_place *place, const struct oauth_provider *provider, const struct oauth_client *client);

/* As oauth_redeem, and then asks the API who it is. -1 also: ERROR_upstream_error with reason "scope" (the person did not tick `username`) or "id_token" (it names another user than the API); those of sign_in.h. */
int dhis2_oauth_redeem(const struct source_place *place, const struct oauth_party *party, const struct secret *code,
                       const struct secret *verifier, struct str nonce, struct arena *arena, struct signed_in *ret, struct error *error);

/* What an administrator posts to /api/oAuth2Clients so that the server knows drawbridge, as JSON; where the secret (old server) or its bcrypt hash (new server) belongs, the text says so. */
struct str dhis2_client_definition(struct arena *arena, bool legacy, struct str client_id, struct str redirect_uri);

#endif
