// What came of a transfer, and how good that is, in one sentence, as its report tells it. No DOM.
import { t } from '../i18n.js'

const OUTCOMES = {
  done: () => t('Everything went through, was read back and is equal; the totals of both sides agree.'),
  refused: () => t('Some values were refused; everything else went through and was read back.'),
  differs: () => t('Something that was read back, or a total, is not what it should be.'),
  cancelled: () => t('Stopped by a person before the end. What was sent before stays; one can go on with the transfer.'),
  paused: () => t('Paused by a person. What was sent before stays; one can go on with the transfer.'),
  failed: () => t('The transfer failed before its end. What was sent before stays.'),
}
const OF_CHECKS = {
  done: () => t('Dry run: everything could be sent. Nothing was written.'),
  refused: () => t('Dry run: some values would be refused. Nothing was written.'),
}

// Where organisation units were skipped not everything went through, and the totals do not agree.
const BUT_SKIPPED = () => t('Everything went through, was read back and is equal but the values of organisation units that the target does not have: by what was skipped of them the totals differ.')
const CHECK_BUT_SKIPPED = () => t('Dry run: everything could be sent but the values of organisation units that the target does not have. Nothing was written.')

const OF_UNDOS = {
  done: () => t('Everything was taken back: what stood there before the transfer stands there again, and was read back.'),
  refused: () => t('Some cells were left as they are; everything else was taken back, and was read back.'),
}
const OF_UNDO_CHECKS = {
  done: () => t('Dry run: everything could be taken back. Nothing was written.'),
  refused: () => t('Dry run: some cells would be left as they are. Nothing was written.'),
}
const NOTHING = () => t('The source gave no values for what was asked: there was nothing to send.')

const TONES = { done: 'good', differs: 'error', failed: 'error', cancelled: 'info', paused: 'info' }

/** The one verdict on what came of a run, by its report: {tone, words}. "good": all that the source had went through, and it had something. Where nothing was read nothing is proved. */
export function verdictOf({ outcome, dry_run, undo, counts }) {
  if (outcome === 'done' && !undo && counts?.read === 0 && !counts.sent) return { tone: 'info', words: NOTHING() }
  if (outcome === 'done' && counts?.skipped_units > 0) return { tone: 'warning', words: dry_run ? CHECK_BUT_SKIPPED() : BUT_SKIPPED() }
  const special = dry_run ? (undo ? OF_UNDO_CHECKS : OF_CHECKS) : undo ? OF_UNDOS : {}
  return { tone: TONES[outcome] ?? 'warning', words: (special[outcome] ?? OUTCOMES[outcome])?.() ?? outcome }
}

/** The same of a run, or of what a list tells of it. */
export const runVerdict = ({ state, dry_run, undoes, counts, read, sent, units_skipped }) => verdictOf({ outcome: state, dry_run, undo: undoes, counts: counts ?? { read, sent, skipped_units: units_skipped } })

/** Does a total agree, but for what was skipped? In words. */
export const agreement = ({ equal, equal_but_skipped: but }) => (equal ? t('Yes') : but ? t('But for what was skipped') : t('No'))
