// What the doctor found at a server.
import { html } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Tag } from '../ui.js'
import { checkName, doctorWords, foundWords, remedyWords } from '../model/doctor.js'

const OUTCOMES = { ok: () => ['positive', t('Good')], warning: () => ['warning', t('Attention')], failed: () => ['negative', t('Wrong')] }

/** What wants a look is open, the worst first; what is good is folded. */
export function Checks({ checks, server }) {
  const good = checks.filter((one) => one.outcome === 'ok')
  const others = checks.filter((one) => one.outcome !== 'ok').sort((a, b) => (a.outcome !== 'failed') - (b.outcome !== 'failed'))
  return html`<section class="checks" aria-label=${t('What was found at {server}', { server: server.name })}>
    <p role="status"><b>${others.length ? tn('{n} check wants a look', '{n} checks want a look', others.length) : t('Nothing is wrong on the way to this server.')}</b></p>
    <${List} checks=${others} />
    ${good.length > 0 && html`<details><summary>${tn('{n} check is good', '{n} checks are good', good.length)}</summary><${List} checks=${good} /></details>`}
  </section>`
}

const List = ({ checks }) => checks.length > 0 && html`<ul>${checks.map((one) => html`<${Check} key=${one.check} ...${one} />`)}</ul>`

function Check({ check, outcome, found, meaning, remedy }) {
  const [tone, text] = OUTCOMES[outcome]?.() ?? ['neutral', outcome]
  return html`<li>
    <p><${Tag} tone=${tone}>${text}<//> <b>${checkName(check)}</b></p>
    <p><bdi>${foundWords(found)}</bdi></p>
    ${meaning && html`<p class="muted" dir="auto">${doctorWords(meaning)}</p>`}
    ${remedy && html`<${Remedy} ...${remedyWords(remedy)} />`}
  </li>`
}

function Remedy({ words, definition, afterwards }) {
  return html`<p dir="auto">${t('What to do: {remedy}', { remedy: words })}</p>
    ${definition && html`<details><summary>${t('What to send')}</summary><pre dir="ltr">${definition}</pre></details>`}
    ${afterwards && html`<p dir="auto">${afterwards}</p>`}`
}
