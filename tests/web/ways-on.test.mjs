// Who stands where nothing is, or where something is missing, is led on; and names read in the order of the page, in Debian's Chromium.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { PAIR } from './made-up.mjs'
import { hasFocus, REFUSED, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())
const scene = sceneIn(test, () => browser)

describe('ways on', () => {
  scene('from what is gone to the list that it was in', { expected: [REFUSED] }, async ({ page, go }) => {
    for (const [path, heading] of [['/alignments/nothing', 'Alignments'], ['/runs/nothing', 'Runs']]) {
      await go(path)
      await page.getByRole('alert').getByRole('link', { name: 'Back to the list' }).click()
      await page.getByRole('heading', { name: heading, exact: true }).waitFor()
    }
    await page.getByRole('link', { name: 'Go to the alignments' }).click() // no run yet
    await page.getByText('No alignment yet.').waitFor()
  })

  scene('from a screen of an alignment that does not come to its others, and to the same once more', { expected: [REFUSED] }, async ({ page, go, world, clean }) => {
    world.align(PAIR, 'one')
    const tabs = page.getByRole('navigation', { name: 'This alignment' })
    const alert = page.getByRole('alert')
    const asked = { Changes: '/drift', Disaggregation: '/combos', Overview: '/one', Review: '/one', 'Units and periods': '/places', Send: '/one', Files: '/formats' }
    await go('/alignments/one/files')
    const heading = page.getByRole('heading', { level: 1, name: 'Monthly facility report' })
    await heading.waitFor()
    for (const [i, [name, path]] of Object.entries(asked).entries()) {
      const [status, code] = [[503, 'server_unreachable'], [500, 'inside'], [404, 'not_found']][i % 3]
      world.fail = (_, called) => called.endsWith(path) && new world.Problem(status, code, { server: 'central' })
      await tabs.getByRole('link', { name, exact: true }).click()
      await alert.getByRole('button', { name: 'Try again' }).waitFor()
      assert.deepEqual([await tabs.getByRole('link').count(), await tabs.locator('[aria-current]').innerText(), await heading.count()], [7, name, 1])
      assert.match(await page.title(), new RegExp(`^${name} – Monthly facility report`))
      await clean(`not-come-${name.toLowerCase().replaceAll(' ', '-')}`)
      world.fail = undefined
      await alert.getByRole('button', { name: 'Try again' }).click()
      await alert.waitFor({ state: 'detached' })
      await page.locator('main:not(:has(.loading))').waitFor()
    }
    world.fail = (_, called) => called.endsWith('/drift') && new world.Problem(503, 'server_unreachable', { server: 'central' })
    await go('/alignments/one/drift') // by its address nobody knows the names yet
    await page.getByRole('heading', { level: 1, name: 'Changes' }).waitFor()
    await tabs.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
  })

  scene('who waits among the tabs of a screen stays there when it comes', {}, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    let answer
    await page.route('**/v1/alignments/one/drift', async (route) => {
      await new Promise((resolve) => { answer = resolve })
      await route.continue()
    })
    await go('/alignments/one/drift')
    const overview = page.getByRole('navigation', { name: 'This alignment' }).getByRole('link', { name: 'Overview' })
    await overview.focus()
    await page.getByText('Reading both servers…').waitFor()
    answer()
    await page.getByText('Nothing changed.').waitFor()
    await hasFocus(overview, page)
  })

  scene('from an unknown server by one link', {}, async ({ page, go }) => {
    await go('/sign-in/nowhere')
    await page.getByText('There is no such server').waitFor()
    assert.deepEqual(await page.getByRole('main').getByRole('link').allInnerTexts(), ['Go to the servers'])
  })

  scene('from a sign-in that cannot be remembered yet to the one it takes', { connected: [], home: 'district' }, async ({ page, go }) => {
    await go('/sign-in/central')
    await page.getByRole('link', { name: 'Sign in to District HMIS' }).click()
    await page.getByRole('heading', { name: 'Sign in to District HMIS' }).waitFor()
  })

  scene('where one was signed out meanwhile, neither side of a new alignment stays at that server', { expected: [REFUSED] }, async ({ page, go, world }) => {
    await go('/servers')
    await page.getByRole('link', { name: 'Align two data sets' }).waitFor()
    world.connections.delete('central')
    let tell
    const told = new Promise((resolve) => { tell = resolve })
    await page.route('**/v1/session', async (route) => {
      await told
      await route.continue()
    })
    await page.getByRole('link', { name: 'Align two data sets' }).click()
    const target = page.getByRole('region', { name: 'Values go to' })
    await target.getByText('Not signed in to this server').waitFor() // as long as the page does not know
    tell()
    await page.getByText('Sign in to two servers first').waitFor()
    await target.getByLabel('Monthly facility report').waitFor()
    assert.equal(await target.getByLabel('Server').inputValue(), 'district')
  })

  scene('a long wait is told in minutes', { expected: [REFUSED] }, async ({ page, go, world }) => {
    world.fail = (_, path) => path === '/v1/alignments' && new world.Problem(429, 'too_many', { retry_after: 300 })
    await go('/alignments')
    await page.getByRole('alert').getByText('Tries again in 5 min').first().waitFor()
  })

  scene('from right to left the source stands first, also in the question whether it is to go', { locale: 'ar' }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments')
    await page.locator('.button.destructive').click()
    await page.locator('dialog p').getByText('Monthly facility report').waitFor()
    const [source, target] = await page.evaluate(() => {
      const text = document.evaluate('//dialog//p//text()[contains(., "Monthly facility report")]', document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue
      return ['Monthly facility report', 'National monthly summary'].map((name) => {
        const range = document.createRange()
        range.setStart(text, text.data.indexOf(name))
        range.setEnd(text, text.data.indexOf(name) + name.length)
        return range.getBoundingClientRect().left
      })
    })
    assert.ok(source > target, `${source} ${target}`)
  })

  scene('in high contrast one sees which screen, tab and row it is', { forcedColors: 'active' }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one')
    const edges = (selector, side) => page.locator(selector).evaluateAll((list, of) => list.map((one) => getComputedStyle(one)[of]), side)
    for (const [selector, side] of [['.bar-top nav a', 'borderBottomColor'], ['.head nav a', 'borderBottomColor'], ['.detail [role=tab]', 'borderBottomColor'], ['.vbody .vrow', 'borderInlineStartColor']]) {
      await page.locator(selector).nth(1).waitFor()
      const colours = await edges(selector, side)
      assert.equal(Math.min(...[...new Set(colours)].map((one) => colours.filter((other) => other === one).length)), 1, `${selector}: ${colours}`)
    }
  })
})
