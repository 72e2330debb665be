// Where letters, links and buttons lead: to the very thing that they name.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { madeUpRun, PAIR } from './made-up.mjs'
import { grid, hasFocus, openReview, press, saved, sceneIn, until } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

scene('g and a letter lead on from every screen of an alignment, and from its runs; not from a field, nor where letters are switched off', {}, async ({ page, go, world }) => {
  const asked = () => page.locator('.toast').getByText('Go to: r review').waitFor()
  world.align(PAIR, 'one')
  world.runs.set('run1', madeUpRun({ state: 'done' }))
  const from = { '/alignments/one/overview': 'd', '/alignments/one/disaggregation': 't', '/alignments/one/send': 'c', '/alignments/one/drift': 'u', '/alignments/one/files': 'o', '/runs/run1': 'r' }
  const to = { d: '/alignments/one/disaggregation', t: '/alignments/one/send', c: '/alignments/one/drift', u: '/alignments/one/places', o: '/alignments/one/overview', r: '/alignments/one' }
  for (const [path, letter] of Object.entries(from)) {
    await go(path)
    await page.locator(path.startsWith('/runs') ? '.steps' : '.head nav').waitFor() // a heading is there before
    await press(page, 'g')
    await asked()
    await press(page, letter)
    await until(page, (wanted) => location.pathname === wanted, to[letter])
  }
  await go('/alignments/one/overview')
  await page.locator('.head nav').waitFor()
  await press(page, 'g')
  await asked()
  await page.getByLabel('Language').focus()
  await press(page, 'r')
  assert.equal(new URL(page.url()).pathname, '/alignments/one/overview')
  await page.evaluate(() => localStorage.setItem('drawbridge keys', '{"off":true}'))
  await page.reload()
  await page.locator('.head nav').waitFor()
  await press(page, 'g', 'r')
  assert.equal(await page.locator('.toast p').count(), 0)
  assert.equal(new URL(page.url()).pathname, '/alignments/one/overview')
})

scene('no letter does two things', {}, async (stage) => {
  const { page, clean } = stage
  await openReview(stage)
  await press(page, '?')
  const dialog = page.getByRole('dialog', { name: 'Keys' })
  const field = (name) => dialog.getByLabel(`Letters for: ${name}`)
  await field('Flag, or take the flag off').fill('a')
  await dialog.getByRole('alert').getByText('a is the key of: Accept and next').waitFor()
  assert.equal(await field('Flag, or take the flag off').getAttribute('aria-invalid'), 'true')
  await clean('review-keys-refused')
  await field('Accept and next').fill('3')
  await dialog.getByRole('alert').getByText('3 is the key of: Choose a candidate').waitFor()
  assert.equal(await field('Flag, or take the flag off').inputValue(), 'f') // as it was
  await field('Accept and next').fill('q')
  await dialog.getByRole('alert').waitFor({ state: 'detached' })
  await field('Flag, or take the flag off').fill('a') // it is free now
  await press(page, 'Escape')
  await grid(page).focus()
  await press(page, 'a')
  await page.locator('.toast').getByText('Flagged: Malaria, new cases').waitFor()
  await saved(page)
})

scene('what a target refused leads to the row that it was sent by', {}, async ({ page, go, world, clean }) => {
  const cell = (i) => ({ data_element: `Source0000${i}`, category_option_combo: 'SourceCoc00', period: '202609', org_unit: 'OrgUnit0003', value: '7' })
  world.align(PAIR, 'one')
  world.runs.set('run1', madeUpRun({ state: 'refused', totals: [], conflicts: [{ code: 'E7617', message: 'x', count: 1, cells: [{ target: { ...cell(9), data_element: 'Target00009' }, sources: [cell(9), cell(3), cell(3)] }] }] }))
  await go('/runs/run1')
  const links = page.getByRole('link', { name: /^Open mapping/ })
  await page.getByRole('link', { name: 'Open mapping: Typhoid fever, new cases' }).waitFor()
  assert.deepEqual(await links.evaluateAll((list) => list.map((one) => one.getAttribute('aria-label'))), ['Open mapping: Diabetes, new cases', 'Open mapping: Typhoid fever, new cases'])
  await clean('run-open-mapping')
  await links.first().click()
  await page.getByRole('heading', { name: 'Diabetes, new cases' }).waitFor()
  world.runs.set('run2', madeUpRun({ ...world.runs.get('run1'), id: 'run2', alignment: undefined }))
  await go('/runs/run2')
  await page.getByText('Source00009').first().waitFor()
  assert.equal(await links.count(), 0) // of a mapping that came as a file
})

scene('those that were left are shown, and no others, also after a reload', { elements: 100 }, async (stage) => {
  const { page, world, clean } = stage
  await openReview(stage)
  await page.getByLabel('Accept all at or above').fill('80')
  await page.getByRole('button', { name: /^Accept \d+$/ }).click()
  const told = await page.locator('.toast').getByText(/ are left for you\. /).innerText()
  await saved(page)
  const left = Number(/(\d+) are left for you/.exec(told)[1])
  const { elements } = world.alignments.get('one')
  const open = elements.filter((one) => one.decision.state === 'proposed').length
  assert.ok(left > 2 && left < open, `${left} of ${open}`)
  await page.getByRole('button', { name: 'Show them' }).click()
  await hasFocus(grid(page), page)
  await page.getByText(`${left} shown`).waitFor()
  await page.getByText(`Only ${left} rows that were left`).waitFor()
  const rows = await page.getByRole('row').filter({ hasText: 'To review' }).allInnerTexts()
  for (const text of rows) assert.ok(Number(/(\d+)%/.exec(text)[1]) >= 80, text)
  await clean('review-left-shown')
  await page.reload()
  await page.getByText(`${left} shown`).waitFor()
  await grid(page).focus()
  await press(page, 'n')
  await saved(page)
  await page.getByText(`${left} shown`).waitFor() // decided ones stay where they are
  await page.getByRole('button', { name: 'Show everything' }).click()
  await page.getByText('100 shown').waitFor()
})

for (const width of [1366, 640, 400])
  scene(`a label stands beside its field, ${width} pixels wide`, { width, locale: 'fr-FR' }, async (stage) => {
    const { page } = stage
    await openReview(stage)
    const middle = async (locator) => { const { y, height } = await locator.boundingBox(); return y + height / 2 }
    const field = page.getByLabel('Tout accepter à partir de')
    const [label, button] = [page.getByText('Tout accepter à partir de'), page.getByRole('button', { name: /^Accepter \d+$/ })]
    assert.ok(Math.abs((await middle(field)) - (await middle(label))) < 4)
    assert.ok(Math.abs((await middle(field)) - (await middle(button))) < 4)
  })
