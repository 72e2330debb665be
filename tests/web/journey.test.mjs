// A person's whole way through the demo: sign in to two servers, align, decide, send, see the totals verified; then the example app on another origin and on another site.
// Everything the browser received from drawbridge and the app is kept, and none of the servers' secrets may be in it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, openPage, picture, startBrowser } from './browser.mjs'
import { secretsOf, startDemo } from './demo.mjs'

let browser
let demo
before(async () => { [browser, demo] = await Promise.all([startBrowser(), startDemo()]) })
after(async () => { await browser?.close(); await demo?.stop() })

const account = (name) => new RegExp(`^\\s*${name}\\s+(\\S+)`, 'm').exec(demo.printed)[1]
const token = (server) => new RegExp(`^\\s*${server}\\s+(d2\\w+_\\w+)`, 'm').exec(demo.printed)[1]
const code = (server) => execFileSync('python3', ['tools/totp.py', new RegExp(`^\\s*${server}\\s+([A-Z2-7]{32})`, 'm').exec(demo.printed)[1]], { cwd: new URL('../..', import.meta.url), encoding: 'utf8' }).trim()

/** What the page and the app could know: bodies and headers from their origins, storages, script-visible cookies, addresses. */
function recorder(context) {
  const ours = [demo.page, demo.app, demo.elsewhere]
  const kept = []
  const waiting = []
  context.on('response', (response) => {
    if (!ours.some((origin) => response.url().startsWith(`${origin}/`))) return
    waiting.push((async () => {
      const headers = (await response.headersArray()).map(({ name, value }) => `${name}: ${value}`).join('\n')
      const body = response.status() >= 300 && response.status() < 400 ? '' : await response.body().then(String, () => '')
      kept.push([`answer of ${response.url().replace(/\?.*/, '')}`, `${headers}\n${body}`])
    })().catch(() => {}))
  })
  return {
    kept,
    async look(page, where) {
      const seen = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, history.state, document.documentElement.outerHTML]))
      kept.push([`what script sees ${where}`, seen], [`databases ${where}`, await page.evaluate(async () => JSON.stringify([await indexedDB.databases(), await caches.keys()]))])
    },
    done: () => Promise.all(waiting),
  }
}

async function noSecrets(record) {
  await record.done()
  const secrets = secretsOf(demo)
  const kinds = [...new Set(secrets.map(([what]) => what))]
  for (const wanted of ['cookie of district', 'Bearer of central', 'authorization code of central', 'refresh_token of central', 'printed password']) assert.ok(kinds.includes(wanted), `the search knows no ${wanted}: only ${kinds.join(', ')}`)
  assert.ok(record.kept.length > 20)
  const found = []
  for (const [where, text] of record.kept) for (const [what, value] of secrets) if (text.includes(value)) found.push(`${what} in ${where}`)
  assert.deepEqual(found, [])
}

/** At the server's own pages: its login, then its question whether drawbridge may act, where it asks (it does so once). Ends back at `home`. */
async function signInByOAuth(page, name, home) {
  const step = async () => {
    await page.waitForFunction((origin) => location.origin === origin || document.querySelector('#password, #submit-consent, #authorizeForm'), home)
    if (page.url().startsWith(`${home}/`)) return false
    if (await page.locator('#password').isVisible()) {
      await page.locator('#username').fill(name)
      await page.locator('#password').fill(account(name))
      await page.locator('#submit').click()
    } else if (await page.locator('#authorizeForm').isVisible()) {
      await page.getByRole('button', { name: 'Authorize' }).click()
    } else {
      for (const box of await page.locator('input[name=scope]:not([disabled])').all()) await box.check()
      await page.locator('#submit-consent').click()
    }
    return true
  }
  await page.waitForURL((url) => url.origin !== home)
  for (let steps = 0; steps < 4 && (await step()); steps++) await page.waitForLoadState()
}

async function sendLastMonth(page, clean) {
  const followed = new Set()
  page.on('request', (request) => { if (request.method() === 'GET') followed.add(/\/v1\/runs\/[^/]+(.*)$/.exec(request.url())?.[1]) })
  await page.getByRole('link', { name: 'Send', exact: true }).click()
  await page.getByText(/^(\d+) of \1 chosen$/).waitFor()
  await page.getByText('1 chosen', { exact: true }).waitFor()
  await clean('send')
  await page.getByRole('button', { name: /^Check 1 period/ }).click()
  await page.getByText(/values are ready to be sent/).waitFor()
  await clean('checked')
  await page.getByRole('button', { name: /^Send [\d,]+ values$/ }).click()
  await page.getByText('Everything arrived: all totals agree').waitFor()
  const rows = await page.getByRole('row').allInnerTexts()
  const totals = rows.map((text) => text.split('\t')).filter((cells) => cells.length === 5 && cells[4].trim() === 'Yes')
  assert.ok(totals.length > 5, rows.join('\n'))
  for (const [name, , sent, read] of totals) assert.equal(sent, read, name)
  assert.deepEqual([...followed].filter((one) => one !== undefined), ['/events', '/order']) // each run was told, and not asked for; a check tells its order when it is sent
  await clean('verified')
}

/** Each form is had as a file, known again by its name, and taken back by the program where it can be read. */
async function everyForm(page, clean) {
  await page.getByRole('link', { name: 'Alignments', exact: true }).click()
  await page.getByRole('link', { name: /^Files: / }).click()
  const [out, into] = ['Export the mapping', 'Import decisions'].map((name) => page.getByRole('region', { name }))
  await out.waitFor()
  const forms = await out.getByLabel('Format', { exact: true }).locator('option').evaluateAll((options) => options.map((one) => one.value))
  assert.equal(forms.length, 10)
  for (const form of forms) {
    await out.getByLabel('Format', { exact: true }).selectOption(form)
    const [file] = await Promise.all([page.waitForEvent('download'), out.getByRole('button', { name: 'Download' }).click()])
    const buffer = readFileSync(await file.path())
    assert.ok(buffer.length > 50, form)
    if (form === 'dhis2-exchange') continue // written only
    await into.getByLabel('File', { exact: true }).setInputFiles({ name: file.suggestedFilename(), mimeType: 'application/octet-stream', buffer })
    assert.equal(await into.getByLabel('Format', { exact: true }).inputValue(), form)
    await into.getByRole('button', { name: 'Import' }).click()
    await into.getByText(/The decisions were imported|Nothing changed by it/).waitFor()
  }
  await clean('files')
}

/** A new alignment of the same two data sets has what was decided in the first. */
async function startAnew(page, clean) {
  await page.getByRole('link', { name: 'Alignments', exact: true }).click()
  await page.getByRole('link', { name: 'Align two data sets' }).click()
  await chooseSets(page)
  await page.getByLabel('Take decisions from').selectOption('An earlier alignment')
  await page.getByLabel('Alignment', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Propose what corresponds' }).click()
  await page.getByText('The decisions you start from are carried over').waitFor()
  await clean('carried-over')
  await page.getByRole('link', { name: 'Go to the review' }).click()
  const count = async (state) => {
    await page.getByLabel('State', { exact: true }).selectOption(state)
    await page.getByRole('grid').or(page.getByText('Nothing here fits')).first().waitFor()
    return page.locator('.vbody [role=row]').count()
  }
  await page.getByRole('grid').waitFor()
  assert.ok(await count('accepted') > 5)
  assert.equal(await count('proposed'), 0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText(/^0 of \d+ decided$/).waitFor()
  await page.getByText('All changes saved').waitFor()
}

async function chooseSets(page) {
  await page.getByRole('region', { name: 'Values come from' }).getByLabel(/Server/).selectOption({ label: 'District (demo, 2.41)' })
  await page.getByRole('region', { name: 'Values go to' }).getByLabel(/Server/).selectOption({ label: 'Central (demo, 2.43)' })
  await page.getByLabel(/Malaria monthly report/).check()
  await page.getByLabel(/HMIS 105 Malaria/).check()
}

async function lookAround(page, clean) {
  for (const [link, words] of [['Overview', 'How much arrives'], ['Disaggregation', 'Pairs of category combinations'], ['Units and periods', /to look at|all keep their id/], ['Changes', 'Nothing changed.']]) {
    await page.getByRole('link', { name: link, exact: true }).click()
    await page.getByText(words).first().waitFor()
    await page.getByText(/^(Loading|Comparing|Reading)/).first().waitFor({ state: 'detached' })
    await clean(link.toLowerCase().replaceAll(' ', '-'))
  }
}

test('the whole way: sign in, align, decide, send, verified', { timeout: 1800000 }, async () => {
  const { page, context, complaints, close } = await openPage(browser, { expected: [/status of 401/] }) // the second factor is asked for by a 401
  const record = recorder(context)
  const clean = async (label) => {
    assert.deepEqual(await axe(page, label), [])
    await record.look(page, label)
    await picture(page, `journey-${label}`)
  }
  await page.goto(`${demo.page}/`)
  const size = await page.evaluate(() => performance.getEntriesByType('resource').filter((one) => /\/ui\/.*\.(js|css)$/.test(one.name)).reduce((sum, one) => sum + one.encodedBodySize, 0))
  assert.ok(size > 20000 && size <= 60000, `the page's code is ${size} bytes as sent`)
  await page.getByRole('link', { name: /^Sign in to District/ }).click()
  await page.getByRole('tab', { name: 'Password', exact: true }).click()
  await page.getByLabel('User name').fill('tomas')
  await page.locator('input[type=password]').fill(account('tomas'))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Two-factor code').fill(code('district'))
  await page.keyboard.press('Enter')
  await page.getByText('Connected', { exact: true }).waitFor()
  await clean('one-server')
  await page.getByRole('link', { name: /^Sign in to Central/ }).click()
  await page.getByRole('tab', { name: /OAuth/ }).click()
  await page.getByRole('link', { name: /^Continue to Central/ }).click()
  await signInByOAuth(page, 'asha', demo.page)
  await page.getByRole('link', { name: 'Align two data sets' }).waitFor()
  assert.ok(page.url().startsWith(demo.page))
  assert.ok(!/code=|state=/.test(page.url()))
  await clean('two-servers')

  await page.getByRole('link', { name: 'Align two data sets' }).click()
  await chooseSets(page)
  await clean('data-sets')
  await page.getByRole('button', { name: 'Propose what corresponds' }).click()
  await page.getByRole('heading', { name: 'How much arrives' }).waitFor()
  await page.getByText(/^of [\d,]+ values of the last 12 months are of accepted data elements$/).waitFor() // as the district's analytics counts them
  await page.getByRole('link', { name: 'Review', exact: true }).click()
  await page.getByRole('grid').waitFor()
  await clean('proposals')
  await page.getByRole('row', { name: /Malaria cases tested with RDT/ }).click()
  await page.keyboard.press('w')
  await page.getByRole('table', { name: 'What speaks for it and against it' }).waitFor()
  await page.getByRole('button', { name: 'Compare their values' }).click()
  await page.locator('.why').getByRole('status').getByText('They do not move alike').waitFor() // what the two stand-ins hold is made up, each by itself
  await page.getByRole('columnheader', { name: /^Source District \(demo, 2\.41\): \p{L}/u }).waitFor()
  await clean('why')
  await page.keyboard.press('d')
  await page.getByLabel(/^Target cell of Malaria cases tested with RDT/).first().waitFor()
  await clean('cells')
  await page.getByRole('button', { name: /^Accept [1-9]/ }).click()
  await page.getByText('All changes saved').waitFor()
  await page.getByLabel('State', { exact: true }).selectOption('proposed')
  await page.getByRole('grid').or(page.getByText('Nothing here fits')).first().waitFor()
  for (let left = await page.locator('.vbody [role=row]').count(); left > 0; left--) { // what is left wants a look: it is good
    await page.getByRole('grid').focus()
    await page.keyboard.press('a')
    await page.getByText(`${left - 1} shown`).waitFor()
  }
  await page.getByText('All changes saved').waitFor()
  await page.getByLabel('State', { exact: true }).selectOption('accepted')
  await clean('decided')

  await sendLastMonth(page, clean)
  assert.deepEqual(complaints, [])
  await everyForm(page, clean)
  await lookAround(page, clean)
  await startAnew(page, clean)
  assert.deepEqual(complaints, [])

  const app = await context.newPage() // another origin, the same site: the session is shared
  await app.goto(`${demo.app}/`)
  await app.getByRole('cell', { name: /Hospital/ }).first().waitFor()
  const missing = await app.locator('tbody td:last-child').allInnerTexts()
  assert.ok(missing.length > 5 && missing.every((text) => text === ''), missing.join()) // all that was sent is there
  await record.look(app, 'in the app')
  await picture(app, 'journey-app')
  await noSecrets(record)
  assert.deepEqual(complaints, [])

  await page.goto(`${demo.page}/servers`)
  await page.getByRole('button', { name: /^Sign out of District/ }).click()
  await page.getByRole('link', { name: /^Sign in to District/ }).waitFor()
  await close()
})

test('the example app signs in by itself: from the same site through the page, with tokens', { timeout: 1800000 }, async () => {
  const { page, context, complaints, close } = await openPage(browser)
  const record = recorder(context)
  await page.goto(`${demo.app}/`)
  for (const server of ['district', 'central']) {
    await page.getByRole('button', { name: `Sign in to ${server}` }).click()
    await page.getByRole('tab', { name: 'Access token' }).click()
    await page.getByLabel('Personal access token').fill(token(server))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: `Back to ${demo.app}` }).click()
    await page.getByRole('button', { name: new RegExp(`^${server}: .* sign out$`) }).waitFor()
  }
  await page.getByRole('cell', { name: /Hospital/ }).first().waitFor()
  await record.look(page, 'in the app')
  await record.done()
  for (const [where, text] of record.kept) for (const server of ['district', 'central']) assert.ok(!text.includes(token(server)), where)
  assert.deepEqual(complaints, [])
  await close()
})

test('from another site: the code in the address is redeemed by the tab that began, and the session is of that site alone', { timeout: 1800000 }, async () => {
  const { page, context, complaints, close } = await openPage(browser)
  const record = recorder(context)
  const addresses = []
  page.on('framenavigated', (frame) => addresses.push(frame.url()))
  await page.goto(`${demo.elsewhere}/`)
  for (const server of ['district', 'central']) {
    await page.getByRole('button', { name: `Sign in to ${server}` }).click()
    await signInByOAuth(page, 'asha', demo.elsewhere)
    await page.getByRole('button', { name: new RegExp(`^${server}: .* sign out$`) }).waitFor()
    assert.equal(page.url(), `${demo.elsewhere}/`) // nothing is left in the address
  }
  await page.getByRole('cell', { name: /Hospital/ }).first().waitFor()
  assert.ok(addresses.some((one) => one.startsWith(`${demo.elsewhere}/#drawbridge_code=`)))
  await record.look(page, 'in the app elsewhere')
  await noSecrets(record)
  assert.deepEqual(complaints, [])
  const own = await context.newPage() // drawbridge's own page knows nothing of it
  await own.goto(`${demo.page}/servers`)
  await own.getByText('Not signed in').first().waitFor()
  await close()
})
