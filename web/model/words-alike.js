// Where two names say the same, word by word, as a reader sees it. The engine looks at more than that: at other languages, other names, and words that mean the same. No DOM.
import { plain } from './search.js'

const WORD = /([\p{L}\p{M}\p{N}]+)/u
const NUMBER = /\p{N}/u
const TELLS = /\p{N}|^\p{Lu}{2}$|.{3}/u // two letters tell something in capitals: "TB"
const ENDING = 2 // letters: "case" and "cases", "test" and "tested"

/** Pieces of a name, in its order: {text, word: as it is compared; empty where it tells nothing}. */
const piecesOf = (name) => name.split(WORD).map((text, i) => ({ text, word: i % 2 && TELLS.test(text) ? plain(text) : '' }))

function isSame(one, other) {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return short === long || (short.length > 3 && !NUMBER.test(long) && long.startsWith(short) && long.length - short.length <= ENDING)
}

const compared = (pieces, others) => pieces.map((one) => ({ ...one, same: one.word !== '' && others.some(({ word }) => word && isSame(one.word, word)) }))
const words = (pieces, same) => [...new Map(pieces.filter((one) => one.word && one.same === same).map(({ word, text }) => [word, text])).values()]

/** {source, target: pieces {text, same} · shared, onlySource, onlyTarget: words as they are written} */
export function wordsAlike(one, other) {
  const [a, b] = [piecesOf(one), piecesOf(other)]
  const [source, target] = [compared(a, b), compared(b, a)]
  return { source, target, shared: words(source, true), onlySource: words(source, false), onlyTarget: words(target, false) }
}

export const numbersOf = (list) => list.filter((word) => NUMBER.test(word))
