// An alignment's mapping to read, print, sign and file: every data element with who decided about it and when, where each cell goes, and what org units, attribute options and periods are at the target.
import { html, useMemo, useRef } from '../lib.js'
import { arrow, listed, number, t, time, tn } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { asDocument } from '../as-document.js'
import { Link } from '../router.js'
import { Title } from '../title.js'
import { download } from '../download.js'
import { Button, Loading, Name, Problem } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { printed, printedPlaces } from '../model/mapping-print.js'
import { pairName } from '../model/names.js'
import { periodReason } from '../model/period-reasons.js'
import { periodTypeName } from '../model/period-types.js'
import { periodExample } from '../model/places.js'
import { reviewOf } from '../model/review.js'
import { createProgress, rowsOf } from '../model/rows.js'
import { isRejected, stateTag } from './review-list.js'

export function MappingPrint({ params }) {
  const id = params.alignment
  const loaded = useLoad(async (signal) => { // what is filed is whole, or not there
    const [alignment, places] = await Promise.all([gateway.alignments.get(id, { signal }), gateway.alignments.places(id, { signal })])
    return { review: reviewOf(alignment), places }
  }, [id])
  if (!loaded.data) return html`<div class="page"><h1>${t('Mapping')}</h1><${Problem} error=${loaded.error} again=${loaded.reload} />${loaded.loading && html`<${Loading} />`}</div>`
  return html`<${Printed} id=${id} ...${loaded.data} />`
}

function Printed({ id, review, places }) {
  const shown = useRef()
  const { alignment } = review
  const { rows, lines, layouts } = useMemo(() => { const rows = rowsOf(review); return { rows, ...printed(review, rows) } }, [review])
  const asFile = () => download(`mapping-${id}.html`, new Blob([asDocument(shown.current, t('Mapping'))], { type: 'text/html' }))
  return html`<div class="page report" ref=${shown}>
    <p class="row screen-only"><${Link} to=${reviewAddress(id)}>${t('Back to the review')}<//><span class="grow"></span>
      <${Button} primary onClick=${() => print()}>${t('Print')}<//><${Button} onClick=${asFile}>${t('Save as a page')}<//></p>
    <${Title} names=${[t('Mapping'), pairName(alignment)]} /><h1>${t('Mapping')}</h1>
    <${About} alignment=${alignment} rows=${rows} />
    <section><h2>${t('Data elements')}</h2><${Lines} lines=${lines} second=${alignment.second_person} /></section>
    ${layouts.length > 0 && html`<section><h2>${t('Where the cells go')}</h2>${layouts.map((one) => html`<${Layout} key=${one.number} layout=${one} />`)}</section>`}
    <${Places} title=${t('Organisation units')} member=${places.org_units} second=${alignment.second_person} />
    <${Places} title=${t('Attribute options')} member=${places.attribute_option_combos} second=${alignment.second_person} />
    <${Periods} rule=${places.periods} />
    <section class="sign" aria-label=${t('Signature')}><div>${t('Name')}</div><div>${t('Signature')}</div><div>${t('Date')}</div></section>
  </div>`
}

function About({ alignment, rows }) {
  const nameOf = useServerNames()
  const side = ({ server, data_set }) => html`<${Name} of=${data_set ?? server} />${data_set && html`, <bdi>${nameOf(server)}</bdi>`}${data_set?.period_type && `, ${periodTypeName(data_set.period_type)}`}`
  const { all, accepted, none, warned } = useMemo(() => createProgress()(rows), [rows])
  const lines = [
    [t('Source'), side(alignment.source)], [t('Target'), side(alignment.target)],
    [t('Version'), number(alignment.version)], [t('As of'), time(new Date().toISOString())],
    [t('Decided'), listed([tn('{n} of {all} decided', '{n} of {all} decided', accepted + none, { all }), warned > 0 && tn('{n} with a warning', '{n} with warnings', warned)])],
    [t('Can be filled'), tn('{n} of {all} target cells can be filled', '{n} of {all} target cells can be filled', alignment.coverage.target_cells_filled, { all: alignment.coverage.target_cells })],
  ]
  return html`<table class="about"><caption class="unseen">${t('About this mapping')}</caption><tbody>${lines.map(([text, value]) => html`<tr key=${text}><th scope="row">${text}</th><td>${value}</td></tr>`)}</tbody></table>`
}

/** An org unit by where it is, all else by its code. */
const Told = ({ of }) => html`<${Name} of=${of} />${(of.above || of.code) && html`<small><bdi>${of.above || of.code}</bdi></small>`}`
const When = ({ by, at }) => by && html`<bdi>${by}</bdi>${at && html`<small>${time(at)}</small>`}`

/** The last columns: who decided, who approved where that takes a second person, and what was noted. */
const decidedHeads = (second) => [t('Decided'), ...(second ? [t('Approved')] : []), t('Note')]
const Decided = ({ decision: { by, at, approved_by, approved_at, note }, second }) => html`<td><${When} by=${by} at=${at} /></td>${second && html`<td><${When} by=${approved_by} at=${approved_at} /></td>`}<td><bdi>${note}</bdi></td>`

/** All of them: what is not on the screen is on paper. */
function Lines({ lines, second }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${t('Data elements')}><table class="table">
    <thead><tr>${[t('Source'), t('Target'), t('State'), t('Cells'), ...decidedHeads(second)].map((text) => html`<th key=${text} scope="col">${text}</th>`)}</tr></thead>
    <tbody>${lines.map(({ row, filled, all, layout }) => html`<tr key=${row.id}><th scope="row"><${Told} of=${row.source} /></th>
        <td>${row.choice.map((one, i) => html`${i > 0 && html`<br />+ `}<${Told} of=${one} />`)}</td><td>${stateTag(row.state, isRejected(row))}</td>
        <td>${layout && html`<span class="together">${t('{some} of {all}', { some: filled, all })}</span><small>${t('see {n}', { n: layout })}</small>`}</td>
        <${Decided} decision=${row.element.decision} second=${second} /></tr>`)}</tbody></table></div>`
}

function Places({ title, member, second }) {
  const { rows, same, open } = printedPlaces(member, second)
  const rest = [same > 0 && (rows.length + open > 0 ? tn('{n} more keeps its id', '{n} more keep their id', same) : t('All keep their id.')), open > 0 && tn('For {n} nothing is decided or proposed', 'For {n} nothing is decided or proposed', open)].filter(Boolean)
  return html`<section><h2>${title}</h2>
    ${!member.told && html`<p>${t('One of the sides does not tell which it has')}. ${t('The same ids are taken for the same things.')}</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="group" aria-label=${title}><table class="table">
      <thead><tr>${[t('Source'), t('Target'), t('State'), ...decidedHeads(second)].map((text) => html`<th key=${text} scope="col">${text}</th>`)}</tr></thead>
      <tbody>${rows.map(({ id, source, choice, state, decision }) => html`<tr key=${id}><th scope="row"><${Told} of=${source} /></th><td>${choice && html`<${Told} of=${choice} />`}</td><td>${stateTag(state)}</td>
        <${Decided} decision=${decision} second=${second} /></tr>`)}</tbody></table></div>`}
    ${rest.length > 0 && html`<p>${rest.join('; ')}</p>`}</section>`
}

function Periods({ rule }) {
  const example = periodExample(rule)
  const types = [...new Set([rule.source, rule.target].filter(Boolean))].map(periodTypeName)
  return html`<section><h2>${t('Periods')}</h2>
    <p>${types.length > 1 ? t('{from} becomes {to}', { from: types[0], to: types[1] }) : types[0]}${types.length > 0 && ': '}${periodReason(rule)}</p>
    ${example && html`<p>${t('For example:')} <bdi>${example.from.join(' + ')}</bdi> ${arrow()} <bdi>${example.to}</bdi></p>`}</section>`
}

function Layout({ layout: { number: n, source, target, cells, by } }) {
  const goesTo = (targets) => targets.map(({ minus, element, cell }, i) => html`${minus ? ' − ' : i > 0 && ' + '}${element && html`<${Name} of=${element} />, `}<${Name} of=${cell} />`)
  return html`<table class="table layout"><caption><b>${number(n)}</b> ${source && html`<${Name} of=${source} />`}${target && html` → <${Name} of=${target} />`} <span class="muted">${tn('of {n} data element', 'of {n} data elements', by)}</span></caption>
    <thead><tr><th scope="col">${t('Source cell')}</th><th scope="col">${t('Target cell')}</th></tr></thead>
    <tbody>${cells.map((cell) => html`<tr key=${cell.source.id}><th scope="row"><${Name} of=${cell.source} /></th><td>${cell.targets.length ? goesTo(cell.targets) : html`<span class="muted">${t('No counterpart')}</span>`}</td></tr>`)}</tbody></table>`
}
