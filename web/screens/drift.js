// What changed at both servers since the alignment was made or went on last, and going on with them as they are.
import { html, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link } from '../router.js'
import { Button, Loading, Name, Notice, Problem, Tag } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { byEffect, canFollow, EFFECT_TONES, effectWords, kindWords, objectWords, sideOf } from '../model/drift.js'
import { periodTypeName } from '../model/period-types.js'
import { aggregationType, valueType } from '../model/value-types.js'
import { AlignmentHead } from './alignment-head.js'

const TYPES = { value_type: valueType, aggregation_type: aggregationType, period_type: periodTypeName }
/** What something was before such a change, or is after it. */
const valueWords = (kind, value) => (value === undefined ? '–' : TYPES[kind]?.(value) ?? value)

export function Drift({ params }) {
  const id = params.alignment
  const loaded = useLoad(async (signal) => {
    const [drift, alignment] = await Promise.all([gateway.alignments.drift(id, { signal }), gateway.alignments.get(id, { signal })])
    return { drift, alignment }
  }, [id])
  const { drift, alignment } = loaded.data ?? {}
  if (!loaded.data)
    return html`<div class="page"><h1>${t('Changes')}</h1><${Problem} error=${loaded.error} again=${loaded.reload} />${loaded.loading && html`<${Loading} what=${t('Reading both servers…')} />`}</div>`
  return html`<${AlignmentHead} id=${id} alignment=${alignment} at="drift" />
    <div class="page">
      <h2>${t('What changed at the servers')}</h2>
      <p class="muted">${t('Since this alignment was made, or went on last.')}</p>
      <${Problem} error=${loaded.error} again=${loaded.reload} />
      ${drift.changes.length === 0 && html`<div class="empty card"><p>${t('Nothing changed.')}</p></div>`}
      ${byEffect(drift.changes).map(([effect, changes]) => html`<${Changes} key=${effect} effect=${effect} changes=${changes} alignment=${alignment} />`)}
      <${GoingOn} id=${id} drift=${drift} alignment=${alignment} onDone=${loaded.reload} />
    </div>`
}

function Changes({ effect, changes, alignment }) {
  const name = `drift-${effect}`
  return html`<section aria-labelledby=${name}>
    <h3 id=${name}><${Tag} tone=${EFFECT_TONES[effect]}>${effectWords(effect)}<//> <small class="muted">${tn('{n} change', '{n} changes', changes.length)}</small></h3>
    <div class="scroll" tabindex="0" role="group" aria-labelledby=${name}><table class="table">
      <thead><tr><th scope="col">${t('Server')}</th><th scope="col">${t('What')}</th><th scope="col">${t('Name')}</th><th scope="col">${t('Change')}</th><th scope="col">${t('Before')}</th><th scope="col">${t('Now')}</th></tr></thead>
      <tbody>${changes.map((one, i) => html`<tr key=${i}>
        <td>${sideOf(alignment, one)}</td><td>${objectWords(one.object.type)}</td><td><${Name} of=${one.object.name ? one.object : one.object.id} /></td>
        <td>${kindWords(one.kind)}</td><td><${Name} of=${valueWords(one.kind, one.before)} /></td><td><${Name} of=${valueWords(one.kind, one.after)} /></td>
      </tr>`)}</tbody></table></div>
  </section>`
}

function GoingOn({ id, drift, alignment, onDone }) {
  const [follow, setFollow] = useState(true)
  const [state, set] = useState({})
  const offered = canFollow(drift.changes)
  const goOn = async () => {
    set({ loading: true })
    try {
      const carried = await gateway.alignments.carryForward(id, { ifMatch: drift.version, follow: offered && follow })
      set({ carried })
      onDone()
    } catch (error) {
      set({ error })
    }
  }
  if (state.carried) return html`<${Carried} id=${id} carried=${state.carried} alignment=${alignment} />`
  if (drift.changes.length === 0) return null
  return html`<section class="card" aria-labelledby="going-on">
    <h3 id="going-on">${t('Go on')}</h3>
    <p>${t('Decisions stay. Those that something stops are opened again and wait in the review; what is new gets proposals.')}</p>
    ${offered && html`<label class="check"><input type="checkbox" checked=${follow} onChange=${(event) => setFollow(event.target.checked)} />${t('Where something was replaced, decisions are for what came in its place')}</label>`}
    <${Problem} error=${state.error} />
    <p class="row"><${Button} primary loading=${state.loading} onClick=${goOn}>${t('Go on with the servers as they are')}<//></p>
  </section>`
}

function Carried({ id, carried, alignment }) {
  const names = new Map(alignment.elements.map((one) => [one.source.id, one.source.name]))
  return html`<${Notice} tone="good" title=${tn('{n} decision was kept', '{n} decisions were kept', carried.kept)} live>
    ${carried.reopened.length > 0 && html`<p>${tn('{n} decision was opened again:', '{n} decisions were opened again:', carried.reopened.length)}</p>
      <ul>${carried.reopened.map((one, i) => html`<li key=${i}>${one.kind === 'org_unit' && `${t('Organisation unit')} `}<${Name} of=${names.get(one.source_data_element) ?? one.source_data_element ?? one.source} /></li>`)}</ul>`}
    <p><${Link} class="button small" to=${reviewAddress(id)}>${t('Go to the review')}<//></p>
  <//>`
}
