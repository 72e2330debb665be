// What is said where a data set is not assigned to org units.
import { t, tn } from '../i18n.js'

/** Org units that nothing can be sent for. */
export const unassignedTitle = (n) => tn('Nothing can be sent for {n} organisation unit', 'Nothing can be sent for {n} organisation units', n)
export const unassignedText = (n, alignment) => tn('The target has it, but its data set {name} is not assigned to it.', 'The target has them, but its data set {name} is not assigned to them.', n, { name: alignment?.target.data_set.name ?? '' })

export const noneAssignedText = (alignment, side) => t('The data set {name} ({server}) is assigned to no organisation unit.', { name: alignment?.[side].data_set.name ?? '', server: alignment?.[side].server ?? '' })
