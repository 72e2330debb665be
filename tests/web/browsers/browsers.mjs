// Debian's Chromium and Firefox, each with third-party cookies as people have them: allowed, partitioned by site (Firefox alone), or blocked.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { NAMES } from './gate.mjs'

export const CHROMIUM = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--host-resolver-rules=MAP *.test 127.0.0.1']
const PATIENCE = 180000 // only ever spent on a failure

/** What each policy is called in the browser's own settings. `none`: no cookies at all. `no-partitioned`: as an old browser, which knows no partitioned cookies. */
const CHROMIUM_POLICIES = {
  allowed: { cookie_controls_mode: 0 },
  blocked: { cookie_controls_mode: 1 },
  none: { default_content_setting_values: { cookies: 2 } },
  'no-partitioned': { cookie_controls_mode: 1, content_settings: { exceptions: { cookies: { [`https://[*.]${NAMES.gate},https://[*.]elsewhere.test`]: { setting: 2 } } } } },
}
const FIREFOX_POLICIES = {
  allowed: { 'network.cookie.cookieBehavior': 0 },
  partitioned: { 'network.cookie.cookieBehavior': 5 },
  blocked: { 'network.cookie.cookieBehavior': 1 },
  none: { 'network.cookie.cookieBehavior': 2 },
}

/** Of what it does beside the pages, which costs as much CPU as they do: no add-ons of its own (webcompat and the like), no process anew for each tab, and that of a site stays when its last page is left. */
const FIREFOX_SPARED = { 'extensions.enabledScopes': 0, 'dom.ipc.processCount': 1, 'dom.ipc.keepProcessesAlive.webIsolated.perOrigin': 1 }

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr'

/** Why nothing can be shown with this browser here, or false. A Firefox of before 143 takes __Host-Http- for any other name; before 141 it keeps no partitioned cookie. */
export function tooOld(name) {
  const version = name === 'firefox' && Number(/Firefox (\d+)/.exec(execFileSync(FIREFOX, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[1])
  return version !== false && !(version >= 143) && `Firefox ${version} is older than 143`
}

/** Looks again and again, whether the browser draws frames or not (page.waitForFunction looks with each frame, and under load Chromium has been seen to draw none any more); what it finds. */
export async function seen(page, isSo, ...given) {
  let refused = ''
  for (const end = Date.now() + PATIENCE; Date.now() < end && !page.isClosed();) {
    const found = await page.evaluate(isSo, ...given).catch((error) => { refused = error.message }) // while one page gives way to the next
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const drawn = await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => resolve('it draws')); setTimeout(resolve, 5000, `it draws nothing, ${document.visibilityState}`) }))
  throw new Error(`never seen at ${page.url()} (${drawn}; ${refused}): ${isSo}`)
}

export async function startBrowser(name, policy) {
  const profile = mkdtempSync(join(tmpdir(), `drawbridge-${name}-`))
  const downloads = join(profile, 'downloads')
  const common = { headless: true, acceptInsecureCerts: true, protocolTimeout: 2 * PATIENCE, timeout: PATIENCE }
  let browser
  if (name === 'chromium') {
    mkdirSync(join(profile, 'Default'))
    writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: CHROMIUM_POLICIES[policy], download: { default_directory: downloads, prompt_for_download: false } }))
    browser = await puppeteer.launch({ ...common, browser: 'chrome', executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', userDataDir: profile, args: CHROMIUM })
  } else {
    const prefs = { ...FIREFOX_POLICIES[policy], ...FIREFOX_SPARED, 'network.dns.localDomains': Object.values(NAMES).join(), 'browser.contentblocking.category': 'custom', 'dom.disable_open_during_load': false, 'browser.download.folderList': 2, 'browser.download.alwaysOpenPanel': false, 'browser.download.dir': downloads }
    browser = await puppeteer.launch({ ...common, browser: 'firefox', executablePath: FIREFOX, userDataDir: profile, extraPrefsFirefox: prefs })
  }
  return {
    name,
    policy,
    browser,
    /** Where files are put that the person saves. */
    downloads,
    async open(address) {
      const page = await browser.newPage()
      page.setDefaultTimeout(PATIENCE)
      page.setDefaultNavigationTimeout(PATIENCE)
      await page.goto(address)
      return page
    },
    /** As if the person had never been anywhere: neither here nor at a server. */
    async forget() {
      const context = browser.defaultBrowserContext()
      await context.deleteCookie(...(await context.cookies()))
    },
    async stop() {
      const program = browser.process()
      const ended = program.exitCode === null ? once(program, 'exit') : undefined
      await browser.close()
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}
