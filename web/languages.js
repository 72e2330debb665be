// The languages of the page, and which of them its reader wants.
import { localStore } from './local-store.js'

export const LANGUAGES = { en: 'English', fr: 'Français', pt: 'Português', es: 'Español', ar: 'العربية' }
const CHOSEN = 'drawbridge language'

const short = (one) => one.toLowerCase().split('-')[0]

/** What the person chose, then what the browser names. */
export function wishes() {
  const chosen = localStore()?.getItem(CHOSEN)
  return chosen ? [chosen, ...navigator.languages] : navigator.languages
}

/** {language, locale}: the first that there is, and as it was wished for: with a region, for dates and numbers. */
export function languageOf(wished) {
  const locale = wished.find((one) => short(one) in LANGUAGES) ?? 'en'
  return { language: short(locale), locale }
}

/** Everything on the page is made anew in that language. */
export function chooseLanguage(one) {
  localStore()?.setItem(CHOSEN, one)
  location.reload()
}
