// Why periods are converted as they are, in words: the codes that drawbridge tells beside its English sentence. What is not here is shown as that sentence. No DOM.
import { t } from '../i18n.js'

const OF_PERIODS = {
  same_type: () => t('Both sides have the same type of periods.'),
  same_types: () => t('Both sides have the same types of periods.'),
  common_types: () => t('The data sets have periods of several types: only values of the types that both sides have can be sent.'),
  not_told: () => t('A side does not tell its type of periods: they are taken for the same.'),
  roll_up: () => t('Whole periods of the source make up one of the target, where values may be added up over time (sums): not averages, not last values.'),
  shorter: () => t('The target wants shorter periods than the source has. A value is never split: nothing can be sent.'),
  straddles: () => t('A period of the source can lie in two of the target. A value is never split: nothing can be sent.'),
  unknown_types: () => t('What these types of periods are to each other is not known: nothing can be sent.'),
  calendar: () => t('These servers count by another calendar than ISO 8601, by which periods are added up: nothing can be sent.'),
  calendars: () => t('The two servers count by different calendars, so the same period is other days: nothing can be sent.'),
  no_common_type: () => t('The data sets have periods of several types, and none is common to both sides: align them one by one.'),
}

export const knownPeriodReasons = () => Object.keys(OF_PERIODS)

export const periodReason = ({ reason, note }) => OF_PERIODS[reason]?.() ?? note
