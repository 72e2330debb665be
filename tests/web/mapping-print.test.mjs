// The mapping as a table to be filed.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { printed, printedPlaces } from '../../web/model/mapping-print.js'
import { cellDecided, reviewOf } from '../../web/model/review.js'
import { rowsOf } from '../../web/model/rows.js'
import { startBrowser } from './browser.mjs'
import { madeUpAlignment, PAIR } from './made-up.mjs'
import { madeUpPlaces } from './made-up-places.mjs'
import { grid, openReview, press, saved, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

test('where cells go is written once for all elements that have it alike', () => {
  const alignment = madeUpAlignment('one', 30, PAIR.source, PAIR.target)
  const review = reviewOf(alignment)
  const { lines, layouts } = printed(review, rowsOf(review))
  assert.deepEqual(layouts.map((one) => [one.number, one.by]), [[1, 26], [2, 1]])
  assert.deepEqual(lines.slice(0, 9).map((one) => [one.filled, one.all, one.layout]), [[4, 4, 1], [4, 4, 1], [4, 4, 1], [4, 4, 1], [3, 4, 2], [4, 4, 1], [4, 4, 1], [4, 4, 1], [0, 0, undefined]])
  assert.deepEqual(layouts[1].cells.map((one) => one.targets.map((target) => [target.element, target.cell.name])), [[[undefined, '<1 y']], [[undefined, '1–4 y']], [[undefined, '5–14 y']], []])
})

test('a cell that is added to another element names it, and one that is taken off says so', () => {
  const alignment = madeUpAlignment('one', 3, PAIR.source, PAIR.target)
  alignment.cells[0] = cellDecided(reviewOf(alignment), alignment.cells[0], { targets: [{ data_element: 'Target00002', category_option_combo: 'TargetCoc01', sign: '-' }] })
  const review = reviewOf(alignment)
  const [first] = printed(review, rowsOf(review)).layouts
  assert.deepEqual(first.cells[0].targets.map((one) => [one.minus, one.element.name, one.cell.id]), [[true, 'Cholera – new cases', 'TargetCoc01']])
})

test('of org units those are on it that were decided or are others at the target; the rest is counted', () => {
  const { org_units: member } = madeUpPlaces('one', 1)
  member.pairs[4].decision = { state: 'none', targets: [], rejected: [], by: 'maria' }
  member.pairs[1].proposals[0].target = { ...member.pairs[1].source } // the same one, if it is accepted
  const kept = { ...member.pairs[3], source: { id: 'kept', name: 'Kept' }, decision: { state: 'accepted', targets: [{ id: 'kept', name: 'Kept' }], rejected: [], by: 'joseph' } }
  member.pairs.push(kept, { source: { id: 'lost', name: 'Lost' }, proposals: [], decision: { state: 'open', targets: [], rejected: [] } })
  const found = printedPlaces(member, false)
  assert.deepEqual(found.rows.map((row) => [row.source.name, row.state]), [['Kakua health centre', 'proposed'], ['Badjia', 'proposed'], ['Lugbu', 'proposed'], ['Nowhere post', 'none'], ['Kept', 'accepted']])
  assert.deepEqual([found.same, found.open], [12, 1])
})

scene('org units, attribute options and periods are on it, with who decided', {}, async (stage) => {
  const { page, world, clean, go } = stage
  world.align(PAIR, 'one')
  world.alignments.get('one').second_person = true
  world.decide(world.alignments.get('one'), [{ kind: 'org_unit', source: 'SUnit0000', decision: 'accepted', targets: [{ id: 'TUnit0005' }] }, { kind: 'attribute_option_combo', source: 'SOption0001', decision: 'none' }], 'joseph')
  await go('/alignments/one/print')
  const group = (name) => page.getByRole('group', { name })
  const texts = (name) => group(name).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((one) => one.innerText.replace(/\s+/g, ' ').trim())))
  await group('Attribute options').waitFor()
  const units = await texts('Organisation units')
  assert.deepEqual(units.map((one) => one.slice(0, 3)), [['Kakua health centre Sierra Leone / Bo', 'Jaiama Sierra Leone / Bo', 'Accepted'], ...[['Tikonko post', 'Tikonko CHP'], ['Badjia', 'Badjia MCHP'], ['Lugbu', 'Lugbu CHC']].map((both) => [...both.map((one) => `${one} Sierra Leone / Bo`), 'To review'])])
  assert.deepEqual([units[0][3].split(' ')[0], units[1][3], units[0].length], ['joseph', '', 6]) // with who approved
  assert.deepEqual((await texts('Attribute options')).map((one) => [one[0], one[1], one[2], one[3].split(' ')[0]]), [['Red partner', '', 'No counterpart', 'joseph']])
  await page.getByText('12 more keep their id; For 1 nothing is decided or proposed').waitFor()
  await page.getByText('Monthly becomes Quarterly: Whole periods of the source make up one of the target').waitFor()
  await page.getByText(/^For example: \d{6} \+ \d{6} \+ \d{6} → \d{4}Q\d$/).waitFor()
  await clean('mapping-print-places')
})

scene('every row is on it, with who decided, when, and the second person; it opens from the review and from the files', { elements: 300 }, async (stage) => {
  const { page, world, clean, go } = stage
  await openReview(stage, (alignment) => { alignment.second_person = true })
  await press(page, 'a', 'n')
  await saved(page)
  const alignment = world.alignments.get('one')
  Object.assign(alignment.elements[0].decision, { at: '2026-11-24T08:00:00Z', note: 'As in the guide', approved_by: 'joseph', approved_at: '2026-11-25T09:30:00Z' })
  assert.ok(await grid(page).getByRole('row').count() < 100) // of those on the screen
  await page.getByRole('link', { name: 'Print', exact: true }).click()
  await page.getByRole('heading', { name: 'Mapping', exact: true }).waitFor()
  const rows = page.getByRole('group', { name: 'Data elements' }).locator('tbody tr')
  await rows.last().waitFor() // the heading is there while they are loaded
  assert.equal(await rows.count(), 300)
  const texts = async (at) => (await rows.nth(at).locator('th, td').allInnerTexts()).map((one) => one.replace(/\s+/g, ' ').trim())
  const [source, target, state, cells, decided, approved, note] = await texts(0)
  assert.deepEqual([source, target, state, cells, note], ['Malaria, new cases OPD_100', 'Malaria – new cases NAT-200', 'Accepted', '4 of 4 see 1', 'As in the guide'])
  assert.match(decided, /^maria 24 Nov.* 2026.* 08:00/)
  assert.match(approved, /^joseph 25 Nov.* 2026.* 09:30/)
  assert.deepEqual((await texts(1)).slice(0, 4), ['Measles, new cases OPD_101', '', 'No counterpart', ''])
  assert.deepEqual((await texts(2)).slice(2, 5), ['To review', '4 of 4 see 1', ''])
  await page.getByText('2 of 300 decided').waitFor()
  await clean('mapping-print')
  await page.emulateMedia({ media: 'print' })
  assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false)
  assert.ok(await rows.nth(299).isVisible())
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth))
  await page.emulateMedia({ media: 'screen' })
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a page' }).click()])
  assert.equal(file.suggestedFilename(), 'mapping-one.html')
  const html = readFileSync(await file.path(), 'utf8')
  assert.equal(html.match(/OPD_\d+/g).length, 300)
  assert.ok(!html.includes('Save as a page'))
  await page.getByRole('link', { name: 'Back to the review' }).click()
  await grid(page).waitFor()
  await go('/alignments/one/files')
  await page.getByRole('link', { name: 'Mapping to print' }).click()
  await page.getByRole('heading', { name: 'Mapping', exact: true }).waitFor()
})
