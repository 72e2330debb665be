// How far an alignment is: three coverages, since they answer different questions, what changed at the servers, and where to go on.
import { html, useMemo } from '../lib.js'
import { number, percent, t, tn } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { Link } from '../router.js'
import { Bar, Loading, Name, Notice, Problem, Tag } from '../ui.js'
import { byEffect, EFFECT_TONES, effectWords, kindWords, objectWords, sideOf, toldOf } from '../model/drift.js'
import { reviewAddress, unassignedAddress } from '../model/address.js'
import { bySection, lastReading, share, shareAccepted } from '../model/overview.js'
import { periodTypeName } from '../model/period-types.js'
import { openPlaces, placeRows, unassignedPlaces, waitingPlaces } from '../model/places.js'
import { isDecided, reviewOf } from '../model/review.js'
import { NO_SECTION, rowsOf } from '../model/rows.js'
import { periodsText } from '../period-text.js'
import { AlignmentHead, coming } from './alignment-head.js'
import { Counted, useCounts } from './counted.js'
import { noneAssignedText, unassignedText, unassignedTitle } from './unassigned.js'

const SHOWN_CHANGES = 8

export function Overview({ params }) {
  const id = params.alignment
  const alignment = useLoad((signal) => gateway.alignments.get(id, { signal }), [id])
  const rows = useMemo(() => alignment.data && rowsOf(reviewOf(alignment.data)), [alignment.data])
  if (!alignment.data) return coming(id, 'overview', alignment)
  return html`<${AlignmentHead} id=${id} alignment=${alignment.data} at="overview" />
    <div class="page">
      <${Problem} error=${alignment.error} again=${alignment.reload} />
      <${Coverages} id=${id} alignment=${alignment.data} rows=${rows} open=${rows.filter((row) => !isDecided(row.state)).length} />
      <${Sections} id=${id} rows=${rows} />
      <${OtherPlaces} id=${id} alignment=${alignment.data} />
      <${Changes} id=${id} alignment=${alignment.data} />
    </div>`
}

const Fact = ({ value, children }) => html`<div class="fact"><b>${value === undefined ? '–' : percent(value)}</b>${children}</div>`

async function readLast(id, signal) {
  const run = lastReading(await gateway.runs.list({ signal }), id)
  return run && gateway.runs.get(run.id, { signal })
}

function Coverages({ id, alignment, rows, open }) {
  const { coverage, source } = alignment
  const values = useCounts(source)
  const counted = values.data && shareAccepted(rows, values.data.counts)
  const last = useLoad((signal) => readLast(id, signal), [id])
  const mapped = last.data && share(last.data.counts.mapped, last.data.counts.read)
  return html`<section aria-labelledby="coverage"><div class="title"><h2 id="coverage">${t('How much arrives')}</h2>
      ${open > 0 ? html`<${Link} class="button primary" to=${reviewAddress(id, { state: 'open' })}>${tn('Review {n} data element', 'Review {n} data elements', open)}<//>`
        : html`<${Link} class="button primary" to="${reviewAddress(id)}/send">${t('Choose what to send')}<//>`}</div>
    <div class="facts wide">
      <${Fact} value=${share(coverage.accepted, coverage.source_elements)}><${Link} to=${reviewAddress(id, { state: 'accepted' })}>${tn('{n} of {all} data elements accepted', '{n} of {all} data elements accepted', coverage.accepted, { all: coverage.source_elements })}<//><//>
      <${Fact} value=${share(coverage.target_cells_filled, coverage.target_cells)}><${Link} to="${reviewAddress(id)}/disaggregation">${tn('{n} of {all} target cells can be filled', '{n} of {all} target cells can be filled', coverage.target_cells_filled, { all: coverage.target_cells })}<//><//>
      <${Fact} value=${counted?.share ?? mapped}>
        ${counted && html`<p><${Link} to=${reviewAddress(id, { state: 'accepted' })}>${tn('of {n} value of the last 12 months is of an accepted data element', 'of {n} values of the last 12 months are of accepted data elements', counted.all)}<//></p>`}
        ${mapped !== undefined
        ? html`${counted && percent(mapped)} <${Link} to="/runs/${last.data.id}">${t('of the values last read have a counterpart ({periods})', { periods: periodsText(last.data.periods) })}<//>`
        : last.loading ? html`<${Loading} />` : html`${t('How many real values have a counterpart is told by a check.')} <${Link} to="${reviewAddress(id)}/send">${t('Choose what to check')}<//>`}<//>
    </div><${Problem} error=${last.error} again=${last.reload} />
    ${source.data_set && html`<${Counted} values=${values} server=${source.server} dataSet=${source.data_set.id} reload=${values.reload} />`}
  </section>`
}

function Sections({ id, rows }) {
  const sections = bySection(rows)
  const named = sections.length > 1
  const link = (one, n, filter) => (n === 0 ? number(0) : html`<${Link} to=${reviewAddress(id, { section: named ? one.section || NO_SECTION : '', ...filter })} aria-label=${`${one.section || t('No section')}: ${number(n)}`}>${number(n)}<//>`)
  return html`<section aria-labelledby="sections"><h2 id="sections">${t('By section')}</h2>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="sections"><table class="table">
      <thead><tr><th scope="col">${t('Section')}</th><th scope="col" class="number">${t('Data elements')}</th><th scope="col" class="number">${t('Accepted')}</th><th scope="col" class="number">${t('To review')}</th>
        <th scope="col" class="number">${t('No counterpart')}</th><th scope="col" class="number">${t('Warnings')}</th><th scope="col">${t('Decided')}</th></tr></thead>
      <tbody>${sections.map((one) => html`<tr key=${one.section}><th scope="row">${one.section ? html`<${Name} of=${one.section} />` : t('No section')}</th>
        <td class="number">${number(one.all)}</td><td class="number">${link(one, one.accepted, { state: 'accepted' })}</td><td class="number">${link(one, one.open, { state: 'open' })}</td>
        <td class="number">${link(one, one.none, { state: 'none' })}</td><td class="number">${link(one, one.warned, { conflicts: true })}</td>
        <td><${Bar} label=${t('{name}: decided', { name: one.section || t('No section') })} value=${one.all - one.open} max=${one.all} /></td></tr>`)}</tbody></table></div>
  </section>`
}

function OtherPlaces({ id, alignment }) {
  const places = useLoad((signal) => gateway.alignments.places(id, { signal }), [id])
  const title = html`<h2 id="places">${t('Units and periods')}</h2>`
  if (!places.data) return html`<section aria-labelledby="places">${title}${places.error ? html`<${Problem} error=${places.error} again=${places.reload} />` : html`<${Loading} what=${t('Comparing organisation units and attribute options of both sides…')} />`}</section>`
  const [units, attributes] = ['org_units', 'attribute_option_combos'].map((member) => placeRows(places.data[member], places.data.second_person))
  const [openUnits, openAttributes] = [units, attributes].map(openPlaces)
  const [waitingUnits, waitingAttributes] = [units, attributes].map(waitingPlaces)
  const unassigned = unassignedPlaces(units)
  const to = (kind) => `${reviewAddress(id)}/places?of=${kind}`
  return html`<section aria-labelledby="places">${title}
    ${places.data.org_units.none_assigned?.length > 0 && html`<${Notice} tone="warning" title=${t('Nothing can be sent')}><p>${places.data.org_units.none_assigned.map((side) => noneAssignedText(alignment, side)).join(' ')} <${Link} to=${to('org_unit')}>${t('Show me')}<//></p><//>`}
    ${unassigned > 0 && html`<${Notice} tone="warning" title=${unassignedTitle(unassigned)}><p>${unassignedText(unassigned, alignment)} <${Link} to=${unassignedAddress(id)}>${t('Show me')}<//></p><//>`}
    ${places.data.periods.conversion === 'cannot' && html`<${Notice} tone="error" title=${t('The periods of the two sides do not meet')}><${Link} to=${to('period')}>${t('See why')}<//><//>`}
    <ul class="links">${places.data.periods.conversion === 'roll-up' && html`<li><${Link} to=${to('period')}>${t('{from} becomes {to}', { from: periodTypeName(places.data.periods.source), to: periodTypeName(places.data.periods.target) })}<//></li>`}
      <li><${Link} to=${to('org_unit')}>${openUnits ? tn('{n} organisation unit is undecided', '{n} organisation units are undecided', openUnits) : t('No organisation unit is undecided')}<//></li>
      ${waitingUnits > 0 && html`<li><${Link} to="${to('org_unit')}&state=waiting">${tn('{n} organisation unit waits for a second person', '{n} organisation units wait for a second person', waitingUnits)}<//></li>`}
      <li><${Link} to=${to('attribute_option_combo')}>${openAttributes ? tn('{n} attribute option is undecided', '{n} attribute options are undecided', openAttributes) : t('No attribute option is undecided')}<//></li>
      ${waitingAttributes > 0 && html`<li><${Link} to="${to('attribute_option_combo')}&state=waiting">${tn('{n} attribute option waits for a second person', '{n} attribute options wait for a second person', waitingAttributes)}<//></li>`}</ul>
  </section>`
}

function Changes({ id, alignment }) {
  const drift = useLoad((signal) => gateway.alignments.drift(id, { signal }), [id])
  const to = `${reviewAddress(id)}/drift`
  const serverName = useServerNames()
  const told = drift.data && toldOf(alignment, drift.data.changes)
  const shown = told && byEffect(told).flatMap(([effect, changes]) => changes.map((one) => ({ ...one, effect }))).slice(0, SHOWN_CHANGES)
  return html`<section aria-labelledby="changes"><h2 id="changes">${t('What changed at the servers')}</h2>
    <${Problem} error=${drift.error} again=${drift.reload} />
    ${drift.loading && !drift.data && html`<${Loading} what=${t('Reading both servers…')} />`}
    ${shown?.length === 0 && html`<p>${t('Nothing changed.')}</p>`}
    ${shown?.length > 0 && html`<div class="scroll" tabindex="0" role="group" aria-labelledby="changes"><table class="table"><tbody>${shown.map((one, i) => html`<tr key=${i}>
        <td><${Tag} tone=${EFFECT_TONES[one.effect]}>${effectWords(one.effect)}<//></td><td><${Name} of=${serverName(sideOf(alignment, one))} /></td><td>${objectWords(one.object.type)} <${Name} of=${one.object.name ?? one.object.id} /></td><td>${kindWords(one.kind)}</td></tr>`)}</tbody></table></div>
      <p><${Link} class="button" to=${to}>${tn('See {n} change', 'See all {n} changes', told.length)}<//></p>`}
  </section>`
}
