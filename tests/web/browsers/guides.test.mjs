// What the guides show, run as it stands there: the page of docs/sdk.md, and the code of docs/migration.md. And the adapter for @dhis2/app-runtime that both name.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { build } from 'esbuild'
import { seen, startBrowser } from './browsers.mjs'
import { ROOT, startGate, token } from './gate.mjs'
import { agree, continueAtPage } from './people.mjs'

/** The first block of that language behind the mark. */
function block(guide, language, mark = '') {
  const text = readFileSync(join(ROOT, 'docs', guide), 'utf8')
  return new RegExp('```' + language + '\\n([\\s\\S]*?)```').exec(text.slice(text.indexOf(mark)))[1]
}

/** Modules in one script, with the client where npm would put it. */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(ROOT, 'tests/web'), loader: 'jsx' },
    bundle: true, write: false, format: 'esm', target: 'es2022', jsx: 'automatic', logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    alias: { 'drawbridge-client/app-runtime': join(ROOT, 'sdk/app-runtime.js'), 'drawbridge-client': join(ROOT, 'sdk/drawbridge.js') },
    nodePaths: [join(ROOT, 'tests/web/node_modules')],
  })
  return outputFiles[0].text
}

const PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="SCRIPT"></script></html>'
const AFTER = () => `${block('migration.md', 'js', '<!-- test: after -->')}\nglobalThis.app = { gw, targetDataSets, target, save }`
const TWO = `
import { createDrawbridge } from 'drawbridge-client'
import { Server } from 'drawbridge-client/app-runtime'
import { useDataEngine, useDataMutation, useDataQuery } from '@dhis2/app-runtime'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'

const gw = createDrawbridge({ url: 'https://gate.example.org' })
const QUERY = { info: { resource: 'system/info', params: { fields: ['version'] } }, me: { resource: 'me', params: { fields: ['username'] } } }
const SAVE = { type: 'create', resource: 'dataStore/guide/one', data: ({ text }) => ({ text }) }
function Version({ name }) {
  const { data, error } = useDataQuery(QUERY)
  const [save] = useDataMutation(SAVE)
  const engine = useDataEngine()
  globalThis[name] = { save, engine }
  return <p id={name}>{error ? error.type + ': ' + error.message : data ? data.info.version.slice(0, 4) + ' ' + data.me.username : ''}</p>
}
function App() {
  const [drawn, draw] = useState(0)
  globalThis.drawAgain = () => draw(drawn + 1)
  return <><b id="drawn">{drawn}</b><Server gateway={gw} of="district"><Version name="a" /></Server><Server gateway={gw} of="central"><Version name="b" /></Server></>
}
globalThis.gw = gw
globalThis.start = () => createRoot(document.getElementById('root')).render(<App />)
`

let gate
let window
before(async () => {
  const [after, two] = await Promise.all([bundled(AFTER()), bundled(TWO)])
  const script = (text) => ({ type: 'text/javascript', body: (origin) => text.replaceAll('https://gate.example.org', origin) })
  gate = await startGate({
    files: {
      '/two-servers/': { type: 'text/html', body: (origin) => block('sdk.md', 'html').replaceAll('http://127.0.0.1:8080', origin) },
      '/after/': { type: 'text/html', body: PAGE.replace('SCRIPT', '/after.js') },
      '/after.js': script(after),
      '/two/': { type: 'text/html', body: PAGE.replace('SCRIPT', '/two.js') },
      '/two.js': script(two),
    },
  })
  window = await startBrowser('chromium', 'blocked')
})
after(async () => {
  await window?.stop()
  await gate?.stop()
})

test('the page of the five-minute guide, as it stands there', { timeout: 1800000 }, async () => {
  const home = `${gate.origin('near')}/two-servers/`
  const page = await window.open(home)
  for (const server of ['district', 'central']) {
    await page.waitForSelector(`#${server}`)
    const left = page.waitForNavigation()
    await page.evaluate((id) => document.getElementById(id).click(), server)
    await left
    await continueAtPage(page)
    await agree(page, 'asha', [home])
  }
  await seen(page, () => /Asha Okello sees \d+ units at district/.test(document.getElementById('out').textContent) && /Asha Okello sees \d+ units at central/.test(document.getElementById('out').textContent))
  await page.close()
  await window.forget()
})

const signIn = (page, name, server) => page.evaluate((path, id, given) => path.split('.').reduce((at, one) => at[one], globalThis).signIn(id, { kind: 'pat', token: given }).then((one) => one.state), name, server, token(server))

test('the code of the migration guide, as it stands there', { timeout: 1800000 }, async () => {
  const page = await window.open(`${gate.origin('near')}/after/`)
  await seen(page, () => globalThis.app !== undefined)
  // the guide calls the target b
  await page.evaluate(() => { for (const call of ['get', 'fetch', 'engine']) { const made = app.gw[call]; app.gw[call] = (server, ...words) => made(server === 'b' ? 'central' : server, ...words) } })
  assert.equal(await signIn(page, 'app.gw', 'central'), 'ok')
  const sets = await page.evaluate(() => app.targetDataSets())
  assert.ok(sets.length > 0 && sets[0].id && sets[0].name, JSON.stringify(sets).slice(0, 200))
  await page.close()
  await window.forget()
})

test('two servers below one app: hooks of app-runtime, each with its own answers', { timeout: 1800000 }, async () => {
  const page = await window.open(`${gate.origin('near')}/two/`)
  await seen(page, () => globalThis.start !== undefined)
  for (const server of ['district', 'central']) assert.equal(await signIn(page, 'gw', server), 'ok')
  let calls = 0
  page.on('request', (request) => { if (request.method() === 'GET' && request.url().includes('/api/system/info')) calls++ })
  await page.evaluate(() => start())
  const says = (id, text) => seen(page, (where, wanted) => document.getElementById(where)?.textContent === wanted, id, text)
  await says('a', '2.41 asha')
  await says('b', '2.43 asha')
  await page.evaluate(() => drawAgain())
  await seen(page, () => document.getElementById('drawn').textContent === '1')
  await says('a', '2.41 asha')
  assert.equal(calls, 2, 'drawn again, nothing is asked for again')
  await page.evaluate(() => a.save({ text: 'in the district' }))
  const found = (name) => page.evaluate((one) => globalThis[one].engine.query({ it: { resource: 'dataStore/guide/one' } }).then(({ it }) => it, (error) => [error.type, error.status]), name)
  assert.deepEqual(await found('a'), { text: 'in the district' })
  assert.deepEqual(await found('b'), ['unknown', 404])
  await page.close()
})
