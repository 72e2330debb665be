// What a person does in the window: at the apps, at drawbridge's page and at the servers' own pages. For puppeteer's pages, in either browser.
import assert from 'node:assert/strict'
import { seen } from './browsers.mjs'
import { password } from './gate.mjs'

export const ready = (page) => seen(page, () => document.getElementById('state')?.textContent === 'ready' && globalThis.ended !== undefined)

/** Opens the app of that name and waits until it has started. */
export async function openApp(window, gate, name) {
  const page = await window.open(gate.origin(name) + (name === 'gate' ? '/app/' : '/'))
  await ready(page)
  return page
}

/** Runs `call` in the page, with `gw` and the words given; a DrawbridgeError comes back as {code, reason, status}. */
export const inApp = (page, call, ...words) => page.evaluate(`(async () => { try { return await (${call})(...${JSON.stringify(words)}) } catch (error) { return { code: error.code ?? String(error), reason: error.reason, status: error.status } } })()`)

export const me = (page, server) => inApp(page, async (id) => (await gw.get(id, 'api/me?fields=username')).username ?? 'nobody', server)

export const connections = async (page) => (await inApp(page, () => gw.session())).connections.map((one) => `${one.server} ${one.kind} ${one.state}`)

const click = async (page, selector) => {
  await page.waitForSelector(selector)
  await page.evaluate((where) => document.querySelector(where).click(), selector) // in one step: what is drawn anew meanwhile is another element
}

/** At the server's login and its question, as often as it asks; ends when `arrived` says that the page is back. */
export async function agree(page, name, arrived) {
  for (;;) {
    const step = await seen(page, (back) => (back.some((one) => location.href.startsWith(one)) ? 'back' : document.querySelector('#password') ? 'login' : document.querySelector('#authorizeForm') ? 'old' : document.querySelector('#submit-consent') ? 'new' : false), arrived)
    if (step === 'back') return
    const gone = page.waitForNavigation()
    if (step === 'login') {
      await page.type('#username', name)
      await page.type('#password', password(name))
      await click(page, '#submit')
    } else if (step === 'old') {
      await click(page, '#authorizeForm [type=submit]')
    } else {
      await page.$$eval('input[name=scope]:not([disabled])', (boxes) => { for (const box of boxes) box.checked = true })
      await click(page, '#submit-consent')
    }
    await gone
  }
}

/** The code flow from the app's button: past drawbridge's page where the session is shared with it, then at the server, and back in the app. */
export async function signInByCode(page, gate, server, { home, name = 'asha', shared }) {
  const left = page.waitForNavigation()
  await page.evaluate((id) => { gw.startSignIn(id) }, server)
  await left
  if (shared) await continueAtPage(page)
  await agree(page, name, [home])
  await ready(page)
}

/** drawbridge's own sign-in page: on to the server's own sign-in, which need not be the first kind it offers. */
export async function continueAtPage(page) {
  const isThere = () => [...document.querySelectorAll('[role=tab]')].find((one) => one.textContent.trim() === 'At the server (OAuth)')
  await seen(page, `(${isThere})() !== undefined`)
  await page.evaluate(`(${isThere})().click()`)
  await page.waitForSelector('a[href*="/authorize?"]')
  const left = page.waitForNavigation()
  await click(page, 'a[href*="/authorize?"]')
  await left
}

export async function refused(page, call, code, ...words) {
  const answer = await inApp(page, call, ...words)
  assert.equal(answer?.code, code, JSON.stringify(answer))
}
