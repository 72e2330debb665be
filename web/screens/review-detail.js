// The data element that is looked at: its target, candidates, why, and the cells below it.
import { html } from '../lib.js'
import { percent, t, time, tn } from '../i18n.js'
import { later } from '../later.js'
import { Button, Confidence, Name, Tabs, Tag } from '../ui.js'
import { Combobox } from '../combobox.js'
import { choiceOf, isDecided, sameChoice, searchTargets } from '../model/review.js'
import { ATTENTION, wantsApproval } from '../model/rows.js'
import { valueType } from '../model/value-types.js'
import { isRejected, stateTag, Values, Warnings, withHint } from './review-list.js'

const [Cells, History, Why] = ['Cells', 'History', 'Why'].map((name) => later(async () => (await import('./review-later.js'))[name], ''))
const [Changed, Flag, Note] = ['Changed', 'Flag', 'Note'].map((name) => later(async () => (await import('./review-seldom.js'))[name], 'unseen'))

const lettered = (text, letter) => html`${text}${letter ? html` <kbd aria-hidden="true">${letter}</kbd>` : ''}`
const Meta = ({ of: { code, value_type, combo } }) => [code, valueType(value_type), combo].filter(Boolean).map((one, i) => html`${i > 0 && ' · '}<${Name} of=${one} />`)

export function ReviewDetail({ id, review, row, chosen, about, tab, onTab, onWarning, run, pick, onCell, targetsRef, onTargetChosen, onFlag, onNote, onComment, commentRef, saved, hint }) {
  const { element } = row
  const cells = review.cellsOf.get(row.id) ?? []
  const filled = cells.filter((cell) => cell.terms.length).length
  const decided = isDecided(row.state)
  const changed = !sameChoice(chosen, choiceOf(element))
  const tabs = [{ id: 'candidates', label: t('Candidates') }, { id: 'why', label: lettered(t('Why'), hint('why')) }, { id: 'cells', label: lettered(t('Cells {filled}/{all}', { filled, all: cells.length }), hint('cells')) }, { id: 'history', label: lettered(element.comments ? tn('History, {n} comment', 'History, {n} comments', element.comments) : t('History'), hint('history')) }]
  return html`
    <div class="title"><h2><${Name} of=${row.source} /></h2>${stateTag(row.state, isRejected(row))}</div>
    <p class="muted meta"><${Meta} of=${row.source} /></p>
    <${Values} row=${row} onShow=${onWarning} />
    <${Provenance} element=${element} row=${row} about=${about} onNote=${onNote} />
    ${element.changed && html`<${Changed} changed=${element.changed} />`}
    ${element.flag && html`<${Flag} flag=${element.flag} alignment=${review.alignment} onFlag=${onFlag} />`}
    <${Warnings} row=${row} onShow=${onWarning} />
    <div class="targets">
      ${chosen.length > 0 && html`<ul class="chips" aria-label=${t('Chosen targets')}>
        ${chosen.map((one) => html`<li key=${one.id}><${Name} of=${one} /><button type="button" aria-label=${t('Take {name} away', { name: one.name })} onClick=${() => pick(one, true)}>×</button></li>`)}
      </ul>`}
      <${Combobox} label=${chosen.length ? t('Add another target') : t('Target data element')} placeholder=${withHint(t('Search all targets'), hint('targets'))} inputRef=${targetsRef} chosen=${chosen.map((one) => one.id)}
        search=${(text) => searchTargets(review, text)} onChoose=${(target) => { pick(target, chosen.length > 0 && changed); onTargetChosen() }} />
    </div>
    <div class="row decide">
      <${Button} primary onClick=${() => run('accept')} disabled=${chosen.length === 0 || (row.state === 'accepted' && !changed && !element.changed)} kbd=${hint('accept')}>${t('Accept')}<//>
      <${Button} onClick=${() => run('reject')} disabled=${chosen.length === 0 && element.proposals.length === 0} kbd=${hint('reject')}>${t('Reject')}<//>
      <${Button} onClick=${() => run('none')} disabled=${row.state === 'none'} kbd=${hint('none')}>${t('No counterpart')}<//>
      <${Button} onClick=${() => run('leave-out')} disabled=${row.state === 'excluded'} kbd=${hint('leave-out')}>${t('Leave out')}<//>
      ${wantsApproval(row, about) && html`<${Button} onClick=${() => run('approve')} disabled=${!ATTENTION.approval(row, about)} title=${element.own ? t('You decided it: another person has to approve it') : undefined} kbd=${hint('approve')}>${t('Approve')}<//>`}
      <${Button} onClick=${() => run('flag')} aria-pressed=${element.flag ? 'true' : 'false'} kbd=${hint('flag')}>${t('Flag')}<//>
      <${Button} onClick=${() => run('comment')} kbd=${hint('comment')}>${t('Comment')}<//>
      ${decided && html`<${Button} onClick=${() => run('forget')}>${t('Open again')}<//>`}
    </div>
    <${Tabs} label=${t('About it')} tabs=${tabs} selected=${tab} onSelect=${onTab}>
      ${tab === 'candidates' && html`<${Candidates} element=${element} chosen=${chosen} pick=${pick} hint=${hint} />`}
      ${tab === 'why' && html`<${Why} review=${review} element=${element} chosen=${chosen} />`}
      ${tab === 'cells' && html`<${Cells} review=${review} row=${row} cells=${cells} chosen=${chosen} changed=${changed} onCell=${onCell} />`}
      ${tab === 'history' && html`<${History} id=${id} row=${row} review=${review} version=${saved} commentRef=${commentRef} onComment=${onComment} />`}
    <//>`
}

function Provenance({ element, row, about, onNote }) {
  const { by, at, note, confidence, approved_by, approved_at } = element.decision
  if (!by) return null
  const own = about.me.includes(by) && (!about.second || element.own)
  return html`<p class="muted meta">${t('Decided by {who}, {when}', { who: by, when: at ? time(at) : '' })}${row.state === 'accepted' ? html`; ${confidence === undefined ? t('chosen by hand') : t('the engine was {sure} sure then', { sure: percent(confidence) })}` : ''}
    ${note && !own && html`<br /><bdi>${note}</bdi>`}
    ${approved_by ? html`<br />${t('Approved by {who}, {when}', { who: approved_by, when: approved_at ? time(approved_at) : '' })}` : wantsApproval(row, about) ? html`<br />${t('Waits for a second person')}` : ''}</p>
    ${own && html`<${Note} note=${note} onNote=${onNote} />`}`
}

export const NothingToShow = ({ element }) => html`<p class="muted">${isDecided(element.decision.state) ? t('It is decided: what the engine proposes is shown when it is opened again.')
  : t('The engine found nothing that comes close. Search all targets, or say that there is no counterpart.')}</p>`

function Candidates({ element, chosen, pick, hint }) {
  const ids = chosen.map((one) => one.id)
  if (element.proposals.length === 0) return html`<${NothingToShow} element=${element} />`
  return html`<ol class="candidates">
    ${element.proposals.map(({ target, confidence, decision }, i) => html`<li key=${target.id}><button type="button" aria-pressed=${ids.includes(target.id) ? 'true' : 'false'}
        onClick=${(event) => pick(target, event.shiftKey)}>
      <kbd aria-hidden="true">${i + 1}</kbd>
      <span class="grow"><${Name} class="name" of=${target} /><small><${Meta} of=${target} /></small></span>
      ${decision === 'auto' && html`<${Tag} tone="positive">${t('Sure')}<//>`}<${Confidence} value=${confidence} />
    </button></li>`)}
  </ol>
  <p class="muted hint">${hint('add') ? t('With Shift, or with {key} before its number, a second target is added: the value then counts in both.', { key: hint('add') }) : t('With Shift a second target is added: the value then counts in both.')}</p>`
}

