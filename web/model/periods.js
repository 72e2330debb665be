// Periods as DHIS2 writes them, by period type; the newest that has ended first. Dates are UTC days. No DOM.
import { made } from '../intl.js'

const DAY = 86400000
const two = (n) => String(n).padStart(2, '0')
const utc = (year, month, day = 1) => Date.UTC(year, month, day)

/** Types by month: how many months a period has, in which month (0…) the first of a year begins, and how it is written from its first month. */
export const BY_MONTHS = {
  Monthly: [1, 0, (y, m) => `${y}${two(m + 1)}`],
  BiMonthly: [2, 0, (y, m) => `${y}${two(m / 2 + 1)}B`],
  Quarterly: [3, 0, (y, m) => `${y}Q${m / 3 + 1}`],
  QuarterlyNov: [3, 10, (y, m) => (m === 10 ? `${y + 1}NovQ1` : `${y}NovQ${(m - 1) / 3 + 2}`)],
  SixMonthly: [6, 0, (y, m) => `${y}S${m / 6 + 1}`],
  SixMonthlyApril: [6, 3, (y, m) => (m === 3 ? `${y}AprilS1` : `${y}AprilS2`)],
  SixMonthlyNov: [6, 10, (y, m) => (m === 10 ? `${y + 1}NovS1` : `${y}NovS2`)],
  Yearly: [12, 0, (y) => `${y}`],
  FinancialFeb: [12, 1, (y) => `${y}Feb`],
  FinancialApril: [12, 3, (y) => `${y}April`],
  FinancialJuly: [12, 6, (y) => `${y}July`],
  FinancialAug: [12, 7, (y) => `${y}Aug`],
  FinancialSep: [12, 8, (y) => `${y}Sep`],
  FinancialOct: [12, 9, (y) => `${y}Oct`],
  FinancialNov: [12, 10, (y) => `${y + 1}Nov`],
}

/** Weeks by the weekday (Monday 1 … Sunday 7) they begin with. A week belongs to the year of its fourth day. */
export const WEEKS = { Weekly: [1, 'W'], WeeklyWednesday: [3, 'WedW'], WeeklyThursday: [4, 'ThuW'], WeeklyFriday: [5, 'FriW'], WeeklySaturday: [6, 'SatW'], WeeklySunday: [7, 'SunW'] }

/** The last `count` periods of a type that ended before `now`, newest first: [{id, start, end}], end inclusive. */
export function lastPeriods(type, count, now = new Date()) {
  const today = utc(now.getFullYear(), now.getMonth(), now.getDate())
  if (type === 'Daily') return Array.from({ length: count }, (_, i) => day(today - (i + 1) * DAY))
  if (type in WEEKS) return weeks(...WEEKS[type], count, today)
  if (type === 'BiWeekly') return fortnights(count, today)
  return type in BY_MONTHS ? months(...BY_MONTHS[type], count, today) : []
}

function day(start) {
  const date = new Date(start)
  return { id: `${date.getUTCFullYear()}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}`, start, end: start }
}

function months(length, first, write, count, today) {
  const now = new Date(today)
  const number = now.getUTCFullYear() * 12 + now.getUTCMonth()
  const running = number - ((((number - first) % length) + length) % length) // first month of the period that runs
  return Array.from({ length: count }, (_, i) => {
    const at = running - (i + 1) * length
    const [year, month] = [Math.floor(at / 12), at % 12]
    return { id: write(year, month), start: utc(year, month), end: utc(year, month + length) - DAY }
  })
}

function weeks(weekday, letter, count, today) {
  const since = (new Date(today).getUTCDay() - weekday + 7) % 7
  return Array.from({ length: count }, (_, i) => {
    const start = today - (since + (i + 1) * 7) * DAY
    const fourth = new Date(start + 3 * DAY)
    const year = fourth.getUTCFullYear()
    const number = Math.floor((fourth.getTime() - utc(year, 0)) / DAY / 7) + 1
    return { id: `${year}${letter}${number}`, start, end: start + 6 * DAY }
  })
}

/** ISO weeks 2n - 1 and 2n of a year; what is left of a year with 53 weeks has no name of its own here. */
function fortnights(count, today) {
  const found = []
  for (const week of weeks(1, 'W', count * 2 + 4, today)) {
    const [, year, number] = /^(\d{4})W(\d+)$/.exec(week.id)
    if (number % 2 === 1 && number < 53 && week.start + 14 * DAY <= today) found.push({ id: `${year}BiW${(Number(number) + 1) / 2}`, start: week.start, end: week.start + 13 * DAY })
  }
  return found.slice(0, count)
}

/** "October 2026", "1 Jul – 30 Sep 2026", … in a language. */
export function periodName(type, period, language) {
  const format = (options, at) => made('DateTimeFormat', language, { ...options, timeZone: 'UTC' }).format(at)
  if (type === 'Monthly') return format({ month: 'long', year: 'numeric' }, period.start)
  if (type === 'Yearly') return format({ year: 'numeric' }, period.start)
  if (period.start === period.end) return format({ dateStyle: 'medium' }, period.start)
  const range = made('DateTimeFormat', language, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
  return range.formatRange(period.start, period.end)
}

/** The period of an id that this module writes for a type, else undefined. */
export function periodOf(type, id, now = new Date()) {
  return lastPeriods(type, type === 'Daily' ? 800 : 240, now).find((one) => one.id === id)
}

/** Which of the types writes this id? For runs, which tell only ids. */
export function typeOf(id) {
  if (/^\d{4}$/.test(id)) return 'Yearly'
  if (/^\d{6}$/.test(id)) return 'Monthly'
  if (/^\d{8}$/.test(id)) return 'Daily'
  const found = /^\d{4}([A-Z][A-Za-z]*)\d*$/.exec(id)?.[1]
  const week = Object.entries(WEEKS).find(([, [, letter]]) => letter === found)
  if (week) return week[0]
  return { BiW: 'BiWeekly', Q: 'Quarterly', NovQ: 'QuarterlyNov', S: 'SixMonthly', AprilS: 'SixMonthlyApril', NovS: 'SixMonthlyNov', April: 'FinancialApril', July: 'FinancialJuly', Feb: 'FinancialFeb', Aug: 'FinancialAug', Sep: 'FinancialSep', Oct: 'FinancialOct', Nov: 'FinancialNov' }[found]
    ?? (/^\d{6}B$/.test(id) ? 'BiMonthly' : undefined)
}
