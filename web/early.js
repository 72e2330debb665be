// Runs before the rest of the page is there, and asks for what its first screen will: on a slow line what is asked for only by that screen comes a round trip later.
import { makeReady } from './intl.js'
import { languageOf, wishes } from './languages.js'

const OF_SCREENS = [
  [/^\/(servers)?$/, () => ['/v1/servers'], () => import('./screens/servers.js')],
  [/^\/sign-in\/./, () => ['/v1/servers'], () => import('./screens/signin.js')],
  [/^\/alignments$/, () => ['/v1/alignments'], () => import('./screens/alignments.js')],
  [/^\/alignments\/(?!new$)([^/]+)$/, (id) => [`/v1/alignments/${id}?features=false`, '/v1/servers'], () => import('./screens/review.js')],
]

const { language, locale } = languageOf(wishes())

const asked = new Map()
const found = OF_SCREENS.find(([pattern]) => pattern.test(location.pathname))
for (const path of ['/v1/session', ...(found ? found[1](found[0].exec(location.pathname)[1]) : [])]) {
  const answer = fetch(path, { headers: { 'X-Drawbridge': '1', 'Accept-Language': language } }) // as the client of the SDK does
  answer.catch(() => {}) // whoever takes it says what is wrong
  asked.set(location.origin + path, answer)
}
found?.[2]().catch(() => {}) // whoever needs it says what is wrong
export { language }

/** As fetch: the answer that is on its way already, once, until something else is called. */
export function earlyFetch(address, init) {
  const answer = init.method === 'GET' && asked.get(address)
  if (!answer) asked.clear()
  asked.delete(address)
  return answer || fetch(address, init)
}

/** A file beside this one, whichever file the asking module was joined into. What is not there is lost for now, not empty: whoever wants it asks again. */
export const textsOf = async (path) => {
  const response = await fetch(new URL(path, import.meta.url))
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response.text()
}

const askFirst = () => textsOf(`./i18n/first/${language}.po`)
let early = language === 'en' ? undefined : askFirst()
early?.catch(() => {}) // whoever takes it goes on without

/** In the language wished for: what the first screens say, on its way already when asked for the first time; and what all others do. Nothing in English, of which the texts are made. */
export function firstTexts() {
  const answer = early ?? (language === 'en' ? '' : askFirst())
  early = undefined
  return answer
}
export const otherTexts = () => (language === 'en' ? '' : textsOf(`./i18n/${language}.po`))
/** What few visits say, in parts of their own. */
export const partTexts = (part) => () => (language === 'en' ? '' : textsOf(`./i18n/${part}/${language}.po`))

makeReady(locale) // the files are on their way
