// drawbridge in the browser: one module, no dependencies. See README.md; types in drawbridge.d.ts.
//
// The credentials of the DHIS2 servers stay in drawbridge. What the browser holds is a cookie that no script can read.

const CODE_IN_FRAGMENT = 'drawbridge_code'
const RETRIED_STATUSES = [502, 503, 504]
const RETRY_AFTER_MAX = 5

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
    this.loginUrl = problem.login_url
    this.requestId = problem.request_id
    this.retryAfter = problem.retry_after
    this.body = problem.body
  }
}

/** @param {{url?: string, fetch?: typeof fetch, storage?: Storage}} options */
export function createDrawbridge({ url = globalThis.location?.origin, fetch: fetchWith, storage } = {}) {
  const root = new URL(url).href.replace(/\/$/, '')
  const send = fetchWith ?? ((...args) => globalThis.fetch(...args))
  const listeners = new Set()
  const store = () => storage ?? globalThis.sessionStorage

  async function call(path, { method = 'GET', headers, body, json, signal, server } = {}) {
    const init = { method, signal, credentials: 'include', redirect: 'manual', headers: new Headers(headers), body }
    init.headers.set('X-Drawbridge', '1')
    if (body instanceof ReadableStream) init.duplex = 'half'
    if (json !== undefined) {
      init.headers.set('Content-Type', 'application/json')
      init.body = JSON.stringify(json)
    }
    const response = await sendTwice(root + path, init, server)
    if (response.ok) return response
    const error = await errorOf(response, server)
    if (error.status === 401) for (const listener of listeners) listener(error)
    throw error
  }

  // A read that met a server in trouble is tried once more; a write never.
  async function sendTwice(address, init, server) {
    const attempt = () => send(address, init).catch((cause) => { throw unreachable(cause, server) })
    const response = await attempt()
    if (init.method !== 'GET' || !RETRIED_STATUSES.includes(response.status)) return response
    const wait = Number(response.headers.get('Retry-After') ?? 1)
    if (!(wait <= RETRY_AFTER_MAX)) return response
    await response.body?.cancel()
    await pause(wait * 1000, init.signal)
    return attempt()
  }

  const json = async (path, options) => {
    const response = await call(path, options)
    return response.status === 204 ? undefined : response.json()
  }

  const inServer = (id, path) => `/s/${encodeURIComponent(id)}/${String(path).replace(/^\//, '')}`

  /** Adds the challenge of a cross-site sign-in; the verifier stays in this tab. */
  async function authorizeUrl(id, { returnTo = globalThis.location?.href, crossSite } = {}) {
    const address = new URL(`${root}/v1/servers/${encodeURIComponent(id)}/authorize`)
    address.searchParams.set('return_to', returnTo)
    if (crossSite ?? (await session()).mode === 'cross-site') {
      const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
      store().setItem(verifierKey(root), verifier)
      address.searchParams.set('challenge', base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
    }
    return address.href
  }

  /** The page of drawbridge where a person signs in to this server, by whatever kind it offers, and then comes back. */
  function signInUrl(id, { returnTo = globalThis.location?.href } = {}) {
    const address = new URL(`${root}/sign-in/${encodeURIComponent(id)}`)
    address.searchParams.set('return_to', returnTo)
    return address.href
  }

  /** Call once when the app starts: redeems the one-time code that a cross-site sign-in came back with. */
  async function finishSignIn({ location = globalThis.location, history = globalThis.history } = {}) {
    const fragment = new URLSearchParams(location.hash.replace(/^#/, ''))
    const code = fragment.get(CODE_IN_FRAGMENT)
    if (!code) return undefined
    fragment.delete(CODE_IN_FRAGMENT)
    history.replaceState(history.state, '', location.pathname + location.search + (fragment.size ? `#${fragment}` : ''))
    const verifier = store().getItem(verifierKey(root))
    store().removeItem(verifierKey(root))
    if (!verifier) throw new DrawbridgeError({ status: 0, code: 'verifier_missing', detail: 'This tab did not start the sign-in; start it again', origin: 'gateway' })
    return json('/v1/handoff', { method: 'POST', json: { code, verifier } })
  }

  const session = (options) => json('/v1/session', options)

  return {
    url: root,
    session,
    servers: (options) => json('/v1/servers', options),
    signInUrl,
    authorizeUrl,
    finishSignIn,
    /** @param {object} credential {kind: "pat", token} · {kind: "password", username, password, code?} · {kind: "basic", username, password} */
    signIn: (id, credential, options) => json(`/v1/servers/${encodeURIComponent(id)}/connection`, { ...options, method: 'POST', json: credential, server: id }),
    signOut: (id, options) =>
      json(id === undefined ? '/v1/session' : `/v1/servers/${encodeURIComponent(id)}/connection`, { ...options, method: 'DELETE', server: id }),
    doctor: (id, options) => json(`/v1/servers/${encodeURIComponent(id)}/doctor`, { ...options, server: id }),

    /** Always absolute: @dhis2/app-runtime takes a base URL with a leading slash for a relative one. */
    baseUrl: (id) => `${root}/s/${encodeURIComponent(id)}`,
    fetch: (id, path, options) => call(inServer(id, path), { ...options, server: id }),
    get: (id, path, options) => json(inServer(id, path), { ...options, server: id }),

    alignments: alignmentCalls(json, call),
    runs: runCalls(json, call),
    on(event, listener) {
      if (event !== 'auth-required') throw new TypeError(`there is no event ${event}`)
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    dataSets: (id, options) => json(`/v1/servers/${encodeURIComponent(id)}/data-sets`, { ...options, server: id }),
    orgUnits: (id, dataSet, options) =>
      json(`/v1/servers/${encodeURIComponent(id)}/data-sets/${encodeURIComponent(dataSet)}/org-units`, { ...options, server: id }),
  }
}

function alignmentCalls(json) {
  const at = (id) => `/v1/alignments/${encodeURIComponent(id)}`
  return {
    list: (options) => json('/v1/alignments', options),
    get: (id, options) => json(at(id), options),
    propose: (sides, options) => json('/v1/alignments', { ...options, method: 'POST', json: sides }),
    decide: (id, decisions, { ifMatch, ...options } = {}) =>
      json(at(id), { ...options, method: 'PATCH', headers: ifMatch === undefined ? {} : { 'If-Match': `"${ifMatch}"` }, json: { decisions } }),
  }
}

function runCalls(json, call) {
  const at = (id) => `/v1/runs/${encodeURIComponent(id)}`
  return {
    get: (id, options) => json(at(id), options),
    /** Started twice with the same key it is one run. */
    start: (run, { key = crypto.randomUUID(), ...options } = {}) =>
      json('/v1/runs', { ...options, method: 'POST', headers: { 'Idempotency-Key': key }, json: run }),
    cancel: (id, options) => json(`${at(id)}/cancel`, { ...options, method: 'POST' }),
    /** The run's events as they come; picks up where it was when the line broke. EventSource cannot send the header that drawbridge asks for. */
    async *watch(id, { signal } = {}) {
      let last
      for (;;) {
        const headers = { Accept: 'text/event-stream', ...(last === undefined ? {} : { 'Last-Event-ID': last }) }
        const response = await call(`${at(id)}/events`, { headers, signal })
        try {
          for await (const event of eventsOf(response.body)) {
            if (event.id !== undefined) last = event.id
            const data = JSON.parse(event.data)
            yield data
            if (['done', 'failed', 'cancelled'].includes(data.state)) return
          }
        } catch (cause) {
          if (signal?.aborted || cause instanceof SyntaxError) throw cause
        }
        await pause(1000, signal)
      }
    },
  }
}

/** Server-sent events (HTML standard 9.2.6) out of a byte stream. */
export async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let waiting = ''
  let event = { data: [] }
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      waiting += value
      for (let end; (end = waiting.search(/\r\n|\n|\r(?!$)/)) >= 0;) {
        const line = waiting.slice(0, end)
        waiting = waiting.slice(end + (waiting.startsWith('\r\n', end) ? 2 : 1))
        if (line === '') {
          if (event.data.length) yield { id: event.id, type: event.type ?? 'message', data: event.data.join('\n') }
          event = { data: [], id: event.id }
          continue
        }
        const [, name, text] = /^([^:]*):? ?(.*)$/s.exec(line)
        if (name === 'data') event.data.push(text)
        else if (name === 'id') event.id = text
        else if (name === 'event') event.type = text
      }
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

async function errorOf(response, server) {
  const text = await response.text().catch(() => '')
  let problem = {}
  try {
    problem = JSON.parse(text)
  } catch {
    // not JSON: the code in the header or the status has to do
  }
  const fromGateway = response.headers.get('X-Drawbridge-Error')
  return new DrawbridgeError({
    ...problem,
    status: response.status,
    code: problem.code ?? fromGateway ?? (response.type === 'opaqueredirect' ? 'unexpected_redirect' : 'upstream_error'),
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
    const stop = () => reject(signal.reason)
    if (signal?.aborted) return stop()
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', () => { clearTimeout(timer); stop() }, { once: true })
  })
}

const verifierKey = (root) => `drawbridge verifier ${root}`

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
