// What is typed to find something. No DOM.

/** As it is searched in. */
export const plain = (text) => text.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase()

export const wordsOf = (typed) => plain(typed).split(/\s+/).filter(Boolean)
/** Does a text, as it is searched in, hold all of them? */
export const holds = (text, words) => words.every((word) => text.includes(word))

const OFFERED = 50

/** For a field that searches in what has a name: typed text to those whose names hold all its words. */
export function finder(list) {
  const names = list.map((one) => plain(one.name))
  return (typed) => {
    const words = wordsOf(typed)
    return list.filter((_, i) => holds(names[i], words)).slice(0, OFFERED)
  }
}
