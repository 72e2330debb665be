// The page in Debian's Chromium against made-up servers: each screen and state, by mouse and by key. What its console complains about fails the test, and so does axe.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { PAIR } from './made-up.mjs'
import { grid, hasFocus, notTold, openReview, press, REFUSED, rowText, saved, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

describe('servers and sign-in', () => {
  scene('servers: who is connected, signing out', { connected: ['district'] }, async ({ page, go, clean, world }) => {
    await go('/')
    await page.getByRole('heading', { name: 'Servers' }).waitFor()
    await page.getByText('Connected', { exact: true }).waitFor()
    await clean('servers')
    assert.equal(new URL(page.url()).pathname, '/servers')
    await page.getByRole('button', { name: 'Examine District HMIS' }).click()
    await page.getByText('let both machines keep time by NTP').waitFor()
    await clean('servers-examined')
    await page.getByRole('button', { name: 'Sign out of District HMIS' }).click()
    await page.getByRole('link', { name: 'Sign in to District HMIS' }).waitFor()
    assert.equal(world.connections.size, 0)
  })

  scene('a password with a second factor, and every refusal with a remedy', { connected: [], expected: [REFUSED] }, async ({ page, go, clean }) => {
    await go('/servers')
    await page.getByRole('link', { name: 'Sign in to District HMIS' }).click()
    await page.getByRole('tab', { name: 'Password' }).click()
    const attempt = async (user, password) => {
      await page.getByLabel('User name').fill(user)
      await page.locator('input[type=password]').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await attempt('maria', 'wrong')
    await page.getByRole('alert').getByText('User name or password is wrong').waitFor()
    await page.getByRole('button', { name: 'Sign in' }).and(page.locator(':focus')).waitFor() // what is under way keeps the focus
    await clean('sign-in-refused')
    for (const [user, words] of [['locked', 'The account is locked'], ['expired', 'The password has expired'], ['disabled', 'The account is disabled']]) {
      await attempt(user, 'right')
      await page.getByRole('alert').getByText(words).waitFor()
    }
    await attempt('twofactor', 'right')
    const code = page.getByLabel('Two-factor code')
    await code.waitFor()
    assert.ok(await code.evaluate((input) => input === document.activeElement))
    await clean('sign-in-second-factor')
    await code.fill('000 000')
    await page.keyboard.press('Enter')
    await page.getByText('The code is wrong').waitFor()
    await page.getByLabel('Two-factor code').fill('123 456')
    await page.keyboard.press('Enter')
    await page.getByText('Connected', { exact: true }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/servers')
  })

  scene('a code by e-mail: where it is, another one, and what is remembered with it', { connected: ['central'], home: 'central', expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    await go('/sign-in/district?return_to=%2Fservers')
    await page.getByRole('tab', { name: 'Password' }).click()
    await page.getByLabel('Remember this sign-in in this browser').check()
    await page.getByText('It comes back the next time you sign in to Central HMIS here.').waitFor()
    await page.getByLabel('User name').fill('mail')
    await page.locator('input[type=password]').fill('right')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Enter the code from the e-mail that the server sent just now').waitFor()
    assert.equal(await page.getByText('authenticator app').count(), 0)
    await clean('sign-in-email-code')
    await page.getByLabel('Two-factor code').fill('999999')
    await page.keyboard.press('Enter')
    await page.getByText('The code is wrong').waitFor()
    const before = world.calls.length
    await page.getByRole('button', { name: 'Send another code' }).click()
    await page.getByText('Enter the code from the e-mail that the server sent just now').waitFor()
    assert.deepEqual(world.calls.slice(before).filter((call) => call.startsWith('POST')), ['POST /v1/servers/district/connection'])
    await page.getByLabel('Two-factor code').fill('123456')
    await page.keyboard.press('Enter')
    await page.getByText('Remembered until').waitFor()
    await clean('servers-remembered')
    await page.getByRole('button', { name: 'Forget the sign-in to District HMIS' }).click()
    await page.getByText('Remembered until').waitFor({ state: 'detached' })
    assert.equal(world.connections.has('district'), true)
  })

  scene('without the home server nothing is remembered; with it OAuth is, too', { connected: [], home: 'district' }, async ({ page, go, clean, world }) => {
    await go('/sign-in/central?return_to=%2Fservers')
    await page.getByText('For this browser to remember the sign-in, sign in to District HMIS first.').waitFor()
    assert.equal(await page.getByRole('checkbox').count(), 0)
    await clean('sign-in-home-first')
    await go('/sign-in/district?return_to=%2Fsign-in%2Fcentral')
    await page.getByRole('tab', { name: 'Password' }).click()
    assert.equal(await page.getByRole('checkbox').count(), 0)
    await page.getByLabel('User name').fill('maria')
    await page.locator('input[type=password]').fill('right')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Remember this sign-in in this browser').check()
    await page.getByRole('link', { name: 'Continue to Central HMIS' }).click()
    await page.getByText('Remembered until').waitFor()
    assert.equal(world.connections.get('central').remembered_until !== undefined, true)
  })

  scene('an access token, and OAuth by leaving the page', { connected: [], expected: [REFUSED] }, async ({ page, go, clean }) => {
    await go('/sign-in/district?return_to=%2Fservers')
    await page.getByLabel('Personal access token').fill('no token')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('It is not complete').waitFor()
    await page.getByLabel('Personal access token').fill('d2p_abc def')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Servers' }).waitFor()
    await page.getByRole('link', { name: 'Sign in to Central HMIS' }).click()
    await page.getByRole('link', { name: 'Continue to Central HMIS' }).waitFor()
    await clean('sign-in-oauth')
    await page.getByRole('link', { name: 'Continue to Central HMIS' }).click()
    await page.getByRole('link', { name: 'Align two data sets' }).waitFor()
  })

  scene('coming back from a sign-in that failed; an address that is not ours is confirmed first', { connected: [] }, async ({ page, go, clean }) => {
    await go('/sign-in/central?problem=access_denied')
    await page.getByText('You did not give consent').waitFor()
    await clean('sign-in-problem')
    await go('/sign-in/district?return_to=https%3A%2F%2Fapp.example.org%2F')
    await page.getByLabel('Personal access token').fill('d2p_x')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const link = page.getByRole('link', { name: 'Back to https://app.example.org' })
    await link.waitFor()
    assert.equal(await link.getAttribute('href'), 'https://app.example.org/')
    await clean('signed-in-for-an-app')
  })

  scene('a server that does not answer, and one that is not known', { connected: [], expected: [REFUSED] }, async ({ page, go, world, clean }) => {
    world.servers[0].state = 'unreachable'
    world.servers[0].sign_in = []
    world.servers[0].problem = { code: 'certificate_refused', detail: 'certificate expired' }
    await go('/servers')
    await page.getByText('Cannot be reached').waitFor()
    await page.getByText("The server's certificate is not trusted").waitFor()
    await clean('servers-unreachable')
    await go('/sign-in/district')
    await page.getByText('The server cannot be reached').waitFor()
    await clean('sign-in-unreachable')
    await go('/sign-in/nowhere')
    await page.getByText('There is no such server').waitFor()
    world.fail = (_, path) => path === '/v1/servers' && new world.Problem(503, 'store_unavailable')
    await go('/servers')
    await page.getByText('drawbridge cannot reach its database').waitFor()
    world.fail = undefined
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Central HMIS' }).waitFor()
    for (const [path, shown] of [['/servers', page.getByRole('heading', { name: 'Central HMIS' })], ['/alignments/new', page.getByText('Sign in to two servers first')]]) { // the session alone cannot be had
      world.fail = (_, called) => called === '/v1/session' && new world.Problem(503, 'store_unavailable')
      await go(path)
      await page.getByText('drawbridge cannot reach its database').waitFor()
      assert.equal(await page.getByRole('heading', { name: 'Central HMIS' }).count(), 0) // as if nobody were signed in
      assert.equal(await page.getByText('Sign in to two servers').count(), 0)
      world.fail = undefined
      await page.getByRole('button', { name: 'Try again' }).click()
      await shown.waitFor()
    }
  })
})

describe('a new alignment', () => {
  scene('a data set at each of two servers', {}, async ({ page, go, clean }) => {
    await go('/alignments')
    await page.getByText('No alignment yet.').waitFor()
    await clean('alignments-empty')
    await page.getByRole('link', { name: 'Align two data sets' }).click()
    const from = page.getByRole('region', { name: 'Values come from' })
    const to = page.getByRole('region', { name: 'Values go to' })
    await from.getByLabel('Weekly surveillance').check()
    await to.getByLabel('National monthly summary').check()
    await page.getByText('The period types differ: Weekly and Monthly').waitFor()
    const search = from.getByLabel('Search name or code')
    for (const [text, name] of [['donnees h', 'Données h'], ['district_11', 'Données i']]) { // accents aside, and by code
      await search.fill(text)
      await from.getByText(name).waitFor()
      assert.equal(await from.getByRole('radio').count(), 1)
    }
    await search.fill('')
    await from.getByLabel('Monthly facility report').check()
    await page.getByText('The period types differ').waitFor({ state: 'detached' })
    await clean('new-alignment')
    await page.getByRole('button', { name: 'Propose what corresponds' }).click()
    await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
    await page.getByRole('link', { name: 'Review', exact: true }).click()
    await grid(page).waitFor()
    await page.getByRole('link', { name: 'Alignments' }).click()
    await page.getByRole('link', { name: 'Review Monthly facility report → National monthly summary' }).waitFor()
    await clean('alignments')
    await page.getByRole('button', { name: /^Remove Monthly/ }).click()
    await page.getByRole('dialog').waitFor()
    await clean('alignment-remove')
    await page.getByRole('button', { name: 'Remove with all decisions' }).click()
    await page.getByText('No alignment yet.').waitFor()
  })

  scene('how far it is, is told, also after a reload and behind a line that broke; cancelled, it ends at the server', { expected: [REFUSED, /ERR_(INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/] }, async ({ page, go, clean, world }) => {
    world.steps = [{ state: 'reading', source: { data_elements: 300, org_units: 1200 }, target: { data_elements: 1 } }]
    await go('/alignments/new')
    const choose = async () => {
      await page.getByRole('region', { name: 'Values come from' }).getByLabel('Monthly facility report').check()
      await page.getByRole('region', { name: 'Values go to' }).getByLabel('National monthly summary').check()
      await page.getByRole('button', { name: 'Propose what corresponds' }).click()
    }
    const step = (name) => page.getByRole('listitem').filter({ hasText: name })
    await choose()
    await step('District HMIS').getByText('300 data elements · 1,200 organisation units').waitFor()
    await step('Central HMIS').getByText('1 data element').waitFor()
    await step('Compare').getByText('Waiting').waitFor()
    await clean('making')
    await page.reload()
    await step('District HMIS').getByText('300 data elements').waitFor()
    world.fail = (method, path) => method === 'GET' && path.endsWith('/events') && 'cut'
    await page.getByText('drawbridge cannot be reached').waitFor()
    world.fail = undefined
    await page.getByText('drawbridge cannot be reached').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'Values come from' }).waitFor()
    assert.deepEqual([world.makings.size, world.alignments.size], [0, 0])
    world.steps = [{ state: 'reading' }, { state: 'failed', problem: { status: 503, code: 'server_unreachable', detail: 'no answer', server: 'central' } }]
    await choose()
    await page.getByText('The server cannot be reached').waitFor()
    await clean('making-failed')
    world.steps = [{ state: 'interrupted' }, { state: 'comparing' }, { state: 'done' }] // of which the second is of one that the page begins by itself
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
    assert.equal(world.alignments.size, 1)
  })

  scene('what may have begun though no answer came is not begun twice', { expected: [REFUSED, /ERR_EMPTY_RESPONSE/] }, async ({ page, go, world }) => {
    const keys = []
    await page.route('**/v1/alignments', async (route) => {
      if (route.request().method() === 'POST') keys.push(route.request().headers()['idempotency-key'])
      await route.continue()
    })
    world.fail = (method, path) => method === 'POST' && path === '/v1/alignments' && 'cut'
    await go('/alignments/new')
    await page.getByRole('region', { name: 'Values come from' }).getByLabel('Monthly facility report').check()
    await page.getByRole('region', { name: 'Values go to' }).getByLabel('National monthly summary').check()
    await page.getByRole('button', { name: 'Propose what corresponds' }).click()
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    world.fail = undefined
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
    assert.deepEqual([keys.length, new Set(keys).size], [2, 1])
    assert.ok(keys[0])
  })

  scene('what is being made is listed, also where its tab was closed: how far, why not, and the way there', { expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    const making = (id, state, more) => world.makings.set(id, { id, state, created: '2026-11-24T08:00:00Z', source: { ...PAIR.source, data_elements: 300, org_units: 1200 }, target: { ...PAIR.target, data_elements: 0, org_units: 0 }, ...more }).get(id)
    const one = making('m1', 'reading')
    making('m2', 'failed', { problem: { status: 503, code: 'server_unreachable', detail: 'no answer', server: 'central' } })
    making('m3', 'interrupted')
    await go('/alignments')
    const row = (text) => page.getByRole('region', { name: 'In preparation' }).getByRole('row').filter({ hasText: text })
    await row('District HMIS: 300 data elements · 1,200 organisation units').getByText('Monthly facility report').waitFor()
    await row('The server cannot be reached').getByText('Failed').waitFor()
    await row('drawbridge was stopped meanwhile').waitFor()
    assert.equal(await page.getByText('No alignment yet.').count(), 0)
    await clean('alignments-making')
    Object.assign(one, { state: 'comparing', progress: { done: 128, of: 300 } })
    await row('128 of 300 data elements').waitFor()
    Object.assign(one, { state: 'done' })
    world.align(PAIR, 'm1')
    await page.getByRole('link', { name: /^Review Monthly/ }).waitFor() // it is an alignment by now
    await row('128 of 300').waitFor({ state: 'detached' })
    await row('The server cannot be reached').getByRole('button', { name: /^Remove Monthly facility report/ }).click()
    await row('The server cannot be reached').waitFor({ state: 'detached' })
    await page.locator('main:focus').waitFor()
    assert.deepEqual([...world.makings.keys()], ['m1', 'm3'])
    world.steps = [{ state: 'interrupted' }, { state: 'comparing', progress: { done: 64, of: 300 } }]
    await row('drawbridge was stopped').getByRole('link', { name: /^Show Monthly/ }).click()
    await page.getByRole('listitem').filter({ hasText: 'Compare' }).getByText('64 of 300 data elements').waitFor() // it is begun anew
    await page.getByRole('link', { name: 'Alignments' }).click()
    await row('64 of 300 data elements').waitFor()
    assert.deepEqual([...world.makings.keys()], ['m1', 'made1']) // and in the place of the other
    await row('64 of 300').getByRole('button', { name: /^Cancel Monthly/ }).click()
    await page.getByRole('heading', { name: 'In preparation' }).waitFor({ state: 'detached' })
    world.fail = (_, path) => path === '/v1/makings' && new world.Problem(503, 'store_unavailable')
    await page.reload()
    await page.getByRole('link', { name: /^Review Monthly/ }).waitFor()
    await page.getByRole('alert').waitFor()
    world.fail = undefined
  })

  const chooseBoth = async (page) => {
    await page.getByRole('region', { name: 'Values come from' }).getByLabel('Monthly facility report').check()
    await page.getByRole('region', { name: 'Values go to' }).getByLabel('National monthly summary').check()
  }
  const goOn = (page) => page.getByRole('button', { name: 'Propose what corresponds' }).click()
  const startFrom = (page, what) => page.getByLabel('Take decisions from').selectOption(what)

  scene('it starts from an earlier alignment: those of the same data sets are offered first, and it is told what was carried over', {}, async ({ page, go, clean, world }) => {
    world.align({ source: { server: 'district', data_set: 'DataSetX' }, target: { server: 'central', data_set: 'DataSetY' } }, 'others')
    for (const side of ['source', 'target']) world.alignments.get('others')[side].data_set.name = `Another ${side}`
    world.align(PAIR, 'earlier')
    const earlier = world.alignments.get('earlier')
    world.decide(earlier, earlier.elements.slice(0, 3).map((one) => ({ kind: 'data_element', source_data_element: one.source.id, decision: 'accepted', targets: [{ data_element: one.proposals[0].target.id }] })), 'maria')
    world.steps = [{ state: 'reading', source: { data_elements: 40 } }]
    await go('/alignments/new')
    await chooseBoth(page)
    await startFrom(page, 'An earlier alignment')
    const chosen = page.getByLabel('Alignment', { exact: true })
    await chosen.locator('optgroup').first().waitFor({ state: 'attached' })
    assert.equal(await chosen.inputValue(), 'earlier')
    assert.deepEqual(await chosen.locator('optgroup').evaluateAll((all) => all.map((one) => [one.label, one.children.length])), [['Of both data sets', 1], ['Of others', 1]])
    await clean('new-alignment-start')
    await goOn(page)
    await page.getByRole('listitem').filter({ hasText: 'Carry over' }).getByText('Monthly facility report').waitFor()
    await page.getByText('Keep this page open').waitFor()
    await page.reload() // it is known again
    await page.getByRole('button', { name: 'Cancel' }).focus()
    world.steps = [{ state: 'done' }]
    await page.getByText('The decisions you start from are carried over').waitFor()
    await page.getByText('3 data elements, 12 cells.').waitFor()
    await page.locator('main:focus').waitFor()
    await clean('new-alignment-carried')
    const made = world.alignments.get('made1')
    assert.deepEqual(made.elements.map((one) => one.decision.state).slice(0, 4), ['accepted', 'accepted', 'accepted', 'proposed'])
    await page.reload() // it is carried over once
    await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
    assert.equal(world.calls.filter((one) => one === 'PUT /v1/alignments/made1/mapping').length, 1)
    await page.getByText('3 of 40 data elements accepted').waitFor()
  })

  scene('it starts from a file, and is there whatever becomes of that', { expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    const choose = (text) => page.getByLabel('File', { exact: true }).setInputFiles({ name: 'last year.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
    const begin = async (text) => {
      await go('/alignments/new')
      await chooseBoth(page)
      await startFrom(page, 'A file')
      await page.getByLabel('File', { exact: true }).waitFor()
      assert.ok(await page.getByRole('button', { name: 'Propose what corresponds' }).isDisabled())
      await choose(text)
      assert.equal(await page.getByLabel('Format', { exact: true }).inputValue(), 'csv')
      await goOn(page)
    }
    await begin('Source00000 Target00003\nSource99999 Target00001\n')
    await page.getByText('1 data element, 4 cells. From last year.csv.').waitFor()
    await page.getByText('1 cells or pairs are passed over').waitFor()
    assert.equal(world.alignments.get('made1').elements[0].decision.targets[0].id, 'Target00003')
    await page.getByRole('link', { name: 'Go to the review' }).click()
    await grid(page).waitFor()

    await begin('nonsense')
    await page.getByText('The alignment is ready, but without the decisions you start from').waitFor()
    await page.getByText('Line 1: the source is empty').waitFor()
    await clean('new-alignment-not-carried')
    assert.ok(world.alignments.has('made2'))
    await page.getByRole('link', { name: 'Files' }).click()
    await page.getByRole('heading', { name: 'Import decisions' }).waitFor()

    world.steps = [{ state: 'reading' }]
    await begin('Source00000 Target00003')
    await page.getByText('Keep this page open').waitFor()
    await page.reload()
    await page.getByText('The file last year.csv has to be chosen again').waitFor()
    world.decide(world.alignments.get(world.align(PAIR, 'made3')), [], 'joseph') // and somebody was faster
    world.steps = [{ state: 'done' }]
    await page.getByText('The file was lost when this page was loaded again. You can import it under Files.').waitFor()

    world.steps = [{ state: 'reading' }]
    await begin('Source00000 Target00003')
    await page.getByText('Keep this page open').waitFor()
    world.decide(world.alignments.get(world.align(PAIR, 'made4')), [], 'joseph')
    world.steps = [{ state: 'done' }]
    await page.getByText('Something was decided in it already').waitFor()
    assert.equal(world.alignments.get('made4').elements[0].decision.state, 'proposed')
  })

  scene('with one server there is nothing to align, and without any one is led to sign-in', { connected: ['district'], expected: [REFUSED] }, async ({ page, go, clean, world }) => {
    await go('/alignments/new')
    await page.getByText('Sign in to two servers first').waitFor()
    await clean('new-alignment-one-server')
    world.connections.clear()
    await go('/alignments')
    await page.getByText('Sign in to a server to see your alignments.').waitFor()
    await go('/runs')
    await page.getByText('Sign in to a server to see your runs.').waitFor()
  })
})

describe('review', () => {
  scene('by keys alone: accept, reject, choose another, no counterpart, undo, redo', {}, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    await clean('review')
    await press(page, 'a', 'Enter', 'n')
    await page.getByText('3 of 40 decided').waitFor()
    assert.match(await rowText(page, 'Malaria, new cases'), /Accepted/)
    assert.match(await rowText(page, 'Cholera, new cases'), /No counterpart/)
    await press(page, 'u')
    await page.getByText('2 of 40 decided').waitFor()
    await press(page, 'Shift+U')
    await page.getByText('3 of 40 decided').waitFor()
    await press(page, 'j', 'r') // reject: the next candidate is chosen
    await page.getByText('Rejected: ').first().waitFor({ state: 'attached' })
    assert.equal(await page.locator('.chips li').count(), 1)
    await press(page, 'a')
    await saved(page)
    await press(page, '2', 'Shift+Digit1', 'a') // the second candidate, and the first as another target
    await saved(page)
    const element = world.alignments.get('one').elements[4]
    assert.deepEqual(element.decision.targets.map((one) => one.id), [element.proposals[1].target.id, element.proposals[0].target.id])
    assert.ok(await grid(page).evaluate((node) => node === document.activeElement))
    assert.match(await grid(page).getAttribute('aria-activedescendant'), /^row-5$/)
    await press(page, '?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await clean('review-keys')
    await press(page, 'Escape', 'k')
    assert.match(await grid(page).getAttribute('aria-activedescendant'), /^row-4$/)
    await press(page, 'k', 'x')
    await page.getByRole('row', { name: /Rejected/ }).waitFor()
    await page.locator('.detail .title').getByText('Rejected', { exact: true }).waitFor()
  })

  scene('what is taken back is proposed at once, before it is answered', {}, async (stage) => {
    const { page } = stage
    await openReview(stage)
    await press(page, 'r')
    await saved(page)
    await page.getByRole('row', { name: /Malaria, new cases.*Rejected/ }).waitFor()
    let letGo
    const held = new Promise((resolve) => { letGo = resolve })
    await page.route('**/v1/alignments/one', async (route) => { await held; await route.continue() })
    await press(page, 'u')
    await page.getByRole('row', { name: /Malaria, new cases.*Malaria – new cases.*To review/ }).waitFor()
    letGo()
    await saved(page)
    await page.getByRole('row', { name: /Malaria, new cases.*Malaria – new cases.*To review/ }).waitFor()
  })

  scene('candidates, why and cells; a target from all of them; a cell by hand', { elements: 100, expected: [REFUSED] }, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    const looked = () => world.calls.filter((one) => one.endsWith('/features')).length
    assert.equal(looked(), 0)
    world.fail = (method, path) => path.endsWith('/features') && new world.Problem(503, 'store_unavailable')
    await press(page, 'w')
    await page.getByText('The names have the same words').waitFor()
    await page.getByText('drawbridge cannot reach its database').waitFor()
    world.fail = undefined
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('table', { name: 'What speaks for it and against it' }).getByText('for 2.4').waitFor()
    await grid(page).focus()
    await clean('review-why')
    await press(page, 'e')
    await page.keyboard.type('scabies deaths')
    await page.getByRole('option', { name: /Scabies – deaths/ }).waitFor()
    await clean('review-search-targets')
    await press(page, 'Enter')
    await page.locator('.chips').getByText('Scabies – deaths').waitFor()
    await press(page, 'a', 'k', 'd')
    await saved(page)
    assert.equal(world.alignments.get('one').elements[0].decision.targets[0].name, 'Scabies – deaths')
    await press(page, 'u')
    await page.getByText('0 of 100 decided').waitFor()
    await saved(page)
    await page.getByLabel(/Target cell of Malaria, new cases, <1 y/).selectOption({ label: '5–14 y' })
    await page.getByText('By hand').waitFor()
    await saved(page)
    await clean('review-cells')
    const cell = () => world.alignments.get('one').cells[0]
    assert.deepEqual([cell().decided, cell().terms[0].target.name], [true, '5–14 y'])
    await page.getByLabel(/Target cell of Malaria, new cases, <1 y/).selectOption('As the engine proposes')
    await page.getByText('By hand').waitFor({ state: 'detached' })
    await saved(page)
    assert.equal(cell().decided, false)
    const [, second] = world.alignments.get('one').elements
    Object.assign(second, { proposals: [], decision: { state: 'none', targets: [], by: 'maria' } }) // as drawbridge tells it
    await page.reload()
    await grid(page).focus()
    await press(page, 'j')
    await page.getByText('It is decided: what the engine proposes is shown when it is opened again.').waitFor()
    await press(page, 'w')
    await page.getByText('It is decided: what the engine proposes is shown when it is opened again.').waitFor()
  })

  scene('the value of one cell is added to several and subtracted, by keys, saved at once, and undone', { elements: 30 }, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    await press(page, 'a', 'k', 'd')
    await saved(page)
    const cell = () => world.alignments.get('one').cells[0]
    const terms = () => cell().terms.map((one) => `${one.sign} ${one.target.name}`)
    const called = 'Malaria, new cases, <1 y'
    const first = page.getByLabel(`Target cell of ${called}`)
    const second = page.getByLabel(`Target cell 2 of ${called}`)
    const add = page.getByRole('button', { name: `Add a target cell to ${called}` })
    await add.press('Enter')
    await hasFocus(second, page)
    assert.deepEqual(terms(), ['+ <1 y']) // nothing is chosen yet
    assert.deepEqual(await second.locator('option:disabled').allTextContents(), ['Choose a target cell', '<1 y']) // one is named once
    await clean('review-cell-adding')
    await page.keyboard.type('15')
    await press(page, 'Enter')
    await page.getByText('By hand').waitFor()
    await hasFocus(second, page)
    await saved(page)
    assert.deepEqual([terms(), cell().decided], [['+ <1 y', '+ 15+ y'], true])
    const subtract = page.getByRole('button', { name: 'Subtract from Malaria – new cases, <1 y' })
    await subtract.press('Enter')
    await subtract.and(page.locator('[aria-pressed=true]:focus')).waitFor()
    await saved(page)
    cell().terms.reverse() // as the engine tells them: what is added first
    assert.deepEqual(terms(), ['+ 15+ y', '- <1 y'])
    await clean('review-cell-terms')
    await page.reload()
    await grid(page).focus()
    await press(page, 'd')
    await page.getByRole('button', { name: 'Take Malaria – new cases, <1 y away' }).press('Enter')
    await hasFocus(first, page)
    await second.waitFor({ state: 'detached' })
    await saved(page)
    assert.deepEqual(terms(), ['+ 15+ y'])
    await press(page, 'Control+z')
    await second.waitFor()
    await saved(page)
    assert.deepEqual(terms().sort(), ['+ 15+ y', '- <1 y'])
    await grid(page).focus()
    await press(page, 'U')
    await second.waitFor({ state: 'detached' })
    await saved(page)
    assert.deepEqual(terms(), ['+ 15+ y'])
    await add.press('Enter')
    await page.getByRole('button', { name: 'Cancel', exact: true }).press('Enter')
    await hasFocus(first, page)
    await second.waitFor({ state: 'detached' })
    await first.selectOption('As the engine proposes')
    await page.getByText('By hand').waitFor({ state: 'detached' })
    await saved(page)
    assert.equal(cell().decided, false)
  })

  scene('bulk takes the sure ones in view and leaves the conflicts; one undo takes all back', { elements: 100 }, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    const button = page.getByRole('button', { name: /^Accept \d+$/ })
    const n = Number(/\d+/.exec(await button.innerText())[0])
    assert.ok(n > 3)
    assert.equal(world.alignments.get('one').coverage.accepted, 0) // nothing is taken before it is asked for
    await page.getByLabel('Accept all at or above').fill('95')
    const fewer = Number(/\d+/.exec(await button.innerText())[0])
    assert.ok(fewer < n)
    await page.getByLabel('Accept all at or above').press('Control+a')
    for (const [typed, expected] of [['9', 0], ['5', fewer], ['Backspace', 0], ['0', n], ['Backspace', 0], ['Control+a', 0], ['Delete', 0], ['2', 0]]) { // letter by letter, as people type
      await page.keyboard.press(typed)
      await page.getByRole('button', { name: `Accept ${expected}`, exact: true }).waitFor()
    }
    await page.getByLabel('Accept all at or above').fill('90')
    const asked = page.waitForRequest((request) => request.method() === 'PATCH')
    await button.click()
    await page.getByText(`${n} of 100 decided`).waitFor()
    assert.equal((await asked).postDataJSON().steps[0].bulk, true) // nobody looked at each
    await saved(page)
    assert.equal(world.alignments.get('one').coverage.accepted, n)
    const left = page.locator('.toast').getByText(new RegExp(`^${n} accepted\\. \\d+ are left for you\\. Show them$`))
    const ids = world.alignments.get('one').elements.filter((one) => one.decision.state === 'proposed' && one.proposals[0].decision === 'auto').map((one) => one.source.code)
    assert.equal(Number(/(\d+) are/.exec(await left.innerText())[1]), ids.length)
    await clean('review-left')
    await left.getByRole('button').click()
    await hasFocus(grid(page), page)
    await left.waitFor({ state: 'detached' })
    await page.getByText(`${ids.length} shown`).waitFor()
    assert.deepEqual((await page.locator('[role=row] .c-source small').allInnerTexts()).sort(), ids) // just those
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('0 of 100 decided').waitFor()
    await saved(page)
    assert.equal(world.alignments.get('one').coverage.accepted, 0)
  })

  scene('search, state, confidence, warnings; an empty list says so', { elements: 100 }, async (stage) => {
    const { page, clean } = stage
    await openReview(stage)
    await press(page, '/')
    await page.keyboard.type('measles')
    await page.getByText(/^[6-9] shown/).waitFor() // "a" and "n" in it were text
    await page.getByText('0 of 100 decided').waitFor()
    await press(page, 'Enter', 'a')
    await page.getByText('1 of 100 decided').waitFor()
    await page.getByLabel('State', { exact: true }).selectOption('accepted')
    await page.getByText('1 shown').waitFor()
    await page.waitForURL('**/alignments/one?text=measles&state=accepted&order=form&row=*')
    await saved(page)
    await page.getByRole('link', { name: 'Overview', exact: true }).click()
    await page.getByText('How much arrives').waitFor()
    await page.goBack() // to what one saw
    await page.getByText('1 shown').waitFor()
    await page.reload()
    await page.getByText('1 shown').waitFor()
    assert.equal(await page.getByLabel('Search name or code').inputValue(), 'measles')
    await page.getByRole('button', { name: 'Low' }).click()
    await page.getByText('1 shown').waitFor() // how sure the engine was, which is what a second look begins with
    await page.getByRole('button', { name: 'High' }).click()
    await page.getByText('Nothing here fits').waitFor()
    await clean('review-empty-filter')
    await page.getByRole('button', { name: 'Show everything' }).click()
    await page.getByRole('button', { name: /with warnings$/ }).click()
    assert.ok(await page.getByLabel('With warnings only').isChecked())
    await page.locator('.detail .notice.warning').waitFor()
    await clean('review-conflicts')
  })

  scene('what is decided is there after a reload', {}, async (stage) => {
    const { page } = stage
    await openReview(stage)
    await press(page, 'a', 'n')
    await saved(page)
    await page.reload()
    await page.getByText('2 of 40 decided').waitFor()
    await grid(page).focus()
    await page.keyboard.press('Home') // it comes back to the row that it was at
    assert.match(await rowText(page, 'Measles, new cases'), /No counterpart/)
    await page.getByText('Decided by maria').waitFor()
  })

  scene('two people at once: the other one is shown, and mine is not lost', { expected: [REFUSED] }, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    const alignment = world.alignments.get('one')
    const decide = (id, decision) => world.decide(alignment, [{ kind: 'data_element', source_data_element: id, decision }], 'joseph')
    notTold(world)
    decide('Source00003', 'none') // about something else: mine goes through by itself
    await press(page, 'a')
    await saved(page)
    await page.getByText('2 of 40 decided').waitFor()
    assert.match(await rowText(page, 'Typhoid fever, new cases'), /No counterpart/)
    decide('Source00001', 'none') // about the same
    await press(page, 'a')
    await page.getByText('Somebody else changed the same meanwhile').waitFor()
    await clean('review-conflict')
    await page.getByRole('button', { name: 'Use mine' }).click()
    await saved(page)
    assert.equal(world.alignments.get('one').elements[1].decision.state, 'accepted')
  })

  scene('the line breaks and comes back; the sign-in ends and comes back', { expected: [REFUSED, /ERR_EMPTY_RESPONSE|ERR_SOCKET|Failed to load resource/] }, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    world.fail = (method) => method === 'PATCH' && 'cut'
    await press(page, 'a', 'a')
    await page.getByText('Not saved yet: drawbridge cannot be reached.').waitFor()
    await page.getByText('2 of 40 decided').waitFor() // the page goes on
    await clean('review-offline')
    world.fail = undefined
    await page.getByRole('button', { name: 'Try again' }).click({ timeout: 3000 }).catch(() => {}) // gone where the page's own next try was quicker
    await saved(page)
    assert.equal(world.alignments.get('one').coverage.accepted, 2)
    world.connections.clear()
    await press(page, 'n')
    await grid(page).focus()
    await press(page, 'n')
    await page.getByText('Sign in again to save.').waitFor()
    await clean('review-signed-out')
    page.once('dialog', (dialog) => dialog.accept())
    await page.locator('.save').getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('Personal access token').fill('d2p_x')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await grid(page).waitFor()
    await saved(page)
    assert.ok(world.alignments.get('one').coverage.none >= 1)
  })

  scene('what one person left waiting is not saved when another signs in', { expected: [REFUSED] }, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    await page.locator('.who').getByText('Maria Diallo').waitFor()
    world.connections.clear()
    await press(page, 'a')
    await page.getByText('Sign in again to save.').waitFor()
    world.me = 'joseph'
    page.once('dialog', (dialog) => dialog.accept())
    await page.locator('.save').getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('Personal access token').fill('d2p_x')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('1 change of maria was not saved, and is not saved under another name.').waitFor()
    await clean('review-of-another')
    await page.getByText('0 of 40 decided').waitFor()
    await page.getByRole('button', { name: 'Give them up' }).click()
    await saved(page)
    assert.equal(world.alignments.get('one').coverage.accepted, 0)
  })

  scene('ten thousand rows: only those in view are drawn, keys and search still act', { elements: 10000 }, async (stage) => {
    const { page, world } = stage
    await openReview(stage)
    assert.equal(await grid(page).getAttribute('aria-rowcount'), '10001')
    assert.ok((await page.getByRole('row').count()) < 60)
    await press(page, 'End')
    assert.match(await grid(page).getAttribute('aria-activedescendant'), /^row-9999$/)
    await press(page, 'a')
    await page.getByText('1 of 10,000 decided').waitFor()
    await press(page, 'Home', 'a', 'a')
    await page.getByText('3 of 10,000 decided').waitFor()
    await saved(page)
    assert.equal(world.alignments.get('one').coverage.accepted, 3)
    await press(page, '/')
    await page.keyboard.type('malaria (100)')
    await page.getByText(/^[6-9] shown/).waitFor()
  })

  scene('an alignment that is not there', { expected: [REFUSED] }, async ({ page, go, clean }) => {
    await go('/alignments/nothing')
    await page.getByText('There is nothing here').waitFor()
    await clean('review-not-there')
    await go('/alignments/one/two/three')
    await page.getByText('There is nothing at this address').waitFor()
  })
})

describe('sending', () => {
  scene('choose, check, send, verified totals', {}, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    await page.getByRole('button', { name: /^Accept \d+$/ }).click()
    await saved(page)
    await page.getByRole('link', { name: 'Send', exact: true }).click()
    await page.getByText('30 of 30 chosen').waitFor()
    await page.getByText('1 chosen', { exact: true }).waitFor() // last month
    await page.getByRole('button', { name: 'None' }).click()
    await page.getByLabel('Search organisation units').fill('post 1')
    await page.getByLabel('Lugbu health post 11').check()
    await page.getByLabel('Search organisation units').fill('')
    await page.getByText('1 of 30 chosen').waitFor()
    await clean('send')
    await page.getByRole('button', { name: 'Check 1 period for 1 organisation unit' }).click()
    await page.getByText('1,340 values are ready to be sent').waitFor()
    await clean('run-checked')
    const [checked] = world.runs.values()
    assert.deepEqual([checked.order.dry_run, checked.order.org_units, checked.order.accept], [true, ['OrgUnit0011'], ['accepted']])
    await Promise.all([page.getByText('Stop after what is under way').waitFor(), page.getByRole('button', { name: 'Send 1,340 values' }).click()]) // it is not there for long
    await page.getByText('Everything arrived: all totals agree').waitFor()
    await page.getByRole('row', { name: /Malaria cases.*12,345,678,901,234,567,890\.5.*12,345,678,901,234,567,890\.5 Yes/ }).waitFor()
    await clean('run-done')
    const [, sent] = world.runs.values()
    assert.deepEqual({ ...sent.order, dry_run: true }, checked.order) // what was checked is what was sent
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the report' }).click()])
    assert.match(file.suggestedFilename(), /^report-run2\.json$/)
    const saves = async (name, format) => {
      const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
      assert.equal(saved.suggestedFilename(), `report-run2.${format}`)
      assert.equal(readFileSync(await saved.path(), 'utf8'), `run2 as ${format}`)
    }
    await saves('Report for a spreadsheet', 'csv')
    await page.getByRole('link', { name: 'Report to print' }).click()
    await page.getByText('Everything went through, was read back and is equal').waitFor()
    await clean('report')
    await page.getByRole('link', { name: 'Runs' }).click()
    await page.getByText('Sent and verified').waitFor()
    await clean('runs')
  })

  scene('left to go on alone, by itself for each period, and undone', {}, async (stage) => {
    const { page, world, clean } = stage
    await openReview(stage)
    await page.getByRole('button', { name: /^Accept \d+$/ }).click()
    await saved(page)
    await page.getByRole('link', { name: 'Send', exact: true }).click()
    await page.getByText('30 of 30 chosen').waitFor()
    await page.getByRole('button', { name: 'Check 1 period for 30 organisation units' }).click()
    await page.getByRole('link', { name: 'Send each period automatically…' }).click()
    assert.ok(await page.getByRole('button', { name: 'Send automatically from now on' }).isDisabled()) // it has no name yet
    await page.getByLabel('Name').fill('Monthly report')
    await page.getByLabel('Days after the end of the period').fill('5')
    await page.getByLabel('Send the report to').selectOption('office')
    await clean('schedule')
    await page.getByRole('button', { name: 'Send automatically from now on' }).click()
    await page.getByRole('row', { name: /Monthly report/ }).waitFor()
    await clean('runs-schedules')
    const [made] = world.schedules.values(), [checked] = world.runs.values()
    assert.deepEqual([made.name, made.period_type, made.after_day, made.webhook, made.org_units, made.accept, made.periods, made.dry_run], ['Monthly report', 'Monthly', 5, 'office', 30, checked.order.accept, undefined, undefined])
    assert.match(made.unattended_until, /^\d{4}-\d\d-\d\dT23:59:59Z$/)
    await page.getByRole('button', { name: 'Send once more now' }).click()
    await page.getByText('complete', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'End…' }).click()
    await page.getByRole('button', { name: 'End it' }).click()
    await page.getByText('Monthly report').waitFor({ state: 'detached' })
    assert.equal(world.schedules.size, 0)
    await page.getByRole('link', { name: /check only|202|October|November|20/ }).first().click()
    await page.getByLabel('Go on without me for a day, also when I sign out').check()
    await clean('run-alone')
    await page.getByRole('button', { name: 'Send 1,340 values' }).click()
    await page.getByText('Everything arrived: all totals agree').waitFor()
    const sent = [...world.runs.values()].at(-1)
    const hours = (new Date(sent.order.unattended_until) - Date.now()) / 3600000
    assert.ok(hours > 23 && hours <= 24, sent.order.unattended_until)
    await page.getByRole('button', { name: 'Undo this run…' }).click()
    await clean('run-undo')
    await page.getByRole('button', { name: 'Check first what it would do' }).click()
    await page.getByText('Dry run: everything could be taken back. Nothing was written.').waitFor()
    await page.getByText('Undoes another run').click()
    await page.getByRole('button', { name: 'Undo this run…' }).click()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await page.getByText('Undoes another run').waitFor()
    await page.getByText('Undoes another run').click()
    await page.getByText('Was undone').waitFor()
  })

  scene('refused values in words with their source cells; stopped and gone on', {}, async (stage) => {
    const { page, world, clean, go } = stage
    world.align(PAIR, 'one')
    const order = { alignment: 'one', periods: ['202610'], org_units: ['OrgUnit0003'], dry_run: false }
    const start = () => page.evaluate(async (given) => (await (await fetch('/v1/runs', { method: 'POST', headers: { 'X-Drawbridge': '1', 'Idempotency-Key': crypto.randomUUID() }, body: JSON.stringify(given) })).json()).id, order)
    await go('/runs')
    await page.getByText('Nothing was sent yet.').waitFor()
    await clean('runs-empty')
    const id = await start()
    const run = world.runs.get(id)
    run.refusing = true
    run.steps = [{ state: 'sending', progress: { done: 1, of: 10 } }]
    await go(`/runs/${id}`)
    await page.getByText('1 of 10').first().waitFor()
    await clean('run-sending')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused by you').waitFor()
    run.state = 'sending'
    run.steps = [{ state: 'sending', progress: { done: 1, of: 10 } }]
    await go(`/runs/${id}`)
    await page.getByRole('button', { name: 'Stop after what is under way' }).click()
    await page.getByText('Stopped by you').waitFor()
    await page.getByRole('button', { name: 'Go on where it stopped' }).click()
    await page.getByText('The target did not take 2 values').waitFor()
    await page.getByText('The organisation unit is outside those you may enter data for').waitFor()
    await page.getByRole('cell', { name: /health post 3/ }).waitFor()
    await page.getByRole('cell', { name: 'Malaria, new cases, <1 y' }).waitFor()
    await page.getByText('The first 1 of 2.').waitFor()
    const [all] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'All refused values (CSV)' }).click()])
    assert.deepEqual([all.suggestedFilename(), readFileSync(await all.path(), 'utf8')], [`refused-${id}.csv`, `all that ${id} was refused`])
    await clean('run-refused')
    run.refused_rows = 1 // all of them are on the page
    await go(`/runs/${id}`)
    await page.getByText('The target did not take 2 values').waitFor()
    assert.equal(await page.getByRole('button', { name: 'All refused values (CSV)' }).count(), 0)
    for (const [state, words] of [['differs', 'Not all totals agree'], ['failed', 'Something inside drawbridge failed'], ['interrupted', 'drawbridge was stopped while this was under way']]) {
      Object.assign(run, { state, steps: [], totals: run.totals.map((one) => ({ ...one, equal: state !== 'differs' })), problem: state === 'failed' ? { code: 'inside', title: undefined, detail: 'it broke' } : undefined })
      await go(`/runs/${id}`)
      await page.getByText(words).waitFor()
      await clean(`run-${state}`)
    }
  })

  scene('an alignment with nothing accepted cannot be sent; units that cannot be read are told', { expected: [REFUSED] }, async (stage) => {
    const { page, world, go, clean } = stage
    world.align(PAIR, 'one')
    world.fail = (_, path) => path.endsWith('/org-units') && new world.Problem(503, 'server_unreachable', { server: 'district' })
    await go('/alignments/one/send')
    await page.getByText('Nothing is accepted yet').waitFor()
    await page.getByText('The server cannot be reached').waitFor()
    assert.ok(await page.getByRole('button', { name: /^Check/ }).isDisabled())
    await clean('send-nothing')
  })
})
