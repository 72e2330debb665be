// Whether the values of two data elements move alike, period by period. What a server does not tell of a period is not known, which is not the same as nothing. No DOM.
import { BY_MONTHS, lastPeriods, WEEKS } from './periods.js'

export const PERIODS = 12
/** Less than this share of the larger one is no difference that matters. */
export const CLOSE = 0.05
const MOST = 0.75 // of the periods that both have
const ENOUGH = 4 // of those: fewer agree by chance
const TOGETHER = 0.9 // correlation

/** How long a period of a type is; undefined where the type is not known. */
const monthsOf = (type) => (type === 'Daily' ? 1 / 30 : type in WEEKS ? 7 / 30 : type === 'BiWeekly' ? 14 / 30 : BY_MONTHS[type]?.[0])

const BY_LENGTH = ['Monthly', 'Quarterly', 'SixMonthly', 'Yearly']

/** The type of periods in which the values of both can be had: analytics finds a value by its own type and by every longer one. Undefined: there is none. */
export function commonType(one, other) {
  if (one === other) return one
  const [a, b] = [one, other].map(monthsOf)
  if (!a || !b) return undefined
  return a === b ? BY_LENGTH.find((type) => monthsOf(type) > a) : a > b ? one : other
}

/** The last that ended, newest first. */
export const comparedPeriods = (type, now) => lastPeriods(type, PERIODS, now)

const isClose = ([a, b]) => a === b || Math.abs(a - b) < CLOSE * Math.max(Math.abs(a), Math.abs(b))
const isSame = (list) => list.every((one) => one === list[0])
const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length

function correlationOf(pairs) {
  const [ours, theirs] = [0, 1].map((side) => pairs.map((pair) => pair[side]))
  if (isSame(ours) || isSame(theirs)) return undefined
  const [a, b] = [ours, theirs].map((list) => { const middle = mean(list); return list.map((one) => one - middle) })
  const sum = (x, y) => x.reduce((all, one, i) => all + one * y[i], 0)
  return sum(a, b) / Math.sqrt(sum(a, a) * sum(b, b))
}

/** How many times as much the other has, in the period in the middle. */
function ratioOf(pairs) {
  const ratios = pairs.filter(([ours]) => ours !== 0).map(([ours, theirs]) => theirs / ours).sort((a, b) => a - b)
  return ratios[Math.floor(ratios.length / 2)]
}

/** Of two Maps of value by period: {said: what can be said, all: periods that both have, close: those of them that are about the same, ratio, correlation, speaks: "for" or "against", strength: 0 to 1}. */
export function compareHistories(ours, theirs) {
  const pairs = [...ours].filter(([period]) => theirs.has(period)).map(([period, value]) => [value, theirs.get(period)])
  const about = { all: pairs.length, close: pairs.filter(isClose).length, correlation: pairs.length < ENOUGH ? undefined : correlationOf(pairs) }
  if (ours.size === 0 || theirs.size === 0) return { ...about, said: ours.size === theirs.size ? 'both_empty' : 'one_empty' }
  if (pairs.length < ENOUGH) return { ...about, said: 'few' }
  const share = (n) => n / pairs.length
  const speaksFor = (said, strength, more) => ({ ...about, said, speaks: 'for', strength, ...more })
  if (share(about.close) >= MOST) return speaksFor('alike', share(about.close), about.correlation < TOGETHER && { correlation: undefined }) // one period that is quite otherwise overturns it
  if (about.correlation === undefined && [0, 1].every((side) => isSame(pairs.map((pair) => pair[side])))) return { ...about, said: 'constant' }
  const r = about.correlation ?? 0
  const ratio = ratioOf(pairs)
  const scaled = ratio > 0 ? pairs.filter(([a, b]) => isClose([a * ratio, b])).length : 0
  if (r >= TOGETHER && share(scaled) >= MOST) return speaksFor('scaled', r, { ratio, close: scaled })
  if (r >= TOGETHER) return speaksFor('together', r)
  return { ...about, said: 'apart', speaks: 'against', strength: Math.min(1, 1 - r) }
}
