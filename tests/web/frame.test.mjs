// What all screens have around them: the name of the tab, who is signed in, and what is said where a part of the page is gone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { madeUpRun, PAIR } from './made-up.mjs'
import { grid, REFUSED, sceneIn, until } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

const titleIs = (page, wanted) => until(page, (title) => document.title === title, wanted)

describe('the name of the tab', () => {
  const ROUTES = [...readFileSync(new URL('../../web/main.js', import.meta.url), 'utf8').matchAll(/^  \['(\/[^']*)', \w+, .*\],$/gm)].map(([, route]) => route).filter((route) => route !== '/') // which is that of the servers
  const at = (route, alignment, run) => route.replace(':server', 'district').replace(':alignment', alignment).replace(':run', run).replace(':making', 'm')

  for (const [locale, name] of [['en-GB', 'Review'], ['fr-FR', 'Révision'], ['ar-EG', 'المراجعة']])
    scene(`tells the screens apart, in ${locale}; also where what they are about cannot be had`, { locale, expected: [REFUSED] }, async ({ page, go, world }) => {
      assert.ok(ROUTES.length > 12)
      world.align(PAIR, 'one')
      world.runs.set('run1', madeUpRun())
      world.makings.set('m', { id: 'm', state: 'queued', created: '2026-11-24T08:00:00Z', ...PAIR })
      world.steps = [{ state: 'failed', problem: { status: 503, code: 'server_unreachable', detail: 'no answer' } }]
      for (const [alignment, run, there] of [['one', 'run1', 'main h1'], ['gone', 'gone', 'main h1']]) {
        const titles = []
        for (const route of [...ROUTES, '/nothing/here']) {
          await go(at(route, alignment, run))
          await page.locator(there).first().waitFor()
          await page.locator('main:not(:has(.loading))').waitFor()
          titles.push(await page.title())
        }
        assert.equal(new Set(titles).size, titles.length, titles.join('\n'))
        for (const title of titles) assert.match(title, /^.+ – drawbridge$/)
        const review = titles[ROUTES.indexOf('/alignments/:alignment')]
        assert.ok(review.startsWith(`${name} – `), review)
        assert.equal(review.includes('National monthly summary'), alignment === 'one', review)
      }
    })

  scene('goes with what is shown, and with the way back', {}, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    world.align(PAIR, 'two')
    world.alignments.get('two').target.data_set.name = 'Annual summary'
    await go('/alignments/one')
    const review = 'Review – Monthly facility report → National monthly summary – drawbridge'
    await titleIs(page, review)
    await page.getByRole('link', { name: 'Send', exact: true }).click()
    await titleIs(page, review.replace('Review', 'Send'))
    await page.getByRole('link', { name: 'Alignments' }).click()
    await titleIs(page, 'Alignments – drawbridge')
    let answer
    const asked = new Promise((resolve) => { answer = resolve })
    await page.route('**/v1/alignments/two?*', async (route) => { await asked; await route.continue() })
    await page.goBack()
    await titleIs(page, review.replace('Review', 'Send'))
    await page.evaluate(() => history.pushState(null, '', '/alignments/one'))
    await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')))
    await titleIs(page, review)
    await page.evaluate(() => history.pushState(null, '', '/alignments/two'))
    await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')))
    await titleIs(page, 'Review – drawbridge') // until it is known which
    answer()
    await titleIs(page, review.replace('National monthly', 'Annual'))
    await grid(page).waitFor()
  })
})
