// What a run means: its steps, and the target's refusals in words. No DOM.
import { region, t, tn } from '../i18n.js'
import { made } from '../intl.js'
import { valueType } from './value-types.js'

const STEPS = { reading: 'read', translating: 'translate', checking: 'check', sending: 'send', verifying: 'verify' }
const ORDER = ['read', 'translate', 'check', 'send', 'verify']

/** [{id, state: "done" | "now" | "waiting" | "stopped"}]; a check ends before sending, an undo has nothing to read and convert before it. */
export function stepsOf(run) {
  const ids = run.undoes ? ORDER.slice(3) : run.dry_run ? ORDER.slice(0, 3) : ORDER
  const place = (step) => Math.min(Math.max(0, ORDER.indexOf(step) - ORDER.indexOf(ids[0])), ids.length - 1)
  const step = STEPS[run.state]
  if (step) return ids.map((id, i) => ({ id, state: i < place(step) ? 'done' : i === place(step) ? 'now' : 'waiting' }))
  if (run.state === 'queued') return ids.map((id) => ({ id, state: 'waiting' }))
  if (['done', 'differs', 'refused'].includes(run.state)) return ids.map((id) => ({ id, state: 'done' }))
  const reached = place(reachedBy(run.counts))
  return ids.map((id, i) => ({ id, state: i < reached ? 'done' : i === reached ? 'stopped' : 'waiting' }))
}

/** Of a run that stopped its counts tell how far it came. */
const reachedBy = (counts) => (counts.verified + counts.differing > 0 ? 'verify' : counts.sent > 0 ? 'send' : counts.mapped > 0 ? 'check' : counts.read > 0 ? 'translate' : 'read')

const measure = (n, unit, digits = 0) => made('NumberFormat', region(), { style: 'unit', unit, unitDisplay: unit.endsWith('byte') ? 'short' : 'long', maximumFractionDigits: digits }).format(n)
const MB = 1_000_000
const MINUTE = 60
const HOUR = 60 * MINUTE

/** What sending will take, in words, as the check has found out; '' where it has not. */
export function estimateText({ estimate }) {
  if (!estimate) return ''
  const { requests: n, bytes, seconds } = estimate
  const size = bytes < MB ? measure(Math.ceil(bytes / 1000), 'kilobyte') : measure(bytes / MB, 'megabyte', 1)
  const all = tn('Sending them takes about {n} request to both servers and {size} of values.', 'Sending them takes about {n} requests to both servers and {size} of values.', n, { size })
  if (!seconds) return all
  const time = seconds < 2 * MINUTE ? measure(seconds, 'second') : seconds < 2 * HOUR ? measure(Math.floor(seconds / MINUTE), 'minute') : measure(Math.floor(seconds / HOUR), 'hour')
  return `${all} ${t('It takes at least {time}.', { time })}`
}

/** Values that nothing is aligned for. */
export const unmappedOf = (counts) => Object.values(counts.unmapped).reduce((a, b) => a + b, 0)

/** Cells that either side refused. */
export const ignoredOf = (counts) => Object.values(counts.ignored).reduce((a, b) => a + b, counts.refused ?? 0)

const REASONS = {
  no_rule: () => t('Nothing is aligned for their cell'),
  no_counterpart: () => t('Their cell has no counterpart'),
  rejected: () => t('What was proposed for their cell was rejected'),
  not_approved: () => t('A second person has not approved their cell, organisation unit or attribute option yet'),
  undecided: () => t('Nobody has decided about their cell yet'),
  org_unit: () => t('Their organisation unit has no counterpart'),
  unknown_unit: () => t('The target does not have their organisation unit, and such ones were to be skipped'),
  attribute_option_combo: () => t('Their attribute option has no counterpart'),
  period: () => t('Their period is none of those that are added up'),
  no_value: () => t('There is a comment alone, and no value'),
  deleted: () => t('They were deleted at the source'),
}
export const knownReasons = () => [...Object.keys(REASONS), ...Object.keys(WORDS), ...WORD_OF.keys()]
export const unmappedReason = (reason) => REASONS[reason]?.() ?? reason

const maintained = (where) => t('In the Maintenance app (from 2.42 on: Metadata Management): {where}', { where })

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
  missing_source: () => [t('Part of a sum has no value'), t('The mapping asks for all parts. Enter the missing ones at the source, or decide the pairs that are open.')],
  skipped: () => [t('Part of a sum has no value'), t('The mapping leaves such cells out. Enter the missing ones at the source, or decide the pairs that are open.')],
  contradiction: () => [t('The source has two values for one cell'), t('Correct it at the source, or decide what each of its attribute options becomes, then send again.')],
  not_all_decided: () => [t('A part of it was deleted at the source, and others are not decided yet'), t('Decide the pairs that are open, then send again: what is at the target stays until then.')],
  not_summable: () => [t('The values of this data element cannot be added up'), t('Choose one source for that target cell.')],
  changed_meanwhile: () => [t('Somebody else changed the cell at the target meanwhile'), t('Look at it there, then send again.')],
  unreadable: () => [t('The target took the value and does not show it to you'), t('Ask the administrator of the target to assign the organisation unit to the data set and to you.')],
  authority: () => [t('You have no right to enter data at the target'), t('In the Users app: user role, authorities: "Data value: Add/update".')],
  shared: () => [t('You may not write to this data set'), maintained(t('data set, sharing settings: data access "Can capture and view".'))],
  captured: () => [t('The organisation unit is outside those you may enter data for'), t('In the Users app: user, "Data capture and maintenance organisation units".')],
  assignable: () => [t('The data set is not assigned to the organisation unit'), maintained(t('data set, organisation units.'))],
  opening: () => [t('The organisation unit is closed in that period'), maintained(t('organisation unit, "Opening date" and "Closed date".'))],
  foreign: () => [t('The target does not take this attribute option'), maintained(t('data set, "Category combination"; or pair it with one that is there.'))],
  option_access: () => [t('You may not write data for one of its category options'), maintained(t('category option, sharing settings: data access "Can capture and view".'))],
  attribute_org_unit: () => [t('A category option does not count in this organisation unit'), maintained(t('category option, organisation units.'))],
  attribute_dates: () => [t('A category option does not count in this period'), maintained(t('category option, "Start date" and "End date"; or data set, "Open periods after category option end date".'))],
  input_period: () => [t('The period is open, and yet this release of DHIS2 refuses it'), t('Upgrade the target to 2.43.2, or take the data input periods out of the data set for the time of the transfer.')],
  input_periods: () => [t('The data input periods of the data set do not let this period in now'), maintained(t('data set, data input periods.'))],
  expired: () => [t('The time in which data of this period may be entered is over'), t('In the Data Administration app: lock exceptions; or in the data set "Expiry days"; or the authority F_EDIT_EXPIRED in a role of yours.')],
  future: () => [t('The period is not open for entry yet'), maintained(t('data set, "Open future periods for data entry"; or wait until the period has ended.'))],
  approval: () => [t('The data of that period is approved already'), t('In the Data Approval app: take the approval back, for the workflow, the period and the organisation unit or one above it.')],
  approval_unknown: () => [t('Whether the data is approved could not be found out'), t('Try again. If it stays so, ask the administrator of the target about /api/dataApprovals.')],
  min_max: () => [t('The value is below the least or above the largest one that the target expects'), t('In the Data Entry app: the cell, minimum and maximum limits; or send it without that check.')],
  comment_missing: () => [t('Comments of this data element are options, and DHIS2 fails on a value without one'), maintained(t('data element, "Option set comment": take it out for the time of the transfer; or enter a comment in the cell.'))],
  comment_unknown: () => [t('Its comment is none of the options of its data element'), maintained(t('option set, options: codes, where capitals count; or send the values without comments.'))],
  comment_too_long: () => [t('Its comment is longer than the target takes'), t('Make it shorter at the source, or send the values without comments.')],
  option_unknown: () => [t('The value is none of the options of its data element'), maintained(t('option set, options: codes, where capitals count; or correct the value at the source.'))],
  option_set_missing: () => [t('The data element holds several options and has no option set, and DHIS2 takes no value for it then'), maintained(t('data element, "Option set", or "Value type".'))],
  unaccounted: () => [t('The target says that it took the value, but it is not there'), t('Send again. If it stays so, tell the administrator of the target.')],
}
const CODES = {
  hierarchy: 'E7617 E8011', assigned: 'E7636 E8022', unit: 'E7603 E7612 E8106 E8107 org_unit_unknown', closed: 'E8031', element: 'E7610 E7633 E8020 E8103', cell: 'not_in_data_set E7613 E7614 E7630 E7634 E8024 E8108',
  attribute: 'E7604 E7615 E7616 E7631 E7635 E8012 E8023 E8110', right: 'E7601 E8010', value: 'E7618 E7619 E7620 E8120 E8122 E8124 E8125 value_type', option: 'E7621 E8123', period: 'E7611 E7632 E8021 period_type', open: 'E7640 E7641 E7643 E7644 E8030',
  approved: 'E7642 E8033', dates: 'E7638 E7639 E8025 E8032', dataset: 'E7600 E8004 E8005 data_set_unknown', twice: 'E8128',
  authority: 'no_authority', shared: 'data_set_access', captured: 'org_unit_not_captured', assignable: 'org_unit_not_assigned', opening: 'org_unit_closed', foreign: 'attribute_option_combo_foreign', input_periods: 'input_period_before input_period_over input_period_not_listed', expired: 'period_expired', future: 'period_future', approval: 'approved',
}
const WORD_OF = new Map(Object.entries(CODES).flatMap(([word, codes]) => codes.split(' ').map((code) => [code, word])))

// What does not let values be added up, as the report words it too.
const OBSTACLES = {
  'aggregation target': (of) => t("the aggregation type of the target's data element is {1}: such values may not be added up", of),
  'aggregation target over time': (of) => t("the aggregation type of the target's data element is {1}: such values may not be added up over time", of),
  'aggregation source': (of) => t("the aggregation type of the source's data element is {1}: such values may not be added up", of),
  'aggregation source over time': (of) => t("the aggregation type of the source's data element is {1}: such values may not be added up over time", of),
  'value target': (of) => t("the value type of the target's data element is {1}: such values may not be added up", of),
  'value target over time': (of) => t("the value type of the target's data element is {1}: such values may not be added up over time", of),
  'value source': (of) => t("the value type of the source's data element is {1}: such values may not be added up", of),
  'value source over time': (of) => t("the value type of the source's data element is {1}: such values may not be added up over time", of),
}

function obstacleWords({ kind, side, over_time, type }) {
  const words = OBSTACLES[`${kind} ${side}${over_time ? ' over time' : ''}`]?.({ 1: kind === 'value' ? valueType(type) : type }) ?? ''
  return words.charAt(0).toLocaleUpperCase(region()) + words.slice(1)
}

// What was asked for stays what it is, and so do these.
const FOR_GOOD = ['bad_request', 'input', 'usage', 'not_found', 'too_large']

/** Can a run that has stopped end otherwise when it goes on? */
export const canGoOn = ({ state, problem }) => ['paused', 'interrupted', 'cancelled'].includes(state) || (state === 'failed' && !FOR_GOOD.includes(problem?.code))

/** {title, remedy, known}: the page's words where it has some, else what the report says. */
export function conflictWords({ code, message, remedy, value_type, obstacle }) {
  const foretold = code === 'E8030' && remedy // the target is wrong, and it was known that it would be
  const words = (foretold ? WORDS.input_period : WORDS[WORD_OF.get(code)] ?? WORDS[code])?.()
  if (words && value_type) words[0] = t('The value does not fit its data element, which takes: {type}', { type: valueType(value_type) })
  if (words && obstacle) words[0] = obstacleWords(obstacle) || words[0]
  return words ? { title: words[0], remedy: words[1], known: true } : { title: message || code, remedy: remedy || '', known: false }
}
