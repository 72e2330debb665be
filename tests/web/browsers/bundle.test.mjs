// An app as DHIS2's own command line tools build it (tests/peers/app, made by `./dev peers`), unmodified: hosted by drawbridge; and on another web server, where a person types the address of the server behind drawbridge.
// DRAWBRIDGE_BUNDLES: the folder with list.zip (`d2-app-scripts build`) and standalone.zip (`d2-app-scripts build --standalone`).
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { seen, startBrowser } from './browsers.mjs'
import { password, startGate } from './gate.mjs'
import { agree, continueAtPage } from './people.mjs'

const BUNDLES = process.env.DRAWBRIDGE_BUNDLES
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.webapp': 'application/json', '.png': 'image/png', '.svg': 'image/svg+xml', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.woff': 'font/woff' }
const skip = !BUNDLES && 'there is no built app: ./dev peers makes one'

let gate
let folder
let window

/** The archive's files as any web server gives them, with nothing filled in. */
function unpacked(into) {
  execFileSync('python3', ['-m', 'zipfile', '-e', join(BUNDLES, 'standalone.zip'), into])
  const files = readdirSync(into, { recursive: true }).map((name) => join(into, name)).filter((path) => statSync(path).isFile())
  return Object.fromEntries(files.map((path) => [`/list/${relative(into, path)}`, { type: TYPES[extname(path)] ?? 'application/octet-stream', body: readFileSync(path) }]))
}

before(async () => {
  if (skip) return
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-bundle-'))
  gate = await startGate({ hosted: join(BUNDLES, 'list.zip'), files: unpacked(folder) })
  window = await startBrowser('chromium', 'blocked')
})
after(async () => {
  await window?.stop()
  await gate?.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const says = (page, text) => seen(page, (wanted) => new RegExp(wanted).test(document.getElementById('who')?.textContent), text)

/** What the shell asks for and a stand-in server does not have: the menu, custom translations. */
const KNOWN = /Failed to load resource: the server responded with a status of 40[34]/

test('hosted by drawbridge: sign-in, the shell and the queries of the app, under the content policy', { timeout: 1800000, skip }, async () => {
  const home = `${gate.origin('hosted')}/`
  const page = await window.open(home)
  const wrong = []
  await seen(page, (start) => location.href.startsWith(start), `${gate.origin('gate')}/sign-in/central?`)
  await continueAtPage(page)
  page.on('console', (message) => { if (message.type() === 'error' && !KNOWN.test(message.text())) wrong.push(message.text()) })
  await agree(page, 'asha', [home])
  await says(page, '^Asha Okello sees [0-9]+ units$')
  const called = await page.evaluate(() => performance.getEntriesByType('resource').map((one) => new URL(one.name)).filter((one) => one.pathname.includes('/api/')).map((one) => one.origin + one.pathname.slice(0, 11)))
  assert.ok(called.length > 2)
  assert.deepEqual([...new Set(called)], [`${gate.origin('gate')}/s/central/`])
  assert.deepEqual(wrong, [])
  await page.close()
  await window.forget()
})

test('on another web server: the address is typed into its own form, and the password goes by drawbridge', { timeout: 1800000, skip }, async () => {
  const page = await window.open(`${gate.origin('near')}/list/index.html`)
  const field = (name) => `input[name="${name}"]`
  await page.waitForSelector(field('server'))
  for (const [name, value] of [['server', `${gate.origin('gate')}/s/district`], ['j_username', 'asha'], ['j_password', password('asha')]]) await page.type(field(name), value)
  await page.evaluate(() => document.querySelector('button[type="submit"]').click())
  await says(page, '^Asha Okello sees [0-9]+ units$')
  const { connections } = await page.evaluate((address) => fetch(`${address}/v1/session`, { credentials: 'include', headers: { 'X-Drawbridge': '1' } }).then((answer) => answer.json()), gate.origin('gate'))
  assert.deepEqual(connections.map((one) => [one.server, one.user.username]), [['district', 'asha']])
  await page.close()
})
