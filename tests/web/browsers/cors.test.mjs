// Who may read what from where: origin by credentials by method by header by answer, as the browsers see it and byte by byte.
import assert from 'node:assert/strict'
import { request } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { seen, startBrowser, tooOld } from './browsers.mjs'
import { GATE, startGate, token } from './gate.mjs'
import { inApp, openApp } from './people.mjs'

let gate
before(async () => { gate = await startGate() })
after(() => gate?.stop())

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const HEADERS = { none: {}, ours: { 'X-Drawbridge': '1' }, theirs: { 'X-Requested-With': 'XMLHttpRequest' }, empty: { 'X-Drawbridge': '1', Authorization: '' }, unknown: { 'X-Drawbridge': '1', 'X-Evil': '1' } }
const PLACES = { api: '/v1/session', proxied: '/s/central/api/me', unknown: '/v1/nothing', nowhere: '/s/nowhere/api/me' }

/** What an app that is listed and not signed in reads: the status. "blocked": the browser does not let it (the header is not in our list). */
function expected(place, method, header) {
  if (header === 'unknown') return 'blocked'
  const read = method === 'GET' || method === 'HEAD'
  if (place === 'api' || place === 'unknown') {
    if (header === 'none' || header === 'theirs') return 403
    if (place === 'unknown') return 404
    return read ? 200 : method === 'DELETE' ? 204 : 405
  }
  if (place === 'nowhere') return 404
  return 401 // Origin is the proof
}

/** Every call of the matrix from a page; {"place method header credentials": status, or "blocked"}. */
const matrix = (page, address, places, methods, headers) => inApp(page, async (base, allPlaces, allMethods, allHeaders) => {
  const found = []
  for (const [place, path] of Object.entries(allPlaces))
    for (const method of allMethods)
      for (const [header, set] of Object.entries(allHeaders))
        for (const credentials of header === 'ours' ? ['include', 'omit'] : ['include'])
          found.push(fetch(base + path, { method, credentials, headers: set }).then((answer) => answer.status, () => 'blocked').then((status) => [`${place} ${method} ${header} ${credentials}`, status]))
  return Object.fromEntries(await Promise.all(found))
}, address, places, methods, headers)

describe('cors', { concurrency: 2 }, () => {
  for (const [name, policy] of [['chromium', 'allowed'], ['firefox', 'partitioned']])
    test(`[R-F1, R-F2, R-F3, R-F4, R-F5, R-F6, A02] an app that is listed reads every answer, refusals too; nobody else reads any: ${name}`, { timeout: 1800000, skip: tooOld(name) }, async () => {
      const window = await startBrowser(name, policy)
      try {
        for (const app of ['near', 'far']) {
          const page = await openApp(window, gate, app)
          const found = await matrix(page, gate.origin('gate'), PLACES, METHODS, HEADERS)
          assert.equal(Object.keys(found).length, 4 * 6 * (5 + 1))
          for (const [what, status] of Object.entries(found)) assert.equal(status, expected(...what.split(' ')), `${app}: ${what}`)
          const problem = await inApp(page, async (address) => { const answer = await fetch(address, { headers: { 'X-Drawbridge': '1' }, credentials: 'include' }); return { content: answer.headers.get('Content-Type'), code: answer.headers.get('X-Drawbridge-Error'), ...(await answer.json()) } }, `${gate.origin('gate')}/s/central/api/me`)
          assert.deepEqual([problem.content, problem.code, problem.httpStatusCode, problem.status, problem.login_url], ['application/json', 'no_session', 401, 'ERROR', `${gate.origin('gate')}/sign-in/central`])
          await page.close()
        }
        const evil = await openApp(window, gate, 'evil')
        for (const [what, status] of Object.entries(await matrix(evil, gate.origin('gate'), PLACES, METHODS, HEADERS))) assert.equal(status, 'blocked', `evil: ${what}`)
        await evil.close()
      } finally {
        await window.stop()
      }
    })

  for (const [name, policy] of [['chromium', 'allowed'], ['firefox', 'allowed']])
    test(`[R-E4, R-F3, R-F4, R-F11, A02, A32] a page of another site does nothing with the session of somebody who is signed in: ${name}`, { timeout: 1800000, skip: tooOld(name) }, async () => {
      const window = await startBrowser(name, policy)
      try {
        const own = await openApp(window, gate, 'gate')
        await inApp(own, (value) => gw.signIn('central', { kind: 'pat', token: value }), token('central'))
        const evil = await openApp(window, gate, 'evil')
        const tried = await inApp(evil, async (base) => {
          const within = (what) => Promise.race([what, new Promise((resolve) => setTimeout(() => resolve('nothing at all'), 100000))])
          const load = (make) => within(new Promise((resolve) => { const one = make(); one.onload = () => resolve('loaded'); one.onerror = () => resolve('failed'); document.body.append(one) }))
          const element = (tag, members) => () => Object.assign(document.createElement(tag), members)
          const at = `${base}/s/central/api/me`
          const stream = new EventSource(at, { withCredentials: true })
          const socket = new WebSocket(at.replace('https', 'wss'))
          const tries = {
            image: load(element('img', { src: at })),
            script: load(element('script', { src: at })),
            style: load(element('link', { rel: 'stylesheet', href: at })),
            opaque: within(fetch(at, { mode: 'no-cors', credentials: 'include' }).then((answer) => answer.type, () => 'failed')),
            stream: within(new Promise((resolve) => { stream.onopen = () => resolve('open'); stream.onerror = () => resolve('failed') })),
            socket: within(new Promise((resolve) => { socket.onopen = () => resolve('open'); socket.onerror = () => resolve('failed') })),
          }
          document.cookie = '__Host-Http-drawbridge=planted; Secure; Path=/'
          return { ...Object.fromEntries(await Promise.all(Object.entries(tries).map(async ([name, one]) => [name, await one]))), cookie: document.cookie }
        }, gate.origin('gate'))
        assert.match(tried.opaque, /^(opaque|failed)$/)
        assert.deepEqual({ ...tried, opaque: '' }, { image: 'failed', script: 'failed', style: 'failed', opaque: '', stream: 'failed', socket: 'failed', cookie: '' })
        await evil.evaluate((base) => { // a form posts across sites without asking anybody
          const form = Object.assign(document.createElement('form'), { method: 'post', action: `${base}/s/central/api/dataValueSets`, enctype: 'text/plain' })
          document.body.append(form)
          form.submit()
        }, gate.origin('gate'))
        await seen(evil, () => /missing_header|cross_site/.test(document.body.innerText))
        assert.equal(await own.evaluate(() => { document.cookie = '__Host-Http-drawbridge=planted; Secure; Path=/'; return document.cookie }), '', 'nor can a script of our own origin plant one')
        assert.equal((await inApp(own, () => gw.session())).connections.length, 1)
        await inApp(own, () => gw.signOut())
      } finally {
        await window.stop()
      }
    })
})

/** One request as bytes say, to whatever host its header names. */
function raw(method, path, headers) {
  const { port } = new URL(gate.origin('gate'))
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, rejectUnauthorized: false, headers: { Host: `${GATE}:${port}`, ...headers } }, (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, cors: Object.keys(answer.headers).filter((name) => name.startsWith('access-control-')) }))
    }).on('error', reject).end()
  })
}

test('[R-F1, R-F2, R-F5, A02] the same matrix byte by byte: exactly the origin that is listed, never a star', async () => {
  const { port } = new URL(gate.origin('gate'))
  const listed = ['gate', 'near', 'far', 'handle', 'cookies'].map(gate.origin)
  const near = gate.origin('near')
  const strangers = ['null', gate.origin('evil'), near.replace('https', 'http'), near.replace(`:${port}`, ''), near.toUpperCase(), `${near}/`, `${near}.evil.test`, near.replace('app.', 'xapp.'), near.replace('//', '//user@'), near.replace('.test', '.test.'), `${near} ${near}`]
  for (const path of Object.values(PLACES))
    for (const method of METHODS)
      for (const origin of [...listed, ...strangers]) {
        const what = `${method} ${path} from ${origin}`
        const answer = await raw(method, path, { Origin: origin, 'X-Drawbridge': '1', ...(method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': '0' }) })
        const preflight = await raw('OPTIONS', path, { Origin: origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'x-drawbridge' })
        assert.match(answer.headers.vary, /Origin/, what)
        if (strangers.includes(origin)) {
          assert.deepEqual([answer.status, preflight.status, answer.cors, preflight.cors], [403, 403, [], []], what)
          continue
        }
        assert.equal(preflight.status, 204, what)
        for (const one of [answer, preflight]) {
          assert.deepEqual([one.headers['access-control-allow-origin'], one.headers['access-control-allow-credentials']], [origin, 'true'], what)
          for (const name of one.cors) assert.ok(!one.headers[name].includes('*'), `${what}: ${name}`)
        }
        assert.ok(Number(preflight.headers['access-control-max-age']) <= 7200 && !preflight.headers['set-cookie'], what)
      }
})
