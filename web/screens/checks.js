// What the doctor found at a server.
import { html } from '../lib.js'
import { t } from '../i18n.js'
import { Tag } from '../ui.js'
import { checkName, doctorWords, foundWords } from '../model/doctor.js'

const OUTCOMES = { ok: () => ['positive', t('Good')], warning: () => ['warning', t('Attention')], failed: () => ['negative', t('Wrong')] }

/** The worst first. */
export function Checks({ checks, server }) {
  const rank = ['failed', 'warning', 'ok']
  const sorted = [...checks].sort((a, b) => rank.indexOf(a.outcome) - rank.indexOf(b.outcome))
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('What was found at {server}', { server: server.name })}><table class="checks"><tbody>
    ${sorted.map((one) => {
      const [tone, text] = OUTCOMES[one.outcome]?.() ?? ['neutral', one.outcome]
      return html`<tr key=${one.check}><td><${Tag} tone=${tone}>${text}<//></td><th scope="row">${checkName(one.check)}</th>
        <td>${foundWords(one.found)}${one.outcome !== 'ok' && html`<br /><span>${doctorWords(one.meaning)}</span>`}${one.remedy && html`<br /><b>${doctorWords(one.remedy)}</b>`}</td></tr>`
    })}
  </tbody></table></div>`
}
