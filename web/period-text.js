// Periods in the reader's language.
import { region } from './i18n.js'
import { periodName, periodOf, typeOf } from './model/periods.js'
import { someOf } from './some-of.js'

export function periodText(id) {
  const type = typeOf(id)
  const period = type && periodOf(type, id)
  return period ? periodName(type, period, region()) : id
}

export const periodsText = (ids) => someOf(ids.map(periodText), 3)
