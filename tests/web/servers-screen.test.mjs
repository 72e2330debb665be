// The list of servers: what can be done at each, and at all of them at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { hasFocus, press, REFUSED, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

scene('of one that cannot be reached the first thing is to try again', { connected: [] }, async ({ page, go, world, clean }) => {
  Object.assign(world.servers[0], { state: 'unreachable', problem: { code: 'server_unreachable', detail: 'no answer' } })
  await go('/servers')
  const card = page.getByRole('region', { name: 'District HMIS' })
  const again = card.getByRole('button', { name: 'Try again: District HMIS' })
  await again.waitFor()
  const primary = () => card.locator('.button.primary').allInnerTexts()
  assert.deepEqual(await primary(), ['Try again'])
  assert.deepEqual(await page.getByRole('region', { name: 'Central HMIS' }).locator('.button.primary').allInnerTexts(), ['Sign in'])
  await clean('servers-try-again')
  Object.assign(world.servers[0], { state: 'ok', problem: undefined })
  await again.click()
  await again.waitFor({ state: 'detached' })
  assert.deepEqual(await primary(), ['Sign in'])
})

scene('one signs out of all at once, and is told first what that means', { expected: [REFUSED] }, async ({ page, go, world, clean }) => {
  world.connections.get('central').remembered_until = '2026-12-24T08:00:00Z'
  await go('/servers')
  const dialog = page.getByRole('dialog', { name: 'Sign out of all servers?' })
  const ask = page.getByRole('button', { name: 'Sign out of all servers…' })
  await ask.click()
  await dialog.getByText('This browser is signed out of 2 servers').waitFor()
  assert.deepEqual(await dialog.getByRole('listitem').allInnerTexts(), ['District HMIS', 'Central HMIS'])
  await dialog.getByText('What this browser remembers stays remembered').waitFor()
  await hasFocus(dialog.getByRole('button', { name: 'Stay signed in' }), page)
  await clean('servers-sign-out-of-all')
  await press(page, 'Enter')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(world.connections.size, 2)
  world.fail = (method) => method === 'DELETE' && new world.Problem(503, 'store_unavailable')
  await ask.click()
  await dialog.getByRole('button', { name: 'Sign out of all' }).click()
  await dialog.getByText('drawbridge cannot reach its database').waitFor()
  world.fail = undefined
  await dialog.getByRole('button', { name: 'Sign out of all' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(world.connections.size, 0)
  assert.deepEqual(world.calls.filter((one) => one.startsWith('DELETE')), ['DELETE /v1/session', 'DELETE /v1/session'])
  await page.getByRole('link', { name: 'Sign in to District HMIS' }).waitFor()
  assert.equal(await ask.count(), 0)
})

scene('what a server was examined for: what wants a look is open, with what to do; what is good is folded, and can be read by keys', {}, async ({ page, go, clean }) => {
  await go('/servers')
  const button = page.getByRole('button', { name: 'Examine District HMIS' })
  await button.focus()
  await press(page, 'Enter')
  const found = page.getByRole('region', { name: 'What was found at District HMIS' })
  await found.getByRole('status').getByText('3 checks want a look').waitFor()
  await hasFocus(button, page)
  const open = found.locator('> ul > li')
  assert.deepEqual(await open.locator('p:first-child').allInnerTexts(), ['Wrong Sign-in: PAT', 'Wrong Registration of drawbridge', 'Attention Clock'])
  const [, client, clock] = await open.all()
  assert.match(await clock.innerText(), /95 s behind\s+ID tokens of the server look expired .*\s+What to do: let both machines keep time by NTP$/)
  assert.match(await client.innerText(), /the server does not know it so\s+the server knows no such client.*\s+What to do: as an administrator, POST this to https:\/\/dhis\.example\.org\/hmis\/api\/oAuth2Clients\s+What to send$/)
  await clean('servers-examined-folded')
  const good = found.getByText('3 checks are good')
  await client.getByText('What to send').focus()
  await press(page, 'Enter', 'Tab', 'Enter')
  assert.equal(JSON.parse(await client.locator('pre').innerText()).clientId, 'drawbridge')
  await hasFocus(good, page)
  await found.getByText('drawbridge signs in with user name, password').waitFor() // also what is good says what that means
  for (const [width, label] of [[1280, 'wide'], [640, 'narrow'], [320, 'least']]) {
    await page.setViewportSize({ width, height: 900 })
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, label)
    await clean(`servers-examined-${label}`)
  }
})

scene('of a server on the way to which nothing is wrong that is said, in high contrast too', { forcedColors: 'active' }, async ({ page, go, world, clean }) => {
  world.checks = [{ check: 'clock', outcome: 'ok', found: '0 seconds ahead of ours', meaning: 'close enough', remedy: '' }]
  await go('/servers')
  await page.getByRole('button', { name: 'Examine Central HMIS' }).click()
  const found = page.getByRole('region', { name: 'What was found at Central HMIS' })
  await found.getByText('Nothing is wrong on the way to this server.').waitFor()
  await found.getByText('1 check is good').click()
  assert.match(await found.getByRole('listitem').innerText(), /^Good Clock\s+0 s ahead\s+close enough$/)
  await clean('servers-examined-good')
})

scene('who is signed in at one server has nothing to do at once', { connected: ['district'] }, async ({ page, go }) => {
  await go('/servers')
  await page.getByRole('button', { name: 'Sign out of District HMIS' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Sign out of all servers…' }).count(), 0)
})
