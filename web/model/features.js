// What the engine looked at, in words. A name that is not here is shown as the engine has it.
import { t } from '../i18n.js'

const NAMES = {
  base: () => t('Most pairs do not belong together'),
  same_name: () => t('Same name'),
  same_code: () => t('Same id or code'),
  words: () => t('Telling words of the names'),
  text: () => t('Words of names, descriptions and options'),
  spelling: () => t('Spelling of the names'),
  covered: () => t("The target's words that the source has"),
  explained: () => t("The source's words that the target has"),
  agree: () => t('Age, sex, dose: both say the same'),
  conflict: () => t('Age, sex, dose: they contradict'),
  unshared: () => t('Age, sex, dose: only one says it'),
  numbers: () => t('Other numbers that differ'),
  shape: () => t('Disaggregation'),
  type: () => t('Kinds of values'),
  rival: () => t('Another one fits this target better'),
  lead: () => t('How far it is ahead of the next'),
}

export const knownFeatures = () => Object.keys(NAMES)
export const featureName = (name) => NAMES[name]?.() ?? name.replaceAll('_', ' ')
