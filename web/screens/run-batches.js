// What went to the target last, batch by batch, the newest first. It is not read out by itself: how far the run is, the progress says.
import { html } from '../lib.js'
import { number, region, t, tn } from '../i18n.js'
import { made } from '../intl.js'
import { periodText } from '../period-text.js'
import { Tag } from '../ui.js'

const clock = (text) => made('DateTimeFormat', region(), { timeStyle: 'medium' }).format(new Date(text))

function Units({ batch: { org_unit, name = org_unit, org_units, period } }) {
  return html`${org_units > 1 ? tn('{name} and {n} other', '{name} and {n} others', org_units - 1, { name }) : html`<bdi>${name}</bdi>`} <small class="muted">${periodText(period)}</small>`
}

export function Batches({ run }) {
  const { batches = [] } = run
  if (run.dry_run || batches.length === 0) return null
  const removes = batches.some((one) => one.removed > 0)
  const all = batches.at(-1).number
  const numbers = [['values', t('Values')], ['created', t('Created')], ['updated', t('Changed')], ...(removes ? [['removed', t('Deleted')]] : [])]
  return html`<section aria-labelledby="batches"><h2 id="batches">${t('Last batches')}</h2>
    <div class="scroll"><table class="table">
      <thead><tr><th scope="col" class="number">${t('Batch')}</th><th scope="col">${t('Organisation units')}</th>${numbers.map(([key, text]) => html`<th key=${key} scope="col" class="number">${text}</th>`)}
        <th scope="col" class="number">${t('Refused')}</th><th scope="col">${t('At')}</th></tr></thead>
      <tbody>${[...batches].reverse().map((one) => html`<tr key=${one.number}><th scope="row" class="number">${number(one.number)}</th><td><${Units} batch=${one} /></td>
        ${numbers.map(([key]) => html`<td key=${key} class="number">${number(one[key])}</td>`)}
        <td class="number">${one.ignored > 0 ? html`<${Tag} tone="negative">${number(one.ignored)}<//>` : number(0)}</td><td><time datetime=${one.at}>${clock(one.at)}</time></td></tr>`)}</tbody></table></div>
    ${all > batches.length && html`<p class="muted">${tn('The last {n} of {all}.', 'The last {n} of {all}.', batches.length, { all })}</p>`}
  </section>`
}
