// Two people in two browsers, against the real program and its stand-in servers: one lets the other in, both decide at once, one approves what the other decided.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, openPage, startBrowser } from './browser.mjs'
import { startDemo } from './demo.mjs'
import { grid, press, saved } from './scene.mjs'

let browser, demo
before(async () => {
  demo = await startDemo()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await demo?.stop()
})

const account = (name) => new RegExp(`^\\s*${name}\\s+(\\S+)`, 'm').exec(demo.printed)[1]
const decided = (page, n) => page.getByText(new RegExp(`^${n} of \\d+ decided$`)).waitFor()

/** Signed in to both servers. What is expected in the console: the second of two who saw the same is told so by a 412, an undo that cannot be by a 409. */
async function person(name) {
  const opened = await openPage(browser, { expected: [/status of (409|412)/] })
  const { page } = opened
  for (const server of ['District', 'Central']) {
    await page.goto(`${demo.page}/servers`)
    await page.getByRole('link', { name: new RegExp(`^Sign in to ${server}`) }).click()
    await page.getByRole('tab', { name: 'Password', exact: true }).click()
    await page.getByLabel('User name').fill(name)
    await page.locator('input[type=password]').fill(account(name))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: new RegExp(`^Sign out of ${server}`) }).waitFor()
  }
  return opened
}

async function openReview(page, address) {
  await page.goto(address)
  await grid(page).waitFor()
  await grid(page).focus()
}

test('two people review one alignment', { timeout: 1800000 }, async () => {
  const asha = await person('asha')
  const lena = await person('lena')
  await asha.page.goto(`${demo.page}/alignments/new`)
  await asha.page.getByRole('region', { name: 'Values come from' }).getByLabel(/Server/).selectOption({ label: 'District (demo, 2.41)' })
  await asha.page.getByRole('region', { name: 'Values go to' }).getByLabel(/Server/).selectOption({ label: 'Central (demo, 2.43)' })
  await asha.page.getByLabel(/Malaria monthly report/).check()
  await asha.page.getByLabel(/HMIS 105 Malaria/).check()
  await asha.page.getByRole('button', { name: 'Propose what corresponds' }).click()
  await asha.page.getByRole('link', { name: 'Review', exact: true }).click()
  await grid(asha.page).waitFor()
  const address = `${asha.page.url()}?order=form` // what is decided does not go to the end by a reload

  // until she is let in there is nothing for her
  const list = await lena.page.request.get(`${demo.page}/v1/alignments`, { headers: { 'X-Drawbridge': '1' } })
  assert.deepEqual(await list.json(), [])
  await asha.page.getByRole('button', { name: 'People' }).click()
  const dialog = asha.page.getByRole('dialog', { name: 'People' })
  await dialog.getByLabel('User name there').fill('lena')
  await dialog.getByRole('button', { name: 'Give access' }).click()
  await dialog.getByLabel(/^A second person approves/).check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await asha.page.getByText('Saved', { exact: true }).waitFor({ state: 'attached' }) // the button is disabled as soon as it is pressed
  await press(asha.page, 'Escape')
  await lena.page.goto(`${demo.page}/alignments`)
  await lena.page.getByText('Malaria monthly report').first().waitFor()

  // both decide at once: about other rows it goes by itself, about the same row a person chooses
  await openReview(asha.page, address)
  await openReview(lena.page, address)
  await press(asha.page, 'n', 'n')
  await saved(asha.page)
  await asha.page.route('**/v1/alignments', () => {}) // by which her page would learn of it, from time to time
  await press(lena.page, 'End', 'n')
  await saved(lena.page)
  await decided(lena.page, 3)
  await press(asha.page, 'End', 'l')
  await asha.page.getByText('Somebody else changed the same meanwhile').waitFor()
  await asha.page.unroute('**/v1/alignments')
  assert.deepEqual(await axe(asha.page, 'conflict of two people'), [])
  await asha.page.getByText(/No counterpart \(lena\)/).waitFor()
  await asha.page.getByRole('button', { name: 'Keep theirs' }).click()
  await saved(asha.page)
  await decided(asha.page, 3)

  // approval: not by who decided, but by the other one; an undo of it comes back after a reload
  await press(asha.page, 'Home', 'p')
  await asha.page.getByText('There is nothing here for you to approve').waitFor({ state: 'attached' })
  await lena.page.reload()
  await grid(lena.page).waitFor()
  await grid(lena.page).focus()
  await press(lena.page, 'Home', 'p')
  await saved(lena.page)
  await press(lena.page, 'Home', 'h')
  await lena.page.getByRole('list', { name: 'History' }).getByText(/Approved by lena/).waitFor()
  await lena.page.getByRole('list', { name: 'History' }).getByText(/^asha/).first().waitFor()
  assert.deepEqual(await axe(lena.page, 'history of two people'), [])
  await lena.page.reload()
  await grid(lena.page).waitFor()
  await lena.page.locator('button[title^="Approved: "]').waitFor()
  await grid(lena.page).focus()
  await press(lena.page, 'u')
  await saved(lena.page)
  await press(lena.page, 'Home')
  await lena.page.getByText('Waits for a second person').first().waitFor({ state: 'attached' })
  await press(lena.page, 'Shift+U')
  await saved(lena.page)

  // she decides anew what was hers to approve: asha's undo does not take that away
  await press(lena.page, 'Home', 'l')
  await saved(lena.page)
  await asha.page.reload()
  await grid(asha.page).waitFor()
  await asha.page.locator('button[title^="No counterpart: "]').first().waitFor()
  await grid(asha.page).focus()
  await press(asha.page, 'u', 'u')
  await asha.page.getByText(/^That cannot be taken back/).waitFor()
  await saved(asha.page)
  await decided(asha.page, 2)

  // each reads names in their own language, also of what changes: asha has chosen none at the servers, lena reads the page in French
  await lena.page.evaluate(() => localStorage.setItem('drawbridge language', 'fr'))
  await lena.page.goto(`${demo.page}/alignments`)
  await openReview(lena.page, address)
  const french = grid(lena.page).locator('bdi[lang=fr]')
  await french.getByText('Cas confirmés de paludisme', { exact: true }).first().waitFor()
  const [answer] = await Promise.all([lena.page.waitForResponse((one) => one.request().method() === 'PATCH'), press(lena.page, 'Home', 'j', 'l')])
  assert.match(await answer.text(), /"lang":"fr"/)
  await french.getByText('Cas confirmés de paludisme', { exact: true }).first().waitFor()
  assert.equal(await grid(lena.page).getByText('Malaria confirmed cases', { exact: true }).count(), 0)
  assert.equal(await grid(asha.page).locator('bdi[lang]').count(), 0)
  for (const one of [asha, lena]) {
    assert.deepEqual(one.complaints, [])
    await one.close()
  }
})
