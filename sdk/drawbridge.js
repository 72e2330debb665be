// drawbridge in the browser: one module, no dependencies. See README.md; types in drawbridge.d.ts.
//
// The credentials of the DHIS2 servers stay in drawbridge. What the browser holds is a cookie that no script can read; or, where it keeps no cookie of drawbridge's for this site, a key that no script can read, which signs each call.

const CODE_IN_FRAGMENT = 'drawbridge_code'
const POPUP_IN_QUERY = 'drawbridge_popup'
const RETRIED_STATUSES = [502, 503, 504]
const RETRY_AFTER_MAX = 5
const SIGNED_OUT = ['no_session', 'session_expired', 'not_connected', 'reauth_required']
const EVENTS = ['auth-required', 'session']

/** What was refused or failed, with drawbridge's stable `code` ("not_connected", "policy", …) and who failed in `origin`. */
export class DrawbridgeError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || problem.code)
    this.name = 'DrawbridgeError'
    this.status = problem.status
    this.code = problem.code
    this.reason = problem.reason
    this.server = problem.server
    this.origin = problem.origin
    this.title = problem.title
    this.said = problem.said
    this.loginUrl = problem.login_url
    this.requestId = problem.request_id
    this.traceId = problem.trace_id
    this.retryAfter = problem.retry_after
    this.body = problem.body
  }

  /** The two members that apps read of @dhis2/data-engine's FetchError. */
  get type() {
    return this.status === 0 ? 'network' : [401, 403, 409].includes(this.status) ? 'access' : 'unknown'
  }

  get details() {
    return this.body ?? {}
  }
}

/** @param {{url?: string, language?: string, fetch?: typeof fetch, storage?: Storage, keys?: object}} options `language`: of the reader ("fr"), where that is not the browser's; `keys`: get, set and remove of what holds the session in mode `handle`, instead of IndexedDB. */
export function createDrawbridge({ url = globalThis.location?.origin, language, fetch: fetchWith, storage, keys } = {}) {
  const root = new URL(url).href.replace(/\/$/, '')
  const holder = keyHolder(root, fetchWith ?? ((...args) => globalThis.fetch(...args)), keys ?? inDatabase(root))
  const client = transport(root, holder.send, language)
  const { call, json, emit } = client
  const watch = watcher(json, call)
  const at = (id, path = '') => `/v1/servers/${encodeURIComponent(id)}${path}`
  const session = sessionOf(json, holder)
  const tabs = otherTabs(root, async () => client.listens('session') && emit('session', await session()))

  /** Tells listeners what the session is after something changed it, here and in the app's other tabs. */
  async function changed(result) {
    tabs.tell()
    if (client.listens('session')) emit('session', await session())
    return result
  }

  function on(event, listener) {
    if (event === 'session') tabs.listen()
    return client.on(event, listener)
  }

  async function signIn(id, credential, options) {
    await mustHold(session)
    return changed(await json(at(id, '/connection'), { ...options, method: 'POST', json: credential, server: id }))
  }

  async function signOut(id, options) {
    await json(id === undefined ? '/v1/session' : at(id, '/connection'), { ...options, method: 'DELETE', server: id })
    if (id === undefined) await holder.forget()
    await changed()
  }

  const gateway = {
    url: root,
    session,
    servers: (options) => json('/v1/servers', options),
    /** @param {object} credential {kind: "pat", token} · {kind: "password", username, password, code?} · {kind: "basic", username, password} · {kind: "bearer", token} · {kind: "api-key", key} */
    signIn,
    signOut,
    /** What this browser remembers (`remember: true` at a sign-in): of one server, or all of it. The connection stays until the session ends. */
    forget: async (id, options) => changed(await json(id === undefined ? '/v1/vault' : `/v1/vault/${encodeURIComponent(id)}`, { ...options, method: 'DELETE', server: id })),
    doctor: (id, options) => json(at(id, '/doctor'), { ...options, server: id }),

    /** Always absolute: @dhis2/app-runtime takes a base URL with a leading slash for a relative one. */
    baseUrl: (id) => `${root}/s/${encodeURIComponent(id)}`,
    fetch: (id, path, options) => call(inServer(id, path), { ...options, server: id }),
    get: (id, path, options) => json(inServer(id, path), { ...options, server: id }),
    /** What `<Provider config>` of @dhis2/app-runtime wants, for an app with one server. */
    runtimeConfig: async (id, options) => runtimeConfigOf(`${root}/s/${encodeURIComponent(id)}`, await json(inServer(id, 'api/system/info'), { ...options, server: id })),
    engine: (id) => engineOf((path, options) => call(inServer(id, path), { ...options, server: id })),

    dataSets: (id, options) => json(at(id, '/data-sets'), { ...options, server: id }),
    orgUnits: (id, dataSet, options) => json(at(id, `/data-sets/${encodeURIComponent(dataSet)}/org-units`), { ...options, server: id }),
    alignments: alignmentCalls(json, call, watch),
    runs: runCalls(json, call, watch),
    schedules: scheduleCalls(json),
    on,
  }
  return Object.assign(gateway, signInFlows(root, gateway, json, changed, () => storage ?? globalThis.sessionStorage))
}

const inServer = (id, path) => `/s/${encodeURIComponent(id)}/${String(path).replace(/^\//, '')}`

// --- what holds the session ---

const isApart = (mode) => mode === 'cross-site' || mode === 'handle'

/** The session; where there is none and nobody knows yet what the browser keeps, that is found out first: a cookie, or a key. */
function sessionOf(json, holder) {
  async function keepsCookies() {
    const probe = () => json('/v1/probe', { method: 'POST' })
    const first = await probe()
    return first.cookies ? first : probe()
  }

  return async function session(options) {
    const found = await json('/v1/session', options)
    if (holder.isDecided() && holder.isActive() === (found.mode === 'handle')) return found
    if (found.mode === 'same-origin' || (found.expires_at && found.mode !== 'handle')) return holder.useCookies(found)
    if (found.mode !== 'handle') {
      const { cookies, handle } = await keepsCookies()
      if (cookies) return holder.useCookies(found)
      if (!handle) return { ...found, cookies_blocked: true }
    }
    await holder.begin()
    return json('/v1/session', options)
  }
}

async function mustHold(session) {
  const found = await session()
  if (found.cookies_blocked) throw cookiesBlocked()
  return found
}

const cookiesBlocked = () => new DrawbridgeError({ status: 0, code: 'cookies_blocked', detail: 'This browser keeps no cookies for this sign-in: allow them for this site and for drawbridge', origin: 'gateway' })

const NONCE_AGE = 25000

/** Sends calls; in mode `handle` signed (a DPoP proof each, RFC 9449) with a key that cannot be taken out of the browser, and with the handle beside it. The key is shared by all tabs of the app. */
function keyHolder(root, send, keys) {
  let decided = root === globalThis.location?.origin // drawbridge's own page has its cookie
  let active = false
  let nonce
  let nonceAt = -Infinity

  async function current() {
    if (decided && !active) return undefined
    const held = await keys.get()
    if (held) decided = active = true
    return held
  }

  async function begin() {
    decided = active = true
    if (!(await keys.get())) await keys.set({ pair: await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']) })
  }

  async function forget() {
    if (active) await keys.remove()
    decided = active = false
  }

  async function useCookies(found) {
    await forget()
    decided = true
    return found
  }

  async function proofOf({ pair, handle }, method, address) {
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
    const claims = { htm: method, htu: address.replace(/[?#].*$/, ''), iat: Math.floor(Date.now() / 1000), jti: base64url(crypto.getRandomValues(new Uint8Array(16))), nonce, ath: handle && base64url(await sha256(handle)) }
    const signed = [{ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.')
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, utf8(signed))
    return `${signed}.${base64url(signature)}`
  }

  async function sendSigned(held, address, init) {
    const headers = new Headers(init.headers)
    headers.set('X-Drawbridge-Proof', await proofOf(held, init.method, new URL(address).href))
    if (held.handle) headers.set('X-Drawbridge-Session', held.handle)
    const response = await send(address, { ...init, headers })
    const handle = response.headers.get('X-Drawbridge-Session')
    if (handle) await keys.set({ pair: held.pair, handle })
    nonce = response.headers.get('X-Drawbridge-Nonce') ?? nonce
    nonceAt = Date.now()
    return response
  }

  async function sendHeld(address, init) {
    const held = await current()
    if (!held) return send(address, init)
    if (init.body instanceof ReadableStream && Date.now() - nonceAt > NONCE_AGE) await sendSigned(held, `${root}/v1/session`, { method: 'GET', headers: { 'X-Drawbridge': '1' } }) // it can be sent only once
    const response = await sendSigned(held, address, init)
    return (await wantsNonce(response)) ? sendSigned(held, address, init) : response
  }

  return { send: sendHeld, begin, forget, useCookies, isDecided: () => decided, isActive: () => active }
}

async function wantsNonce(response) {
  if (response.status !== 401 || response.headers.get('X-Drawbridge-Error') !== 'proof_refused') return false
  return (await response.clone().json()).reason === 'nonce'
}

/** {get, set, remove} of one record. Where the browser gives no database, it lasts as long as the page. */
function inDatabase(root) {
  let kept
  const opened = () => new Promise((resolve, reject) => {
    const request = indexedDB.open('drawbridge', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('sessions')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  async function run(mode, step) {
    const database = await opened()
    try {
      const request = step(database.transaction('sessions', mode).objectStore('sessions'))
      return await new Promise((resolve, reject) => {
        request.transaction.oncomplete = () => resolve(request.result)
        request.transaction.onabort = () => reject(request.transaction.error)
      })
    } finally {
      database.close()
    }
  }
  const or = (otherwise) => () => otherwise()
  return {
    get: () => (globalThis.indexedDB ? run('readonly', (store) => store.get(root)).catch(or(() => kept)) : Promise.resolve(kept)),
    set: (value) => { kept = value; return globalThis.indexedDB ? run('readwrite', (store) => store.put(value, root)).catch(or(() => undefined)) : Promise.resolve() },
    remove: () => { kept = undefined; return globalThis.indexedDB ? run('readwrite', (store) => store.delete(root)).catch(or(() => undefined)) : Promise.resolve() },
  }
}

/** What the app's tabs tell each other: that the session changed. */
function otherTabs(root, heard) {
  let channel
  const open = () => {
    try {
      return new BroadcastChannel(`drawbridge session ${root}`)
    } catch {
      return undefined // an old browser, or one that refuses cookies
    }
  }
  return {
    tell() {
      const one = channel ?? open() // one does not hear itself
      one?.postMessage('changed')
      if (one !== channel) one?.close()
    },
    listen() {
      if (channel) return
      channel = open()
      if (!channel) return
      channel.onmessage = () => heard().catch(() => {}) // the next call says what is wrong
      channel.unref?.()
    },
  }
}

// --- calls ---

function transport(root, send, language) {
  const listeners = Object.fromEntries(EVENTS.map((event) => [event, new Set()]))
  const emit = (event, value) => { for (const listener of [...listeners[event]]) listener(value) }

  async function call(path, { method = 'GET', headers, body, json: value, signal, server } = {}) {
    const init = { method, signal, credentials: 'include', headers: new Headers(headers), body }
    init.headers.set('X-Drawbridge', '1')
    if (language) init.headers.set('Accept-Language', language)
    if (body instanceof ReadableStream) init.duplex = 'half'
    if (value !== undefined) {
      init.headers.set('Content-Type', 'application/json')
      init.body = JSON.stringify(value)
    }
    const response = await sendTwice(root + path, init, server)
    if (response.ok || response.status === 304) return response
    const error = await errorOf(response, server)
    if (SIGNED_OUT.includes(error.code)) emit('auth-required', error)
    throw error
  }

  // A read that met a server in trouble is tried once more; a write never.
  async function sendTwice(address, init, server) {
    const attempt = () => send(address, init).catch((cause) => { throw unreachable(cause, server) })
    const response = await attempt()
    if (init.method !== 'GET' || !RETRIED_STATUSES.includes(response.status)) return response
    const wait = Number(response.headers.get('Retry-After') ?? 1)
    if (!(wait <= RETRY_AFTER_MAX)) return response
    response.body?.cancel().catch(() => {})
    await pause(wait * 1000, init.signal)
    return attempt()
  }

  async function json(path, options) {
    const response = await call(path, options)
    return response.status === 204 ? undefined : response.json()
  }

  function on(event, listener) {
    if (!EVENTS.includes(event)) throw new TypeError(`there is no event ${event}: ${EVENTS.join(', ')}`)
    listeners[event].add(listener)
    return () => listeners[event].delete(listener)
  }

  return { call, json, emit, on, listens: (event) => listeners[event].size > 0 }
}

// --- signing in ---

function signInFlows(root, gateway, json, changed, store) {
  const key = `drawbridge verifier ${root}`

  /** drawbridge's own page where a person signs in to this server, by whatever kind it offers, and then comes back. Same origin or same site. */
  function signInUrl(id, { returnTo = globalThis.location?.href } = {}) {
    const address = new URL(`${root}/sign-in/${encodeURIComponent(id)}`)
    address.searchParams.set('return_to', backTo(root, returnTo))
    return address.href
  }

  /** The server's own OAuth sign-in. From another site it takes a challenge whose verifier stays in this tab. */
  async function authorizeUrl(id, { returnTo = globalThis.location?.href, crossSite } = {}) {
    const address = new URL(`${root}/v1/servers/${encodeURIComponent(id)}/authorize`)
    address.searchParams.set('return_to', backTo(root, returnTo))
    if (crossSite ?? isApart((await gateway.session()).mode)) {
      const verifier = newVerifier()
      try {
        store().setItem(key, verifier)
      } catch (cause) {
        throw Object.assign(cookiesBlocked(), { cause }) // without cookies browsers give no storage either
      }
      address.searchParams.set('challenge', base64url(await sha256(verifier)))
    }
    return address.href
  }

  /** Leaves this page for the sign-in that fits, and comes back to it. */
  async function startSignIn(id, { returnTo = withoutFragment(), location = globalThis.location } = {}) {
    const { mode } = await mustHold(gateway.session)
    location.assign(isApart(mode) ? await authorizeUrl(id, { returnTo, crossSite: true }) : signInUrl(id, { returnTo }))
  }

  const redeem = async (code, verifier) => changed(await json('/v1/handoff', { method: 'POST', json: { code, verifier } }))
  const popups = `drawbridge popup ${root}`

  /** The same in a window of its own: to be called in the click itself. It does not need `window.opener`, which a server may take away: the page it comes back to (`returnTo`) calls finishSignIn(), which tells this one. */
  async function signInPopup(id, { returnTo = withoutFragment(), signal, open = globalThis.open } = {}) {
    const window = open('about:blank', '_blank', 'popup,width=520,height=720')
    if (!window) throw new DrawbridgeError({ status: 0, code: 'popup_blocked', detail: 'The browser did not let a window open: allow it, or sign in on this page', origin: 'gateway' })
    const mark = newVerifier()
    const back = new URL(returnTo)
    back.searchParams.set(POPUP_IN_QUERY, mark)
    const channel = new BroadcastChannel(popups)
    try {
      const told = new Promise((resolve, reject) => {
        channel.onmessage = ({ data }) => { if (data.mark === mark) resolve(data.code) }
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      told.catch(() => {}) // also before it is waited for
      const { mode } = await mustHold(gateway.session)
      const verifier = newVerifier()
      const address = isApart(mode) ? new URL(await authorizeUrl(id, { returnTo: back.href, crossSite: false })) : signInUrl(id, { returnTo: back.href })
      if (isApart(mode)) address.searchParams.set('challenge', base64url(await sha256(verifier)))
      window.location.replace(address)
      const code = await told
      return code ? await redeem(code, verifier) : await changed(await gateway.session())
    } catch (error) {
      window.close()
      throw error
    } finally {
      channel.close()
    }
  }

  /** In the window of signInPopup: says that it is done, and closes. */
  function leavePopup(mark, code) {
    const channel = new BroadcastChannel(popups)
    channel.postMessage({ mark, code })
    channel.close()
    globalThis.close?.()
  }

  /** Once when the app starts: redeems the one-time code that a sign-in from another site came back with. Undefined where there is none. */
  async function finishSignIn({ location = globalThis.location, history = globalThis.history } = {}) {
    const fragment = new URLSearchParams(location.hash.replace(/^#/, ''))
    const query = new URLSearchParams(location.search)
    const [code, popup] = [fragment.get(CODE_IN_FRAGMENT), query.get(POPUP_IN_QUERY)]
    if (!code && !popup) return undefined
    fragment.delete(CODE_IN_FRAGMENT)
    query.delete(POPUP_IN_QUERY)
    const after = (mark, rest) => (rest.toString() ? `${mark}${rest}` : '')
    history.replaceState(history.state, '', location.pathname + (popup ? after('?', query) : location.search) + after('#', fragment))
    if (popup) return leavePopup(popup, code)
    const verifier = store().getItem(key)
    store().removeItem(key)
    if (!verifier) throw new DrawbridgeError({ status: 0, code: 'verifier_missing', detail: 'This tab did not start the sign-in; start it again', origin: 'gateway' })
    return redeem(code, verifier)
  }

  return { signInUrl, authorizeUrl, startSignIn, signInPopup, finishSignIn }
}

const newVerifier = () => base64url(crypto.getRandomValues(new Uint8Array(32)))

/** Within drawbridge's own origin an address to come back to is a path. */
function backTo(root, address) {
  const { origin, pathname, search, hash } = new URL(address, root)
  return origin === new URL(root).origin ? pathname + search + hash : address
}

const withoutFragment = () => globalThis.location?.href.replace(/#.*$/, '')

// --- one server as @dhis2/data-engine has it ---

const METHODS = { create: 'POST', read: 'GET', update: 'PATCH', replace: 'PUT', delete: 'DELETE', 'json-patch': 'PATCH' }

/** query({name: {resource, id, params}}), mutate({type, resource, id, params, data}) with members that may be functions of the variables, and get, post, …: what an app built for @dhis2/data-engine calls, with the same requests. */
function engineOf(call) {
  const evaluate = (part, variables) => (typeof part === 'function' ? part(variables) : part)
  const resolve = ({ resource, id, params, data }, variables) => ({ resource, id: evaluate(id, variables), params: evaluate(params, variables), data: evaluate(data, variables) })

  async function run(type, { resource, id, params, data }, { signal } = {}) {
    if (!METHODS[type]) throw new TypeError(`there is no type ${type}: ${Object.keys(METHODS).join(', ')}`)
    const { headers, body } = requestBody(type, [resource, id].filter(Boolean).join('/'), data)
    return bodyOf(await call(resourcePath(resource, id, params), { method: METHODS[type], signal, body, headers: { Accept: 'application/json', ...headers } }))
  }

  async function told(answer, { onComplete, onError } = {}) {
    try {
      const found = await answer
      onComplete?.(found)
      return found
    } catch (error) {
      onError?.(error)
      throw error
    }
  }

  async function all(queries, { variables = {}, signal } = {}) {
    const answers = await Promise.all(Object.values(queries).map((one) => run('read', resolve(one, variables), { signal })))
    return Object.fromEntries(Object.keys(queries).map((name, i) => [name, answers[i]]))
  }

  const typeOf = ({ type, partial }) => (type === 'update' && !partial ? 'replace' : type)
  const query = (queries, options) => told(all(queries, options), options)
  const mutate = (mutation, options) => told(run(typeOf(mutation), resolve(mutation, options?.variables ?? {}), options), options)
  const at = (type, path, data, options) => told(run(type, { ...splitPath(path), data }, options), options)
  return {
    query,
    mutate,
    get: (path, options) => at('read', path, undefined, options),
    post: (path, data, options) => at('create', path, data, options),
    put: (path, data, options) => at('replace', path, data, options),
    patch: (path, data, options) => at('update', path, data, options),
    jsonPatch: (path, data, options) => at('json-patch', path, data, options),
    delete: (path, options) => at('delete', path, undefined, options),
    /** One request as a link of @dhis2/data-engine has it: what the adapter for @dhis2/app-runtime calls. */
    execute: run,
  }
}

/** "/dataElements/a?fields=id" below the API. */
function splitPath(path) {
  const { pathname, searchParams } = new URL(path, 'http://api')
  if (/^[a-z]+:/i.test(path)) throw new TypeError('a path below the API is wanted, not an address')
  const params = {}
  for (const name of searchParams.keys()) params[name] = searchParams.getAll(name).length > 1 ? searchParams.getAll(name) : searchParams.get(name)
  return { resource: decodeURI(pathname.replace(/^\//, '')), params }
}

function runtimeConfigOf(baseUrl, systemInfo) {
  const [, major, minor, patch, tag] = /^(\d+)\.(\d+)(?:\.(\d+))?(?:[.-](.*))?$/.exec(systemInfo.version) ?? []
  const number = (text) => (text === undefined ? undefined : Number(text))
  return { baseUrl, apiVersion: number(minor) ?? '', serverVersion: { major: number(major), minor: number(minor), patch: number(patch), tag, full: systemInfo.version }, systemInfo }
}

function resourcePath(resource, id, params) {
  const action = /^action::(.*)/.exec(resource)
  const path = (action ? ['dhis-web-commons', `${action[1]}.action`] : ['api', resource, id]).filter((part) => part !== undefined && part !== '').join('/')
  const search = searchOf(params)
  return search ? `${path}?${search}` : path
}

/** Several filters are several parameters; every other list is one parameter with commas. Undefined ones are left out. */
function searchOf(params = {}) {
  const encoded = (value) => (Array.isArray(value) ? value.map(encoded).join(',') : encodeURIComponent(value))
  return Object.entries(params)
    .flatMap(([name, value]) => (name === 'filter' && Array.isArray(value) ? value.map((one) => [name, one]) : [[name, value]]))
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encoded(value)}`)
    .join('&')
}

// What DHIS2 takes otherwise than as JSON.
const ID = '[a-zA-Z0-9]{11}'
const TAKEN_AS_TEXT = new RegExp(`^(POST (${[
  `messageConversations/(feedback|${ID})`,
  `interpretations/(reportTable|chart|visualization|map|eventVisualization|eventReport|eventChart|dataSetReport)/${ID}`,
  `interpretations/${ID}/comments`,
  '(systemSettings|userSettings)/[a-zA-Z]{4,}',
  'configuration/(?!corsWhitelist$)[a-zA-Z]{1,50}',
  'synchronization/metadataPull',
  '(indicators|programIndicators|validationRules|predictors)/expression/description',
  'programIndicators/filter/description',
  'predictors/skipTest/description',
  'programRules/condition/description',
].join('|')})|PUT interpretations/${ID}(/comments/${ID})?)$`)
const TAKEN_AS_FORM = /^POST (dataValues(\/file)?|fileResources|messageConversations\/attachments|staticContent\/logo_(banner|front)|apps)$/
const TAKEN_AS_FIELDS = /^POST svg\.(png|pdf)$/

function requestBody(type, resource, data) {
  if (!data || data instanceof FormData || data instanceof Blob || data instanceof ReadableStream) return { body: data }
  if (type === 'json-patch') return { body: JSON.stringify(data), headers: { 'Content-Type': 'application/json-patch+json' } }
  const call = `${METHODS[type]} ${resource}`
  if (TAKEN_AS_TEXT.test(call)) return { body: data, headers: { 'Content-Type': 'text/plain' } }
  const filled = (into) => Object.entries(data).reduce((form, [name, value]) => (form.append(name, value), form), into)
  if (TAKEN_AS_FORM.test(call)) return { body: filled(new FormData()) }
  if (TAKEN_AS_FIELDS.test(call)) return { body: filled(new URLSearchParams()), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
  return { body: JSON.stringify(data), headers: { 'Content-Type': 'application/json' } }
}

async function bodyOf(response) {
  const type = response.headers.get('Content-Type') ?? ''
  if (response.status === 204) return undefined
  if (/[/+]json\b/.test(type)) return response.json()
  return /^(text\/|application\/xml)/.test(type) ? response.text() : response.blob()
}

// --- alignments and runs ---

/** What a form could not hold, or what was passed over at reading. */
const warningsOf = (response) => JSON.parse(response.headers.get('Drawbridge-Warnings') ?? '[]')

const BEING_MADE = ['queued', 'reading', 'comparing']

function alignmentCalls(json, call, watch) {
  const at = (id) => `/v1/alignments/${encodeURIComponent(id)}`

  async function propose(sides, { onProgress, key = crypto.randomUUID(), ...options } = {}) {
    const made = await json('/v1/alignments', { ...options, method: 'POST', json: sides, ...(onProgress && { headers: { Prefer: 'respond-async', 'Idempotency-Key': key } }) })
    if (!made.state) return made // an older drawbridge has done it all by then
    onProgress(made)
    return follow(made.id, { ...options, onProgress })
  }

  async function follow(id, { onProgress, ...options } = {}) {
    let now
    for await (now of watch(`${at(id)}/progress`, `${at(id)}/events`, BEING_MADE, options)) onProgress?.(now)
    if (now.state === 'failed') throw new DrawbridgeError(now.problem)
    return now.state === 'done' ? { id, version: 1 } : propose({ source: sideOf(now.source), target: sideOf(now.target) }, { onProgress: onProgress ?? (() => {}), ...options })
  }

  return {
    list: (options) => json('/v1/alignments', options),
    /** `features: false` leaves out what the engine looked at for each proposal, which is more than half of it, and tells 32 at most of what a cell is divided into; `features(id, element)` is that of one element. */
    get: (id, { features = true, ...options } = {}) => json(`${at(id)}${features ? '' : '?features=false'}`, options),
    features: (id, element, options) => json(`${at(id)}/features?source_data_element=${encodeURIComponent(element)}`, options),
    /** {source, target}: {server, data_set} each. With `onProgress` that is told how far it is, and it goes on by itself whatever becomes of the line or the tab: `follow(id)` watches it again, `remove(id)` ends it, an abort ends the watching alone. */
    propose,
    follow,
    /** One's own that are being made, and those of the last day that failed or were interrupted. */
    makings: (options) => json('/v1/makings', options),
    /** What changed by it: see AlignmentChanges. A version that is no longer the newest is refused with `changed_meanwhile`. */
    decide: (id, decisions, { ifMatch, ...options } = {}) => json(at(id), { ...options, method: 'PATCH', headers: { 'If-Match': `"${ifMatch}"` }, json: { decisions } }),
    /** Several things one after the other, all or none: {label, decisions, flags, comments}, {undo: true} or {redo: true} each. */
    steps: (id, steps, { ifMatch, ...options } = {}) => json(at(id), { ...options, method: 'PATCH', headers: { 'If-Match': `"${ifMatch}"` }, json: { steps } }),
    /** Who changed what, the newest first; of one data element of the source where it is named. */
    history: (id, { element, limit, ...options } = {}) => json(`${at(id)}/history?${new URLSearchParams({ ...(element && { source_data_element: element }), ...(limit && { limit }) })}`, options),
    people: (id, options) => json(`${at(id)}/people`, options),
    /** {second_person, people: [{server, username}]}: takes the place of what was. */
    setPeople: (id, people, { ifMatch, ...options } = {}) => json(`${at(id)}/people`, { ...options, method: 'PUT', headers: { 'If-Match': `"${ifMatch}"` }, json: people }),
    remove: (id, options) => json(at(id), { ...options, method: 'DELETE' }),
    mapping: (id, options) => json(`${at(id)}/mapping`, options),
    /** Every form in which a mapping can be had. */
    formats: (options) => json('/v1/formats', options),
    /** The mapping as a file in one of them, with what it cannot hold. */
    mappingFile: async (id, format, options) => {
      const response = await call(`${at(id)}/mapping?format=${encodeURIComponent(format)}`, options)
      return { blob: await response.blob(), warnings: warningsOf(response) }
    },
    /** Decides what a mapping in that form (Blob or text) says about cells; the answer is that of `decide`, with `warnings`. */
    importMapping: async (id, file, { format, ifMatch, ...options }) => {
      const response = await call(`${at(id)}/mapping?format=${encodeURIComponent(format)}`, { ...options, method: 'PUT', headers: { 'If-Match': `"${ifMatch}"` }, body: file })
      return { ...(await response.json()), warnings: warningsOf(response) }
    },
    /** The category combos of both sides, with categories and options. */
    combos: (id, options) => json(`${at(id)}/combos`, options),
    /** Org units, attribute option combos and periods: what is proposed and what is decided. `decide` decides about the first two. */
    places: (id, options) => json(`${at(id)}/places`, options),
    /** The target's org units (`org_unit`) or attribute option combos (`attribute_option_combo`) that a search finds. */
    placeTargets: (id, kind, search, options) => json(`${at(id)}/places/targets?kind=${kind}&search=${encodeURIComponent(search)}`, options),
    /** The target's org units directly below that one, or the tops: those that take part, or have `below` such below them. */
    placesBelow: (id, above = '', options) => json(`${at(id)}/places/targets?kind=org_unit&below=${encodeURIComponent(above)}`, options),
    /** What changed at both servers since it was made or carried forward last. */
    drift: (id, options) => json(`${at(id)}/drift`, options),
    /** What happens when they change: "ask" (nothing is sent while something wants a look), "warn" (it is told), "take" (as "warn"; the page goes on by itself with what is plainly the same). What would be wrong stops runs in any case. */
    setOnChange: (id, on_change, { ifMatch, ...options } = {}) => json(`${at(id)}/drift`, { ...options, method: 'PUT', headers: { 'If-Match': `"${ifMatch}"` }, json: { on_change } }),
    /** Goes on with both sides as they are; `reopened` are the decisions that somebody has to look at again. */
    carryForward: (id, { ifMatch, follow = false, ...options } = {}) => json(`${at(id)}/drift`, { ...options, method: 'POST', headers: { 'If-Match': `"${ifMatch}"` }, json: { follow } }),
  }
}

const sideOf = ({ server, data_set }) => ({ server, data_set })

/** The line, or drawbridge behind what stands before it: comes back by itself. */
const isLost = (error) => error.code === 'gateway_unreachable' || RETRIED_STATUSES.includes(error.status)
const LOST_PAUSE_MAX = 30000

const UNDER_WAY = ['queued', 'reading', 'translating', 'checking', 'sending', 'verifying']

function runCalls(json, call, watch) {
  const at = (id) => `/v1/runs/${encodeURIComponent(id)}`
  const get = (id, options) => json(at(id), options)
  return {
    list: (options) => json('/v1/runs', options),
    get,
    /** Started twice with the same key it is one run. */
    start: (order, { key = crypto.randomUUID(), ...options } = {}) => json('/v1/runs', { ...options, method: 'POST', headers: { 'Idempotency-Key': key }, json: order }),
    /** What it was started with: given to `start` with `dry_run: false`, what was checked is sent. */
    order: (id, options) => json(`${at(id)}/order`, options),
    cancel: (id, options) => json(`${at(id)}/cancel`, { ...options, method: 'POST' }),
    /** After the batch under way; `resume` goes on. */
    pause: (id, options) => json(`${at(id)}/pause`, { ...options, method: 'POST' }),
    resume: (id, options) => json(`${at(id)}/resume`, { ...options, method: 'POST' }),
    /** A run of its own, that puts back what the other overwrote; with `dryRun` it only tells what would come of it. */
    undo: (id, { dryRun, ...options } = {}) => json(`${at(id)}/undo`, { ...options, method: 'POST', ...(dryRun && { json: { dry_run: true } }) }),
    /** `format`: json (an object), csv or html (texts, as a file has them). */
    report: async (id, { format = 'json', ...options } = {}) => format === 'json' ? json(`${at(id)}/report`, options) : (await call(`${at(id)}/report?format=${format}`, options)).text(),
    /** All values that were refused or differ, as CSV; also of a dry run or an undo, when it has ended or is stopped. */
    refused: async (id, options) => (await call(`${at(id)}/refused`, options)).text(),
    isUnderWay: (run) => UNDER_WAY.includes(run.state),
    /** The run whenever it has changed, until it has ended; the last one yielded is the end. It is told by a stream of events; where that cannot be had, it is asked for, `every` so many milliseconds. While drawbridge cannot be reached it tries on, more and more seldom,
     * until it is aborted; `onLost` is told each time. */
    watch: (id, options) => watch(at(id), `${at(id)}/events`, UNDER_WAY, options),
  }
}

/** What `path` answers, whenever it has changed, until its `state` is none of `underWay`; see runs.watch. */
function watcher(json, call) {
  return async function* watch(path, stream, underWay, { signal, every = 1000, onLost } = {}) {
    let told, asks = false
    for (let lost = 0; ;) {
      try {
        for await (const event of asks ? asked(path, signal) : events(stream, told?.id, signal)) {
          if (event.now) told = event
          else if (!lost) continue // it has begun: nothing is new to who lost nothing
          lost = 0
          if (!told) continue
          yield told.now
          if (!underWay.includes(told.now.state)) return
        }
        lost = 0
      } catch (error) {
        if (!asks && error instanceof NotStreamed) {
          asks = true
          continue
        }
        if (signal?.aborted) throw signal.reason
        if (!isLost(error)) throw error
        lost++
        onLost?.(error)
      }
      await pause(Math.max(every, Math.min(every * 2 ** lost, LOST_PAUSE_MAX)), signal)
    }
  }

  async function* asked(path, signal) {
    yield { now: await json(path, { signal }) }
  }

  /** {} when the stream has begun, then {id, now} for each event. */
  async function* events(path, last, signal) {
    const line = new AbortController(), stop = () => line.abort(), take = eventReader(), letters = new TextDecoder()
    let silent = false
    async function inTime(promise) {
      const timer = setTimeout(() => { silent = true; stop() }, SILENCE_MAX)
      try {
        return await promise
      } catch (cause) {
        if (silent || REFUSES_STREAM.includes(cause.status) || cause.code === 'busy') throw new NotStreamed()
        throw cause instanceof DrawbridgeError ? cause : unreachable(cause)
      } finally {
        clearTimeout(timer)
      }
    }
    if (signal?.aborted) throw signal.reason
    signal?.addEventListener('abort', stop)
    try {
      const { headers, body } = await inTime(call(path, { signal: line.signal, headers: { Accept: EVENT_STREAM, ...(last && { 'Last-Event-ID': last }) } }))
      if (!body || !headers.get('Content-Type')?.startsWith(EVENT_STREAM)) throw new NotStreamed()
      yield {}
      const reader = body.getReader()
      for (let piece; !(piece = await inTime(reader.read())).done;)
        for (const event of take(letters.decode(piece.value, { stream: true }))) yield event
    } finally {
      signal?.removeEventListener('abort', stop)
      stop()
    }
  }
}

const EVENT_STREAM = 'text/event-stream'
const EVENT_MAX = 16 << 20 // letters
const SILENCE_MAX = 30000 // a stream shows every 15 seconds that it lives: something in between holds it back
const REFUSES_STREAM = [404, 405, 406, 429] // an older drawbridge, or too many streams

class NotStreamed extends Error {}

/** Takes pieces of a stream of events, and gives the events that they complete. */
function eventReader() {
  let rest = '', id, data = []
  return (piece) => {
    const events = [], lines = piece.includes('\n') ? (rest + piece).split('\n') : [rest + piece]
    rest = lines.pop()
    for (const line of lines) {
      const [, name, value] = /^([^:]*):? ?(.*?)\r?$/s.exec(line)
      if (name === 'data') data.push(value)
      else if (name === 'id') id = value
      else if (/^\r?$/.test(line) && data.length) events.push({ id, now: dataOf(data.splice(0).join('\n')) })
    }
    if (data.reduce((sum, one) => sum + one.length, rest.length) > EVENT_MAX) throw new NotStreamed()
    return events
  }
}

function dataOf(text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotStreamed() // it is somebody else's
  }
}

function scheduleCalls(json) {
  const at = (id) => `/v1/schedules/${encodeURIComponent(id)}`
  return {
    list: (options) => json('/v1/schedules', options),
    get: (id, options) => json(at(id), options),
    create: (order, options) => json('/v1/schedules', { ...options, method: 'POST', json: order }),
    /** The latest period once more, at once. */
    again: (id, options) => json(`${at(id)}/again`, { ...options, method: 'POST' }),
    remove: (id, options) => json(at(id), { ...options, method: 'DELETE' }),
    /** Ids of what reports may be sent to. */
    webhooks: (options) => json('/v1/webhooks', options),
  }
}

// --- small things ---

async function errorOf(response, server) {
  const text = await response.text().catch(() => '')
  let problem = {}
  try {
    problem = JSON.parse(text) ?? {}
  } catch {
    // not JSON: the code in the header or the status has to do
  }
  const fromGateway = response.headers.get('X-Drawbridge-Error')
  return new DrawbridgeError({
    ...problem,
    status: response.status,
    code: problem.code ?? fromGateway ?? 'upstream_error',
    detail: problem.detail ?? problem.message,
    server: problem.server ?? server,
    origin: problem.origin ?? (fromGateway ? 'gateway' : 'upstream'),
    retry_after: Number(response.headers.get('Retry-After')) || undefined,
    body: problem,
  })
}

function unreachable(cause, server) {
  if (cause?.name === 'AbortError') return cause
  const error = new DrawbridgeError({ status: 0, code: 'gateway_unreachable', detail: 'drawbridge cannot be reached', server, origin: 'gateway' })
  error.cause = cause
  return error
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

const utf8 = (text) => new TextEncoder().encode(text)

const sha256 = (text) => crypto.subtle.digest('SHA-256', utf8(text))

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
