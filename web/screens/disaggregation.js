// How cells are matched, once for each pair of category combos: by options where the combos allow it, cell by cell where they do not, with the data elements that are exceptions.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../lib.js'
import { apart, arrow, listed, rightToLeft, t, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link, navigate } from '../router.js'
import { choicesOf, keepChoices } from '../choices.js'
import { Button, Name, Notice, Problem, Tag } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { choicesBetween, comboPairs, decidable, exceptionsOf, leftOut, linksOf, optionGrids, planDecisions, resultOf, usualPlan, withCell, withCells, withChoices, withOption, withOptions } from '../model/disaggregation.js'
import { samePlan } from '../model/exceptions.js'
import { reviewOf, withChanges } from '../model/review.js'
import { splitChoices, splitRows, splitsOf } from '../model/splits.js'
import { AlignmentHead, coming } from './alignment-head.js'
import { goesNowhere, LargeGrid } from './disaggregation-grid.js'
import { Splits } from './disaggregation-splits.js'

const SHOWN_EXCEPTIONS = 50
const ALL = 'all' // in the address: the grid of all cells; that of a category is called as the target's
const LARGE = 12 // rows or columns: beyond it a grid has a page of its own
const isLarge = (rows, columns) => rows.length > LARGE || columns.length > LARGE

export function Disaggregation({ params, query }) {
  const id = params.alignment
  const loaded = useLoad(async (signal) => {
    const [alignment, combos] = await Promise.all([gateway.alignments.get(id, { signal }), gateway.alignments.combos(id, { signal })])
    return { review: reviewOf(alignment), combos }
  }, [id])
  const pairs = useMemo(() => loaded.data && comboPairs(loaded.data.review, loaded.data.combos), [loaded.data])
  const [, draw] = useState(0)
  if (!loaded.data) return coming(id, 'disaggregation', loaded)
  const { review, combos } = loaded.data
  const pair = pairs.find((one) => one.key === query.get('pair'))
  const problem = html`<${Problem} error=${loaded.error} again=${loaded.reload} />`
  const head = html`<${AlignmentHead} id=${id} alignment=${review.alignment} at="disaggregation" />`
  if (!pair) return html`${head}<div class="page">${problem}<${PairList} id=${id} review=${review} pairs=${pairs} /></div>`
  return html`<${Pair} key=${pair.key} id=${id} review=${review} pair=${pair} at=${query.get('grid')} head=${head} problem=${problem} onKept=${() => draw((n) => n + 1)} onChanges=${(changes) => loaded.set({ review: withChanges(review, changes), combos })} onAgain=${loaded.reload}
    onAll=${async () => loaded.set({ review: reviewOf(await gateway.alignments.get(id, { features: true })), combos })} />`
}

const Across = ({ of }) => html`<${Name} of=${of.source} /> <span aria-hidden="true" class="arrow">→</span><span class="unseen">${t('to')}</span> <${Name} of=${of.target} />`
const pairAddress = (id, pair, grid) => `${reviewAddress(id)}/disaggregation${pair ? `?${new URLSearchParams({ pair: pair.key, ...(grid && { grid }) })}` : ''}`

function PairList({ id, review, pairs }) {
  return html`<h2>${t('Pairs of category combinations')}</h2>
    <p class="muted">${t('What is matched here counts for every data element that has the pair.')}</p>
    ${pairs.length === 0 && html`<div class="empty card"><p>${t('No data element has a target yet.')}</p><p><${Link} class="button" to=${reviewAddress(id)}>${t('Go to the review')}<//></p></div>`}
    ${pairs.length > 0 && html`<div class="scroll" tabindex="0" role="group" aria-label=${t('Pairs of category combinations')}><table class="table">
      <thead><tr><th scope="col">${t('Pair')}</th><th scope="col" class="number">${t('Data elements')}</th><th scope="col" class="number">${t('Cells sent')}</th><th scope="col" class="number">${t('Target cells filled')}</th><th scope="col" class="number">${t('Exceptions')}</th></tr></thead>
      <tbody>${pairs.map((pair) => {
        const plan = usualPlan(pair)
        const { sent, sources, split, lost, filled, targets } = resultOf(pair, plan, splitsOf(review, pair))
        const open = choicesBetween(plan, withChoices(pair, plan, choicesOf(id, pair.key))).size > 0
        return html`<tr key=${pair.key}><th scope="row"><${Link} to=${pairAddress(id, pair)}><${Across} of=${pair} /><//> ${open && html`<${Tag} tone="warning">${t('Not accepted yet')}<//>`}</th><td class="number">${pair.uses.length}</td>
          <td class="number">${sent}/${sources} ${split.length > 0 && html`<${Tag} tone="negative">${t('some are split')}<//>`} ${lost.length > 0 && html`<${Tag} tone="warning">${t('some go nowhere')}<//>`}</td><td class="number">${filled}/${targets}</td><td class="number">${exceptionsOf(pair, plan).length}</td></tr>`
      })}</tbody></table></div>`}`
}

/** `at` is the large grid that is looked at, if any. What is not accepted yet stays, wherever one goes. */
function Pair({ id, review, pair, at, head, problem, onKept, onChanges, onAgain, onAll }) {
  const usual = useMemo(() => usualPlan(pair), [pair])
  const [choices, setChoices] = useState(() => choicesOf(id, pair.key))
  const plan = useMemo(() => withChoices(pair, usual, choices), [pair, choices])
  const grids = useMemo(() => optionGrids(pair, usual), []) // which category goes with which stays while one edits
  const splits = useMemo(() => splitsOf(review, pair), [review, pair])
  const toChoose = useMemo(() => splitChoices(pair, grids, splits), [splits])
  const [whole, setWhole] = useState(grids.length === 0)
  const [withExceptions, setWithExceptions] = useState(false)
  const [state, set] = useState({})
  const open = state.done ? 0 : choicesBetween(usual, plan).size
  const keep = (made) => {
    keepChoices(id, pair.key, made)
    onKept()
  }
  const setPlan = (next) => {
    const made = choicesBetween(usual, next)
    setChoices(made)
    keep(made)
    set({})
  }
  useEffect(() => { if (open === 0 && choices.size > 0) keep(new Map()) }, [open]) // accepted, by whomever
  const exceptions = exceptionsOf(pair, usual)
  const uses = decidable(withExceptions ? pair.uses.filter((one) => !one.special) : pair.uses.filter((one) => !exceptions.includes(one)))
  const decisions = planDecisions(review, pair, plan, uses)
  const live = grids.map((grid) => ({ ...grid, links: linksOf(pair, plan, grid.at, grid.to).links, split: splitRows(toChoose, splits, grid) }))
  const given = ({ to: category }, from, to) => {
    const grid = live.find((one) => one.to === category)
    return to ? withOptions(pair, plan, live, grid, [from], to) : withOption(pair, plan, live, grid, from)
  }
  const accept = async () => {
    set({ loading: true })
    try {
      onChanges(await gateway.alignments.decide(id, decisions, { ifMatch: review.alignment.version }))
      set({ done: true })
    } catch (error) {
      if (error.code === 'changed_meanwhile') await onAgain()
      set({ error })
    }
  }
  const all = { rows: pair.source.option_combos, columns: pair.target.option_combos, links: plan, split: splitRows(toChoose, splits) }
  const largeAll = isLarge(all.rows, all.columns)
  const large = [
    ...live.map((grid) => ({ key: grid.target.id, title: html`<${Across} of=${grid} />`, rows: grid.source.options, columns: grid.target.options, links: grid.links, split: grid.split, give: (from, to) => withOptions(pair, plan, live, grid, from, to) })),
    { key: ALL, title: html`<${Across} of=${pair} />`, ...all, give: (from, to) => withCells(plan, from, to) },
  ].find((one) => one.key === at && isLarge(one.rows, one.columns))
  const gridRef = useRef()
  const leave = useWay(large?.key, gridRef, pairAddress(id, pair))
  const left = leftOut(pair, uses, decisions)
  const why = [
    left.decided > 0 && tn('{n} is decided so already.', '{n} are decided so already.', left.decided),
    left.open > 0 && tn('{n} is not accepted in the review yet.', '{n} are not accepted in the review yet.', left.open),
    left.otherwise > 0 && tn('{n} is matched otherwise and stays so.', '{n} are matched otherwise and stay so.', left.otherwise),
  ].filter(Boolean)
  const deciding = html`
    ${why.length > 0 && html`<p class="muted row end">${tn('Of {n} data element:', 'Of {n} data elements:', new Set(pair.uses.map((one) => one.element.source.id)).size)} ${why.join(' ')}</p>`}
    <${Undecided} error=${state.error} again=${accept} />
    <p class="row end"><span role="status">${open > 0 ? tn('{n} cell is changed and not accepted yet.', '{n} cells are changed and not accepted yet.', open) : state.done && decisions.length === 0 ? t('All changes saved') : ''}</span>${!samePlan(plan, usual) && html`<${Button} onClick=${() => setPlan(usual)}>${t('Discard the changes')}<//>`}
      <${Button} primary loading=${state.loading} disabled=${decisions.length === 0} onClick=${accept}>${tn('Accept for {n} data element', 'Accept for {n} data elements', new Set(decisions.map((one) => one.source_data_element)).size)}<//></p>`
  if (large) return html`<${LargeGrid} key=${large.key} ...${large} onChoose=${(from, to) => setPlan(large.give(from, to))} onLeave=${leave} gridRef=${gridRef}>${problem}${deciding}<//>`
  const result = resultOf(pair, plan, splits)
  return html`${head}<div class="page">${problem}
    <p><${Link} to=${pairAddress(id)}>${t('All pairs')}<//></p>
    <h2><${Across} of=${pair} /></h2>
    <p class="muted">${tn('Used by {n} data element.', 'Used by {n} data elements.', pair.uses.length)} ${grids.length > 0 ? t('Match options once; the cells follow from it.') : ''}</p>
    <${Splits} choices=${toChoose} onAll=${onAll} nameOf=${(grid, to) => (grid?.target.options ?? pair.target.option_combos).find((one) => one.id === to)?.name ?? to} linksOf=${(grid) => (grid ? live.find((one) => one.to === grid.to).links : plan)} onChoose=${(grid, from, to) => setPlan(grid ? given(grid, from, to) : withCells(plan, [from], to))} />
    <${Lost} lost=${result.lost} />
    <div class="grids">
      ${live.map((grid) => html`<section key=${grid.to} class="card" aria-labelledby="grid-${grid.to}">
        <h3 id="grid-${grid.to}"><${Across} of=${grid} /></h3>
        ${isLarge(grid.source.options, grid.target.options) ? html`<${OpenGrid} id=${id} pair=${pair} grid=${grid.target.id} rows=${grid.source.options} columns=${grid.target.options} links=${grid.links} />`
          : html`<${Grid} label="grid-${grid.to}" rows=${grid.source.options} columns=${grid.target.options} links=${grid.links} split=${grid.split} onChoose=${(from, to) => setPlan(withOption(pair, plan, live, grid, from, to))} />`}
      </section>`)}
      <${Result} id=${id} pair=${pair} result=${result} exceptions=${exceptions} />
    </div>
    ${grids.length > 0 && !largeAll && html`<p><${Button} small aria-expanded=${whole ? 'true' : 'false'} onClick=${() => setWhole(!whole)}>${t('All cells, {rows} × {columns}', { rows: all.rows.length, columns: all.columns.length })}<//></p>`}
    ${(whole || largeAll) && html`<section class="card" aria-labelledby="whole"><h3 id="whole">${t('Cell by cell')}</h3>
      ${largeAll ? html`<${OpenGrid} id=${id} pair=${pair} grid=${ALL} ...${all} />` : html`<${Grid} label="whole" ...${all} onChoose=${(from, to) => setPlan(withCell(plan, from, to))} />`}</section>`}
    ${exceptions.some((one) => !one.special) && html`<label class="check"><input type="checkbox" checked=${withExceptions} onChange=${(event) => setWithExceptions(event.target.checked)} />${t('Also for the exceptions')}</label>`}
    ${decidable(pair.uses).length === 0 && html`<${Notice} title=${t('None of these data elements is accepted yet')}>${t('Cells are decided for accepted ones; what is decided is then proposed for the others, too.')} <${Link} to=${reviewAddress(id, { state: 'proposed' })}>${t('Go to the review')}<//><//>`}
    ${deciding}
  </div>`
}

/** Into a large grid and back: the focus goes there, and back to what opened it. Gives what leaves it. */
function useWay(grid, gridRef, back) {
  const before = useRef({ grid, own: false }).current
  useLayoutEffect(() => {
    if (before.grid === grid) return
    if (grid) gridRef.current.focus({ preventScroll: true })
    else document.getElementById(`open-${before.grid}`)?.focus()
    Object.assign(before, { grid, own: Boolean(grid) })
  })
  return () => (before.own ? history.back() : navigate(back, { replace: true })) // who came by the address has not been there
}

function OpenGrid({ id, pair, grid, rows, columns, links }) {
  return html`<p>${tn('{n} of {all} rows has a target', '{n} of {all} rows have a target', links.size, { all: rows.length })}</p>
    <p><${Link} id="open-${grid}" class="button" to=${pairAddress(id, pair, grid)}>${t('Open the grid, {rows} × {columns}', { rows: rows.length, columns: columns.length })}<//></p>`
}

function Lost({ lost }) {
  if (lost.length === 0) return null
  const names = listed(lost.slice(0, 6).map((one) => apart(one.name))) + (lost.length > 6 ? '…' : '')
  return html`<${Notice} tone="warning" title=${tn('{n} cell of the source goes nowhere', '{n} cells of the source go nowhere', lost.length)}>
    <p>${names}</p><p>${t('No target is chosen: choose the one that takes all of it, or leave it; then it is not sent.')}</p><//>`
}

function Result({ id, pair, result, exceptions }) {
  const { sent, sources, filled, targets, split, lost, gaps, summed } = result
  const lines = [[t('Source cells sent'), t('{some} of {all}', { some: sent, all: sources })], [t('Target cells filled'), t('{some} of {all}', { some: filled, all: targets })], [t('Target cells that are sums'), summed], [t('Source cells that the target splits, not sent'), split.length], [t('Source cells that go nowhere'), lost.length], [t('Target cells that stay empty'), gaps.length]]
  return html`<section class="card" aria-labelledby="result"><h3 id="result">${t('Result')}</h3>
    <table><tbody>${lines.map(([text, value]) => html`<tr key=${text}><th scope="row">${text}</th><td class="number">${value}</td></tr>`)}</tbody></table>
    <p>${exceptions.length ? tn('{n} data element is matched otherwise:', '{n} data elements are matched otherwise:', exceptions.length) : t('All data elements are matched so.')}</p>
    ${exceptions.length > 0 && html`<ul class="links">${exceptions.slice(0, SHOWN_EXCEPTIONS).map(({ element }) => html`<li key=${element.source.id}><${Link} to="${reviewAddress(id)}?text=${encodeURIComponent(element.source.name)}"><${Name} of=${element.source.name} /><//></li>`)}
      ${exceptions.length > SHOWN_EXCEPTIONS && html`<li>${tn('and {n} more', 'and {n} more', exceptions.length - SHOWN_EXCEPTIONS)}</li>`}</ul>`}
  </section>`
}

const MOVES = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }

/** Rows of the source, columns of the target; one tab stop, arrows move, Space and Enter choose or take away. */
function Grid({ label, rows, columns, links, split, onChoose }) {
  const [at, setAt] = useState([0, 0])
  const body = useRef()
  const move = (event) => {
    const step = MOVES[event.key]
    if (!step) return
    event.preventDefault()
    const mirror = rightToLeft() ? -1 : 1
    const next = [Math.min(Math.max(at[0] + step[0], 0), rows.length - 1), Math.min(Math.max(at[1] + step[1] * mirror, 0), columns.length - 1)]
    setAt(next)
    body.current.children[next[0]].querySelectorAll('button')[next[1]].focus()
  }
  const sums = columns.map((column) => rows.filter((row) => links.get(row.id) === column.id).length)
  return html`<div class="scroll"><table class="matrix" aria-labelledby=${label} onKeyDown=${move}>
    <thead><tr><td></td>${columns.map((column) => html`<th key=${column.id} scope="col"><${Name} of=${column} /></th>`)}<th scope="col"><span aria-hidden="true">Σ</span><span class="unseen">${t('Sent')}</span></th></tr></thead>
    <tbody ref=${body}>${rows.map((row, r) => html`<tr key=${row.id}><th scope="row"><${Name} of=${row} /></th>
      ${columns.map((column, c) => html`<td key=${column.id}><button type="button" aria-pressed=${links.get(row.id) === column.id ? 'true' : 'false'} aria-label=${`${row.name} ${arrow()} ${column.name}`} tabindex=${at[0] === r && at[1] === c ? 0 : -1}
        onFocus=${() => setAt([r, c])} onClick=${() => onChoose(row.id, column.id)}>${links.get(row.id) === column.id ? '●' : !links.has(row.id) && split.get(row.id)?.includes(column.id) ? html`<span class="muted" aria-hidden="true">○</span>` : ''}</button></td>`)}
      <td>${links.has(row.id) ? 1 : goesNowhere(split.has(row.id))}</td></tr>`)}</tbody>
    <tfoot><tr><th scope="row"><span aria-hidden="true">Σ</span><span class="unseen">${t('Filled by')}</span></th>${sums.map((n, i) => html`<td key=${columns[i].id}>${n || html`<span class="muted">0</span>`}</td>`)}<td></td></tr></tfoot>
  </table></div>`
}

/** Why something was not decided: also that somebody was faster. */
const Undecided = ({ error, again }) => error?.code === 'changed_meanwhile'
  ? html`<${Notice} tone="warning" title=${t('Somebody else changed the same meanwhile')} live>${t('What they decided is shown now. Decide again where you think otherwise.')}<//>`
  : html`<${Problem} error=${error} again=${again} byHand />`
