// The app that opens drawbridge from a DHIS2 server's menu: as it is packed, in the place of that server's apps.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { texts } from '../../../launcher/texts.js'
import { axe } from '../browser.mjs'
import { seen, startBrowser } from './browsers.mjs'
import { ROOT, startGate, token } from './gate.mjs'
import { agree } from './people.mjs'

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.webapp': 'application/json', '.png': 'image/png' }
let folder
let gate
let window

/** What is in the package, by path below `at`; pages as the server fills them in. */
function unpacked(at, ...words) {
  const zip = join(folder, `${at}.zip`)
  execFileSync('python3', [join(ROOT, 'tools/mklauncher.py'), '--output', zip, ...words])
  const names = JSON.parse(execFileSync('python3', ['-c', 'import json, sys, zipfile; print(json.dumps(zipfile.ZipFile(sys.argv[1]).namelist()))', zip], { encoding: 'utf8' }))
  execFileSync('python3', ['-m', 'zipfile', '-e', zip, join(folder, at)])
  const filled = (name) => (origin) => readFileSync(join(folder, at, name), 'utf8').replaceAll('__DHIS2_BASE_URL__', `${gate.origin('direct')}/direct/central`).replaceAll('"https://gate.example.org"', `"${origin}"`)
  return Object.fromEntries(names.map((name) => [`/${at}/${name}`, { type: TYPES[extname(name)], body: extname(name) === '.png' ? readFileSync(join(folder, at, name)) : filled(name) }]))
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-launcher-'))
  gate = await startGate({ files: { ...unpacked('set', '--drawbridge', 'https://gate.example.org', '--server', 'central'), ...unpacked('asks'), '/framed/': { type: 'text/html', body: '<!doctype html><title>DHIS2</title><iframe src="/set/index.html"></iframe>' } } })
  window = await startBrowser('chromium', 'blocked')
})
after(async () => {
  await window?.stop()
  await gate?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** At the server, signed in there: its own session is made up of a token here. */
async function openAtServer(path) {
  const page = await window.open('about:blank')
  await page.setRequestInterception(true)
  page.on('request', (request) => request.continue(request.url().includes('/direct/central/api/') ? { headers: { ...request.headers(), authorization: `ApiToken ${token('central')}` } } : {}))
  await page.goto(`${gate.origin('direct')}${path}`)
  return page
}

async function arrives(page) {
  await agree(page, 'asha', [`${gate.origin('gate')}/alignments`])
  const { connections } = await page.evaluate(() => fetch('/v1/session', { headers: { 'X-Drawbridge': '1' } }).then((answer) => answer.json()))
  assert.deepEqual(connections.map((one) => [one.server, one.kind, one.user.username]), [['central', 'oauth', 'asha']])
}

test('it leads to drawbridge, signed in by that server, with one look at the server itself', { timeout: 1800000 }, async () => {
  const page = await openAtServer('/set/index.html')
  await arrives(page)
  await page.goto(`${gate.origin('direct')}/set/index.html`)
  await seen(page, (where) => location.href.startsWith(where), `${gate.origin('gate')}/alignments`) // who is signed in already goes straight on
  await page.close()
  await window.forget()
})

test("also in the frame that the server's own bar stands around", { timeout: 1800000 }, async () => {
  const page = await openAtServer('/framed/')
  await arrives(page)
  await page.close()
  await window.forget()
})

test('a package that knows no drawbridge asks an administrator once', { timeout: 1800000 }, async () => {
  const page = await openAtServer('/asks/index.html')
  await page.waitForSelector('form')
  assert.deepEqual(await axe(page, 'launcher'), [])
  const submit = async (url, server) => {
    for (const [id, value] of [['url', url], ['server', server]]) await page.$eval(`#${id}`, (field, text) => { field.value = text }, value)
    await page.$eval('button', (button) => button.click())
  }
  for (const [url, server, problem] of [['gate', 'central', texts.en.bad_url], ['javascript:alert(1)', 'central', texts.en.bad_url], [gate.origin('gate'), 'Central HMIS', texts.en.bad_server]]) {
    await submit(url, server)
    await seen(page, (text) => document.querySelector('.problem').textContent === text && !document.querySelector('.problem').hidden, problem)
  }
  await submit(`${gate.origin('gate')}/`, 'central')
  await arrives(page)
  await page.goto(`${gate.origin('direct')}/asks/index.html`)
  await seen(page, (where) => location.href.startsWith(where), `${gate.origin('gate')}/alignments`)
  await page.close()
})

test('what a DHIS2 server reads of the package is there: a manifest at its root, and what that names', () => {
  for (const name of ['set', 'asks']) {
    const file = (path) => readFileSync(join(folder, name, path))
    const manifest = JSON.parse(file('manifest.webapp'))
    assert.deepEqual([manifest.appType, manifest.activities.dhis.href, manifest.core_app], ['APP', '*', false])
    assert.match(manifest.version, /^\d+\.\d+\.\d+$/)
    for (const icon of Object.values(manifest.icons)) assert.deepEqual([...file(icon).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47], icon)
    const page = String(file(manifest.launch_path))
    const named = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map((one) => one[1])
    assert.ok(named.length >= 2)
    for (const one of named) assert.ok(file(one).length > 0, one) // below the package: DHIS2 serves it at an address of its own choice
  }
})

test('its texts are there in each language', () => {
  for (const [language, own] of Object.entries(texts)) {
    assert.deepEqual(Object.keys(own), Object.keys(texts.en), language)
    for (const [name, text] of Object.entries(own)) assert.ok(text.trim() && text.includes('{status}') === texts.en[name].includes('{status}'), `${language}: ${name}`)
  }
})
