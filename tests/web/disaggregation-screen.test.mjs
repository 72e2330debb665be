// The screen of the disaggregation, small and large, against made-up servers.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { PAIR, withSplit, withWards } from './made-up.mjs'
import { grid, hasFocus, press, REFUSED, sceneIn, until } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())
const scene = sceneIn(test, () => browser)

describe('disaggregation', () => {
  scene('options are matched once, by keys, for all that share the pair; exceptions are named', { expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    world.decide(alignment, alignment.elements.slice(0, 6).map((one) => ({ kind: 'data_element', source_data_element: one.source.id, decision: 'accepted', targets: [{ data_element: one.proposals[0].target.id }] })), 'maria')
    await go('/alignments/one')
    await page.getByRole('link', { name: 'Disaggregation' }).click()
    await page.getByRole('row', { name: /Age.*Age group.*36.*4\/4.*4\/4.*2/ }).waitFor() // every ninth has no answer
    await clean('disaggregation')
    await page.getByRole('link', { name: /Age.*Age group/ }).click()
    await page.getByText('Used by 36 data elements.').waitFor()
    await page.locator('main:focus').waitFor() // the link that led here is gone: the focus is not lost with it
    await page.getByRole('link', { name: 'All pairs' }).press('Enter')
    await page.getByText('What is matched here counts').waitFor()
    await page.locator('main:focus').waitFor()
    await page.getByRole('link', { name: /Age.*Age group/ }).press('Enter')
    await page.getByRole('link', { name: 'Dysentery, new cases' }).waitFor() // its last age goes nowhere
    await page.getByRole('button', { name: '<1 y → <1 y' }).focus()
    await press(page, 'ArrowDown', 'ArrowLeft', ' ') // 1–4 y goes with <1 y: a sum
    assert.equal(await page.getByRole('button', { name: '1–4 y → <1 y' }).getAttribute('aria-pressed'), 'true')
    await page.getByRole('row', { name: 'Target cells that are sums 1' }).waitFor()
    await press(page, 'ArrowDown', 'ArrowRight', 'ArrowRight', 'Enter') // 5–14 y goes nowhere
    await page.getByText('1 cell of the source goes nowhere').waitFor()
    await clean('disaggregation-pair')
    await page.getByRole('button', { name: 'All cells, 4 × 4' }).click()
    await page.getByRole('region', { name: 'Cell by cell' }).waitFor()
    await clean('disaggregation-whole')
    await page.getByText('Of 36 data elements: 30 are not accepted in the review yet. 1 is matched otherwise and stays so.').waitFor()
    await page.getByRole('button', { name: 'Accept for 5 data elements' }).click()
    await page.getByText('All changes saved').waitFor()
    await page.getByText(/^Of 36 data elements: 5 are decided so already\./).waitFor()
    const cells = (id) => alignment.cells.filter((one) => one.source_data_element === id).map((one) => one.terms.map((term) => term.target.name).join())
    assert.deepEqual(cells('Source00000'), ['<1 y', '<1 y', '', '15+ y'])
    assert.deepEqual(cells('Source00004'), ['<1 y', '1–4 y', '5–14 y', '']) // the exception stays
    assert.deepEqual(cells('Source00009'), ['<1 y', '1–4 y', '5–14 y', '15+ y']) // nobody accepted it: it is left to the engine
    world.decide(alignment, [], 'joseph')
    await page.getByRole('button', { name: '5–14 y → 5–14 y' }).first().click()
    await page.getByRole('button', { name: 'Accept for 5 data elements' }).click()
    await page.getByText('Somebody else changed the same meanwhile').waitFor()
  })

  scene('what is chosen and not accepted stays when one leaves or loads the page again, and is told', {}, async ({ page, go, clean, world }) => {
    const alignment = world.alignments.get(world.align(PAIR, 'one'))
    world.decide(alignment, alignment.elements.slice(0, 3).map((one) => ({ kind: 'data_element', source_data_element: one.source.id, decision: 'accepted', targets: [{ data_element: one.proposals[0].target.id }] })), 'maria')
    await go('/alignments/one/disaggregation?pair=SourceAges0.TargetAges0')
    const chosen = page.getByRole('button', { name: '1–4 y → <1 y', exact: true })
    const tab = page.getByRole('link', { name: /^Disaggregation/ })
    const told = page.getByText('1 cell is changed and not accepted yet.')
    await chosen.click()
    await told.waitFor()
    await tab.getByText('Not accepted yet').waitFor({ state: 'attached' })
    await page.getByRole('link', { name: 'Review', exact: true }).click()
    await grid(page).waitFor()
    await tab.getByText('Not accepted yet').waitFor({ state: 'attached' })
    await tab.click()
    await page.getByRole('row').filter({ hasText: 'Age group' }).getByText('Not accepted yet').waitFor()
    await clean('disaggregation-not-accepted')
    await page.reload()
    await page.getByRole('link', { name: /Age.*Age group/ }).click()
    await told.waitFor()
    assert.equal(await chosen.getAttribute('aria-pressed'), 'true')
    await clean('disaggregation-pair-not-accepted')
    await page.getByRole('button', { name: 'Accept for 3 data elements' }).click()
    await page.getByText('All changes saved').waitFor()
    await tab.getByText('Not accepted yet').waitFor({ state: 'detached' })
    assert.deepEqual(alignment.cells.slice(0, 2).map((one) => one.terms[0].target.name), ['<1 y', '<1 y'])
    await page.getByRole('button', { name: '5–14 y → 5–14 y' }).click() // and given up
    await tab.getByText('Not accepted yet').waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Discard the changes' }).click()
    await tab.getByText('Not accepted yet').waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('button', { name: '5–14 y → 5–14 y', pressed: true }).waitFor()
  })

  scene('nothing has a target yet; nothing is accepted yet', {}, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one/disaggregation?pair=SourceAges0.TargetAges0')
    await page.getByText('None of these data elements is accepted yet').waitFor()
    assert.ok(await page.getByRole('button', { name: /^Accept for 0/ }).isDisabled())
    await clean('disaggregation-none-accepted')
    const alignment = world.alignments.get('one')
    for (const one of alignment.elements) one.proposals = []
    await go('/alignments/one/disaggregation')
    await page.getByText('No data element has a target yet.').waitFor()
    await clean('disaggregation-empty')
  })
})

describe('what the target divides', () => {
  scene('is told apart from nowhere, and all of it goes to the total, to one part, or is left', {}, async ({ page, go, clean, world }) => {
    const alignment = withSplit(world, world.align(PAIR, 'one'))
    await go('/alignments/one/disaggregation')
    await page.getByRole('row').filter({ hasText: 'Age group' }).getByText('some are split').waitFor()
    await page.getByRole('link', { name: /Age.*Age group/ }).click()
    await page.getByText('The target divides 1 option or cell of the source').waitFor()
    await page.getByRole('row', { name: 'Source cells that the target splits, not sent 1' }).waitFor()
    await page.getByRole('row', { name: 'Source cells that go nowhere 0' }).waitFor()
    await page.getByRole('row', { name: /^5–14 y .*split$/ }).first().waitFor()
    await clean('disaggregation-split')
    const choice = page.getByRole('combobox', { name: '5–14 y to 5–9 y | 10–14 y' })
    assert.deepEqual(await choice.locator('option').allTextContents(), ['Leave it: it is not sent', 'To the total: Total', 'All of it to 5–9 y, the others stay empty', 'All of it to 10–14 y, the others stay empty'])
    await choice.selectOption('All of it to 10–14 y, the others stay empty')
    const pressed = (name) => page.getByRole('button', { name, exact: true }).and(page.locator('[aria-pressed=true]'))
    await pressed('5–14 y → 10–14 y').waitFor()
    await page.getByRole('row', { name: 'Source cells that the target splits, not sent 0' }).waitFor()
    await choice.selectOption('To the total: Total')
    await pressed('5–14 y → Total').waitFor()
    await page.getByRole('button', { name: 'Accept for 2 data elements' }).click()
    await page.getByText('All changes saved').waitFor()
    const third = () => alignment.cells[2].terms.map((one) => one.target.name)
    assert.deepEqual([third(), alignment.cells[2].decided], [['Total'], true])
    await choice.selectOption('Leave it: it is not sent')
    await page.getByRole('button', { name: 'Accept for 2 data elements' }).click()
    await page.getByText('All changes saved').waitFor()
    assert.deepEqual([third(), alignment.cells[2].decided], [[], true]) // left by a person's word
  })

  scene('of very many parts says how many are not listed, and lists them when a person wants', { expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    const alignment = withSplit(world, world.align(PAIR, 'one'))
    const [target] = world.combos.target
    const months = Array.from({ length: 40 }, (_, i) => ({ id: `Month${i}`, name: `${60 + i * 3} months` }))
    target.categories[0].options.push(...months)
    target.option_combos.push(...months.map((one) => ({ id: `Of${one.id}`, name: one.name, options: [one.id] })))
    alignment.target_combos = [{ ...alignment.target_combos[0], option_combos: target.option_combos.map(({ options, ...one }) => one) }]
    for (const cell of alignment.cells) if (cell.divided) Object.assign(cell, { divided: months.map((one) => `Of${one.id}`), divided_count: 40 })
    await go('/alignments/one/disaggregation')
    await page.getByRole('link', { name: /Age.*Age group/ }).click()
    const choice = page.getByRole('combobox', { name: /^5–14 y to 60 months \| 63 months/ })
    const parts = () => choice.locator('option').filter({ hasText: 'All of it to' })
    await page.getByRole('combobox', { name: /153 months and 8 more$/ }).waitFor()
    assert.equal(await parts().count(), 32)
    await clean('disaggregation-many-parts')
    const all = page.getByRole('button', { name: 'Show all parts' })
    world.fail = (method, path) => method === 'GET' && path === '/v1/alignments/one' && new world.Problem(503, 'store_unavailable')
    await all.focus()
    await press(page, 'Enter')
    await page.getByText('drawbridge cannot reach its database').waitFor()
    world.fail = undefined
    await all.click()
    await page.getByRole('combobox', { name: /177 months$/ }).waitFor()
    assert.equal(await parts().count(), 40)
    await hasFocus(all, page)
    await page.getByText('drawbridge cannot reach its database').waitFor({ state: 'detached' })
    await choice.selectOption('All of it to 177 months, the others stay empty')
    await page.getByRole('button', { name: 'Accept for 2 data elements' }).click()
    await page.getByText('All changes saved').waitFor()
    assert.equal(alignment.cells[2].terms[0].target.name, '177 months')
  })

  scene('is a warning of the review that leads there, and its own filter', {}, async ({ page, go, clean, world }) => {
    const alignment = withSplit(world, world.align(PAIR, 'one'))
    alignment.source.data_set.period_type = 'Weekly'
    await go('/alignments/one?order=form&row=Source00000')
    await grid(page).waitFor()
    await page.getByRole('button', { name: 'More filters' }).click()
    await page.getByRole('button', { name: /^Period types differ \d/ }).and(page.locator(':enabled')).waitFor()
    await page.getByRole('button', { name: /^Cells split by the target \d/ }).click()
    const detail = page.getByRole('region', { name: 'The row looked at' })
    await detail.getByText('1 cell of 4 is split by the target: its value cannot be divided').waitFor()
    await detail.getByText('Period types differ: Weekly becomes Monthly').waitFor()
    await clean('review-split')
    await page.getByRole('tab', { name: /^Cells/ }).click()
    await page.getByRole('row', { name: /^5–14 y.*split$/ }).waitFor()
    await page.getByRole('button', { name: 'Show me: Period types differ' }).click()
    await page.getByRole('heading', { name: 'Periods' }).or(page.getByRole('heading', { name: /becomes/ })).waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Show me: Cells split by the target' }).click()
    await page.getByText('The target divides 1 option or cell of the source').waitFor()
  })
})

describe('a large disaggregation', () => {
  const PLACE = '/alignments/one/disaggregation?pair=SourceAges0.TargetAges0'
  const opened = (world) => withWards(world, world.align(PAIR, 'one'))
  const atIs = async (page, name) => {
    const cell = page.locator('[role=grid] .active').and(page.locator(`[aria-label="${name}"], [title="${name}"]`))
    await cell.waitFor()
    assert.equal(await grid(page).getAttribute('aria-activedescendant'), await cell.getAttribute('id'))
  }

  scene('a page of its own: rows that are alike as one, by keys alone, and back to where one was', {}, async (stage) => {
    const { page, go, clean, world } = stage
    const alignment = opened(world)
    await go(PLACE)
    await page.getByRole('link', { name: 'Open the grid, 40 × 30' }).focus()
    await press(page, 'Enter')
    await hasFocus(grid(page), page)
    assert.equal(new URL(page.url()).searchParams.get('grid'), 'all')
    assert.deepEqual([await grid(page).getAttribute('aria-rowcount'), await grid(page).getAttribute('aria-colcount')], ['8', '31']) // seven lines and the heads
    const wards = page.getByRole('rowheader', { name: /^12 rows alike: Ward 1 … Ward 12/ })
    assert.equal(await wards.getAttribute('aria-expanded'), 'false')
    assert.equal(await page.getByRole('row', { name: /^12 rows alike: Ward 1 … Ward 12/ }).getAttribute('aria-rowindex'), '2')
    await atIs(page, '12 rows alike: Ward 1 … Ward 12')
    await press(page, 'Enter') // opened
    await page.getByRole('rowheader', { name: /^Ward 7 / }).waitFor()
    assert.deepEqual([await wards.getAttribute('aria-expanded'), await grid(page).getAttribute('aria-rowcount')], ['true', '20'])
    await press(page, 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight')
    await atIs(page, 'Ward 2 – Salle générale 3')
    await press(page, ' ') // another target than the rest
    await page.getByRole('rowheader', { name: /^12 rows: Ward 1 … Ward 12\s*to several/ }).waitFor()
    await clean('disaggregation-large-opened')
    await press(page, 'Control+Home', 'Enter') // closed: what differs stands alone
    await page.getByRole('rowheader', { name: /^10 rows alike: Ward 3 … Ward 12/ }).waitFor()
    await press(page, 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight') // all ten to the second
    await atIs(page, '10 rows alike: Ward 3 … Ward 12 – Salle générale 2')
    await press(page, 'Enter')
    await page.getByText('38 of 40 rows have a target').waitFor()
    await page.getByRole('button', { name: 'Accept for 1 data element' }).click()
    await page.getByText('All changes saved').waitFor()
    const named = (i) => alignment.cells.find((one) => one.source_data_element === 'Source00000' && one.source.id === `s${i}`).terms.map((one) => one.target.id).join()
    assert.deepEqual([0, 1, 2, 11, 12, 19].map(named), ['t0', 't2', 't1', 't1', 't1', ''])
    await grid(page).focus()
    await press(page, 'Escape')
    await hasFocus(page.getByRole('link', { name: 'Open the grid, 40 × 30' }), page)
    assert.equal(new URL(page.url()).searchParams.get('grid'), null)
    await page.goForward() // the address leads there again
    await grid(page).waitFor()
    await page.reload()
    await grid(page).waitFor()
    await page.getByRole('button', { name: 'Back to the pair' }).click()
    await page.getByRole('heading', { name: 'Result' }).waitFor()
  })

  for (const locale of ['en-GB', 'ar'])
    scene(`its heads stay in view; what is searched is shown (${locale})`, { locale }, async (stage) => {
      const { page, go, world } = stage
      opened(world)
      await go(`${PLACE}&grid=all`)
      await grid(page).focus()
      await press(page, 'Control+End')
      await atIs(page, 'Ward 40 – Salle générale 30')
      await until(page, () => { // it is scrolled to after it is drawn
        const [frame, cell] = ['[role=grid]', '[role=grid] .active'].map((one) => document.querySelector(one).getBoundingClientRect())
        return cell.left >= frame.left - 1 && cell.right <= frame.right + 1
      })
      const box = (locator) => locator.boundingBox()
      const [cell, row, column, frame] = await Promise.all([box(page.getByRole('gridcell', { name: 'Ward 40 – Salle générale 30' })), box(page.getByRole('rowheader', { name: /^Ward 40/ })), box(page.getByRole('columnheader', { name: /^Salle générale 30/ })), box(grid(page))])
      const near = (a, b) => Math.abs(a - b) <= 1
      const start = (one) => (locale === 'ar' ? one.x + one.width : one.x)
      assert.ok(near(start(row), start(frame)) && near(row.y, cell.y) && near(column.y, frame.y) && near(column.x, cell.x) && cell.x >= frame.x && cell.x + cell.width <= frame.x + frame.width + 1, JSON.stringify({ cell, row, column, frame }))
      const [rowField, targetField] = [0, 1].map((i) => page.locator('.finders input').nth(i))
      await rowField.fill('ward 5')
      await press(page, 'Enter')
      await hasFocus(grid(page), page)
      await page.locator('[role=rowheader][aria-expanded=true]').waitFor()
      await targetField.fill('generale 17') // as it is typed in a hurry
      await press(page, 'Enter')
      await hasFocus(grid(page), page)
      await atIs(page, 'Ward 5 – Salle générale 17')
      await page.getByRole('gridcell', { name: 'Ward 5 – Salle générale 17', selected: true }).waitFor()
    })

  scene('thousands of rows by thousands of columns are drawn in part', {}, async (stage) => {
    const { page, go, world } = stage
    opened(world)
    for (const side of ['source', 'target']) {
      const [combo] = world.combos[side]
      combo.option_combos = Array.from({ length: side === 'source' ? 1822 : 2183 }, (_, i) => ({ id: `${side[0]}${i}`, name: `${side} ${i + 1}`, options: [] }))
    }
    world.alignments.get('one').cells = world.alignments.get('one').elements.flatMap(({ source: { id }, proposals: [best] }) => world.combos.source[0].option_combos.map((from, i) => ({ source_data_element: id, source: from, terms: [{ target_data_element: best.target.id, target: world.combos.target[0].option_combos[i], sign: '+', confidence: 0.9, decision: 'proposed' }] })))
    await go(`${PLACE}&grid=all`)
    await grid(page).focus()
    await press(page, 'Control+End', 'Home')
    await press(page, 'Enter') // to where it goes
    await atIs(page, 'source 1822 – target 1822')
    assert.deepEqual([await grid(page).getAttribute('aria-rowcount'), await grid(page).getAttribute('aria-colcount')], ['1823', '2184'])
    const cells = await page.getByRole('gridcell').count()
    assert.ok(cells > 50 && cells < 1000, `${cells} cells`)
  })
})
