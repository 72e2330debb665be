// The data element that is looked at: its target, candidates, why, and the cells below it.
import { html, useMemo } from '../lib.js'
import { number, percent, t, time, tn } from '../i18n.js'
import { changedWords } from '../model/drift.js'
import { gateway, useLoad } from '../api.js'
import { later } from '../later.js'
import { Button, Confidence, Loading, Name, Notice, Problem, Select, Tabs, Tag } from '../ui.js'
import { Combobox } from '../combobox.js'
import { choiceOf, decideCell, isDecided, optionCombosOf, restoringCell, sameChoice, searchTargets } from '../model/review.js'
import { ATTENTION, wantsApproval } from '../model/rows.js'
import { elementReason, featureName } from '../model/features.js'
import { aggregationType, valueType } from '../model/value-types.js'
import { isRejected, stateTag, Values, Warnings, withHint } from './review-list.js'

const History = later(async () => (await import('./review-history.js')).History, '')

const lettered = (text, letter) => html`${text}${letter ? html` <kbd aria-hidden="true">${letter}</kbd>` : ''}`
const Meta = ({ of: { code, value_type, combo } }) => [code, valueType(value_type), combo].filter(Boolean).map((one, i) => html`${i > 0 && ' · '}<${Name} of=${one} />`)

export function ReviewDetail({ id, review, row, chosen, about, tab, onTab, onWarning, run, pick, onCell, targetsRef, onTargetChosen, onFlag, onComment, commentRef, saved, hint }) {
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
    <${Provenance} element=${element} row=${row} about=${about} />
    ${element.changed && html`<${Changed} changed=${element.changed} />`}
    ${element.flag && html`<${Flag} flag=${element.flag} people=${peopleOf(review.alignment)} onFlag=${onFlag} />`}
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
      ${tab === 'candidates' && html`<${Candidates} element=${element} chosen=${chosen} pick=${pick} />`}
      ${tab === 'why' && html`<${Why} review=${review} element=${element} chosen=${chosen} />`}
      ${tab === 'cells' && html`<${Cells} review=${review} row=${row} cells=${cells} chosen=${chosen} changed=${changed} onCell=${onCell} />`}
      ${tab === 'history' && html`<${History} id=${id} row=${row} review=${review} version=${saved} commentRef=${commentRef} onComment=${onComment} />`}
    <//>`
}

/** Who may be asked to look. */
const peopleOf = (alignment) => [...new Set([alignment.owner, ...alignment.people.map((one) => one.username)].filter(Boolean))]

function Provenance({ element, row, about }) {
  const { by, at, note, confidence, approved_by, approved_at } = element.decision
  if (!by) return null
  return html`<p class="muted meta">${t('Decided by {who}, {when}', { who: by, when: at ? time(at) : '' })}${row.state === 'accepted' ? html`; ${confidence === undefined ? t('chosen by hand') : t('the engine was {sure} sure then', { sure: percent(confidence) })}` : ''}
    ${note && html`<br /><bdi>${note}</bdi>`}
    ${approved_by ? html`<br />${t('Approved by {who}, {when}', { who: approved_by, when: approved_at ? time(approved_at) : '' })}` : wantsApproval(row, about) ? html`<br />${t('Waits for a second person')}` : ''}</p>`
}

function Flag({ flag, people, onFlag }) {
  return html`<${Notice} title=${flag.by ? t('Flagged by {who}', { who: flag.by }) : t('Flagged')}>
    ${flag.note && html`<bdi>${flag.note}</bdi>`}
    <${Select} label=${t('Who shall look')} value=${flag.to ?? ''} onChange=${onFlag}>
      <option value="">${t('Anybody')}</option>${people.concat(flag.to && !people.includes(flag.to) ? [flag.to] : []).map((one) => html`<option key=${one} value=${one}>${one}</option>`)}<//>
  <//>`
}

const NothingToShow = ({ element }) => html`<p class="muted">${isDecided(element.decision.state) ? t('It is decided: what the engine proposes is shown when it is opened again.')
  : t('The engine found nothing that comes close. Search all targets, or say that there is no counterpart.')}</p>`

function Candidates({ element, chosen, pick }) {
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
  <p class="muted hint">${t('With Shift a second target is added: the value then counts in both.')}</p>`
}

function Why({ review, element, chosen }) {
  const wanted = chosen[0]?.id ?? element.proposals[0]?.target.id
  const proposal = element.proposals.find((one) => one.target.id === wanted)
  const target = review.targets.get(wanted)
  if (!wanted) return html`<${NothingToShow} element=${element} />`
  return html`<div class="why">
    ${proposal ? html`<p>${elementReason(proposal)}</p>` : html`<p class="muted">${t('A person chose this target; the engine did not propose it.')}</p>`}
    ${target && html`<${Compare} source=${element.source} target=${target} />`}
    ${proposal && html`<${LookedAt} key=${`${element.source.id} ${wanted}`} review=${review} element=${element} proposal=${proposal} />`}
  </div>`
}

/** Comes when it is looked at, below what is there already. */
function LookedAt({ review, element, proposal }) {
  const ask = async (signal) => (await gateway.alignments.features(review.alignment.id, element.source.id, { signal })).proposals.find((one) => one.target === proposal.target.id)?.features ?? []
  const told = useLoad(async (signal) => proposal.features ?? ask(signal), [proposal])
  if (told.error) return html`<${Problem} error=${told.error} again=${told.reload} />`
  if (!told.data) return html`<${Loading} />`
  return told.data.length > 0 && html`<${Features} features=${told.data} />`
}

function Features({ features }) {
  const most = Math.max(...features.map((one) => Math.abs(one.contribution)), 0.001)
  const sorted = [...features].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  return html`<table class="features"><caption class="unseen">${t('What speaks for it and against it')}</caption><tbody>
    ${sorted.map((one) => html`<tr key=${one.name}><th scope="row">${featureName(one.name)}</th>
      <td class=${one.contribution < 0 ? 'against' : 'for'}><meter min="0" max=${most} value=${Math.abs(one.contribution)} aria-label=${featureName(one.name)}></meter></td>
      <td class="number">${one.contribution < 0 ? t('against') : t('for')} ${number(Math.abs(Math.round(one.contribution * 10) / 10))}</td></tr>`)}
  </tbody></table>`
}

function Compare({ source, target }) {
  const lines = [
    [t('Name'), source, target], [t('Code'), source.code, target.code], [t('Id'), source.id, target.id],
    [t('Value type'), valueType(source.value_type), valueType(target.value_type)], [t('Aggregation type'), aggregationType(source.aggregation_type), aggregationType(target.aggregation_type)], [t('Disaggregation'), source.combo, target.combo], [t('Section'), source.section, target.section],
  ]
  return html`<div class="scroll"><table class="compare"><thead><tr><th scope="col"><span class="unseen">${t('What')}</span></th><th scope="col">${t('Source')}</th><th scope="col">${t('Target')}</th></tr></thead><tbody>
    ${lines.filter(([, a, b]) => a || b).map(([what, a, b]) => html`<tr key=${what} class=${(a?.name ?? a) === (b?.name ?? b) ? 'same' : ''}><th scope="row">${what}</th><td><${Name} of=${a || '–'} /></td><td><${Name} of=${b || '–'} /></td></tr>`)}
  </tbody></table></div>`
}

const termKey = (element, coc, sign = '+') => `${sign} ${element} ${coc}`

function Changed({ changed }) {
  const { text, lang } = changedWords(changed)
  return html`<${Notice} tone="warning" title=${t('Changed at a server since somebody looked last')}><span lang=${lang}>${text}</span><//>`
}

function Cells({ review, row, cells, chosen, changed, onCell }) {
  const groups = useMemo(() => chosen.map((target) => ({ target, cocs: optionCombosOf(review, target.id) })), [review.targets, chosen.map((one) => one.id).join()])
  if (cells.length === 0) return html`<p class="muted">${t('This data element has no cells.')}</p>`
  const choose = (cell, value) => {
    const [sign, element, coc] = value.split(' ')
    onCell(decideCell(cell, value === 'proposal' ? undefined : value === 'none' ? [] : [{ data_element: element, category_option_combo: coc, sign }]), restoringCell(cell))
  }
  return html`<div class="scroll"><table class="cells">
    <caption class="muted">${changed ? t('Cells are proposed once the new target is accepted.') : t('Where the value of each cell is added.')}</caption>
    <thead><tr><th scope="col">${t('Source cell')}</th><th scope="col">${t('Target cell')}</th><th scope="col" class="number">${t('Match')}</th></tr></thead>
    <tbody>${cells.map((cell) => html`<tr key=${cell.source.id}>
      <th scope="row"><${Name} of=${cell.source} /></th>
      <td>${cell.terms.length > 1 ? html`<${Terms} review=${review} cell=${cell} />` : html`<${CellChoice} row=${row} cell=${cell} groups=${groups} disabled=${changed || row.state === 'none'} onChoose=${(value) => choose(cell, value)} />`}</td>
      <td class="number">${cell.decided ? html`<${Tag} tone="positive">${t('By hand')}<//>` : cell.terms.length ? percent(Math.min(...cell.terms.map((one) => one.confidence))) : '–'}</td>
    </tr>`)}</tbody></table></div>`
}

function Terms({ review, cell }) {
  return html`<ul class="terms">${cell.terms.map((one) => html`<li key=${termKey(one.target_data_element, one.target.id, one.sign)}>${one.sign} <${Name} of=${review.targets.get(one.target_data_element)} />, <${Name} of=${one.target} /></li>`)}</ul>`
}

function CellChoice({ row, cell, groups, disabled, onChoose }) {
  const term = cell.terms[0]
  const value = term ? termKey(term.target_data_element, term.target.id, term.sign) : 'none'
  const known = groups.some(({ target, cocs }) => cocs.some((coc) => termKey(target.id, coc.id) === value)) || value === 'none'
  const one = (target, coc) => html`<option key=${coc.id} dir="auto" lang=${coc.lang} value=${termKey(target.id, coc.id)}>${coc.name}</option>`
  return html`<select aria-label=${t('Target cell of {name}', { name: `${row.source.name}, ${cell.source.name}` })} value=${value} disabled=${disabled} onChange=${(event) => onChoose(event.target.value)}>
    <option value="none">${t('No counterpart')}</option>
    ${!known && html`<option value=${value}>${term.sign === '-' ? '− ' : ''}${term.target.name}</option>`}
    ${groups.length === 1 ? groups[0].cocs.map((coc) => one(groups[0].target, coc)) : groups.map(({ target, cocs }) => html`<optgroup key=${target.id} label=${target.name}>${cocs.map((coc) => one(target, coc))}</optgroup>`)}
    ${cell.decided && html`<option value="proposal">${t('As the engine proposes')}</option>`}
  </select>`
}
