// No decision is lost: not to a broken line, not to a sign-in that ended, not to somebody else.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeUpAlignment } from './made-up.mjs'
import { accept, decideCell, forget, noCounterpart, REVIEW, reviewOf, withDecisions, withOperations } from '../../web/model/review.js'
import { createSaver } from '../../web/model/saver.js'

const first = 'Source00000'
const second = 'Source00001'
const problem = (status, code, more) => Object.assign(new Error(code), { status, code }, more)

/** A saver with a server of its own: `server.answer(decisions, version)` may throw; timers run when told. */
function setUp({ storage } = {}) {
  const world = { saved: reviewOf(madeUpAlignment('one', 10, { server: 'a' }, { server: 'b' })), sent: [], states: [], refused: [], timers: [], answer: undefined }
  world.fresh = world.saved
  world.saver = createSaver({
    key: 'pending',
    storage,
    of: REVIEW,
    saved: () => world.saved,
    send: async (steps, version) => {
      const decisions = steps.flatMap((one) => one.decisions ?? [])
      world.sent.push({ steps, decisions, version })
      world.answer?.(decisions, version)
      return { version: version + 1 }
    },
    reload: async () => world.fresh,
    onSaved: (changes) => { world.saved = { ...world.saved, alignment: { ...world.saved.alignment, version: changes.version } } },
    onReloaded: (review) => { world.saved = review },
    onState: (state) => world.states.push(state),
    onRefused: (operation, error) => world.refused.push([operation.label, error.code]),
    later: (run, ms) => {
      const timer = { run, ms }
      world.timers.push(timer)
      return () => { world.timers = world.timers.filter((one) => one !== timer) }
    },
  })
  world.run = async () => { for (const timer of world.timers.splice(0)) await timer.run() }
  world.state = () => world.states.at(-1)
  return world
}

test('what nobody looked at is told as that', async () => {
  const world = setUp()
  world.saver.add({ label: 'all', decisions: [noCounterpart(first)], bulk: true })
  world.saver.add({ label: 'one', decisions: [noCounterpart(second)] })
  await world.run()
  assert.deepEqual(world.sent[0].steps.map((one) => one.bulk), [true, undefined])
})

test('what is decided quickly goes out in one call', async () => {
  const world = setUp()
  world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
  world.saver.add({ label: 'b', decisions: [noCounterpart(second)] })
  assert.equal(world.state().waiting, 2)
  await world.run()
  assert.deepEqual(world.sent.map((one) => [one.decisions.length, one.version]), [[2, 1]])
  assert.deepEqual([world.state().waiting, world.state().problem], [0, undefined])
  world.saver.add({ label: 'c', decisions: [accept(first, ['T2'])] })
  await world.run()
  assert.equal(world.sent[1].version, 2)
})

test('a broken line: kept, tried again with growing pauses, sent in the end', async () => {
  const storage = new Map()
  const world = setUp({ storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value), removeItem: (key) => storage.delete(key) } })
  world.answer = () => { throw problem(0, 'gateway_unreachable') }
  world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
  await world.run()
  assert.equal(world.state().problem.kind, 'offline')
  const pause = world.timers[0].ms
  await world.run()
  assert.equal(world.timers[0].ms, pause * 2)
  assert.equal(JSON.parse(storage.get('pending')).length, 1)
  assert.deepEqual(world.saver.pending(), [accept(first, ['T1'])])
  world.answer = undefined
  await world.saver.retry()
  assert.deepEqual([world.state().waiting, world.state().problem, storage.has('pending')], [0, undefined, false])
})

test('what was pending when the page was left is sent by the next one', async () => {
  const storage = new Map([['pending', JSON.stringify([{ label: 'a', decisions: [accept(first, ['T1'])], seen: { [first]: 'open ' } }])]])
  const world = setUp({ storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value), removeItem: (key) => storage.delete(key) } })
  assert.equal(world.saver.pending().length, 1)
  await world.saver.flush()
  assert.equal(world.sent.length, 1)
})

test('an ended sign-in: told, kept, and nothing is tried until the person is back', async () => {
  const world = setUp()
  world.answer = () => { throw problem(401, 'session_expired') }
  world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
  await world.run()
  assert.equal(world.state().problem.kind, 'signed-out')
  assert.equal(world.timers.length, 0)
  assert.equal(world.saver.pending().length, 1)
})

test('somebody else decided about something else: mine goes on top of it by itself', async () => {
  const world = setUp()
  world.fresh = withDecisions({ ...world.saved, alignment: { ...world.saved.alignment, version: 5 } }, [noCounterpart(second)])
  world.answer = (_, version) => { if (version !== 5) throw problem(412, 'changed_meanwhile') }
  world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
  await world.run()
  await world.run()
  assert.deepEqual(world.sent.map((one) => one.version), [1, 5])
  assert.equal(world.state().waiting, 0)
})

test('somebody else decided about the same: both are shown, a person chooses', async () => {
  for (const mine of [true, false]) {
    const world = setUp()
    world.fresh = withDecisions({ ...world.saved, alignment: { ...world.saved.alignment, version: 5 } }, [noCounterpart(first)])
    world.answer = (_, version) => { if (version !== 5) throw problem(412, 'changed_meanwhile') }
    world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
    world.saver.add({ label: 'b', decisions: [accept(second, ['T2'])] })
    await world.run()
    assert.equal(world.state().problem.kind, 'conflict')
    assert.deepEqual(world.state().problem.decisions, [accept(first, ['T1'])])
    assert.equal(world.saver.pending().length, 2) // the choice is still there
    await world.run()
    assert.equal(world.sent.length, 1) // nothing goes out before it is chosen
    world.saver.resolve(() => mine)
    await world.run()
    assert.deepEqual(world.sent[1].decisions, mine ? [accept(first, ['T1']), accept(second, ['T2'])] : [accept(second, ['T2'])])
    assert.equal(world.state().waiting, 0)
  }
})

test('of what was decided at once each is chosen by itself, and what nobody else decided is not given up with it', async () => {
  const third = 'Source00002'
  const world = setUp()
  world.fresh = withDecisions({ ...world.saved, alignment: { ...world.saved.alignment, version: 5 } }, [noCounterpart(first), noCounterpart(second)])
  world.answer = (_, version) => { if (version !== 5) throw problem(412, 'changed_meanwhile') }
  const all = [first, second, third].map((id, i) => accept(id, [`T${i}`]))
  world.saver.add({ label: 'bulk', decisions: all, bulk: true })
  await world.run()
  assert.deepEqual(world.state().problem.decisions, all.slice(0, 2))
  world.saver.resolve((decision) => decision.source_data_element === second)
  await world.run()
  assert.deepEqual(world.sent[1].decisions, all.slice(1))
  assert.deepEqual([world.sent[1].steps[0].label, world.sent[1].steps[0].bulk, world.state().waiting], ['bulk', true, 0])
})

test('a cell that somebody else set by hand is not overwritten either', async () => {
  const world = setUp()
  const cell = world.saved.cellsOf.get(first)[0]
  const to = (i) => decideCell(cell, [{ data_element: 'Target00000', category_option_combo: `TargetCoc0${i}`, sign: '+' }])
  world.fresh = withDecisions({ ...world.saved, alignment: { ...world.saved.alignment, version: 5 } }, [to(2)])
  world.answer = (_, version) => { if (version !== 5) throw problem(412, 'changed_meanwhile') }
  world.saver.add({ label: 'a', decisions: [to(1)] })
  await world.run()
  assert.equal(world.state().problem.kind, 'conflict')
})

test('one refused decision does not take the others with it', async () => {
  const world = setUp()
  world.answer = (decisions) => { if (decisions.some((one) => one.source_data_element === first)) throw problem(400, 'bad_request') }
  world.saver.add({ label: 'a', decisions: [accept(first, ['gone'])] })
  world.saver.add({ label: 'b', decisions: [accept(second, ['T2'])] })
  await world.run()
  assert.deepEqual(world.refused, [['a', 'bad_request']])
  assert.equal(world.state().waiting, 0)
  assert.deepEqual(world.sent.at(-1).decisions, [accept(second, ['T2'])])
})

test('what is decided while a call is on its way goes with the next', async () => {
  const world = setUp()
  world.answer = () => { if (world.sent.length === 1) world.saver.add({ label: 'b', decisions: [accept(second, ['T2'])] }) }
  world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
  await world.run()
  assert.equal(world.saver.pending().length, 1)
  await world.run()
  assert.deepEqual(world.sent.map((one) => one.version), [1, 2])
  assert.equal(world.state().waiting, 0)
})

test('each thing that was done goes out under its name; an undo is the server\'s to do, and is shown until it did', async () => {
  const world = setUp()
  world.saver.add({ label: 'a', decisions: [accept(first, ['T1'])] })
  world.saver.add({ label: '', comments: [{ source_data_element: first, text: 'why?' }] })
  world.saver.add({ label: 'a', decisions: [forget(first)], undo: true })
  assert.equal(withOperations(world.saved, world.saver.operations()).elements.get(first).decision.state, 'proposed')
  assert.equal(withOperations(world.saved, world.saver.operations()).elements.get(first).comments, 1)
  await world.run()
  assert.deepEqual(world.sent[0].steps, [{ label: 'a', decisions: [accept(first, ['T1'])] }, { label: '', comments: [{ source_data_element: first, text: 'why?' }] }, { undo: true }])
})

test('an undo that the server refuses is told, and the rest goes on', async () => {
  const world = setUp()
  world.saver.add({ label: 'b', decisions: [noCounterpart(second)] })
  world.saver.add({ label: 'a', decisions: [forget(first)], undo: true })
  world.answer = (decisions) => { if (decisions.length === 0 || world.sent.length === 1) throw problem(409, 'conflict') }
  await world.run()
  assert.deepEqual(world.refused, [['a', 'conflict']])
  assert.equal(world.state().waiting, 0)
})

test('somebody else was faster, and an undo is under way: the server says whether it still can be', async () => {
  const world = setUp()
  world.saver.add({ label: 'a', decisions: [forget(first)], undo: true })
  world.fresh = withDecisions({ ...world.saved, alignment: { ...world.saved.alignment, version: 9 } }, [noCounterpart(first)])
  world.answer = (_, version) => { if (version === 1) throw problem(412, 'changed_meanwhile') }
  await world.run()
  assert.equal(world.state().problem, undefined)
  await world.run()
  assert.deepEqual(world.sent.map((one) => one.version), [1, 9])
})

test('what somebody left waiting is never saved under another name', async () => {
  const kept = new Map()
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) }
  const asha = setUp({ storage })
  asha.answer = () => { throw problem(401, 'no_session') }
  asha.saver.signedIn(['asha', 'a.okello'])
  asha.saver.add({ label: 'of asha', decisions: [noCounterpart(first)] })
  await asha.run()
  assert.equal(asha.state().problem.kind, 'signed-out')

  const viktor = setUp({ storage })
  await viktor.saver.flush() // who is there is not known yet
  assert.deepEqual(viktor.sent, [])
  viktor.saver.signedIn(['viktor'])
  assert.deepEqual([viktor.state().waiting, viktor.state().held, viktor.state().heldOf], [0, 1, ['asha', 'a.okello']])
  viktor.saver.add({ label: 'of viktor', decisions: [noCounterpart(second)] })
  await viktor.run()
  assert.deepEqual(viktor.sent.map((one) => one.steps.map((step) => step.label)), [['of viktor']])

  const again = setUp({ storage })
  again.saver.signedIn(['asha']) // at one of both servers is enough
  await again.run()
  assert.deepEqual(again.sent.map((one) => one.steps), [[{ label: 'of asha', decisions: [noCounterpart(first)] }]])
  assert.deepEqual([again.state().held, kept.size], [0, 0])

  asha.saver.add({ label: 'once more', decisions: [noCounterpart(first)] })
  const last = setUp({ storage })
  last.saver.signedIn(['viktor'])
  last.saver.drop()
  assert.deepEqual([last.state().held, kept.size], [0, 0])
})
