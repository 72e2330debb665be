// The review as several people and keys use it: each state with axe, against made-up servers.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { axe, openPage, startBrowser } from './browser.mjs'
import { startMock } from './mock.mjs'
import { PAIR } from './made-up.mjs'
import { grid, hasFocus, notTold, openReview, press, REFUSED, REVIEW, saved, sceneIn, until } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const decided = (page, n) => page.getByText(`${n} of `, { exact: false }).filter({ hasText: /decided$/ }).filter({ hasText: new RegExp(`^${n} of`) }).waitFor()
const row = (page, name) => page.getByRole('row').filter({ hasText: name }).first()
const tab = (page, name) => page.getByRole('tab', { name })

const inWorld = sceneIn(test, () => browser)

/** One test with a review that is open; `prepare` changes the alignment before it is read. */
const scene = (name, options, run) => inWorld(name, options, async (stage) => {
  await openReview(stage, options.prepare)
  await run({ alignment: stage.world.alignments.get('one'), ...stage })
})

const others = (world, alignment, step, who) => {
  const before = world.me
  world.me = who
  world.review.apply(alignment, step, who, (decisions) => world.decide(alignment, decisions, who, false))
  world.me = before
}
const word = (i, decision, target) => ({ kind: 'data_element', source_data_element: `Source0000${i}`, decision, ...(target !== undefined ? { targets: [{ data_element: `Target0000${target}` }] } : {}) })

describe('undo', () => {
  scene('all steps are listed, and one\'s own are taken back down to a point', {}, async ({ page, world, alignment, clean }) => {
    await press(page, 'a', 'a', 'f', 'n')
    await saved(page)
    others(world, alignment, { label: 'Accepted 41 at or above 95 %', decisions: [word(5, 'none'), word(6, 'none')] }, 'joseph')
    await page.reload()
    await decided(page, 5)
    await page.getByRole('button', { name: 'All steps' }).click()
    const dialog = page.getByRole('dialog', { name: 'All steps' })
    await dialog.getByText('joseph').waitFor()
    await clean('review-steps')
    assert.deepEqual((await dialog.getByRole('listitem').allInnerTexts()).map((text) => text.split('\n')[0]),
      ['Accepted 41 at or above 95 %', 'No counterpart: Cholera, new cases', 'Flagged: Cholera, new cases', 'Accepted: Measles, new cases', 'Accepted: Malaria, new cases'])
    assert.deepEqual(await dialog.getByRole('button', { name: /^Undo down/ }).evaluateAll((list) => list.map((one) => one.getAttribute('aria-label'))), ['No counterpart: Cholera, new cases', 'Flagged: Cholera, new cases', 'Accepted: Measles, new cases', 'Accepted: Malaria, new cases'].map((step) => `Undo down to here: ${step}`))
    await dialog.getByRole('button', { name: 'Undo down to here: Accepted: Measles, new cases' }).click()
    await dialog.waitFor({ state: 'detached' })
    await decided(page, 3)
    await saved(page)
    assert.deepEqual([0, 1, 2, 5].map((i) => alignment.elements[i].decision.state), ['accepted', 'proposed', 'proposed', 'none'])
    await press(page, 'Shift+U', 'Shift+U', 'Shift+U')
    await decided(page, 5)
    await saved(page)
  })

  scene('a flag and a comment are taken back as what they are, and nothing else with them, also after a reload', {}, async ({ page, alignment, clean }) => {
    const told = (text) => page.getByText(text, { exact: true }).waitFor({ state: 'attached' })
    const of = () => [alignment.elements[0].decision.state, alignment.elements[1].flag?.to, alignment.elements[1].comments ?? 0]
    await press(page, 'a', 'f')
    await page.getByLabel('Who shall look').selectOption('maria')
    await grid(page).focus()
    await press(page, 'c')
    await hasFocus(page.getByLabel('Comment', { exact: true }), page)
    await page.keyboard.type('Is it new?')
    await press(page, 'Control+Enter', 'u')
    await told('Undone: Comment on Measles, new cases')
    await tab(page, 'History').waitFor()
    await saved(page)
    await page.getByText('(undone since)').first().waitFor()
    assert.deepEqual(of(), ['accepted', 'maria', 0])
    await clean('review-comment-undone')
    await page.reload()
    await page.locator('button[title="Flagged for maria: Measles, new cases"]').waitFor()
    await grid(page).focus()
    await press(page, 'u')
    await told('Undone: Flagged for maria: Measles, new cases')
    await saved(page)
    assert.deepEqual([alignment.elements[1].flag?.by, ...of()], ['maria', 'accepted', undefined, 0])
    await press(page, 'u')
    await told('Undone: Flagged: Measles, new cases')
    await row(page, 'Measles, new cases').getByText('Flagged').waitFor({ state: 'detached' })
    await saved(page)
    assert.equal(alignment.elements[1].flag, undefined)
    await decided(page, 1)
    await press(page, 'Shift+U', 'Shift+U', 'Shift+U')
    await told('Done again: Comment on Measles, new cases')
    await saved(page)
    assert.deepEqual(of(), ['accepted', 'maria', 1])
  })

  scene('it survives a reload, with the names of what was done, and knows one\'s own steps from others\'', {}, async ({ page, world, alignment, clean }) => {
    await press(page, 'a', 'n')
    await saved(page)
    others(world, alignment, { label: 'Accepted 41 at or above 95 %', decisions: [word(5, 'none')] }, 'joseph')
    await page.reload()
    await decided(page, 3)
    const undo = page.getByRole('button', { name: /^Undo/ })
    await page.locator('button[title="No counterpart: Measles, new cases"]').waitFor()
    await grid(page).focus()
    await press(page, 'u')
    await decided(page, 2)
    assert.equal(await undo.getAttribute('title'), 'Accepted: Malaria, new cases')
    await saved(page)
    await page.reload()
    await page.locator('button[title="No counterpart: Measles, new cases"]').waitFor() // of Redo, now
    await grid(page).focus()
    await press(page, 'u')
    await decided(page, 1)
    await saved(page)
    assert.equal(alignment.elements[5].decision.by, 'joseph')
    await press(page, 'u')
    await page.getByText('There is nothing to undo').waitFor({ state: 'attached' })
    await press(page, 'Shift+U', 'Shift+U')
    await decided(page, 3)
    await saved(page)
    assert.deepEqual([alignment.elements[0].decision.state, alignment.elements[1].decision.state], ['accepted', 'none'])
    await clean('review-undone-and-done')
  })

  scene('what somebody else has changed since is not taken away', { expected: [REFUSED] }, async ({ page, world, alignment, clean }) => {
    await press(page, 'a')
    await saved(page)
    others(world, alignment, { decisions: [word(0, 'none')] }, 'joseph')
    await press(page, 'u')
    await page.getByText('That cannot be taken back: Accepted: Malaria, new cases').waitFor()
    await saved(page)
    await clean('review-cannot-undo')
    assert.deepEqual([alignment.elements[0].decision.state, alignment.elements[0].decision.by], ['none', 'joseph'])
    await row(page, 'Malaria, new cases').getByText('No counterpart').first().waitFor()
  })
})

describe('by keys', () => {
  scene('rows are selected and decided together; conflicts are left; one undo takes all back', { elements: 60 }, async ({ page, alignment, clean }) => {
    await press(page, 'Home', 'Space', 'Shift+ArrowDown', 'Shift+ArrowDown')
    await page.getByText('3 selected').waitFor()
    assert.equal(await page.locator('[role=row][aria-selected=true]').count(), 3)
    assert.equal(await grid(page).getAttribute('aria-multiselectable'), 'true')
    await clean('review-selected')
    await press(page, 'a')
    await decided(page, 3)
    await page.getByText('3 selected').waitFor({ state: 'detached' })
    await hasFocus(grid(page), page)
    await press(page, 'u')
    await decided(page, 0)
    await saved(page)
    await page.getByLabel('Search name or code').fill('dysentery')
    await page.getByText(/^[4-9] shown/).waitFor()
    await press(page, 'Enter', 'Home', 'Space', 'End', 'Space', 'l')
    await saved(page)
    assert.equal(alignment.elements.filter((one) => one.decision.state === 'excluded').length, 2)
    await press(page, 'Space', 'Escape')
    assert.equal(await page.locator('[role=row][aria-selected=true]').count(), 0)
    await page.getByLabel('State', { exact: true }).selectOption('excluded')
    await page.getByText('2 shown').waitFor()
  })

  scene('a selection never takes a conflict', { elements: 30 }, async ({ page, alignment }) => {
    await page.getByLabel('Search name or code').fill('new')
    await press(page, 'Enter')
    const n = Number(/\d+/.exec(await page.getByText(/^\d+ shown$/).innerText())[0])
    await press(page, 'Home', 'Space', ...Array(n - 1).fill('Shift+ArrowDown'))
    await page.getByText(`${n} selected`).waitFor()
    await press(page, 'a')
    await page.locator('.notice').getByText(/ accepted\. \d+ are left for you\. /).waitFor()
    await saved(page)
    const told = page.getByRole('button', { name: /^\d+ with warnings$/ }) // and the number that is told of them is that of the list it leads to
    const warned = /\d+/.exec(await told.innerText())[0]
    await told.click()
    await page.getByText(`${warned} shown`).waitFor()
    const accepted = alignment.elements.map((one, i) => [one.decision.state, i]).filter(([state]) => state === 'accepted').map(([, i]) => i)
    assert.ok(accepted.length > 0)
    assert.deepEqual(accepted.filter((i) => i % 11 === 10 || i % 11 === 9 || i % 17 === 5 || i % 13 === 4), []) // of two that share a target neither, and none whose values get lost or go nowhere
  })

  scene('letters can be changed and switched off; the keys say so and it is kept', {}, async ({ page, clean }) => {
    await press(page, '?')
    const dialog = page.getByRole('dialog', { name: 'Keys' })
    await dialog.getByLabel('Letters for: Accept and next').fill('q')
    await clean('review-keys-changed')
    await press(page, 'Escape')
    await grid(page).focus()
    await press(page, 'a')
    await press(page, 'q')
    await decided(page, 1)
    await saved(page)
    await page.reload()
    await grid(page).waitFor()
    await grid(page).focus()
    await press(page, 'j', 'q')
    await decided(page, 2)
    await press(page, '?')
    await dialog.getByLabel('Single letters are shortcuts').uncheck()
    await press(page, 'Escape')
    await grid(page).focus()
    await press(page, 'q', 'n', 'ArrowDown', '2')
    await decided(page, 2)
    await press(page, 'Enter', 'Control+z', 'Control+Shift+Z')
    await decided(page, 3)
    await saved(page)
    await page.getByRole('button', { name: 'Keys' }).click()
    await dialog.getByRole('button', { name: 'Reset the keys' }).click()
    await press(page, 'Escape')
    await grid(page).focus()
    await press(page, 'a') // it is accepted: on to the next
    await press(page, 'a')
    await decided(page, 4)
  })

  scene('g and a letter lead to another screen; a letter in a field is a letter', {}, async ({ page }) => {
    await press(page, 'g', 'c')
    await page.getByRole('heading', { name: 'What changed at the servers' }).waitFor()
    for (const [letter, place] of [['o', 'overview'], ['d', 'disaggregation'], ['u', 'places'], ['t', 'send']]) {
      await page.goBack()
      await grid(page).waitFor()
      await grid(page).focus()
      await press(page, 'g', letter)
      await page.waitForURL(`**/alignments/one/${place}`)
      await page.getByRole('navigation', { name: 'This alignment' }).locator('[aria-current=page]').waitFor()
    }
    await page.goBack()
    await grid(page).waitFor()
    await grid(page).focus()
    await press(page, 'c')
    await hasFocus(page.getByLabel('Comment', { exact: true }), page)
    await page.keyboard.type('nag?')
    assert.equal(await page.getByLabel('Comment', { exact: true }).inputValue(), 'nag?')
    await decided(page, 0)
  })
  scene('the focus is never lost: what vanishes or can do nothing more gives it to the list', {}, async ({ page }) => {
    const inTheList = () => hasFocus(grid(page), page)
    await page.locator('.decide').getByRole('button', { name: 'Accept' }).focus()
    await press(page, 'Enter') // the pane shows the next one
    await decided(page, 1)
    await inTheList()
    await page.getByRole('button', { name: /^Undo/ }).focus()
    await press(page, 'Enter') // nothing is left to undo
    await decided(page, 0)
    await inTheList()
    await press(page, 'Space', 'Shift+ArrowDown')
    await page.getByRole('group', { name: 'Those selected' }).getByRole('button', { name: 'No counterpart' }).focus()
    await press(page, 'Enter')
    await decided(page, 2)
    await inTheList()
    await page.getByRole('button', { name: /^Accept \d+$/ }).focus()
    await press(page, 'Enter')
    await saved(page)
    await inTheList()
    await press(page, 'a')
    await saved(page)
  })

  scene('each letter stands beside what does the same, as it was changed, and nowhere where letters do nothing', {}, async ({ page }) => {
    const hintsAre = (letters) => until(page, (wanted) => [...document.querySelectorAll('.review kbd')].map((one) => one.innerText).filter((one) => /^\D$/.test(one)).sort().join('') === wanted, [...letters].sort().join(''))
    await hintsAre('[]Uacdfhlnruw')
    await press(page, '?')
    const dialog = page.getByRole('dialog', { name: 'Keys' })
    await dialog.getByLabel('Letters for: Flag, or take the flag off').fill('m')
    await press(page, 'Escape')
    await hintsAre('[]Uacdmhlnruw')
    await page.getByRole('button', { name: 'Keys' }).click()
    await dialog.getByLabel('Single letters are shortcuts').uncheck()
    await press(page, 'Escape')
    await hintsAre('')
  })

  scene('each warning leads to what it is about', { elements: 30, prepare: (alignment) => {
    alignment.target_elements.push({ id: 'Source00000', name: 'Stock of bed nets', aggregation_type: 'LAST' })
    alignment.target_elements[1].aggregation_type = 'AVERAGE'
  } }, async ({ page, clean }) => {
    const showMe = (what) => page.getByRole('button', { name: `Show me: ${what}`, exact: true }).click()
    const look = async (text) => {
      await page.getByLabel('Search name or code').fill(text)
      await press(page, 'Enter')
    }
    await page.locator('.detail .notice').getByText('The target has an element with the same id, and it is another one: Stock of bed nets').waitFor()
    await showMe('Same id, another element')
    await page.getByText('1 shown').waitFor()
    await look('OPD_101')
    await page.locator('.detail .notice').getByText('Aggregation types differ: Sum becomes Average').waitFor()
    await showMe('Aggregation types differ')
    await page.getByRole('row', { name: 'Aggregation type Sum Average' }).waitFor()
    await clean('review-aggregation')
    await look('OPD_104')
    await showMe('Cells that go nowhere')
    await page.getByRole('table', { name: 'Where the value of each cell is added.' }).waitFor()
    await look('OPD_110')
    await showMe('Target used more than once')
    await page.getByText('2 shown').waitFor()
    await look('OPD_104')
    await page.getByText('1 cell of 4 of the target stays empty').waitFor()
    await showMe('Target cells that stay empty')
    await page.getByRole('heading', { name: 'Result' }).waitFor()
    await page.goBack()
    await look('OPD_104')
    await page.getByRole('row').filter({ hasText: 'OPD_104' }).filter({ hasText: 'Cells matched otherwise' }).waitFor() // a sign in the list, with its words
    await clean('review-exception')
    await showMe('Cells matched otherwise')
    await page.getByRole('region', { name: 'Result' }).getByText(/matched otherwise:$/).waitFor()
  })

  scene('the row that is looked at is there again after Back and after a reload, without an entry for each in the history', { elements: 60 }, async ({ page }) => {
    const looked = page.locator('.detail h2')
    const atFirst = await looked.innerText()
    const entries = await page.evaluate(() => history.length)
    await press(page, ...Array(20).fill('j'))
    const name = await looked.innerText()
    assert.notEqual(name, atFirst)
    await press(page, 'g', 'o')
    await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
    await page.goBack()
    await looked.getByText(name, { exact: true }).waitFor()
    await page.locator('[role=row].active').getByText(name, { exact: true }).waitFor()
    assert.equal(await page.evaluate(() => history.length), entries + 1)
    await until(page, () => { // scrolled to
      const [frame, one] = ['[role=grid]', '[role=row].active'].map((what) => document.querySelector(what).getBoundingClientRect())
      return one.top >= frame.top && one.bottom <= frame.bottom + 1
    })
    const there = new URL(page.url()).searchParams.get('row')
    await grid(page).focus()
    await press(page, 'k')
    const before = await looked.innerText()
    await page.waitForURL((url) => url.searchParams.get('row') !== there)
    await page.reload()
    await looked.getByText(before, { exact: true }).waitFor()
  })

  scene('warnings one after the other, by a button too', { elements: 30 }, async ({ page }) => {
    await page.getByRole('button', { name: 'Next warning' }).click()
    await page.locator('.detail .notice').first().waitFor()
    const first = await page.locator('.detail h2').innerText()
    await page.getByRole('button', { name: 'Next warning' }).click()
    assert.notEqual(await page.locator('.detail h2').innerText(), first)
    await page.getByRole('button', { name: 'Previous warning' }).click()
    assert.equal(await page.locator('.detail h2').innerText(), first)
  })
})

describe('several people', () => {
  scene('a flag for a colleague, a comment, and the history of a row', { prepare: (alignment) => { alignment.people = [{ server: 'district', username: 'joseph' }] } }, async ({ page, world, alignment, clean }) => {
    await press(page, 'f')
    await page.getByText('Flagged by maria').waitFor()
    await page.getByLabel('Who shall look').selectOption('joseph')
    await saved(page)
    assert.equal(alignment.elements[0].flag.to, 'joseph')
    await grid(page).focus()
    await press(page, 'c')
    await hasFocus(page.getByLabel('Comment', { exact: true }), page)
    await page.keyboard.type('Is this with the relapses?')
    await press(page, 'Control+Enter')
    await tab(page, 'History, 1 comment').waitFor()
    await hasFocus(grid(page), page)
    await press(page, 'a', 'k')
    await saved(page)
    others(world, alignment, { label: 'No counterpart: Malaria, new cases', decisions: [{ ...word(0, 'none'), note: 'they are counted elsewhere' }] }, 'joseph')
    await page.reload()
    await grid(page).waitFor()
    await grid(page).focus()
    await press(page, 'h')
    const history = page.getByRole('list', { name: 'History' })
    await history.getByText('Is this with the relapses?').waitFor()
    const texts = await history.getByRole('listitem').allInnerTexts()
    assert.match(texts[0], /No counterpart: Malaria, new cases[\s\S]*joseph, [\s\S]*the engine had proposed Malaria – new cases, 99% sure[\s\S]*they are counted elsewhere/)
    assert.match(texts[1], /Accepted: Malaria, new cases[\s\S]*maria[\s\S]*the engine was 99% sure then/)
    assert.doesNotMatch(texts[1], /had proposed/)
    assert.match(texts.at(-1), /Flagged/)
    assert.match(await page.locator('.detail').innerText(), /Decided by joseph/)
    await clean('review-history')
    await row(page, 'Malaria, new cases').getByText('Flagged for joseph').waitFor({ state: 'attached' })
    await press(page, 'f')
    await saved(page)
    assert.equal(alignment.elements[0].flag, undefined)
  })

  scene('people are let in, and a second person is asked for', {}, async ({ page, alignment, clean }) => {
    await page.getByRole('button', { name: 'People' }).click()
    const dialog = page.getByRole('dialog', { name: 'People' })
    await dialog.getByText('Nobody else may see it.').waitFor()
    await dialog.getByLabel('User name there').fill('joseph')
    await dialog.getByRole('button', { name: 'Give access' }).click()
    await dialog.getByText('joseph').waitFor()
    await dialog.getByLabel(/^A second person approves/).check()
    await clean('review-people')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved', { exact: true }).waitFor({ state: 'attached' }) // the button is disabled as soon as it is pressed
    await press(page, 'Escape')
    assert.deepEqual([alignment.second_person, alignment.people], [true, [{ server: 'district', username: 'joseph' }]])
    await hasFocus(grid(page), page)
    await press(page, 'a', 'k')
    await saved(page)
    await page.getByText('Waits for a second person').first().waitFor()
    assert.ok(await page.getByRole('button', { name: 'Approve', exact: true }).isDisabled()) // one's own
    await press(page, 'p')
    await page.getByText('There is nothing here for you to approve').waitFor({ state: 'attached' })
    assert.equal(alignment.elements[0].decision.approved_by, undefined)
  })

  scene('the second person: sees what waits, approves it, one or all', { prepare: (alignment, world) => {
    Object.assign(alignment, { second_person: true, owner: 'joseph' })
    others(world, alignment, { decisions: [word(0, 'accepted', 0), word(1, 'none'), word(2, 'accepted', 2)] }, 'joseph')
  } }, async ({ page, alignment, clean }) => {
    await page.getByRole('button', { name: 'More filters' }).click()
    await page.getByRole('button', { name: 'For me to approve 3' }).click()
    await page.getByText('3 shown').waitFor()
    await clean('review-to-approve')
    await page.getByRole('link', { name: 'Send', exact: true }).click()
    await page.getByText('2 accepted data elements wait for a second person').waitFor()
    await clean('send-to-approve')
    await page.goBack()
    await page.getByText('3 shown').waitFor()
    await grid(page).focus()
    await press(page, 'p')
    await page.getByText('2 shown').waitFor()
    await saved(page)
    assert.equal(alignment.elements[0].decision.approved_by, 'maria')
    await press(page, 'Home', 'Space', 'Shift+ArrowDown', 'p')
    await page.getByText('Nothing here fits').waitFor()
    await hasFocus(page.locator('.empty'), page) // where the list was, and keys act there
    await saved(page)
    assert.deepEqual(alignment.elements.slice(0, 3).map((one) => one.decision.approved_by), ['maria', 'maria', 'maria'])
    await press(page, 'u')
    await page.getByText('2 shown').waitFor()
    await hasFocus(grid(page), page)
    await press(page, 'U')
    await page.getByText('Nothing here fits').waitFor()
    await saved(page)
    await page.getByRole('button', { name: 'People' }).click()
    await page.getByText('Only who made it may change what stands here.').waitFor()
    await clean('review-people-of-another')
  })

  scene('another person of the same name may approve, and who decided a cell may not', { prepare: (alignment, world) => {
    alignment.second_person = true
    others(world, alignment, { decisions: [word(0, 'accepted', 0), word(1, 'accepted', 1)] }, 'maria')
    alignment.elements[0].decision.person = 'another account'
    others(world, alignment, { decisions: [word(2, 'accepted', 2)] }, 'joseph')
    others(world, alignment, { decisions: [{ kind: 'operand', source_data_element: 'Source00002', source_category_option_combo: alignment.cells.find((one) => one.source_data_element === 'Source00002').source.id, decision: 'none' }] }, 'maria')
    for (const one of alignment.cells) if (one.source_data_element === 'Source00002' && one.decided) one.by = 'maria'
  } }, async ({ page, alignment }) => {
    const button = page.getByRole('button', { name: 'Approve', exact: true })
    await button.waitFor()
    assert.ok(await button.isEnabled())
    for (const name of ['Measles, new cases', 'Cholera, new cases']) {
      await press(page, 'ArrowDown')
      await page.locator('.detail h2').getByText(name).waitFor()
      assert.ok(await button.isDisabled(), name)
      assert.equal(await button.getAttribute('title'), 'You decided it: another person has to approve it')
    }
    await press(page, 'Home', 'p')
    await saved(page)
    assert.equal(alignment.elements[0].decision.approved_by, 'maria')
  })

  scene('what somebody else did is shown without asking', {}, async ({ page, world, alignment }) => {
    others(world, alignment, { decisions: [word(3, 'none')] }, 'joseph')
    await page.evaluate(() => dispatchEvent(new Event('focus')))
    await decided(page, 1)
    await page.getByText('Somebody else changed something: it is shown.').waitFor({ state: 'attached' })
    await press(page, 'a')
    await saved(page)
    assert.deepEqual([alignment.elements[0].decision.by, alignment.elements[3].decision.by], ['maria', 'joseph'])
  })

  test('two tabs at once: no decision is lost, and the conflict is shown in one', async () => {
    const world = await startMock({})
    const [one, two] = [await openPage(browser, { expected: [REFUSED] }), await openPage(browser, { expected: [REFUSED] })]
    try {
      world.align(PAIR, 'one')
      const alignment = world.alignments.get('one')
      for (const { page } of [one, two]) {
        await page.goto(world.url + REVIEW)
        await grid(page).waitFor()
        await grid(page).focus()
      }
      notTold(world)
      await press(one.page, 'a', 'a', 'a')
      await saved(one.page)
      await press(two.page, 'ArrowDown', 'ArrowDown', 'n', 'n') // the third is decided there, the fourth is not
      await two.page.getByText('Somebody else changed the same meanwhile').waitFor()
      assert.deepEqual(await axe(two.page, 'conflict'), [])
      await two.page.getByRole('button', { name: 'Keep theirs' }).click()
      await saved(two.page)
      assert.deepEqual(alignment.elements.slice(0, 4).map((each) => each.decision.state), ['accepted', 'accepted', 'accepted', 'none'])
      await decided(two.page, 4)
      assert.deepEqual([one.complaints, two.complaints], [[], []])
    } finally {
      await one.close()
      await two.close()
      await world.stop()
    }
  })
})

describe('choosing what to see', () => {
  scene('the histogram and facets with their counts', { elements: 80, prepare: (alignment) => {
    alignment.elements[4].changed = { at: '2026-11-24T08:00:00Z', reason: 'it is new in the data set' }
    alignment.judged = [{ from: 0.9, decided: 64, agreed: 61 }, { from: 0.7, decided: 50, agreed: 40 }, { from: 0, decided: 1200, agreed: 96 }]
  } }, async ({ page, clean }) => {
    await page.getByRole('button', { name: 'More filters' }).click()
    const fared = page.getByRole('group', { name: 'What became of proposals that people looked at' }).getByRole('listitem')
    await fared.first().waitFor()
    assert.deepEqual(await fared.allInnerTexts(), ['Of 64 proposals that were 90% and surer, people accepted 61 (95%)', 'Of 1,200 proposals below 70%, people accepted 96 (8%)'])
    const bin = page.getByRole('button', { name: /^\d+ from 90% to 100%$/ })
    const n = Number(/^\d+/.exec(await bin.getAttribute('aria-label'))[0])
    assert.ok(n > 3)
    await clean('review-facets')
    await bin.click()
    await page.getByText(`${n} shown`).waitFor()
    assert.equal(await bin.getAttribute('aria-pressed'), 'true')
    await page.getByText(`${n} rows are shown`).waitFor({ state: 'attached' }) // told
    await bin.click()
    await page.getByText('80 shown').waitFor()
    const shared = page.getByRole('button', { name: /^Target used more than once \d+$/ })
    const conflicts = Number(/\d+$/.exec(await shared.innerText())[0])
    await shared.click()
    await page.getByText(`${conflicts} shown`).waitFor()
    await shared.click()
  })

  scene('last year\'s review: only what changed since, until somebody looked', { prepare: (alignment, world) => {
    others(world, alignment, { decisions: Array.from({ length: 8 }, (_, i) => word(i, 'accepted', i)) }, 'maria')
    alignment.elements[2].changed = { at: '2026-11-24T08:00:00Z', reason: 'the value type of its target is TEXT now' }
    alignment.elements[9].changed = { at: '2026-11-24T08:00:00Z', reason: 'it is new in the data set' }
  } }, async ({ page, alignment, clean }) => {
    await page.getByRole('button', { name: '2 changed at a server' }).click()
    await page.getByText('2 shown').waitFor()
    await page.getByText('the value type of its target is TEXT now').waitFor()
    await clean('review-changed')
    await grid(page).focus()
    await press(page, 'a')
    await page.getByText('1 shown').waitFor()
    await saved(page)
    assert.equal(alignment.elements[2].changed, undefined)
    assert.equal(alignment.elements[2].decision.state, 'accepted')
    await page.getByRole('button', { name: '1 changed at a server' }).waitFor()
    const bulk = page.getByRole('button', { name: /^Accept \d+$/ })
    assert.equal(await bulk.innerText(), 'Accept 0') // what changed is for a person
  })
})
