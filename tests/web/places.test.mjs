// What the screen of org units, attribute options and periods thinks with; and that every reason of the engine has words.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { elementReason, knownReasons as knownElementReasons } from '../../web/model/features.js'
import { acceptPlace, approvePlace, filterPlaces, forgetPlace, isPartial, NO_PLACE_FILTER, nowhere, openPlaces, periodExample, placeRows, rejectPlace, restoringPlace, unassignedPlaces, withPlaceDecisions, withPlaceOperations, withSavedPlaces } from '../../web/model/places.js'
import { knownPeriodReasons, periodReason } from '../../web/model/period-reasons.js'
import { knownReasons, placeReason } from '../../web/model/reasons.js'
import { knownPlaces, madeUpPlaces, withUnassigned } from './made-up-places.mjs'

const KIND = 'org_unit'
const places = () => madeUpPlaces('one', 1).org_units
const rowOf = (given, name) => placeRows(given).find((row) => row.source.name === name)
const source = (name) => readFileSync(new URL(`../../src/align/${name}`, import.meta.url), 'utf8')
const codes = (text, pattern) => [...text.matchAll(pattern)].map((one) => one[1])

test('rows: what is proposed, what is sure, what has no answer', () => {
  const given = places()
  assert.deepEqual(placeRows(given).map((row) => [row.state, row.sure]), [['proposed', true], ['proposed', true], ['proposed', false], ['proposed', false], ['nothing', false]])
  assert.equal(openPlaces(placeRows(given)), 5)
  assert.deepEqual(filterPlaces(placeRows(given), { ...NO_PLACE_FILTER, text: 'BÒ kakua' }).map((row) => row.source.name), ['Kakua health centre'])
  assert.deepEqual(filterPlaces(placeRows(given), { ...NO_PLACE_FILTER, state: 'nothing' }).map((row) => row.source.name), ['Nowhere post'])
})

test('org units to which the target\'s data set is not assigned, as long as somebody wants to send there', () => {
  const given = withUnassigned(madeUpPlaces('one', 1)).org_units
  const row = rowOf(given, 'Nowhere post')
  assert.deepEqual([row.state, row.unassigned.name, row.choice], ['nothing', 'Jaiama', undefined])
  assert.deepEqual(filterPlaces(placeRows(given), { ...NO_PLACE_FILTER, state: 'unassigned' }).map((one) => one.id), [row.id])
  const [other] = knownPlaces.values()
  const known = new Map([...knownPlaces, [row.unassigned.id, row.unassigned]])
  const after = (step) => unassignedPlaces(placeRows(withPlaceDecisions(given, [step], known)))
  assert.equal(unassignedPlaces(placeRows(given)), 1)
  assert.equal(after(acceptPlace(KIND, row.id, row.unassigned)), 1)
  assert.equal(after(acceptPlace(KIND, row.id, other)), 0)
  assert.equal(after(nowhere(KIND, row.id)), 0)
  assert.equal(unassignedPlaces(placeRows(places())), 0)
})

test('decisions are laid over, and every one can be taken back', () => {
  const given = places()
  const id = rowOf(given, 'Badjia').id
  const [other] = knownPlaces.values()
  const steps = [acceptPlace(KIND, id, other), rejectPlace(KIND, id, rowOf(given, 'Badjia').choice), nowhere(KIND, id), forgetPlace(KIND, id)]
  let now = given
  for (const step of steps) {
    const before = rowOf(now, 'Badjia')
    const after = withPlaceDecisions(now, [step], knownPlaces)
    const back = withPlaceDecisions(after, restoringPlace(KIND, before), knownPlaces)
    const said = ({ state, targets, rejected }) => [state, targets.map((one) => one.id), rejected.map((one) => one.id)]
    assert.deepEqual(said(rowOf(back, 'Badjia').decision), said(before.decision), step.decision)
    assert.deepEqual([rowOf(back, 'Badjia').state, rowOf(back, 'Badjia').proposals], [before.state, before.proposals], step.decision)
    now = after
  }
  assert.equal(rowOf(withPlaceDecisions(given, steps.slice(0, 1), knownPlaces), 'Badjia').choice.name, other.name)
  const rejected = rowOf(withPlaceDecisions(given, steps.slice(1, 2), knownPlaces), 'Badjia')
  assert.equal(rejected.state, 'nothing')
  assert.ok(rejected.proposals.every((one) => one.target.id !== rowOf(given, 'Badjia').choice.id))
  assert.deepEqual(given, places()) // nothing given is changed
})

test('a second person: what waits, who may approve it, and what a new word makes of that', () => {
  const given = { ...madeUpPlaces('one', 1), second_person: true }
  const [first, second] = placeRows(given.org_units)
  given.org_units.pairs[0] = { ...given.org_units.pairs[0], decision: { state: 'accepted', targets: [first.choice], rejected: [], by: 'joseph', at: '2026-11-24T08:00:00Z' } }
  const said = (now, of = first) => { const row = placeRows(now.org_units, true).find((one) => one.id === of.id); return [row.waits, row.own, row.approvable] }
  assert.deepEqual(said(given), [true, false, true])
  assert.deepEqual(said(given, second), [false, false, false]) // nobody decided it
  assert.deepEqual(placeRows(given.org_units)[0].waits, false) // nobody asks for it
  assert.deepEqual([filterPlaces(placeRows(given.org_units, true), { ...NO_PLACE_FILTER, state: 'waiting' }).length, filterPlaces(placeRows(given.org_units, true), { ...NO_PLACE_FILTER, state: 'approval' }).length], [1, 1])
  const operation = (decisions, more) => ({ decisions, who: ['maria'], places: [first.choice, second.choice], ...more })
  const approved = withSavedPlaces(given, { version: 2 }, [operation([approvePlace(KIND, first.id, 'maria')])])
  assert.deepEqual(said(approved), [false, false, false])
  const { by, approved_by } = approved.org_units.pairs[0].decision
  assert.deepEqual([by, approved_by], ['joseph', 'maria'])
  const waiting = withPlaceOperations(given, [operation([acceptPlace(KIND, second.id, second.choice)])])
  assert.deepEqual(said(waiting, second), [true, false, false]) // not saved yet: nobody's to approve
  const own = withSavedPlaces(approved, { version: 3 }, [operation([acceptPlace(KIND, first.id, second.choice)])])
  assert.deepEqual(said(own), [true, true, false]) // decided anew: to be approved anew, by another one
  assert.equal(own.org_units.pairs[0].decision.approved_by, undefined)
  const back = withSavedPlaces(own, { version: 4 }, [operation(restoringPlace(KIND, placeRows(approved.org_units)[0]), { undo: true })])
  assert.deepEqual(said(back), [true, false, false]) // whose it is now is the server's to say
  assert.deepEqual([isPartial(back), isPartial({ ...back, second_person: false }), isPartial(own)], [true, false, false])
})

test('periods by example', () => {
  const now = new Date(2026, 10, 24)
  assert.deepEqual(periodExample({ conversion: 'roll-up', source: 'Monthly', target: 'Quarterly' }, now), { from: ['202607', '202608', '202609'], to: '2026Q3' })
  assert.deepEqual(periodExample({ conversion: 'same', source: 'Monthly', target: 'Monthly' }, now), { from: ['202610'], to: '202610' })
  assert.equal(periodExample({ conversion: 'cannot', source: 'Weekly', target: 'Monthly' }, now), undefined)
  assert.equal(periodExample({ conversion: 'same', source: null, target: null }, now), undefined)
})

test('every reason that the engine gives has words', () => {
  const elements = [...codes(source('explain.c'), /\(struct saying\)\{"(\w+)"/g), ...codes(source('rows.c'), /\.reason = .*"(\w+)" : "\w+"/g)]
  const units = [...codes(source('unit_pair.c'), /say\(s?&?s?, (?:far \? )?"(\w+)"/g), ...codes(source('places.c'), /reason\(p->arena, "(\w+)"/g)]
  const attributes = codes(source('attributes.c'), /struct saying say_\w+ = \{"(\w+)"/g)
  const periods = codes(source('period_rule.c'), /1, "(\w+)"|0\.\df, "(\w+)"/g).filter(Boolean)
  assert.ok(elements.length > 10 && units.length > 15 && attributes.length > 10 && periods.length > 5, [elements, units, attributes, periods].map((one) => one.length).join())
  assert.deepEqual(elements.filter((one) => !knownElementReasons().includes(one)), [])
  assert.deepEqual([...units, ...attributes].filter((one) => !knownReasons().includes(one)), [])
  assert.deepEqual(periods.filter((one) => !knownPeriodReasons().includes(one)), [])
})

test('a reason that is not known is told as drawbridge words it', () => {
  assert.equal(elementReason({ reason: 'new_one', why: 'In English' }), 'In English')
  assert.equal(placeReason({ reasons: [{ code: 'same_id' }, { code: 'new_one' }], why: 'In English' }), 'In English')
  assert.equal(placeReason({ reasons: [{ code: 'same_code' }, { code: 'below', value: '3/4' }, { code: 'far', value: '81.5' }] }), 'The same code, 3 of 4 units below belong together, but 81.5 km apart')
  assert.equal(periodReason({ reason: 'new_one', note: 'In English' }), 'In English')
})
