// What came with a time to wait is asked again by itself, or is left to the person: in Debian's Chromium, with a clock that stands.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { PAIR } from './made-up.mjs'
import { hasFocus, REFUSED, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())
const scene = sceneIn(test, () => browser)

describe('what came with a time to wait', () => {
  const BUSY = { expected: [REFUSED, /ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE/] }
  const asked = (world) => world.calls.filter((one) => one === 'GET /v1/alignments').length
  const seconds = (page, n) => page.locator('[role=alert] [aria-hidden]').getByText(`Tries again in ${n} s`)
  /** From here on time passes only where a test says so. */
  async function stopTheClock({ page, go }) {
    await page.clock.install()
    await go('/runs') // a part that is fetched later would come while it stands, and so would that of the alignments
    await page.locator('.empty').waitFor()
    await page.getByRole('link', { name: 'Alignments', exact: true }).click()
    await page.getByText('No alignment yet.').waitFor()
    await page.getByRole('link', { name: 'Servers' }).click()
    await page.locator('.rights dl').nth(1).waitFor()
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 60000))
  }
  async function to({ page }, link) {
    await page.getByRole('link', { name: link, exact: true }).click()
    await page.clock.runFor(500)
  }
  async function refused(stage) {
    await stopTheClock(stage)
    stage.world.fail = (_, path) => path === '/v1/alignments' && new stage.world.Problem(429, 'too_many', { retry_after: 30 })
    await to(stage, 'Alignments')
    await seconds(stage.page, 30).waitFor()
    stage.world.calls.length = 0
  }

  scene('is asked again by itself, said once, and given up in the end', BUSY, async (stage) => {
    const { page, world } = stage
    await refused(stage)
    const said = await page.locator('[role=alert]').ariaSnapshot()
    await page.clock.runFor(10000)
    await seconds(page, 20).waitFor()
    assert.equal(await page.locator('[role=alert]').ariaSnapshot(), said) // no second is read out
    assert.equal(asked(world), 0)
    for (let i = 1; i <= 5; i++) {
      const answer = page.waitForResponse('**/v1/alignments')
      await page.clock.runFor(i === 1 ? 20000 : 30000) // just as long as it waits: an answer may come at any moment, and what is left is told from there
      await answer
      await (i < 5 ? seconds(page, 30) : page.locator('[role=alert]:not(:has([aria-hidden]))')).waitFor()
      assert.equal(asked(world), i)
    }
    await page.clock.runFor(120000)
    assert.equal(asked(world), 5)
    await page.getByRole('button', { name: 'Try again' }).click() // a person: all begins anew
    await seconds(page, 30).waitFor()
    world.fail = undefined
    await page.clock.runFor(30000)
    await page.locator('.empty').waitFor()
    assert.equal(await page.locator('[role=alert]').count(), 0)
    await hasFocus(page.locator('main'), page) // the button that had it is gone
  })

  scene('waits for who looks elsewhere', BUSY, async (stage) => {
    const { page, world } = stage
    await refused(stage)
    const hide = (is) => page.evaluate((hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')) }, is)
    await hide(true)
    await page.clock.runFor(120000)
    assert.equal(asked(world), 0)
    const answer = page.waitForResponse('**/v1/alignments')
    await hide(false)
    await answer
    assert.equal(asked(world), 1)
  })

  scene('a line that is back is asked at once; one that is there while drawbridge is not, in a while', BUSY, async (stage) => {
    const { page, context, world } = stage
    await stopTheClock(stage)
    await context.setOffline(true)
    await to(stage, 'Alignments')
    await page.getByText('drawbridge cannot be reached').waitFor()
    await page.clock.runFor(120000)
    assert.equal(await page.getByText('Tries again in').count(), 0)
    await context.setOffline(false)
    await page.locator('.empty').waitFor()
    world.fail = (_, path) => path === '/v1/runs' && 'cut'
    await to(stage, 'Runs')
    await seconds(page, 5).waitFor()
    await page.clock.runFor(5000)
    await seconds(page, 10).waitFor()
    world.fail = undefined
    await page.clock.runFor(10000)
    await page.locator('.empty').waitFor()
  })

  scene('is left to the person where it changes something', BUSY, async ({ page, world, go }) => {
    await page.clock.install()
    await go('/alignments/new')
    for (const side of ['Values come from', 'Values go to']) await page.getByRole('region', { name: side }).getByRole('radio').first().check()
    world.fail = (method) => method === 'POST' && new world.Problem(429, 'too_many', { retry_after: 3 })
    await page.getByRole('button', { name: 'Propose what corresponds' }).click()
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    await page.clock.runFor(60000)
    assert.deepEqual([world.calls.filter((one) => one.startsWith('POST')).length, await page.getByText('Tries again in').count()], [1, 0])
  })

  scene('so is beginning anew what was begun and failed', BUSY, async ({ page, world, go }) => {
    await page.clock.install()
    world.makings.set('m', { id: 'm', state: 'queued', source: PAIR.source, target: PAIR.target })
    world.steps = [{ state: 'failed', problem: { status: 429, code: 'too_many', retry_after: 3 } }]
    await go('/alignments/new/m')
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    await page.clock.runFor(60000)
    assert.deepEqual([world.calls.filter((one) => one.startsWith('POST')).length, await page.getByText('Tries again in').count()], [0, 0])
  })
})
