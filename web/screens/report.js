// A run's report to read, print, sign and file, in the reader's language; the HTML file that drawbridge writes has the same.
import { html, useRef } from '../lib.js'
import { decimal, listed, number, t, time } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { asDocument } from '../as-document.js'
import { Link } from '../router.js'
import { Title } from '../title.js'
import { download } from '../download.js'
import { Button, Loading, Notice, Problem } from '../ui.js'
import { agreement, verdictOf } from '../model/report.js'
import { conflictWords, ignoredOf, unmappedOf, unmappedReason } from '../model/run.js'
import { periodsText, periodText } from '../period-text.js'
import { someOf } from '../some-of.js'

export function Report({ params }) {
  const id = params.run
  const loaded = useLoad((signal) => gateway.runs.report(id, { signal }), [id])
  const shown = useRef()
  if (!loaded.data)
    return html`<div class="page"><h1>${t('Transfer report')}</h1><${Problem} error=${loaded.error} again=${loaded.reload} />${loaded.loading && html`<${Loading} />`}</div>`
  const report = loaded.data
  const verdict = verdictOf(report)
  const skips = report.control_totals.some((one) => one.skipped)
  const asFile = () => download(`report-${id}.html`, new Blob([asDocument(shown.current, t('Transfer report'))], { type: 'text/html' }))
  return html`<div class="page report" ref=${shown}>
    <p class="row screen-only"><${Link} to="/runs/${encodeURIComponent(id)}">${t('Back to the run')}<//><span class="grow"></span>
      <${Button} primary onClick=${() => print()}>${t('Print')}<//><${Button} onClick=${asFile}>${t('Save as a page')}<//></p>
    <${Title} names=${[t('Transfer report'), periodsText(report.periods)]} /><h1>${t('Transfer report')}</h1>
    <${Notice} tone=${verdict.tone} title=${verdict.words} /><${Problem} error=${report.problem} />
    <${About} report=${report} />
    <${Table} title=${t('Counts')} head=${[t('What'), t('Number')]} rows=${countsOf(report)} numbers=${[1]} />
    <${Table} title=${t('Control totals per data element and period')} head=${[t('Data element'), t('Period'), t('Source'), t('Target'), t('Cells'), t('Agrees'), ...(skips ? [t('Skipped')] : [])]} numbers=${[2, 3, 4, 6]}
      rows=${report.control_totals.map((one) => [one.name ?? nameOf(report, 'target', one.data_element), periodText(one.period), decimal(one.source), decimal(one.target), number(one.cells), agreement(one), ...(skips ? [decimal(one.skipped)] : [])])} />
    <${Table} title=${t('What was left out or refused, why, and what to do')} head=${[t('Reason'), t('Number'), t('What to do')]} numbers=${[1]} rows=${reasonsOf(report)} />
    <${Table} title=${t('Refused cells (the first of each reason)')} head=${[t('Reason'), t('Period'), t('Organisation unit'), t('Target cell'), t('Value')]} numbers=${[4]} rows=${report.conflicts.flatMap((one) => one.cells.map(({ target }) => [conflictWords(one).title, ...cellOf(report, target), target.value ?? '–']))} />
    <${Table} title=${t('Cells that do not hold what they should')} head=${[t('Period'), t('Organisation unit'), t('Target cell'), t('Should hold'), t('Holds')]} numbers=${[3, 4]} rows=${report.differing.map((one) => [...cellOf(report, one), one.value ?? '–', one.found ?? '–'])} />
    <${Table} title=${report.dry_run ? t('Values that would take the place of others (the first ones)') : t('Values that took the place of others (the first ones)')} head=${[t('Period'), t('Organisation unit'), t('Target cell'), t('Before'), t('Now')]} numbers=${[3, 4]} rows=${report.replaced.map((one) => [...cellOf(report, one), one.before, one.value ?? t('Deleted')])} />
    <${Table} title=${t('Cells of the source that went nowhere')} head=${[t('Source cell'), t('Reason'), t('Values'), t('Their sum')]} numbers=${[2, 3]} rows=${report.unmapped_cells.map((one) => [elementOf(report, 'source', one), unmappedReason(one.reason), number(one.values), decimal(one.sum)])} />
    <${Table} title=${t('Organisation units of which the source gave nothing')} head=${[t('Period'), t('Organisation unit')]} rows=${(report.silent_units ?? []).map((one) => [periodText(one.period), nameOf(report, 'source', one.org_unit)])} />
    <${Table} title=${t('Organisation units that the target does not have, skipped')} head=${[t('Period'), t('Organisation unit'), t('Data element'), t('Values'), t('Their sum')]} numbers=${[3, 4]} rows=${(report.skipped_units ?? []).map((one) => [periodText(one.period), nameOf(report, 'source', one.org_unit), nameOf(report, 'target', one.data_element), number(one.values), decimal(one.total)])} />
    <section class="sign" aria-label=${t('Signature')}><div>${t('Name')}</div><div>${t('Signature')}</div><div>${t('Date')}</div></section>
  </div>`
}

const nameOf = (report, side, id) => report.names?.[side]?.[id] ?? id
const elementOf = (report, side, { data_element, category_option_combo: coc }) => listed([nameOf(report, side, data_element), coc && nameOf(report, side, coc)])
const cellOf = (report, cell) => [periodText(cell.period), nameOf(report, 'target', cell.org_unit), elementOf(report, 'target', cell)]

function About({ report }) {
  const serverName = useServerNames()
  const side = (name, id, user) => listed([serverName(id), report.servers?.[name]?.url, report.servers?.[name]?.version && `DHIS2 ${report.servers[name].version}`, user ?? report.servers?.[name]?.user])
  const units = report.org_units.map((id) => nameOf(report, 'source', id))
  const lines = [
    [t('Source'), side('source', report.from, report.by_source)], [t('Target'), side('target', report.to, report.by_target)], [t('Began'), time(report.began)], [t('Ended'), time(report.ended)], [t('Periods'), listed(report.periods.map(periodText))],
    [t('Organisation units'), someOf(units, 20)],
    ...(report.read === 'analytics' ? [[t('Read from'), t('analytics: added up by the server, of {time}', { time: time(report.servers?.source?.analytics) })]] : []),
    ...(report.changed_since ? [[t('Only what changed at the source since'), report.changed_since]] : []), ...(report.deletions === 'delete' ? [[t('Deleted at the source'), t('deleted at the target too')]] : []), ...(report.comments === 'carry' ? [[t('Comments and follow-up marks'), t('taken along')]] : []), ...(report.unknown_units === 'skip' ? [[t('Organisation units that the target does not have'), t('skipped')]] : []),
    [t('Mapping'), listed([report.mapping_name, report.mapping_version && t('version {n}', { n: report.mapping_version })])], [t('SHA-256 of the mapping'), report.mapping_sha256],
  ]
  return html`<table class="about"><caption class="unseen">${t('About this transfer')}</caption><tbody>${lines.filter(([, value]) => value).map(([text, value]) => html`<tr key=${text}><th scope="row">${text}</th><td><bdi>${value}</bdi></td></tr>`)}</tbody></table>`
}

function countsOf({ counts, dry_run }) {
  const all = [
    [t('Values read'), counts.read], [t('Of analytics that may be older than what was entered'), counts.unchecked], [t('With a counterpart'), counts.mapped], [t('Without a counterpart'), unmappedOf(counts)], [t('Added up from several'), counts.summed], [t('Not changed since'), counts.not_changed],
    [dry_run ? t('To be sent') : t('Sent'), counts.sent], [t('Created'), counts.created], [t('Changed'), counts.updated], [t('With a comment or mark that is new there'), counts.carried], [t('Were there already'), counts.unchanged], [dry_run ? t('Would be there with only some of their sources') : t('There with only some of their sources'), counts.partial], [t('Refused'), ignoredOf(counts)], [t('Verified'), counts.verified], [t('Differing'), counts.differing],
    [t('Left alone at the target'), counts.left_alone], [t('Organisation units of which the source gave nothing'), counts.silent], [t('Organisation units that the target does not have, skipped'), counts.skipped_units],
  ]
  return all.filter(([, n]) => n > 0).map(([text, n]) => [text, number(n)])
}

function reasonsOf(report) {
  const unmapped = Object.entries(report.counts.unmapped).filter(([, n]) => n > 0).map(([reason, n]) => [unmappedReason(reason), number(n), ''])
  return [...unmapped, ...report.conflicts.map((one) => { const { title, remedy } = conflictWords(one); return [title, number(one.count), remedy] })]
}

/** Nothing where there is nothing to tell. */
function Table({ title, head, rows, numbers = [] }) {
  if (rows.length === 0) return null
  const kind = (at) => (numbers.includes(at) ? 'number' : undefined)
  return html`<section><h2>${title}</h2><div class="scroll" tabindex="0" role="group" aria-label=${title}><table class="table"><thead><tr>${head.map((text, at) => html`<th key=${at} scope="col" class=${kind(at)}>${text}</th>`)}</tr></thead>
    <tbody>${rows.map((row, i) => html`<tr key=${i}>${row.map((text, at) => html`<td key=${at} class=${kind(at)}><bdi>${text}</bdi></td>`)}</tr>`)}</tbody></table></div></section>`
}
