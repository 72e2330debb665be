// "Why" has the values of both sides compared when a person wants it: what is asked, what is said of it, and what is said where it cannot be.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { hasFocus, openReview, press, REFUSED, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

const button = (page) => page.getByRole('button', { name: 'Compare their values' })
const asked = (world) => world.calls.filter((one) => one.endsWith('/api/analytics')).length
const MADE = '2026-11-24T02:00:00.000'

/** Of the first row, before anything is asked. What the whole source holds is counted, too. */
async function openWhy(stage, prepare) {
  await openReview(stage, (alignment, world) => {
    world.tables = MADE
    prepare?.(alignment, world)
  })
  await press(stage.page, 'w')
  await button(stage.page).waitFor()
}

const said = (page, text) => page.locator('.why').getByRole('status').getByText(text, { exact: true }).waitFor()
const bar = (page) => page.getByRole('row').filter({ has: page.getByRole('meter', { name: 'How their values move' }) })

scene('they are asked for by a button alone, and laid side by side; the focus stays', {}, async (stage) => {
  const { page, clean, world } = stage
  const questions = []
  page.on('request', (request) => request.url().includes('/api/analytics') && !request.url().includes('COUNT') && questions.push(decodeURIComponent(request.url()).replace(/\+/g, ' ')))
  const code = page.waitForRequest('**/later/review-values.js')
  await openWhy(stage, (_, { totals }) => { world.totals = (server, i, period) => (server === 'central' && period === 2 ? 900 : server === 'central' && period === 5 ? undefined : totals(server, i, period)) })
  assert.deepEqual(questions, [])
  await button(page).focus()
  await press(page, 'Enter')
  await code
  await said(page, 'They move alike: 10 of 11 periods differ by less than 5%')
  assert.equal(questions.length, 2)
  const at = (server) => questions.find((one) => one.includes(`/s/${server}/`))
  assert.match(at('district'), /dimension=dx:Source00000,pe:\d{6}(;\d{6}){11}&filter=ou:USER_ORGUNIT&skipMeta=true&skipRounding=true&tables=2026-11-24T02:00:00\.000 /)
  assert.match(at('central'), /dimension=dx:Target00000,pe:/)
  await hasFocus(page.getByRole('button', { name: 'Compare their values again' }), page)
  assert.match(await bar(page).innerText(), /for$/) // of one period that is quite otherwise the correlation would tell the most
  const table = page.getByRole('table', { name: 'Totals of each period' })
  assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), ['Period', 'Source\nDistrict HMIS: Bo district', 'Target\nCentral HMIS: Bo district'])
  const rows = (await table.getByRole('row').allInnerTexts()).slice(1).map((one) => one.split('\t'))
  assert.equal(rows.length, 12)
  assert.deepEqual([rows[2].slice(1), rows[5].slice(1)], [['232', '900'], ['265', '–']])
  await clean('review-why-values')
  await press(page, 'Enter')
  await page.locator('.why .loading').waitFor({ state: 'detached' })
  await said(page, 'They move alike: 10 of 11 periods differ by less than 5%')
  assert.equal(questions.length, 4)
  await page.getByRole('grid').focus()
  await press(page, 'j') // of another row nobody has asked
  await button(page).waitFor()
  await page.getByRole('button', { name: 'Compare their values again' }).waitFor({ state: 'detached' })
  assert.equal(questions.length, 4)
})

scene('each thing that can be said of them, and of several targets together', {}, async (stage) => {
  const { page, world } = stage
  await openWhy(stage)
  const { totals } = world
  const theirs = (change) => { world.totals = (server, i, period) => (server === 'central' ? change(totals(server, i, period), period) : totals(server, i, period)) }
  const again = (change, text) => { theirs(change); return page.getByRole('button', { name: /^Compare their values/ }).click().then(() => said(page, text)) }
  await again((one) => one, 'They move alike: 12 of 12 periods differ by less than 5%')
  assert.match(await bar(page).innerText(), /for\s*correlation 1$/)
  await again((one) => one * 2.5, 'They move alike, but the target has 2.5 times what the source has: with that, 12 of 12 periods differ by less than 5%')
  await again((one) => one + 150, 'They rise and fall together, but 12 of 12 periods differ by 5% or more')
  await again((one, period) => 900 + ((period * 7) % 5) * 100, 'They do not move alike')
  assert.match(await bar(page).innerText(), /against\s*correlation/)
  await again(() => undefined, 'One of the two has no values in these periods: nothing can be said')
  assert.equal(await bar(page).count(), 0)
  await again((one, period) => (period < 3 ? one : undefined), 'There are only 3 periods in which both have values: nothing can be said')
  world.totals = () => undefined
  await page.getByRole('button', { name: /^Compare/ }).click()
  await said(page, 'Neither of the two has values in these periods: nothing can be said')
  await page.getByRole('tab', { name: 'Candidates' }).click()
  world.totals = totals
  await page.locator('.candidates button').first().click()
  await page.locator('.candidates button').nth(1).click({ modifiers: ['Shift'] })
  await page.getByRole('tab', { name: 'Why' }).click()
  await button(page).click()
  await page.getByRole('columnheader', { name: 'Targets together' }).waitFor()
  assert.match(await page.getByRole('table', { name: 'Totals of each period' }).getByRole('row').nth(1).innerText(), /\t200\t437$/) // 200 and 237
})

scene('where they cannot be had, why, and at which server', { expected: [REFUSED] }, async (stage) => {
  const { page, world, clean } = stage
  await openWhy(stage)
  const notice = page.locator('.why').getByRole('status').locator('.notice')
  const refused = async (title, text) => {
    await page.getByRole('button', { name: /^Compare their values/ }).click()
    await notice.getByText(title, { exact: true }).waitFor()
    await notice.getByText(text, { exact: true }).waitFor()
  }
  world.tables = undefined
  await refused('District HMIS', 'The server has made no analytics tables yet. Have them made there (Data Administration app > Analytics tables), then try again.')
  await clean('review-why-no-values')
  world.tables = MADE
  world.calendar = 'ethiopian'
  await refused('District HMIS', 'This server counts by another calendar than ISO 8601: its values cannot be compared here.')
  world.calendar = 'iso8601'
  world.fail = (_, path) => path === '/s/central/api/analytics' && new world.Problem(403, 'policy', { server: 'central' })
  await refused('Central HMIS', 'Not allowed through drawbridge. Ask the administrator of drawbridge to allow /api/analytics, /api/dataSets, /api/me and /api/system/info of this server.')
  world.fail = undefined
  world.connections.get('central').state = 'reauth_required'
  await page.getByRole('button', { name: /^Compare their values/ }).click()
  await page.locator('.why').getByRole('link', { name: 'Sign in' }).waitFor()
})

scene('a text is not asked about, nor periods that have nothing in common', {}, async (stage) => {
  const { page, world } = stage
  await openWhy(stage, (alignment) => {
    alignment.elements[0].source.value_type = 'TEXT'
    alignment.source.data_set.period_type = 'FinancialApril'
    alignment.target.data_set.period_type = 'Yearly'
  })
  const before = asked(world)
  await button(page).click()
  await page.getByText('Analytics adds up numbers and yes or no: the values of Malaria, new cases cannot be compared.').waitFor()
  await page.getByRole('grid').focus()
  await press(page, 'j')
  await button(page).click()
  await page.getByText('The two data sets have no type of periods in common: their values cannot be compared.').waitFor()
  assert.equal(asked(world), before)
})
