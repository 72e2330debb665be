// What the overview adds up, and the addresses that ask the review for some rows.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterOfQuery, reviewAddress } from '../../web/model/address.js'
import { formatOfFile, formatTitle } from '../../web/model/files.js'
import { bySection, lastReading, share } from '../../web/model/overview.js'
import { reviewOf } from '../../web/model/review.js'
import { NO_FILTER, rowsOf } from '../../web/model/rows.js'
import { madeUpAlignment } from './made-up.mjs'

test('sections add up to the whole, in the order of the data set', () => {
  const rows = rowsOf(reviewOf(madeUpAlignment('one', 40, { server: 'a' }, { server: 'b' })))
  const sections = bySection(rows)
  assert.deepEqual(sections.map((one) => one.section), ['Outpatients', 'Laboratory', 'Immunisation', 'Maternal health'])
  for (const one of sections) assert.equal(one.accepted + one.none + one.excluded + one.open, one.all)
  assert.equal(sections.reduce((sum, one) => sum + one.all, 0), 40)
  assert.equal(share(0, 0), undefined)
})

test('the newest run that read values to its end tells of real values', () => {
  const run = (id, created, more) => ({ id, alignment: 'one', state: 'done', created, ...more })
  const runs = [run('a', '2026-01-01'), run('b', '2026-03-01'), run('c', '2026-04-01', { alignment: 'other' }), run('d', '2026-05-01', { state: 'failed' }), run('e', '2026-06-01', { undoes: 'b' })]
  assert.equal(lastReading(runs, 'one').id, 'b')
  assert.equal(lastReading([], 'one'), undefined)
})

test('an address asks for what it was made for', () => {
  const address = reviewAddress('a b', { section: 'Soins & santé', state: 'open', conflicts: true })
  assert.ok(address.startsWith('/alignments/a%20b?'))
  assert.deepEqual(filterOfQuery(new URLSearchParams(address.split('?')[1])), { section: 'Soins & santé', state: 'open', conflicts: true })
  assert.deepEqual(filterOfQuery(new URLSearchParams('')), {})
  const all = { text: 'a & b', state: 'open', band: 'high', conflicts: true, section: 'x', order: 'name', attention: 'flagged', warning: 'type', from: 0.5, to: 0.6, only: 'Source00001,Source00002' }
  assert.deepEqual(Object.keys(all), Object.keys(NO_FILTER))
  assert.deepEqual(filterOfQuery(new URLSearchParams(reviewAddress('x', all).split('?')[1])), all)
  assert.equal(reviewAddress('x', NO_FILTER), '/alignments/x')
  assert.equal(reviewAddress('x'), '/alignments/x')
  assert.equal(reviewAddress('x', { only: 'Source00001,'.repeat(1000) }), '/alignments/x') // longer than an address may be
})

test('the longest ending of a name tells the form', () => {
  const formats = [{ name: 'json', ending: '.json' }, { name: 'fhir', ending: '.fhir.json' }]
  assert.equal(formatOfFile(formats, 'A.FHIR.JSON').name, 'fhir')
  assert.equal(formatOfFile(formats, 'a.json').name, 'json')
  assert.equal(formatOfFile(formats, 'a.pdf'), undefined)
  assert.equal(formatTitle({ name: 'unheard-of', title: 'New (text)' }), 'New (text)')
})
