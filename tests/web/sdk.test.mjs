// The browser client against answers as drawbridge gives them.
import assert from 'node:assert/strict'
import { createHash, webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { createDrawbridge, DrawbridgeError } from '../../sdk/drawbridge.js'

const json = (body, { status = 200, ...headers } = {}) => () => new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

globalThis.crypto ??= webcrypto // Debian 12 has node 18, where it is no global yet

/** A client, with options where the first of these is no answer, whose calls are kept, and answered by `answers` in turn (the last one for all that follow). Its browser keeps cookies: that call is not among them. */
function client(...answers) {
  const options = typeof answers[0] === 'function' ? {} : answers.shift()
  const calls = []
  const storage = new Map()
  const gw = createDrawbridge({
    ...options,
    url: 'https://gate.example.org/',
    fetch: async (address, init) => {
      if (address.endsWith('/v1/probe')) return json({ cookies: true, handle: true })()
      calls.push({ address, ...init, headers: Object.fromEntries(init.headers) })
      const answer = answers[Math.min(calls.length, answers.length) - 1]
      const made = await answer(address, init)
      return typeof made === 'function' ? made() : made
    },
    storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value), removeItem: (key) => storage.delete(key) },
  })
  return { gw, calls, storage }
}

test('every call says that it is one, and takes the cookie along', async () => {
  const { gw, calls } = client(json({ mode: 'same-origin', connections: [] }))
  await gw.session()
  assert.equal(calls[0].address, 'https://gate.example.org/v1/session')
  assert.equal(calls[0].headers['x-drawbridge'], '1')
  assert.equal(calls[0].credentials, 'include')
})

test('a reader whose language is not the browser’s has it told with every call', async () => {
  const { gw, calls } = client({ language: 'fr' }, json([]))
  await gw.servers()
  assert.equal(calls[0].headers['accept-language'], 'fr')
  const { gw: other, calls: others } = client(json([]))
  await other.servers()
  assert.equal(others[0].headers['accept-language'], undefined)
})

test('a refusal is an error with a code, and a sign-in that ended is told', async () => {
  const { gw } = client(json({ code: 'not_connected', detail: 'sign in first', server: 'central', status: 401, origin: 'gateway', login_url: 'https://gate.example.org/sign-in/central' }, { status: 401 }))
  const told = []
  const off = gw.on('auth-required', (error) => told.push(error.server))
  await assert.rejects(gw.get('central', 'api/me'), (error) => error instanceof DrawbridgeError && error.code === 'not_connected' && error.status === 401 && error.origin === 'gateway' && error.loginUrl.endsWith('/sign-in/central'))
  off()
  await gw.get('central', 'api/me').catch(() => {})
  assert.deepEqual(told, ['central'])
  assert.throws(() => gw.on('no-such-event', () => {}), TypeError)
})

test('a wrong password is not a session that ended', async () => {
  const { gw } = client(json({ code: 'wrong_credentials', status: 401 }, { status: 401 }))
  let told = 0
  gw.on('auth-required', () => told++)
  await assert.rejects(gw.signIn('central', { kind: 'password', username: 'a', password: 'b' }), { code: 'wrong_credentials' })
  assert.equal(told, 0)
})

test("a server's own error keeps its words and its origin", async () => {
  const { gw } = client(json({ httpStatus: 'Conflict', httpStatusCode: 409, status: 'ERROR', message: 'Data set is locked' }, { status: 409 }))
  await assert.rejects(gw.fetch('central', '/api/dataValueSets', { method: 'POST', json: {} }), { code: 'upstream_error', status: 409, origin: 'upstream', message: 'Data set is locked' })
})

test('reads are tried once more, writes never', async () => {
  const trouble = json({ code: 'upstream_broken' }, { status: 502, 'Retry-After': '0' })
  const read = client(trouble, json({ ok: true }))
  assert.deepEqual(await read.gw.get('a', 'api/x'), { ok: true })
  assert.equal(read.calls.length, 2)
  const write = client(trouble)
  await assert.rejects(write.gw.fetch('a', 'api/x', { method: 'POST', body: 'x' }), { code: 'upstream_broken' })
  assert.equal(write.calls.length, 1)
})

test('no line at all is an error of its own; an abort stays an abort', async () => {
  const { gw } = client(async () => { throw new TypeError('failed to fetch') })
  await assert.rejects(gw.session(), { code: 'gateway_unreachable', status: 0 })
  const { gw: other } = client(async (_, init) => { throw init.signal.reason })
  await assert.rejects(other.session({ signal: AbortSignal.abort() }), { name: 'AbortError' })
})

test('the session is told after signing in and out', async () => {
  const { gw, calls } = client((address, { method }) => (method === 'DELETE' ? new Response(null, { status: 204 }) : address.endsWith('/session') ? json({ mode: 'same-site', connections: [] }) : json({ server: 'a', state: 'ok' }, { status: 201 })))
  const told = []
  gw.on('session', (session) => told.push(session.mode))
  assert.equal((await gw.signIn('a', { kind: 'pat', token: 'x' })).state, 'ok')
  await gw.signOut('a')
  await gw.signOut()
  assert.equal(told.length, 3) // and before the sign-in it was asked for, not told
  assert.deepEqual(calls.filter((one) => one.method === 'DELETE').map((one) => one.address), ['https://gate.example.org/v1/servers/a/connection', 'https://gate.example.org/v1/session'])
})

test('sign-in from another site: the challenge is of a verifier that stays here, the code is redeemed once', async () => {
  const { gw, calls, storage } = client((address) => (address.endsWith('/handoff') ? json({ mode: 'cross-site', connections: [{ server: 'a' }] }) : json({ mode: 'cross-site', connections: [] })))
  let went
  await gw.startSignIn('a', { returnTo: 'https://app.example.com/x', location: { assign: (address) => { went = new URL(address) } } })
  assert.equal(went.pathname, '/v1/servers/a/authorize')
  const verifier = [...storage.values()][0]
  assert.equal(went.searchParams.get('challenge'), createHash('sha256').update(verifier).digest('base64url'))
  assert.equal(went.searchParams.get('return_to'), 'https://app.example.com/x')
  assert.ok(!went.href.includes(verifier))
  let shown
  const place = { hash: '#drawbridge_code=abc&x=1', pathname: '/x', search: '?y=2' }
  const session = await gw.finishSignIn({ location: place, history: { state: null, replaceState: (_, __, address) => { shown = address } } })
  assert.equal(session.connections.length, 1)
  assert.equal(shown, '/x?y=2#x=1') // the code is gone from the address
  assert.deepEqual(JSON.parse(calls.at(-1).body), { code: 'abc', verifier })
  assert.equal(storage.size, 0)
  await assert.rejects(gw.finishSignIn({ location: place, history: { replaceState() {} } }), { code: 'verifier_missing' })
  assert.equal(await gw.finishSignIn({ location: { hash: '' } }), undefined)
})

/** A drawbridge that sees through what a browser in mode `handle` sends: its signature by node's own WebCrypto. */
function handleDrawbridge({ configured = false, cookies = false, handle = true } = {}) {
  const seen = []
  const used = new Set()
  const keep = new Map()
  let nonce = 'first'
  let live
  const answer = async (address, init) => {
    const { pathname } = new URL(address)
    const headers = Object.fromEntries(new Headers(init.headers))
    seen.push({ pathname, method: init.method, headers, body: init.body })
    if (pathname === '/v1/probe') return json({ cookies, handle })()
    const proof = headers['x-drawbridge-proof']
    if (!proof) return json({ mode: configured ? 'handle' : 'cross-site', connections: [] })()
    const parts = proof.split('.')
    const [head, claims] = parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')))
    const key = await crypto.subtle.importKey('jwk', head.jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])
    assert.ok(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(parts[2], 'base64url'), Buffer.from(`${parts[0]}.${parts[1]}`)))
    assert.deepEqual([head.typ, head.alg, Object.keys(head.jwk).sort().join()], ['dpop+jwt', 'ES256', 'crv,kty,x,y'])
    assert.deepEqual([claims.htm, claims.htu], [init.method, address.replace(/\?.*/, '')])
    assert.ok(!used.has(claims.jti) && Number.isInteger(claims.iat))
    used.add(claims.jti)
    if (claims.nonce !== nonce) return json({ code: 'proof_refused', reason: 'nonce', status: 401 }, { status: 401, 'X-Drawbridge-Error': 'proof_refused', 'X-Drawbridge-Nonce': nonce })()
    const said = headers['x-drawbridge-session']
    if (said) assert.equal(claims.ath, createHash('sha256').update(said).digest('base64url'))
    const more = { 'X-Drawbridge-Nonce': nonce }
    if (pathname.endsWith('/connection') || pathname === '/v1/handoff') live = `handle-${used.size}`
    if (pathname.endsWith('/connection') || pathname === '/v1/handoff') return json({ server: 'a', mode: 'handle' }, { status: 201, ...more, 'X-Drawbridge-Session': live })()
    if (init.method === 'DELETE') return new Response(null, { status: 204, headers: more })
    if (pathname !== '/v1/session' && said !== live) return json({ code: 'no_session', status: 401 }, { status: 401, 'X-Drawbridge-Error': 'no_session', ...more })()
    return json({ mode: 'handle', connections: [], ...(said ? { expires_at: 'x' } : {}) }, more)()
  }
  const keys = { get: async () => keep.get('one'), set: async (value) => { keep.set('one', value) }, remove: async () => { keep.delete('one') } }
  const storage = new Map()
  const tab = () => createDrawbridge({ url: 'https://gate.example.org', fetch: answer, keys, storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value), removeItem: (key) => storage.delete(key) } })
  return { tab, seen, keep, turn: () => { nonce = `${nonce}+` }, count: (pathname) => seen.filter((one) => one.pathname === pathname).length }
}

test('[R-E4] where no cookie comes back the session is held by a key, and each call is signed', async () => {
  for (const configured of [false, true]) {
    const gate = handleDrawbridge({ configured })
    const gw = gate.tab()
    assert.equal((await gw.session()).mode, 'handle')
    assert.equal(gate.count('/v1/probe'), configured ? 0 : 2)
    assert.equal(gate.keep.get('one').pair.privateKey.extractable, false)
    await gw.signIn('a', { kind: 'pat', token: 'x' })
    assert.match(gate.keep.get('one').handle, /^handle-/)
    assert.ok(await gw.get('a', 'api/me?x=1'))
    gate.turn() // an old nonce is one more call, and nobody notices
    assert.ok(await gw.get('a', 'api/me'))
    gate.turn()
    const sent = gate.seen.length
    assert.ok(await gw.fetch('a', 'api/x', { method: 'POST', json: { v: 1 } }))
    assert.deepEqual(gate.seen.slice(sent).map((one) => one.body), ['{"v":1}', '{"v":1}'])
    const other = gate.tab() // another tab has the same key and the same handle
    assert.ok(await other.get('a', 'api/me'))
    assert.equal((await other.session()).mode, 'handle')
    assert.equal(gate.count('/v1/probe'), configured ? 0 : 2)
    await gw.signOut()
    assert.equal(gate.keep.size, 0)
  }
})

test('a stream can be sent once: the nonce is fetched before', async () => {
  const gate = handleDrawbridge()
  const gw = gate.tab()
  await gw.signIn('a', { kind: 'pat', token: 'x' })
  const old = Date.now
  try {
    Date.now = () => old() + 30000
    gate.turn()
    const before = gate.seen.length
    await gw.fetch('a', 'api/x', { method: 'POST', body: new ReadableStream({ start: (it) => it.close() }) })
    assert.deepEqual(gate.seen.slice(before).map((one) => one.pathname), ['/v1/session', '/s/a/api/x'])
  } finally {
    Date.now = old
  }
})

test('the key outlives the way to the server and back', async () => {
  const gate = handleDrawbridge()
  let went
  await gate.tab().startSignIn('a', { returnTo: 'https://app.example.com/', location: { assign: (address) => { went = new URL(address) } } })
  assert.match(went.searchParams.get('challenge'), /^[\w-]{43}$/)
  const { pair } = gate.keep.get('one')
  const gw = gate.tab() // the page is loaded anew
  await gw.finishSignIn({ location: { hash: '#drawbridge_code=abc', pathname: '/', search: '' }, history: { replaceState() {} } })
  assert.equal(gate.keep.get('one').pair, pair)
  assert.ok(await gw.get('a', 'api/me'))
})

test('no cookie and no key: the sign-in says so and does not begin', async () => {
  const gate = handleDrawbridge({ handle: false })
  const gw = gate.tab()
  assert.equal((await gw.session()).cookies_blocked, true)
  await assert.rejects(gw.startSignIn('a', { location: { assign: () => assert.fail('it went') } }), { code: 'cookies_blocked' })
  await assert.rejects(gw.signIn('a', { kind: 'pat', token: 'x' }), { code: 'cookies_blocked' })
  assert.equal(gate.keep.size, 0)
})

test('a sign-out is heard by the other tabs', async () => {
  const first = client((_, { method }) => (method === 'DELETE' ? new Response(null, { status: 204 }) : json({ mode: 'same-site', connections: [] })))
  const second = client(json({ mode: 'same-site', connections: [] }))
  const alive = setInterval(() => {}, 60000) // listening alone keeps no program running
  const heard = new Promise((resolve) => second.gw.on('session', resolve))
  await first.gw.signOut()
  assert.deepEqual(await heard, { mode: 'same-site', connections: [] })
  clearInterval(alive)
})

test('a sign-in in a window of its own ends without `opener`', async () => {
  const { gw, calls } = client((address) => (address.endsWith('/handoff') ? json({ mode: 'cross-site', connections: [{ server: 'a' }] }) : json({ mode: 'cross-site', connections: [] })))
  const { gw: returned } = client(json({}))
  let arrived
  const went = new Promise((resolve) => { arrived = resolve })
  const signedIn = gw.signInPopup('a', { returnTo: 'https://app.example.com/x?y=2', open: () => ({ location: { replace: (address) => arrived(new URL(address)) }, close() {} }) })
  const back = new URL((await went).searchParams.get('return_to'))
  assert.match(back.href, /^https:\/\/app\.example\.com\/x\?y=2&drawbridge_popup=[\w-]{43}$/)
  let shown
  assert.equal(await returned.finishSignIn({ location: { hash: '#drawbridge_code=abc', pathname: '/x', search: back.search }, history: { replaceState: (_, __, address) => { shown = address } } }), undefined)
  assert.equal(shown, '/x?y=2')
  assert.equal((await signedIn).connections.length, 1)
  const { code, verifier } = JSON.parse(calls.find((one) => one.address.endsWith('/handoff')).body)
  assert.equal(code, 'abc')
  assert.equal(createHash('sha256').update(verifier).digest('base64url'), (await went).searchParams.get('challenge'))
  await assert.rejects(gw.signInPopup('a', { returnTo: 'https://app.example.com/', open: () => null }), { code: 'popup_blocked' })
  const stop = new AbortController()
  let closed = 0
  const given = gw.signInPopup('a', { returnTo: 'https://app.example.com/', signal: stop.signal, open: () => ({ location: { replace: () => stop.abort() }, close: () => closed++ }) })
  await assert.rejects(given, { name: 'AbortError' })
  assert.equal(closed, 1)
})

test('sign-in from the same site leads to the page', async () => {
  const { gw } = client(json({ mode: 'same-site', connections: [] }))
  let went
  await gw.startSignIn('a', { returnTo: 'https://app.example.org/', location: { assign: (address) => { went = address } } })
  assert.equal(went, 'https://gate.example.org/sign-in/a?return_to=https%3A%2F%2Fapp.example.org%2F')
})

test('an engine per server asks as @dhis2/data-engine does', async () => {
  const { gw, calls } = client(json({ ok: 1 }))
  const engine = gw.engine('a')
  const answer = await engine.query({ me: { resource: 'me' }, sets: { resource: 'dataSets', id: ({ id }) => id, params: ({ page }) => ({ page, fields: ['id', 'name'], filter: ['a:eq:1', 'b:eq:2'], none: undefined }) } }, { variables: { id: 'x1', page: 2 } })
  assert.deepEqual(Object.keys(answer), ['me', 'sets'])
  assert.deepEqual(calls.map((one) => decodeURIComponent(one.address)), ['https://gate.example.org/s/a/api/me', 'https://gate.example.org/s/a/api/dataSets/x1?page=2&fields=id,name&filter=a:eq:1&filter=b:eq:2'])
  await engine.mutate({ type: 'update', resource: 'dataSets', id: 'x1', partial: true, data: { name: 'n' } })
  await engine.mutate({ type: 'json-patch', resource: 'dataSets', id: 'x1', data: [] })
  await engine.mutate({ type: 'create', resource: 'dataValueSets', data: ({ v }) => ({ v }), params: { dryRun: true } }, { variables: { v: 3 } })
  await engine.mutate({ type: 'delete', resource: 'dataSets', id: 'x1' })
  assert.deepEqual(calls.slice(2).map((one) => [one.method, one.headers['content-type'], one.body]), [['PATCH', 'application/json', '{"name":"n"}'], ['PATCH', 'application/json-patch+json', '[]'], ['POST', 'application/json', '{"v":3}'], ['DELETE', undefined, undefined]])
  await assert.rejects(engine.mutate({ type: 'nonsense', resource: 'x' }), TypeError)
  await engine.query({ menu: { resource: 'action::menu/getModules' } })
  assert.equal(calls.at(-1).address, 'https://gate.example.org/s/a/dhis-web-commons/menu/getModules.action')
})

test('what is no JSON comes as what it is', async () => {
  const { gw } = client(() => new Response('pong', { headers: { 'Content-Type': 'text/plain' } }))
  assert.deepEqual(await gw.engine('a').query({ ping: { resource: 'ping' } }), { ping: 'pong' })
})

test('an alignment is decided with the version that was seen', async () => {
  const { gw, calls } = client(json({ version: 8 }))
  assert.deepEqual(await gw.alignments.decide('x', [{ decision: 'none' }], { ifMatch: 7 }), { version: 8 })
  assert.deepEqual([calls[0].method, calls[0].headers['if-match'], calls[0].body], ['PATCH', '"7"', '{"decisions":[{"decision":"none"}]}'])
})

test('what happens when the sides change is said with the version that was seen', async () => {
  const { gw, calls } = client(json({ version: 8, on_change: 'ask' }))
  assert.deepEqual(await gw.alignments.setOnChange('x', 'ask', { ifMatch: 7 }), { version: 8, on_change: 'ask' })
  assert.deepEqual([calls[0].method, calls[0].headers['if-match'], calls[0].body], ['PUT', '"7"', '{"on_change":"ask"}'])
})

test('what changed is asked for, and an alignment goes on with the version that was seen', async () => {
  const { gw, calls } = client(json({ changes: [] }), json({ version: 8, kept: 1, followed: 0, reopened: [] }))
  assert.deepEqual(await gw.alignments.drift('x'), { changes: [] })
  assert.equal((await gw.alignments.carryForward('x', { ifMatch: 7, follow: true })).version, 8)
  assert.deepEqual(calls.map((one) => [one.method ?? 'GET', one.address.replace(/^https?:\/\/[^/]+/, '')]), [['GET', '/v1/alignments/x/drift'], ['POST', '/v1/alignments/x/drift']])
  assert.deepEqual([calls[1].headers['if-match'], calls[1].body], ['"7"', '{"follow":true}'])
})

test('an alignment comes with what the engine looked at, or without, and that of one element by itself', async () => {
  const { gw, calls } = client(json({ id: 'x' }))
  await gw.alignments.get('x')
  await gw.alignments.get('x', { features: false })
  await gw.alignments.features('x', 'a&b')
  assert.deepEqual(calls.map((one) => one.address.split('/v1/')[1]), ['alignments/x', 'alignments/x?features=false', 'alignments/x/features?source_data_element=a%26b'])
})

const gone = json({ code: 'not_found' }, { status: 404 })

test('a run is started with a key of its own and watched to its end', async () => {
  const { gw, calls } = client(json({ id: 'r', state: 'queued' }, { status: 201 }), gone, json({ id: 'r', state: 'reading' }), json({ id: 'r', state: 'sending' }), json({ id: 'r', state: 'differs' }))
  const run = await gw.runs.start({ alignment: 'x', periods: ['202610'], org_units: ['u'] })
  assert.match(calls[0].headers['idempotency-key'], /^[0-9a-f-]{36}$/)
  const states = []
  for await (const one of gw.runs.watch(run.id, { every: 0 })) states.push(one.state)
  assert.deepEqual(states, ['reading', 'sending', 'differs'])
  assert.ok(!gw.runs.isUnderWay({ state: 'interrupted' }))
})

test('watching goes on when the line is back; what is refused ends it', async () => {
  const down = () => { throw new TypeError('Failed to fetch') }
  const { gw } = client(gone, json({ id: 'r', state: 'reading' }), down, down, down, json({}, { status: 502 }), json({}, { status: 502 }), json({ id: 'r', state: 'sending' }), gone)
  const told = []
  await assert.rejects(async () => { for await (const one of gw.runs.watch('r', { every: 0, onLost: (error) => told.push(error.status) })) told.push(one.state) }, { code: 'not_found' })
  assert.deepEqual([told[0], ...new Set(told.slice(1, -1)), told.at(-1)], ['reading', 0, 502, 'sending'])
})

test('watching ends when it is told to', async () => {
  for (const answer of [json({ id: 'r', state: 'reading' }), stream(told(1, 'reading'), HANGS)]) {
    const { gw } = client(answer)
    const stop = new AbortController()
    await assert.rejects(async () => { for await (const _ of gw.runs.watch('r', { every: 60000, signal: stop.signal })) stop.abort() }, { name: 'AbortError' })
    await assert.rejects(async () => { for await (const _ of gw.runs.watch('r', { signal: stop.signal })) assert.fail() }, { name: 'AbortError' })
  }
})

const HANGS = Symbol(), BREAKS = Symbol()
const told = (id, state, more = {}) => `id: ${id}\ndata: ${JSON.stringify({ id: 'r', state, ...more })}\n\n`

/** A stream of events in these pieces. */
const stream = (...pieces) => (_, { signal }) => new Response(new ReadableStream({
  start(body) { signal.addEventListener('abort', () => { try { body.error(signal.reason) } catch { /* it has ended */ } }) },
  pull(body) {
    const piece = pieces.shift()
    if (piece === HANGS) return new Promise(() => {})
    if (piece === BREAKS) return body.error(new TypeError('network error'))
    return piece === undefined ? body.close() : body.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
  },
}, { highWaterMark: 0 }), { headers: { 'Content-Type': 'text/event-stream' } })

async function watched(gw, options) {
  const states = []
  for await (const run of gw.runs.watch('r', { every: 0, onLost: (error) => states.push(error.code), ...options })) states.push(run.state)
  return states
}

test('a run is told by a stream of events, in whatever pieces it comes', async () => {
  const whole = new TextEncoder().encode(`:\n\n${told(1, 'reading', { by: 'é\u2028: \n' })}: alive\r\n\r\n${told(2, 'sending').replaceAll('\n', '\r\n')}retry: 1\n\nid: 3\ndata: {"id":"r",\ndata:"state":\ndata\ndata:"done"}\n\n`)
  for (const size of [1, 2, 7, whole.length]) {
    const pieces = []
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size))
    const { gw, calls } = client(stream(...pieces))
    assert.deepEqual(await watched(gw), ['reading', 'sending', 'done'])
    assert.deepEqual(calls.map((one) => [one.address, one.headers.accept, one.headers['x-drawbridge'], one.headers['last-event-id']]), [['https://gate.example.org/v1/runs/r/events', 'text/event-stream', '1', undefined]])
  }
})

test('a stream that ends or breaks off is gone on with behind what it told last', async () => {
  const { gw, calls } = client(stream(told('a', 'reading')), stream(told('b', 'sending'), 'id: c\nda', BREAKS), json({}, { status: 502 }), json({}, { status: 502 }), stream(), stream(told('d', 'done')))
  assert.deepEqual(await watched(gw), ['reading', 'sending', 'gateway_unreachable', 'upstream_error', 'sending', 'done']) // what is known is told once more when the line is back
  assert.deepEqual(calls.map((one) => one.headers['last-event-id']), [undefined, 'a', 'b', 'b', 'b', 'b'])
  assert.ok(calls.every((one) => one.address.endsWith('/events')))
})

test('where no stream can be had, the run is asked for', async () => {
  const run = json({ id: 'r', state: 'done' }), page = () => new Response('<p>', { headers: { 'Content-Type': 'text/html' } })
  for (const answer of [gone, json({ code: 'too_many' }, { status: 429 }), json({ code: 'busy' }, { status: 503, 'Retry-After': '30' }), json({}), page, stream('data: hello\n\n'), stream('x'.repeat(9 << 20), 'x'.repeat(9 << 20))]) {
    const { gw, calls } = client(answer, run)
    assert.deepEqual(await watched(gw), ['done'])
    assert.deepEqual(calls.map((one) => one.address.split('/runs/')[1]), ['r/events', 'r'])
  }
})

test('what shows no sign of life is given up for asking', async () => {
  const later = globalThis.setTimeout
  globalThis.setTimeout = (act, ms, ...more) => later(act, ms === 30000 ? 1 : ms, ...more)
  try {
    const never = (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    for (const answer of [never, stream(HANGS), stream(told(1, 'reading'), HANGS)]) {
      const { gw, calls } = client(answer, json({ id: 'r', state: 'done' }))
      assert.equal((await watched(gw)).at(-1), 'done')
      assert.deepEqual(calls.map((one) => one.address.split('/runs/')[1]), ['r/events', 'r'])
    }
  } finally {
    globalThis.setTimeout = later
  }
})

test('a stream that is refused ends the watching', async () => {
  const { gw, calls } = client(json({ code: 'no_session' }, { status: 401 }))
  await assert.rejects(watched(gw), { code: 'no_session' })
  assert.equal(calls.length, 1)
})

const SIDES = { source: { server: 'district', data_set: 'a' }, target: { server: 'central', data_set: 'b' } }
const making = (state, more) => ({ id: 'm', state, source: { ...SIDES.source, data_elements: 3, org_units: 0 }, target: { ...SIDES.target, data_elements: 0, org_units: 0 }, ...more })
const made = (id, state, more) => `id: ${id}\ndata: ${JSON.stringify(making(state, more))}\n\n`

test('what is being made is listed', async () => {
  const { gw, calls } = client(json([making('reading')]))
  assert.deepEqual(await gw.alignments.makings(), [making('reading')])
  assert.equal(calls[0].address.split('/v1/')[1], 'makings')
})

async function proposed(gw, options) {
  const states = []
  const result = await gw.alignments.propose(SIDES, { every: 0, onProgress: (now) => states.push(now.state), onLost: (error) => states.push(error.code), ...options })
  return { states, result }
}

test('an alignment is made in one call, and by who wants to know how far it is without one', async () => {
  const plain = client(json({ id: 'x', version: 1 }, { status: 201 }))
  assert.deepEqual(await plain.gw.alignments.propose(SIDES), { id: 'x', version: 1 })
  assert.deepEqual([plain.calls[0].headers.prefer, plain.calls[0].headers['idempotency-key']], [undefined, undefined])
  const { gw, calls } = client(json(making('queued'), { status: 202 }), stream(made(1, 'reading'), BREAKS), stream(made(2, 'comparing'), made(3, 'done')))
  assert.deepEqual(await proposed(gw, { key: 'k' }), { states: ['queued', 'reading', 'gateway_unreachable', 'reading', 'comparing', 'done'], result: { id: 'm', version: 1 } })
  assert.deepEqual(calls.map((one) => [one.method ?? 'GET', one.address.split('/v1/')[1], one.headers.prefer ?? one.headers['last-event-id']]), [['POST', 'alignments', 'respond-async'], ['GET', 'alignments/m/events', undefined], ['GET', 'alignments/m/events', '1']])
  assert.equal(calls[0].headers['idempotency-key'], 'k')
})

test('an alignment whose events cannot be had is asked for; of an older drawbridge the answer is the end', async () => {
  const { gw, calls } = client(json(making('queued'), { status: 202 }), gone, json(making('reading')), json(making('done')))
  assert.deepEqual((await proposed(gw)).states, ['queued', 'reading', 'done'])
  assert.ok(calls.at(-1).address.endsWith('/v1/alignments/m/progress'))
  assert.match(calls[0].headers['idempotency-key'], /^[0-9a-f-]{36}$/)
  assert.deepEqual(await proposed(client(json({ id: 'x', version: 1 }, { status: 201 })).gw), { states: [], result: { id: 'x', version: 1 } })
})

test('an alignment that fails says why; one that drawbridge was stopped at is begun anew', async () => {
  const { gw } = client(json(making('queued'), { status: 202 }), stream(made(1, 'failed', { problem: { status: 404, code: 'not_found', detail: 'no such data set' } })))
  await assert.rejects(proposed(gw), { name: 'DrawbridgeError', code: 'not_found', message: 'no such data set' })
  const again = client(stream(made(1, 'interrupted')), json(making('queued', { id: 'n' }), { status: 202 }), stream(made(1, 'done', { id: 'n' })))
  assert.deepEqual(await again.gw.alignments.follow('m', { every: 0 }), { id: 'n', version: 1 })
  assert.deepEqual(JSON.parse(again.calls[1].body), SIDES)
})

test('the base URL for existing apps is absolute', () => {
  const { gw } = client(json({}))
  assert.equal(gw.baseUrl('central'), 'https://gate.example.org/s/central')
})
