// What the list of alignments seldom shows: those that are being made, or were not, also where the tab was closed; and what is asked before one is removed.
import { html, useEffect, useState } from '../lib.js'
import { apart, arrow, t, time } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link } from '../router.js'
import { inWords } from '../model/problems.js'
import { Button, Dialog, Name, Problem, Tag } from '../ui.js'
import { comparedSoFar, readSoFar } from './making.js'

const LOOK_AGAIN = 2000
const SIDES = ['source', 'target']
const hasEnded = ({ state }) => state === 'failed' || state === 'interrupted'

/** Names of data sets by id: what is being made knows them when it is there. Where a server does not tell, the id stands. */
async function namesOf(list, signal) {
  const servers = [...new Set(list.flatMap((one) => SIDES.map((side) => one[side].server)))]
  const sets = await Promise.all(servers.map((server) => gateway.dataSets(server, { signal }).catch(() => [])))
  return new Map(sets.flat().map((one) => [one.id, one]))
}

/** `onChange`: looks again; what is made by then is an alignment. */
export function Makings({ list, nameOf, onChange }) {
  const names = useLoad((signal) => namesOf(list, signal), [list.map((one) => one.id).join()])
  const [problem, setProblem] = useState()
  const setOf = ({ data_set: id }) => names.data?.get(id) ?? id
  useEffect(() => {
    if (list.every(hasEnded)) return
    const timer = setTimeout(() => !document.hidden && onChange(), LOOK_AGAIN)
    const seen = () => !document.hidden && onChange()
    addEventListener('visibilitychange', seen)
    return () => {
      clearTimeout(timer)
      removeEventListener('visibilitychange', seen)
    }
  }, [list])
  const end = async (one) => {
    try {
      await gateway.alignments.remove(one.id)
      setProblem(undefined)
      document.getElementById('main').focus({ preventScroll: true }) // the button goes with its row
    } catch (error) {
      setProblem(error)
    }
    onChange()
  }
  const cell = (side) => html`<td><${Name} of=${setOf(side)} /><br /><small class="muted"><bdi>${nameOf(side.server)}</bdi></small></td>`
  return html`<section aria-labelledby="makings"><h2 id="makings">${t('In preparation')}</h2>
    <${Problem} error=${problem} />
    <div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('From')}</th><th scope="col">${t('To')}</th><th scope="col">${t('Progress')}</th><th scope="col"><span class="unseen">${t('What to do')}</span></th></tr></thead>
      <tbody>${list.map((one) => {
        const name = SIDES.map((side) => apart(setOf(one[side]).name ?? one[side].data_set)).join(` ${arrow()} `)
        return html`<tr key=${one.id}>${cell(one.source)}${cell(one.target)}<td><${HowFar} one=${one} nameOf=${nameOf} /></td>
          <td><div class="row end"><${Link} class="button small" to="/alignments/new/${encodeURIComponent(one.id)}" aria-label=${t('Show {name}', { name })}>${t('Show')}<//>
            ${hasEnded(one) ? html`<${Button} small onClick=${() => end(one)} aria-label=${t('Remove {name}', { name })}>${t('Remove')}<//>`
              : html`<${Button} small onClick=${() => end(one)} aria-label=${t('Cancel {name}', { name })}>${t('Cancel')}<//>`}</div></td></tr>`
      })}</tbody></table></div>
  </section>`
}

function HowFar({ one, nameOf }) {
  const began = html`<small class="muted">${t('Begun {time}', { time: time(one.created) })}</small>`
  if (one.state === 'failed') return html`<${Tag} tone="negative">${t('Failed')}<//> ${inWords(one.problem).title}<br />${began}`
  if (one.state === 'interrupted') return html`<${Tag} tone="warning">${t('Interrupted')}<//> ${t('drawbridge was stopped meanwhile.')}<br />${began}`
  return html`${one.state === 'comparing' ? comparedSoFar(one) : SIDES.map((side) => html`<div key=${side}><bdi>${nameOf(one[side].server)}</bdi>: ${readSoFar(one[side])}</div>`)}<div>${began}</div>`
}

/** Asks before one is removed. */
export function Remove({ one, name, onClose }) {
  const [state, set] = useState({})
  const remove = async () => {
    set({ loading: true })
    try {
      await gateway.alignments.remove(one.id)
      onClose()
    } catch (error) {
      set({ error })
    }
  }
  return html`<${Dialog} title=${t('Remove this alignment?')} onClose=${onClose} cancel=${t('Keep it')}
      action=${html`<${Button} destructive loading=${state.loading} onClick=${remove}>${t('Remove with all decisions')}<//>`}>
    <p>${name}</p>
    <p>${t('What was decided in it is lost. Runs that were made with it stay.')}</p>
    <${Problem} error=${state.error} />
  <//>`
}
