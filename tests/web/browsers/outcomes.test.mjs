// What happens when a person does not do one thing after the other: two tabs, two sign-ins at once, Back, reload, an old link, no cookies; and when somebody else tries to be in between. Each has one outcome, in both browsers.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { seen, startBrowser, tooOld } from './browsers.mjs'
import { startGate, token } from './gate.mjs'
import { agree, connections, continueAtPage, inApp, me, openApp, ready, refused, signInByCode } from './people.mjs'

let gate
before(async () => { gate = await startGate() })
after(() => gate?.stop())

const home = (app) => gate.origin(app) + (app === 'gate' ? '/app/' : '/')
const signInByToken = (page, server) => inApp(page, (id, value) => gw.signIn(id, { kind: 'pat', token: value }), server, token(server))
const signOut = (page) => inApp(page, () => gw.signOut())

/** Goes to the server's login and stays there. */
async function leave(page, server, shared) {
  await page.bringToFront()
  const left = page.waitForNavigation()
  await page.evaluate((id) => { gw.startSignIn(id) }, server)
  await left
  if (shared) await continueAtPage(page)
  await seen(page, () => document.querySelector('#password, #submit-consent, #authorizeForm') !== null)
}

/** By the button "Back", as often as it takes. */
async function back(page, address) {
  const place = () => page.evaluate(() => location.href).catch(() => undefined) // between two pages there is none
  for (const end = Date.now() + 180000; Date.now() < end;) {
    const before = await place()
    if (before === address) break
    await page.evaluate(() => { setTimeout(() => history.back()) }).catch(() => {})
    while (Date.now() < end && [before, undefined].includes(await place())) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await ready(page)
}

/** The address by which the browser comes back from a server, as the window's own history knows it. */
function watchCallback(page) {
  const addresses = []
  page.on('request', (request) => { if (request.isNavigationRequest() && request.url().includes('/v1/callback/')) addresses.push(request.url()) })
  return addresses
}

/** Opens an address in a window and waits until the page at its end has said something. */
async function follow(page, address) {
  await page.goto(address)
  await seen(page, () => document.querySelector('h1')?.textContent || document.getElementById('state')?.textContent === 'ready')
  return { url: page.url(), text: await page.evaluate(() => document.body.innerText) }
}

const cases = []
/** For each browser and each of the ways in which an app may hold its session. */
const inEach = { test: (title, run) => cases.push([title, run]) }

inEach.test('[R-E5, R-E13] two tabs sign in to two servers at once, and have both', async (window, app, shared) => {
  const first = await openApp(window, gate, app)
  const second = await openApp(window, gate, app)
  await leave(first, 'central', shared)
  await leave(second, 'district', shared)
  for (const page of [second, first]) {
    await page.bringToFront()
    await agree(page, 'asha', [home(app)])
    await ready(page)
  }
  for (const page of [first, second]) assert.deepEqual([await me(page, 'central'), await me(page, 'district')], ['asha', 'asha'])
  return [first, second]
})

inEach.test('[R-E5] Back in the middle, and once more', async (window, app, shared) => {
  const page = await openApp(window, gate, app)
  await leave(page, 'central', shared)
  await back(page, home(app))
  assert.deepEqual(await connections(page), [])
  await signInByCode(page, gate, 'central', { home: home(app), shared })
  assert.equal(await me(page, 'central'), 'asha')
  return [page]
})

inEach.test('[R-A6] reload at the server in the middle changes nothing', async (window, app, shared) => {
  const page = await openApp(window, gate, app)
  await leave(page, 'central', shared)
  await page.reload()
  await agree(page, 'asha', [home(app)])
  await ready(page)
  assert.equal(await me(page, 'central'), 'asha')
  await page.reload()
  await seen(page, () => globalThis.ended !== undefined)
  assert.equal(await page.evaluate(() => JSON.stringify(globalThis.ended)), '{}', 'the code is not redeemed again')
  assert.equal(await me(page, 'central'), 'asha')
  return [page]
})

inEach.test('[A10, R-A6] the way back opened once more: who is signed in is led on, nobody is signed in by it', async (window, app, shared) => {
  const page = await openApp(window, gate, app)
  const callbacks = watchCallback(page)
  await signInByCode(page, gate, 'central', { home: home(app), shared })
  assert.equal(callbacks.length, 1)
  const again = await window.open(gate.origin('gate') + '/servers')
  const shown = await follow(again, callbacks[0])
  if (shared) {
    await seen(again, () => location.pathname === '/servers') // a redirect, no error
    assert.equal(await me(page, 'central'), 'asha')
    await signOut(page)
    await follow(again, callbacks[0])
  } else {
    assert.match(shown.url, /\/sign-in\/central\?problem=transaction_lost$/)
  }
  await seen(again, () => /took too long or was started in another window/.test(document.body.innerText))
  if (shared) assert.deepEqual(await connections(page), [])
  return [page, again]
})

inEach.test('[R-E10] signing out in one tab is seen in the other', async (window, app) => {
  const first = await openApp(window, gate, app)
  const second = await openApp(window, gate, app)
  await signInByToken(first, 'central')
  await seen(second, () => globalThis.told.at(-1)?.connections.length === 1)
  assert.equal(await me(second, 'central'), 'asha')
  await signOut(second)
  await seen(first, () => globalThis.told.at(-1)?.connections.length === 0)
  await refused(first, () => gw.get('central', 'api/me'), 'no_session')
  return [first, second]
})

inEach.test('[R-F9] a window of its own ends without opener', async (window, app, shared) => {
  const page = await openApp(window, gate, app)
  await page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<button id="go">sign in</button>')
    document.getElementById('go').onclick = () => { globalThis.popup = gw.signInPopup('central').then((session) => session.connections.length, (error) => error.code) }
  })
  const opened = new Promise((resolve) => page.once('popup', resolve))
  await page.bringToFront()
  await page.click('#go')
  const popup = await opened
  await seen(popup, () => document.querySelector('#password, #submit-consent, [role=tab]') !== null)
  assert.equal(await popup.evaluate(() => { globalThis.opener = null; return globalThis.opener }), null)
  if (shared) await continueAtPage(popup)
  await seen(popup, () => document.querySelector('#password, #submit-consent') !== null)
  agree(popup, 'asha', [home(app)]).catch(() => {}) // it closes itself in the middle of that
  assert.equal(await page.evaluate(() => globalThis.popup), 1)
  assert.equal(await me(page, 'central'), 'asha')
  await popup.close().catch(() => {}) // it may have done so itself, also just now
  return [page]
})

inEach.test('[A10, A30, R-A12] a code that somebody else brought is not taken: its verifier is not in this tab', async (window, app) => {
  const page = await window.open(`${home(app)}#drawbridge_code=${'A'.repeat(43)}`)
  await ready(page)
  assert.equal(await page.evaluate(() => globalThis.ended.code), 'verifier_missing')
  assert.equal(await page.evaluate(() => location.hash), '')
  assert.deepEqual(await connections(page), [])
  return [page]
})

const WINDOWS = [['chromium', 'blocked'], ['firefox', 'partitioned']]
const APPS = { gate: true, far: false, handle: false } // does it share its session with drawbridge's own page?

describe('outcomes', { concurrency: 2 }, () => {
  for (const [name, policy] of WINDOWS)
    test(`in ${name}`, { timeout: 1800000, skip: tooOld(name) }, async (t) => {
      const window = await startBrowser(name, policy)
      try {
        for (const [what, run] of cases)
          for (const [app, shared] of Object.entries(APPS))
            await t.test(`${what}: ${app}`, async () => {
              const pages = await run(window, app, shared)
              await signOut(pages[0])
              for (const page of pages) await page.close()
            }).finally(() => window.forget())
      } finally {
        await window.stop()
      }
    })
})

describe('no cookies at all', { concurrency: 2 }, () => {
  for (const name of ['chromium', 'firefox'])
    test(`[R-E4, R-F6] without any cookies the page says so and goes round no circle, and an app in auto signs in by a key: ${name}`, { timeout: 1800000, skip: tooOld(name) }, async () => {
      const window = await startBrowser(name, 'none')
      try {
        const page = await window.open(`${gate.origin('gate')}/sign-in/central`)
        let navigations = 0
        page.on('framenavigated', () => navigations++)
        await seen(page, () => /This browser refuses cookies here/.test(document.body.innerText))
        const shown = await follow(page, `${gate.origin('gate')}/v1/callback/central?state=${'a'.repeat(43)}&code=x`)
        assert.match(shown.url, /\/sign-in\/central\?problem=transaction_lost$/)
        await seen(page, () => /This browser refuses cookies here/.test(document.body.innerText) && /took too long or was started in another window/.test(document.body.innerText))
        assert.ok(navigations <= 2, `${navigations} navigations`)
        for (const app of ['near', 'far']) {
          const mine = await openApp(window, gate, app)
          assert.equal((await inApp(mine, () => gw.session())).mode, 'handle')
          await signInByToken(mine, 'central')
          assert.equal(await me(mine, 'central'), 'asha')
          await refused(mine, () => gw.startSignIn('district'), 'cookies_blocked') // the way back would not be known
          await signOut(mine)
          await mine.close()
        }
        const strict = await openApp(window, gate, 'cookies')
        assert.equal((await inApp(strict, () => gw.session())).cookies_blocked, true)
        await refused(strict, () => gw.startSignIn('district'), 'cookies_blocked')
      } finally {
        await window.stop()
      }
    })
})
