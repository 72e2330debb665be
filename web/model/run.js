// What a run means: its steps, and the target's refusals in words. No DOM.
import { t } from '../i18n.js'

const STEPS = { reading: 'read', translating: 'translate', checking: 'check', sending: 'send', verifying: 'verify' }
const ORDER = ['read', 'translate', 'check', 'send', 'verify']

/** [{id, state: "done" | "now" | "waiting" | "stopped"}]; a check ends before sending. */
export function stepsOf(run) {
  const ids = run.dry_run ? ORDER.slice(0, 3) : ORDER
  const now = ids.indexOf(STEPS[run.state])
  if (now >= 0) return ids.map((id, i) => ({ id, state: i < now ? 'done' : i === now ? 'now' : 'waiting' }))
  if (run.state === 'queued') return ids.map((id) => ({ id, state: 'waiting' }))
  if (['done', 'differs', 'refused'].includes(run.state)) return ids.map((id) => ({ id, state: 'done' }))
  const reached = reachedBy(run.counts, ids)
  return ids.map((id, i) => ({ id, state: i < reached ? 'done' : i === reached ? 'stopped' : 'waiting' }))
}

/** Of a run that stopped its counts tell how far it came. */
function reachedBy(counts, ids) {
  const step = counts.verified + counts.differing > 0 ? 'verify' : counts.sent > 0 ? 'send' : counts.mapped > 0 ? 'check' : counts.read > 0 ? 'translate' : 'read'
  return Math.min(ids.indexOf(step) < 0 ? ids.length - 1 : ids.indexOf(step), ids.length - 1)
}

/** An order is kept for its run, so that what was checked can be sent as it was checked. */
export const orderKey = (run) => `drawbridge order ${run}`

/** Values that nothing is aligned for. */
export const unmappedOf = (counts) => Object.values(counts.unmapped).reduce((a, b) => a + b, 0)

/** Cells that either side refused. */
export const ignoredOf = (counts) => Object.values(counts.ignored).reduce((a, b) => a + b, counts.refused ?? 0)

const REASONS = {
  no_rule: () => t('Nothing is aligned for their cell'),
  no_counterpart: () => t('Their cell has no counterpart'),
  rejected: () => t('What was proposed for their cell was rejected'),
  not_approved: () => t('A second person has not approved their cell yet'),
  undecided: () => t('Nobody has decided about their cell yet'),
  org_unit: () => t('Their organisation unit has no counterpart'),
  attribute_option_combo: () => t('Their attribute option has no counterpart'),
  period: () => t('Their period is none of those that are added up'),
  no_value: () => t('There is a comment alone, and no value'),
  deleted: () => t('They were deleted at the source'),
}
export const knownReasons = () => [...Object.keys(REASONS), ...Object.keys(WORDS), ...WORD_OF.keys()]
export const unmappedReason = (reason) => REASONS[reason]?.() ?? reason

// Both families of DHIS2's codes: those to 2.42 and those from 2.43.
const WORDS = {
  hierarchy: () => [t('The organisation unit is outside those you may enter data for'), t('Ask the administrator of the target to add it to your account.')],
  assigned: () => [t('The data set is not assigned to the organisation unit'), t('Ask the administrator of the target to assign it, or leave the unit out.')],
  unit: () => [t('The target does not know the organisation unit'), t('Align the organisation units of both servers, or leave the unit out.')],
  closed: () => [t('The organisation unit is closed in that period'), t('Leave the unit out, or ask the administrator of the target about its dates.')],
  element: () => [t('The data element is not in the data set of the target'), t('The target was changed since the alignment was made: make it anew and look at what is new.')],
  cell: () => [t('The target does not take this cell'), t('Its disaggregation was changed, or you may not write one of its options. Look at the cells in the review.')],
  attribute: () => [t('The target does not take this attribute option'), t('Ask the administrator of the target which ones the data set takes, and whether you may write them.')],
  right: () => [t('You may not write to this data set'), t('Ask the administrator of the target for the right to write data.')],
  value: () => [t('The value does not fit its data element'), t('Look at the value types of the pair in the review.')],
  option: () => [t('The value is none of the options of its data element'), t('Look at the option set of the target.')],
  period: () => [t('The period is of another type than the data set'), t('Send periods of the type that the target has.')],
  open: () => [t('The period is not open for entry'), t('It is locked, has expired or lies in the future: ask the administrator of the target to open it.')],
  approved: () => [t('The data of that period is approved already'), t('Ask who approved it to take the approval back.')],
  dates: () => [t('The attribute option is not valid in that period or unit'), t('Ask the administrator of the target about its dates and units.')],
  dataset: () => [t('The target does not know the data set'), t('It was removed, or you may not see it. Make the alignment anew.')],
  twice: () => [t('Two values for the same cell'), t('Two rules write to it in different ways. Look at the pair in the review.')],
  not_a_number: () => [t('A sum of something that is no number'), t('Only numbers can be summed: choose one source for that target cell.')],
  missing_source: () => [t('Part of a sum has no value'), t('The mapping asks for all parts. Enter the missing ones at the source.')],
  skipped: () => [t('Part of a sum has no value'), t('The mapping leaves such cells out. Enter the missing ones at the source.')],
  contradiction: () => [t('The source says two different values for one cell'), t('Correct it at the source, then send again.')],
  not_summable: () => [t('The values of this data element cannot be added up'), t('Choose one source for that target cell.')],
  changed_meanwhile: () => [t('Somebody else changed the cell at the target meanwhile'), t('Look at it there, then send again.')],
  unaccounted: () => [t('The target says that it took the value, but it is not there'), t('Send again. If it stays so, tell the administrator of the target.')],
}
const CODES = {
  hierarchy: 'E7617 E8011 org_unit_not_captured', assigned: 'E7636 E8022 org_unit_not_assigned', unit: 'E7603 E7612 E8106 E8107 org_unit_unknown', closed: 'E8031 org_unit_closed', element: 'E7610 E7633 E8020 E8103', cell: 'not_in_data_set E7613 E7614 E7630 E7634 E8024 E8108',
  attribute: 'E7604 E7615 E7616 E7631 E7635 E8012 E8023 E8110 attribute_option_combo_foreign option_access', right: 'E7601 E8010 no_authority data_set_access', value: 'E7619 E8122 value_type', option: 'E7621 E8123', period: 'E7611 E7632 E8021 period_type', open: 'E7640 E7641 E7643 E7644 E8030 period_expired period_future input_period_before input_period_over input_period_not_listed',
  approved: 'E7642 E8033 approved', dates: 'E7638 E7639 E8025 E8032 attribute_org_unit attribute_dates', dataset: 'E7600 E8004 E8005', twice: 'E8128',
}
const WORD_OF = new Map(Object.entries(CODES).flatMap(([word, codes]) => codes.split(' ').map((code) => [code, word])))

/** {title, remedy}: our words where we have some, else what the server said; a remedy of the report's own names the screen where it is done. */
export function conflictWords({ code, message, remedy }) {
  const words = WORDS[WORD_OF.get(code)]?.() ?? WORDS[code]?.()
  return { title: words?.[0] ?? (message || code), remedy: remedy || words?.[1] || '' }
}
