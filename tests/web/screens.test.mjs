// The screens beside the review in Debian's Chromium, against made-up servers. What its console complains about fails the test, and so does axe.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { madeUpRun, PAIR } from './made-up.mjs'
import { FORMATS } from './mock.mjs'
import { REFUSED, saved, sceneIn } from './scene.mjs'
import { formatTitle } from '../../web/model/files.js'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())
const scene = sceneIn(test, () => browser)

describe('the mapping as files', () => {
  test('the forms of the made-up program are those of the program', () => {
    const table = readFileSync(new URL('../../src/mapping/formats.c', import.meta.url), 'utf8')
    const forms = [...table.matchAll(/^    \{"([\w-]+)", "[^"]*", "(\.[\w.-]+)"/gm)].map(([, name, ending]) => `${name} ${ending}`)
    assert.equal(forms.length, 10)
    assert.deepEqual(FORMATS.map(({ name, ending }) => `${name} ${ending}`), [...forms, 'new-one .new'])
  })

  scene('each form is downloaded; a file is taken by its ending; what is passed over is told', { expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments')
    await page.getByRole('link', { name: /^Files: Monthly/ }).click()
    const out = page.getByRole('region', { name: 'Export the mapping' })
    const into = page.getByRole('region', { name: 'Import decisions' })
    const save = out.getByRole('button', { name: 'Download' })
    const [file] = await Promise.all([page.waitForEvent('download'), save.click()])
    assert.equal(file.suggestedFilename(), 'mapping.json')
    await page.getByText('The file holds all of it.').waitFor()
    await out.getByLabel('Format', { exact: true }).selectOption('List (CSV)')
    const [list] = await Promise.all([page.waitForEvent('download'), save.click()])
    assert.equal(list.suggestedFilename(), 'mapping.csv')
    await page.getByText('left out: the servers').waitFor()
    await clean('files-export')
    assert.deepEqual(await out.getByLabel('Format', { exact: true }).locator('option').allInnerTexts(), FORMATS.map(formatTitle))
    assert.deepEqual(FORMATS.map(formatTitle).filter((one) => one.startsWith('In English')), ['In English: new-one']) // each of the program's has a name

    const choose = (name, text) => into.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
    for (const [name, format] of [['Last year.FHIR.json', 'fhir'], ['a.b.json', 'json'], ['map.datim.csv', 'datim'], ['map.csv', 'csv'], ['map.xlsx', 'xlsx']]) {
      await choose(name, 'x y')
      assert.equal(await into.getByLabel('Format', { exact: true }).inputValue(), format, name)
    }
    await choose('decisions.csv', 'Source00000 Target00003\nSource99999 Target00001\n')
    await into.getByRole('button', { name: 'Import' }).click()
    await page.getByText('The decisions were imported').waitFor()
    await page.getByText('1 cells or pairs are passed over').waitFor()
    await clean('files-imported')
    assert.deepEqual(world.imported, { format: 'csv', text: 'Source00000 Target00003\nSource99999 Target00001\n' })
    assert.equal(world.alignments.get('one').elements[0].decision.targets[0].id, 'Target00003')
    await choose('decisions.csv', 'nonsense')
    await into.getByRole('button', { name: 'Import' }).click()
    await page.getByText('This cannot be read').waitFor()
    await page.getByText('Line 1: the source is empty').waitFor()
    await clean('files-refused')
    world.decide(world.alignments.get('one'), [], 'joseph')
    await choose('decisions.csv', 'Source00001 Target00001')
    const again = into.getByRole('button', { name: 'Try again' })
    let early = 0
    await page.route('**/v1/alignments', async (route) => { // what the page learns of the others' version by
      await page.evaluate(() => new Promise((drawn) => { requestAnimationFrame(() => requestAnimationFrame(drawn)) }))
      early += await again.count()
      await route.continue()
    })
    await into.getByRole('button', { name: 'Import' }).click()
    await page.getByRole('alert').waitFor()
    await again.click()
    await page.getByText('The decisions were imported').waitFor()
    assert.equal(early, 0)
    assert.equal(world.alignments.get('one').elements[1].decision.state, 'accepted')
    await page.unroute('**/v1/alignments')
    await go('/alignments/nothing/files')
    await page.getByText('There is nothing here').waitFor()
  })
})

describe('overview', () => {
  scene('three coverages, sections, places and changes, each leading to where it is decided', {}, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    world.decide(alignment, alignment.elements.slice(0, 4).map((one) => ({ kind: 'data_element', source_data_element: one.source.id, decision: 'accepted', targets: [{ data_element: one.proposals[0].target.id }] })), 'maria')
    world.drift = [{ effect: 'blocks', side: 'target', kind: 'vanished', object: { type: 'data_element', id: 'x', name: 'Old one' }, rules: [1], sentence: 'gone' }]
    await go('/alignments/one')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('4 of 40 data elements accepted').waitFor()
    await page.getByText('10%', { exact: true }).waitFor()
    await page.getByText('How many real values have a counterpart is told by a check.').waitFor()
    await page.getByRole('row', { name: /Stops sending.*Old one/ }).waitFor()
    await page.getByText('5 organisation units are undecided').waitFor()
    await clean('overview')
    world.runs.set('run1', madeUpRun({ state: 'done', dry_run: true, counts: { read: 1420, mapped: 1065, unmapped: {}, ignored: {} }, totals: [], conflicts: [] }))
    await page.reload()
    await page.getByText('75%', { exact: true }).waitFor()
    await page.getByRole('link', { name: /of the values last read have a counterpart \(September 2026\)/ }).waitFor()
    await page.getByRole('link', { name: 'Outpatients: 4' }).click()
    await page.getByText('4 shown').waitFor()
    assert.equal(await page.getByLabel('Section', { exact: true }).inputValue(), 'Outpatients')
    await page.goBack()
    await page.getByRole('link', { name: 'Review 36 data elements' }).click()
    await page.getByText('36 shown').waitFor()
    world.decide(alignment, alignment.elements.slice(4).map((one) => ({ kind: 'data_element', source_data_element: one.source.id, decision: 'none' })), 'maria')
    await go('/alignments/one/overview')
    await page.getByRole('link', { name: 'Choose what to send' }).waitFor() // once nothing is left to review
    await page.getByRole('link', { name: 'See 1 change' }).click()
    await page.getByRole('heading', { name: 'What changed at the servers' }).waitFor()
  })

  scene('what cannot be read is told where it is missing; the rest stands', { expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    world.fail = (_, path) => /\/(drift|places)$/.test(path) && new world.Problem(503, 'server_unreachable', { server: 'central' })
    await go('/alignments/one/overview')
    const both = ['Units and periods', 'What changed at the servers'].map((name) => page.getByRole('region', { name }))
    for (const one of both) await one.getByText('The server cannot be reached').waitFor()
    await page.getByText('0 of 40 data elements accepted').waitFor()
    await clean('overview-partly')
    world.fail = undefined
    for (const one of both) await one.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Nothing changed.').waitFor()
  })
})

describe('sending with more choices', () => {
  scene('what is asked for is in the order, what is not is left out', {}, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    world.decide(alignment, [{ kind: 'data_element', source_data_element: 'Source00000', decision: 'accepted', targets: [{ data_element: 'Target00000' }] }], 'maria')
    await go('/alignments/one/send')
    await page.getByText('30 of 30 chosen').waitFor()
    await page.getByText('More choices').click()
    const analytics = page.getByLabel('Read from analytics')
    const untold = ['Only what changed at the source since', 'Delete at the target', 'Take comments'].map((one) => page.getByLabel(one))
    await analytics.check()
    for (const one of untold) assert.ok(await one.isDisabled())
    await clean('send-analytics')
    await analytics.uncheck()
    for (const one of untold) assert.ok(await one.isEnabled())
    await page.getByLabel('Only what changed at the source since').fill('2026-10-01')
    assert.ok(await analytics.isDisabled())
    await page.getByLabel('Delete at the target what was deleted at the source').check()
    await page.getByLabel('Take comments and follow-up marks along').check()
    await page.getByLabel('Wait where another run is writing').check()
    await page.getByLabel('Skip organisation units that the target does not have').check()
    await page.getByLabel('Hold back what is outside').check()
    await page.getByLabel('Hold back what is outside').uncheck()
    await clean('send-more')
    await page.getByRole('button', { name: /^Check 1 period/ }).click()
    await page.getByRole('button', { name: /^Send/ }).waitFor()
    const [run] = world.runs.values()
    const { changed_since, deletions, comments, unknown_units, wait, ...rest } = run.order
    assert.deepEqual([changed_since, deletions, comments, unknown_units, wait, 'check_min_max' in rest], ['2026-10-01', 'delete', 'carry', 'skip', true, false])
  })
})

describe('what drawbridge says, in the language of its reader', () => {
  scene('in fr-FR: what a form cannot hold, what was passed over, where a file is wrong, and what nobody has translated', { locale: 'fr-FR', expected: [REFUSED, /net::ERR_FAILED/] }, async ({ page, go, clean, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one/files')
    await page.getByLabel('Format', { exact: true }).first().selectOption('csv')
    await page.getByRole('button', { name: 'Télécharger' }).click()
    await page.getByText('Laissé de côté : les serveurs').waitFor()
    const take = async (text) => {
      await page.getByLabel('Fichier', { exact: true }).setInputFiles({ name: 'decisions.csv', mimeType: 'text/plain', buffer: Buffer.from(text) })
      await page.getByRole('button', { name: 'Importer', exact: true }).click()
    }
    await take('Source00000 Target00003\nSource99999 Target00001\n')
    await page.getByText('1 cellules ou paires sont ignorées').waitFor()
    await take('nonsense')
    await page.getByText('Ceci ne peut pas être lu').waitFor()
    await page.getByText('Ligne 1 : la source est vide').waitFor()
    await clean('files-refused-fr')
    world.runs.set('run1', madeUpRun({ state: 'failed', problem: { code: 'inside', detail: 'a worker was lost', said: [{ text: 'a worker was lost', values: [] }] } }))
    await go('/runs/run1')
    await page.getByText('Quelque chose a échoué dans drawbridge').waitFor()
    await page.getByText('Pour l’administrateur : A worker was lost').waitFor()
    assert.equal(await page.locator('[lang=en]').getByText('A worker was lost', { exact: true }).count(), 1) // is read aloud as English
    await page.route(/i18n\/said\//, (route) => route.abort()) // its texts cannot be had
    await page.reload()
    await page.locator('[lang=en]').getByText('a worker was lost').waitFor()
    await page.unroute(/i18n\/said\//)
    world.runs.set('run2', madeUpRun({ id: 'run2', state: 'failed', problem: { code: 'conflict', reason: 'drift', detail: '1 change since …', said: [{ text: '{1} change{2} since …', values: ['1', ''] }] } }))
    await go('/runs/run2')
    await page.getByText('Les serveurs ont changé depuis que l’alignement a été fait').waitFor()
    assert.equal(await page.getByText('1 change').count(), 0)
  })
})

describe('the last batches of a run', () => {
  scene('the newest first, and nothing of them is read out by itself', {}, async ({ page, go, world, clean }) => {
    const batch = (number, more) => ({ number, period: '202609', org_unit: 'OrgUnit0003', name: 'Kenema', org_units: 31, values: 500, created: 491, updated: 9, removed: 0, ignored: 0, at: '2026-10-02T08:12:10Z', ...more })
    const run = (more) => madeUpRun({ totals: [], conflicts: [], batches: [batch(8, { created: 470, ignored: 21 }), batch(9, { name: undefined, org_units: 1 })], ...more })
    world.align(PAIR, 'one')
    world.runs.set('run1', run({ state: 'sending', progress: { done: 1, of: 10 } }))
    await go('/runs/run1')
    const last = page.getByRole('region', { name: 'Last batches' }), rows = last.getByRole('row')
    await last.getByRole('row', { name: /^8 Kenema and 30 others September 2026 500 470 9 21 / }).waitFor()
    assert.match(await rows.nth(1).textContent(), /^9OrgUnit0003 September 2026/)
    await last.getByText('The last 2 of 9.').waitFor()
    assert.equal(await last.evaluate((one) => one.closest('[aria-live], [role=status]') ?? one.querySelector('[aria-live], [role=status]')), null)
    await clean('run-batches')
    world.runs.set('run1', run({ state: 'done', dry_run: true })) // a check sends none
    await page.reload()
    await page.getByText('Nothing was written.').waitFor()
    assert.equal(await last.count(), 0)
  })
})

describe('what is refused of a quarter', () => {
  scene('names the month of each of its sources', {}, async ({ page, go, world }) => {
    const cell = (of) => ({ data_element: 'Source00000', category_option_combo: 'SourceCoc00', org_unit: 'OrgUnit0003', ...of })
    const conflict = { code: 'org_unit_not_assigned', message: 'x', count: 1, cells: [{ target: cell({ period: '2026Q3', value: '7' }), sources: ['202607', '202608', '202609'].map((period) => cell({ period })) }] }
    world.align(PAIR, 'one')
    world.runs.set('run1', madeUpRun({ state: 'refused', totals: [], conflicts: [conflict] }))
    await go('/runs/run1')
    await page.getByRole('row', { name: /July 2026.*August 2026.*September 2026/ }).waitFor()
  })
  scene('and none where it is the period of the cell', {}, async ({ page, go, world }) => {
    const cell = { data_element: 'Source00000', category_option_combo: 'SourceCoc00', org_unit: 'OrgUnit0003', period: '202609', value: '7' }
    world.align(PAIR, 'one')
    world.runs.set('run1', madeUpRun({ state: 'refused', totals: [], conflicts: [{ code: 'org_unit_not_assigned', message: 'x', count: 1, cells: [{ target: cell, sources: [cell] }] }] }))
    await go('/runs/run1')
    const row = page.getByRole('row', { name: /September 2026/ })
    await row.waitFor()
    assert.equal((await row.textContent()).split('September 2026').length, 2)
  })
})

describe('values that take the place of others', () => {
  scene('are shown before they do; where they are many, their number is typed', {}, async ({ page, go, world }) => {
    const replaced = { data_element: 'Target00000', category_option_combo: 'TargetCoc00', period: '202609', org_unit: 'OrgUnit0003', before: '11', value: '7' }
    const checked = (updated) => madeUpRun({ state: 'done', dry_run: true, conflicts: [], replaced: [replaced], counts: { ...madeUpRun().counts, ignored: {}, created: 3, updated, verified: 0 } })
    world.align(PAIR, 'one')
    world.runs.set('run1', checked(1201))
    await go('/runs/run1')
    await page.getByRole('region', { name: 'What would take the place of other values' }).getByRole('row', { name: /Sept?.* 2026 11 7/ }).waitFor()
    await page.getByText('The first 1 of 1,201.').waitFor()
    await page.getByRole('button', { name: 'Send 1,372 values' }).click()
    const dialog = page.getByRole('dialog', { name: 'Replace 1,201 values?' }), send = dialog.getByRole('button', { name: 'Send and replace' })
    await dialog.getByLabel('To go on, type 1201').fill('120')
    assert.ok(await send.isDisabled())
    assert.equal(world.runs.size, 1)
    await dialog.getByLabel('To go on, type 1201').fill('1201')
    await send.click()
    await page.getByRole('heading', { name: 'Send: September 2026' }).waitFor()
    assert.deepEqual(world.runs.get('run2').order, { ...madeUpRun().order, dry_run: false }) // as it was checked, from a tab that did not order it
    world.runs.set('run1', checked(1000))
    await go('/runs/run1')
    await page.getByRole('button', { name: 'Send 1,372 values' }).click()
    await page.getByRole('heading', { name: 'Send: September 2026' }).waitFor()
  })
})

describe('a run that proves no totals', () => {
  const { counts } = madeUpRun()
  const undo = (more) => madeUpRun({ id: 'run2', undoes: 'run1', state: 'done', totals: [], conflicts: [], counts: { ...counts, read: 0, mapped: 0, unmapped: {}, created: 0, updated: 2, removed: 5, ignored: {}, verified: 7 }, ...more })
  const opened = async ({ page, go, world }, run) => {
    world.align(PAIR, 'one')
    world.runs.set(run.id, run)
    await go(`/runs/${run.id}`)
    await page.getByRole('button', { name: 'Save the report' }).waitFor()
    return { title: page.getByRole('heading', { level: 1 }), notice: page.locator('.notice'), facts: () => page.locator('.facts dt').allInnerTexts() }
  }

  scene('an undo takes back and is not told as a send', {}, async (stage) => {
    const { page, clean, go } = stage
    const { title, notice, facts } = await opened(stage, undo())
    assert.equal(await title.innerText(), 'Undo: September 2026')
    assert.match(await notice.innerText(), /^Taken back\s+Everything was taken back: /)
    assert.deepEqual(await page.locator('.steps b').allInnerTexts(), ['Undo', 'Verify'])
    assert.deepEqual(await facts(), ['Changed', 'Deleted', 'Were there already', 'Refused', 'Verified'])
    assert.equal(await page.getByText(/Everything arrived|Sent and verified/).count(), 0)
    await clean('run-undo-done')
    await go('/runs')
    await page.getByRole('row', { name: /September 2026 undo .* Taken back$/ }).waitFor()
  })

  scene('an undo that left something, one that was not read back as it should be, and one that was only tried', {}, async (stage) => {
    const { page } = stage
    const left = await opened(stage, undo({ state: 'refused', conflicts: [{ code: 'changed_meanwhile', message: 'x', count: 1, cells: [] }] }))
    assert.match(await left.notice.innerText(), /^Partly taken back\s+Some cells were left as they are/)
    const differs = await opened(stage, undo({ state: 'differs' }))
    assert.match(await differs.notice.innerText(), /^Does not agree\s+Something that was read back/)
    const tried = await opened(stage, undo({ dry_run: true }))
    assert.match(await tried.notice.innerText(), /^Checked\s+Dry run: everything could be taken back. Nothing was written\.$/)
    assert.deepEqual(await tried.facts(), ['In place of another value', 'Deleted', 'Were there already', 'Refused'])
    assert.equal(await page.getByRole('button', { name: /^Send|Undo this run/ }).count(), 0)
  })

  scene('what arrived with only some of its sources is told where there is any', {}, async (stage) => {
    for (const [dry_run, words] of [[false, 'There with only some of their sources'], [true, 'Would be there with only some of their sources']]) {
      const { facts } = await opened(stage, madeUpRun({ state: 'done', dry_run, counts: { ...counts, partial: 3 } }))
      assert.ok((await facts()).includes(words), await facts())
    }
    assert.equal((await (await opened(stage, madeUpRun({ state: 'done', counts: { ...counts, partial: 0 } }))).facts()).filter((text) => /some of their sources/.test(text)).length, 0)
  })

  scene('a check has the list of all that would be refused, where the page has only the first of them', {}, async (stage) => {
    await opened(stage, madeUpRun({ state: 'refused', dry_run: true, refused_rows: 99 }))
    await stage.page.getByRole('button', { name: 'All refused values (CSV)' }).waitFor()
  })

  scene('what was skipped with its organisation units is told: the totals differ by it', {}, async (stage) => {
    const { page } = stage
    const [first, ...others] = madeUpRun().totals.map((one) => ({ ...one, equal: true }))
    const totals = [{ ...first, source: '46', target: '33', equal: false, skipped: '13', equal_but_skipped: true }, ...others]
    const skipped_units = [{ period: '202609', org_unit: 'OrgUnit0003', data_element: first.data_element, values: 2, total: '13' }]
    const skipped = { state: 'done', totals, conflicts: [], skipped_units, counts: { ...counts, ignored: {}, unmapped: { unknown_unit: 2 }, skipped_units: 1 } }
    const { notice, facts } = await opened(stage, madeUpRun(skipped))
    assert.match(await notice.innerText(), /^Everything arrived but what was skipped\s+Everything went through, was read back and is equal but the values of organisation units that the target does not have/)
    assert.ok((await facts()).includes('Organisation units that the target does not have, skipped'))
    await page.getByRole('cell', { name: 'But for what was skipped' }).waitFor()
    const region = page.getByRole('region', { name: 'Organisation units that the target does not have, skipped' })
    await region.getByRole('row', { name: /^September 2026 Lugbu health post 3 .* 2 13$/ }).waitFor()
    await page.getByText('The target does not have their organisation unit, and such ones were to be skipped: 2').waitFor()
    await stage.clean('run-skipped')
    await opened(stage, madeUpRun({ ...skipped, totals: [{ ...totals[0], equal_but_skipped: false }] }))
    await page.getByRole('cell', { name: 'No', exact: true }).waitFor()
    const checked = await opened(stage, madeUpRun({ ...skipped, dry_run: true })) // the run, its report and the list say the same of it
    assert.match(await checked.notice.first().innerText(), /are ready to be sent\s+Dry run: everything could be sent but the values of organisation units that the target does not have\. Nothing was written\./)
    assert.match(await checked.notice.first().getAttribute('class'), /warning/)
    assert.match(await page.locator('.title .tag').getAttribute('class'), /warning/)
    await stage.clean('run-check-skipped')
    await page.getByRole('link', { name: 'Report to print' }).click()
    await page.locator('.report .notice.warning').getByText('Dry run: everything could be sent but the values of').waitFor()
    await page.getByRole('link', { name: 'Runs' }).click()
    await page.getByRole('row').locator('.tag.warning').getByText('Checked, some skipped').waitFor()
  })

  scene('one that read nothing proves nothing; one whose totals agree may differ all the same', {}, async (stage) => {
    const nothing = await opened(stage, madeUpRun({ state: 'done', totals: [], conflicts: [], counts: { ...counts, read: 0, mapped: 0, unmapped: {}, sent: 0, created: 0, ignored: {}, verified: 0 } }))
    assert.match(await nothing.notice.innerText(), /^There is nothing to send\s+The source gave no values for what was asked/)
    await stage.page.locator('.title .tag').getByText('Nothing to send: the source gave nothing').waitFor()
    await stage.page.getByRole('link', { name: 'Runs' }).click()
    await stage.page.getByRole('row').getByText('Nothing to send: the source gave nothing').waitFor()
    const silent_units = [{ period: '202609', org_unit: 'OrgUnit0003' }, { period: '202609', org_unit: 'OrgUnit0099' }]
    await opened(stage, madeUpRun({ state: 'done', conflicts: [], silent_units, counts: { ...counts, unmapped: {}, ignored: {}, silent: 3 } }))
    const region = stage.page.getByRole('region', { name: 'Organisation units of which the source gave nothing' })
    await region.getByText('The first 2 of 3.').waitFor()
    await region.getByText('OrgUnit0099').waitFor()
    assert.match(await region.innerText(), /^Organisation units of which the source gave nothing\s+September 2026\s+Lugbu health post 3, OrgUnit0099\s+The first 2 of 3\.$/)
    await stage.clean('run-silent')
    const differs = await opened(stage, madeUpRun({ state: 'differs', totals: madeUpRun().totals.map((one) => ({ ...one, equal: true })), conflicts: [] }))
    assert.match(await differs.notice.innerText(), /^Does not agree\s+Something that was read back/)
  })
})

describe('servers', () => {
  const SCHEDULE = { id: 'schedule1', name: 'Each month', from: 'district', to: 'gone', by: 'maria', period_type: 'Monthly', org_units: 30, unattended_until: '2027-11-24T23:59:59Z' }
  const fill = (world) => {
    world.align(PAIR, 'one')
    world.runs.set('run1', madeUpRun({ to: 'gone' }))
    world.schedules.set('schedule1', SCHEDULE)
  }

  scene('are called by their names, and by their ids where they are no longer configured', {}, async ({ page, go, world }) => {
    fill(world)
    await go('/runs')
    await page.getByRole('row', { name: /^September 2026 Monthly facility report District HMIS National monthly summary gone / }).waitFor()
    await page.getByRole('row', { name: /^Each month District HMIS gone / }).waitFor()
    await page.getByRole('link', { name: 'September 2026' }).click()
    await page.getByText(/^District HMIS → gone, started/).waitFor()
    assert.equal(world.calls.filter((one) => one === 'GET /v1/servers').length, 1) // known by then
    await go('/runs/run1')
    await page.getByText(/^District HMIS → gone, started/).waitFor()
    await page.getByRole('button', { name: 'Undo this run…' }).click()
    await page.getByText('What it overwrote at gone is put back').waitFor()
    await go('/runs/run1/report')
    await page.getByRole('row', { name: /^Source District HMIS, https:/ }).waitFor()
    await page.getByRole('row', { name: /^Target gone, https:/ }).waitFor()
    await go('/alignments')
    await page.getByRole('row', { name: /^Monthly facility report District HMIS National monthly summary Central HMIS / }).waitFor()
  })

  scene('a schedule shows what it gave up and that it has ended', {}, async ({ page, go, world, clean }) => {
    fill(world)
    world.schedules.set('schedule1', { ...SCHEDULE, ended: true, given_up: [{ period: '202610', at: '2026-11-24T00:00:00Z' }], last: { period: '202610', run: 'run1', state: 'done', at: '2026-11-20T00:00:00Z', complete: false, over: true } })
    await go('/runs')
    await page.getByRole('row', { name: /^Each month .* October 2026 not complete October 2026 given up: its days were over none any more .* ended / }).waitFor()
    await clean('schedule-ended')
  })

  scene('are called by their ids until their names can be had', { expected: [REFUSED] }, async ({ page, go, world }) => {
    fill(world)
    world.fail = (_, path) => path === '/v1/servers' && new world.Problem(503, 'store_unavailable')
    const asked = page.waitForResponse('**/v1/servers')
    await go('/runs/run1')
    await asked
    await page.getByText(/^district → gone, started/).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
  })
})

describe('a report to print', () => {
  for (const [locale, words, region] of [['en-GB', ['Some values were refused', 'September 2026', '1,234.50', 'The organisation unit is outside those you may enter data for', 'Their cell has no counterpart', 'Signature'], 'What was left out or refused, why, and what to do'],
    ['fr-FR', ['Certaines valeurs ont été refusées', 'septembre 2026', '1\u202f234,50', 'Rapport de transfert', 'Signature'], 'Ce qui a été laissé de côté ou refusé, pourquoi, et que faire'],
    ['pt-PT', ['Alguns valores foram recusados', 'setembro de 2026', 'Relatório de transferência', 'Assinatura'], 'O que foi deixado de fora ou recusado, porquê e o que fazer'],
    ['es-ES', ['Algunos valores se rechazaron', 'septiembre de 2026', 'Informe de transferencia', 'Firma'], 'Lo que se dejó fuera o se rechazó, por qué y qué hacer']])
    scene(`in ${locale}: the sentence that matters, totals, reasons with remedies, and where one signs`, { locale }, async ({ page, go, clean, world }) => {
      world.runs.set('run1', madeUpRun())
      await go('/runs/run1/report')
      for (const text of words) await page.getByText(text).first().waitFor()
      await page.getByRole('group', { name: region }).waitFor()
      await page.getByText('abababab').waitFor()
      await clean(`report-${locale.slice(0, 2)}`)
      const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.screen-only button').nth(1).click()])
      const saved = readFileSync(await file.path(), 'utf8')
      assert.equal(file.suggestedFilename(), 'report-run1.html')
      assert.ok(saved.startsWith(`<!doctype html>\n<html lang="${locale.slice(0, 2)}" dir="ltr">`) && words.every((one) => saved.replaceAll('&nbsp;', '\u00a0').includes(one.replace(/&/g, '&amp;'))))
      assert.doesNotMatch(saved, /<(script|button|link)\b|screen-only"/)
      await page.emulateMedia({ media: 'print' })
      assert.equal(await page.getByRole('banner').isVisible(), false)
      assert.equal(await page.locator('.screen-only').isVisible(), false)
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
    })
})

describe('what an account may do at its server', () => {
  const ASKED = /^GET \/s\//
  scene('is told in words, with whom to ask for what; asked once', { connected: ['district'] }, async ({ page, go, world }) => {
    Object.assign(world, { authorities: [], shared: [{ read: true, write: false }] })
    const heights = () => page.$$eval('main .card', (cards) => cards.map((one) => one.offsetHeight))
    let letGo
    const held = new Promise((resolve) => { letGo = resolve })
    await page.route('**/s/district/**', async (route) => { await held; await route.continue() })
    await go('/servers')
    await page.getByRole('button', { name: /Examine District HMIS/ }).waitFor()
    const before = await heights()
    letGo()
    const row = (name) => page.locator('.rights dl > div', { hasText: name }).innerText()
    await page.getByText('Missing').waitFor()
    assert.deepEqual(await heights(), before, 'what is below moved')
    assert.match(await row('Read data values'), /✓ Granted$/)
    assert.match(await row('Write data values'), /✖ Missing$/)
    await page.getByText('Missing').click()
    await page.getByText(/administrator of the server for a user role with the authority .*F_DATAVALUE_ADD/).waitFor()
    await page.getByRole('link', { name: 'Alignments' }).click()
    await page.getByRole('heading', { name: 'Alignments' }).waitFor()
    await page.getByRole('link', { name: 'Servers' }).click()
    await page.locator('.rights dl').waitFor()
    assert.deepEqual(world.calls.filter((one) => ASKED.test(one)).sort(), ['GET /s/district/api/dataSets', 'GET /s/district/api/me'])
  })

  scene('is not spoken of where the server does not tell, nor asked of one that is no DHIS2', { expected: [REFUSED] }, async ({ page, go, world }) => {
    world.servers[1].type = 'http'
    world.fail = (_, path) => path.startsWith('/s/') && new world.Problem(403, 'path_refused')
    const answered = page.waitForResponse((one) => one.url().includes('/s/district/api/me'))
    await go('/servers')
    await answered
    await page.getByRole('button', { name: /Examine Central HMIS/ }).waitFor()
    assert.equal(await page.locator('.rights dl, .notice').count(), 0)
    assert.equal(world.calls.some((one) => one.includes('/s/central/')), false)
  })
})

describe('types of periods and values', () => {
  scene('are in words where two sides are compared', { locale: 'fr-FR' }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    world.drift = [['period_type', 'Weekly', 'SixMonthlyNov'], ['value_type', 'NUMBER', 'INTEGER']].map(([kind, before, after], i) => ({ effect: 'check', side: 'source', kind, object: { type: 'data_element', id: `x${i}`, name: 'X' }, before, after, rules: [], sentence: kind }))
    await go('/alignments/one/drift')
    await page.getByRole('row', { name: /Hebdomadaire Semestriel \(début : novembre\)/ }).waitFor()
    await page.getByRole('row', { name: /Nombre Nombre entier|Nombre Entier/ }).waitFor()
    await go('/alignments/one/overview')
    await page.getByRole('link', { name: 'Mensuel devient Trimestriel' }).waitFor()
    await go('/alignments/one/places?of=period')
    await page.getByRole('heading', { name: 'Mensuel devient Trimestriel' }).waitFor()
    await go('/alignments/new')
    await page.getByRole('radio', { name: /Weekly surveillance.*Hebdomadaire/ }).waitFor()
  })
})

describe('a release of DHIS2 that drawbridge was not tried with', () => {
  scene('is told with what to do, in words', {}, async ({ page, go, clean, world }) => {
    const tried = { oldest: '2.37', newest: '2.43' }
    world.servers[0].untried = { release: 'older', ...tried }
    await go('/servers')
    const district = page.getByRole('region', { name: 'District HMIS' }), central = page.getByRole('region', { name: 'Central HMIS' })
    await district.getByText('This release of DHIS2 is too old for drawbridge').waitFor()
    await district.getByText('It was tried with 2.37 and later.').waitFor()
    assert.equal(await central.locator('.notice').count(), 0)
    world.connections.get('central').untried = { release: 'newer', ...tried } // as who signed in is told
    await page.reload()
    await central.getByText('It was tried with 2.43 and earlier.').waitFor()
    await clean('servers-untried')
  })
})

describe('what the doctor found', () => {
  for (const [locale, button, words] of [['fr-FR', /^Examiner District HMIS/, ['95 s de retard', 'réglez l’heure des deux machines par NTP', 'a répondu en 20 ms', 'utilisez https://dhis.example.org/hmis', 'something new that nobody has worded yet']],
    ['pt-PT', /District HMIS$/, ['95 s atrasado', 'acerte a hora das duas máquinas por NTP']], ['es-ES', /District HMIS$/, ['95 s de atraso', 'ponga en hora ambas máquinas por NTP']]])
    scene(`in ${locale}`, { connected: [], locale }, async ({ page, go, clean }) => {
      await go('/servers')
      await page.getByRole('button', { name: button }).click()
      await page.locator('.checks > details summary').click()
      for (const text of words) await page.getByText(text).waitFor()
      await clean(`servers-examined-${locale.slice(0, 2)}`)
    })
})

describe('lists that have grown long', () => {
  scene('are searched, and drawn in part; what is too old to be listed is there by its address', { elements: 3 }, async ({ page, go, world }) => {
    const count = async (n) => { while ((await page.locator('tbody tr').count()) !== n) await page.waitForTimeout(50) }
    world.align(PAIR, 'one')
    const { source, target, ...rest } = world.alignments.get('one')
    const named = (name) => ({ ...source, data_set: { ...source.data_set, name } })
    for (let i = 1; i < 500; i++) world.alignments.set(`a${i}`, { ...rest, id: `a${i}`, target, source: named(`Données ${i}`) })
    for (let i = 0; i < 1200; i++) world.runs.set(`run${i}`, madeUpRun({ id: `run${i}`, alignment: ['one', 'gone'][i] ?? (i === 7 ? 'a7' : 'one'), periods: [i === 7 ? '201903' : '202609'], created: new Date(1.76e12 + (i % 2 ? i : -i) * 1e7).toISOString() }))
    await go('/alignments')
    await count(200)
    await page.getByText('the 500 that changed last are listed').waitFor()
    await page.getByLabel('Search').fill('donnees 499')
    await count(1)
    await page.getByLabel('Search').fill('nothing is called so')
    await page.getByText('Nothing found').waitFor()
    await page.getByLabel('Search').fill('')
    await page.getByRole('button', { name: 'Show all 500' }).click()
    await count(500)
    await go('/runs')
    await count(200)
    assert.equal(await page.locator('tbody a').first().getAttribute('href'), '/runs/run1199')
    assert.equal(await page.getByText('that changed last').count(), 0)
    await page.getByLabel('Search').fill('march 2019 refused')
    await count(1)
    assert.equal(await page.locator('tbody a').first().getAttribute('href'), '/runs/run7')
    await page.getByLabel('Search').fill('donnees') // the data sets tell runs apart
    await count(1)
    assert.deepEqual((await page.locator('tbody td').allInnerTexts()).slice(1, 3), ['Données 7\nDistrict HMIS', 'National monthly summary\nCentral HMIS'])
    world.unlisted = 'one'
    await go('/alignments/one/files')
    await page.getByRole('heading', { name: /Monthly facility report/ }).waitFor()
    await page.getByRole('heading', { name: 'Import decisions' }).waitFor()
    await go('/alignments/one/places')
    await page.getByRole('heading', { name: /Monthly facility report/ }).waitFor()
  })
})
