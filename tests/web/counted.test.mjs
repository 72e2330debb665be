// How many values the source holds, as the page shows it: in Debian's Chromium, against made-up servers. What its console complains about fails the test, and so does axe.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { PAIR } from './made-up.mjs'
import { grid, openPlaces, press, REFUSED, REVIEW, sceneIn, until } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())
const scene = sceneIn(test, () => browser)

describe('how many values the source holds', () => {
  const ASKED = /^GET \/s\/district\/api\/analytics$/
  const asked = (world) => world.calls.filter((one) => ASKED.test(one)).length
  const counted = (world) => { world.tables = '2026-11-24T02:00:00.000' }

  scene('is asked once the rows are there, moves nothing, and tells what has none', { elements: 30 }, async ({ page, go, clean, world }) => {
    counted(world)
    world.align(PAIR, 'one')
    await page.addInitScript(() => {
      globalThis.jumps = []
      new PerformanceObserver((list) => { for (const one of list.getEntries()) globalThis.jumps.push(one.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? '')) }).observe({ type: 'layout-shift', buffered: true })
    })
    let letGo
    const held = new Promise((resolve) => { letGo = resolve })
    await page.route('**/api/analytics?*', async (route) => { await held; await route.continue() })
    const question = page.waitForRequest('**/api/analytics?*')
    await go(REVIEW)
    const row = (code) => page.getByRole('row').filter({ hasText: code })
    await row('OPD_101').waitFor()
    const address = decodeURIComponent((await question).url())
    assert.match(address, /dimension=dx:Source00000;Source00001;Source00003;/) // no text
    assert.match(address, /&filter=pe:LAST_12_MONTHS;THIS_MONTH&filter=ou:USER_ORGUNIT&aggregationType=COUNT&skipMeta=true&tables=2026-11-24T02:00:00\.000 /) // of other tables it is another address: no cache answers of older ones
    letGo()
    await row('OPD_101').getByText('409 values').waitFor()
    await row('OPD_100').getByText('No values in the last 12 months').waitFor() // of a sign, for who hears it
    assert.equal(await row('OPD_102').getByText('values').count(), 0) // a text: not known
    assert.equal(await row('OPD_105').getByText('values').count(), 0) // whose zeros say something: none counted is not known either
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    assert.deepEqual(await page.evaluate(() => globalThis.jumps), [])
    await page.getByRole('button', { name: 'Show me: No values in the last 12 months' }).click()
    await page.getByText('5 shown').waitFor() // 0, 10, 15, 20, 25
    await page.getByRole('button', { name: 'More filters' }).click()
    await page.getByRole('button', { name: 'No values in the last 12 months 5' }).click()
    await page.getByText(/Counted from the analytics tables of .* Of 2 data elements nothing is known\.$/).waitFor()
    await row('OPD_100').click()
    await page.getByLabel('Order', { exact: true }).selectOption('values')
    await page.locator('[aria-rowindex="31"]').filter({ hasText: 'OPD_100' }).waitFor() // with the one that is looked at, which has none
    await clean('review-counted')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('of 11,002 values of the last 12 months are of accepted data elements').waitFor()
    assert.equal(asked(world), 1)
    const again = page.waitForResponse('**/api/analytics?*')
    await page.getByRole('button', { name: 'Count again' }).click()
    await again
    assert.equal(asked(world), 2)
    await clean('overview-counted')
  })

  scene('the least sure come first, and no row moves by itself: not by counts, not by what is decided', { elements: 30 }, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    counted(world)
    let letGo
    const held = new Promise((resolve) => { letGo = resolve })
    await page.route('**/api/analytics?*', async (route) => { await held; await route.continue() })
    await go('/alignments/one')
    await grid(page).waitFor()
    const order = () => page.getByLabel('Order', { exact: true })
    const codes = () => page.locator('.vbody [role=row]').evaluateAll((all) => all.map((one) => /OPD_\d+/.exec(one.innerText)[0]))
    const sure = (code) => world.alignments.get('one').elements[code.slice(4) - 100].proposals[0].confidence
    assert.equal(await order().inputValue(), 'hardest')
    const first = await codes()
    const proposed = first.slice(0, 5)
    assert.ok(first.length > 5)
    assert.deepEqual(proposed.map((one) => Math.floor(sure(one) * 10)), proposed.map((one) => Math.floor(sure(one) * 10)).sort())
    await grid(page).focus()
    await press(page, 'n') // of the first row
    await page.getByRole('row', { name: new RegExp(`${first[0]}.*No counterpart`) }).waitFor()
    assert.deepEqual(await codes(), first)
    const anew = page.getByRole('button', { name: 'Order anew' })
    letGo()
    await page.getByRole('status').getByText('The values are counted now: order the list again to go by them.').waitFor({ state: 'attached' })
    assert.deepEqual(await codes(), first)
    assert.equal(await anew.getAttribute('title'), 'The values are counted now: order the list again to go by them.')
    await clean('review-counted-since')
    await anew.click()
    await until(page, (code) => !document.querySelector('.vbody [role=row]').innerText.includes(code), first[0])
    assert.notDeepEqual(await codes(), first)
    assert.equal(await anew.getAttribute('title'), 'Order anew')
    const counts = await page.locator('.vbody [role=row]').evaluateAll((all) => all.slice(0, 3).map((one) => Number(/([\d,]+) value/.exec(one.innerText)?.[1].replace(',', '') ?? 0)))
    assert.ok(counts.every((one) => one > 0), counts.join()) // what has none is last
    await page.getByRole('link', { name: 'Overview' }).click() // what is known by now counts from the first row on
    await page.getByText(/values of the last 12 months are of accepted/).waitFor()
    await page.getByRole('link', { name: 'Review', exact: true }).click()
    await grid(page).waitFor()
    assert.equal(await anew.getAttribute('title'), 'Order anew')
    const known = await codes()
    await anew.click()
    assert.deepEqual(await codes(), known)
    await order().selectOption('Easy ones first')
    await until(page, (code) => !document.querySelector('.vbody [role=row]').innerText.includes(code), known[0])
    const easy = await codes()
    assert.ok(sure(easy[0]) >= 0.9 && sure(easy[0]) >= sure(easy[1]))
    await go('/alignments/one') // as one chose it last
    await grid(page).waitFor()
    assert.equal(await order().inputValue(), 'easiest')
    await order().selectOption('As in the data set')
    await page.locator('[aria-rowindex="2"]').filter({ hasText: 'OPD_100' }).waitFor()
    assert.ok(await anew.isDisabled())
    await page.getByLabel('Search name or code').fill('xyz')
    await page.getByRole('button', { name: 'Show everything' }).click()
    await page.locator('[aria-rowindex="2"]').filter({ hasText: 'OPD_100' }).waitFor() // the order stays
  })

  scene('is told of org units, the most first, and of a data set that is to be aligned', { elements: 30 }, async (stage) => {
    const { page, go, clean, world } = stage
    counted(world)
    await openPlaces(stage)
    await page.getByRole('row').filter({ hasText: 'Lugbu' }).getByText('3,000 values').waitFor()
    assert.equal(await page.getByRole('row').filter({ hasText: 'Kakua' }).getByText(/values/).count(), 0) // it may have texts
    await page.getByLabel('Order', { exact: true }).selectOption('values')
    await page.locator('[aria-rowindex="2"]').filter({ hasText: 'Nowhere post' }).click()
    await page.getByText('4,000 values in the last 12 months, with all below it').waitFor()
    await clean('places-counted')
    await go('/alignments/new')
    await page.getByRole('radio', { name: /Monthly facility report/ }).check()
    await page.getByText('Newest value: October 2026 · 1,341 values in the last 12 months').waitFor()
  })

  scene('is not made up: without tables, and where it is refused, the page says so and what helps', { elements: 30, expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one')
    await page.getByRole('button', { name: 'More filters' }).click()
    await page.getByText('The server has made no analytics tables yet. Have them made there (Data Administration app > Analytics tables), then try again.').waitFor()
    await clean('review-uncounted')
    assert.equal(asked(world), 0)
    counted(world)
    const refusals = [
      [409, { errorCode: 'E7131', message: 'Query failed, likely because the query timed out' }, 'Analytics took too long there. Try again when the server is less busy.'],
      [409, { errorCode: 'E7120', message: 'User: `maria` is not allowed to view org unit: `x`' }, 'Your account may not see the data of an organisation unit there. Ask the administrator of the server to add it to your organisation units for data output and analysis.'],
      [403, { code: 'policy', detail: '/api/analytics is not open' }, 'Not allowed through drawbridge. Ask the administrator of drawbridge to allow /api/analytics, /api/dataSets, /api/me and /api/system/info of this server.'],
      [200, { hello: 'world' }, 'Something went wrong'],
    ]
    for (const [status, body, text] of refusals) {
      await page.route('**/api/analytics?*', (route) => route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) }), { times: 1 })
      await page.getByRole('button', { name: 'Count again' }).click()
      await page.getByText(text).waitFor()
      assert.equal(await page.getByRole('button', { name: 'No values in the last 12 months 0' }).isDisabled(), true)
    }
    await page.getByRole('button', { name: 'Count again' }).click()
    await page.getByRole('button', { name: 'No values in the last 12 months 5' }).waitFor()
  })
})
