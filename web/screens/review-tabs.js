// Of the row looked at: why the engine proposes a target, and what becomes of each cell.
import { html, useEffect, useMemo, useRef, useState } from '../lib.js'
import { apart, listed, number, percent, t } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { later, withTexts } from '../later.js'
import { Button, Loading, Name, Problem, Tag } from '../ui.js'
import { cellKey, decideCell, optionCombosOf, restoringCell, targetOfTerm } from '../model/review.js'
import { elementReason, featureName } from '../model/features.js'
import { numbersOf, wordsAlike } from '../model/words-alike.js'
import { aggregationType, valueType } from '../model/value-types.js'
import { NothingToShow } from './review-detail.js'

const ValuesCompared = later(async () => (await withTexts('values', import('./review-values.js'))).ValuesCompared, '')

export function Why({ review, element, chosen }) {
  const ids = chosen.length ? chosen.map((one) => one.id) : element.proposals.slice(0, 1).map((one) => one.target.id)
  const [wanted] = ids
  const proposal = element.proposals.find((one) => one.target.id === wanted)
  const target = review.targets.get(wanted)
  const alike = useMemo(() => (target ? wordsAlike(element.source.name, target.name) : undefined), [element.source, target])
  if (!wanted) return html`<${NothingToShow} element=${element} />`
  return html`<div class="why">
    ${proposal ? html`<p>${concrete(proposal, element.source, target) ?? elementReason(proposal)}</p>` : html`<p class="muted">${t('A person chose this target; the engine did not propose it.')}</p>`}
    ${alike && html`<${WordsTold} alike=${alike} />`}
    ${target && html`<${Compare} source=${element.source} target=${target} alike=${alike} />`}
    ${proposal && html`<${LookedAt} key=${`${element.source.id} ${wanted}`} review=${review} element=${element} proposal=${proposal} />`}
    ${target && html`<${Values} key=${ids.join()} alignment=${review.alignment} element=${element.source} targets=${ids.map((id) => review.targets.get(id)).filter(Boolean)} />`}
  </div>`
}

/** Two servers are asked, and they work for it: only when a person says so. */
function Values({ alignment, element, targets }) {
  const [times, setTimes] = useState(0)
  if (!alignment.source.data_set || !alignment.target.data_set) return null
  return html`<p class="row hint"><${Button} small onClick=${() => setTimes(times + 1)}>${times ? t('Compare their values again') : t('Compare their values')}<//></p>
    ${times > 0 && html`<${ValuesCompared} alignment=${alignment} element=${element} targets=${targets} times=${times} />`}`
}

/** The engine's reason with the very code or id; undefined where that is not one that is shown. */
function concrete({ reason }, source, target) {
  if (reason !== 'same_code' || !target) return undefined
  if (source.code && source.code === target.code) return t('They have the same code: {code}', { code: source.code })
  return source.id === target.id ? t('They have the same id: {id}', { id: source.id }) : undefined
}

const eachApart = (words) => listed(words.map(apart))

/** Which words the sentence above is about. Of names that share none, all would be different: that is seen. */
function WordsTold({ alike: { shared, onlySource, onlyTarget } }) {
  const [ours, theirs] = [numbersOf(onlySource), numbersOf(onlyTarget)]
  const facts = [
    shared.length > 0 && t('Words that match, {n} of {all}: {words}', { n: shared.length, all: shared.length + onlySource.length, words: eachApart(shared) }),
    shared.length > 0 && onlySource.length > 0 && t('Only the source has: {words}', { words: eachApart(onlySource) }),
    shared.length > 0 && onlyTarget.length > 0 && t('Only the target has: {words}', { words: eachApart(onlyTarget) }),
    ours.length > 0 && theirs.length > 0 && t('Numbers that differ: {source} in the source, {target} in the target', { source: eachApart(ours), target: eachApart(theirs) }),
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

export function Cells({ review, row, cells, chosen, changed, onCell }) {
  const groups = useMemo(() => chosen.map((target) => ({ target, cocs: optionCombosOf(review, target.id) })), [review.targets, chosen.map((one) => one.id).join()])
  if (cells.length === 0) return html`<p class="muted">${t('This data element has no cells.')}</p>`
  return html`<div class="scroll"><table class="cells">
    <caption class="muted">${changed ? t('Cells are proposed once the new target is accepted.') : t('Where the value of each cell is added. A target cell is the sum of all that is added to it, less what is subtracted.')}</caption>
    <thead><tr><th scope="col">${t('Source cell')}</th><th scope="col">${t('Target cell')}</th><th scope="col" class="number">${t('Match')}</th></tr></thead>
    <tbody>${cells.map((cell) => html`<tr key=${cell.source.id}>
      <th scope="row"><${Name} of=${cell.source} /></th>
      <td><${Terms} review=${review} row=${row} cell=${cell} groups=${groups} disabled=${changed || row.state === 'none'} onTargets=${(targets) => onCell(decideCell(cell, targets), restoringCell(cell))} /></td>
      <td class="number">${cell.decided ? html`<${Tag} tone="positive">${t('By hand')}<//>` : cell.terms.length ? percent(Math.min(...cell.terms.map((one) => one.confidence))) : cell.divided ? html`<${Tag} tone="negative">${t('split')}<//>` : '–'}</td>
    </tr>`)}</tbody></table></div>`
}

const keyOf = (term) => cellKey(term.target_data_element, term.target.id)
const replaced = (list, at, ...by) => [...list.slice(0, at), ...by, ...list.slice(at + 1)]

/** Terms in the order in which they were seen first, whatever the order they come in: what has the focus stays where it is. `became(at, key)`: another one takes a place. */
function useOrder(terms) {
  const order = useRef([])
  const byKey = new Map(terms.map((one) => [keyOf(one), one]))
  order.current = [...new Set([...order.current, ...byKey.keys()])].filter((key) => byKey.has(key))
  return [order.current.map((key) => byKey.get(key)), (at, key) => { order.current = replaced(order.current, at, key) }]
}

/** The terms of one cell, each with its sign: every change is a decision about the cell, with all of them. A target cell is named once at most. */
function Terms({ review, row, cell, groups, disabled, onTargets }) {
  const [adding, setAdding] = useState(false)
  const list = useRef()
  const [terms, became] = useOrder(cell.terms)
  const called = `${row.source.name}, ${cell.source.name}`
  const targets = terms.map(targetOfTerm)
  const taken = new Set(terms.map(keyOf))
  const more = terms.length > 0 && groups.some(({ target, cocs }) => cocs.some((coc) => !taken.has(cellKey(target.id, coc.id))))
  const choose = (at, value) => {
    setAdding(false)
    if (value === 'proposal') return onTargets(undefined)
    if (value === 'none') return onTargets([])
    const [data_element, category_option_combo] = value.split(' ')
    became(at, value)
    onTargets(replaced(targets, at, { data_element, category_option_combo, sign: targets[at]?.sign ?? '+' }))
  }
  const turn = (at) => onTargets(replaced(targets, at, { ...targets[at], sign: targets[at].sign === '-' ? '+' : '-' }))
  const takeAway = (at) => {
    list.current.querySelectorAll('select')[Math.max(0, at - 1)].focus() // what is left takes the places in their order
    if (at < terms.length) onTargets(replaced(targets, at))
    else setAdding(false)
  }
  const rows = adding ? [...terms, undefined] : terms.length ? terms : [undefined]
  return html`<ul class="terms" ref=${list}>${rows.map((term, at) => {
    const name = term && `${review.targets.get(term.target_data_element)?.name ?? term.target_data_element}, ${term.target.name}`
    return html`<li key=${at}>
      ${term && html`<button type="button" class="button small" aria-pressed=${term.sign === '-' ? 'true' : 'false'} aria-label=${t('Subtract from {name}', { name })} disabled=${disabled} onClick=${() => turn(at)}>${term.sign === '-' ? '−' : '+'}</button>`}
      <${CellChoice} label=${at === 0 ? t('Target cell of {name}', { name: called }) : t('Target cell {n} of {name}', { n: at + 1, name: called })} term=${term} fresh=${adding && !term} only=${rows.length === 1} decided=${cell.decided && at === 0} groups=${groups} taken=${taken} disabled=${disabled} onChoose=${(value) => choose(at, value)} />
      ${rows.length > 1 && html`<button type="button" class="button small" aria-label=${name ? t('Take {name} away', { name }) : t('Cancel')} disabled=${disabled} onClick=${() => takeAway(at)}>×</button>`}
    </li>`
  })}</ul>
  ${more && !adding && html`<button type="button" class="link" aria-label=${t('Add a target cell to {name}', { name: called })} disabled=${disabled} onClick=${() => setAdding(true)}>${t('Add a target cell')}</button>`}`
}

/** `term`: undefined where none is chosen; `fresh`: one that is being added, and has the focus; `only`: it may be none at all. */
function CellChoice({ label, term, fresh, only, decided, groups, taken, disabled, onChoose }) {
  const select = useRef()
  useEffect(() => { if (fresh) select.current.focus() }, [])
  const value = term ? keyOf(term) : fresh ? '' : 'none'
  const known = !term || groups.some(({ target, cocs }) => cocs.some((coc) => cellKey(target.id, coc.id) === value))
  const one = (target, coc) => {
    const key = cellKey(target.id, coc.id)
    return html`<option key=${coc.id} dir="auto" lang=${coc.lang} value=${key} disabled=${key !== value && taken.has(key)}>${coc.name}</option>`
  }
  return html`<select class="names" ref=${select} aria-label=${label} value=${value} disabled=${disabled} onChange=${(event) => onChoose(event.target.value)}>
    ${fresh && html`<option value="" disabled>${t('Choose a target cell')}</option>`}
    ${only && html`<option value="none">${t('No counterpart')}</option>`}
    ${!known && html`<option value=${value}>${term.target.name}</option>`}
    ${groups.length === 1 ? groups[0].cocs.map((coc) => one(groups[0].target, coc)) : groups.map(({ target, cocs }) => html`<optgroup key=${target.id} label=${target.name}>${cocs.map((coc) => one(target, coc))}</optgroup>`)}
    ${decided && html`<option value="proposal">${t('As the engine proposes')}</option>`}
  </select>`
}
