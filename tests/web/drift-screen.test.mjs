// What changed at the servers, on the page against made-up ones, and how an alignment goes on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startBrowser } from './browser.mjs'
import { CHANGES, PAIR } from './made-up.mjs'
import { grid, press, REFUSED, rowText, sceneIn } from './scene.mjs'

let browser
before(async () => { browser = await startBrowser() })
after(() => browser?.close())

const scene = sceneIn(test, () => browser)

describe('what changed at the servers', () => {
  scene('told by how much it matters; one goes on by key, and looks at what was opened again', {}, async ({ page, go, world, clean }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    for (const one of alignment.elements.slice(0, 2)) one.decision = { state: 'accepted', targets: [{ id: one.proposals[0].target.id, name: one.proposals[0].target.name }], rejected: [] }
    world.gonePlaces = ['SUnit0009']
    world.drift = CHANGES.map((one, i) => (i ? one : { ...one, object: { ...one.object, id: alignment.elements[0].source.id } }))
    await go('/alignments/one')
    await page.getByRole('link', { name: 'Changes', exact: true }).click()
    await page.getByRole('heading', { name: 'Stops sending 2 changes' }).waitFor()
    await page.getByRole('heading', { name: 'Good to know 1 change' }).waitFor()
    assert.equal(await page.getByText('Wants a look', { exact: true }).count(), 0)
    const row = await page.getByRole('row').filter({ hasText: 'All cases' }).innerText()
    for (const words of [world.servers.find((one) => one.id === 'central').name, 'Target cell', 'A part of this sum is missing', 'lacks Unknown age of it', 'New proposals']) assert.ok(row.includes(words), row)
    await clean('drift')
    const follow = page.getByLabel('Where something was replaced')
    assert.ok(await follow.isChecked()) // it has the code of what is gone
    const replaced = page.getByRole('row').filter({ hasText: 'Is gone, and another one like it is there' })
    await replaced.getByText('Keeps its mapping, with what came in its place').waitFor()
    await follow.focus()
    await press(page, 'Space')
    await replaced.getByText('New proposals').waitFor()
    await press(page, 'Tab', 'Enter')
    await page.getByText('1 decision was kept').waitFor()
    await page.getByText('2 decisions were opened again:').waitFor()
    await page.getByText('Organisation unit Clinic 0009').waitFor()
    await page.getByRole('listitem').getByText(alignment.elements[0].source.name).waitFor()
    await page.getByText('Nothing changed.').waitFor()
    assert.equal(world.followed, false)
    await clean('drift-gone-on')
    await page.getByRole('link', { name: 'Go to the review' }).click()
    await grid(page).waitFor()
    await page.getByLabel('Order', { exact: true }).selectOption('As in the data set') // what is accepted comes last
    assert.doesNotMatch(await rowText(page, alignment.elements[0].source.name), /Accepted/)
    assert.match(await rowText(page, alignment.elements[1].source.name), /Accepted/)
  })

  scene('what only looks like what is gone is not followed before a person says so', {}, async ({ page, go, world, clean }) => {
    world.align(PAIR, 'one')
    world.drift = CHANGES.map((one) => (one.sure ? { ...one, sure: false } : one))
    await go('/alignments/one/drift')
    const follow = page.getByLabel('Where something was replaced')
    await page.getByText('Some have the name alone of what is gone').waitFor()
    assert.equal(await follow.isChecked(), false)
    await page.getByRole('row').filter({ hasText: 'Is gone, and another one like it is there' }).getByText('New proposals').waitFor()
    await clean('drift-not-sure')
    await follow.check()
    await page.getByRole('button', { name: 'Go on with the servers as they are' }).click()
    await page.getByText('Nothing changed.').waitFor()
    assert.equal(world.followed, true)
  })

  scene('what happens when the servers change is chosen once for the alignment; what is plainly the same is taken without asking, and told', {}, async ({ page, go, world, clean }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    world.drift = CHANGES
    await go('/alignments/one/drift')
    const choice = (name) => page.getByRole('radio', { name })
    assert.ok(await choice(/^Keep the mapping and only tell/).isChecked())
    await choice(/^Keep the mapping and only tell/).focus()
    await press(page, 'ArrowUp')
    await page.getByText('Saved', { exact: true }).waitFor({ state: 'attached' })
    assert.deepEqual([alignment.on_change, await choice(/^Ask me each time/).isChecked()], ['ask', true])
    await page.getByText('Good to know').waitFor()
    await press(page, 'ArrowDown', 'ArrowDown')
    await page.getByText('1 change of a name or a code alone is not told').waitFor()
    assert.equal(alignment.on_change, 'take')
    assert.equal(await page.getByText('Good to know').count(), 0)
    await clean('drift-take')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('link', { name: 'See all 2 changes' }).waitFor()
    const renamed = CHANGES.filter((one) => one.mapping === 'same')
    const [{ source }] = alignment.elements
    world.drift = [...renamed, { ...renamed[0], kind: 'recoded', side: 'source', object: { type: 'data_element', id: source.id, name: source.name }, before: 'OLD_1', after: source.code }]
    await go('/alignments/one/drift')
    await page.getByText('Nothing else changed.').waitFor()
    assert.deepEqual([world.drift, world.followed], [[], false])
    const told = page.getByRole('status').filter({ hasText: '2 changes were taken over by themselves' })
    await told.getByText('Has another name: 1 · Has another code: 1').waitFor()
    const row = page.getByRole('group', { name: 'What was taken over' }).getByRole('row').filter({ hasText: 'OLD_1' })
    for (const words of ['District HMIS', 'Data element', 'Has another code', source.code]) assert.ok((await row.innerText()).includes(words), words)
    await clean('drift-taken')
    await choice(/^Ask me each time/).check() // and whatever else is done there, it stays
    await page.getByText('Saved', { exact: true }).waitFor({ state: 'attached' })
    world.drift = [CHANGES[1]]
    await choice(/^Take over/).check()
    await page.getByRole('button', { name: 'Go on with the servers as they are' }).click()
    await page.getByText('Nothing else changed.').waitFor()
    await told.waitFor()
    await row.getByRole('link').focus()
    await press(page, 'Enter')
    await grid(page).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('row'), source.id)
    await page.goBack()
    await page.getByText('Nothing changed.').waitFor()
    assert.equal(await told.count(), 0)
  })

  scene('two who look at once: what is plainly the same is taken by one of them, and both see that', { expected: [REFUSED] }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    alignment.on_change = 'take'
    world.drift = CHANGES.filter((one) => one.mapping === 'same')
    const posts = []
    world.fail = (method, path) => {
      if (method !== 'POST' || !path.endsWith('/drift')) return undefined
      posts.push(path)
      world.drift = []
      alignment.version += 1 // the other was faster
      return new world.Problem(412, 'changed_meanwhile')
    }
    await go('/alignments/one/drift')
    await page.getByText('Nothing changed.').waitFor() // not taken here
    assert.deepEqual([posts.length, await page.getByRole('alert').count()], [1, 0])
  })

  scene('what comes again at once is not gone on with again and again', {}, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    world.alignments.get('one').on_change = 'take'
    world.drift = CHANGES.filter((one) => one.mapping === 'same')
    let posts = 0
    world.fail = (method, path) => { posts += method === 'POST' && path.endsWith('/drift'); return method === 'GET' && path.endsWith('/drift') ? void (world.drift = CHANGES.slice(2)) : undefined }
    await go('/alignments/one/drift')
    await page.getByText('1 change of a name or a code alone is not told').waitFor()
    assert.equal(posts, 1)
  })

  scene('what arrows choose on a slow line is saved one after the other, the last one last', { expected: [REFUSED] }, async ({ page, go, world }) => {
    world.align(PAIR, 'one')
    const alignment = world.alignments.get('one')
    await go('/alignments/one/drift')
    let answer
    const sent = []
    await page.route('**/drift', async (route) => {
      if (route.request().method() !== 'PUT') return route.continue()
      sent.push(route.request().postDataJSON().on_change)
      if (sent.length === 1) await new Promise((resolve) => { answer = resolve })
      return route.continue()
    })
    await page.getByRole('radio', { name: /^Keep the mapping/ }).focus()
    await press(page, 'ArrowUp', 'ArrowDown', 'ArrowDown')
    await page.getByRole('radio', { name: /^Take over/ }).and(page.locator(':checked')).waitFor()
    answer()
    await page.getByText('Saved', { exact: true }).waitFor({ state: 'attached' })
    assert.deepEqual([sent, alignment.on_change, await page.getByRole('alert').count()], [['ask', 'take'], 'take', 0])
    alignment.on_change = 'warn'
    alignment.version += 1
    await press(page, 'ArrowUp', 'ArrowUp')
    await page.getByRole('alert').getByText('Somebody else changed it meanwhile').waitFor()
    await page.getByRole('radio', { name: /^Keep the mapping/ }).and(page.locator(':checked')).waitFor() // their version is shown
    await page.getByRole('radio', { name: /^Ask me/ }).check()
    await page.getByRole('alert').waitFor({ state: 'detached' })
    assert.equal(alignment.on_change, 'ask')
  })

  scene('nothing changed, somebody else went on meanwhile, and a server that cannot be reached', { expected: [REFUSED] }, async ({ page, go, world, clean }) => {
    world.align(PAIR, 'one')
    await go('/alignments/one/drift')
    await page.getByText('Nothing changed.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Go on' }).count(), 0)
    await clean('drift-nothing')
    world.drift = CHANGES
    await page.reload()
    await page.getByRole('button', { name: 'Go on with the servers as they are' }).waitFor()
    world.alignments.get('one').version += 1
    await page.getByRole('button', { name: 'Go on with the servers as they are' }).click()
    await page.getByRole('alert').getByText('Somebody else changed it meanwhile').waitFor()
    await page.getByRole('button', { name: 'Go on with the servers as they are' }).click() // their version is shown
    await page.getByText('Nothing changed.').waitFor()
    world.fail = (_, path) => path.endsWith('/drift') && new world.Problem(503, 'server_unreachable', { server: 'district' })
    await page.reload()
    await page.getByText('The server cannot be reached').waitFor()
    await clean('drift-unreachable')
  })
})
