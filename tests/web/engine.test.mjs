// gw.engine(server) beside @dhis2/data-engine itself: the same words lead to the same requests.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { createDrawbridge } from '../../sdk/drawbridge.js'

const { DataEngine, RestAPILink } = createRequire(import.meta.url)('@dhis2/data-engine')
const BASE = 'https://gate.example.org/s/central'

const form = (body) => (body instanceof FormData ? ['form', ...body.entries()] : body instanceof URLSearchParams ? ['fields', ...body.entries()] : body ?? undefined)

/** What went out: method, address, type and body. */
async function sent(run) {
  const calls = []
  const keep = async (address, init) => {
    const headers = new Headers(init.headers)
    calls.push({ method: init.method ?? 'GET', address: decodeURIComponent(String(address)), type: headers.get('Content-Type'), accept: headers.get('Accept'), body: form(init.body) })
    return new Response('{"ok":true}', { headers: { 'Content-Type': 'application/json' } })
  }
  const result = await run(keep).then((value) => ({ value }), (error) => ({ error: error.name }))
  return { calls, result }
}

async function both(use) {
  const before = globalThis.fetch
  try {
    const own = await sent((fetch) => use(createDrawbridge({ url: 'https://gate.example.org', fetch }).engine('central')))
    const theirs = await sent((fetch) => { globalThis.fetch = fetch; return use(new DataEngine(new RestAPILink({ baseUrl: BASE, apiVersion: '', serverVersion: { major: 2, minor: 41, full: '2.41' } }))) })
    return [own, theirs]
  } finally {
    globalThis.fetch = before
  }
}

const UID = 'fbfJHSPpUQD'
const mutation = (type, resource, data, more = {}) => [`${type} ${resource}`, (engine) => engine.mutate({ type, resource, data, ...more })]
const cases = [
  ['several queries', (engine) => engine.query({ me: { resource: 'me' }, units: { resource: 'organisationUnits', params: { filter: ['level:le:2', 'name:ilike:a b'], fields: ['id', 'parent[id]'], page: 2, order: undefined } } })],
  ['an id and variables', (engine) => engine.query({ one: { resource: 'dataElements', id: ({ id }) => id, params: ({ fields }) => ({ fields }) } }, { variables: { id: UID, fields: 'id,name' } })],
  ['an action', (engine) => engine.query({ modules: { resource: 'action::menu/getModules' } })],
  ['ping and tracker', (engine) => engine.query({ ping: { resource: 'ping' }, events: { resource: 'tracker/events', params: { program: UID } } })],
  mutation('create', 'dataStore/a/b', { a: 'ü' }),
  mutation('update', 'dataStore/a', { a: 1 }, { id: 'b' }),
  mutation('update', 'dataElements', { name: 'x' }, { id: UID, partial: true }),
  mutation('json-patch', 'dataElements', [{ op: 'replace', path: '/name', value: 'x' }], { id: UID }),
  ['delete', (engine) => engine.mutate({ type: 'delete', resource: 'dataElements', id: UID, params: { strategy: 'x' } })],
  mutation('create', 'dataValues', { de: UID, value: '1' }),
  mutation('create', 'fileResources', { file: 'x' }),
  mutation('create', 'svg.png', { svg: '<svg/>' }),
  mutation('create', `messageConversations/${UID}`, 'hello'),
  mutation('create', 'messageConversations/feedback', 'hello', { params: { subject: 'x' } }),
  mutation('create', `interpretations/visualization/${UID}`, 'text'),
  mutation('create', `interpretations/${UID}/comments`, 'text'),
  mutation('update', 'interpretations', 'text', { id: UID }),
  mutation('update', `interpretations/${UID}/comments`, 'text', { id: UID }),
  mutation('create', 'userSettings/keyUiLocale', 'fr'),
  mutation('create', 'configuration/systemId', 'x'),
  mutation('create', 'configuration/corsWhitelist', ['x']),
  mutation('create', 'indicators/expression/description', '#{a}'),
  mutation('create', 'dataStore/a/text', 'just text'),
  ['get', (engine) => engine.get(`dataElements/${UID}?fields=id`)],
  ['post', (engine) => engine.post('dataElementGroups', { name: 'x' })],
  ['patch', (engine) => engine.patch(`dataElements/${UID}`, { name: 'x' })],
  ['jsonPatch', (engine) => engine.jsonPatch(`dataElements/${UID}`, [{ op: 'remove', path: '/code' }])],
  ['delete by path', (engine) => engine.delete(`dataElements/${UID}`)],
]

for (const [name, use] of cases)
  test(`as @dhis2/data-engine: ${name}`, async () => {
    const [own, theirs] = await both(use)
    assert.ok(theirs.calls.length)
    assert.deepEqual(own, theirs)
  })

test('onComplete and onError, and errors with the members of a FetchError', async () => {
  const told = []
  const fetch = async (address) => (address.includes('good') ? new Response('{"a":1}', { headers: { 'Content-Type': 'application/json' } }) : new Response('{"message":"locked"}', { status: 409 }))
  const engine = createDrawbridge({ url: 'https://gate.example.org', fetch }).engine('central')
  await engine.query({ it: { resource: 'good' } }, { onComplete: (data) => told.push(data) })
  await assert.rejects(engine.mutate({ type: 'create', resource: 'bad', data: {} }, { onError: (error) => told.push(error.type) }), { type: 'access', details: { message: 'locked' } })
  assert.deepEqual(told, [{ it: { a: 1 } }, 'access'])
  const away = createDrawbridge({ url: 'https://gate.example.org', fetch: async () => { throw new TypeError('no line') } }).engine('central')
  await assert.rejects(away.get('me'), { type: 'network', details: {} })
})

test('put, which that engine cannot; several filters of one path; and no address in place of a path', async () => {
  const calls = []
  const fetch = async (address, init) => { calls.push([init.method, address.slice(BASE.length)]); return new Response('{}', { headers: { 'Content-Type': 'application/json' } }) }
  const engine = createDrawbridge({ url: 'https://gate.example.org', fetch }).engine('central')
  await engine.put('dataStore/a/b', { a: 1 })
  await engine.get('dataElements?filter=a:eq:1&filter=b:eq:2')
  assert.deepEqual(calls, [['PUT', '/api/dataStore/a/b'], ['GET', '/api/dataElements?filter=a%3Aeq%3A1&filter=b%3Aeq%3A2']])
  await assert.rejects(async () => engine.get('https://evil.test/api/me'), TypeError)
})

test('what app-runtime is given for one server', async () => {
  const fetch = async () => new Response('{"version":"2.41.3-SNAPSHOT","systemName":"x"}', { headers: { 'Content-Type': 'application/json' } })
  const config = await createDrawbridge({ url: 'https://gate.example.org', fetch }).runtimeConfig('central')
  assert.deepEqual(config, { baseUrl: BASE, apiVersion: 41, serverVersion: { major: 2, minor: 41, patch: 3, tag: 'SNAPSHOT', full: '2.41.3-SNAPSHOT' }, systemInfo: { version: '2.41.3-SNAPSHOT', systemName: 'x' } })
})
