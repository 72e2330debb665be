// What the target did not take, in words, with the cells it came from, and what took the place of other values. Names are asked for only when there is something to name.
import { html, useEffect, useState } from '../lib.js'
import { comma, decimal, language, number, t, tn } from '../i18n.js'
import { gateway } from '../api.js'
import { Link } from '../router.js'
import { reviewAddress } from '../model/address.js'
import { conflictWords } from '../model/run.js'
import { periodText } from '../period-text.js'
import { Name } from '../ui.js'

/** Names of the cells and organisation units of a run; ids where they cannot be had. */
function useNames(run, wanted) {
  const [names, set] = useState({ source: new Map(), target: new Map(), units: new Map() })
  useEffect(() => {
    if (!wanted || !run.alignment) return undefined
    const stop = new AbortController()
    const load = async () => {
      const alignment = await gateway.alignments.get(run.alignment, { signal: stop.signal })
      const source = new Map(alignment.elements.map((one) => [one.source.id, one.source]))
      for (const cell of alignment.cells) source.set(cell.source.id, cell.source)
      const target = new Map(alignment.target_elements.map((one) => [one.id, one]))
      for (const combo of alignment.target_combos) for (const coc of combo.option_combos) target.set(coc.id, coc)
      set({ source, target, units: new Map() })
      const units = await gateway.orgUnits(alignment.source.server, alignment.source.data_set.id, { signal: stop.signal })
      set({ source, target, units: new Map(units.map((one) => [one.id, one.name])) })
    }
    load().catch(() => {})
    return () => stop.abort()
  }, [run.id, wanted])
  return names
}

export function RunCells({ run }) {
  const silent = run.silent_units ?? [] // runs of an earlier release have none
  const skipped = run.skipped_units ?? []
  const names = useNames(run, run.conflicts.length + run.replaced.length + silent.length + skipped.length > 0)
  return html`
    ${run.conflicts.length > 0 && html`<section aria-labelledby="conflicts"><h2 id="conflicts">${t('What the target did not take')}</h2>
      ${run.conflicts.map((one, i) => html`<${Conflict} key=${i} conflict=${one} names=${names} alignment=${run.alignment} />`)}
    </section>`}
    ${run.replaced.length > 0 && html`<${Replaced} run=${run} names=${names} />`}
    ${silent.length > 0 && html`<${Silent} units=${silent} all=${run.counts.silent} names=${names} />`}
    ${skipped.length > 0 && html`<${Skipped} sums=${skipped} names=${names} />`}`
}

/** By period, as they come. */
function Silent({ units, all, names }) {
  const periods = [...new Set(units.map((one) => one.period))]
  return html`<section aria-labelledby="silent"><h2 id="silent">${t('Organisation units of which the source gave nothing')}</h2>
    <dl>${periods.map((period) => html`<dt key=${period}>${periodText(period)}</dt><dd key=${`${period} units`}>${units.filter((one) => one.period === period).map(({ org_unit: id }, i) => html`${i > 0 && comma()}<${Name} of=${names.units.get(id) ?? id} />`)}</dd>`)}</dl>
    ${all > units.length && html`<p class="muted">${tn('The first {n} of {all}.', 'The first {n} of {all}.', units.length, { all })}</p>`}
  </section>`
}

const SKIPPED = 200

/** The report has the rest. */
function Skipped({ sums, names }) {
  return html`<section aria-labelledby="skipped"><h2 id="skipped">${t('Organisation units that the target does not have, skipped')}</h2>
    <div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('Period')}</th><th scope="col">${t('Organisation unit')}</th><th scope="col">${t('Data element')}</th><th scope="col" class="number">${t('Values')}</th><th scope="col" class="number">${t('Their sum')}</th></tr></thead>
      <tbody>${sums.slice(0, SKIPPED).map((one, i) => html`<tr key=${i}><td>${periodText(one.period)}</td><td><${Name} of=${names.units.get(one.org_unit) ?? one.org_unit} /></td><td><${Name} of=${names.target.get(one.data_element) ?? one.data_element} /></td><td class="number">${number(one.values)}</td><td class="number">${decimal(one.total)}</td></tr>`)}</tbody></table></div>
    ${sums.length > SKIPPED && html`<p class="muted">${tn('The first {n} of {all}.', 'The first {n} of {all}.', SKIPPED, { all: sums.length })}</p>`}
  </section>`
}

const Cell = ({ of, names }) => [of.data_element, of.category_option_combo].filter(Boolean).map((id, i) => html`${i > 0 && comma()}<${Name} of=${names.get(id) ?? id} />`)

function Replaced({ run, names }) {
  const all = run.counts.updated + (run.counts.removed ?? 0)
  return html`<section aria-labelledby="replaced"><h2 id="replaced">${run.dry_run ? t('What would take the place of other values') : t('What took the place of other values')}</h2>
    <div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('Target cell')}</th><th scope="col">${t('Organisation unit')}</th><th scope="col">${t('Period')}</th><th scope="col" class="number">${t('Before')}</th><th scope="col" class="number">${t('Now')}</th></tr></thead>
      <tbody>${run.replaced.map((one, i) => html`<tr key=${i}><td><${Cell} of=${one} names=${names.target} /></td><td><${Name} of=${names.units.get(one.org_unit) ?? one.org_unit} /></td><td>${periodText(one.period)}</td>
        <td class="number"><bdi>${one.before}</bdi></td><td class="number"><bdi>${one.value ?? t('Deleted')}</bdi></td></tr>`)}</tbody></table></div>
    ${all > run.replaced.length && html`<p class="muted">${tn('The first {n} of {all}.', 'The first {n} of {all}.', run.replaced.length, { all })}</p>`}
  </section>`
}

/** To the very rows of the review that a refused cell came from. */
function Mappings({ alignment, sources, names }) {
  const elements = [...new Set(sources.map((one) => one.data_element).filter(Boolean))]
  return elements.map((id) => html`<div key=${id}><${Link} to=${reviewAddress(alignment, { row: id })} aria-label=${t('Open mapping: {name}', { name: names.get(id)?.name ?? id })}>${t('Open mapping')}<//></div>`)
}

function Conflict({ conflict, names, alignment }) {
  const { title, remedy, known } = conflictWords(conflict)
  const ours = known && (!conflict.by_target || conflict.remedy) // then its sentence says the same, with names in it, in English alone
  return html`<details class="card conflict" open=${conflict.count <= 20}>
    <summary><b>${title}</b> <span class="muted">${conflict.code} · ${tn('{n} value', '{n} values', conflict.count)}</span></summary>
    ${remedy && html`<p>${remedy}</p>`}
    ${title !== conflict.message && conflict.message && (!ours || language() === 'en') && html`<p class="muted">${ours ? conflict.message : t('The server said: {text}', { text: conflict.message })}</p>`}
    <div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('Source cell')}</th><th scope="col">${t('Organisation unit')}</th><th scope="col">${t('Period')}</th><th scope="col" class="number">${t('Value')}</th><th scope="col">${t('Target cell')}</th>${alignment && html`<th scope="col"><span class="unseen">${t('Open mapping')}</span></th>`}</tr></thead>
      <tbody>${conflict.cells.map((one, i) => html`<tr key=${i}>
        <td>${one.sources.map((source, k) => html`<div key=${k}><${Cell} of=${source} names=${names.source} />${source.period && source.period !== one.target.period && html`, ${periodText(source.period)}`}</div>`)}</td>
        <td><${Name} of=${names.units.get((one.sources[0] ?? one.target).org_unit) ?? (one.sources[0] ?? one.target).org_unit} /></td><td>${periodText(one.target.period)}</td>
        <td class="number">${one.target.value ?? one.sources.map((source) => source.value).join(' + ')}</td><td><${Cell} of=${one.target} names=${names.target} /></td>
        ${alignment && html`<td><${Mappings} alignment=${alignment} sources=${one.sources} names=${names.source} /></td>`}
      </tr>`)}</tbody></table></div>
    ${conflict.count > conflict.cells.length && html`<p class="muted">${tn('The first {n} of {all}.', 'The first {n} of {all}.', conflict.cells.length, { all: conflict.count })}</p>`}
  </details>`
}
