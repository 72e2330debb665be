// Why the engine proposes an org unit or an attribute option, in words: the codes that drawbridge tells beside its English sentence. What is not here is shown as that sentence. No DOM.
import { listed, t, tn } from '../i18n.js'

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
  below: (value) => tn('{n} of {all} units below belongs together', '{n} of {all} units below belong together', Number(value.split('/')[0]), { all: Number(value.split('/')[1]) }),
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
  nothing_alike: () => t('Nothing at the target is similar enough'),
  both_default: () => t('Neither has attribute options'),
  given_up: () => t('The target has no attribute options: it would be added to all others there, which is for you to choose'),
  made_up: () => t("The target wants attribute options, and the source's values have none: you must say which they are of"),
  same_options: () => t('the same options'),
  same_option_codes: () => t('options of the same codes'),
  like_options: () => t('its options say something like it'),
  options_agree: () => t('its options say the same'),
  options_agree_rivals: () => t('its options say the same, but another one is as good'),
}

export const knownReasons = () => Object.keys(OF_PLACES)

/** One sentence out of several reasons: "Same code, nearly the same name, 1.2 km apart". */
export function placeReason({ reasons = [], why = '' }) {
  if (reasons.length === 0 || reasons.some((one) => !OF_PLACES[one.code])) return why
  const text = listed(reasons.map((one) => OF_PLACES[one.code](one.value ?? '')))
  return text[0].toLocaleUpperCase() + text.slice(1)
}
