// A sentence of the program, told as parts with values, in the reader's language. No DOM.

const fill = (text, values) => text.replace(/\{(\d+)\}/g, (whole, n) => values[n - 1] ?? whole)
const upper = (text) => text.slice(0, 1).toLocaleUpperCase() + text.slice(1)

/** `apart` keeps a value of another direction from its neighbours. {text} in the language whose texts these are; {text, lang: 'en'} where it is not known; what only says where may be. A value can be words that have a translation of their own ("the source"). */
export function inLanguage(language, texts, { detail, said = [] }, apart = (text) => text) {
  if (language === 'en') return { text: upper(detail) }
  const of = (text) => texts.get(text)?.[0]
  const parts = said.map(({ text, values }) => of(text) && fill(of(text), values.map((value) => of(value) ?? apart(value))))
  const places = said.slice(0, -1).map(({ text, values }, i) => parts[i] ?? apart(fill(text, values))) // "a.csv", "rule 3"
  return parts.at(-1) ? { text: upper([...places, parts.at(-1)].join(': ')) } : { text: upper(detail), lang: 'en' }
}
