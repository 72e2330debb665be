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
}

export const knownFeatures = () => Object.keys(NAMES)
export const featureName = (name) => NAMES[name]?.() ?? name.replaceAll('_', ' ')
