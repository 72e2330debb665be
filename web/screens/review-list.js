// The list of the review with what stands above it: progress, bulk, filters, conflicts, keys.
import { html, useId, useMemo, useState } from '../lib.js'
import { apart, listed, t, tn } from '../i18n.js'
import { Bar, Button, Confidence, Name, Notice, Select, Tag } from '../ui.js'
import { Link } from '../router.js'
import { VirtualGrid } from '../vlist.js'
import { periodTypeName } from '../model/period-types.js'
import { reviewAddress } from '../model/address.js'
import { aggregationType, valueType } from '../model/value-types.js'
import { AS_IT_IS, createSureCounts, needsLook, NO_SECTION, wantsApproval } from '../model/rows.js'
import { selectColumn, SelectMark } from './selecting.js'

export const withHint = (text, letter) => (letter ? `${text} (${letter})` : text)

/** `rejected`: a person refused all that was proposed. */
export const stateTag = (state, rejected) =>
  ({
    proposed: () => html`<${Tag}>${t('To review')}<//>`,
    accepted: () => html`<${Tag} tone="positive">${t('Accepted')}<//>`,
    none: () => html`<${Tag} tone="info">${t('No counterpart')}<//>`,
    excluded: () => html`<${Tag}>${t('Left out')}<//>`,
    nothing: () => html`<${Tag} tone="warning">${rejected ? t('Rejected') : t('No proposal')}<//>`,
  })[state]()

export const isRejected = (row) => row.element.decision.state === 'rejected'

const LEAST_SURE = 50

export function ReviewBar({ id, progress, coverage, history, run, list, onAcceptSure, onWarned, onChanged, onPeople, onSteps, hint }) {
  const [typed, setTyped] = useState('90')
  const field = useId()
  const threshold = typed >= LEAST_SURE && typed <= 100 ? Number(typed) / 100 : Infinity // on the way to a number nothing is that sure
  const { take, left } = useMemo(createSureCounts, [])(list, threshold)
  const done = progress.accepted + progress.none
  return html`<div class="bar-tools">
    <div class="row grow">
      <${Bar} label=${t('Decided')} value=${done} max=${progress.all} />
      <span>${tn('{n} of {all} decided', '{n} of {all} decided', done, { all: progress.all })}</span>
      <span class="muted">${tn('{n} of {all} target cells can be filled', '{n} of {all} target cells can be filled', coverage.target_cells_filled, { all: coverage.target_cells })}</span>
      ${progress.warned > 0 && html`<button type="button" class="link" onClick=${onWarned}>${tn('{n} with a warning', '{n} with warnings', progress.warned)}</button>`}
      ${progress.changed > 0 && html`<button type="button" class="link" onClick=${onChanged}>${tn('{n} changed at a server', '{n} changed at a server', progress.changed)}</button>`}
    </div>
    <div class="row">
      <${Button} onClick=${onPeople}>${t('People')}<//>
      <${Button} onClick=${() => run('undo')} disabled=${!history.undo} title=${history.undo?.label} kbd=${hint('undo')}>${t('Undo')}<//>
      <${Button} onClick=${() => run('redo')} disabled=${!history.redo} title=${history.redo?.label} kbd=${hint('redo')}>${t('Redo')}<//>
      <${Button} onClick=${onSteps}>${t('All steps')}<//>
      <${Link} class="button" to=${`${reviewAddress(id)}/print`}>${t('Print')}<//>
      <span class="row sure"><label for=${field}>${t('Accept all at or above')}</label>
      <span class="together"><input id=${field} class="threshold" type="number" min=${LEAST_SURE} max="100" value=${typed} onInput=${(event) => setTyped(event.target.value)} aria-describedby="${field}-unit" /> <span id="${field}-unit">%</span></span>
      <${Button} primary disabled=${take === 0} onClick=${() => onAcceptSure(threshold)} title=${left ? tn('{n} is left for you.', '{n} are left for you.', left) : undefined}>${t('Accept {n}', { n: take })}<//></span>
    </div>
  </div>`
}

/** What came of accepting several at once. */
export const leftText = (taken, left) => [tn('{n} accepted.', '{n} accepted.', taken), left > 0 && tn('{n} is left for you.', '{n} are left for you.', left)].filter(Boolean).join(' ')

export const COUNTED = () => t('The values are counted now: order the list again to go by them.')

/** Only rows that were named, until one has seen them. */
const Named = ({ filter, onAll }) => filter.only && html`<span class="row"><b>${tn('Only {n} row that was left', 'Only {n} rows that were left', filter.only.split(',').length)}</b> <${Button} small onClick=${onAll}>${t('Show everything')}<//></span>`

export function ReviewFilters({ filter, onFilter, sections, shown, searchRef, onHelp, onLeave, facets, onFacets, run, hint, orderAnew }) {
  const set = (key) => (value) => onFilter({ ...filter, [key]: value })
  const id = useId()
  const bands = [['all', t('All')], ['high', t('High')], ['medium', t('Medium')], ['low', t('Low')]]
  return html`<div class="filters" role="search" aria-label=${t('Choose what to see')}>
    <div class="field search"><label for=${id} class="unseen">${t('Search name or code')}</label>
      <input id=${id} ref=${searchRef} type="search" placeholder=${withHint(t('Search name or code'), hint('search'))} value=${filter.text} onInput=${(event) => set('text')(event.target.value)}
        onKeyDown=${(event) => (event.key === 'Enter' || event.key === 'Escape') && onLeave()} /></div>
    <${Select} label=${t('State')} hideLabel value=${filter.state} onChange=${set('state')}>
      <option value="any">${t('Any state')}</option><option value="open">${t('Undecided')}</option><option value="proposed">${t('To review')}</option><option value="nothing">${t('No proposal')}</option>
      <option value="accepted">${t('Accepted')}</option><option value="none">${t('No counterpart')}</option><option value="excluded">${t('Left out')}</option>
    <//>
    ${sections.length > 1 && html`<${Select} label=${t('Section')} hideLabel value=${filter.section} onChange=${set('section')} class="names">
      <option value="">${t('All sections')}</option>${sections.map((one) => html`<option key=${one} value=${one}>${one === NO_SECTION ? t('No section') : one}</option>`)}
    <//>`}
    <div class="segments" role="group" aria-label=${t('Confidence')}>
      ${bands.map(([value, text]) => html`<button key=${value} type="button" aria-pressed=${filter.band === value ? 'true' : 'false'} onClick=${() => set('band')(value)}>${text}</button>`)}
    </div>
    <${Select} label=${t('Order')} hideLabel value=${filter.order} onChange=${set('order')}>
      <option value="hardest">${t('Least sure first')}</option><option value="easiest">${t('Easy ones first')}</option><option value="form">${t('As in the data set')}</option><option value="surest">${t('Surest first')}</option><option value="values">${t('Most values first')}</option><option value="name">${t('By name')}</option>
    <//>
    <${Button} small primary=${orderAnew.outdated} disabled=${orderAnew.disabled} onClick=${orderAnew.onClick} aria-label=${t('Order anew')} title=${orderAnew.outdated ? COUNTED() : t('Order anew')}>⇅<//>
    <${Named} filter=${filter} onAll=${() => set('only')('')} />
    <label class="check"><input type="checkbox" checked=${filter.conflicts} onChange=${(event) => set('conflicts')(event.target.checked)} />${t('With warnings only')}</label>
    <span class="row"><${Button} small onClick=${() => run('previous-warning')} aria-label=${t('Previous warning')} kbd=${hint('previous-warning')}>↑ ⚠<//><${Button} small onClick=${() => run('next-warning')} aria-label=${t('Next warning')} kbd=${hint('next-warning')}>↓ ⚠<//></span>
    <span class="grow"></span>
    <span class="muted">${tn('{n} shown', '{n} shown', shown)}</span>
    <${Button} small onClick=${onFacets} aria-expanded=${facets ? 'true' : 'false'}>${t('More filters')}<//>
    <${Button} small onClick=${onHelp} aria-label=${t('Keys')}>?<//>
  </div>`
}

const unused = () => t('No values in the last 12 months')

// What a transfer makes of one type of share in the other.
function typeText(from, to) {
  const words = { from: valueType(from), to: valueType(to) }
  if (from === 'UNIT_INTERVAL' && to === 'PERCENTAGE') return t('Value types differ: {from} becomes {to}, so each value is multiplied by 100', words)
  if (from === 'PERCENTAGE' && to === 'UNIT_INTERVAL') return t('Value types differ: {from} becomes {to}, so each value is divided by 100', words)
  return t('Value types differ: {from} becomes {to}', words)
}

const MOST_OTHERS = 4
const othersOf = ({ others }) => listed(others.slice(0, MOST_OTHERS).map(apart)) + (others.length > MOST_OTHERS ? '…' : '')

const warningText = (one) =>
  ({
    shared: () => t('Target used more than once: values will be summed with {others}', { others: othersOf(one) }),
    sum: () => t('Summed with {others}', { others: othersOf(one) }),
    type: () => typeText(one.from, one.to),
    aggregation: () => t('Aggregation types differ: {from} becomes {to}', { from: aggregationType(one.from), to: aggregationType(one.to) }),
    period: () => t('Period types differ: {from} becomes {to}', { from: periodTypeName(one.from), to: periodTypeName(one.to) }),
    same_id: () => t('The target has an element with the same id, and it is another one: {name}', { name: one.other }),
    gap: () => tn('{n} cell of {of} of the target stays empty', '{n} cells of {of} of the target stay empty', one.empty, { of: one.of }),
    split: () => tn('{n} cell of {of} is split by the target: its value cannot be divided', '{n} cells of {of} are split by the target: their values cannot be divided', one.lost, { of: one.of }),
    cells: () => tn('{n} cell of {of} goes nowhere', '{n} cells of {of} go nowhere', one.lost, { of: one.of }),
    exception: () => t('Its cells are matched differently from what is usual for its pair of category combinations'),
    unused,
  })[one.kind]()

export const warningName = (kind) => ({ shared: () => t('Target used more than once'), sum: () => t('Summed on purpose'), type: () => t('Value types differ'), aggregation: () => t('Aggregation types differ'), period: () => t('Period types differ'), same_id: () => t('Same id, another element'), split: () => t('Cells split by the target'), cells: () => t('Cells that go nowhere'), gap: () => t('Target cells that stay empty'), exception: () => t('Cells matched otherwise'), unused })[kind]()

const ShowMe = ({ one, onShow }) => html`<button type="button" class="link" aria-label=${t('Show me: {what}', { what: warningName(one.kind) })} onClick=${() => onShow(one)}>${t('Show me')}</button>`

export const Warnings = ({ row, onShow }) => row.warnings.filter((one) => one.kind !== 'unused').map((one, i) => html`<${Notice} key=${i} tone=${AS_IT_IS.includes(one.kind) ? 'info' : 'warning'}>
  <p>${warningText(one)} <${ShowMe} one=${one} onShow=${onShow} /></p><//>`)

/** Its place is there before it is known. */
export const Values = ({ row, onShow }) => html`<p class="muted meta counted">${row.values === 0
  ? html`${unused()} <${ShowMe} one=${row.warnings.at(-1)} onShow=${onShow} />`
  : row.values && tn('{n} value in the last 12 months', '{n} values in the last 12 months', row.values)}</p>`

function targetText(row) {
  if (row.choice.length) return { name: row.choice.map((one) => one.name).join(' + '), lang: row.choice[0].lang, code: row.choice.length === 1 ? row.choice[0].code : undefined }
  return { name: row.state === 'none' ? t('No counterpart') : row.state === 'excluded' ? t('Left out') : t('Nothing proposed'), quiet: true }
}

/** Signs beside a row; each with its words. */
function marksOf(row, about) {
  const { flag, comments, changed } = row.element
  return [
    needsLook(row) && ['⚠', row.warnings.filter((one) => !AS_IT_IS.includes(one.kind)).map(warningText).join('. ')],
    changed && ['↻', t('Changed at a server')],
    flag && ['⚑', flag.to ? t('Flagged for {who}', { who: flag.to }) : t('Flagged')],
    comments > 0 && ['✎', tn('{n} comment', '{n} comments', comments)],
    row.warnings.some((one) => one.kind === 'exception') && ['≠', warningName('exception')],
    row.values === 0 && ['∅', unused()],
    wantsApproval(row, about) && ['◌', t('Waits for a second person')],
  ].filter(Boolean)
}

export const signsColumn = () => ({ id: 'warning', title: html`<span class="unseen">${t('Signs')}</span>`, class: 'c-warning' })
/** `marks`: [[sign, its words]] */
export const Signs = ({ marks }) => marks.length > 0 && html`<span class="warned" title=${marks.map((one) => one[1]).join('\n')}>${marks.map(([sign, words]) => html`<span key=${sign}><span aria-hidden="true">${sign}</span><span class="unseen">${words}. </span></span>`)}</span>`

export function ReviewList({ list, active, about, selected, onSelect, onActivate, gridRef, onClear }) {
  const columns = [
    selectColumn(),
    { id: 'source', title: t('Source'), class: 'c-source' },
    { id: 'match', title: t('Match'), class: 'c-match' },
    { id: 'target', title: t('Target'), class: 'c-target' },
    signsColumn(),
    { id: 'state', title: t('State'), class: 'c-state' },
  ]
  if (list.length === 0)
    return html`<div class="empty" tabindex="-1" ref=${gridRef}><p>${t('Nothing here fits what you chose to see.')}</p><p><${Button} onClick=${onClear}>${t('Show everything')}<//></p></div>`
  return html`<${VirtualGrid} id="row" label=${t('Data elements of the source')} columns=${columns} count=${list.length} active=${active} onActivate=${onActivate} gridRef=${gridRef}
    row=${(index) => {
      const row = list[index]
      const on = selected.has(row.id)
      return { id: row.id, of: [row, about], class: row.values === 0 ? `${row.state} unused` : row.state, selected: on, cells: () => cellsOf(row, about, on, onSelect) }
    }} />`
}

function cellsOf(row, about, selected, onSelect) {
  const target = targetText(row)
  return [
    html`<${SelectMark} row=${row} on=${selected} onSelect=${onSelect} />`,
    html`<${Name} class="name" of=${row.source} /><small><bdi>${row.source.code || row.source.id}</bdi>${row.values > 0 && ` · ${tn('{n} value', '{n} values', row.values)}`}</small>`,
    html`<${Confidence} value=${row.confidence} />`,
    html`<${Name} class="name ${target.quiet ? 'muted' : ''}" of=${target} />${target.code && html`<small>${target.code}</small>`}`,
    html`<${Signs} marks=${marksOf(row, about)} />`,
    stateTag(row.state, isRejected(row)),
  ]
}
