// Whether the values of a data element and of its targets move alike: asked of both servers when a person wants to know.
import { html } from '../lib.js'
import { number, percent, region, t, tn } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { Name, Notice, Problem } from '../ui.js'
import { periodName } from '../model/periods.js'
import { isSignedOut } from '../model/problems.js'
import { isCounted, Uncounted } from '../model/value-counts.js'
import { CLOSE, commonType, comparedPeriods, compareHistories } from '../model/value-history.js'
import { someOf } from '../some-of.js'
import { historyOf } from '../value-history.js'
import { uncountedText } from './counted.js'

const SAID = {
  alike: ({ close, all }) => tn('They move alike: {n} of {all} period differs by less than {share}', 'They move alike: {n} of {all} periods differ by less than {share}', close, { all, share: percent(CLOSE) }),
  scaled: ({ close, all, ratio }) => tn('They move alike, but the target has {ratio} times what the source has: with that, {n} of {all} period differs by less than {share}', 'They move alike, but the target has {ratio} times what the source has: with that, {n} of {all} periods differ by less than {share}', close, { all, ratio: Number(ratio.toPrecision(2)), share: percent(CLOSE) }),
  together: ({ close, all }) => tn('They rise and fall together, but {n} of {all} period differs by {share} or more', 'They rise and fall together, but {n} of {all} periods differ by {share} or more', all - close, { all, share: percent(CLOSE) }),
  apart: () => t('They do not move alike'),
  one_empty: () => t('One of the two has no values in these periods: nothing can be said'),
  both_empty: () => t('Neither of the two has values in these periods: nothing can be said'),
  few: ({ all }) => (all === 0 ? t('There is no period in which both have values: nothing can be said') : tn('There is only {n} period in which both have values: nothing can be said', 'There are only {n} periods in which both have values: nothing can be said', all)),
  constant: () => t('Each of the two is the same in every period: nothing can be said'),
}

/** Where a question cannot be asked at all it is not. */
async function compare({ source, target }, element, targets, signal) {
  const uncounted = [element, ...targets].find((one) => !isCounted({ valueType: one.value_type, aggregationType: one.aggregation_type }))
  if (uncounted) throw Object.assign(new Uncounted('not_counted'), { element: uncounted.name })
  const type = commonType(source.data_set.period_type, target.data_set.period_type)
  const periods = type ? comparedPeriods(type) : []
  if (periods.length === 0) throw new Uncounted('no_periods')
  const ask = (server, elements) => historyOf(server, elements.map((one) => one.id), periods, { signal }).catch((error) => { throw Object.assign(error, { server }) })
  const [ours, theirs] = await Promise.all([ask(source.server, [element]), ask(target.server, targets)])
  return { type, periods, ours, theirs, found: compareHistories(ours.values, theirs.values) }
}

const REFUSED = {
  not_counted: ({ element }) => t('Analytics adds up numbers and yes or no: the values of {name} cannot be compared.', { name: element }),
  no_periods: () => t('The two data sets have no type of periods in common: their values cannot be compared.'),
  calendar: () => t('This server counts by another calendar than ISO 8601: its values cannot be compared here.'),
}

export function ValuesCompared({ alignment, element, targets, times }) {
  const nameOf = useServerNames()
  const { data, error, loading, reload } = useLoad((signal) => compare(alignment, element, targets, signal), [element.id, targets.map((one) => one.id).join(), times])
  if (error && isSignedOut(error)) return html`<${Problem} error=${error} again=${reload} />`
  return html`<div role="status">${loading ? html`<p class="loading">${t('Asking both servers…')}</p>`
    : error ? html`<${Notice} tone="warning" title=${error.server && nameOf(error.server)}>${REFUSED[error.code]?.(error) ?? uncountedText(error)}<//>`
    : html`<p>${SAID[data.found.said](data.found)}</p>`}</div>
    ${!loading && !error && html`<${Strength} found=${data.found} /><${Table} data=${data} alignment=${alignment} nameOf=${nameOf} several=${targets.length > 1} />`}`
}

const TITLE = () => t('How their values move')

function Strength({ found: { speaks, strength, correlation } }) {
  if (!speaks) return null
  return html`<table class="features"><caption class="unseen">${t('What speaks for it and against it')}</caption><tbody><tr><th scope="row">${TITLE()}</th>
    <td class=${speaks}><meter min="0" max="1" value=${strength} aria-label=${TITLE()}></meter></td>
    <td class="number">${speaks === 'for' ? t('for') : t('against')}${correlation !== undefined && html`<br />${t('correlation {r}', { r: Math.round(correlation * 100) / 100 })}`}</td></tr></tbody></table>
    <p class="muted">${t('The engine sees no values: this is not part of how sure it is.')}</p>`
}

const NAMED = 3

function Table({ data: { type, periods, ours, theirs }, alignment: { source, target }, nameOf, several }) {
  const head = (what, side, { units }) => html`<th scope="col" class="number">${what}<br /><small class="muted"><${Name} of=${nameOf(side.server)} />${units.length > 0 && html`: <${Name} of=${someOf(units, NAMED)} />`}</small></th>`
  const cell = ({ values }, id) => html`<td class="number">${values.has(id) ? number(values.get(id)) : '–'}</td>`
  return html`<div class="scroll"><table class="compare"><caption class="unseen">${t('Totals of each period, as the analytics of both servers have them')}</caption>
    <thead><tr><th scope="col">${t('Period')}</th>${head(t('Source'), source, ours)}${head(several ? t('Targets together') : t('Target'), target, theirs)}</tr></thead>
    <tbody>${periods.map((one) => html`<tr key=${one.id}><th scope="row">${periodName(type, one, region())}</th>${cell(ours, one.id)}${cell(theirs, one.id)}</tr>`)}</tbody></table></div>`
}
