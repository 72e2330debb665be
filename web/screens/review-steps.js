// All that was done in the alignment, by whom and when; one's own is taken back down to a point.
import { html } from '../lib.js'
import { comma, t, time, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Button, Dialog, Loading, Problem } from '../ui.js'
import { stepName } from './review-history.js'

const SHOWN = 200

export function Steps({ id, version, onUndo, onClose }) {
  const loaded = useLoad((signal) => gateway.alignments.history(id, { limit: SHOWN, signal }), [id, version])
  const steps = loaded.data?.steps ?? []
  const own = steps.filter((one) => one.can_undo)
  const back = (step) => { // the dialog closes, and the review goes on from there
    onUndo(own.indexOf(step) + 1)
    onClose()
  }
  return html`<${Dialog} title=${t('All steps')} onClose=${onClose}>
    <p class="muted">${t('The newest first. What you did yourself can be taken back, with all that you did after it.')}</p>
    <${Problem} error=${loaded.error} again=${loaded.reload} />
    ${!loaded.data && loaded.loading && html`<${Loading} />`}
    ${loaded.data && steps.length === 0 && html`<p class="muted">${t('Nobody has decided or said anything yet.')}</p>`}
    <ol class="events" aria-label=${t('All steps')}>${steps.map((one) => html`<li key=${one.number}>
      <p><b><bdi>${stepName(one)}</bdi></b>${one.undone && html` <span class="muted">${t('(undone since)')}</span>`}</p>
      <p class="muted"><small><bdi>${one.by}</bdi>${comma()}${time(one.at)}${one.after.length > 1 && html` · ${tn('{n} decision', '{n} decisions', one.after.length)}`}</small></p>
      ${one.can_undo && html`<${Button} small disabled=${version === 0} onClick=${() => back(one)} aria-label=${t('Undo back to here: {step}', { step: stepName(one) })}>${t('Undo back to here')}<//>`}
    </li>`)}</ol>
    ${steps.length === SHOWN && html`<p class="muted">${tn('The newest {n} is shown.', 'The newest {n} are shown.', SHOWN)}</p>`}
  <//>`
}
