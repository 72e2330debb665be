// Which words of two names are the same to a reader.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbersOf, sameOf, wordsAlike } from '../../web/model/words-alike.js'

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

test('words that tell nothing count nowhere; two letters in capitals tell something', () => {
  const { shared, onlySource, onlyTarget, words } = wordsAlike('Cases of TB and the deaths in wards', 'TB deaths of or with the outpatients')
  assert.deepEqual([shared, onlySource, onlyTarget, words], [['TB', 'deaths'], ['Cases', 'wards'], ['outpatients'], 4])
})

test('what is there twice is told once', () => {
  assert.deepEqual(wordsAlike('Malaria malaria tested', 'Malaria').shared, ['malaria'])
})

test('codes are the same whatever their capitals, and nothing is the same as nothing', () => {
  assert.equal(sameOf('MAL_181', ' mal_181'), 'MAL_181')
  assert.equal(sameOf('MAL_181', 'MAL_182'), undefined)
  assert.equal(sameOf(undefined, undefined), undefined)
  assert.deepEqual(numbersOf(['Dose', '1', '2nd']), ['1', '2nd'])
})
