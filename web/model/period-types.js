// DHIS2's types of periods in words. No DOM.
import { region, t } from '../i18n.js'
import { made } from '../intl.js'

const NAMES = {
  Daily: () => t('Daily'),
  Weekly: (start) => start ? t('Weekly (start: {start})', { start }) : t('Weekly'),
  BiWeekly: () => t('Every two weeks'),
  Monthly: () => t('Monthly'),
  BiMonthly: () => t('Every two months'),
  Quarterly: (start) => start ? t('Quarterly (start: {start})', { start }) : t('Quarterly'),
  SixMonthly: (start) => start ? t('Six-monthly (start: {start})', { start }) : t('Six-monthly'),
  Yearly: () => t('Yearly'),
  Financial: (start) => t('Financial year (start: {start})', { start }),
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What is behind such a type: the weekday or the month that its periods begin with. */
function startIn(text) {
  const [day, month] = [DAYS, MONTHS].map((names) => names.indexOf(text.slice(0, 3)))
  if (day >= 0) return made('DateTimeFormat', region(), { weekday: 'long', timeZone: 'UTC' }).format(Date.UTC(2026, 1, 1 + day)) // a Sunday
  return month >= 0 ? made('DateTimeFormat', region(), { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2026, month)) : undefined
}

/** "Monthly", "SixMonthlyApril", … One that is not known as it is. */
export function periodTypeName(type) {
  if (type in NAMES) return NAMES[type]()
  const [, kind, text] = /^(Weekly|Quarterly|SixMonthly|Financial)([A-Z][a-z]+)$/.exec(type) ?? []
  const start = text && startIn(text)
  return start ? NAMES[kind](start) : type
}
