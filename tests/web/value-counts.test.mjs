// How many values a server holds: what is asked of it, and what is believed of its answer.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { believed, countable, countsIn, parts, recentPeriods, scopeOf, tablesMade, total } from '../../web/model/value-counts.js'
import { shareAccepted } from '../../web/model/overview.js'
import { filterPlaces, NO_PLACE_FILTER } from '../../web/model/places.js'
import { accept, reviewOf, withDecisions } from '../../web/model/review.js'
import { createRows, facetsOf, filterRows, needsLook, NO_FILTER, rowsOf } from '../../web/model/rows.js'
import { madeUpAlignment } from './made-up.mjs'

const element = (id, valueType, aggregationType = 'SUM', more = {}) => ({ dataElement: { id, valueType, aggregationType, zeroIsSignificant: false, categoryCombo: { skipTotal: false }, ...more } })

test('one data element that a server does not count makes it refuse the question: it is not asked about', () => {
  const uncounted = [element('a', 'TEXT'), element('b', 'DATE'), element('c', 'INTEGER', 'NONE'), element('d', 'NUMBER', 'DEFAULT'), element('e', 'INTEGER', 'SUM', { categoryCombo: { skipTotal: true } }), element('f', 'LONG_TEXT', 'COUNT'), element('g', 'FILE_RESOURCE', 'COUNT'), element('h', 'A_NEW_ONE')]
  const counted = [element('i', 'INTEGER_POSITIVE'), element('j', 'BOOLEAN', 'AVERAGE'), element('k', 'TRUE_ONLY'), element('l', 'NUMBER', 'LAST', { zeroIsSignificant: true }), element('m', 'PERCENTAGE', 'AVERAGE', { categoryCombo: undefined })]
  const found = countable({ periodType: 'Monthly', dataSetElements: [...uncounted, ...counted] })
  assert.deepEqual([found.ids.join(''), [...found.hidden]], ['ijklm', ['l']])
  assert.deepEqual([...countable({ periodType: 'Monthly', workflow: { id: 'w' }, dataSetElements: counted }).hidden].join(''), 'ijklm') // what is not approved may not be in the tables
})

test('nothing counted is no value only where that is known: not where values may be hidden, nor where nothing at all was counted', () => {
  const about = { ids: ['a', 'b', 'c', 'd'], hidden: new Set(['b', 'c']) }
  assert.deepEqual([...believed(about, new Map([['a', 7], ['b', 3]]))], [['a', 7], ['b', 3], ['d', 0]])
  assert.deepEqual([...believed(about, new Map())], [])
})

test('periods as long as the values are, or longer: shorter ones find nothing', () => {
  const now = new Date(2026, 10, 27)
  const asked = (type) => recentPeriods(type, now)
  for (const type of ['Daily', 'Weekly', 'WeeklyFriday', 'BiWeekly', 'Monthly']) assert.equal(asked(type), 'LAST_12_MONTHS;THIS_MONTH')
  assert.deepEqual(['BiMonthly', 'Quarterly', 'QuarterlyNov', 'SixMonthly', 'SixMonthlyNov', 'Yearly'].map(asked), ['LAST_6_BIMONTHS;THIS_BIMONTH', 'LAST_4_QUARTERS;THIS_QUARTER', 'LAST_2_SIXMONTHS;THIS_SIX_MONTH', 'LAST_2_SIXMONTHS;THIS_SIX_MONTH', 'LAST_YEAR;THIS_YEAR', 'LAST_YEAR;THIS_YEAR'])
  assert.deepEqual(['FinancialApril', 'FinancialOct', 'FinancialNov'].map(asked), ['2026April;2025April', '2026Oct;2025Oct', '2027Nov;2026Nov'])
  assert.equal(recentPeriods('FinancialApril', new Date(2026, 2, 31)), '2025April;2024April')
})

test('whose values: those for reports before those for data entry, and all for who has neither', () => {
  const units = (n) => Array.from({ length: n }, (_, i) => ({ id: `u${i}` }))
  assert.deepEqual([[2, 1], [0, 3], [101, 1], [0, 0]].map(([view, own]) => scopeOf({ dataViewOrganisationUnits: units(view), organisationUnits: units(own) })), ['u0;u1', 'USER_ORGUNIT', 'USER_ORGUNIT', 'LEVEL-1'])
  assert.equal(scopeOf({}), 'LEVEL-1')
})

test('when the tables were made: however far apart the clocks are; never, in both ways to say it', () => {
  const now = Date.parse('2026-11-27T12:00:00Z'), hour = 3600000
  const at = { serverDate: '2026-11-27T17:30:00.000' }
  assert.equal(tablesMade({ ...at, lastAnalyticsTableSuccess: '2026-11-27T02:30:00.000' }, now), now - 15 * hour)
  assert.equal(tablesMade({ ...at, lastAnalyticsTableSuccess: '2026-11-20T02:30:00.000', lastAnalyticsTablePartitionSuccess: '2026-11-27T16:30:00.000' }, now), now - hour)
  assert.equal(tablesMade(at, now), undefined)
  assert.equal(tablesMade({ ...at, lastAnalyticsTableSuccess: '1970-01-01T00:00:00.000' }, now), undefined)
  assert.equal(tablesMade({ ...at, lastAnalyticsTableSuccess: 'soon' }, now), undefined)
})

test('an answer is read by its headers; one that tells no counts is none', () => {
  const answer = { headers: [{ name: 'ou' }, { name: 'dx' }, { name: 'value' }], rows: [['u', 'a', '12.0'], ['u', 'b', '1.2E7']] }
  assert.deepEqual([...countsIn(answer, 'dx')], [['a', 12], ['b', 12000000]])
  assert.equal(total(countsIn(answer, 'dx')), 12000012)
  for (const broken of [{ ...answer, rows: [['u', 'a', '0.5']] }, { ...answer, rows: [['u', 'a', '-1']] }, { ...answer, headers: [{ name: 'dx' }] }, { headers: [] }, 'hello', {}]) assert.throws(() => countsIn(broken, 'dx'), JSON.stringify(broken))
  assert.deepEqual(parts([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
})

const made = (count = 40) => reviewOf(madeUpAlignment('one', count, { server: 'a' }, { server: 'b' }))
const ids = (rows) => rows.map((row) => row.id)
const id = (i) => `Source${String(i).padStart(5, '0')}`

test('rows follow the counts: what has no values is told, is no work, and comes last; what is not known is not called empty', () => {
  const review = made()
  const rowsFor = createRows()
  const before = rowsFor(review)
  const counts = new Map([[id(0), 0], [id(1), 5], [id(2), 900]])
  const rows = rowsFor(review, counts)
  assert.deepEqual(rows, rowsOf(review, counts))
  assert.equal(rows.filter((row, i) => row !== before[i]).length, 3)
  assert.deepEqual(ids(filterRows(rows, { ...NO_FILTER, warning: 'unused' })), [id(0)])
  assert.deepEqual([rows[0].warnings.at(-1).kind, rows[3].values, facetsOf(rows).warnings.unused], ['unused', undefined, 1])
  assert.ok(!needsLook({ warnings: [{ kind: 'unused' }] }))
  const decided = rowsFor(withDecisions(review, [accept(id(0), [rows[0].choice[0]])]), counts)
  assert.equal(decided[0].values, 0)
  assert.deepEqual(rowsFor(review), rowsOf(review)) // and back
})

test('by values: the least sure before the surer, of those about as sure the ones with the most values, and what has none last', () => {
  const review = made()
  const shown = (order, counts) => filterRows(rowsOf(review, counts), { ...NO_FILTER, order })
  const by = (rows, words) => rows.map(words)
  const sure = by(shown('hardest'), (row) => row.confidence ?? 2)
  assert.deepEqual(sure.map((one) => Math.floor(one * 10)), sure.map((one) => Math.floor(one * 10)).sort((a, b) => a - b)) // where nothing is known
  assert.deepEqual(ids(shown('values')), ids(shown('hardest')))
  const counts = new Map([...review.elements.keys()].map((one, i) => [one, i % 5 === 0 ? 0 : (i * 37) % 101]))
  const hardest = shown('hardest', counts)
  const tenth = (row) => Math.floor((row.confidence ?? 2) * 10)
  const used = hardest.filter((row) => row.values > 0)
  assert.deepEqual(ids(hardest.slice(0, used.length)), ids(used))
  for (let i = 1; i < used.length; i++) assert.ok(tenth(used[i - 1]) < tenth(used[i]) || (tenth(used[i - 1]) === tenth(used[i]) && used[i - 1].values >= used[i].values), used[i].id)
  const most = by(shown('values', counts), (row) => row.values)
  assert.deepEqual(most, [...most].sort((a, b) => b - a))
  const some = new Map([[id(1), 0], [id(2), 3]])
  assert.deepEqual([ids(shown('values', some))[0], ids(shown('values', some)).at(-1)], [id(2), id(1)]) // the others may have any
  assert.equal(ids(shown('surest', some)).at(-1), id(1))
})

test('the share of values that is of accepted data elements, and org units by theirs', () => {
  const review = made(4)
  const rows = rowsOf(withDecisions(review, [accept(id(1), [review.targets.get('Target00001')])]))
  assert.deepEqual(shareAccepted(rows, new Map([[id(0), 100], [id(1), 300]])), { all: 400, share: 0.75 })
  assert.equal(shareAccepted(rows, new Map([[id(0), 0]])), undefined)
  const units = ['x', 'y', 'z'].map((one) => ({ id: one, source: { name: one }, state: 'nothing' }))
  const order = (given, counts) => ids(filterPlaces(units, { ...NO_PLACE_FILTER, order: given }, counts)).join('')
  assert.deepEqual([order('values', new Map([['y', 2], ['z', 9]])), order('proposed', new Map([['z', 9]])), order('values')], ['zyx', 'xyz', 'xyz'])
})
