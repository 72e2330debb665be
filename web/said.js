// What drawbridge says beside its codes, in the reader's language. The sentences stand in the program, with {1}, {2}, … for values, and are told as parts: English is the key, i18n/said/<language>.po has the others. Fetched when there is one to show.
import { textsOf } from './early.js'
import { apart, language } from './i18n.js'
import { parsePo } from './model/po.js'
import { inLanguage } from './model/said.js'

let under_way

const fetchTexts = async () => parsePo(language() === 'en' ? '' : await textsOf(`./i18n/said/${language()}.po`))

/** Of each {detail, said} what the reader is told: {text, lang?: where it had to stay English}. */
export async function readAll(told) {
  under_way ??= fetchTexts()
  under_way.catch(() => { under_way = undefined }) // the next who wants them tries again
  const texts = await under_way.catch(() => new Map())
  return told.map((one) => inLanguage(language(), texts, one, apart))
}
