// What changed at both servers since the alignment was made or went on last, and going on with them as they are.
import { html, useRef, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { Link } from '../router.js'
import { Button, Name, Notice, Problem, Tag } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { byEffect, canFollow, changedPath, EFFECT_TONES, effectWords, isSame, isSureToFollow, kindWords, objectWords, outcomeWords, sideOf, toldOf } from '../model/drift.js'
import { periodTypeName } from '../model/period-types.js'
import { aggregationType, valueType } from '../model/value-types.js'
import { AlignmentHead, coming } from './alignment-head.js'
import { LongList } from './long-list.js'

const TYPES = { value_type: valueType, aggregation_type: aggregationType, period_type: periodTypeName }
/** What something was before such a change, or is after it. */
const valueWords = (kind, value) => (value === undefined ? '–' : TYPES[kind]?.(value) ?? value)

const isMeanwhile = (error) => error.code === 'changed_meanwhile'

/** Where that is wanted, what is plainly the same is gone on with by itself: once. Whoever is faster, be it a colleague who looks too, has done it. */
async function read(id, signal, onTaken, mayGoOn = true) {
  const [drift, alignment] = await Promise.all([gateway.alignments.drift(id, { signal }), gateway.alignments.get(id, { signal })])
  if (!mayGoOn || alignment.on_change !== 'take' || drift.changes.length === 0 || !drift.changes.every(isSame)) return { drift, alignment }
  try {
    await gateway.alignments.carryForward(id, { ifMatch: drift.version, signal })
    onTaken(drift.changes)
  } catch (error) {
    if (!isMeanwhile(error)) throw error
  }
  return read(id, signal, onTaken, false)
}

export function Drift({ params }) {
  const id = params.alignment
  const [taken, setTaken] = useState([]) // since the screen was opened: it is nowhere else to be seen
  const loaded = useLoad((signal) => read(id, signal, (changes) => setTaken((before) => [...before, ...changes])), [id])
  const { drift, alignment } = loaded.data ?? {}
  const [follow, setFollow] = useState() // until a person says so, only what is sure is followed
  if (!loaded.data) return coming(id, 'drift', loaded, t('Reading both servers…'))
  const following = follow ?? isSureToFollow(drift.changes)
  const told = toldOf(alignment, drift.changes)
  const untold = drift.changes.length - told.length
  const anew = () => { setFollow(undefined); return loaded.reload() }
  return html`<${AlignmentHead} id=${id} alignment=${alignment} at="drift" />
    <div class="page">
      <h2>${t('What changed at the servers')}</h2>
      <p class="muted">${t('Since this alignment was made, or was last brought up to date.')}</p>
      <${Problem} error=${loaded.error} again=${loaded.reload} />
      ${taken.length > 0 && html`<${Taken} id=${id} taken=${taken} alignment=${alignment} />`}
      ${drift.changes.length === 0 && html`<div class="empty card"><p>${taken.length ? t('Nothing else changed.') : t('Nothing changed.')}</p></div>`}
      ${byEffect(told).map(([effect, changes]) => html`<${Changes} key=${effect} effect=${effect} changes=${changes} alignment=${alignment} follow=${following} />`)}
      ${untold > 0 && html`<p class="muted">${tn('{n} change of a name or a code alone is not told. It is taken over when you go on.', '{n} changes of names or codes alone are not told. They are taken over when you go on.', untold)}</p>`}
      <${GoingOn} id=${id} drift=${drift} follow=${following} onFollow=${setFollow} onDone=${anew} />
      <${OnChange} id=${id} alignment=${alignment} onMeanwhile=${anew} onSaved=${(saved) => {
        loaded.set({ drift: { ...drift, version: saved.version }, alignment: { ...alignment, ...saved } })
        if (saved.on_change === 'take') loaded.reload()
      }} />
    </div>`
}

const ON_CHANGE = {
  ask: () => [t('Ask me each time'), t('Nothing is sent while something wants a look, until somebody has gone on.')],
  warn: () => [t('Keep the mapping and only tell'), t('What changed is told, and sending goes on.')],
  take: () => [t('Take over what is plainly the same'), t('What only has another code, or another name that says the same, is not told beforehand. It is taken over once somebody opens this page and nothing else has changed, and the page says what it was; until then, sending goes on as before.')],
}

/** What happens when the servers change, from now on. */
function OnChange({ id, alignment, onSaved, onMeanwhile }) {
  const [state, set] = useState({})
  const wanted = useRef() // arrows choose faster than a slow line saves: the last choice is sent when the one before is saved
  const choose = async (on_change) => {
    set({ wanted: on_change })
    const isSaving = wanted.current
    wanted.current = on_change
    if (isSaving) return
    let saved = alignment
    try {
      do saved = await gateway.alignments.setOnChange(id, wanted.current, { ifMatch: saved.version })
      while (wanted.current !== saved.on_change)
      set({ saved: true })
    } catch (error) {
      set({ error })
      if (isMeanwhile(error)) onMeanwhile()
    }
    wanted.current = undefined
    if (saved !== alignment) onSaved(saved)
  }
  const now = state.wanted ?? alignment.on_change
  return html`<fieldset class="card on-change"><legend>${t('When the servers change')}</legend>
    <p class="muted">${t('What would send a wrong number stops sending in any case.')}</p>
    ${Object.entries(ON_CHANGE).map(([name, words]) => {
      const [text, more] = words()
      return html`<label key=${name} class="check"><input type="radio" name="on-change" value=${name} checked=${now === name} onChange=${() => choose(name)} /><span>${text}<br /><small class="muted">${more}</small></span></label>`
    })}
    <${Problem} error=${state.error} />
    <p role="status" class="unseen">${state.saved ? t('Saved') : ''}</p>
  </fieldset>`
}

function Changes({ effect, changes, alignment, follow }) {
  const name = `drift-${effect}`
  return html`<section aria-labelledby=${name}>
    <h3 id=${name}><${Tag} tone=${EFFECT_TONES[effect]}>${effectWords(effect)}<//> <small class="muted">${tn('{n} change', '{n} changes', changes.length)}</small></h3>
    <${ChangeTable} labelledBy=${name} changes=${changes} alignment=${alignment} follow=${follow} />
  </section>`
}

/** `to`: where such a change can be looked at. */
function ChangeTable({ labelledBy, changes, alignment, follow, to = () => undefined }) {
  const serverName = useServerNames()
  const named = ({ object }) => html`<${Name} of=${object.name ? object : object.id} />`
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby=${labelledBy}><table class="table">
      <thead><tr><th scope="col">${t('Server')}</th><th scope="col">${t('Name')}</th><th scope="col">${t('Change')}</th><th scope="col">${t('Before')}</th><th scope="col">${t('Now')}</th><th scope="col">${t('Its mapping')}</th></tr></thead>
      <tbody>${changes.map((one, i) => html`<tr key=${i}>
        <td><${Name} of=${serverName(sideOf(alignment, one))} /></td><td>${to(one) ? html`<${Link} to=${to(one)}>${named(one)}<//>` : named(one)} <small class="muted below">${objectWords(one.object.type)}</small></td>
        <td>${kindWords(one.kind)}</td><td><${Name} of=${valueWords(one.kind, one.before)} /></td><td><${Name} of=${valueWords(one.kind, one.after)} /></td><td>${outcomeWords(one, follow)}</td>
      </tr>`)}</tbody></table></div>`
}

/** What went on by itself: how much of what, and each by its name. */
function Taken({ id, taken, alignment }) {
  const kinds = [...new Set(taken.map((one) => one.kind))]
  return html`<${Notice} tone="good" title=${tn('{n} change was taken over by itself', '{n} changes were taken over by themselves', taken.length)} live>
    <p>${kinds.map((kind) => t('{what}: {n}', { what: kindWords(kind), n: taken.filter((one) => one.kind === kind).length })).join(' · ')}</p>
  <//>
  <details class="card" open=${taken.length <= SHOWN_TAKEN}><summary id="taken">${t('What was taken over')}</summary>
    <${LongList} list=${taken} textOf=${({ object, before, after }) => [object.name, object.id, before, after].join(' ')}>${(shown) => html`<${ChangeTable} labelledBy="taken" changes=${shown} alignment=${alignment} follow=${false} to=${(change) => changedPath(id, change)} />`}<//></details>`
}

const SHOWN_TAKEN = 10

function GoingOn({ id, drift, follow, onFollow, onDone }) {
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
      if (isMeanwhile(error)) onDone() // their version is shown
    }
  }
  if (state.carried) return html`<${Carried} id=${id} carried=${state.carried} />`
  if (drift.changes.length === 0) return null
  return html`<section class="card" aria-labelledby="going-on">
    <h3 id="going-on">${t('Go on')}</h3>
    <p>${t('Decisions stay. Those that a change stops are opened again and wait in the review; what is new gets proposals.')}</p>
    ${offered && html`<label class="check"><input type="checkbox" checked=${follow} onChange=${(event) => onFollow(event.target.checked)} />${t('Where something was replaced, decisions are for what came in its place')}</label>
      ${!isSureToFollow(drift.changes) && html`<p class="muted">${t('Some have the name alone of what is gone: look at each first.')}</p>`}`}
    <${Problem} error=${state.error} />
    <p class="row"><${Button} primary loading=${state.loading} onClick=${goOn}>${t('Go on with the servers as they are')}<//></p>
  </section>`
}

const KINDS = { org_unit: () => t('Organisation unit'), attribute_option_combo: () => t('Attribute option') }

function Carried({ id, carried }) {
  return html`<${Notice} tone="good" title=${tn('{n} decision was kept', '{n} decisions were kept', carried.kept)} live>
    ${carried.reopened.length > 0 && html`<p>${tn('{n} decision was opened again:', '{n} decisions were opened again:', carried.reopened.length)}</p>
      <ul>${carried.reopened.map((one, i) => html`<li key=${i}>${KINDS[one.kind]?.()} <${Name} of=${one.name ? one : one.source_data_element ?? one.source} /></li>`)}</ul>`}
    <p><${Link} class="button small" to=${reviewAddress(id)}>${t('Go to the review')}<//></p>
  <//>`
}
