// DHIS2's value and aggregation types in words.
import { t } from '../i18n.js'

const NAMES = {
  NUMBER: () => t('Number'),
  INTEGER: () => t('Integer'),
  INTEGER_POSITIVE: () => t('Positive integer'),
  INTEGER_NEGATIVE: () => t('Negative integer'),
  INTEGER_ZERO_OR_POSITIVE: () => t('Integer from zero up'),
  PERCENTAGE: () => t('Percentage'),
  UNIT_INTERVAL: () => t('Number from 0 to 1'),
  TEXT: () => t('Text'),
  LONG_TEXT: () => t('Long text'),
  BOOLEAN: () => t('Yes or no'),
  TRUE_ONLY: () => t('Yes only'),
  DATE: () => t('Date'),
}

const AGGREGATIONS = {
  SUM: () => t('Sum'),
  AVERAGE: () => t('Average'),
  AVERAGE_SUM_ORG_UNIT: () => t('Average over time, sum over units'),
  LAST: () => t('Last value, sum over units'),
  LAST_AVERAGE_ORG_UNIT: () => t('Last value, average over units'),
  FIRST: () => t('First value, sum over units'),
  FIRST_AVERAGE_ORG_UNIT: () => t('First value, average over units'),
  COUNT: () => t('Number of values'),
  MIN: () => t('Least value'),
  MAX: () => t('Largest value'),
  NONE: () => t('Not added up'),
}

export const aggregationType = (name) => AGGREGATIONS[name]?.() ?? name
export const valueType = (name) => NAMES[name]?.() ?? name
