// Every refusal in words, with what to do about it. Keys are drawbridge's codes; texts go through t(). What is told of this one case beside its code is read by said.js.
import { t } from '../i18n.js'

const WORDS = {
  wrong_credentials: () => [t('User name or password is wrong'), t('Check both: capital letters count. Some servers say the same of a locked or disabled account.')],
  second_factor_required: () => [t('A code is needed as well'), t('Enter the 6 digits from your authenticator app, or from the e-mail that the server sent.')],
  second_factor_wrong: () => [t('The code is wrong'), t('Wait for the next code. If it is refused again, check that the clock of your phone is right.')],
  enrolment_required: () => [t('The server asks you to set up a second factor first'), t('Open the server itself, sign in there, set it up in your profile, and come back.')],
  account_locked: () => [t('The account is locked'), t('Wait 15 minutes or ask the administrator of the server to unlock it.')],
  account_disabled: () => [t('The account is disabled'), t('Ask the administrator of the server to enable it.')],
  account_expired: () => [t('The account has expired'), t('Ask the administrator of the server to extend it.')],
  password_expired: () => [t('The password has expired'), t('Open the server itself, choose a new password, and come back.')],
  token_refused: (error) => [t('The server refused the token'), tokenReason(error.reason)],
  kind_not_offered: () => [t('This kind of sign-in is not offered for this server'), t('Choose another one.')],
  unknown_server: () => [t('There is no such server'), t('Go back to the list of servers.')],
  not_dhis2: () => [t('This is not a DHIS2 server'), t('Ask the administrator of drawbridge to check the address of the server.')],
  certificate_refused: () => [t("The server's certificate is not trusted"), t('Ask the administrator of the server to renew it, or the administrator of drawbridge to trust whoever issued it.')],
  address_refused: () => [t("The server's network address is not allowed"), t('Ask the administrator of drawbridge to list it.')],
  server_unreachable: () => [t('The server cannot be reached'), t('Try again in a minute. If it stays so, ask whether the server is running.')],
  upstream_timeout: () => [t('The server took too long'), t('Try again in a minute.')],
  upstream_broken: () => [t("The server's answer was cut"), t('Try again in a minute.')],
  upstream_error: () => [t('The server failed'), t('Try again. If it stays so, tell the administrator of the server.')],
  empty_answer: () => [t('The server\'s answer was empty'), t('Sign in again.')],
  clock_skew: () => [t('The clocks of the server and of drawbridge differ too much'), t('Ask the administrators of both to let them keep time by NTP.')],
  reauth_required: () => [t('The sign-in at the server has ended'), t('Sign in again.')],
  not_connected: () => [t('Not signed in to this server'), t('Sign in to go on.')],
  no_session: () => [t('You are not signed in'), t('Sign in to a server to go on.')],
  session_expired: () => [t('Your session has ended'), t('Sign in again. What you decided is kept.')],
  own_decision: () => [t('Another person has to approve that'), t('You decided it, or a part of it. Ask a colleague.')],
  changed_meanwhile: () => [t('Somebody else changed it meanwhile'), t('Their version is shown now. Decide again where it matters.')],
  forbidden: () => [t('Your account may not do that'), t('Ask the administrator of the server for the right.')],
  policy: () => [t('Not allowed through drawbridge'), t('Ask the administrator of drawbridge.')],
  not_found: () => [t('There is nothing here'), t('It may have been removed.')],
  too_many: () => [t('Too many at once'), t('Wait a minute and try again.')],
  busy: () => [t('The server is busy'), t('Wait a minute and try again.')],
  store_unavailable: (error) => STORE_TROUBLES[error.reason]?.() ?? [t('drawbridge cannot reach its database'), t('Try again in a minute. If it stays so, tell the administrator of drawbridge.')],
  refresh_failed: () => [t('The sign-in could not be renewed for now'), t('Try again in a minute.')],
  return_to_refused: () => [t('That app is not known here'), t('Ask the administrator of drawbridge to list its address.')],
  access_denied: () => [t('You did not give consent'), t('Sign in again and allow it, or choose another kind of sign-in.')],
  transaction_lost: () => [t('The sign-in took too long or was started in another window'), t('Start it again.')],
  conflict: (error) => CONFLICTS[error.reason]?.() ?? [t('That is not possible now'), t('It is in use, or was changed meanwhile. Look at it again.')],
  too_large: () => [t('That is too much at once'), t('Choose less, or do it in parts.')],
  input: () => [t('This cannot be read'), t('Correct it, and try again.')],
  differs: () => [t('What was read back is not what was sent'), t('Send again. If it stays so, tell the administrator of the target.')],
  cancelled: () => [t('It was stopped'), t('Start it again when you wish.')],
  request_timeout: () => [t('It took too long to arrive'), t('Check your network, and try again.')],
  inside: () => [t('Something inside drawbridge failed'), t('Try again. If it stays so, tell the administrator of drawbridge when it happened.')],
  cookies_blocked: () => [t('This browser refuses cookies here'), t('Without them nobody can stay signed in. Allow cookies for this address, and load the page again.')],
  page_replaced: () => [t('drawbridge was updated'), t('Load the page again. What you decided is kept.')],
  gateway_unreachable: () => [t('drawbridge cannot be reached'), t('Check your network, and try again.')],
}

/** What only a page does wrong that is older than the program, or was opened at another address. */
export const MISUNDERSTOOD = 'bad_request bad_target challenge_required proof_refused cross_site missing_header method_refused target_too_long wrong_host head_too_large loop usage configuration'.split(' ')
for (const code of MISUNDERSTOOD) WORDS[code] = () => [t('drawbridge and this page do not understand each other'), t('Load the page again. If it stays so, tell the administrator of drawbridge.')]

/** Codes that leave nothing to be added. */
export const SAY_ALL = 'second_factor_required second_factor_wrong enrolment_required no_session session_expired not_connected unknown_server busy own_decision changed_meanwhile return_to_refused access_denied transaction_lost gateway_unreachable page_replaced cookies_blocked store_unavailable'.split(' ')

const CONFLICTS = {
  drift: () => [t('The servers have changed since the alignment was made'), t('What is sent would be wrong. Look at the changes of the alignment, and go on from there.')],
  drift_waits: () => [t('The servers have changed since the alignment was made'), t('Somebody has to look at the changes of the alignment first, and go on from there: so it was chosen.')],
  data_set_changed: () => [t('The alignment cannot go on from here'), t('A data set was taken away, or is another one by now. Make a new alignment.')],
}

const notWritten = () => [t('drawbridge cannot write to its database'), t('Nothing that was saved is lost. Tell the administrator of drawbridge.')]
const STORE_TROUBLES = {
  disk_full: () => [t('The disk of drawbridge is full'), t('Nothing that was saved is lost. Tell the administrator of drawbridge to make room.')],
  read_only: notWritten,
  not_allowed: notWritten,
}

const TOKEN_REASONS = {
  expired: () => t('It has expired. Make a new one in your profile at the server.'),
  address: () => t('It is limited to other network addresses. Make one without that limit, or with the address of drawbridge.'),
  method: () => t('It does not allow the methods that are needed. Make one that allows GET and POST.'),
  referer: () => t('It is limited to certain referring pages. Make one without that limit.'),
  disabled: () => t('Its owner is disabled. Ask the administrator of the server.'),
  malformed: () => t('It is not complete. Copy all of it, from d2 to the end.'),
  unknown: () => t('The server does not know it: mistyped, or revoked. Make a new one in your profile at the server.'),
}

const tokenReason = (reason) =>
  TOKEN_REASONS[reason]?.() ?? t('This server does not say why: it may have expired, be mistyped, or be limited to other addresses. Try a new one.')

/** {title, remedy, detail} of anything that was thrown, and of a problem that an answer tells. `detail` is in English, or the server's own: what there is to be told beside. */
export function inWords(error) {
  const detail = error?.message ?? error?.detail
  const words = WORDS[error?.code]?.(error)
  if (!words) return { title: error?.title ?? t('Something went wrong'), remedy: detail ?? '', detail: undefined }
  return { title: words[0], remedy: words[1], detail: SAY_ALL.includes(error.code) || error.reason in CONFLICTS ? undefined : detail }
}

export const knownCodes = () => Object.keys(WORDS)

/** Does loading the page again help? Some browsers ask but once for a part, and keep that it did not come. */
export const isOutdated = (error) => error?.answers || MISUNDERSTOOD.includes(error?.code)

/** May sign-in help? Then offer it. */
export const isSignedOut = (error) => ['no_session', 'not_connected', 'reauth_required', 'session_expired', 'empty_answer'].includes(error?.code)
