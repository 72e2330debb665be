// How many values a server holds, as its analytics counts them: what is asked, and what may be believed of the answer. What cannot be counted is not known, which is not the same as nothing. No DOM.
import { lastPeriods } from './periods.js'

/** The last 12 months and the period that runs, as a server works them out in its own calendar. The tables find a value by its own type and by every longer one, never by a shorter one or another of the same length; so for types that begin
 * elsewhere in the year a longer one is asked for, and financial years are named. */
const RECENT = {
  BiMonthly: 'LAST_6_BIMONTHS;THIS_BIMONTH',
  Quarterly: 'LAST_4_QUARTERS;THIS_QUARTER',
  QuarterlyNov: 'LAST_2_SIXMONTHS;THIS_SIX_MONTH',
  SixMonthly: 'LAST_2_SIXMONTHS;THIS_SIX_MONTH',
  SixMonthlyApril: 'LAST_YEAR;THIS_YEAR',
  SixMonthlyNov: 'LAST_YEAR;THIS_YEAR',
  Yearly: 'LAST_YEAR;THIS_YEAR',
}
const BY_MONTH = 'LAST_12_MONTHS;THIS_MONTH'

export function recentPeriods(type, now = new Date()) {
  if (!type.startsWith('Financial')) return RECENT[type] ?? BY_MONTH
  const nextYear = new Date(now.getFullYear() + 1, now.getMonth(), now.getDate())
  return lastPeriods(type, 2, nextYear).map((one) => one.id).join(';') // the one that runs, and the last that ended
}

const COUNTED = ['NUMBER', 'UNIT_INTERVAL', 'PERCENTAGE', 'INTEGER', 'INTEGER_POSITIVE', 'INTEGER_NEGATIVE', 'INTEGER_ZERO_OR_POSITIVE', 'BOOLEAN', 'TRUE_ONLY']
const NOT_AGGREGATED = ['NONE', 'CUSTOM', 'DEFAULT']

/** One that it cannot count, or add up, makes a server refuse the whole question. */
export const isCounted = ({ valueType, aggregationType, categoryCombo }) => COUNTED.includes(valueType) && !NOT_AGGREGATED.includes(aggregationType) && !categoryCombo?.skipTotal

export const SET_FIELDS = 'periodType,workflow,dataSetElements[dataElement[id,valueType,aggregationType,zeroIsSignificant,categoryCombo[skipTotal]]]'

/** {type, ids: of what can be counted, hidden: those of them that may have values which are not: zeros that say something, which the tables leave out, and what is not approved yet} */
export function countable({ periodType, workflow, dataSetElements }) {
  const elements = dataSetElements.map((one) => one.dataElement).filter(isCounted)
  return { type: periodType, ids: elements.map((one) => one.id), hidden: new Set(elements.filter((one) => workflow || one.zeroIsSignificant).map((one) => one.id)) }
}

const MOST_UNITS = 100

/** The org units whose values an account may see: those named for reports, else those for data entry, which the server knows by one word. */
export function scopeOf({ dataViewOrganisationUnits: view, organisationUnits: own }) {
  if (view?.length) return view.length > MOST_UNITS ? 'USER_ORGUNIT' : view.map((one) => one.id).join(';')
  return own?.length ? 'USER_ORGUNIT' : 'LEVEL-1'
}

/** When the tables were made, in ms since 1970 by this machine's clock; undefined: never. A server tells the time on its wall; what matters is how long ago that was. */
export function tablesMade({ serverDate, lastAnalyticsTableSuccess: all, lastAnalyticsTablePartitionSuccess: latest }, now = Date.now()) {
  const [at, ...made] = [serverDate, all, latest].map((text) => Date.parse(text ?? '') || 0)
  const last = Math.max(...made)
  return at > 0 && last > 0 ? now - Math.max(0, at - last) : undefined
}

/** {made: when, tables: which ones: in the address, so that no cache answers of older ones}. To 2.40 a server without tables answers as if it had no values. */
export function tablesOf(info) {
  const made = tablesMade(info)
  if (!made) throw new Uncounted('no_tables')
  return { made, tables: `${info.lastAnalyticsTableSuccess} ${info.lastAnalyticsTablePartitionSuccess}` }
}

/** Lists of so many as an address may hold. */
export const parts = (list, size) => Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))

/** Of an answer with one dimension: Map of how many by its items. */
export function countsIn({ headers, rows }, dimension) {
  const [item, value] = [dimension, 'value'].map((name) => headers.findIndex((one) => one.name === name))
  const found = rows.map((row) => [row[item], Number(row[value])])
  if (found.some(([id, n]) => typeof id !== 'string' || !Number.isSafeInteger(n) || n < 0)) throw new TypeError('that is no count')
  return new Map(found)
}

/** What is known of each: Map of how many by id. A count of nothing is believed only where no values can be hidden, and where anything was counted at all. */
export function believed({ ids, hidden }, counts) {
  if (counts.size === 0) return new Map()
  return new Map(ids.filter((id) => counts.has(id) || !hidden.has(id)).map((id) => [id, counts.get(id) ?? 0]))
}

/** Why nothing is known: {code, ...what was thrown}. */
export class Uncounted extends Error {
  constructor(code) {
    super(code)
    this.code = code
  }
}

export const total = (counts) => [...counts.values()].reduce((sum, n) => sum + n, 0)
