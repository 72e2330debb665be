// Of the row looked at: why the engine proposes a target, and what becomes of each cell.
import { html, useMemo } from '../lib.js'
import { apart, number, percent, t } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Loading, Name, Problem, Tag } from '../ui.js'
import { decideCell, optionCombosOf, restoringCell } from '../model/review.js'
import { elementReason, featureName } from '../model/features.js'
import { numbersOf, wordsAlike } from '../model/words-alike.js'
import { aggregationType, valueType } from '../model/value-types.js'
import { NothingToShow } from './review-detail.js'

export function Why({ review, element, chosen }) {
  const wanted = chosen[0]?.id ?? element.proposals[0]?.target.id
  const proposal = element.proposals.find((one) => one.target.id === wanted)
  const target = review.targets.get(wanted)
  const alike = useMemo(() => (target ? wordsAlike(element.source.name, target.name) : undefined), [element.source, target])
  if (!wanted) return html`<${NothingToShow} element=${element} />`
  return html`<div class="why">
    ${proposal ? html`<p>${concrete(proposal, element.source, target) ?? elementReason(proposal)}</p>` : html`<p class="muted">${t('A person chose this target; the engine did not propose it.')}</p>`}
    ${alike && html`<${WordsTold} alike=${alike} />`}
    ${target && html`<${Compare} source=${element.source} target=${target} alike=${alike} />`}
    ${proposal && html`<${LookedAt} key=${`${element.source.id} ${wanted}`} review=${review} element=${element} proposal=${proposal} />`}
  </div>`
}

/** The engine's reason with the very code or id; undefined where that is not one that is shown. */
function concrete({ reason }, source, target) {
  if (reason !== 'same_code' || !target) return undefined
  if (source.code && source.code === target.code) return t('They have the same code: {code}', { code: source.code })
  return source.id === target.id ? t('They have the same id: {id}', { id: source.id }) : undefined
}

const listed = (words) => words.map(apart).join(', ')

/** Which words the sentence above is about. Of names that share none, all would be different: that is seen. */
function WordsTold({ alike: { shared, onlySource, onlyTarget } }) {
  const [ours, theirs] = [numbersOf(onlySource), numbersOf(onlyTarget)]
  const facts = [
    shared.length > 0 && t('Words that match, {n} of {all}: {words}', { n: shared.length, all: shared.length + onlySource.length, words: listed(shared) }),
    shared.length > 0 && onlySource.length > 0 && t('Only the source has: {words}', { words: listed(onlySource) }),
    shared.length > 0 && onlyTarget.length > 0 && t('Only the target has: {words}', { words: listed(onlyTarget) }),
    ours.length > 0 && theirs.length > 0 && t('Numbers that differ: {source} in the source, {target} in the target', { source: listed(ours), target: listed(theirs) }),
  ].filter(Boolean)
  return html`<ul class="told">${facts.map((one) => html`<li key=${one}>${one}</li>`)}</ul>`
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

const Marked = ({ of, pieces }) => html`<bdi dir="auto" lang=${of.lang}>${pieces.map((one) => (one.same ? html`<mark>${one.text}</mark>` : one.text))}</bdi>`

function Compare({ source, target, alike }) {
  const lines = [
    [t('Code'), source.code, target.code], [t('Id'), source.id, target.id],
    [t('Value type'), valueType(source.value_type), valueType(target.value_type)], [t('Aggregation type'), aggregationType(source.aggregation_type), aggregationType(target.aggregation_type)], [t('Disaggregation'), source.combo, target.combo], [t('Section'), source.section, target.section],
  ]
  return html`<div class="scroll"><table class="compare"><thead><tr><th scope="col"><span class="unseen">${t('What')}</span></th><th scope="col">${t('Source')}</th><th scope="col">${t('Target')}</th></tr></thead><tbody>
    <tr class=${source.name === target.name ? 'same' : ''}><th scope="row">${t('Name')}</th><td><${Marked} of=${source} pieces=${alike.source} /></td><td><${Marked} of=${target} pieces=${alike.target} /></td></tr>
    ${lines.filter(([, a, b]) => a || b).map(([what, a, b]) => html`<tr key=${what} class=${(a?.name ?? a) === (b?.name ?? b) ? 'same' : ''}><th scope="row">${what}</th><td><${Name} of=${a || '–'} /></td><td><${Name} of=${b || '–'} /></td></tr>`)}
  </tbody></table></div>`
}

const termKey = (element, coc, sign = '+') => `${sign} ${element} ${coc}`

export function Cells({ review, row, cells, chosen, changed, onCell }) {
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
      <td class="number">${cell.decided ? html`<${Tag} tone="positive">${t('By hand')}<//>` : cell.terms.length ? percent(Math.min(...cell.terms.map((one) => one.confidence))) : cell.divided ? html`<${Tag} tone="negative">${t('split')}<//>` : '–'}</td>
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
