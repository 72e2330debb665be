// What people call things by, in one line of text.
import { apart, arrow, t } from '../i18n.js'

const sideName = (side) => apart(side?.data_set?.name ?? side?.data_set?.id ?? side?.server)
/** Both data sets of an alignment. */
export const pairName = ({ source, target }) => `${sideName(source)} ${arrow()} ${sideName(target)}`

const KINDS = {
  oauth: () => t('At the server (OAuth)'),
  'legacy-oauth': () => t('At the server (OAuth)'),
  pat: () => t('Access token'),
  password: () => t('Password'),
  basic: () => t('Password with every call'),
  bearer: () => t('Access token'),
  'api-key': () => t('API key'),
}

/** Of a sign-in. */
export const kindName = (kind) => KINDS[kind]?.() ?? kind
