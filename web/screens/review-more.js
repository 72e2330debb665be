// What the review seldom shows: several rows at once, what accepting together has left, and what somebody else decided otherwise meanwhile.
import { html } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Button, Name, Notice } from '../ui.js'
import { acceptable, ATTENTION } from '../model/rows.js'
import { leftText } from './review-list.js'

/** What can be done with all that are selected. Of places, `taken`: how many of them can be accepted. */
export function Selection({ rows, run, about, hint, taken }) {
  const places = taken !== undefined
  const n = taken ?? acceptable(rows).take.length
  const approvals = places ? 0 : rows.filter((row) => ATTENTION.approval(row, about)).length
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

export const LeftForYou = ({ taken, left, onShow }) => html`<${Notice} tone="warning"><p>${leftText(taken, left.length)} <button type="button" class="link" onClick=${onShow}>${t('Show them')}</button></p><//>`

const MOST_CONFLICTS = 20

/** Somebody else decided about the same thing meanwhile: both are shown, a person chooses. `of(decision)`: {theirs, mine}, each {source, decision}. */
export function Conflicts({ problem, saver, of }) {
  const all = problem.operations.flatMap((one) => one.decisions.map(of)).filter(({ theirs, mine }) => theirs ?? mine)
  const both = [...new Map(all.map((one) => [(one.theirs ?? one.mine).source.id, one])).values()]
  return html`<${Notice} tone="warning" title=${t('Somebody else changed the same meanwhile')} live>
    <p>${t('Nothing is lost: choose which one counts.')}</p>
    <ul class="both">${both.slice(0, MOST_CONFLICTS).map(({ theirs, mine }) => html`<li key=${(theirs ?? mine).source.id}><${Name} of=${(theirs ?? mine).source} />: <b>${t('theirs')}</b> ${verdict(theirs)}, <b>${t('yours')}</b> ${verdict(mine)}</li>`)}
      ${both.length > MOST_CONFLICTS && html`<li>${t('and {n} more', { n: both.length - MOST_CONFLICTS })}</li>`}</ul>
    <p class="row"><${Button} primary small onClick=${() => saver.resolve(true)}>${t('Use mine')}<//><${Button} small onClick=${() => saver.resolve(false)}>${t('Keep theirs')}<//></p>
  <//>`
}

function verdict(row) {
  if (!row) return t('Undecided')
  const { state, targets, by } = row.decision
  const what = state === 'accepted' ? targets.map((one) => one.name).join(' + ') : state === 'none' ? t('No counterpart') : state === 'excluded' ? t('Left out') : t('Undecided')
  return by ? `${what} (${by})` : what
}
