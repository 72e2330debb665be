// Which words of two names are the same to a reader.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbersOf, wordsAlike } from '../../web/model/words-alike.js'

const marked = (pieces) => pieces.map((one) => (one.same ? `[${one.text}]` : one.text)).join('')
const both = (source, target) => { const alike = wordsAlike(source, target); return [marked(alike.source), marked(alike.target)] }

test('words that match are marked where they stand, whatever their capitals, accents and endings', () => {
  assert.deepEqual(both('Malaria, new cases <5 y', 'New case of MALARIA – 5 years'), ['[Malaria], [new] [cases] <[5] y', '[New] [case] of [MALARIA] – [5] years'])
  assert.deepEqual(both('Fièvre typhoïde', 'Fievre typhoide, décès'), ['[Fièvre] [typhoïde]', '[Fievre] [typhoide], décès'])
  assert.deepEqual(both('ANC 1st visit', 'ANC 2nd visit'), ['[ANC] 1st [visit]', '[ANC] 2nd [visit]'])
  assert.deepEqual(both('Dose 1', 'Dose 11'), ['[Dose] 1', '[Dose] 11']) // a number is no ending
  assert.deepEqual(both('حالات الملاريا', 'الملاريا: حالات جديدة'), ['[حالات] [الملاريا]', '[الملاريا]: [حالات] جديدة'])
})

test('a name is whole in its pieces', () => {
  for (const name of ['', ' (x) ', 'Malaria – new, of', '…5–14 y'])
    assert.equal(wordsAlike(name, 'Malaria').source.map((one) => one.text).join(''), name)
})

test('words of two letters tell nothing; in capitals they do', () => {
  const { shared, onlySource, onlyTarget } = wordsAlike('Cases of TB, deaths in wards', 'TB deaths of or in outpatients')
  assert.deepEqual([shared, onlySource, onlyTarget], [['TB', 'deaths'], ['Cases', 'wards'], ['outpatients']])
})

test('what is there twice is told once', () => {
  assert.deepEqual(wordsAlike('Malaria malaria tested', 'Malaria').shared, ['malaria'])
})

test('numbers are told apart from words', () => {
  assert.deepEqual(numbersOf(['Dose', '1', '2nd']), ['1', '2nd'])
})
