// Whether the values of two data elements move alike: what is made of two histories, and which periods they are asked in.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonType, comparedPeriods, compareHistories } from '../../web/model/value-history.js'

const history = (...values) => new Map(values.map((value, i) => [`2026${String(i + 1).padStart(2, '0')}`, value]).filter(([, value]) => value !== undefined))
const SERIES = [100, 140, 90, 200, 160, 110, 130, 95, 180, 170, 120, 150]
const said = (ours, theirs) => compareHistories(history(...ours), history(...theirs))
const words = ({ said, all, close, speaks }) => [said, all, close, speaks]

test('the same but for little in most periods: alike; one period that differs takes nothing away', () => {
  assert.deepEqual(words(said(SERIES, SERIES.map((one) => one * 1.04))), ['alike', 12, 12, 'for'])
  const odd = said(SERIES, SERIES.map((one, i) => (i === 2 ? one * 20 : one)))
  assert.deepEqual([...words(odd), odd.correlation], ['alike', 12, 11, 'for', undefined]) // that of the one odd period
  assert.deepEqual(words(said(SERIES, SERIES.map((one) => one * 1.06))), ['scaled', 12, 12, 'for']) // 5 % is where it begins to differ
})

test('as much more in every period: alike, and the ratio is told', () => {
  const twice = said(SERIES, SERIES.map((one) => one * 2.5))
  assert.deepEqual([...words(twice), twice.ratio, Math.round(twice.correlation * 1000)], ['scaled', 12, 12, 'for', 2.5, 1000])
  const less = said(SERIES, SERIES.map((one, i) => (i === 0 ? 11 : one / 10)))
  assert.deepEqual([...words(less), less.ratio], ['scaled', 12, 11, 'for', 0.1])
  assert.equal(said(SERIES, SERIES.map((one) => -one)).said, 'apart')
})

test('up and down together, yet not by one ratio; and not at all', () => {
  const together = said(SERIES, SERIES.map((one) => one + 100))
  assert.deepEqual([...words(together), Math.round(together.correlation * 1000)], ['together', 12, 0, 'for', 1000])
  const apart = said(SERIES, [...SERIES].reverse())
  assert.deepEqual([apart.said, apart.speaks], ['apart', 'against'])
  assert.ok(apart.correlation < 0.5 && apart.strength > 0.5 && apart.strength <= 1)
})

test('of what never changes no correlation is made up', () => {
  const same = Array(12).fill(7)
  assert.deepEqual([...words(said(same, same)), said(same, same).correlation, said(same, same).strength], ['alike', 12, 12, 'for', undefined, 1])
  assert.deepEqual(words(said(same, Array(12).fill(9))), ['constant', 12, 0, undefined])
  assert.deepEqual([...words(said(same, SERIES)), said(same, SERIES).correlation, said(same, SERIES).strength], ['apart', 12, 0, 'against', undefined, 1])
  assert.deepEqual(words(said(Array(12).fill(0), Array(12).fill(0))), ['alike', 12, 12, 'for'])
})

test('too few periods that both have say nothing, however alike; what one lacks is not taken for none', () => {
  const some = (n) => SERIES.map((one, i) => (i < n ? one : undefined))
  assert.deepEqual(words(said(SERIES, some(3))), ['few', 3, 3, undefined])
  assert.deepEqual(words(said(SERIES, some(4))), ['alike', 4, 4, 'for'])
  assert.deepEqual(words(said(some(6), SERIES.map((one, i) => (i < 6 ? undefined : one)))), ['few', 0, 0, undefined])
  assert.deepEqual([said(SERIES, []).said, said([], SERIES).said, said([], []).said], ['one_empty', 'one_empty', 'both_empty'])
})

test('asked in the longer type of periods; where both are as long and not the same, in one that holds both', () => {
  for (const [one, other, common] of [['Monthly', 'Monthly', 'Monthly'], ['Monthly', 'Quarterly', 'Quarterly'], ['Yearly', 'WeeklyFriday', 'Yearly'], ['Weekly', 'WeeklyFriday', 'Monthly'], ['Quarterly', 'QuarterlyNov', 'SixMonthly'], ['Yearly', 'FinancialApril', undefined], ['FinancialApril', 'FinancialApril', 'FinancialApril'], ['Monthly', 'ANewOne', undefined], [undefined, 'Monthly', undefined]]) {
    assert.equal(commonType(one, other), common, `${one}, ${other}`)
    assert.equal(commonType(other, one), common)
  }
  const ids = comparedPeriods('Monthly', new Date(2026, 10, 28)).map((one) => one.id)
  assert.deepEqual([ids.length, ids[0], ids[11]], [12, '202610', '202511']) // without the one that runs
  assert.deepEqual(comparedPeriods('ANewOne'), [])
})
