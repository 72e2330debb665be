// What a person does in the review and with its files, in Debian's Chromium and Firefox alike: each key, two tabs and two people at once, a line that breaks and comes back, a file of each form out and in.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { LETTERS, PLACES } from '../../../web/model/keys.js'
import { FORMATS, startMock } from '../mock.mjs'
import { PAIR } from '../made-up.mjs'
import { seen, startBrowser } from './browsers.mjs'
import { openState } from './states.mjs'

const PATIENCE = 180000 // only ever spent on a failure

async function until(what, check) {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail(`never came: ${what}`)
}

/** "Shift+ArrowDown", "Ctrl+Shift+Z", "a" */
async function press(page, key) {
  const parts = key === '+' ? ['+'] : key.split('+')
  const held = parts.slice(0, -1).map((one) => (one === 'Ctrl' ? 'Control' : one))
  for (const one of held) await page.keyboard.down(one)
  await page.keyboard.press(parts.at(-1))
  for (const one of held.reverse()) await page.keyboard.up(one)
}

const shown = (page) => page.evaluate(() => {
  const grid = document.querySelector('[role=grid]')
  const focus = document.activeElement
  return {
    at: Number(/\d+$/.exec(grid?.getAttribute('aria-activedescendant') ?? '')?.[0] ?? -1),
    focus: [focus?.tagName, focus?.getAttribute('role'), focus?.getAttribute('type')].filter(Boolean).join(' '),
    chosen: [...document.querySelectorAll('.chips li bdi')].map((one) => one.textContent).join(' + '),
    tab: [...document.querySelectorAll('.detail [role=tab]')].findIndex((one) => one.getAttribute('aria-selected') === 'true'),
    selected: document.querySelectorAll('[role=row][aria-selected=true]').length,
    dialog: document.querySelector('dialog[open]') !== null,
    path: location.pathname.replace('/alignments/one', ''),
  }
})

const name = (i) => `${['Malaria', 'Measles', 'Tuberculosis', 'Asthma', 'Snake bite'][i]} – new cases`
const state = (wanted) => ({ kept }) => kept.decision.state === wanted
const undone = [['a', state('accepted')], ['u', state('proposed')]]

/** By command: each key for it, with what came before it; and what is seen of the first row then. */
const KEYS = {
  next: [[['j', ({ at }) => at === 1]], [['ArrowDown', ({ at }) => at === 1]]],
  previous: [[['j'], ['j'], ['k', ({ at }) => at === 1]], [['j'], ['j'], ['ArrowUp', ({ at }) => at === 1]]],
  'a page on': [[['PageDown', ({ at }) => at === 10]]],
  'a page back': [[['End'], ['PageUp', ({ at }) => at === 29]]],
  last: [[['End', ({ at }) => at === 39]]],
  first: [[['End', ({ at }) => at === 39], ['Home', ({ at }) => at === 0]]],
  accept: [[['a', state('accepted')]], [['Enter', state('accepted')]]],
  reject: [[['r', ({ kept }) => kept.decision.rejected.length === 1]], [['x', ({ kept }) => kept.decision.rejected.length === 1]]],
  none: [[['n', state('none')]]],
  'leave-out': [[['l', state('excluded')]]],
  approve: [[['j'], ['p', ({ other }) => other.decision.approved_by === 'maria']]],
  flag: [[['f', ({ kept }) => kept.flag?.by === 'maria']]],
  comment: [[['c', ({ focus }) => focus === 'TEXTAREA']]],
  undo: [undone, [['a', state('accepted')], ['Ctrl+z', state('proposed')]]],
  redo: [[...undone, ['U', state('accepted')]], [...undone, ['Ctrl+Shift+Z', state('accepted')]]],
  search: [[['/', ({ focus }) => focus === 'INPUT search']]],
  targets: [[['e', ({ focus }) => focus.startsWith('INPUT combobox')]]],
  why: [[['w', ({ tab }) => tab === 1]]],
  cells: [[['d', ({ tab }) => tab === 2]]],
  history: [[['h', ({ tab }) => tab === 3]]],
  'next-warning': [[[']', ({ at }) => at === 4]]],
  'previous-warning': [[[']'], [']', ({ at }) => at > 4], ['[', ({ at }) => at === 4]]],
  help: [[['?', ({ dialog }) => dialog]]],
  go: Object.entries(PLACES).filter(([, path]) => path).map(([key, to]) => [['g'], [key, ({ path }) => path === to]]),
  select: [[[' ', ({ selected }) => selected === 1]]],
  unselect: [[[' ', ({ selected }) => selected === 1], ['Escape', ({ selected }) => selected === 0]]],
  'select more': [[['Shift+ArrowDown', ({ selected, at }) => selected === 2 && at === 1]], [['j'], ['Shift+ArrowUp', ({ selected, at }) => selected === 2 && at === 0]]],
  choose: [1, 2, 3, 4, 5].map((n) => [['5'], [String(n), ({ chosen }) => chosen === name(n - 1)]]),
  add: [2, 3, 4, 5].flatMap((n) => [[`Shift+Digit${n}`], ['+', String(n)]].map((keys) => keys.map((key, at) => [key, at === keys.length - 1 && (({ chosen }) => chosen === `${name(0)} + ${name(n - 1)}`)]))),
}

test('no letter is without its test', () => {
  const pressed = Object.entries(KEYS).flatMap(([command, ways]) => ways.flatMap((steps) => steps.map(([key]) => `${command} ${key}`)))
  const all = Object.entries(LETTERS).flatMap(([command, letters]) => [...letters].map((letter) => `${command} ${letter}`))
  assert.ok(all.length > 20)
  assert.deepEqual(all.filter((one) => !pressed.includes(one)), [])
})

/** The first row has five candidates; the second was decided by somebody else and waits for a second person. */
const OPEN = {
  path: '/alignments/one?order=form', // rows stand where their numbers say
  there: '[role=grid] [role=row][aria-selected]',
  world: (world) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    const [element] = alignment.elements
    const candidate = (i) => ({ ...element.proposals[i && 1], target: alignment.target_elements[i] })
    element.proposals = [0, 1, 6, 7, 15].map(candidate)
    Object.assign(alignment, { second_person: true })
    world.decide(alignment, [{ kind: 'data_element', source_data_element: 'Source00001', decision: 'none' }], 'joseph')
  },
}

const saved = (page) => seen(page, () => document.querySelector('.save')?.textContent === 'All changes saved')
const click = (page, selector) => page.evaluate((where) => document.querySelector(where).click(), selector)

async function everyKey(window, world) {
  const page = await window.open(`${world.url}/servers`)
  for (const [command, ways] of Object.entries(KEYS))
    for (const steps of ways) {
      await openState(page, world, OPEN)
      await page.focus('[role=grid]')
      for (const [key, check] of steps) {
        await press(page, key)
        let found
        if (check) await until(`${command} by ${key}`, async () => {
          const { elements } = world.alignments.get('one')
          found = { ...(await shown(page)), kept: elements[0], other: elements[1] }
          return check(found)
        })
      }
    }
  await page.close()
}

/** Of one person, or of two: what a call of the second one does is done by `other`. */
async function twoAtOnce(window, world, other) {
  world.begin({})
  const me = world.me
  world.align(PAIR, 'two')
  const alignment = world.alignments.get('two')
  const pages = []
  for (const _ of [1, 2]) {
    const page = await window.open(`${world.url}/alignments/two?order=form`)
    await page.bringToFront()
    await page.waitForSelector('[role=grid] [role=row][aria-selected]')
    await page.focus('[role=grid]')
    pages.push(page)
  }
  const [one, two] = pages
  world.fail = (_, path) => path === '/v1/alignments' && 'cut' // by which a page learns of others' decisions
  await one.bringToFront()
  await one.focus('[role=grid]')
  for (const key of ['a', 'a', 'a']) await press(one, key)
  await until('three accepted', () => alignment.coverage.accepted === 3)
  // the other tab does not know of it yet: its first word about the third row is a conflict, that about the fourth is not
  await two.bringToFront()
  await two.focus('[role=grid]')
  world.me = other
  for (const key of ['ArrowDown', 'ArrowDown', 'n', 'n']) await press(two, key)
  await two.waitForSelector('.notice .both')
  assert.match(await two.$eval('.notice .both', (node) => node.textContent), /theirs .*\(maria\), yours/)
  await click(two, '.notice .button:not(.primary)') // theirs
  await saved(two)
  assert.deepEqual(alignment.elements.slice(0, 4).map(({ decision }) => `${decision.state} ${decision.by}`), ['accepted maria', 'accepted maria', 'accepted maria', `none ${other}`])
  world.fail = undefined
  world.me = me
  for (const page of pages) await page.close()
}

async function offlineAndBack(window, world) {
  world.begin({})
  world.align(PAIR, 'away')
  const page = await window.open(`${world.url}/alignments/away?order=form`)
  await page.waitForSelector('[role=grid] [role=row][aria-selected]')
  await page.focus('[role=grid]')
  world.fail = (method) => method === 'PATCH' && 'cut'
  await press(page, 'a')
  await page.waitForSelector('.save.bad .button')
  await press(page, 'n') // the page goes on
  assert.equal(world.alignments.get('away').coverage.accepted, 0)
  world.fail = undefined
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await saved(page)
  assert.deepEqual(world.alignments.get('away').elements.slice(0, 2).map((one) => one.decision.state), ['accepted', 'none'])
  await page.close()
}

async function everyFile(window, world) {
  world.begin({})
  world.align(PAIR, 'one')
  const page = await window.open(`${world.url}/alignments/one/files`)
  await page.waitForSelector('[aria-labelledby=export] select')
  assert.deepEqual(await page.$$eval('[aria-labelledby=export] option', (all) => all.map((one) => one.value)), FORMATS.map((one) => one.name))
  for (const { name: form, ending, written_only } of FORMATS) {
    await new Promise((resolve) => setTimeout(resolve, 200)) // more than ten downloads of a page within a second are dropped by Chromium, unseen
    await page.select('[aria-labelledby=export] select', form)
    await page.focus('[aria-labelledby=export] .button.primary')
    await page.keyboard.press('Enter') // by hand: a page that saves by itself may do so once
    const path = join(window.downloads, `mapping${ending}`)
    await until(`${form} on the disk`, () => existsSync(path) && readFileSync(path, 'utf8').includes('drawbridge-mapping'))
    if (written_only) continue
    writeFileSync(path, 'Source00000 Target00003\n')
    const field = await page.$('input[type=file]')
    await field.uploadFile(path)
    await seen(page, (wanted) => document.querySelector('[aria-labelledby=import] select')?.value === wanted, form)
    await click(page, '[aria-labelledby=import] .button.primary')
    await until(`${form} is taken`, () => world.imported?.format === form)
    assert.equal(world.imported.text, 'Source00000 Target00003\n')
    await page.waitForSelector('[aria-labelledby=import] .notice.good')
  }
  assert.equal(world.alignments.get('one').elements[0].decision.targets[0].id, 'Target00003')
  await page.close()
}

describe('in both browsers', { concurrency: 2 }, () => {
  for (const browser of ['chromium', 'firefox'])
    test(browser, { timeout: 1800000 }, async (t) => {
      const world = await startMock()
      const window = await startBrowser(browser, 'allowed')
      try {
        await t.test('each key does what it says', () => everyKey(window, world))
        await t.test('two tabs at once: no decision is lost, and the conflict is shown in one', () => twoAtOnce(window, world, 'maria'))
        await t.test('two people at once: no decision is lost, and the conflict is shown to the second', () => twoAtOnce(window, world, 'joseph'))
        await t.test('a line that breaks and comes back: nothing is lost', () => offlineAndBack(window, world))
        await t.test('a file of each form out and in', () => everyFile(window, world))
      } finally {
        await window.stop()
        await world.stop()
      }
    })
})
