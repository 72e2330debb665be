// DHIS2's value types in words.
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

export const valueType = (name) => NAMES[name]?.() ?? name
