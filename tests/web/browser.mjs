// Debian's Chromium for the tests: one browser per file, a fresh context per test; whatever the page complains about in its console fails the test.
// Without its window (chromium-headless-shell), which takes as much CPU for each context as the page does; the tests in browsers/ have it whole.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage']
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PICTURES = process.env.DRAWBRIDGE_SCREENSHOTS
const PATIENCE = 180000 // only ever spent on a failure

export async function startBrowser(program = PROGRAM) {
  return chromium.launch({ executablePath: program, args: FLAGS, timeout: PATIENCE })
}

/** A page of its own context. `complaints` collects what its console said; what matches one of `expected` is let pass. */
export async function openPage(browser, { width = 1366, height = 768, locale = 'en-GB', expected = [], ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, timezoneId: 'UTC', reducedMotion: 'reduce', ...more })
  context.setDefaultTimeout(PATIENCE)
  const complaints = []
  const complain = (text) => { if (!expected.some((one) => one.test(text))) complaints.push(text) }
  context.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complain(`${message.type()}: ${message.text()} ${message.location().url}`) })
  context.on('weberror', (error) => complain(`thrown: ${error.error()?.stack ?? error.error()}`))
  const page = await context.newPage()
  return { page, context, complaints, close: () => context.close() }
}

// axe cannot be put into a page whose policy forbids it: it is evaluated by the debugger, which is not bound by the policy.
export async function axe(page, label, options = {}) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const { violations } = await page.evaluate((given) => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'], ...given }), options)
  return violations.map((one) => `${label}: ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary?.replace(/\s+/g, ' ').slice(0, 200)}`).join(' | ')}`)
}

/** For `./dev screenshots DIR`; else nothing. */
export async function picture(page, name, options = {}) {
  if (!PICTURES) return
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), ...options })
}
