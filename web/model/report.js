// What came of a transfer, in one sentence, as its report tells it. No DOM.
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

export const outcomeWords = ({ outcome, dry_run }) => (dry_run && OF_CHECKS[outcome]?.()) || (OUTCOMES[outcome]?.() ?? outcome)
