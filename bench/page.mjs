// The page on a slow line and a slow machine: when it can be used, what it weighs, how long a key takes to show at ten thousand rows, whether anything jumps, whether it fits a narrow window and large letters.
// The files come from the running program as it sends them; what the API would say is made up (tests/web/mock.mjs) and packed as the program packs it. `--write` puts the figures into docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPage, startBrowser } from '../tests/web/browser.mjs'
import { startFront } from '../tests/web/front.mjs'
import { startMock } from '../tests/web/mock.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const option = (name, otherwise) => (process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : otherwise)
const BUILD = option('build', join(ROOT, 'build'))
const ROUNDS = Number(option('rounds', 5))
const LINE = { kbit: 400, latency: 300 }
const SLOWER = 4
const KEYS = 60
const ROW = '[role=row][aria-selected]'
const MARK = '## The page\n'

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const share = (list, of) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * of))]

/** Before the page's own code: what jumps is added up. */
const WATCH = () => {
  globalThis.jumped = 0
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) globalThis.jumped += one.value }).observe({ type: 'layout-shift', buffered: true })
}

async function slow(page, slower = SLOWER, line = LINE) {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  if (line) await session.send('Network.emulateNetworkConditions', { offline: false, latency: line.latency, downloadThroughput: (line.kbit * 1000) / 8, uploadThroughput: (line.kbit * 1000) / 8 })
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  /** Milliseconds that the page's thread has worked, by its own clock: what else the machine does is not in it. */
  return async () => (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value * 1000
}

/** A first visit: milliseconds from the address to when it can be used, bytes of code, texts and data as sent, and what jumped. That it could be used is tried. */
async function visit(browser, { path, usable, act, locale }) {
  const address = front.url + path
  const { page, close } = await openPage(browser, { locale })
  await page.addInitScript(WATCH)
  const worked = await slow(page)
  const began = performance.now()
  await page.goto(address, { waitUntil: 'commit' })
  await page.waitForSelector(usable)
  const found = { ms: performance.now() - began, worked: await worked() }
  await page.waitForTimeout(1500)
  found.jumped = await page.evaluate(() => globalThis.jumped)
  const sent = await page.evaluate(() => performance.getEntriesByType('resource').map((one) => ({ name: one.name, bytes: one.encodedBodySize })))
  for (const [kind, pattern] of [['code', /\/ui\/.*\.(js|css)$/], ['texts', /\.po$/], ['data', /\/v1\//]]) found[kind] = sent.filter((one) => pattern.test(one.name)).reduce((sum, one) => sum + one.bytes, 0)
  const second = performance.now()
  await page.goto(address, { waitUntil: 'commit' })
  await page.waitForSelector(usable)
  found.again = performance.now() - second
  await act(page)
  await close()
  return found
}

/** From the moment the browser has the key to the frame that shows what it did. */
async function keys(browser, address, slower) {
  const { page, close } = await openPage(browser)
  await page.goto(address)
  await page.waitForSelector(ROW)
  await page.locator('[role=grid]').first().focus()
  const worked = await slow(page, slower, undefined)
  const before = await worked()
  await page.evaluate(() => {
    globalThis.took = []
    addEventListener('keydown', (event) => {
      const began = event.timeStamp
      requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => took.push(performance.now() - began); port2.postMessage(0) })
    }, true)
  })
  for (let i = 0; i < KEYS; i++) {
    await page.keyboard.press(['j', 'j', 'j', 'k', 'a'][i % 5])
    await page.waitForTimeout(60)
  }
  await page.waitForFunction((n) => took.length >= n, KEYS)
  const took = await page.evaluate(() => took)
  const each = ((await worked()) - before) / KEYS
  await close()
  return { took, each }
}

/** Pixels that stand out sideways. */
async function tooWide(browser, address, usable, view) {
  const { page, close } = await openPage(browser, view)
  await page.goto(address)
  await page.waitForSelector(usable)
  const found = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  await close()
  return found
}

const moves = async (page) => {
  await page.locator('[role=grid]').focus()
  await page.keyboard.press('j')
  await page.waitForSelector('[role=grid][aria-activedescendant=row-1]')
}
const SCREENS = [
  { name: 'Servers', path: '/servers', usable: 'main button, main a.button', act: (page) => page.locator('main a.button').first().click().then(() => page.waitForURL(/alignments/)) },
  { name: 'Sign-in', path: '/sign-in/district', usable: 'main input', act: (page) => page.locator('main input').first().fill('d2p_x').then(() => page.waitForSelector('main form button[type=submit]:enabled')) },
  { name: 'Review, 300 elements', path: '/alignments/alignment1', usable: ROW, act: moves },
  { name: 'The same in French', path: '/alignments/alignment1', usable: ROW, act: moves, locale: 'fr-FR' },
]

const front = await startFront(BUILD)
const browser = await startBrowser(process.env.CHROMIUM ?? '/usr/bin/chromium') // as people have it
const lines = []
const say = (text = '') => { lines.push(text); console.log(text) }
try {
  const small = await startMock({ elements: 300 })
  small.align({ source: { server: 'district', data_set: 'DataSetD000' }, target: { server: 'central', data_set: 'DataSetC000' } })
  front.use(small)
  const written = process.argv.includes('--write')
  say(`${MARK}`)
  say(`Written by \`./dev bench page${written ? ' --write' : ''}\` on ${new Date().toISOString().slice(0, 10)}. Debian's ${browser.version().replace(/^/, 'Chromium ')}, ${cpus()[0].model}, ${cpus().length} cores. Line: ${LINE.kbit} kbit/s both ways, ${LINE.latency} ms for each round trip; CPU: ${SLOWER} times slower (both by the`)
  say(`browser's own throttling). Each time is the median of ${ROUNDS} first visits with an empty cache (lowest and highest behind it), from the address to when the first row, button or field is there and acts; "again" is with the files in the cache. Load average at the end: LOAD (above 2 on two`)
  say('cores, times tell of the machine more than of the page: the columns of work, by the thread\'s own clock, then tell more).')
  say()
  say('| screen | usable after, s | of it work of the page, s | again, s | code as sent, bytes | texts | data | layout shift |')
  say('|---|---|---|---|---|---|---|---|')
  for (const screen of SCREENS) {
    const visits = []
    for (let i = 0; i < ROUNDS; i++) visits.push(await visit(browser, screen))
    const s = (ms) => (ms / 1000).toFixed(1)
    const of = (key) => visits.map((one) => one[key])
    say(`| ${screen.name} | ${s(median(of('ms')))} [${s(Math.min(...of('ms')))}-${s(Math.max(...of('ms')))}] | ${s(median(of('worked')))} | ${s(median(of('again')))} | ${median(of('code'))} | ${median(of('texts'))} | ${median(of('data'))} | ${Math.max(...of('jumped')).toFixed(3)} |`)
  }
  say()
  const views = [['640 px', { width: 640, height: 800 }], ['1280 px at 200 %', { width: 640, height: 400, deviceScaleFactor: 2 }], ['320 px (1280 px at 400 %)', { width: 320, height: 256, deviceScaleFactor: 4 }]]
  for (const [label, view] of views) {
    const found = []
    for (const { name, path, usable, locale } of SCREENS) found.push(`${name}: ${await tooWide(browser, front.url + path, usable, { ...view, locale })}`)
    say(`Pixels that stand out sideways at ${label}: ${found.join('; ')}.`)
  }
  await small.stop()
  const large = await startMock({ elements: 10000 })
  large.align({ source: { server: 'district', data_set: 'DataSetD000' }, target: { server: 'central', data_set: 'DataSetC000' } })
  front.use(large)
  say()
  say('| key to frame at 10,000 rows, ms | p50 | p95 | highest | work of the page\'s thread per key |')
  say('|---|---|---|---|---|')
  for (const slower of [1, SLOWER]) {
    const { took, each } = await keys(browser, `${front.url}/alignments/alignment1`, slower)
    say(`| ${slower === 1 ? 'this machine' : `${slower} times slower`} | ${share(took, 0.5).toFixed(0)} | ${share(took, 0.95).toFixed(0)} | ${Math.max(...took).toFixed(0)} | ${each.toFixed(0)} |`)
  }
  await large.stop()
  if (written) {
    const path = join(ROOT, 'docs/performance.md')
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0]
    const before = readFileSync(path, 'utf8').split(`\n${MARK}`)[0].trimEnd()
    writeFileSync(path, `${before}\n\n${lines.join('\n').replace('LOAD', load)}\n`)
  }
} finally {
  await browser.close()
  await front.stop()
}
