// What the engine looked at, in words. A name that is not here is shown as the engine has it.
import { t } from '../i18n.js'

const NAMES = {
  base: () => t('Most pairs do not belong together'),
  same_name: () => t('Same name'),
  same_code: () => t('Same id or code'),
  words: () => t('Telling words of the names'),
  text: () => t('Words of names, descriptions and options'),
  covered: () => t("The target's words that the source has"),
  explained: () => t("The source's words that the target has"),
  agree: () => t('Age, sex, dose: both say the same'),
  conflict: () => t('Age, sex, dose: they contradict'),
  unshared: () => t('Age, sex, dose: only the source says it'),
  numbers: () => t('Other numbers that differ'),
  shape: () => t('Same cells of the disaggregation'),
  ages: () => t('How the age groups go into each other'),
  divided: () => t('What the target divides by and the source tells'),
  untold: () => t('What the target divides by and the source does not tell'),
  lost: () => t('What the source divides by and the target does not'),
  type: () => t('Kinds of values'),
  rival: () => t('Another one fits this target better'),
  wider: () => t('Age, sex, dose: only the target says it'),
  usual: () => t('Alike, beside what is usual for these lists'),
  beyond: () => t("The source's words that the target lacks"),
  short: () => t("The target's words that the source lacks"),
  kin: () => t('Elements of the same kind go there, too'),
  lead: () => t('How far it is ahead of the next'),
  elements: () => t('The pair of elements, and how sure it is'),
  undivided: () => t('Neither is divided'),
  left_over: () => t('The only ones left on both sides'),
  taught: () => t('Paired by a person for another element'),
  difference: () => t('All tested, less those who were positive'),
}

export const knownFeatures = () => Object.keys(NAMES)
export const featureName = (name) => NAMES[name]?.() ?? name.replaceAll('_', ' ')

const REASONS = {
  decided: () => t('A person decided so'),
  decided_none: () => t('A person decided that there is no counterpart'),
  same_code: () => t('They have the same id or code'),
  same_name: () => t('They have the same name'),
  vetoed: () => t('The names contradict each other in age, sex, dose or the like'),
  other_type: () => t('They hold different kinds of values'),
  rival: () => t('The names are alike, but another element fits this target better'),
  short_name: () => t('A short name or form name is the same, or all but what a whole list shares'),
  almost_same_words: () => t('The names say the same in almost the same words'),
  some_conflict: () => t('Some words agree, but not all that the names tell'),
  telling_words: () => t('The telling words of the names agree'),
  common_words: () => t('Names, descriptions and options have telling words in common'),
  few_words: () => t('A few words agree'),
}

export const knownReasons = () => Object.keys(REASONS)
/** Why a proposal is there, in one sentence; drawbridge's own where it has a reason that is not known here. */
export const elementReason = ({ reason, why }) => REASONS[reason]?.() ?? why
