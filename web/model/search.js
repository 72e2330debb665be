// What is typed to find something. No DOM.

/** As it is searched in. */
export const plain = (text) => text.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase()

export const wordsOf = (typed) => plain(typed).split(/\s+/).filter(Boolean)
/** Does a text, as it is searched in, hold all of them? */
export const holds = (text, words) => words.every((word) => text.includes(word))
