// What there is of everything, to choose from: how sure the engine is, what somebody shall look at, warnings by kind.
import { html, useMemo } from '../lib.js'
import { percent, t, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { navigate } from '../router.js'
import { reviewAddress, unassignedAddress } from '../model/address.js'
import { judgedBands } from '../model/judged.js'
import { createFacets } from '../model/rows.js'
import { countUnassigned } from '../model/unassigned-places.js'
import { Counted } from './counted.js'
import { warningName } from './review-list.js'

const ATTENTION_NAMES = {
  changed: () => t('Changed at a server'), flagged: () => t('Flagged'), mine: () => t('Flagged for me'), commented: () => t('Commented'), approval: () => t('For me to approve'), hand: () => t('Chosen by hand'),
}

const HEIGHT = 40

/** What became of proposals until now: how far the engine's word can be trusted here. */
function judgedText({ from, to, decided, agreed }) {
  const values = { from: percent(from), to: to && percent(to), agreed, share: percent(agreed / decided) }
  if (!to) return tn('Of {n} proposal that was {from} and surer, people accepted {agreed} ({share})', 'Of {n} proposals that were {from} and surer, people accepted {agreed} ({share})', decided, values)
  if (from > 0) return tn('Of {n} proposal from {from} to {to}, people accepted {agreed} ({share})', 'Of {n} proposals from {from} to {to}, people accepted {agreed} ({share})', decided, values)
  return tn('Of {n} proposal below {to}, people accepted {agreed} ({share})', 'Of {n} proposals below {to}, people accepted {agreed} ({share})', decided, values)
}

export function Facets({ id, rows, judged, about, filter, onFilter, source, values }) {
  const { attention, warnings, bins } = useMemo(createFacets, [])(rows, filter, about)
  const told = judgedBands(judged)
  const places = useLoad(async (signal) => {
    const { org_units: units } = await gateway.alignments.places(id, { signal })
    return { none: units.none_assigned?.length > 0 /* of all of them */, unassigned: countUnassigned(units.pairs) }
  }, [id])
  const { none, unassigned } = places.data ?? {}
  const most = Math.max(1, ...bins.map((one) => one.n))
  const toggle = (key, value) => onFilter({ ...filter, [key]: filter[key] === value ? '' : value })
  const range = (bin) => (filter.from === bin.from && filter.to === bin.to ? { from: 0, to: 1 } : { from: bin.from, to: bin.to })
  const button = (key, value, name, n) => html`<button key=${value} type="button" class="button small" aria-pressed=${filter[key] === value ? 'true' : 'false'} disabled=${n === 0 && filter[key] !== value} onClick=${() => toggle(key, value)}>${name} ${n}</button>`
  return html`<div class="facets" role="group" aria-label=${t('More filters')}>
    <fieldset><legend>${t('How sure the engine is of what is open')}</legend><div class="histogram">
      ${bins.map((bin) => html`<button key=${bin.from} type="button" aria-pressed=${filter.from === bin.from && filter.to === bin.to ? 'true' : 'false'} onClick=${() => onFilter({ ...filter, ...range(bin) })}
          aria-label=${tn('{n} from {from} to {to}', '{n} from {from} to {to}', bin.n, { from: percent(bin.from), to: percent(bin.to) })}>
        <svg viewBox="0 0 30 ${HEIGHT}" aria-hidden="true"><rect x="0" width="30" y=${HEIGHT - (bin.n / most) * HEIGHT} height=${(bin.n / most) * HEIGHT} /></svg><span aria-hidden="true">${percent(bin.from)}</span></button>`)}
    </div></fieldset>
    ${told.length > 0 && html`<fieldset><legend>${t('What became of proposals that people looked at')}</legend><ul class="judged">${told.map((one) => html`<li key=${one.from}>${judgedText(one)}</li>`)}</ul></fieldset>`}
    <fieldset><legend>${t('To look at')}</legend>${Object.entries(attention).map(([name, n]) => button('attention', name, ATTENTION_NAMES[name](), n))}</fieldset>
    <fieldset><legend>${t('Warnings')}</legend>${Object.entries(warnings).map(([kind, n]) => button('warning', kind, warningName(kind), n))}
      <button type="button" class="button small" disabled=${!unassigned && !none} onClick=${() => navigate(none ? `${reviewAddress(id)}/places` : unassignedAddress(id))}>${t('Data set not assigned to units')} ${none ? '' : unassigned ?? (places.error ? '–' : '…')}</button></fieldset>
    ${source.data_set && html`<fieldset class="grow"><legend>${t('Values of the last 12 months')}</legend><${Counted} values=${values} server=${source.server} dataSet=${source.data_set.id} reload=${values.reload} /></fieldset>`}
  </div>`
}
