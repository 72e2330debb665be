// A new alignment is there, and gets what it starts from: told how much of it, what was passed over, and where to go on. Whatever goes wrong here, the alignment stays.
import { html, useEffect, useState } from '../lib.js'
import { t } from '../i18n.js'
import { gateway } from '../api.js'
import { Link } from '../router.js'
import { reviewAddress } from '../model/address.js'
import { dropStart } from '../starts.js'
import { Loading, Notice, Problem } from '../ui.js'
import { decidedText, Skipped } from './mapping-file.js'

/** A file that went with the page that had it. */
export const gone = ({ alignment, file }) => !alignment && !file

const FIRST = 1 // the version of one in which nobody decided anything yet: what somebody did there since is not written over

export function CarryOver({ id, start }) {
  const [{ error, decided, warnings, lost }, set] = useState({})
  const carry = async () => {
    set({})
    if (gone(start)) return set({ lost: true })
    try {
      const file = start.file ?? (await gateway.alignments.mappingFile(start.alignment, 'json')).blob
      const taken = await gateway.alignments.importMapping(id, file, { format: start.format ?? 'json', ifMatch: FIRST })
      dropStart(id)
      set({ decided: decidedText(taken.decided), warnings: taken.warnings })
    } catch (problem) {
      set({ error: problem })
    }
  }
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('main').focus({ preventScroll: true }) // what had it went with the progress
    carry()
  }, [])
  const path = reviewAddress(id)
  const failed = lost || error
  if (!failed && decided === undefined) return html`<${Loading} what=${t('Carrying over what you start from…')} />`
  return html`
    ${failed ? html`<${Notice} tone="warning" live title=${t('The alignment is ready, but without the decisions you start from')}>${why(error)} ${t('You can import it under Files.')}<//>`
    : html`<${Notice} tone=${decided ? 'good' : 'warning'} live title=${decided ? t('The decisions you start from are carried over') : t('Nothing of it could be carried over')}>
      <p>${decided && `${decided}. `}${t('From {name}.', { name: start.name })} ${decided && t('All of it can be undone in the review.')}</p><//>`}
    ${error && error.code !== 'changed_meanwhile' && html`<${Problem} error=${error} again=${carry} byHand />`}
    <${Skipped} warnings=${warnings} />
    <p class="row"><${Link} class="button primary" to=${path}>${t('Go to the review')}<//><${Link} class="button" to="${path}/overview">${t('Overview')}<//>${failed && html`<${Link} class="button" to="${path}/files">${t('Files')}<//>`}</p>`
}

const why = (error) =>
  !error ? t('The file was lost when this page was loaded again.') : error.code === 'changed_meanwhile' ? t('Something was decided in it already, and nothing is to take its place unasked.') : ''
