// The example app as it lies in examples/, in the modes where it has no session in common with drawbridge's own page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { seen, startBrowser } from './browsers.mjs'
import { ROOT, startGate } from './gate.mjs'
import { agree } from './people.mjs'

let gate
let window
const file = (name, type) => ({ type, body: readFileSync(join(ROOT, 'examples/two-servers', name)) })
before(async () => {
  gate = await startGate({
    files: {
      '/two-servers/': file('index.html', 'text/html'),
      '/two-servers/app.js': file('app.js', 'text/javascript'),
      '/two-servers/style.css': file('style.css', 'text/css'),
      '/two-servers/sdk/drawbridge.js': { type: 'text/javascript', body: readFileSync(join(ROOT, 'sdk/drawbridge.js')) },
      '/two-servers/settings.js': { type: 'text/javascript', body: (origin) => `export const drawbridge = '${origin}'` },
    },
  })
  window = await startBrowser('chromium', 'blocked')
})
after(async () => {
  await window?.stop()
  await gate?.stop()
})

for (const app of ['far', 'handle'])
  test(`the example signs in to two servers and joins what they say: ${app}`, { timeout: 1800000 }, async () => {
    const home = `${gate.origin(app)}/two-servers/`
    const page = await window.open(home)
    const isThere = (text) => seen(page, (wanted) => [...document.querySelectorAll('#people button')].some((one) => one.textContent.includes(wanted)), text)
    for (const server of ['district', 'central']) {
      await isThere(`Sign in to ${server}`)
      const left = page.waitForNavigation()
      await page.evaluate((wanted) => [...document.querySelectorAll('#people button')].find((one) => one.textContent.includes(wanted)).click(), `Sign in to ${server}`)
      await left
      await agree(page, 'asha', [home])
      await isThere(`${server}: Asha Okello`)
    }
    await seen(page, () => document.querySelectorAll('#rows tr').length > 5)
    assert.equal(await page.$eval('#problem', (one) => one.textContent), '')
    assert.equal(page.url(), home)
    await page.close()
    await window.forget()
  })
