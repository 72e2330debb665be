// "Why" says which words, which code and which numbers speak for a target.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { openReview, press, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

const facts = (page) => page.locator('.why .told').getByRole('listitem').allInnerTexts()

scene('the words that match are marked in both names, and those that do not are told', {}, async (stage) => {
  const { page, clean } = stage
  await openReview(stage, ({ elements: [one], target_elements: [target] }) => {
    one.source.name = 'Malaria, new cases 5–14 y'
    target.name = one.proposals[0].target.name = 'New case of MALARIA 15 y'
    one.proposals[0].reason = 'telling_words'
    one.proposals[0].features = [{ name: 'words', contribution: 2.4 }, { name: 'numbers', contribution: -0.6 }, { name: 'beyond', contribution: -0.2 }]
  })
  await press(page, 'w')
  await page.getByText('The telling words of the names agree').waitFor()
  assert.deepEqual(await page.locator('.compare td:nth-child(2) mark').allInnerTexts(), ['Malaria', 'new', 'cases'])
  assert.deepEqual(await page.locator('.compare td:nth-child(3) mark').allInnerTexts(), ['New', 'case', 'MALARIA'])
  assert.deepEqual(await page.locator('.compare mark').evaluateAll((list) => list.map((one) => getComputedStyle(one).textDecorationLine)), Array(6).fill('underline'))
  assert.deepEqual(await facts(page), ['Words that match, 3 of 5: Malaria, new, cases', 'Only the source has: 5, 14', 'Only the target has: 15', 'Numbers that differ: 5, 14 in the source, 15 in the target'])
  await clean('review-why-words')
})

scene('the very code is told, and the id where it is that', {}, async (stage) => {
  const { page } = stage
  await openReview(stage, ({ elements: [one, two], target_elements: [target] }) => {
    one.proposals[0].reason = two.proposals[0].reason = 'same_code'
    target.code = one.source.code = 'MAL_181'
  })
  await press(page, 'w')
  await page.getByText('They have the same code: MAL_181').waitFor()
  await press(page, 'j')
  await page.getByText('They have the same id or code').waitFor() // it is neither of those shown
})
