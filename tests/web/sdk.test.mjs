// The browser client against answers as drawbridge gives them.
import assert from 'node:assert/strict'
import { createHash, webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { createDrawbridge, DrawbridgeError } from '../../sdk/drawbridge.js'

const json = (body, { status = 200, ...headers } = {}) => () => new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

globalThis.crypto ??= webcrypto // Debian 12 has node 18, where it is no global yet

/** A client whose calls are kept, and answered by `answers` in turn (the last one for all that follow). */
function client(...answers) {
  const calls = []
  const storage = new Map()
  const gw = createDrawbridge({
    url: 'https://gate.example.org/',
    fetch: async (address, init) => {
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
  assert.equal(told.length, 3)
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
  assert.equal(calls.at(-1).address, 'https://gate.example.org/s/a/menu/getModules.action')
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

test('a run is started with a key of its own and watched to its end', async () => {
  const { gw, calls } = client(json({ id: 'r', state: 'queued' }, { status: 201 }), json({ id: 'r', state: 'reading' }), json({ id: 'r', state: 'sending' }), json({ id: 'r', state: 'differs' }))
  const run = await gw.runs.start({ alignment: 'x', periods: ['202610'], org_units: ['u'] })
  assert.match(calls[0].headers['idempotency-key'], /^[0-9a-f-]{36}$/)
  const states = []
  for await (const one of gw.runs.watch(run.id, { every: 0 })) states.push(one.state)
  assert.deepEqual(states, ['reading', 'sending', 'differs'])
  assert.ok(!gw.runs.isUnderWay({ state: 'interrupted' }))
})

test('watching ends when it is told to', async () => {
  const { gw } = client(json({ id: 'r', state: 'reading' }))
  const stop = new AbortController()
  await assert.rejects(async () => { for await (const _ of gw.runs.watch('r', { every: 60000, signal: stop.signal })) stop.abort() }, { name: 'AbortError' })
})

test('the base URL for existing apps is absolute', () => {
  const { gw } = client(json({}))
  assert.equal(gw.baseUrl('central'), 'https://gate.example.org/s/central')
})
