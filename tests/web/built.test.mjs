// The page as the program sends it: its modules joined, its texts in parts, and what the first screen asks for under way before the page's own code is there.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { BUILD, FILES, fileAt, NAMES as files } from './built.mjs'
import { openPage, startBrowser } from './browser.mjs'
import { startFront } from './front.mjs'
import { startMock } from './mock.mjs'
import { madeUpRun, PAIR } from './made-up.mjs'
import { parsePo } from '../../web/model/po.js'

let browser, front, world
before(async () => {
  ;[browser, front, world] = await Promise.all([startBrowser(), startFront(BUILD), startMock()])
  world.align(PAIR, 'one')
  front.use(world)
})
after(() => Promise.all([browser?.close(), front?.stop(), world?.stop()]))

test('a first visit takes few files, and what it asks the program for does not wait for the code', async () => {
  const { page, complaints, close } = await openPage(browser, { locale: 'fr-FR' })
  const asked = []
  const languages = new Set()
  let allAsked
  const early = new Promise((resolve) => { allAsked = resolve })
  const EARLY = ['/v1/session', '/v1/servers', '/v1/alignments/one', 'i18n/first/fr.po']
  page.on('request', (request) => {
    if (request.url().includes('/v1/')) languages.add(request.headers()['accept-language'])
    asked.push(new URL(request.url()).pathname.replace(/^\/ui\/\w+\//, ''))
    if (EARLY.every((one) => asked.includes(one))) allAsked()
  })
  await page.route('**/main.js', async (route) => {
    await early
    await route.continue()
  })
  await page.goto(`${front.url}/alignments/one`)
  await page.getByRole('grid').waitFor()
  await page.getByRole('link', { name: 'Changements' }).waitFor()
  assert.deepEqual(asked.filter((one) => /^[^/]/.test(one) && one !== 'icon.svg' && !one.startsWith('later/')).sort() /* later: what counts values, once the rows are there */, ['app.css', 'early.js', 'i18n/first/fr.po', 'main.js', 'review.js'])
  for (const one of EARLY) assert.equal(asked.filter((each) => each === one).length, 1, one)
  await page.getByRole('link', { name: 'Vue d’ensemble' }).click() // a screen that is fetched later, with its texts
  await page.getByRole('heading', { name: 'Ce qui a changé sur les serveurs' }).waitFor()
  assert.deepEqual(asked.filter((one) => one.endsWith('.po')), ['i18n/first/fr.po', 'i18n/fr.po'])
  assert.deepEqual([...languages], ['fr']) // also what is asked early says whose language it is
  assert.deepEqual(complaints, [])
  await close()
})

/** Screens that fetch more than what they are made of, and how one gets all of it; but not what a person has compared of two servers' values, which waits for those far longer than for its code. */
const BESIDE = {
  '/servers': async (page) => {
    await page.locator('.rights dl').nth(1).waitFor()
    await page.getByRole('button', { name: /^Examine/ }).first().click()
    await page.locator('.checks').waitFor()
  },
  '/alignments/one': async (page) => {
    await page.locator('.filters [aria-expanded]').click()
    await page.locator('.facets .histogram').waitFor()
    await page.getByRole('grid').focus()
    for (const [open, there] of [[() => page.keyboard.press('?'), '.keys'], [() => page.getByRole('button', { name: 'All steps' }).click(), '.events, p'], [() => page.getByRole('button', { name: 'People' }).click(), 'input']]) {
      await open()
      await page.locator(`dialog[open] ${there}`).first().waitFor()
      await page.locator('dialog[open]').getByRole('button', { name: 'Close' }).click()
    }
    for (const [tab, there] of [[/^Why/, '.why'], [/^Cells/, '.cells']]) {
      await page.getByRole('tab', { name: tab }).click()
      await page.locator(`.detail ${there}`).waitFor()
    }
    await page.getByRole('tab', { name: 'History' }).click()
    await page.locator('.detail [role=tabpanel] .loading').waitFor({ state: 'detached' })
  },
}

test('no screen takes more than 60 KB of code, with all that it fetches later', async () => {
  const routes = [...readFileSync(new URL('../../web/main.js', import.meta.url), 'utf8').matchAll(/^  \['(\/[^']+)', \w+, .*\],$/gm)].map(([, route]) => route.replace(':server', 'district').replace(':alignment', 'one').replace(':run', 'run1').replace(':making', 'm'))
  assert.ok(routes.length > 12 && Object.keys(BESIDE).every((one) => routes.includes(one)))
  world.runs.set('run1', madeUpRun())
  world.makings.set('m', { id: 'm', state: 'queued', created: '2026-11-24T08:00:00Z', source: PAIR.source, target: PAIR.target })
  world.steps = [{ state: 'failed', problem: { status: 503, code: 'server_unreachable', detail: 'no answer' } }]
  const { page, complaints, close } = await openPage(browser, { expected: [/favicon/] })
  const [weights, packed] = [{}, new Map()]
  const weigh = (name) => packed.get(name) ?? packed.set(name, brotliCompressSync(fileAt(name).data).length).get(name)
  const said = [...FILES.keys()].filter((path) => path.includes('/later/')).find((path) => /i18n\/said\//.test(fileAt(path).data)) // where any screen has to tell what the program said
  for (const route of routes) {
    await page.goto(front.url + route)
    await page.locator('main h1').first().waitFor()
    await page.locator('main:not(:has(.loading))').waitFor()
    await BESIDE[route]?.(page)
    const names = await page.evaluate(() => performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname))
    weights[route] = [...new Set([said, ...names.filter((name) => /^\/ui\/.*\.(js|css)$/.test(name))])].reduce((sum, name) => sum + weigh(name), 0)
  }
  assert.deepEqual(complaints, [])
  assert.deepEqual(Object.entries(weights).filter(([, bytes]) => bytes >= 60_000), [], JSON.stringify(weights))
  assert.ok(weights['/servers'] < 55_000, `${weights['/servers']} bytes on the first screen that everybody sees`)
  await close()
})

test('what waits for a button that few press is small', () => {
  const weight = (name) => brotliCompressSync(fileAt([...FILES.keys()].find((path) => path.endsWith(`/later/${name}.js`))).data).length
  assert.ok(weight('review-values') < 3_000, `${weight('review-values')} bytes to compare values`)
})

test('no first visit takes more than 12 KB of texts, in whatever language, and no later part more than 20 KB', () => {
  const weights = [...FILES.keys()].filter((path) => path.endsWith('.po')).map((path) => [path, brotliCompressSync(fileAt(path).data).length])
  assert.ok(weights.length > 9)
  assert.deepEqual(weights.filter(([path, bytes]) => bytes > (path.includes('/first/') ? 12_000 : 20_000)), [])
})

test('nothing jumps while a screen comes, whatever is answered first', async () => {
  for (const [path, late] of [['/servers', 'session'], ['/servers', 'servers'], ['/sign-in/district', 'servers'], ['/alignments/one', 'one']]) {
    const { page, close } = await openPage(browser)
    await page.addInitScript(() => {
      globalThis.jumps = []
      new PerformanceObserver((list) => { for (const one of list.getEntries()) globalThis.jumps.push(one.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? '')) }).observe({ type: 'layout-shift', buffered: true })
    })
    const drawn = page.waitForSelector('h1')
    await page.route(new RegExp(`/v1/(.*/)?${late}(\\?.*)?$`), async (route) => {
      await drawn
      await route.continue()
    })
    await page.goto(front.url + path)
    await page.locator('[role=row], main form, .card').first().waitFor()
    await page.getByText('Maria Diallo').first().waitFor()
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    assert.deepEqual(await page.evaluate(() => globalThis.jumps), [], `${path} with ${late} late`)
    await close()
  }
})

test('every module that is fetched later can be', async () => {
  const { page, complaints, close } = await openPage(browser)
  await page.goto(`${front.url}/servers`)
  const base = await page.locator('script[src$="/main.js"]').getAttribute('src')
  const later = files.filter((name) => name.endsWith('.js'))
  assert.ok(later.length > 5)
  for (const name of later) await page.evaluate((address) => import(address).then(() => undefined), base.replace('main.js', name))
  assert.deepEqual(complaints, [])
  await close()
})

test('each text is sent in one part', async () => {
  const base = /\/ui\/\w+\//.exec(await (await fetch(`${front.url}/servers`)).text())[0]
  const sent = async (name) => [...parsePo(await (await fetch(front.url + base + name)).text()).entries()]
  const parts = files.flatMap((name) => /^i18n\/(\w+\/)?fr\.po$/.exec(name)?.slice(1) ?? []).filter((part) => part !== 'said/')
  assert.deepEqual(parts.sort(), ['doctor/', 'drift/', 'first/', 'report/', 'send/', 'values/', undefined])
  for (const language of ['fr', 'ar']) {
    const texts = await Promise.all(parts.map((part = '') => sent(`i18n/${part}${language}.po`)))
    assert.ok(texts.every((some) => some.length > 10), texts.map((some) => some.length).join())
    assert.deepEqual(texts.flat().sort(), [...parsePo(readFileSync(new URL(`../../web/i18n/${language}.po`, import.meta.url), 'utf8')).entries()].sort())
  }
})
