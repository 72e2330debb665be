// What the engine looked at, in words. A name that is not here is shown as the engine has it.
import { t } from '../i18n.js'

const NAMES = {
  id: () => t('Same id'),
  code: () => t('Code'),
  name: () => t('Name'),
  words: () => t('Words in the names'),
  letters: () => t('Letters in the names'),
  age: () => t('Age'),
  sex: () => t('Sex'),
  value_type: () => t('Value type'),
  aggregation: () => t('Aggregation'),
  section: () => t('Section'),
  combo: () => t('Disaggregation'),
  position: () => t('Place in the form'),
}

export const featureName = (name) => NAMES[name]?.() ?? name.replaceAll('_', ' ')
