// The screens beside the review in Debian's Chromium, against made-up servers. What its console complains about fails the test, and so does axe.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { PAIR, REFUSED, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())
const scene = sceneIn(test, () => browser)

const grid = (page) => page.getByRole('grid')
const press = async (page, ...keys) => { for (const key of keys) await page.keyboard.press(key) }
const states = (world, id, member) => Object.fromEntries(world.places.get(id)[member].pairs.map((one) => [one.source.name, [one.decision.state, ...one.decision.targets.map((target) => target.name)].join(' ')]))

async function openPlaces({ world, page, go }) {
  world.align(PAIR, 'one')
  await go('/alignments/one')
  await page.getByRole('link', { name: 'Units and periods' }).click()
  await grid(page).waitFor()
  await grid(page).focus()
}

describe('org units, attribute options and periods', () => {
  scene('by keys alone: accept, another one by search, no counterpart, undo', {}, async (stage) => {
    const { page, world, clean } = stage
    await openPlaces(stage)
    await page.getByText('12 more keep their id').waitFor()
    await page.getByText('The same code, nearly the same name, 3 of 4 units below belong together, 0.4 km apart, below parents that belong together').waitFor()
    await clean('places')
    await press(page, 'a')
    await page.getByText('Decided by').waitFor({ state: 'detached' })
    await page.getByRole('row', { name: /Kakua health centre.*Accepted/ }).waitFor()
    await press(page, 'e')
    await page.keyboard.type('bongor')
    await page.getByRole('option', { name: /Bongor clinic/ }).waitFor()
    await clean('places-search')
    await press(page, 'Enter', 'a')
    await page.getByRole('row', { name: /Tikonko post.*Bongor clinic.*Accepted/ }).waitFor()
    await press(page, 'r') // Badjia's: the proposal does not come again
    await page.getByText('Rejected: Badjia MCHP').waitFor()
    await press(page, 'n')
    await page.getByRole('row', { name: /Badjia.*No counterpart/ }).waitFor()
    assert.deepEqual(states(world, 'one', 'org_units'), { 'Kakua health centre': 'accepted Kakua CHC', 'Tikonko post': 'accepted Bongor clinic', Badjia: 'none', Lugbu: 'open', 'Nowhere post': 'open' })
    await press(page, 'u', 'k')
    await page.getByRole('row', { name: /Badjia.*(No proposal|To review)/ }).waitFor()
    await clean('places-decided')
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.getByText('What was decided may change').waitFor({ state: 'detached' })
    assert.equal(states(world, 'one', 'org_units').Badjia, 'open')
  })

  scene('all sure ones at once, one undo; filters; what has no proposal says why', {}, async (stage) => {
    const { page, world, clean } = stage
    await openPlaces(stage)
    await page.getByRole('button', { name: 'Accept 2 sure ones' }).click()
    await page.getByRole('row', { name: /Tikonko post.*Accepted/ }).waitFor()
    assert.equal(Object.values(states(world, 'one', 'org_units')).filter((one) => one.startsWith('accepted')).length, 2)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('button', { name: 'Accept 2 sure ones' }).waitFor()
    assert.equal(Object.values(states(world, 'one', 'org_units')).filter((one) => one.startsWith('accepted')).length, 0)
    await page.getByLabel('State', { exact: true }).selectOption('nothing')
    await page.getByText('1 shown').waitFor()
    await page.getByText('Nothing of the target is like it enough').waitFor()
    await clean('places-nothing')
    await page.getByLabel('Search name or code').fill('xyz')
    await page.getByText('Nothing here fits').waitFor()
    await page.getByRole('button', { name: 'Show everything' }).click()
    await page.getByText('5 shown').waitFor()
  })

  scene('attribute options and periods have addresses of their own', {}, async (stage) => {
    const { page, world, clean } = stage
    await openPlaces(stage)
    await page.getByRole('link', { name: /^Attribute options/ }).click()
    await page.getByRole('row', { name: /Red partner/ }).waitFor()
    await grid(page).focus()
    await press(page, '2', 'a')
    await page.getByRole('row', { name: /Red partner.*Omega project.*Accepted/ }).waitFor()
    assert.deepEqual(states(world, 'one', 'attribute_option_combos'), { 'Red partner': 'accepted Omega project' })
    await clean('places-attributes')
    await page.getByRole('link', { name: 'Periods', exact: true }).click()
    await page.getByText('Whole periods of the source make up one of the target').waitFor()
    assert.match(await page.getByText('For example:').innerText(), /\d{6} \+ \d{6} \+ \d{6}[^]*\d{4}Q\d/)
    await clean('places-periods')
    await page.reload()
    await page.getByText('Whole periods of the source make up one of the target').waitFor()
  })

  scene('a broken line, somebody else, an alignment that is not there', { expected: [REFUSED, /ERR_EMPTY_RESPONSE|ERR_SOCKET|Failed to load resource/] }, async (stage) => {
    const { page, world, clean, go } = stage
    await openPlaces(stage)
    world.fail = (method) => method === 'PATCH' && 'cut'
    await press(page, 'a')
    await page.getByText('drawbridge cannot be reached').first().waitFor()
    await clean('places-offline')
    world.fail = undefined
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('row', { name: /Kakua health centre.*Accepted/ }).waitFor()
    world.decide(world.alignments.get('one'), [{ kind: 'org_unit', source: 'SUnit0001', decision: 'none' }], 'joseph')
    await grid(page).focus()
    await press(page, 'j', 'n')
    await page.getByText('Somebody else changed the same meanwhile').waitFor()
    await page.getByRole('row', { name: /Tikonko post.*No counterpart/ }).waitFor()
    await clean('places-conflict')
    await go('/alignments/nothing/places')
    await page.getByText('There is nothing here').waitFor()
  })
})
