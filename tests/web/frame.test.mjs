// What all screens have around them: the name of the tab, who is signed in, and what is said where a part of the page is gone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { madeUpRun, PAIR } from './made-up.mjs'
import { grid, hasFocus, REFUSED, sceneIn, until } from './scene.mjs'

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

scene('who goes back in the moment when the page is drawn gets there', {}, async ({ page, go }) => {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('main')) return
      observer.disconnect()
      history.pushState(null, '', '/runs')
      dispatchEvent(new PopStateEvent('popstate'))
    }).observe(document, { childList: true, subtree: true })
  })
  await go('/alignments')
  await titleIs(page, 'Runs – drawbridge')
  await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor()
})

describe('a part of the page that does not come', () => {
  const LOST = [REFUSED, /ERR_FAILED/]
  const gone = (page) => page.route('**/ui/**', (route) => (route.request().resourceType() === 'document' ? route.continue() : route.fulfill({ status: 404 })))

  for (const [locale, screen, words, button] of [['en-GB', 'Overview', 'drawbridge was updated', 'Load the page again'], ['fr-FR', 'Vue d’ensemble', 'drawbridge a été mis à jour', 'Recharger la page']])
    scene(`went with an older program: the page says so and is loaded again, in ${locale}`, { locale, expected: LOST }, async ({ page, go, world, clean }) => {
      world.align(PAIR, 'one')
      await go('/alignments/one')
      await grid(page).waitFor()
      await gone(page)
      await page.getByRole('link', { name: screen }).click()
      await page.getByRole('alert').getByText(words, { exact: true }).waitFor()
      assert.doesNotMatch(await page.locator('main').innerText(), /https?:|dynamically|Something went wrong|Try again/)
      await clean('updated')
      await page.unroute('**/ui/**')
      await page.getByRole('button', { name: button }).click()
      await page.getByRole('link', { name: screen, current: 'page' }).waitFor()
    })

  scene('is told where it belongs to what is open already; what waits to be saved is saved after it', { expected: [...LOST, /ERR_EMPTY_RESPONSE|ERR_SOCKET/] }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one')
    await grid(page).focus()
    world.fail = (method) => method === 'PATCH' && 'cut'
    await page.keyboard.press('a')
    await page.getByText('1 change waiting').waitFor()
    await gone(page)
    await page.getByRole('button', { name: 'People' }).click()
    await page.getByText('drawbridge was updated').waitFor()
    await page.unroute('**/ui/**')
    world.fail = undefined
    page.on('dialog', (dialog) => dialog.accept())
    await page.getByRole('button', { name: 'Load the page again' }).click()
    await page.getByText('All changes saved').waitFor()
    assert.equal(world.alignments.get('one').elements.filter((one) => one.decision.state === 'accepted').length, 1)
  })

  scene('because the line is cut: that is said, and it is asked for again', { expected: LOST }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one')
    await grid(page).waitFor()
    await page.route('**/ui/**', (route) => route.abort())
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('alert').getByText('drawbridge cannot be reached').waitFor()
    await page.unroute('**/ui/**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: 'Overview', current: 'page' }).waitFor()
  })
})

describe('a dialog that takes something away', () => {
  scene('has the focus where Enter takes nothing away: what keeps it, or what comes before', {}, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    world.runs.set('run1', madeUpRun({ state: 'done', conflicts: [] }))
    world.schedules.set('schedule1', { id: 'schedule1', name: 'Monthly report', from: 'district', to: 'central', by: 'maria', period_type: 'Monthly', after_day: 10, for_days: 20, again_hours: 24, org_units: 30, next: '2026-12-10T00:00:00Z', unattended_until: '2027-11-24T23:59:59Z', created: '2026-11-24T08:00:00Z' })
    for (const [path, button, dialog, safe, leave = 'Enter'] of [['/alignments', /^Remove /, 'Remove this alignment?', 'Keep it'], ['/runs/run1', 'Undo this run…', 'Undo this run?', 'Check first what it would do', 'Escape'], ['/runs', 'End…', 'End Monthly report?', 'Leave it']]) {
      await go(path)
      await page.getByRole('button', { name: button }).first().click()
      await hasFocus(page.getByRole('dialog', { name: dialog }).getByRole('button', { name: safe }), page)
      await page.keyboard.press(leave)
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    assert.ok(world.alignments.has('one') && world.schedules.has('schedule1'))
    assert.equal(world.runs.size, 1)
    assert.deepEqual(world.calls.filter((call) => /^(POST|DELETE)/.test(call)), [])
  })
})

describe('the frame', () => {
  scene('does not say that nobody is signed in where that cannot be told', { expected: [REFUSED] }, async ({ page, go, world }) => {
    world.fail = (_, path) => path === '/v1/session' && new world.Problem(503, 'store_unavailable')
    await go('/servers')
    await page.getByRole('alert').first().waitFor()
    assert.equal(await page.locator('.who').innerText(), '')
  })

  scene('an address that nobody wrote leads nowhere, and says so', { expected: [REFUSED] }, async ({ page, go }) => {
    await go('/alignments/%E0%A4%A')
    await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor()
  })
})
