// Why the engine proposes an org unit, an attribute option or a rule for periods, in words: the codes that drawbridge tells beside its English sentence. What is not here is shown as that sentence. No DOM.
import { t } from '../i18n.js'

const OF_PLACES = {
  decided: () => t('A person decided so'),
  decided_none: () => t('A person decided that there is no counterpart'),
  same_id: () => t('the same id'),
  same_code: () => t('the same code'),
  same_name: () => t('the same name'),
  near_name: () => t('nearly the same name'),
  names_contradict: () => t('but names that contradict each other'),
  other_name: () => t('another name'),
  only_tops: () => t('the only tops of their trees'),
  below: (value) => t('{some} of {all} units below belong together', { some: value.split('/')[0], all: value.split('/')[1] }),
  km: (value) => t('{n} km apart', { n: Number(value) }),
  far: (value) => t('but {n} km apart', { n: Number(value) }),
  above_parent: () => t('below parents that belong together'),
  above_ancestor: () => t('below units that belong together'),
  above_other: () => t('but below parents that belong to others'),
  above_none: () => t('and nothing above them tells more'),
  other_level: () => t('on another level'),
  rivals: () => t('but another one is as good'),
  unassigned: (value) => t("Its counterpart is {name}, which the target's data set is not assigned to", { name: value }),
  unit_above: () => t("The unit above it, which the target's data set is assigned to: it would be added to all others below that"),
  nothing_alike: () => t('Nothing of the target is like it enough'),
  both_default: () => t('Neither has attribute options'),
  given_up: () => t('The target has no attribute options: it would be added to all others there, which is for you to choose'),
  made_up: () => t("The target wants attribute options, and the source's values have none: you must say which they are of"),
  same_options: () => t('the same options'),
  same_option_codes: () => t('options of the same codes'),
  like_options: () => t('its options say something like it'),
  options_agree: () => t('its options say the same'),
  options_agree_rivals: () => t('its options say the same, but another one is as good'),
}

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

export const knownReasons = () => ({ places: Object.keys(OF_PLACES), periods: Object.keys(OF_PERIODS) })

/** One sentence out of several reasons: "Same code, nearly the same name, 1.2 km apart". */
export function placeReason({ reasons = [], why = '' }) {
  if (reasons.length === 0 || reasons.some((one) => !OF_PLACES[one.code])) return why
  const text = reasons.map((one) => OF_PLACES[one.code](one.value ?? '')).join(', ')
  return text[0].toLocaleUpperCase() + text.slice(1)
}

export const periodReason = ({ reason, note }) => OF_PERIODS[reason]?.() ?? note
