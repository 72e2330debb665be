// Every screen of the page in each of its states, in Debian's Chromium and Firefox, in each language: nothing in the console, nothing that axe finds, nothing that stands out sideways or is cut off on a wide and a narrow window, mirrored where one reads from right to left, and no text that is not translated.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { axe } from '../browser.mjs'
import { startMock } from '../mock.mjs'
import { REFUSED } from '../scene.mjs'
import { parsePo } from '../../../web/model/po.js'
import { seen, startBrowser } from './browsers.mjs'
import { openState, STATES } from './states.mjs'

const PICTURES = process.env.DRAWBRIDGE_SCREENSHOTS
const [ONLY, IN] = ['DRAWBRIDGE_STATES', 'DRAWBRIDGE_LANGUAGES'].map((name) => process.env[name] && new RegExp(process.env[name])) // for trying a few by hand
const WIDE = { width: 1366, height: 768 }
const NARROW = { width: 640, height: 800, deviceScaleFactor: 2 } // a window of 1280 pixels at 200 % is as wide
const states = STATES.filter((one) => !ONLY || ONLY.test(one.name))

/** Each screen as it is at first. The languages that people chose go through these: that no text is missing in them `texts.test.mjs` says, and that there is room for longer ones the language of long words. */
const SCREENS = ['servers', 'servers-examined', 'sign-in', 'sign-in-second-factor', 'alignments', 'new-alignment', 'making', 'overview', 'review', 'review-facets', 'review-why', 'disaggregation', 'disaggregation-pair', 'disaggregation-large', 'places', 'places-periods', 'files', 'drift', 'send', 'runs', 'run-checked', 'run-refused', 'report', 'schedule']
const screens = states.filter((one) => SCREENS.includes(one.name))
const nothing = (found) => assert.equal(found.join('\n'), '')

/** A language whose texts are the English ones, longer by two fifths and in brackets: what stands in none was not translated. */
const LONG = 'fr'
const stretched = (name, data) => {
  if (!name.startsWith('i18n/') || !name.endsWith(`/${LONG}.po`)) return data
  const longer = (text) => `⟦${text}${' longer'.repeat(Math.ceil((text.length * 0.4) / 7))}⟧`
  const entry = ([english, forms]) => `msgid ${JSON.stringify(english)}\n${forms.length > 1 ? `${forms.map((form, i) => `msgstr[${i}] ${JSON.stringify(longer(i && !/\{n\}/.test(english) ? form : english))}`).join('\n')}` : `msgstr ${JSON.stringify(longer(english))}`}\n`
  return [...parsePo(String(data))].map(entry).join('\n')
}

/** What is wrong with the page as it is shown now. */
function look() {
  const cut = [...document.querySelectorAll('main .button, main .tag, main label, main legend, main summary, main [role=tab], main h1, main h2, main h3, header a, main .notice, main .segments button, main dt, main dd, main th, main [role=columnheader]')]
    .filter((one) => one.checkVisibility() && !one.classList.contains('unseen') && !(one.role === 'columnheader' && one.textContent.includes('⟦')) /* in the languages that people chose */ && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
    .map((one) => `${one.tagName.toLowerCase()} "${one.textContent.trim().slice(0, 50)}" by ${one.scrollWidth - one.clientWidth}`)
  const pen = document.createElement('canvas').getContext('2d')
  const beside = (one, text, room) => { // what a field cuts does not show in its sizes
    const style = getComputedStyle(one)
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
    const by = Math.ceil(pen.measureText(text).width - (one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - room))
    if (by > 0) cut.push(`${one.tagName.toLowerCase()} "${text}" by ${by}`)
  }
  const [ARROW, CLEAR] = [16, 20] // what a browser draws in a field itself
  for (const one of document.querySelectorAll('select:not([multiple], .names, .language)')) if (one.checkVisibility()) for (const { label } of one.querySelectorAll('option:not([lang], [dir])')) beside(one, label, ARROW)
  for (const one of document.querySelectorAll('main input[placeholder]')) if (one.checkVisibility() && !one.value && !one.placeholder.startsWith('⟦')) beside(one, one.placeholder, one.type === 'search' ? CLEAR : 0)
  const fills = innerWidth > 900 && document.querySelector('.panes') // its lists scroll, the page does not
  return { lang: document.documentElement.lang, dir: getComputedStyle(document.body).direction, over: Math.max(0, document.documentElement.scrollWidth - innerWidth), below: fills ? Math.max(0, document.documentElement.scrollHeight - innerHeight) : 0, cut }
}

/** Texts on the page, also those that are only read out, that are neither in brackets nor a server's or a person's own. */
function untranslated(own) {
  const OF_OTHERS = 'bdi, kbd, code, .address, option[lang], ul[lang], input, textarea, .brand, script, style, noscript'
  const found = []
  const note = (text, where) => {
    let rest = text
    while (/⟦[^⟦⟧]*⟧/.test(rest)) rest = rest.replace(/⟦[^⟦⟧]*⟧/g, ' ')
    for (const word of rest.match(/\p{L}{2,}/gu) ?? []) if (!own.includes(word.toLowerCase())) found.push(`${word} in ${where} "${text.trim().slice(0, 60)}"`)
  }
  const ownText = (one) => [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join(' ') // whole: a text may have an element in its middle
  for (const one of document.body.querySelectorAll('*')) if (!one.closest(OF_OTHERS)) note(ownText(one), one.tagName.toLowerCase())
  for (const name of ['aria-label', 'title', 'placeholder', 'alt']) for (const one of document.querySelectorAll(`[${name}]`)) if (!one.matches('bdi')) note(one.getAttribute(name), name)
  return found
}

/** Names of months and the like, which the browser has in that language, not the page. */
const calendar = () => Array.from({ length: 12 }, (_, i) => ['long', 'short'].map((month) => new Intl.DateTimeFormat(LONG, { month }).format(new Date(2026, i, 15)))).flat()

async function picture(page, name) {
  if (!PICTURES) return
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}

async function openLanguage(window, world, language, size = WIDE) {
  const page = await window.open('about:blank')
  const complaints = []
  page.on('console', (message) => { if (['error', 'warn', 'warning'].includes(message.type()) && !REFUSED.test(message.text())) complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(String(error?.stack ?? error)))
  await page.evaluateOnNewDocument((one) => {
    Object.defineProperty(navigator, 'languages', { get: () => [one] })
    addEventListener('securitypolicyviolation', (event) => console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`))
  }, language)
  await resize(page, size)
  world.begin({})
  await page.goto(`${world.url}/servers`)
  await page.waitForSelector('.card')
  return { page, complaints }
}

/** Goes through all states; what was found at each. */
async function sweep(window, world, language, each, through = states, size = WIDE) {
  const { page, complaints } = await openLanguage(window, world, language, size)
  const found = []
  for (const state of through) {
    try {
      await openState(page, world, state)
      found.push(...(await each(page, state)).map((one) => `${state.name}: ${one}`))
    } catch (error) {
      found.push(`${state.name}: ${error.message}`)
      await picture(page, `stuck-${window.name}-${language}-${state.name}`)
    }
    found.push(...complaints.splice(0).map((one) => `${state.name}: console: ${one}`))
  }
  await page.close()
  return found
}

const wrong = (found, language, width) => [
  ...(found.lang === language ? [] : [`is in ${found.lang}`]),
  ...(found.dir === (language === 'ar' ? 'rtl' : 'ltr') ? [] : [`reads ${found.dir}`]),
  ...(found.over ? [`${found.over} pixels stand out at ${width}`] : []),
  ...(found.below ? [`${found.below} pixels of nothing below it at ${width}`] : []),
  ...found.cut.map((one) => `cut off at ${width}: ${one}`),
]

/** The window has that size when the page knows it. */
async function resize(page, viewport) {
  await page.setViewport(viewport)
  await seen(page, (width) => innerWidth === width, viewport.width)
}

async function narrowAndWide(page, language) {
  const wide = wrong(await page.evaluate(look), language, WIDE.width)
  await resize(page, NARROW)
  const narrow = wrong(await page.evaluate(look), language, NARROW.width)
  await resize(page, WIDE)
  return [...wide, ...narrow]
}

const inLanguage = (language) => ({ skip: IN !== undefined && !IN.test(language) })

/** What a script that got in could do with the page's own means; the policy is the program's. */
async function tryToGetIn() {
  const tried = {}
  const attempt = (name, run) => {
    try {
      run()
      tried[name] = 'went through'
    } catch (error) {
      tried[name] = error.name
    }
  }
  const put = (name, more) => document.body.appendChild(Object.assign(document.createElement(name), more))
  attempt('text that becomes HTML', () => { put('p').innerHTML = '<b>x</b>' })
  attempt('text that becomes a script', () => { put('script').text = 'globalThis.ran = true' })
  attempt('an address of a script', () => { put('script').src = '/sdk/drawbridge.js' })
  const styled = put('p')
  styled.setAttribute('style', 'position: fixed')
  put('style').append('h1 { position: fixed }')
  tried.styles = [styled, document.querySelector('h1')].map((one) => getComputedStyle(one).position).join()
  const elsewhere = document.querySelector('link[rel=icon]').href.replace('127.0.0.1', 'localhost') // the same machine by another name: it answers, were it asked
  const refused = (directive) => new Promise((resolve) => document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => effectiveDirective === directive && blockedURI.startsWith(new URL(elsewhere).origin) && resolve('against the policy')))
  tried['an image'] = await Promise.race([refused('img-src'), new Promise((resolve) => put('img', { alt: '', onload: () => resolve('shown'), src: elsewhere }))])
  const call = refused('connect-src')
  tried['a call'] = await fetch(elsewhere, { mode: 'no-cors' }).then(() => 'answered', () => call)
  const frame = refused('frame-src')
  put('iframe', { src: elsewhere, title: 'x' })
  tried['a frame'] = await frame
  return { ...tried, ran: globalThis.ran }
}
const KEPT_OUT = { 'text that becomes HTML': 'TypeError', 'text that becomes a script': 'TypeError', 'an address of a script': 'TypeError', styles: 'static,static', 'an image': 'against the policy', 'a call': 'against the policy', 'a frame': 'against the policy' }

async function policyHolds(window, world) {
  const { page, complaints } = await openLanguage(window, world, 'en')
  assert.deepEqual(JSON.parse(JSON.stringify(await page.evaluate(tryToGetIn))), KEPT_OUT)
  assert.ok(complaints.some((one) => one.startsWith('against the policy: img-src')), complaints.join('\n')) // the same way all else that is refused is noticed
  await page.close()
}

let world
before(async () => { world = { chromium: await startMock(), firefox: await startMock() } })
after(async () => { for (const one of Object.values(world ?? {})) await one.stop() })

const middle = (page, selector) => page.$eval(selector, (one) => { const { left, right } = one.getBoundingClientRect(); return (left + right) / 2 })

describe('every screen', { concurrency: 2 }, () => {
  test('in Firefox, in each language', { timeout: 1800000 }, async (t) => {
    const window = await startBrowser('firefox', 'allowed')
    try {
      await t.test('English, with axe', inLanguage('firefox en'), async () => nothing(await sweep(window, world.firefox, 'en', async (page, { name }) => {
        await picture(page, `firefox-${name}`)
        return [...(await axe(page, name, { rules: { 'color-contrast': { enabled: false } } })), ...(await narrowAndWide(page, 'en'))] // colours are the same in Chromium, where they are judged
      })))
      await t.test('Arabic', inLanguage('firefox ar'), async () => nothing(await sweep(window, world.firefox, 'ar', (page) => narrowAndWide(page, 'ar'), screens)))
      for (const language of ['fr', 'pt', 'es']) // one look each, where there is least room: how they look wide is seen in Chromium
        await t.test(language, inLanguage(`firefox ${language}`), async () => nothing(await sweep(window, world.firefox, language, async (page) => wrong(await page.evaluate(look), language, NARROW.width), screens, NARROW)))
      await t.test('[A20] what got in could do nothing', inLanguage('firefox policy'), () => policyHolds(window, world.firefox))
    } finally {
      await window.stop()
    }
  })

  test('in Chromium, in each language', { timeout: 1800000 }, async (t) => {
    const window = await startBrowser('chromium', 'allowed')
    try {
      await t.test('Arabic, with axe, mirrored', inLanguage('ar'), async () => nothing(await sweep(window, world.chromium, 'ar', async (page, { name }) => {
        await picture(page, `ar-${name}`)
        const mirrored = [(await middle(page, '.brand')) > WIDE.width / 2, name !== 'review' || (await middle(page, '[role=grid]')) > (await middle(page, '.detail'))]
        return [...(await axe(page, name)), ...mirrored.flatMap((one) => (one ? [] : ['does not mirror'])), ...(await narrowAndWide(page, 'ar'))]
      })))
      for (const language of ['en', 'pt', 'es', 'fr'])
        await t.test(language, inLanguage(language), async () => nothing(await sweep(window, world.chromium, language, async (page, { name }) => {
          await picture(page, `${language}-${name}`)
          return narrowAndWide(page, language)
        }, screens)))
      await t.test('a language of long words: all of it is translated', inLanguage('long'), async () => {
        const words = (text) => text.match(/\p{L}{2,}/gu) ?? []
        const own = new Set([...calendar().flatMap(words), 'oauth', 'dhis2', 'drawbridge', 'ctrl', 'esc'])
        Object.assign(world.chromium, { files: stretched, said: (text) => { for (const word of words(text.toLowerCase())) own.add(word) } })
        nothing(await sweep(window, world.chromium, LONG, async (page, { name }) => {
          await picture(page, `long-${name}`)
          return [...new Set(await page.evaluate(untranslated, [...own])), ...(await narrowAndWide(page, LONG))]
        }))
        Object.assign(world.chromium, { files: undefined, said: undefined })
      })
      await t.test('[A20] what got in could do nothing: no inline script or style, no text that becomes HTML, nothing from elsewhere', inLanguage('policy'), () => policyHolds(window, world.chromium))
      await t.test('another language is chosen, and stays', inLanguage('another'), async () => {
        const { page, complaints } = await openLanguage(window, world.chromium, 'fr')
        await page.select('.language', 'es')
        await seen(page, () => document.documentElement.lang === 'es')
        await page.reload()
        await seen(page, () => document.documentElement.lang === 'es' && document.querySelector('.language').value === 'es')
        assert.deepEqual(complaints, [])
        await page.close()
      })
    } finally {
      await window.stop()
    }
  })
})
