// Texts: English is the key; i18n/<language>.po has the others. Plurals by Intl, numbers and dates in the reader's way.
import { parsePo } from './model/po.js'

export const LANGUAGES = { en: 'English', fr: 'Français', pt: 'Português', es: 'Español', ar: 'العربية' }
/** Not all texts are there yet: those that are missing stay English. */
export const IN_PART = ['ar']
const CHOSEN = 'drawbridge language'
const RIGHT_TO_LEFT = ['ar', 'fa', 'ur', 'he']
let current = 'en'
let locale = 'en' // with the region that the browser names, for dates and numbers
let texts = new Map()

/** The person's choice, else the browser's; texts are there when it resolves. */
export async function loadLanguage(wished = wishes(), fetchText = fetchPo) {
  const found = wished.map((one) => one.toLowerCase().split('-')[0]).find((one) => one in LANGUAGES) ?? 'en'
  texts = found === 'en' ? new Map() : parsePo(await fetchText(found))
  current = found
  locale = wished.find((one) => one.toLowerCase().split('-')[0] === found) ?? found
  document.documentElement.lang = found
  document.documentElement.dir = RIGHT_TO_LEFT.includes(found) ? 'rtl' : 'ltr'
}

export const language = () => current
export const region = () => locale

/** None where the browser refuses cookies: it gives no storage then, either. */
function storage() {
  try {
    return globalThis.localStorage
  } catch {
    return undefined
  }
}

function wishes() {
  const chosen = storage()?.getItem(CHOSEN)
  return chosen ? [chosen, ...navigator.languages] : navigator.languages
}

/** Everything on the page is made anew in that language. */
export function chooseLanguage(one) {
  storage()?.setItem(CHOSEN, one)
  location.reload()
}

async function fetchPo(one) {
  const response = await fetch(new URL(`./i18n/${one}.po`, import.meta.url))
  return response.ok ? response.text() : ''
}

const rightToLeft = () => document.documentElement.dir === 'rtl'
/** A name beside others in one line of text: in a page from right to left they would run into each other. */
export const apart = (text) => (rightToLeft() ? `\u2068${text}\u2069` : text)
export const arrow = () => (rightToLeft() ? '←' : '→')

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? show(values[name]) : whole))
const show = (value) => (typeof value === 'number' ? number(value) : String(value))

/** t('Signed in as {name}', { name }) */
export function t(text, values = {}) {
  return fill(texts.get(text)?.[0] || text, values)
}

/** tn('{n} value', '{n} values', n) */
export function tn(one, many, n, values = {}) {
  const forms = texts.get(one)
  const form = pluralForm(n)
  const text = forms?.[Math.min(form, forms.length - 1)] || (n === 1 ? one : many)
  return fill(text, { n, ...values })
}

// In .po files the forms of Arabic stand in this order; those of the others are one and many. (French counts 0 as one; the others here do not.)
const FORMS = { ar: ['zero', 'one', 'two', 'few', 'many', 'other'] }
const pluralForm = (n) => {
  const kind = made('PluralRules', current).select(n)
  return FORMS[current]?.indexOf(kind) ?? (kind === 'one' ? 0 : 1)
}

/** Made once each: making one takes longer than drawing a row. */
const kept = new Map()
function made(kind, ...words) {
  const key = kind + JSON.stringify(words)
  if (!kept.has(key)) kept.set(key, new Intl[kind](...words))
  return kept.get(key)
}

export const number = (n) => made('NumberFormat', locale).format(n)
export const percent = (share) => made('NumberFormat', locale, { style: 'percent' }).format(share)
export const time = (text) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text))

/** An exact decimal as text, grouped as the reader's language does but with all its digits. */
export function decimal(text) {
  if (text === null || text === undefined) return '–'
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!found) return text
  const [, sign, whole, fraction] = found
  const point = new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === 'decimal').value
  return sign + new Intl.NumberFormat(locale).format(BigInt(whole)) + (fraction ? point + fraction : '')
}
