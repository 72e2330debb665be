// The list of the review with what stands above it: progress, bulk, filters, conflicts, keys.
import { html, useId, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Bar, Button, Confidence, Dialog, Notice, Select, Tag } from '../ui.js'
import { VirtualGrid } from '../vlist.js'
import { valueType } from '../model/value-types.js'
import { needsLook, sectionsOf, sureOnes } from '../model/review.js'

export const ROW_HEIGHT = 52

export const stateTag = (state) =>
  ({
    proposed: () => html`<${Tag}>${t('To review')}<//>`,
    accepted: () => html`<${Tag} tone="positive">${t('Accepted')}<//>`,
    none: () => html`<${Tag} tone="info">${t('No counterpart')}<//>`,
    nothing: () => html`<${Tag} tone="warning">${t('No proposal')}<//>`,
  })[state]()

export function ReviewBar({ progress, coverage, history, run, list, onAcceptSure, onConflicts }) {
  const [threshold, setThreshold] = useState(0.9)
  const id = useId()
  const { take, left } = sureOnes(list, threshold)
  const done = progress.accepted + progress.none
  return html`<div class="bar-tools">
    <div class="row grow">
      <${Bar} label=${t('Decided')} value=${done} max=${progress.all} />
      <span>${t('{done} of {all} decided', { done, all: progress.all })}</span>
      <span class="muted">${t('{filled} of {cells} target cells filled', { filled: coverage.target_cells_filled, cells: coverage.target_cells })}</span>
      ${progress.conflicts > 0 && html`<button type="button" class="link" onClick=${onConflicts}>${tn('{n} conflict', '{n} conflicts', progress.conflicts)}</button>`}
    </div>
    <div class="row">
      <${Button} onClick=${() => run('undo')} disabled=${!history.undo} title=${history.undo?.label} kbd="u">${t('Undo')}<//>
      <${Button} onClick=${() => run('redo')} disabled=${!history.redo} title=${history.redo?.label} kbd="U">${t('Redo')}<//>
      <label for=${id} class="sure">${t('Accept all at or above')}</label>
      <input id=${id} class="threshold" type="number" min="0.5" max="1" step="0.01" value=${threshold} onInput=${(event) => setThreshold(Number(event.target.value) || 1)} />
      <${Button} primary disabled=${take.length === 0} onClick=${() => onAcceptSure(threshold)} title=${left ? tn('{n} conflict is left for you', '{n} conflicts are left for you', left) : undefined}>${t('Accept {n}', { n: take.length })}<//>
    </div>
  </div>`
}

export function ReviewFilters({ filter, onFilter, rows, shown, searchRef, onHelp, onLeave }) {
  const set = (key) => (value) => onFilter({ ...filter, [key]: value })
  const id = useId()
  const sections = sectionsOf(rows)
  const bands = [['all', t('All')], ['high', t('High')], ['medium', t('Medium')], ['low', t('Low')]]
  return html`<div class="filters" role="search" aria-label=${t('Choose what to see')}>
    <div class="field search"><label for=${id} class="unseen">${t('Search name or code')}</label>
      <input id=${id} ref=${searchRef} type="search" placeholder=${t('Search name or code')} value=${filter.text} onInput=${(event) => set('text')(event.target.value)}
        onKeyDown=${(event) => (event.key === 'Enter' || event.key === 'Escape') && onLeave()} /></div>
    <${Select} label=${t('State')} hideLabel value=${filter.state} onChange=${set('state')}>
      <option value="any">${t('Any state')}</option><option value="open">${t('Undecided')}</option><option value="proposed">${t('To review')}</option><option value="nothing">${t('No proposal')}</option>
      <option value="accepted">${t('Accepted')}</option><option value="none">${t('No counterpart')}</option>
    <//>
    ${sections.length > 1 && html`<${Select} label=${t('Section')} hideLabel value=${filter.section} onChange=${set('section')}>
      <option value="">${t('All sections')}</option>${sections.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
    <//>`}
    <div class="segments" role="group" aria-label=${t('Confidence')}>
      ${bands.map(([value, text]) => html`<button key=${value} type="button" aria-pressed=${filter.band === value ? 'true' : 'false'} onClick=${() => set('band')(value)}>${text}</button>`)}
    </div>
    <${Select} label=${t('Order')} hideLabel value=${filter.order} onChange=${set('order')}>
      <option value="form">${t('As in the data set')}</option><option value="hardest">${t('Least sure first')}</option><option value="surest">${t('Surest first')}</option><option value="name">${t('By name')}</option>
    <//>
    <label class="check"><input type="checkbox" checked=${filter.conflicts} onChange=${(event) => set('conflicts')(event.target.checked)} />${t('With warnings only')}</label>
    <span class="grow"></span>
    <span class="muted" role="status">${tn('{n} shown', '{n} shown', shown)}</span>
    <${Button} small onClick=${onHelp} aria-label=${t('Keys')}>?<//>
  </div>`
}

const warningText = (one) =>
  ({
    shared: () => t('Target used more than once: values will be summed with {others}', { others: one.others.slice(0, 4).join(', ') + (one.others.length > 4 ? '…' : '') }),
    sum: () => t('Summed with {others}', { others: one.others.slice(0, 4).join(', ') + (one.others.length > 4 ? '…' : '') }),
    type: () => t('Value types differ: {from} becomes {to}', { from: valueType(one.from), to: valueType(one.to) }),
    cells: () => tn('{n} cell of {of} goes nowhere', '{n} cells of {of} go nowhere', one.lost, { of: one.of }),
  })[one.kind]()

export const Warnings = ({ row }) => row.warnings.map((one, i) => html`<${Notice} key=${i} tone=${one.kind === 'sum' ? 'info' : 'warning'}>${warningText(one)}<//>`)

function targetText(row) {
  if (row.choice.length) return { name: row.choice.map((one) => one.name).join(' + '), code: row.choice.length === 1 ? row.choice[0].code : undefined }
  return { name: row.state === 'none' ? t('No counterpart') : t('Nothing proposed'), quiet: true }
}

export function ReviewList({ list, active, onActivate, gridRef, onClear }) {
  const columns = [
    { id: 'source', title: t('Source'), class: 'c-source' },
    { id: 'match', title: t('Match'), class: 'c-match' },
    { id: 'target', title: t('Target'), class: 'c-target' },
    { id: 'warning', title: html`<span class="unseen">${t('Warnings')}</span>`, class: 'c-warning' },
    { id: 'state', title: t('State'), class: 'c-state' },
  ]
  if (list.length === 0)
    return html`<div class="empty"><p>${t('Nothing here fits what you chose to see.')}</p><p><${Button} onClick=${onClear}>${t('Show everything')}<//></p></div>`
  return html`<${VirtualGrid} id="row" label=${t('Data elements of the source')} columns=${columns} count=${list.length} rowHeight=${ROW_HEIGHT} active=${active} onActivate=${onActivate} gridRef=${gridRef}
    row=${(index) => {
      const row = list[index]
      const target = targetText(row)
      const warned = needsLook(row)
      return {
        id: row.id,
        class: row.state,
        cells: [
          html`<bdi class="name">${row.source.name}</bdi><small>${row.source.code || row.source.id}</small>`,
          row.confidence === undefined ? html`<span class="muted">–</span>` : html`<${Confidence} value=${row.confidence} />`,
          html`<bdi class="name ${target.quiet ? 'muted' : ''}">${target.name}</bdi>${target.code && html`<small>${target.code}</small>`}`,
          warned ? html`<span class="warned" title=${row.warnings.map(warningText).join('\n')}><span aria-hidden="true">⚠</span><span class="unseen">${row.warnings.map(warningText).join('. ')}</span></span>` : '',
          stateTag(row.state),
        ],
      }
    }} />`
}

const MOST_CONFLICTS = 20

/** Somebody else decided about the same thing meanwhile: both are shown, a person chooses. */
export function Conflicts({ problem, saver, saved, mine }) {
  if (problem?.kind !== 'conflict') return null
  const ids = [...new Set(problem.operations.flatMap((one) => one.decisions.map((decision) => decision.source_data_element)))]
  return html`<${Notice} tone="warning" title=${t('Somebody else changed the same meanwhile')} live>
    <p>${t('Nothing is lost: choose which one counts.')}</p>
    <ul class="both">${ids.slice(0, MOST_CONFLICTS).map((id) => html`<li key=${id}><bdi>${saved.elements.get(id)?.source.name}</bdi>: <b>${t('theirs')}</b> ${verdict(saved.elements.get(id))}, <b>${t('yours')}</b> ${verdict(mine.elements.get(id))}</li>`)}
      ${ids.length > MOST_CONFLICTS && html`<li>${t('and {n} more', { n: ids.length - MOST_CONFLICTS })}</li>`}</ul>
    <p class="row"><${Button} primary small onClick=${() => saver.resolve(true)}>${t('Use mine')}<//><${Button} small onClick=${() => saver.resolve(false)}>${t('Keep theirs')}<//></p>
  <//>`
}

function verdict(element) {
  const { state, targets, by } = element.decision
  const what = state === 'accepted' ? targets.map((one) => one.name).join(' + ') : state === 'none' ? t('No counterpart') : t('Undecided')
  return by ? `${what} (${by})` : what
}

export function ReviewHelp({ onClose }) {
  const keys = [
    ['j k ↓ ↑', t('Next, previous')], ['a Enter', t('Accept and next')], ['r x', t('Reject and show the next candidate')], ['n', t('No counterpart')], ['1 … 5', t('Choose a candidate')],
    ['Shift 1 … 5', t('Add a second target')], ['e', t('Search all targets')], ['c w d', t('Candidates, why, cells')], ['] [', t('Next, previous warning')], ['/', t('Search the list')],
    ['u  Shift u', t('Undo, redo')], ['?', t('This list')],
  ]
  return html`<${Dialog} title=${t('Keys')} onClose=${onClose}>
    <p class="muted">${t('They act while the list or the pane beside it has the focus.')}</p>
    <table class="keys"><tbody>${keys.map(([key, text]) => html`<tr key=${key}><th scope="row">${key.split(' ').filter(Boolean).map((one) => html`<kbd>${one}</kbd> `)}</th><td>${text}</td></tr>`)}</tbody></table>
  <//>`
}
