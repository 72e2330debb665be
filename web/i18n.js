// Texts: English is the key; i18n/<language>.po has the others. Plurals by Intl, numbers and dates in the reader's way.
import { AS_PERCENT, made } from './intl.js'
import { languageOf } from './languages.js'
import { parsePo } from './model/po.js'

const RIGHT_TO_LEFT = ['ar', 'fa', 'ur', 'he']
let current = 'en'
let locale = 'en'
let texts = new Map()
let toCome = []
let others

/** The first language wished for that there is; what the first screens say is there when it resolves, all else after allTexts(). Where their texts are lost on the way they stay English until then: better than a white page. */
export async function loadLanguage(wished, fetchFirst, fetchRest = () => '') {
  const found = languageOf(wished)
  texts = new Map()
  others = undefined
  toCome = [fetchRest]
  if (found.language !== 'en') await addTexts(fetchFirst).catch(() => toCome.push(fetchFirst))
  ;({ language: current, locale } = found)
  document.documentElement.lang = current
  document.documentElement.dir = RIGHT_TO_LEFT.includes(current) ? 'rtl' : 'ltr'
}

export function allTexts() {
  others ??= Promise.all(toCome.map(addTexts))
  others.catch(() => { others = undefined }) // the next who wants them tries again
  return others
}

/** Those of a part besides. */
export async function addTexts(fetchTexts) {
  for (const [text, forms] of parsePo(await fetchTexts())) texts.set(text, forms)
}

export const language = () => current
export const region = () => locale

export const rightToLeft = () => document.documentElement.dir === 'rtl'
const READ_LEFTWARDS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/

/** A name beside others in one line of text: where it, or the page, goes from right to left they would run into each other. */
export const apart = (text) => (rightToLeft() || READ_LEFTWARDS.test(text) ? `\u2068${text}\u2069` : text)
export const arrow = () => (rightToLeft() ? '←' : '→')

const COMMAS = { ar: '، ' }
/** Between the parts of a list. */
export const comma = () => COMMAS[current] ?? ', '
/** What there is of these, one after the other. */
export const listed = (parts) => parts.filter(Boolean).join(comma())

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? show(values[name]) : whole))
const show = (value) => (typeof value === 'number' ? number(value) : apart(String(value)))

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

// In .po files the forms of Arabic stand in this order; those of the others are one and many. (Some count 0 as one.)
const FORMS = { ar: ['zero', 'one', 'two', 'few', 'many', 'other'] }
const pluralForm = (n) => {
  const kind = made('PluralRules', locale).select(n) // pt-PT is not as pt-BR
  return FORMS[current]?.indexOf(kind) ?? (kind === 'one' ? 0 : 1)
}

export const number = (n) => made('NumberFormat', locale).format(n)
/** Compares names as the reader's language has them, numbers in them by what they are: 2, 10, 14. */
export const byReader = () => made('Collator', locale, { numeric: true }).compare
export const percent = (share) => made('NumberFormat', locale, AS_PERCENT).format(share)
export const time = (text) => made('DateTimeFormat', locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text))

/** An exact decimal as text, grouped as the reader's language does but with all its digits. */
export function decimal(text) {
  if (text === null || text === undefined) return '–'
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!found) return text
  const [, sign, whole, fraction] = found
  const point = made('NumberFormat', locale).formatToParts(1.5).find((part) => part.type === 'decimal').value
  return sign + number(BigInt(whole)) + (fraction ? point + fraction.replace(/\d/g, (one) => number(Number(one))) : '')
}
