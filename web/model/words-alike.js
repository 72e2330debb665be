// Where two names say the same, word by word, as a reader sees it. The engine looks at more than that: at other languages, other names, and words that mean the same. No DOM.
import { plain } from './search.js'

const WORD = /[\p{L}\p{M}\p{N}]+/gu
const HAS_DIGIT = /\p{N}/u
const CAPITALS = /^\p{Lu}+$/u
const SHORTEST = 3 // letters of a word that tells something, but for what is written in capitals: "TB"
const LITTLE = new Set(['and', 'the', 'for', 'with', 'from', 'les', 'des', 'une', 'aux', 'par', 'pour', 'avec', 'dos', 'das', 'para', 'por', 'com', 'los', 'las', 'del', 'con'])
const STEM = 4
const ENDING = 2 // letters: "case" and "cases", "test" and "tested"

const tells = (word) => HAS_DIGIT.test(word) || (word.length > 1 && CAPITALS.test(word)) || (word.length >= SHORTEST && !LITTLE.has(plain(word)))

/** Pieces of a name, in its order: {text, word: as it is compared; undefined of what tells nothing}. */
function piecesOf(name) {
  const pieces = []
  let at = 0
  for (const { 0: text, index } of name.matchAll(WORD)) {
    if (index > at) pieces.push({ text: name.slice(at, index) })
    pieces.push({ text, word: tells(text) ? plain(text) : undefined })
    at = index + text.length
  }
  if (at < name.length) pieces.push({ text: name.slice(at) })
  return pieces
}

function isSame(one, other) {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return short === long || (short.length >= STEM && !HAS_DIGIT.test(long) && long.startsWith(short) && long.length - short.length <= ENDING)
}

const compared = (pieces, others) => pieces.map(({ text, word }) => ({ text, word, same: word !== undefined && others.some((one) => one.word !== undefined && isSame(word, one.word)) }))

/** {source, target: pieces {text, same} · shared, onlySource, onlyTarget: words as they are written · words: of the source, how many} */
export function wordsAlike(source, target) {
  const [a, b] = [piecesOf(source), piecesOf(target)]
  const [ours, theirs] = [compared(a, b), compared(b, a)]
  const words = (pieces, same) => [...new Map(pieces.filter((one) => one.word !== undefined && one.same === same).map(({ word, text }) => [word, text])).values()]
  const [shared, onlySource, onlyTarget] = [words(ours, true), words(ours, false), words(theirs, false)]
  return { source: ours, target: theirs, shared, onlySource, onlyTarget, words: shared.length + onlySource.length }
}

/** What both have letter by letter, but for capitals: undefined where they have nothing so. */
export const sameOf = (one, other) => (one && other && plain(one.trim()) === plain(other.trim()) ? one : undefined)

export const numbersOf = (words) => words.filter((word) => HAS_DIGIT.test(word))
