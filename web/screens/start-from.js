// What a new alignment may start from: nothing, what was decided in an earlier one, or a file.
import { html, useEffect, useId } from '../lib.js'
import { t, time } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { byLikeness } from '../model/starts.js'
import { Loading, Problem, Select } from '../ui.js'
import { pairName } from '../model/names.js'
import { FileChoice, isTooLarge } from './mapping-file.js'

/** `start`: {kind, from: as starts.js keeps it, unready: something has to be chosen yet}. */
export function StartFrom({ source, target, start, onChange }) {
  const id = useId()
  return html`<section class="card" aria-labelledby=${id}>
    <h2 id=${id}>${t('Start from')}</h2>
    <p class="muted">${t('What was decided before is carried over, and the rest is proposed around it.')} ${t('All of it can be undone in the review.')}</p>
    <${Select} label=${t('Take decisions from')} value=${start.kind ?? ''} onChange=${(kind) => onChange(kind ? { kind, unready: true } : {})}>
      <option value="">${t('Nothing: propose everything anew')}</option><option value="alignment">${t('An earlier alignment')}</option><option value="file">${t('A file')}</option>
    <//>
    ${start.kind === 'alignment' && html`<${OfEarlier} source=${source} target=${target} start=${start} onChange=${onChange} />`}
    ${start.kind === 'file' && html`<${OfFile} start=${start} onChange=${onChange} />`}
  </section>`
}

function OfEarlier({ source, target, start, onChange }) {
  const list = useLoad((signal) => gateway.alignments.list({ signal }), [])
  const groups = list.data && byLikeness(list.data, source, target)
  const named = (one) => `${pairName(one)} · ${time(one.updated)}`
  const choose = (one) => onChange({ kind: 'alignment', from: { alignment: one.id, name: pairName(one) } })
  useEffect(() => {
    const first = groups && [...groups.both, ...groups.one, ...groups.others][0]
    if (first && !start.from) choose(first)
  }, [list.data])
  if (!list.data) return html`<${Problem} error=${list.error} again=${list.reload} />${list.loading && html`<${Loading} />`}`
  if (list.data.length === 0) return html`<p class="muted" role="status">${t('No alignment yet.')}</p>`
  const group = (label, those) => those.length > 0 && html`<optgroup label=${label}>${those.map((one) => html`<option key=${one.id} value=${one.id}>${named(one)}</option>`)}</optgroup>`
  return html`<${Select} label=${t('Alignment')} value=${start.from?.alignment} onChange=${(chosen) => choose(list.data.find((one) => one.id === chosen))} class="names">
    ${group(t('Of both data sets'), groups.both)}${group(t('Of one of the data sets'), groups.one)}${group(t('Of others'), groups.others)}
  <//>`
}

function OfFile({ start, onChange }) {
  const formats = useLoad((signal) => gateway.alignments.formats({ signal }), [])
  if (!formats.data) return html`<${Problem} error=${formats.error} again=${formats.reload} />${formats.loading && html`<${Loading} />`}`
  const choose = ({ file, format }) => onChange({ kind: 'file', from: { file, format, name: file?.name }, unready: !file || isTooLarge(file) })
  return html`<${FileChoice} formats=${formats.data.filter((one) => !one.written_only)} chosen=${start.from ?? { format: 'json' }} onChange=${choose} />`
}
