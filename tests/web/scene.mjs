// One test with a world of made-up servers and a page of its own; at its end nothing may have been complained about.
import assert from 'node:assert/strict'
import { axe, openPage, picture } from './browser.mjs'
import { STATES } from './browsers/states.mjs'
import { PAIR } from './made-up.mjs'
import { startMock } from './mock.mjs'

const SEEN = new Set(STATES.map((one) => one.name)) // these axe sees in every-screen.test.mjs, in both browsers: each look takes a second

export const REFUSED = /Failed to load resource: the server responded with a status of/ // Chromium's own line for each refused call

export const grid = (page) => page.getByRole('grid')
export const rowText = (page, name) => page.getByRole('row').filter({ hasText: name }).first().innerText()
export const press = async (page, ...keys) => { for (const key of keys) await page.keyboard.press(key) }
export const saved = (page) => page.getByText('All changes saved').waitFor()

/** Pages do not learn by themselves what others decide, as they else would from time to time. */
export const notTold = (world) => { world.fail = (method, path) => method === 'GET' && path === '/v1/alignments' && new world.Problem(503, 'store_unavailable') }

/** page.waitForFunction looks a second time by eval(), which the page's policy forbids: it would fail where it is not so at once. */
export async function until(page, isSo, given) {
  while (!(await page.evaluate(isSo, given))) await page.waitForTimeout(20) // also where no frame is drawn, or the page's clock stands
}
export const hasFocus = (locator, page) => locator.and(page.locator(':focus')).waitFor()

/** The review by the order of the data set, so that made-up rows stand where their numbers say. */
export const REVIEW = '/alignments/one?order=form'

/** An alignment of its own, opened in the review with the focus in the list. `prepare` changes it before it is read. */
export async function openReview({ world, page, go }, prepare) {
  world.align(PAIR, 'one')
  prepare?.(world.alignments.get('one'), world)
  await go(REVIEW)
  await grid(page).waitFor()
  await grid(page).focus()
}

/** One of its own in "Units and periods", with the focus in the list. `prepare` changes it before it is read. */
export async function openPlaces({ world, page, go }, prepare) {
  world.align(PAIR, 'one')
  prepare?.(world.alignments.get('one'), world)
  await go('/alignments/one')
  await page.getByRole('link', { name: 'Units and periods' }).click()
  await grid(page).waitFor()
  await grid(page).focus()
}

export const sceneIn = (test, browser) => (name, options, run) =>
  test(name, async () => {
    const world = await startMock(options)
    const opened = await openPage(browser(), options)
    const clean = async (label) => {
      if (!SEEN.has(label)) assert.deepEqual(await axe(opened.page, label), [])
      await picture(opened.page, label)
    }
    try {
      await run({ world, clean, go: (path) => opened.page.goto(world.url + path), ...opened })
      assert.deepEqual(opened.complaints, [])
    } finally {
      await opened.close()
      await world.stop()
    }
  })
