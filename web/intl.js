// Numbers, plurals and dates in the reader's way, by the browser's Intl.
const kept = new Map()
/** An Intl.*; made once each: making one takes longer than drawing a row. */
export function made(kind, ...words) {
  const key = kind + JSON.stringify(words)
  if (!kept.has(key)) kept.set(key, new Intl[kind](...words))
  return kept.get(key)
}

export const AS_PERCENT = { style: 'percent' }
/** Those that the first screens show numbers by: made while nothing else is there to do, the first takes as long as a screen. */
export function makeReady(locale) {
  made('NumberFormat', locale)
  made('NumberFormat', locale, AS_PERCENT)
  made('PluralRules', locale)
}
