// Every mode in both browsers, with third-party cookies allowed, partitioned and blocked: which one is in force is found out by the browser itself; then the same things can be done in each.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { seen, startBrowser, tooOld } from './browsers.mjs'
import { startGate, token, password } from './gate.mjs'
import { connections, inApp, me, openApp, refused, signInByCode } from './people.mjs'

let gate
before(async () => { gate = await startGate() })
after(() => gate?.stop())

/** What `mode: auto` becomes for the app on another site; `handle` is configured, `gate` and `near` are the same everywhere. */
const FAR = { 'chromium allowed': 'cross-site', 'chromium blocked': 'cross-site', 'chromium no-partitioned': 'handle', 'firefox allowed': 'cross-site', 'firefox partitioned': 'cross-site', 'firefox blocked': 'handle' }
const expected = (app, browser) => ({ gate: 'same-origin', near: 'same-site', handle: 'handle' })[app] ?? FAR[browser]
const ATTRIBUTES = { 'same-origin': ['Strict', false], 'same-site': ['Strict', false], 'cross-site': ['None', true] }

async function checkCookie(window, page, mode) {
  if (window.name !== 'chromium') return // puppeteer's list of Firefox's cookies leaves partitioned ones out
  const { cookies } = await (await page.createCDPSession()).send('Storage.getCookies')
  const found = cookies.filter((one) => one.name === '__Host-Http-drawbridge')
  assert.equal(found.length, mode === 'handle' ? 0 : 1, JSON.stringify(found))
  for (const { httpOnly, secure, sameSite, path, domain, partitionKey, value, name } of found) {
    assert.deepEqual([httpOnly, secure, path, domain.startsWith('.')], [true, true, '/', false])
    assert.deepEqual([sameSite, Boolean(partitionKey)], ATTRIBUTES[mode])
    assert.ok(name.length + value.length < 200)
  }
}

async function wholeWay(window, app) {
  const mode = expected(app, `${window.name} ${window.policy}`)
  const shared = mode === 'same-origin' || mode === 'same-site'
  const page = await openApp(window, gate, app)
  assert.deepEqual(await inApp(page, () => gw.session()), { mode, expires_at: null, idle_expires_at: null, connections: [] })
  await refused(page, () => gw.get('central', 'api/me'), 'no_session')

  const home = gate.origin(app) + (app === 'gate' ? '/app/' : '/')
  await signInByCode(page, gate, 'central', { home, shared })
  assert.equal(page.url(), home, 'nothing is left in the address')
  assert.deepEqual(await connections(page), ['central oauth ok'])
  assert.equal(await me(page, 'central'), 'asha')

  await inApp(page, (id, value) => gw.signIn(id, { kind: 'pat', token: value }), 'district', token('district'))
  assert.deepEqual(await connections(page), ['central oauth ok', 'district pat ok'])
  assert.deepEqual([await me(page, 'central'), await me(page, 'district')], ['asha', 'asha'])
  await checkCookie(window, page, mode)

  await inApp(page, () => gw.signOut('district'))
  await refused(page, () => gw.get('district', 'api/me'), 'not_connected')
  await inApp(page, (id, value) => gw.signIn(id, { kind: 'password', username: 'lena', password: value }), 'district', password('lena'))
  assert.deepEqual([await me(page, 'central'), await me(page, 'district')], ['asha', 'lena'])
  assert.equal((await inApp(page, () => gw.session())).mode, mode)
  const written = await inApp(page, async () => (await gw.fetch('district', 'api/dataValueSets?dryRun=true', { method: 'POST', json: { dataValues: [] } })).status)
  assert.equal(written, 200, JSON.stringify(written))

  await page.reload()
  await seen(page, () => globalThis.ended !== undefined)
  assert.deepEqual((await connections(page)).map((one) => one.split(' ')[0]), ['central', 'district'], 'a reload changes nothing')
  await inApp(page, () => gw.signOut())
  assert.deepEqual(await connections(page), [])
  await refused(page, () => gw.get('central', 'api/me'), 'no_session')
  if (window.name === 'chromium') assert.deepEqual((await (await page.createCDPSession()).send('Storage.getCookies')).cookies.filter((one) => one.name === '__Host-Http-drawbridge'), [], 'and the cookie is gone')
  await page.close()
}

describe('modes', { concurrency: 2 }, () => {
  for (const browser of Object.keys(FAR)) {
    test(`[R-E1, R-E2, R-E3, R-E4, R-E6, R-E7, R-E10, A11] sign-in of each kind, calls, a second server and sign-out in every mode: ${browser}`, { timeout: 1800000, skip: tooOld(browser.split(' ')[0]) }, async (t) => {
      const window = await startBrowser(...browser.split(' '))
      try {
        for (const app of ['gate', 'near', 'far', 'handle']) await t.test(`as ${app}: ${expected(app, browser)}`, () => wholeWay(window, app))
      } finally {
        await window.stop()
      }
    })
  }
})
