// The forms of a mapping as files: what they are called, and which one a file's name tells. No DOM.
import { t } from '../i18n.js'

const NAMES = {
  json: () => t('Mapping (JSON)'),
  csv: () => t('List (CSV)'),
  xlsx: () => t('Workbook (Excel)'),
  fhir: () => t('FHIR ConceptMap'),
  datim: () => t('DATIM indicator map (CSV)'),
  openhexa: () => t('OpenHEXA dictionaries'),
  'aligner-csv': () => t('Four columns (Dataset Alignment, CSV)'),
  'data-set-aligner': () => t('data-set-aligner (data store)'),
  'metadata-alignment': () => t('Dataset Alignment (data store)'),
  'dhis2-exchange': () => t('DHIS2 indicators and data exchange'),
}

export const formatTitle = ({ name, title }) => NAMES[name]?.() ?? title

/** The form whose ending is the longest that the name has, else undefined. */
export function formatOfFile(formats, fileName) {
  const name = fileName.toLowerCase()
  return formats.filter((one) => name.endsWith(one.ending)).sort((a, b) => b.ending.length - a.ending.length)[0]
}
