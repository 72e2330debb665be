// What the periods of the source are to the target's, by example.
import { html } from '../lib.js'
import { t } from '../i18n.js'
import { Notice } from '../ui.js'
import { periodTypeName } from '../model/period-types.js'
import { periodReason } from '../model/period-reasons.js'
import { periodExample } from '../model/places.js'
import { periodText } from '../period-text.js'

export function Periods({ rule }) {
  const example = periodExample(rule)
  return html`<div class="page"><section class="card" aria-labelledby="periods">
    <h2 id="periods">${rule.source && rule.target && rule.source !== rule.target ? t('{from} becomes {to}', { from: periodTypeName(rule.source), to: periodTypeName(rule.target) }) : t('Periods')}</h2>
    <${Notice} tone=${rule.conversion === 'cannot' ? 'warning' : 'info'}>${periodReason(rule)}<//>
    ${example && html`<p>${t('For example:')} <b><bdi>${example.from.join(' + ')}</bdi></b> <span aria-hidden="true" class="arrow">→</span><span class="unseen">${t('to')}</span> <b><bdi>${example.to}</bdi></b> <span class="muted">(${periodText(example.to)})</span></p>`}
    <p class="muted">${t('This follows from the two data sets; there is nothing to decide.')}</p>
  </section></div>`
}
