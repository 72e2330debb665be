// Names out of the servers, in the languages that these have for the person, in Debian's Chromium and Firefox: French at the source, Arabic at the target. Each stands in an element of its own that says its language and finds its direction itself, on a page that reads either way; in a sentence it is kept apart from its neighbours.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { madeUpRun, PAIR } from '../made-up.mjs'
import { madeUpPlaces } from '../made-up-places.mjs'
import { startMock } from '../mock.mjs'
import { startBrowser } from './browsers.mjs'

const FRENCH = { name: (i) => `Paludisme (${i}), cas <5`, lang: 'fr' }
const ARABIC = { name: (i) => `ملاريا (${i}) <5`, lang: 'ar' }
const call = (things, { name, lang }) => things.forEach((one, i) => Object.assign(one, { name: name(i), lang }))

function translate(world) {
  const alignment = world.alignments.get('one')
  call([alignment.source.data_set, ...alignment.elements.map((one) => one.source), ...alignment.elements.map((one) => one.source.combo), ...alignment.cells.map((one) => one.source)], FRENCH)
  call([alignment.target.data_set, ...alignment.target_elements, ...alignment.target_elements.map((one) => one.combo), ...alignment.target_combos, ...alignment.target_combos.flatMap((one) => one.option_combos), ...alignment.cells.flatMap((one) => one.terms.map((term) => term.target))], ARABIC)
  world.places.set('one', structuredClone(madeUpPlaces('one', alignment.version)))
  const { pairs } = world.places.get('one').org_units
  call(pairs.map((one) => one.source), FRENCH)
  call(pairs.flatMap((one) => one.proposals.map((each) => each.target)), ARABIC)
}

const SCREENS = [
  { name: 'alignments', path: '/alignments', there: 'table bdi', shows: ['fr', 'ar'] },
  { name: 'review', path: '/alignments/one?order=form', there: '.candidates', shows: ['fr', 'ar'] },
  { name: 'cells', path: '/alignments/one?order=form', there: '.candidates', tab: 2, then: '.cells', shows: ['fr', 'ar'] },
  { name: 'places', path: '/alignments/one/places', there: '.candidates', shows: ['fr', 'ar'] },
  { name: 'run', path: '/runs/run1', there: '.conflict [lang=ar]', shows: ['ar'] },
]

/** Each name that is shown: those that are neither in an element of their own nor kept apart, and what is wrong with the others. */
function look() {
  const WHAT = { fr: /Paludisme/, ar: /ملاريا/ }
  const otherWay = (lang) => (lang === 'ar') !== (document.documentElement.dir === 'rtl')
  const wrong = []
  const shown = new Set()
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode
    for (const [lang, word] of Object.entries(WHAT)) {
      if (!word.test(data)) continue
      const own = parentElement.closest('bdi, option')
      if (!own) {
        if (otherWay(lang)) for (const [, before] of data.matchAll(new RegExp(`(.?)${word.source}`, 'g'))) if (before !== '\u2068') wrong.push(`bare: ${data}`)
        continue
      }
      shown.add(lang)
      const { direction, unicodeBidi } = getComputedStyle(own)
      if (own.lang !== lang) wrong.push(`in "${own.lang}": ${data}`)
      if (own.dir !== 'auto' || (own.tagName === 'BDI' && direction !== { fr: 'ltr', ar: 'rtl' }[lang])) wrong.push(`reads ${direction}: ${data}`)
      if (own.tagName === 'BDI' && !/isolate|plaintext/.test(unicodeBidi)) wrong.push(`is ${unicodeBidi}: ${data}`)
    }
  }
  for (const one of document.querySelectorAll('[aria-label], [title]'))
    for (const text of [one.getAttribute('aria-label'), one.getAttribute('title')]) if (text && otherWay('ar') && WHAT.ar.test(text) && !/\u2068[^\u2069]*ملاريا/.test(text)) wrong.push(`read out: ${text}`)
  return { wrong: [...new Set(wrong)], shown: [...shown].sort() }
}

describe('names out of the servers', { concurrency: 1 }, () => {
  let world
  before(async () => { world = await startMock() })
  after(() => world?.stop())

  for (const name of ['chromium', 'firefox'])
    test(name, { timeout: 600000 }, async () => {
      const window = await startBrowser(name, 'allowed')
      const found = []
      try {
        for (const language of ['en', 'ar']) {
          world.begin({})
          world.align(PAIR, 'one')
          translate(world)
          world.runs.set('run1', madeUpRun())
          const page = await window.open('about:blank')
          await page.evaluateOnNewDocument((one) => Object.defineProperty(navigator, 'languages', { get: () => [one] }), language)
          for (const { name: screen, path, there, tab, then, shows } of SCREENS) {
            await page.goto(world.url + path)
            await page.waitForSelector(there)
            if (tab !== undefined) await (await page.$$('.detail [role=tab]'))[tab].click()
            if (then) await page.waitForSelector(then)
            const { wrong, shown } = await page.evaluate(look)
            found.push(...wrong.map((one) => `${language} ${screen}: ${one}`))
            if (shown.join() !== [...shows].sort().join()) found.push(`${language} ${screen}: shows ${shown}`)
          }
          await page.close()
        }
      } finally {
        await window.stop()
      }
      assert.equal(found.join('\n'), '')
    })
})
