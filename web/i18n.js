// Texts: English is the key; i18n/<language>.po has the others. Plurals by Intl, numbers and dates in the reader's way.
import { parsePo } from './model/po.js'

const LANGUAGES = ['en', 'fr', 'es', 'pt']
const RIGHT_TO_LEFT = ['ar', 'fa', 'ur', 'he']
let language = 'en'
let texts = new Map()

export async function loadLanguage(wished = navigator.languages, fetchText = fetchPo) {
  const found = wished.map((one) => one.toLowerCase().split('-')[0]).find((one) => LANGUAGES.includes(one)) ?? 'en'
  if (found !== 'en') texts = parsePo(await fetchText(found))
  language = found
  document.documentElement.lang = found
  document.documentElement.dir = RIGHT_TO_LEFT.includes(found) ? 'rtl' : 'ltr'
}

async function fetchPo(one) {
  const response = await fetch(new URL(`./i18n/${one}.po`, import.meta.url))
  return response.ok ? response.text() : ''
}

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
  const text = forms?.[Math.min(form, forms.length - 1)] || (form === 0 ? one : many)
  return fill(text, { n, ...values })
}

// French counts 0 as one; the others here do not. In .po files the first form is the singular one.
const pluralForm = (n) => (new Intl.PluralRules(language).select(n) === 'one' ? 0 : 1)

export const number = (n) => new Intl.NumberFormat(language).format(n)
export const percent = (share) => new Intl.NumberFormat(language, { style: 'percent' }).format(share)
export const time = (text) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text))
export const monthName = (year, month) => new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(Date.UTC(year, month - 1))
