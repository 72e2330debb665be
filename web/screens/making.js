// An alignment that is being made: how far both servers are read, until it is there. It goes on without the page, and is found again by its address.
import { html, useEffect, useMemo, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { gateway, useServerNames } from '../api.js'
import { Link, navigate } from '../router.js'
import { reviewAddress } from '../model/address.js'
import { dropStart, keepStart, startOf } from '../starts.js'
import { CarryOver, gone } from './carry-over.js'
import { Button, Name, Notice, Problem } from '../ui.js'

const show = (id) => navigate(`${reviewAddress(id)}/overview`, { replace: true })

/** One that came to nothing, and has another in its place, is not listed any longer. */
const forget = (id) => gateway.alignments.remove(id).catch(() => {})

/** What was asked for last and may have begun, though no answer came: asked for once more it is the same one. */
let unanswered

/** Begins one, and goes to where its progress is shown. What went wrong, or undefined. `start` is what it starts from (starts.js), if anything. */
export async function propose(source, target, start) {
  const wanted = JSON.stringify([source, target])
  const { key } = unanswered?.wanted === wanted ? unanswered : (unanswered = { wanted, key: crypto.randomUUID() })
  const begun = new AbortController()
  const onProgress = ({ id }) => {
    begun.abort() // its own screen follows it
    if (start) keepStart(id, start)
    navigate(`/alignments/new/${encodeURIComponent(id)}`)
  }
  try {
    const made = await gateway.alignments.propose({ source, target }, { key, signal: begun.signal, onProgress })
    unanswered = undefined
    show(made.id)
  } catch (error) {
    if (error.code !== 'gateway_unreachable') unanswered = undefined
    if (!begun.signal.aborted) return error
  }
}

export function Making({ params }) {
  const serverName = useServerNames()
  const [{ now, error, lost, ending, there }, set] = useState({})
  const id = params.making
  const start = useMemo(() => startOf(id), [id])
  const follow = async (signal) => {
    const onProgress = (next) => {
      if (next.id === id) set((before) => ({ ending: before.ending, now: next }))
      else { // begun anew
        if (start) keepStart(next.id, start)
        dropStart(id)
        forget(id)
        navigate(`/alignments/new/${encodeURIComponent(next.id)}`, { replace: true })
      }
    }
    try {
      const made = await gateway.alignments.follow(id, { signal, onProgress, onLost: (problem) => set((before) => ({ ...before, lost: problem })) })
      if (signal.aborted) return
      if (start) set((before) => ({ now: before.now, there: true }))
      else show(made.id)
    } catch (problem) {
      if (!signal.aborted) set((before) => ({ now: before.now, error: problem }))
    }
  }
  useEffect(() => {
    const line = new AbortController()
    follow(line.signal)
    return () => line.abort()
  }, [])
  const end = async () => {
    set((before) => ({ ...before, ending: true }))
    try {
      await gateway.alignments.remove(id)
      dropStart(id)
      navigate('/alignments/new', { replace: true })
    } catch (problem) {
      set((before) => ({ ...before, ending: false, lost: problem }))
    }
  }
  const again = async () => {
    const problem = await propose(...[now.source, now.target].map((side) => ({ server: side.server, data_set: side.data_set })), start)
    if (problem) set((before) => ({ ...before, error: problem }))
    else forget(id)
  }
  const comparing = now?.state === 'comparing' || now?.state === 'done'
  return html`<div class="page">
    <h1>${t('Align two data sets')}</h1>
    <${Problem} error=${error ?? lost} again=${error && now && again} byHand />
    ${error ? html`<p><${Link} class="button" to="/alignments/new">${t('Align two data sets')}<//></p>` : there ? html`<${CarryOver} id=${id} start=${start} />` : html`<div class="card steps">
      <ol>
        ${['source', 'target'].map((side) => html`<li key=${side} class=${!now ? undefined : comparing ? 'done' : 'now'}><b>${now ? html`<${Name} of=${serverName(now[side].server)} />` : '…'}</b><small>${now && readSoFar(now[side])}</small></li>`)}
        <li class=${comparing ? 'now' : undefined}><b>${t('Compare')}</b><small>${comparing ? comparedSoFar(now) : t('Waiting')}</small></li>
        ${start && html`<li><b>${t('Carry over')}</b><small><${Name} of=${start.name} /></small></li>`}
      </ol>
      <p class="muted" role="status">${t('Reading both data sets and comparing them…')}</p>
      ${start && gone(start) && html`<${Notice} tone="warning" title=${t('The file {name} has to be chosen again', { name: start.name })}>${t('It was lost when this page was loaded again. Import it under Files when the alignment is ready.')}<//>`}
      <p class="muted">${start && !gone(start) ? t('Keep this page open: the decisions you start from are carried over when the alignment is ready.') : t('It goes on even if you close this page.')} ${t('You will find it under Alignments when it is ready.')}</p>
      <div class="row"><${Button} loading=${ending} onClick=${end}>${t('Cancel')}<//></div>
    </div>`}
  </div>`
}

export const comparedSoFar = ({ progress }) => (progress ? tn('{n} of {all} data elements', '{n} of {all} data elements', progress.done, { all: progress.of }) : t('Under way'))

export function readSoFar({ data_elements: elements, org_units: units }) {
  if (elements === 0) return t('Waiting')
  return `${tn('{n} data element', '{n} data elements', elements)}${units ? ` · ${tn('{n} organisation unit', '{n} organisation units', units)}` : ''}`
}
