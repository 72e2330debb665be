// An app that drawbridge hosts: its archive is served on an origin of its own, who is not signed in is led to the sign-in and back, and the app, which knows nothing of drawbridge, gets its server's answers.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { seen, startBrowser, tooOld } from './browsers.mjs'
import { startGate } from './gate.mjs'
import { agree, continueAtPage } from './people.mjs'

// As d2-app-scripts writes it, with the place for the address that a DHIS2 server fills in.
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="dhis2-base-url" content="__DHIS2_BASE_URL__" /><title>List</title><link rel="icon" href="data:,"><base target="_top" /></head>
<body><p id="who"></p><img id="icon" alt=""><script src="./program-BxYz12_a.js"></script><script src="./list.js"></script></body></html>`
const LIST = `
const baseUrl = document.querySelector('meta[name="dhis2-base-url"]').content
globalThis.list = { baseUrl }
runProgram({ baseUrl, apiVersion: '' }, [{ query: { me: { resource: 'me', params: { fields: ['name'] } }, units: { resource: 'organisationUnits', params: { paging: false, fields: ['id'] } } } }])
  .then(([, { value, error, message }]) => { document.getElementById('who').textContent = error ? error + ': ' + message : value.me.name + ' sees ' + value.units.organisationUnits.length + ' units' })
`

/** {"name": text} as an archive. */
function archive(path, files) {
  execFileSync('python3', ['-c', 'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as out:\n  for name, text in json.load(sys.stdin).items(): out.writestr(name, text)', path], { input: JSON.stringify(files) })
  return path
}

let gate
let folder
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-hosted-'))
  const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL('program.mjs', import.meta.url))], bundle: true, minify: true, write: false, format: 'iife', define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' }, logLevel: 'error' })
  gate = await startGate({ hosted: archive(join(folder, 'list.zip'), { 'index.html': PAGE, 'manifest.webapp': '{"name":"List"}', 'list.js': LIST, 'program-BxYz12_a.js': outputFiles[0].text }) })
})
after(async () => {
  await gate?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const says = async (page, text) => {
  await seen(page, (wanted) => new RegExp(wanted).test(document.getElementById('who')?.textContent) && !document.documentElement.hidden, text)
}

for (const name of ['chromium', 'firefox'])
  test(`a hosted app leads to the sign-in and back, and reaches its server alone: ${name}`, { timeout: 1800000, skip: tooOld(name) }, async () => {
    const window = await startBrowser(name, 'blocked')
    try {
      const home = `${gate.origin('hosted')}/`
      const page = await window.open(`${home}#/rows/3`)
      const wrong = []
      await seen(page, (start) => location.href.startsWith(start), `${gate.origin('gate')}/sign-in/central?`)
      await continueAtPage(page)
      page.on('console', (message) => { if (message.type() === 'error') wrong.push(message.text()) })
      await agree(page, 'asha', [home])
      await says(page, '^Asha Okello sees [0-9]+ units$')
      assert.equal(new URL(page.url()).origin + '/', home)
      assert.equal(await page.evaluate('list.baseUrl'), `${gate.origin('gate')}/s/central`)
      assert.deepEqual(wrong, [], 'its pages run under the content policy without a complaint')

      const call = (address) => page.evaluate((at) => fetch(at, { credentials: 'include', headers: { 'X-Requested-With': 'XMLHttpRequest' } }).then(async (answer) => ({ status: answer.status, code: (await answer.json()).code })), address)
      assert.deepEqual(await call(`${gate.origin('gate')}/s/district/api/me`), { status: 403, code: 'policy' })
      const icon = await page.evaluate((at) => new Promise((resolve) => { const image = new Image(); image.onload = () => resolve('shown'); image.onerror = () => resolve('refused'); image.src = at }), `${gate.origin('gate')}/s/central/favicon.ico`)
      assert.equal(icon, 'refused', 'the policy of the server holds for images, too')
      await page.evaluate((at) => { const link = Object.assign(document.createElement('a'), { href: at }); document.body.append(link); link.click() }, `${gate.origin('gate')}/s/central/api/me.json?fields=username`)
      await seen(page, () => document.body.textContent.includes('"asha"'))

      await page.goto(home)
      await says(page, '^Asha Okello')
      await page.goto(`${gate.origin('gate')}/app/`)
      await seen(page, () => globalThis.ended !== undefined)
      await page.evaluate('gw.signOut()')
      await page.goto(home)
      await seen(page, (start) => location.href.startsWith(start), `${gate.origin('gate')}/sign-in/central?`)
      await page.goto(home)
      await says(page, 'sign in first') // led away and come back as before: it stays, and the app says what is wrong
    } finally {
      await window.stop()
    }
  })
