// What an account may do at a DHIS2: metadata and data are shared by data set, entering data wants an authority besides. No DOM.
import { t } from '../i18n.js'

const ENTER = ['ALL', 'F_DATAVALUE_ADD']

/** `me` and `sets` as /api/me and /api/dataSets have them: [{name, granted, remedy}]; who sees no data set is told nothing of sharing that cannot be known. */
export function rightsOf({ me, sets }) {
  const list = sets.dataSets
  const shared = (what) => list.some((one) => one.access.data[what])
  const may = me.authorities.some((one) => ENTER.includes(one))
  const sees = { name: t('See data sets'), granted: list.length > 0, remedy: t('To see data sets: ask an administrator of the server to share them with you (sharing settings of the data set: metadata access "Can view").') }
  const reads = { name: t('Read data values'), granted: sees.granted && shared('read'), remedy: t('To read data values: ask an administrator of the server to share data sets with you (sharing settings of the data set: data access "Can view").') }
  const writes = { name: t('Write data values'), granted: may && sees.granted && shared('write'), remedy: may
    ? t('To write data values here, which only a target needs: ask an administrator of the server to share data sets with you (sharing settings of the data set: data access "Can capture and view").')
    : t('To write data values here, which only a target needs: ask an administrator of the server for a user role with the authority "Data value: Add/update" (F_DATAVALUE_ADD).') }
  return [sees, sees.granted && reads, (sees.granted || !may) && writes].filter(Boolean)
}
