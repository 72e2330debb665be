// What the review seldom shows: several rows at once.
import { html } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Button } from '../ui.js'
import { acceptable, ATTENTION } from '../model/rows.js'

/** What can be done with all that are selected. Of places, `taken`: how many of them can be accepted. */
export function Selection({ rows, run, about, hint, taken }) {
  const places = taken !== undefined
  const n = taken ?? acceptable(rows).take.length
  const approvals = rows.filter((row) => (places ? row.approvable : ATTENTION.approval(row, about))).length
  return html`<div class="filters selection" role="group" aria-label=${t('Those selected')}>
    <b>${tn('{n} selected', '{n} selected', rows.length)}</b>
    <${Button} small primary disabled=${n === 0} onClick=${() => run('accept')} kbd=${hint('accept')}>${t('Accept {n}', { n })}<//>
    <${Button} small onClick=${() => run('none')} kbd=${hint('none')}>${t('No counterpart')}<//>
    ${!places && html`<${Button} small onClick=${() => run('leave-out')} kbd=${hint('leave-out')}>${t('Leave out')}<//>
    <${Button} small onClick=${() => run('flag')} kbd=${hint('flag')}>${t('Flag')}<//>`}
    ${approvals > 0 && html`<${Button} small onClick=${() => run('approve')} kbd=${hint('approve')}>${t('Approve {n}', { n: approvals })}<//>`}
    <${Button} small onClick=${() => run('unselect')} kbd="Esc">${t('Select none')}<//>
  </div>`
}
