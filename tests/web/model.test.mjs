// What the page thinks with, without a browser.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { madeUpAlignment, madeUpUnits } from './made-up.mjs'
import { LaidMap, settled } from '../../web/model/laid-map.js'
import * as decisions from '../../web/model/review.js'
import * as lists from '../../web/model/rows.js'
import { judgedBands } from '../../web/model/judged.js'
import { bySection } from '../../web/model/overview.js'
import { createHistory } from '../../web/model/history.js'
import { commandOf, hintOf, keepKeySettings, keySettings, LETTERS, placeOf, PLACES, takenLetter } from '../../web/model/keys.js'
import { knownFeatures } from '../../web/model/features.js'
import { lastPeriods, periodName, periodOf, typeOf } from '../../web/model/periods.js'
import { periodTypeName } from '../../web/model/period-types.js'
import { parsePo } from '../../web/model/po.js'
import { inWords, isSignedOut, knownCodes } from '../../web/model/problems.js'
import { changedWords, knownKinds } from '../../web/model/drift.js'
import { canGoOn, conflictWords, estimateText, ignoredOf, knownReasons, stepsOf } from '../../web/model/run.js'
import { stateOf, toggle, treeOf, visible, withAllBelow } from '../../web/model/units.js'
import { readReturn } from '../../web/model/return-to.js'
import { rightsOf } from '../../web/model/rights.js'
import { decimal, loadLanguage, t, tn } from '../../web/i18n.js'
import { byLikeness } from '../../web/model/starts.js'
import { dropStart, keepStart, startOf } from '../../web/starts.js'

const review = { ...decisions, ...lists }
const SIDES = [{ server: 'a', data_set: 'x' }, { server: 'b', data_set: 'y' }]
const made = (count = 40) => review.reviewOf(madeUpAlignment('one', count, ...SIDES))
const rowOf = (given, id) => review.rowsOf(given).find((row) => row.id === id)
const first = 'Source00000'

test('a decision lies over what is saved and leaves it alone', () => {
  const saved = made()
  const target = saved.elements.get(first).proposals[1].target
  const shown = review.withDecisions(saved, [review.accept(first, [target])])
  assert.equal(rowOf(shown, first).state, 'accepted')
  assert.deepEqual(rowOf(shown, first).choice.map((one) => one.id), [target.id])
  assert.equal(rowOf(saved, first).state, 'proposed')
  assert.equal(rowOf(review.withDecisions(saved, [review.noCounterpart(first)]), first).state, 'none')
  assert.equal(rowOf(review.withDecisions(saved, [review.noCounterpart(first), review.forget(first)]), first).state, 'proposed')
})

test('what is rejected is no longer proposed, and the last rejection leaves nothing', () => {
  const saved = made()
  const { proposals } = saved.elements.get(first)
  const once = review.withDecisions(saved, [review.reject(first, [proposals[0].target])])
  assert.ok(!once.elements.get(first).proposals.some((one) => one.target.id === proposals[0].target.id))
  assert.equal(rowOf(once, first).state, 'nothing') // only candidates are left
  const all = review.withDecisions(saved, [review.reject(first, proposals.map((one) => one.target))])
  assert.equal(all.elements.get(first).decision.state, 'rejected')
})

test('what is taken back is proposed at once, also where the server proposes nothing for it by then', () => {
  const saved = made()
  const element = saved.elements.get(first), [best] = element.proposals
  const answered = (review_, state, more) => review.withChanges(review_, { version: 2, elements: [{ ...element, proposals: [], decision: { state, targets: [], rejected: [], ...more } }], cells: [], coverage: {}, judged: [], warnings: [] })
  const rejected = answered(saved, 'rejected', { rejected: [best.target] })
  const accepted = answered(rejected, 'accepted', { targets: [best.target], rejected: [] })
  for (const before of [rejected, accepted]) {
    assert.deepEqual(rowOf(before, first).element.proposals, [])
    const back = rowOf(review.withDecisions(before, [review.forget(first)]), first)
    assert.deepEqual([back.state, back.element.proposals], ['proposed', element.proposals])
    const second = rowOf(review.withDecisions(before, [review.forget(first), review.reject(first, [best.target])]), first)
    assert.deepEqual([second.state, second.element.proposals], ['nothing', element.proposals.slice(1)])
  }
  assert.deepEqual(answered(rejected, 'proposed').elements.get(first).proposals, []) // it says so
})

test('undo brings back whatever was decided before', () => {
  const saved = made()
  const [a, b] = saved.elements.get(first).proposals.map((one) => one.target)
  for (const before of [[], [review.accept(first, [a, b])], [review.reject(first, [a])], [review.reject(first, [a]), review.accept(first, [b])], [review.noCounterpart(first)]]) {
    const was = review.withDecisions(saved, before)
    const back = review.restoring(was.elements.get(first))
    const changed = review.withDecisions(was, [review.accept(first, [a])])
    const about = review.forget(first)
    assert.equal(review.fingerprint(review.withDecisions(changed, back), about), review.fingerprint(was, about), JSON.stringify(before))
    assert.notEqual(review.fingerprint(changed, about), review.fingerprint(saved, about))
  }
})

test('a cell is decided by hand and given back', () => {
  const saved = made()
  const cell = saved.cellsOf.get(first)[0]
  const other = review.optionCombosOf(saved, cell.terms[0].target_data_element)[2]
  const decision = review.decideCell(cell, [{ data_element: cell.terms[0].target_data_element, category_option_combo: other.id, sign: '+' }])
  const shown = review.withDecisions(saved, [decision]).cellsOf.get(first)[0]
  assert.ok(shown.decided)
  assert.deepEqual(shown.terms[0].target, other)
  assert.deepEqual(review.restoringCell(cell), [review.decideCell(cell, undefined)])
  assert.deepEqual(review.restoringCell(shown), [decision])
  assert.equal(review.decideCell(cell, []).decision, 'none')
})

test('what a decision changed takes the place of what was there', () => {
  const saved = made()
  const element = { ...saved.elements.get(first), proposals: [] }
  const cell = { ...saved.cellsOf.get(first)[1], terms: [] }
  const next = review.withChanges(saved, { version: 2, elements: [element], cells: [cell], coverage: { ...saved.alignment.coverage, accepted: 1 }, judged: [{ from: 0.9, decided: 1, agreed: 1 }], warnings: [] })
  assert.equal(next.alignment.version, 2)
  assert.deepEqual([next.alignment.coverage.accepted, next.alignment.judged[0].decided], [1, 1])
  assert.deepEqual(next.elements.get(first), element)
  assert.deepEqual(next.cellsOf.get(first).map((one) => one.terms.length), [1, 0, 1, 1])
  assert.equal([...next.elements.keys()][0], first) // the order of the data set stays
})

test('warnings: shared targets, value types, lost cells; an agreed sum is none', () => {
  const saved = made()
  const shared = rowOf(saved, 'Source00010') // made up to share the target of the one before
  assert.deepEqual(shared.warnings.map((one) => one.kind), ['shared'])
  assert.ok(review.needsLook(shared))
  const both = review.withDecisions(saved, ['Source00009', 'Source00010'].map((id) => review.accept(id, rowOf(saved, id).choice)))
  assert.deepEqual(rowOf(both, 'Source00010').warnings.map((one) => one.kind), ['sum'])
  assert.ok(!review.needsLook(rowOf(both, 'Source00010')))
  assert.ok(rowOf(saved, 'Source00005').warnings.some((one) => one.kind === 'type' && one.from === 'NUMBER'))
  assert.ok(rowOf(saved, 'Source00004').warnings.some((one) => one.kind === 'cells' && one.lost === 1 && one.of === 4))
  assert.equal(shared.warnings[0].target, 'Target00009')
})

test('warnings: aggregation types, an element of the same id that is another, target cells that stay empty', () => {
  const saved = made()
  const { source, proposals } = saved.elements.get(first)
  const target = proposals[0].target.id
  const withTarget = (id, more) => ({ ...saved, targets: new Map(saved.targets).set(id, { ...saved.targets.get(target), id, ...more }) })
  const told = (given, kind) => rowOf(given, first).warnings.filter((one) => one.kind === kind)
  assert.deepEqual(told(withTarget(target, { aggregation_type: 'AVERAGE' }), 'aggregation'), [{ kind: 'aggregation', from: 'SUM', to: 'AVERAGE' }])
  assert.ok(review.needsLook(rowOf(withTarget(target, { aggregation_type: 'AVERAGE' }), first)))
  assert.deepEqual(told(withTarget(target, { aggregation_type: undefined }), 'aggregation'), []) // a file need not tell it
  const namesake = withTarget(source.id, { name: 'Something else' })
  assert.deepEqual(told(namesake, 'same_id'), [{ kind: 'same_id', other: 'Something else' }])
  assert.ok(review.needsLook(rowOf(namesake, first)))
  assert.deepEqual(rowOf(review.withDecisions(namesake, [review.accept(first, [source.id])]), first).warnings.filter((one) => one.kind === 'same_id'), [])
  assert.deepEqual(rowOf(saved, 'Source00004').warnings.slice(-2), [{ kind: 'gap', target: 'Target00004', empty: 1, of: 4 }, { kind: 'exception', target: 'Target00004' }])
  assert.ok(!review.needsLook({ warnings: [{ kind: 'gap' }] }))
  const other = saved.cellsOf.get('Source00007').map((cell) => ({ ...cell, terms: [{ ...cell.terms[0], target_data_element: 'Target00004' }] })) // what another one fills is not empty
  const filled = { ...review.withDecisions(saved, [review.accept('Source00007', [saved.targets.get('Target00004')])]), cellsOf: new Map(saved.cellsOf).set('Source00007', other) }
  assert.deepEqual(rowOf(filled, 'Source00004').warnings.map((one) => one.kind), ['shared', 'cells', 'exception'])
})

test('two sources of one target with cells of their own are no conflict', () => {
  const saved = made()
  const apart = saved.cellsOf.get('Source00010').map((cell) => ({ ...cell, terms: cell.terms.map((one) => ({ ...one, target: { id: `other ${one.target.id}`, name: 'other' } })) }))
  assert.deepEqual(rowOf({ ...saved, cellsOf: new Map(saved.cellsOf).set('Source00010', apart) }, 'Source00010').warnings.map((one) => one.kind), ['exception'])
})

test('every observation of the engine has words', () => {
  const table = readFileSync(new URL('../../src/align/evidence.h', import.meta.url), 'utf8')
  const cells = readFileSync(new URL('../../src/align/cells.h', import.meta.url), 'utf8')
  const names = [...table.matchAll(/^\s+X\((\w+), [-\d.f]+, "/gm), ...cells.matchAll(/^\s+X\((\w+), "/gm)].map((one) => one[1])
  assert.ok(names.length > 25)
  assert.deepEqual(names.filter((name) => !knownFeatures().includes(name)), [])
})

test('every reason of a transfer has words', () => {
  const table = readFileSync(new URL('../../src/transfer/translate.h', import.meta.url), 'utf8')
  const names = [...table.matchAll(/^\s+X\((\w+), (?:true|false), N_\("/gm)].map((one) => one[1])
  assert.ok(names.length > 10)
  assert.deepEqual(names.filter((name) => !knownReasons().includes(name)), [])
})

test('every change of a server has words, also as the reason to look again', () => {
  const header = readFileSync(new URL('../../src/drift/drift.h', import.meta.url), 'utf8')
  const carrying = readFileSync(new URL('../../src/api/alignment_drift.c', import.meta.url), 'utf8')
  const lower = (all) => all.map((one) => one[1].toLowerCase())
  const kinds = lower([.../#define DRIFT_KINDS\(X\)([\s\S]*?)clang-format on/.exec(header)[1].matchAll(/X\((\w+)\)/g)])
  const objects = lower([.../enum drift_object \{([\s\S]*?)\}/.exec(header)[1].matchAll(/DRIFT_(\w+)/g)])
  const effects = lower([.../enum drift_effect \{([^}]*)\}/.exec(header)[1].matchAll(/DRIFT_(\w+)/g)])
  const outcomes = lower([.../#define DRIFT_OUTCOMES\(X\)([\s\S]*?)clang-format on/.exec(header)[1].matchAll(/X\((\w+)\)/g)])
  assert.equal(outcomes.length, 6)
  const reasons = [...lower([...carrying.matchAll(/= \{"(\w+)", "/g)]), 'half_a_sum']
  assert.ok(kinds.length > 14 && objects.length > 6 && effects.length === 3 && reasons.length === 5)
  const known = knownKinds()
  for (const [wanted, there] of [[kinds, known.kinds], [objects, known.objects], [effects, known.effects], [outcomes, known.outcomes], [reasons, known.reasons]]) assert.deepEqual(wanted.filter((one) => !there.includes(one)), [])
  assert.deepEqual(changedWords({ code: 'new', reason: 'in English' }), { text: 'It is new in the data set' })
  assert.deepEqual(changedWords({ code: 'target vanished option_combo', reason: 'in English' }), { text: 'Target, Category option combination: Is gone, or no longer shown to you' })
  assert.deepEqual(changedWords({ reason: 'in English' }), { text: 'in English', lang: 'en' })
})

test('whatever stands in the way of a value is said in words, with what to do', () => {
  const source = (name) => readFileSync(new URL(`../../src/${name}`, import.meta.url), 'utf8')
  const foreseen = [...source('transfer/preflight.c').matchAll(/(?:hold_back\(\s*j, |PREFLIGHT_TOLD, STR\()"(\w+)"/g)].map((one) => one[1])
  const refused = [...source('dhis2/import_remedy.c').matchAll(/\{"(\w+)",/g)].map((one) => one[1])
  const untranslated = [...source('transfer/translate.h').matchAll(/^\s+X\((\w+), true, N_\("/gm)].map((one) => one[1])
  assert.ok(foreseen.length > 18 && refused.length > 40 && untranslated.length > 8)
  for (const code of [...foreseen, ...refused, ...untranslated]) {
    const { title, remedy, known } = conflictWords({ code, message: 'in English', remedy: 'in English' })
    assert.ok(known && title !== 'in English' && remedy !== 'in English' && remedy.length > 10, code)
  }
})

test('a run goes on where its end can be another one then', () => {
  for (const state of ['paused', 'interrupted', 'cancelled']) assert.ok(canGoOn({ state }), state)
  for (const code of ['reauth_required', 'server_unreachable', 'inside', 'conflict']) assert.ok(canGoOn({ state: 'failed', problem: { code } }), code)
  for (const code of ['input', 'not_found', 'too_large']) assert.ok(!canGoOn({ state: 'failed', problem: { code } }), code)
  for (const state of ['done', 'refused', 'differs', 'sending']) assert.ok(!canGoOn({ state }), state)
})

test('value types that lose nothing are no warning', () => {
  const type = (value_type) => ({ value_type })
  for (const [from, to] of [['INTEGER', 'NUMBER'], ['INTEGER_POSITIVE', 'INTEGER'], ['DATE', 'TEXT'], ['BOOLEAN', 'BOOLEAN']]) assert.equal(review.typeLoss(type(from), type(to)), undefined, `${from} ${to}`)
  for (const [from, to] of [['NUMBER', 'INTEGER'], ['TEXT', 'NUMBER'], ['PERCENTAGE', 'INTEGER'], ['INTEGER', 'BOOLEAN'], ['UNIT_INTERVAL', 'PERCENTAGE'], ['PERCENTAGE', 'UNIT_INTERVAL']]) assert.deepEqual(review.typeLoss(type(from), type(to)), [from, to])
  assert.equal(review.typeLoss({}, type('NUMBER')), undefined)
})

test('whatever the page warns of is left by bulk, and counted as left', () => {
  const saved = made(100)
  saved.targets.set(first, { ...saved.targets.get('Target00000'), id: first, name: 'Something else' }) // the same id, another element
  const rows = review.rowsOf(saved)
  const [sameId, lost] = [rows[0], rows.find((row) => row.state === 'proposed' && row.warnings.some((one) => one.kind === 'cells'))]
  for (const [row, kind] of [[sameId, 'same_id'], [lost, 'cells']]) {
    assert.ok(row.warnings.some((one) => one.kind === kind))
    const threshold = row.confidence
    assert.ok(review.sureOnes(rows, threshold).left.includes(row), kind)
    assert.deepEqual(review.createSureCounts()([row], threshold), { take: 0, left: 1 })
    assert.deepEqual(review.acceptable([row]), { take: [], left: [row] })
  }
})

test('each number of rows is that of the list it leads to, also below other filters', () => {
  const saved = made(100)
  for (const [id, element] of saved.elements) if (Number(id.slice(6)) % 10 === 7) saved.elements.set(id, { ...element, source: { ...element.source, section: undefined } })
  const rows = review.rowsOf(saved)
  const shown = (filter) => review.filterRows(rows, { ...review.NO_FILTER, ...filter }).length
  const { warned } = review.createProgress()(rows)
  assert.ok(warned > rows.filter((row) => row.warnings.some((one) => one.kind === 'shared')).length)
  assert.equal(warned, shown({ conflicts: true }))
  assert.ok(review.sectionsOf(rows).includes(review.NO_SECTION))
  for (const one of bySection(rows)) {
    const section = one.section || review.NO_SECTION
    assert.deepEqual([one.all, one.open, one.warned], [shown({ section }), shown({ section, state: 'open' }), shown({ section, conflicts: true })], section)
  }
  const filter = { ...review.NO_FILTER, section: 'Laboratory', band: 'high', attention: 'hand', warning: 'shared', from: 0.9 }
  const facets = review.facetsOf(rows, undefined, filter)
  for (const [kind, n] of Object.entries(facets.warnings)) assert.equal(n, shown({ ...filter, warning: kind }), kind)
  for (const [name, n] of Object.entries(facets.attention)) assert.equal(n, shown({ ...filter, attention: name }), name)
  for (const bin of facets.bins) assert.equal(bin.n, shown({ ...filter, from: bin.from, to: bin.to }))
  const open = review.facetsOf(rows, undefined, { ...review.NO_FILTER, section: 'Laboratory' })
  assert.deepEqual([open.warnings.shared, open.warnings.cells], ['shared', 'cells'].map((warning) => shown({ section: 'Laboratory', warning })))
  assert.ok(open.warnings.cells > 0)
})

test('bulk takes what is sure and in view, never what has a warning', () => {
  const rows = review.rowsOf(made(100))
  const { take, left } = review.sureOnes(rows, 0.9)
  assert.ok(take.length > 5)
  assert.ok(take.every((row) => row.state === 'proposed' && row.confidence >= 0.9 && !review.needsLook(row)))
  assert.equal(take.length + left.length, rows.filter((row) => row.state === 'proposed' && row.confidence >= 0.9).length)
  assert.ok(left.length > 0 && left.every(review.needsLook))
  const seen = review.filterRows(rows, { ...review.NO_FILTER, text: 'malaria' })
  assert.ok(review.sureOnes(seen, 0.9).take.every((row) => row.source.name.startsWith('Malaria')))
})

test('filters: words in any order and without accents, state, band, section, order', () => {
  const rows = review.rowsOf(made())
  const shown = (more) => review.filterRows(rows, { ...review.NO_FILTER, ...more })
  assert.ok(shown({ text: 'CASES mála' }).every((row) => /Malaria.*cases/.test(row.source.name)))
  assert.equal(shown({ text: 'OPD_107' }).length, 1)
  assert.equal(shown({ text: 'nothing such' }).length, 0)
  assert.ok(shown({ state: 'nothing' }).every((row) => row.state === 'nothing'))
  assert.ok(shown({ band: 'high' }).every((row) => row.confidence >= 0.9))
  assert.ok(shown({ section: 'Laboratory' }).every((row) => row.source.section === 'Laboratory'))
  const sure = shown({ order: 'surest' }).map((row) => row.confidence ?? -1)
  assert.deepEqual(sure, [...sure].sort((a, b) => b - a))
  assert.deepEqual(shown({ order: 'form' }).map((row) => row.id), rows.map((row) => row.id))
  assert.deepEqual(shown({}), shown({ order: 'hardest' }))
})

test('the least sure first: what is decided comes last, what has a warning before what has none; and the easy ones are sure and without a warning', () => {
  const saved = made(60)
  const [first] = review.filterRows(review.rowsOf(saved), review.NO_FILTER)
  const after = review.withDecisions(saved, [review.accept(first.id, first.choice), review.noCounterpart('Source00003')])
  const rows = review.rowsOf(after)
  const hardest = review.filterRows(rows, review.NO_FILTER)
  assert.deepEqual(hardest.slice(-2).map((row) => row.id).sort(), [first.id, 'Source00003'].sort())
  const open = hardest.slice(0, -2)
  assert.ok(open.findIndex((row) => row.state === 'nothing') > open.findLastIndex((row) => row.state === 'proposed')) // it has no score to go by
  const tenth = (row) => Math.floor(row.confidence * 10)
  const proposed = open.filter((row) => row.state === 'proposed')
  for (let i = 1; i < proposed.length; i++) assert.ok(tenth(proposed[i - 1]) < tenth(proposed[i]) || (tenth(proposed[i - 1]) === tenth(proposed[i]) && review.needsLook(proposed[i - 1]) >= review.needsLook(proposed[i])), proposed[i].id)
  assert.ok(proposed.some(review.needsLook))
  const easy = review.filterRows(rows, { ...review.NO_FILTER, order: 'easiest' })
  const sure = easy.filter((row) => row.state === 'proposed' && !review.needsLook(row))
  assert.deepEqual(easy.slice(0, sure.length), sure)
  assert.deepEqual(sure.map((row) => row.confidence), sure.map((row) => row.confidence).sort((a, b) => b - a))
})

test('rows keep their place, whatever is decided or counted; the order that was chosen is known the next time', () => {
  const saved = made(60)
  const [rowsFor, listFor] = [review.createRows(), review.createList()]
  const before = rowsFor(saved)
  const ranks = review.ranksOf(before, 'hardest')
  const ids = (rows, of = ranks) => listFor(rows, review.NO_FILTER, undefined, of).map((row) => row.id)
  const shown = ids(before)
  const decided = rowsFor(review.withDecisions(saved, [review.noCounterpart(shown[0]), review.noCounterpart(shown[9])]), new Map(shown.map((id, i) => [id, i])))
  assert.deepEqual(ids(decided), shown)
  assert.notDeepEqual(ids(decided, review.ranksOf(decided, 'hardest')), shown) // anew
  const kept = new Map(), storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) }
  assert.equal(review.orderKept(storage), 'hardest')
  review.keepOrder(storage, 'form')
  assert.equal(review.orderKept(storage), 'form')
  for (const key of kept.keys()) kept.set(key, 'of another time')
  assert.deepEqual([review.orderKept(storage), review.orderKept(undefined)], ['hardest', 'hardest'])
  review.keepOrder({ setItem: () => { throw new Error('full') } }, 'form')
})

test('what was accepted still tells how sure the engine was, and what was chosen by hand has nothing to tell', () => {
  const saved = made()
  const proposed = review.rowsOf(saved).find((row) => row.state === 'proposed')
  const other = [...saved.targets.values()].find((one) => !proposed.element.proposals.some(({ target }) => target.id === one.id))
  const after = (targets) => review.rowsOf(review.withDecisions(saved, [review.accept(proposed.id, targets)])).find((row) => row.id === proposed.id)
  assert.ok(proposed.confidence > 0)
  assert.equal(after(proposed.choice).confidence, proposed.confidence)
  assert.equal(after([...proposed.choice, other]).confidence, undefined)
  const { band } = review
  assert.ok(review.filterRows([after(proposed.choice)], { ...review.NO_FILTER, band: band(proposed.confidence) }).length === 1)
})

test('rows that are kept from one state to the next are those that would be made anew', () => {
  const rowsFor = review.createRows()
  const saved = made(60)
  let shown = saved
  const before = rowsFor(saved)
  const ids = [...saved.elements.keys()]
  for (let step = 0; step < 80; step++) { // decisions of every kind, also on shared targets, one upon the other
    const id = ids[(step * 7) % ids.length]
    const { proposals } = saved.elements.get(id)
    const decision = [review.accept(id, [proposals[step % proposals.length].target]), review.noCounterpart(id), review.reject(id, [proposals[0].target]), review.forget(id)][step % 4]
    shown = review.withDecisions(shown, [decision])
    if (step % 9 === 0) shown = review.withDecisions(shown, [review.decideCell(shown.cellsOf.get(id)[0], [])])
    assert.deepEqual(rowsFor(shown), review.rowsOf(shown), `step ${step}`)
  }
  assert.deepEqual(rowsFor(saved), before) // and back
  const base = rowsFor(saved)
  assert.equal(rowsFor(saved), base)
  const next = rowsFor(review.withDecisions(saved, [review.noCounterpart(ids[3])]))
  const fresh = next.filter((row, i) => row !== base[i]).length
  assert.ok(fresh >= 1 && fresh < 5, `${fresh} rows were made anew`)
})

test('what is counted and listed with each decision is what would be counted and listed anew', () => {
  let seed = 7
  const any = (list) => list[(seed = (seed * 48271) % 2147483647) % list.length] // the same each time
  const filters = [{}, { state: 'open' }, { state: 'accepted', order: 'name' }, { order: 'hardest' }, { order: 'surest', band: 'high' }, { conflicts: true }, { warning: 'shared', order: 'hardest' }, { attention: 'commented' }, { text: 'malaria' }, { from: 0.6, to: 0.9 }].map((one) => ({ ...review.NO_FILTER, ...one }))
  const abouts = [{ me: ['maria'], second: true }, { me: [], second: false }]
  const [rowsFor, listFor, progressFor, facetsFor, sureFor] = [review.createRows(), review.createList(), review.createProgress(), review.createFacets(), review.createSureCounts()]
  let saved = made(70)
  const ids = [...saved.elements.keys()]
  const targets = [...saved.targets.values()]
  let [filter, about, ranks] = [filters[0], abouts[0]]
  for (let step = 0; step < 300; step++) {
    const id = any(ids)
    const one = any([() => review.accept(id, [any(targets)]), () => review.reject(id, saved.elements.get(id).proposals.slice(0, 1).map((each) => each.target)), () => review.noCounterpart(id), () => review.leaveOut(id), () => review.forget(id), () => review.approve(id, 'joseph'),
      () => review.decideCell(any(saved.cellsOf.get(id)), any([[], undefined]))])()
    const waiting = any([[], [{ decisions: [one] }], [{ flags: [{ source_data_element: id, flagged: true, to: 'maria' }] }, { comments: [{ source_data_element: id, text: 'x' }] }, { decisions: ids.slice(0, 9).map((each) => review.accept(each, [targets[3]])) }]])
    if (step % 3 === 0) {
      const { elements, cellsOf } = review.withDecisions(saved, [one])
      saved = review.withChanges(saved, { version: step, elements: [elements.get(id)], cells: cellsOf.get(id), coverage: saved.alignment.coverage, warnings: [] })
    }
    if (step % 5 === 0) filter = any(filters)
    if (step % 15 === 0) ranks = review.ranksOf(rowsFor(saved), filter.order)
    if (step % 40 === 0) about = any(abouts)
    const shown = review.withOperations(saved, waiting)
    const rows = rowsFor(shown)
    const list = listFor(rows, filter, about, ranks)
    assert.deepEqual(rows, review.rowsOf(shown), `rows, step ${step}`)
    assert.deepEqual(list, review.filterRows(rows.slice(), filter, about, ranks), `list, step ${step}`)
    assert.deepEqual(progressFor(rows), review.createProgress()(rows), `progress, step ${step}`)
    assert.deepEqual(facetsFor(rows, filters[1], about), review.facetsOf(rows, about, filters[1]), `facets, step ${step}`)
    const { take, left } = review.sureOnes(list, 0.8)
    assert.deepEqual(sureFor(list, 0.8), { take: take.length, left: left.length }, `sure ones, step ${step}`)
    assert.equal(list[review.nearest(list, step, (row) => row === list.at(-1))], list.at(-1))
  }
})

test('one decision among ten thousand asks for no other', () => {
  const saved = made(600)
  const rowsFor = review.createRows()
  const progressFor = review.createProgress()
  progressFor(rowsFor(saved))
  const [one, other] = saved.elements.keys()
  for (const map of [saved.elements, saved.cellsOf]) for (const walk of ['keys', 'values', 'entries', 'forEach', Symbol.iterator]) map[walk] = () => { throw new Error('all of it is walked through') }
  const shown = review.withOperations(saved, [{ decisions: [review.noCounterpart(one), review.decideCell(saved.cellsOf.get(one)[0], [])], flags: [{ source_data_element: other, flagged: true }] }])
  const after = review.withChanges(saved, { version: 2, elements: [shown.elements.get(one)], cells: shown.cellsOf.get(one), coverage: {}, warnings: [] })
  for (const each of [shown, after, saved, after]) rowsFor(each)
  assert.equal(progressFor(rowsFor(after)).none, 1)
})

test('a map laid over another is read as a map, keeps its order, and leaves what is below alone', () => {
  const plain = new Map(Array.from({ length: 1200 }, (_, i) => [i, 'before']))
  const expected = new Map(plain)
  let laid = plain
  for (let i = 0; i < 1200; i++) {
    const before = laid
    laid = settled(new LaidMap(laid).set((i * 7) % 1200, i).set('another', i))
    expected.set((i * 7) % 1200, i)
    assert.equal(before.get((i * 7) % 1200), 'before')
  }
  assert.deepEqual([...laid], [...expected])
  assert.deepEqual([[...laid.keys()], [...laid.values()], laid.size, laid.has(3), laid.has('another')], [[...expected.keys()], [...expected.values()], 1200, true, false])
  assert.ok([...plain.values()].every((one) => one === 'before'))
})

test('elements that are gone when all is loaded again leave no rows behind', () => {
  const rowsFor = review.createRows()
  const [saved, fresh] = [made(40), made(40)]
  rowsFor(saved)
  fresh.elements.delete('Source00009') // whose target Source00010 shares
  assert.deepEqual(rowsFor(fresh), review.rowsOf(fresh))
})

test('targets are found by what they begin with first', () => {
  const found = review.searchTargets(made(100), 'mala', 5)
  assert.ok(found.length > 0 && found.every((one) => one.name.startsWith('Malaria')))
  assert.ok(review.searchTargets(made(), 'nat-203')[0].code === 'NAT-203')
})

test('ten thousand rows are made and filtered in a straight line', () => {
  const big = made(10000)
  assert.equal(review.filterRows(review.rowsOf(big), { ...review.NO_FILTER, text: 'cases' }).length > 1000, true)
})

test('undo and redo, and a new step forgets what was undone', () => {
  const history = createHistory()
  history.add({ label: 'a' })
  history.add({ label: 'b' })
  assert.equal(history.undo().label, 'b')
  assert.equal(history.next().redo.label, 'b')
  assert.equal(history.redo().label, 'b')
  history.undo()
  history.add({ label: 'c' })
  assert.equal(history.redo(), undefined)
  assert.deepEqual([history.undo().label, history.undo().label, history.undo()], ['c', 'a', undefined])
})

test('flags and comments that the server has as steps are shown taken back until it did so', () => {
  const history = createHistory()
  const flag = (to, by) => ({ kind: 'flag', source_data_element: first, to, by })
  history.reset([
    { label: 'c', can_undo: true, before: [], after: [], remarks: [{ kind: 'comment', source_data_element: first, text: 'why?' }] },
    { label: 'b', can_undo: true, before: [], after: [], remarks: [flag('joseph', 'maria')], flags_before: [flag('ada', 'lena')] },
    { label: 'a', can_undo: true, before: [], after: [], remarks: [flag('ada', 'lena')] },
  ])
  let shown = made()
  shown.elements.set(first, { ...shown.elements.get(first), comments: 3, flag: { to: 'joseph' } })
  const told = (way, step) => {
    assert.equal(step.focus, first)
    shown = review.withOperations(shown, [{ label: step.label, ...step[way], undo: true }])
    const { comments, flag: of } = shown.elements.get(first)
    return [step.label, comments, of?.to, of?.by]
  }
  assert.deepEqual(told('back', history.undo()), ['c', 2, 'joseph', undefined])
  assert.deepEqual(told('back', history.undo()), ['b', 2, 'ada', 'lena'])
  assert.deepEqual(told('back', history.undo()), ['a', 2, undefined, undefined])
  assert.deepEqual([told('forward', history.redo()), told('forward', history.redo()), told('forward', history.redo())], [['a', 2, 'ada', 'lena'], ['b', 2, 'joseph', 'maria'], ['c', 3, 'joseph', 'maria']])
})

test('undo and redo as the server has them: what was taken back before something new was done is not done again', () => {
  const history = createHistory()
  const kept = (id, decision, more) => ({ kind: 'data_element', source_data_element: id, decision, ...more })
  history.reset([ // the newest first
    { label: 'theirs', can_undo: false, can_redo: false, remarks: [], before: [], after: [kept('x', 'none')] },
    { label: 'c', can_undo: false, can_redo: true, remarks: [], before: [], after: [kept(first, 'none')] },
    { label: 'b', can_undo: false, can_redo: true, remarks: [], before: [kept(first, 'rejected', { target_data_element: 'T2' })], after: [kept(first, 'rejected', { target_data_element: 'T2' }), kept(first, 'accepted', { target_data_element: 'T1' })] },
    { label: 'gone', can_undo: false, can_redo: false, remarks: [], before: [], after: [] },
    { label: 'a', can_undo: true, can_redo: false, remarks: [], before: [], after: [kept(first, 'excluded'), { kind: 'operand', source_data_element: first, source_category_option_combo: 'c1', decision: 'accepted', target_data_element: 'T1', target_category_option_combo: 'c2', sign: '-' }] },
  ])
  assert.deepEqual([history.next().undo.label, history.next().redo.label], ['a', 'b'])
  const step = history.redo()
  assert.deepEqual(step.forward.decisions, [review.forget(first), review.reject(first, ['T2']), review.accept(first, ['T1'])])
  assert.deepEqual(step.back.decisions, [review.forget(first), review.reject(first, ['T2'])])
  assert.equal(history.redo().label, 'c')
  assert.equal(history.redo(), undefined)
  history.undo(); history.undo()
  const { back, forward } = history.undo()
  const cell = { kind: 'operand', source_data_element: first, source_category_option_combo: 'c1' }
  assert.deepEqual(back.decisions, [review.forget(first), { ...cell, decision: 'undecided' }])
  assert.deepEqual(forward.decisions, [review.forget(first), review.leaveOut(first), { ...cell, decision: 'undecided' }, { ...cell, decision: 'accepted', targets: [{ data_element: 'T1', category_option_combo: 'c2', sign: '-' }] }])
})

test('how proposals fared is told where there are more than fifty', () => {
  const judged = [{ from: 0.9, decided: 51, agreed: 49 }, { from: 0.7, decided: 50, agreed: 30 }, { from: 0, decided: 80, agreed: 8 }]
  assert.deepEqual(judgedBands(judged), [{ from: 0.9, to: undefined, decided: 51, agreed: 49 }, { from: 0, to: 0.7, decided: 80, agreed: 8 }])
  assert.deepEqual(judgedBands(undefined), []) // of an alignment that was made before it was kept
})

test('what somebody shall look at, by facet; what is left to a person is never taken together', () => {
  const saved = made()
  const ids = [...saved.elements.keys()]
  const now = review.withOperations(review.withDecisions(saved, [review.accept(ids[0], [saved.elements.get(ids[0]).proposals[0].target]), review.leaveOut(ids[1]), review.noCounterpart(ids[2])]), [
    { flags: [{ source_data_element: ids[3], flagged: true, to: 'maria' }, { source_data_element: ids[4], flagged: true }] }, { comments: [{ source_data_element: ids[4], text: 'x' }, { source_data_element: ids[4], text: 'y' }] },
  ])
  now.elements.set(ids[0], { ...now.elements.get(ids[0]), decision: { ...now.elements.get(ids[0]).decision, by: 'joseph', confidence: undefined } })
  for (const id of [ids[1], ids[2]]) now.elements.set(id, { ...now.elements.get(id), decision: { ...now.elements.get(id).decision, by: 'maria' } })
  now.elements.set(ids[2], { ...now.elements.get(ids[2]), own: true })
  now.elements.set(ids[5], { ...now.elements.get(ids[5]), changed: { reason: 'r', at: '' } })
  const rows = review.rowsOf(now)
  const about = { me: ['maria'], second: true }
  const facets = review.facetsOf(rows, about)
  assert.deepEqual(facets.attention, { changed: 1, flagged: 2, mine: 1, commented: 1, approval: 2, hand: 1 }) // to approve is what is not the reader's own, by whatever name
  assert.equal(now.elements.get(ids[4]).comments, 2)
  assert.equal(facets.bins.reduce((sum, one) => sum + one.n, 0), rows.filter((row) => row.confidence !== undefined).length)
  for (const name of Object.keys(facets.attention)) assert.equal(review.filterRows(rows, { ...review.NO_FILTER, attention: name }, about).length, facets.attention[name], name)
  for (const bin of facets.bins) assert.equal(review.filterRows(rows, { ...review.NO_FILTER, from: bin.from, to: bin.to }, about).length, bin.n)
  assert.equal(review.facetsOf(rows).attention.approval, 0) // nobody asks for it
  assert.ok(review.sureOnes(rows, 0).take.every((row) => row.id !== ids[5] && !review.needsLook(row)))
  const { take, left } = review.acceptable(rows)
  assert.ok(take.every((row) => row.id !== ids[5] && !review.needsLook(row) && row.choice.length > 0))
  assert.equal(take.length + left.length, rows.filter((row) => row.state !== 'accepted').length)
  const approved = review.withDecisions(now, [review.approve(ids[0], 'maria')])
  assert.equal(review.wantsApproval(review.rowsOf(approved)[0], about), false)
  assert.equal(review.fingerprint(approved, review.forget(ids[0])), review.fingerprint(now, review.forget(ids[0])))
})

test('where "g" leads to, there is a screen', () => {
  const routes = readFileSync(new URL('../../web/main.js', import.meta.url), 'utf8')
  for (const place of Object.values(PLACES)) assert.ok(routes.includes(`'/alignments/:alignment${place}'`), place)
})

test('letters can be changed and switched off; arrows, Enter and Ctrl act always', () => {
  const key = (name, more) => ({ key: name, target: { tagName: 'DIV' }, ...more })
  const changed = { off: false, letters: { accept: 'q', none: '' } }
  assert.equal(commandOf(key('q'), 'list', changed), 'accept')
  assert.equal(commandOf(key('a'), 'list', changed), undefined)
  assert.equal(commandOf(key('n'), 'list', changed), undefined)
  assert.equal(commandOf(key('x'), 'list', changed), 'reject')
  const off = { off: true, letters: {} }
  for (const name of Object.values(LETTERS).join('')) assert.equal(commandOf(key(name), 'list', off), undefined)
  assert.equal(commandOf(key('1', { code: 'Digit1' }), 'list', off), undefined)
  assert.deepEqual(['ArrowDown', 'Enter', ' ', 'Escape'].map((name) => commandOf(key(name), 'list', off)), ['next', 'accept', 'select', 'unselect'])
  assert.equal(commandOf(key('z', { ctrlKey: true }), 'list', off), 'undo')
  assert.deepEqual(['ArrowDown', 'ArrowUp'].map((name) => commandOf(key(name, { shiftKey: true }))), ['extend-next', 'extend-previous'])
  assert.equal(commandOf(key(' '), 'detail'), undefined) // a page scrolls with it
  assert.equal(new Set(Object.values(LETTERS).join('')).size, Object.values(LETTERS).join('').length)
  assert.deepEqual([hintOf('reject', changed), hintOf('none', changed), hintOf('accept', off)], ['r', undefined, undefined])
  const kept = new Map()
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) }
  keepKeySettings(storage, changed)
  assert.deepEqual(keySettings(storage), changed)
  storage.setItem('drawbridge keys', '{"letters":{"nothing":"x","accept":1}}')
  assert.deepEqual(keySettings(storage), { off: false, letters: {} })
  storage.setItem('drawbridge keys', 'null')
  assert.deepEqual(keySettings(storage), { off: false, letters: {} })
})

test('a letter that is taken is told with what has it', () => {
  const settings = { letters: { accept: 'q' } }
  assert.deepEqual(takenLetter('flag', 'mq', settings), { letter: 'q', by: 'accept' })
  assert.deepEqual(takenLetter('flag', '1', settings), { letter: '1' }) // it would never act
  for (const letters of ['f', 'a', '', 'F']) assert.equal(takenLetter('flag', letters, settings), undefined)
})

test('on a keyboard with other letters keys act by their place', () => {
  const key = (name, code, more = {}) => ({ key: name, code, target: { tagName: 'DIV' }, ...more })
  const typed = [key('ش', 'KeyA'), key('ن', 'KeyJ'), key('ئ', 'KeyZ', { ctrlKey: true }), key('ф', 'KeyA'), key('Г', 'KeyU', { shiftKey: true }), key('ج', 'BracketLeft'), key('ظ', 'Slash'), key('؟', 'Slash', { shiftKey: true })]
  assert.deepEqual(typed.map((one) => commandOf(one)), ['accept', 'next', 'undo', 'accept', 'redo', 'previous-warning', 'search', 'help'])
  assert.equal(commandOf(key('q', 'KeyA')), undefined) // of another order, but Latin: what stands on the key counts
  assert.equal(commandOf(key('é', 'Digit2')), 'choose-2')
  assert.equal(commandOf(key('ش', 'KeyA'), 'list', { letters: { accept: 'm', flag: 'ش' } }), 'flag') // as the person chose it
  assert.equal(commandOf(key('ش', 'KeyA'), 'list', { off: true }), undefined)
  assert.equal(placeOf(key('خ', 'KeyO')), '/overview')
})

test('what is typed counts, not the keys that it takes: digits with Shift, brackets with AltGr or Option', () => {
  const key = (name, code, more = {}) => ({ key: name, code, target: { tagName: 'DIV' }, ...more })
  const azerty = [key('2', 'Digit2', { shiftKey: true }), key('é', 'Digit2'), key('+', 'Equal', { shiftKey: true }), key('2', 'Numpad2')]
  assert.deepEqual(azerty.map((one) => commandOf(one)), ['choose-2', 'choose-2', 'add', 'choose-2'])
  assert.equal(commandOf(key('@', 'Digit2', { shiftKey: true })), 'add-2') // QWERTY
  assert.equal(commandOf(key('/', 'Digit3', { shiftKey: true })), 'search') // Canada: the one key for it
  const ways = [{ ctrlKey: true, altKey: true }, { altKey: true }, { getModifierState: (one) => one === 'AltGraph' }, { ctrlKey: true, altKey: true, getModifierState: (one) => one === 'AltGraph' }]
  for (const way of ways) {
    assert.deepEqual([commandOf(key('[', 'Digit5', way)), commandOf(key(']', 'Minus', way))], ['previous-warning', 'next-warning'])
    assert.deepEqual([['a', 'KeyA'], ['2', 'Digit2'], ['@', 'Digit2'], ['z', 'KeyZ'], ['Enter', 'Enter'], ['ArrowDown', 'ArrowDown'], [' ', 'Space']].map((one) => commandOf(key(...one, way))), Array(7).fill(undefined))
    assert.equal(commandOf(key(']', 'Minus', way), 'list', { off: true }), undefined)
    assert.equal(commandOf({ ...key(']', 'Minus', way), target: { tagName: 'INPUT' } }), undefined)
  }
})

test('keys act in the list and the pane, never in a field', () => {
  const key = (name, more = {}) => ({ key: name, target: { tagName: 'DIV' }, ...more })
  assert.equal(commandOf(key('a')), 'accept')
  assert.equal(commandOf(key('Enter')), 'accept')
  assert.equal(commandOf(key('Enter', { target: { tagName: 'BUTTON' } })), undefined)
  assert.equal(commandOf(key('a', { target: { tagName: 'INPUT' } })), undefined)
  assert.equal(commandOf(key('ArrowDown'), 'detail'), undefined)
  assert.equal(commandOf(key('z', { ctrlKey: true })), 'undo')
  assert.equal(commandOf(key('Z', { ctrlKey: true, shiftKey: true })), 'redo')
  assert.equal(commandOf(key('a', { ctrlKey: true })), undefined)
  assert.equal(commandOf(key('!', { code: 'Digit1', shiftKey: true })), 'add-1')
  assert.equal(commandOf(key('3', { code: 'Digit3' })), 'choose-3')
})

test('each type of periods has a name in words, in the language of the reader', async () => {
  const types = [.../names\[DHIS2_PERIOD_TYPES\] = \{([^}]*)\}/.exec(readFileSync(new URL('../../src/dhis2/periods.c', import.meta.url), 'utf8'))[1].matchAll(/"(\w+)"/g)].map(([, name]) => name)
  assert.ok(types.length > 20)
  assert.equal(new Set(types.map(periodTypeName)).size, types.length)
  assert.deepEqual(['Weekly', 'WeeklySunday', 'SixMonthlyApril', 'FinancialSep', 'Fortnightly', 'WeeklyOften'].map(periodTypeName), ['Weekly', 'Weekly (start: Sunday)', 'Six-monthly (start: April)', 'Financial year (start: September)', 'Fortnightly', 'WeeklyOften'])
  await loadLanguage(['fr'], () => readFileSync(new URL('../../web/i18n/fr.po', import.meta.url), 'utf8'))
  assert.deepEqual(types.map(periodTypeName).filter((name) => types.includes(name)), [])
  assert.equal(periodTypeName('WeeklyWednesday').replace(/\s/g, ' '), 'Hebdomadaire (début : mercredi)')
  await loadLanguage(['en'], () => '')
})

test('periods as DHIS2 writes them, the newest that has ended first', () => {
  const now = new Date(2026, 10, 25)
  const ids = (type, n = 2) => lastPeriods(type, n, now).map((one) => one.id)
  assert.deepEqual(ids('Monthly'), ['202610', '202609'])
  assert.deepEqual(lastPeriods('Monthly', 2, new Date(2026, 0, 1)).map((one) => one.id), ['202512', '202511'])
  assert.deepEqual(ids('Daily'), ['20261124', '20261123'])
  assert.deepEqual(ids('Weekly'), ['2026W47', '2026W46'])
  assert.deepEqual(lastPeriods('Weekly', 2, new Date(2027, 0, 6)).map((one) => one.id), ['2026W53', '2026W52']) // 2026 has 53 ISO weeks
  assert.deepEqual(ids('BiWeekly'), ['2026BiW23', '2026BiW22'])
  assert.deepEqual(ids('BiMonthly'), ['202605B', '202604B'])
  assert.deepEqual(ids('Quarterly'), ['2026Q3', '2026Q2'])
  assert.deepEqual(ids('QuarterlyNov', 4), ['2026NovQ4', '2026NovQ3', '2026NovQ2', '2026NovQ1'])
  assert.deepEqual(ids('SixMonthlyApril', 3), ['2026AprilS1', '2025AprilS2', '2025AprilS1'])
  assert.deepEqual(ids('SixMonthlyNov'), ['2026NovS2', '2026NovS1'])
  assert.deepEqual(ids('FinancialNov'), ['2026Nov', '2025Nov'])
  assert.deepEqual(ids('FinancialJuly'), ['2025July', '2024July'])
  assert.deepEqual(ids('SomethingNew'), [])
  assert.equal(periodName('Monthly', periodOf('Monthly', '202610', now), 'en'), 'October 2026')
  for (const type of ['Daily', 'Weekly', 'WeeklySunday', 'BiWeekly', 'Monthly', 'BiMonthly', 'Quarterly', 'QuarterlyNov', 'SixMonthly', 'SixMonthlyApril', 'SixMonthlyNov', 'Yearly', 'FinancialApril', 'FinancialFeb', 'FinancialSep', 'FinancialNov'])
    for (const period of lastPeriods(type, 30, now)) {
      assert.equal(typeOf(period.id), type, period.id)
      assert.ok(period.start <= period.end && period.end < Date.UTC(2026, 10, 25), period.id)
    }
})

test('periods of one type follow each other without a gap', () => {
  for (const type of ['Weekly', 'WeeklyFriday', 'Monthly', 'Quarterly', 'QuarterlyNov', 'SixMonthlyApril', 'FinancialOct', 'Yearly']) {
    const list = lastPeriods(type, 60, new Date(2026, 10, 25))
    for (let i = 1; i < list.length; i++) assert.equal(list[i].end + 86400000, list[i - 1].start, `${type} ${list[i].id}`)
    assert.equal(new Set(list.map((one) => one.id)).size, list.length)
  }
})

test('organisation units as a tree, chosen with all below', () => {
  const tree = treeOf([...madeUpUnits(5), { id: 'Elsewhere00', name: 'Elsewhere', path: '/Other000000/Elsewhere00', level: 2 }])
  assert.deepEqual(tree.roots.map((one) => one.name), ['Bo district', 'Elsewhere'])
  assert.equal(tree.roots[0].below, 4)
  const bo = toggle(new Set(), tree.roots[0], true)
  assert.equal(bo.size, 5)
  assert.equal(stateOf(bo, tree.roots[0]), 'all')
  bo.delete('OrgUnit0002')
  assert.equal(stateOf(bo, tree.roots[0]), 'some')
  assert.equal(toggle(bo, tree.roots[0], false).size, 0)
  assert.deepEqual(visible(tree, new Set()).length, 2)
  assert.deepEqual(visible(tree, new Set(), 'post 3').map((one) => one.id), ['OrgUnit0000', 'OrgUnit0003'])
  assert.equal(withAllBelow(tree.roots[0]).length, 5)
})

test('organisation units stand in the order of the reader\'s language, numbered ones by their numbers', async (context) => {
  context.after(() => loadLanguage(['en'], async () => ''))
  const named = (...names) => treeOf(names.map((name, i) => ({ id: `Unit${i}`, name, path: `/Unit${i}` }))).roots.map((one) => one.name)
  assert.deepEqual(named('Post 10', 'Post 14', 'Post 2'), ['Post 2', 'Post 10', 'Post 14'])
  await loadLanguage(['es'], async () => '')
  assert.deepEqual(named('Ñuñoa', 'Oruro', 'Nzara'), ['Nzara', 'Ñuñoa', 'Oruro'])
})

test('a run: steps, refusals in words', () => {
  const counts = { read: 10, mapped: 9, sent: 0, verified: 0, differing: 0, ignored: { E1: 2, E2: 3 } }
  const steps = (run) => stepsOf({ counts, ...run }).map((one) => one.state).join(' ')
  assert.equal(steps({ state: 'sending' }), 'done done done now waiting')
  assert.equal(steps({ state: 'checking', dry_run: true }), 'done done now')
  assert.equal(steps({ state: 'differs' }), 'done done done done done')
  assert.equal(steps({ state: 'interrupted', counts: { ...counts, sent: 4 } }), 'done done done stopped waiting')
  assert.equal(steps({ state: 'queued' }), 'waiting waiting waiting waiting waiting')
  assert.deepEqual(['queued', 'reading', 'sending', 'done', 'failed'].map((state) => steps({ state, undoes: 'r', counts: { ...counts, read: 0, mapped: 0 } })), ['waiting waiting', 'now waiting', 'now waiting', 'done done', 'stopped waiting'])
  assert.equal(ignoredOf(counts), 5)
  assert.match(conflictWords({ code: 'value_type', message: 'x', value_type: 'INTEGER_POSITIVE' }).title, /takes: Positive integer$/)
  const obstacle = { kind: 'aggregation', type: 'AVERAGE', side: 'source', over_time: true }
  assert.equal(conflictWords({ code: 'not_summable', message: 'x', obstacle }).title, "The aggregation type of the source's data element is AVERAGE: such values may not be added up over time")
  assert.equal(conflictWords({ code: 'not_summable', message: 'x', obstacle: { kind: 'value', type: 'PERCENTAGE', side: 'target', over_time: false } }).title, "The value type of the target's data element is Percentage: such values may not be added up")
  assert.equal(conflictWords({ code: 'not_summable', message: 'x' }).title, 'The values of this data element cannot be added up')
  assert.match(conflictWords({ code: 'E7617', message: 'x' }).remedy, /administrator/)
  assert.equal(conflictWords({ code: 'E8011' }).title, conflictWords({ code: 'E7617' }).title)
  assert.deepEqual(conflictWords({ code: 'E9999', message: 'as the server says', remedy: 'ask' }), { title: 'as the server says', remedy: 'ask', known: false })
  assert.match(conflictWords({ code: 'period_expired', message: 'over', remedy: 'in English' }).remedy, /^In the Data Administration app/)
  assert.match(conflictWords({ code: 'E8030', by_target: true, remedy: 'in English' }).title, /^The period is open, and yet/)
})

test('every code of the API is said in words, with what to do', () => {
  const table = readFileSync(new URL('../../src/base/error.h', import.meta.url), 'utf8')
  const codes = [...table.matchAll(/^\s+X\((\w+), /gm)].map((one) => one[1])
  assert.ok(codes.length > 40)
  for (const code of codes) {
    assert.ok(knownCodes().includes(code), code)
    const { title, remedy } = inWords({ code, title: 'As the API has it', message: 'a detail' })
    assert.ok(title.length > 8 && remedy.length > 10 && title !== 'As the API has it' && remedy !== 'a detail', code)
  }
  for (const code of ['not_connected', 'no_session', 'reauth_required']) assert.ok(isSignedOut({ code }))
  for (const reason of ['expired', 'address', 'method', 'referer', 'disabled', 'malformed', 'unknown', 'not_told', undefined]) assert.ok(inWords({ code: 'token_refused', reason }).remedy.length > 20)
  assert.equal(new Set(['disk_full', 'read_only', undefined].map((reason) => inWords({ code: 'store_unavailable', reason, message: 'a detail' }).title)).size, 3)
  assert.equal(inWords({ code: 'store_unavailable', reason: 'not_allowed' }).title, inWords({ code: 'store_unavailable', reason: 'read_only' }).title)
  assert.match(inWords({ code: 'store_unavailable', reason: 'disk_full' }).remedy, /make room/)
  assert.deepEqual(inWords({ title: 'A title', message: 'a detail' }), { title: 'A title', remedy: 'a detail', detail: undefined })
})

test('where sign-in leads back to: this page, or an app that the person confirms', () => {
  const here = 'https://gate.example.org'
  assert.deepEqual(readReturn('/alignments/1?x=2', here), { inside: '/alignments/1?x=2' })
  assert.deepEqual(readReturn('//evil.example.org/', here).inside, undefined)
  assert.equal(readReturn('https://app.example.org/x', here).outside.origin, 'https://app.example.org')
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'http://', '', null]) assert.deepEqual(readReturn(bad, here), { inside: '/servers' }, String(bad))
})

test('texts: values are put in, plurals follow the language, what is not translated stays English', async () => {
  const po = 'msgid ""\nmsgstr "Language: fr"\n\nmsgid "Servers"\nmsgstr "Serveurs"\n\n#: comment\nmsgid "{n} value"\nmsgid_plural "{n} values"\nmsgstr[0] "{n} valeur"\nmsgstr[1] "{n} "\n"valeurs"\n'
  assert.deepEqual(parsePo(po).get('{n} value'), ['{n} valeur', '{n} valeurs'])
  await loadLanguage(['fr-FR'], async () => po)
  assert.equal(t('Servers'), 'Serveurs')
  assert.equal(tn('{n} value', '{n} values', 0), '0 valeur')
  assert.equal(tn('{n} value', '{n} values', 1500).replace(/\s/g, ' '), '1 500 valeurs')
  assert.equal(t('Hello {name}', { name: '{n}' }), 'Hello {n}')
  assert.equal(decimal('12345678901234567890.5').replace(/\s/g, ' '), '12 345 678 901 234 567 890,5')
  await loadLanguage(['de', 'en-GB'], async () => '')
  assert.equal(t('Servers'), 'Servers')
  assert.equal(decimal('-1234.50'), '-1,234.50')
  assert.equal(decimal(null), '–')
  assert.equal(decimal('1e5'), '1e5')
})

test('what sending will take is told by what the check has found out, and the time only where it has', () => {
  assert.equal(estimateText({}), '')
  const of = (estimate) => estimateText({ estimate: { requests: 1234, bytes: 1, ...estimate } })
  assert.equal(of({}), 'Sending them takes about 1,234 requests to both servers and 1 kB of values.')
  assert.equal(of({ bytes: 1_250_000, seconds: 200 }), 'Sending them takes about 1,234 requests to both servers and 1.3 MB of values. It takes at least 3 minutes.')
  assert.deepEqual([10, 7199, 7200].map((seconds) => of({ seconds }).split('. ')[1]), ['It takes at least 10 seconds.', 'It takes at least 119 minutes.', 'It takes at least 2 hours.'])
})

test('earlier alignments of the same data sets come first: known by id, or by name where they were taken along', () => {
  const side = (id, name) => ({ data_set: { id, name } })
  const list = [['a', side('s2', 'Other'), side('t2', 'Else')], ['b', side('s', 'Old name'), side('t2', 'Else')], ['c', side('x', 'MONTHLY report'), side('t', 'To')], ['d', side('s', 'Monthly report'), {}]].map(([id, source, target]) => ({ id, source, target }))
  const ids = (groups) => Object.entries(groups).map(([name, those]) => `${name}: ${those.map((one) => one.id).join('')}`).join(', ')
  assert.equal(ids(byLikeness(list, { id: 's', name: 'Monthly report' }, { id: 't', name: 'To' })), 'both: c, one: bd, others: a')
  assert.equal(ids(byLikeness(list, undefined, undefined)), 'both: , one: , others: abcd')
})

test('what a new alignment starts from is known until it is carried over, without its file where the page was loaded again', () => {
  const file = new Blob(['x'])
  keepStart('m', { name: 'a.csv', format: 'csv', file }) // there is no storage here
  assert.equal(startOf('m').file, file)
  dropStart('m')
  assert.equal(startOf('m'), undefined)
  const kept = new Map([['drawbridge start n', '{"name":"a.csv","format":"csv"}']]) // by the page as it was loaded before
  Object.defineProperty(globalThis, 'sessionStorage', { value: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) }, configurable: true })
  const found = startOf('n')
  keepStart('o', { name: 'a.csv', format: 'csv', file })
  const written = kept.get('drawbridge start o')
  for (const id of ['n', 'o']) dropStart(id)
  delete globalThis.sessionStorage
  assert.deepEqual([found, written, kept.size], [{ name: 'a.csv', format: 'csv' }, '{"name":"a.csv","format":"csv"}', 0])
})

test('what an account may do: entering data wants an authority and a data set shared for it', () => {
  const granted = (authorities, ...shared) => rightsOf({ me: { authorities }, sets: { dataSets: shared.map(([read, write]) => ({ access: { data: { read: !!read, write: !!write } } })) } }).map((one) => `${one.granted ? '+' : '-'}${one.name}`)
  assert.deepEqual(granted(['ALL'], [1, 1]), ['+See data sets', '+Read data values', '+Write data values'])
  assert.deepEqual(granted(['F_DATAVALUE_ADD'], [0, 0], [1, 1]), ['+See data sets', '+Read data values', '+Write data values'])
  assert.deepEqual(granted(['F_DATAVALUE_ADD'], [1, 0]), ['+See data sets', '+Read data values', '-Write data values'])
  assert.deepEqual(granted(['F_DATAVALUE_DELETE'], [1, 1]), ['+See data sets', '+Read data values', '-Write data values'])
  assert.deepEqual(granted([], [0, 0]), ['+See data sets', '-Read data values', '-Write data values'])
  assert.deepEqual(granted(['ALL']), ['-See data sets'])
  assert.deepEqual(granted([]), ['-See data sets', '-Write data values'])
  const remedy = (authorities) => rightsOf({ me: { authorities }, sets: { dataSets: [{ access: { data: { read: true, write: false } } }] } })[2].remedy
  assert.match(remedy([]), /a user role with the authority .*F_DATAVALUE_ADD/)
  assert.match(remedy(['ALL']), /sharing settings of the data set: data access "Can capture and view"/)
  assert.throws(() => rightsOf({ me: {}, sets: {} })) // not a DHIS2's answer: nothing is said of it
})

test('what came of a transfer: of an undo and of a run that found nothing nothing else is said', async () => {
  const { verdictOf } = await import('../../web/model/report.js')
  const verdict = (more) => verdictOf({ outcome: 'done', dry_run: false, counts: { read: 5 }, ...more })
  const said = (more) => verdict(more).words
  assert.match(said({}), /totals of both sides agree/)
  assert.match(said({ dry_run: true }), /everything could be sent/)
  assert.match(said({ counts: { read: 0 } }), /there was nothing to send/)
  assert.match(said({ undo: true, counts: { read: 0 } }), /^Everything was taken back/)
  assert.match(said({ undo: true, dry_run: true }), /could be taken back/)
  assert.match(said({ undo: true, outcome: 'refused' }), /^Some cells were left as they are/)
  assert.match(said({ undo: true, outcome: 'differs' }), /is not what it should be/)
  assert.equal(said({ outcome: 'new one' }), 'new one')
  const tones = [{}, { dry_run: true }, { undo: true, counts: { read: 0 } }, { counts: { read: 0 } }, { counts: { read: 5, skipped_units: 1 } }, { dry_run: true, counts: { read: 5, skipped_units: 1 } }, { outcome: 'refused' }, { outcome: 'differs' }, { outcome: 'cancelled' }].map((more) => verdict(more).tone)
  assert.deepEqual(tones, ['good', 'good', 'good', 'info', 'warning', 'warning', 'warning', 'error', 'info'])
})
