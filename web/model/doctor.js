// What the doctor found at a server, in words. His sentences are English and each is the key of its translation; what is not here is shown as he says it. No DOM.
import { listed, t, time, tn } from '../i18n.js'

/** Meanings and remedies. */
const sentences = (t) => [
  t("write it as https://host/path, without anything behind DHIS2's own path"),
  t('this is an address inside DHIS2, not the one that all of it lies below'),
  t('passwords and tokens go over the network in clear: everybody on the way can read them'),
  t('give the server a certificate and use https'),
  t('the call could not be made'),
  t('reachable, but slow for a call that costs the server nothing'),
  t('look at the line, and at the load of the server'),
  t('drawbridge follows no redirects: a credential goes to the address that was configured and nowhere else'),
  t("use the address that the redirect leads to, cut behind DHIS2's own path"),
  t('DHIS2 from 2.42 on answers every call that carries a foreign Origin with an empty 200, and drawbridge sends none: the reverse proxy adds one, or answers by itself'),
  t('take Origin out of what the reverse proxy adds, and let it pass /api on unchanged'),
  t('a portal, a maintenance page or another program answers on /api'),
  t('let the reverse proxy pass /api on to DHIS2; check the context path in the address'),
  t('something answers, but DHIS2 behind it does not'),
  t("see whether DHIS2 runs, and what its log and the reverse proxy's say"),
  t('without DHIS2 there is nothing to sign in to'),
  t('check the address: host, port and context path (…/dhis)'),
  t('older than what drawbridge was tried with'),
  t('upgrade to a release that is still maintained'),
  t('newer than what drawbridge was tried with'),
  t('see whether there is a newer drawbridge; until then check before sending, and compare the totals'),
  t('something before the server takes it away: refusals come as redirects to the login page, with their reasons lost'),
  t('let the reverse proxy pass X-Requested-With on'),
  t('nothing at the server answers to a token: either tokens of all kinds are switched off there, or something before it takes the header away'),
  t('let the reverse proxy pass Authorization on'),
  t('something before the server blocks them: apps that change or delete will fail'),
  t('let the reverse proxy, or the firewall in it, pass these methods on for /api'),
  t('ID tokens of the server look expired or not valid yet (a minute is allowed), and codes of a second factor are taken for half a minute only'),
  t('let both machines keep time by NTP'),
  t("the server's CORS list lets every web site in"),
  t('any page that a signed-in user opens can read his data; drawbridge needs no entry there'),
  t('take the * out of the CORS allowlist in the system settings'),
  t('something answers, but what is behind it does not'),
  t("see whether the server runs, and what its log and the reverse proxy's say"),
  t('configure the address that answers itself'),
  t('there is nothing at this path: the address may lack a part of its own, or there is just no page there'),
  t('name a path that answers with "check" in the server\'s configuration'),
  t('the server finds the request malformed'),
  t('the server knows no such client, or the client with another redirect address: it must be the same letter by letter'),
  t("the client's grants at the server must be authorization_code and refresh_token"),
  t('the token endpoint gives an answer that does not show it'),
  t('people are signed out when their first token ends'),
  t('drawbridge has no client id for this server'),
  t('people cannot sign in at the server itself until drawbridge is registered there'),
  t('the client may use it'),
  t("whoever has the client's secret can try passwords, without a second factor; drawbridge does not need it"),
  t('pages of any web site may ask this server for tokens, and read them; drawbridge does not need it'),
  t('take these headers away where they are added, in the reverse proxy or by the CORS allowlist'),
  t('the server cannot prove that it is the one meant; drawbridge sends it nothing'),
  t('let the server send its whole chain for exactly this host name; a certificate of your own authority is named with "ca" in the server\'s configuration'),
  t('the name leads to a loopback or private address, which is refused unless it is listed, so that nobody can use drawbridge to reach inside your network'),
  t('if it is meant, list the range in "addresses" of the server\'s configuration'),
  t('no connection comes about from the machine that drawbridge runs on'),
  t('check name, port and firewall from that machine, for example with curl'),
  t('the connection stands, but no answer comes'),
  t("see whether DHIS2 is starting or overloaded, and what the reverse proxy's log says"),
  t('what answers there does not speak HTTP as it should, or cuts its answers'),
  t("check the port, and the reverse proxy's log"),
  t('the chain ends before an authority that is trusted here: the server does not send the intermediate certificate, or the authority is your own'),
  t('let the server send its whole chain, the intermediate certificate included (fullchain.pem, SSLCertificateChainFile); a certificate of your own authority is named with "ca" in the server\'s configuration'),
  t('it vouches for itself, or its authority is not trusted here: anybody can make one like it'),
  t('get one from an authority (Let\'s Encrypt gives them), or name the file of your own authority with "ca" in the server\'s configuration'),
  t('it was issued for another name'),
  t("use the name that the certificate has in the server's url, or get one for this name"),
  t('it has ended'),
  t('renew it, and see why that does not happen by itself; and see that the clock of this machine is right'),
  t('it begins later'),
  t('see that the clocks of both machines are right'),
  t('it ends soon; afterwards nobody can sign in'),
  t('renew it, and see why that does not happen by itself'),
  t('the server does not look at personal access tokens: they are switched off there (in 2.37 by default), or something before it takes the Authorization header away'),
  t('set enable.api_token.authentication = on in dhis.conf and restart DHIS2; check that the reverse proxy passes Authorization on'),
  t("the server's answer to a token does not show whether it takes any"),
  t('releases from 2.42 on have another authorization server'),
  t('the old authorization server does not answer at /uaa/oauth/token'),
  t('set oauth2.authorization.server.enabled = on in dhis.conf, or let the reverse proxy pass /uaa on'),
  t('neither the sign-in form nor the sign-in of the API shows itself'),
  t('let the reverse proxy pass /dhis-web-commons and /dhis-web-commons-security on'),
  t("the authorization server's description lacks an address"),
  t('the authorization server names addresses on another host'),
  t('set server.base.url in dhis.conf to the address that people use'),
  t('the authorization server does not offer codes with PKCE (S256)'),
  t("before 2.42.5 the server's API takes its own tokens only where an administrator has set that up by hand"),
  t('upgrade to 2.42.5 or later'),
  t('releases before 2.42 have no authorization server with PKCE'),
  t('the server describes no authorization server (releases before 2.42 have none of this kind)'),
  t('the authorization server is switched off, or the way to /.well-known/openid-configuration is closed'),
  t('set oauth2.server.enabled = on and server.base.url in dhis.conf and restart DHIS2; let the reverse proxy pass /.well-known and /oauth2 on'),
  // of what is good
  t('well formed'),
  t('reachable from here'),
  t('it was issued for this host by an authority that is trusted here'),
  t('the address itself answers'),
  t('a release that drawbridge knows'),
  t('a release up to 2.40, or the way to /api/loginConfig is closed'),
  t('no page, no portal and no empty answer stands in for DHIS2 on /api'),
  t('nothing on the way takes them away'),
  t('apps can change and delete'),
  t('people sign in at the server itself, second factor included; drawbridge never sees a password'),
  t('people sign in at the server itself; its codes are less protected (no PKCE), so the client\'s secret must stay secret'),
  t('people paste a personal access token; not for users with a second factor'),
  t('drawbridge signs in with user name, password and, where the user has one, the code of the second factor, and keeps the server\'s session'),
  t('works, but keeps the password, and never for users with a second factor; not offered unless the configuration says so'),
  t('the server calls itself by the address that drawbridge knows it by'),
  t('people can sign in by it'),
  t('as it should be: a program that asks for a token with user name and password is told invalid_client, "Unauthorized grant type". drawbridge sends people to the server instead, where a second factor works, too'),
  t('releases from 2.42 on give no token for a user name and password; drawbridge sends people to the server instead'),
  t('an app that asks for tokens from the browser gets "CORS error" or "Failed to fetch", whatever it sends and whatever the CORS allowlist says: a token is asked for by a server. drawbridge does that'),
  t('the token endpoint reads JSON, too'),
  t('the token endpoint reads a form (application/x-www-form-urlencoded) and nothing else: in a JSON body it finds no grant_type, whatever stands there ("Missing grant type"). drawbridge sends a form'),
  t('the server\'s answers have no Date'),
  t('close enough'),
  t('drawbridge calls the server from its own machine, without an Origin: the server\'s CORS list needs no entry for it, and none would help. Which apps may call is decided by "apps" here'),
  t('it asks for a sign-in, as it should'),
  t('it answers without a sign-in'),
  // what was found
  t('the server refuses what drawbridge asks for'),
  t('the server does not know it so'),
  t('it may not use authorization codes'),
  t('the server does not take id and secret'),
  t('it cannot be told whether the secret is right'),
  t('it may not renew sign-ins'),
  t('known, and the secret is right'),
  t('the client may not use it'),
  t('the server has no password grant'),
]
const known = new Set(sentences((text) => text))
export const knownSentences = () => known

const KINDS = { oauth: 'OAuth', 'legacy-oauth': 'OAuth (2.41)', pat: 'PAT', basic: 'Basic' }
const CHECKS = {
  address: () => t('Address'),
  network: () => t('Network'),
  certificate: () => t('Certificate'),
  redirect: () => t('Redirect'),
  answers: () => t('What answers'),
  version: () => t('Version'),
  headers: () => t('Headers'),
  methods: () => t('Methods'),
  clock: () => t('Clock'),
  cors: () => 'CORS',
  client: () => t('Registration of drawbridge'),
  issuer: () => t('Issuer'),
  token: () => t('Access token'),
  'password grant': () => t('Tokens for a password'),
  'token as json': () => t('Token asked for by JSON'),
  'token from browser': () => t('Token asked for by other web sites'),
}

const named = (what) => listed(what.split(/, | and /))

const FOUND = [
  [/^answered in (\d+) ms$/, (ms) => t('answered in {n} ms', { n: Number(ms) })],
  [/^trusted, until (\S+) \((-?\d+) days\)$/, (date, days) => tn('trusted, until {date} ({n} day)', 'trusted, until {date} ({n} days)', Number(days), { date: time(date) })],
  [/^trusted$/, () => t('trusted')],
  [/^none$/, () => t('none')],
  [/^(\d+) seconds behind ours$/, (n) => t('{n} s behind', { n: Number(n) })],
  [/^(\d+) seconds ahead of ours$/, (n) => t('{n} s ahead', { n: Number(n) })],
  [/^not told$/, () => t('not told')],
  [/^not told before signing in$/, () => t('not told before signing in')],
  [/^data where data belong$/, () => t('data where data belong')],
  [/^it cannot be told whether Authorization arrives$/, () => t('it cannot be told whether Authorization arrives')],
  [/^(.*) (?:do|does) not arrive$/, (what) => t('{what} do not arrive', { what: named(what) })],
  [/^(.*) arrive$/, (what) => t('{what} arrive', { what: named(what) })],
  [/^on$/, () => t('on')],
  [/^off$/, () => t('off')],
  [/^off, though the configuration names it$/, () => t('off, though the configuration names it')],
  [/^cannot be told$/, () => t('cannot be told')],
  [/^not used$/, () => t('not used')],
  [/^status (\d+) at (\S+)$/, (n, path) => t('status {n} at {path}', { n, path })],
  [/^(status .*), to (\S+)$/, (what, address) => t('{what}, to {address}', { what: foundWords(what), address })],
  [/^sends to (.*) \(status (\d+)\)$/, (address, status) => t('sends to {address} (status {status})', { address, status })],
  [/^(.*), redirect address (\S+): (.*)$/, (client, address, state) => t('{client}, redirect address {address}: {state}', { client, address, state: doctorWords(state) })],
  [/^the preflight is answered with (\d+), the call with (\d+), without /, (before, status) => t('the preflight is answered with {before}, the call with {status}, without Access-Control-Allow-Origin', { before, status })],
  [/^the preflight is answered with (\d+), the call with (\d+), and with /, (before, status) => t('the preflight is answered with {before}, the call with {status}, with Access-Control-Allow-Origin', { before, status })],
  [/^answered with (\d+.*)$/, (what) => t('answered with {what}', { what })],
]

export function checkName(check) {
  const kind = /^sign-in (.*)$/.exec(check)?.[1]
  return kind ? t('Sign-in: {kind}', { kind: KINDS[kind] ?? t('Password') }) : (CHECKS[check]?.() ?? check)
}

export function foundWords(found) {
  for (const [pattern, words] of FOUND) {
    const parts = pattern.exec(found)
    if (parts) return words(...parts.slice(1))
  }
  return doctorWords(found)
}

const REGISTRATION = /^as an administrator, POST this to (\S+): (\{.*\})(; then name client_id and client_secret in "oauth" of the server's configuration)?$/s

/** What to do: {words, definition: what is to be sent for it, afterwards: what to do then}. */
export function remedyWords(text) {
  const [, address, definition, afterwards] = REGISTRATION.exec(text) ?? []
  return definition ? { words: t('as an administrator, POST this to {address}', { address }), definition, afterwards: afterwards && t('then name client_id and client_secret in "oauth" of the server\'s configuration') } : { words: doctorWords(text) }
}

export function doctorWords(text) {
  const address = /^use (https?:\S+)$/.exec(text)?.[1]
  return address ? t('use {address}', { address }) : known.has(text) ? t(text) : text
}
