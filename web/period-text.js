// Periods in the reader's language.
import { listed, region, tn } from './i18n.js'
import { periodName, periodOf, typeOf } from './model/periods.js'

export function periodText(id) {
  const type = typeOf(id)
  const period = type && periodOf(type, id)
  return period ? periodName(type, period, region()) : id
}

export const periodsText = (ids) => listed(ids.slice(0, 3).map(periodText)) + (ids.length > 3 ? ` ${tn('and {n} more', 'and {n} more', ids.length - 3)}` : '')
