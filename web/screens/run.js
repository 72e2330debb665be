// One run: how far it is, what was sent, whether the totals agree, and what the target did not take.
import { html, useEffect, useState } from '../lib.js'
import { apart, arrow, decimal, number, t, time, tn } from '../i18n.js'
import { gateway, useServerNames } from '../api.js'
import { Link, navigate } from '../router.js'
import { Title } from '../title.js'
import { download } from '../download.js'
import { Bar, Button, Loading, Name, Notice, Problem, Tag } from '../ui.js'
import { periodsText, periodText } from '../period-text.js'
import { reviewAddress } from '../model/address.js'
import { agreement, runVerdict } from '../model/report.js'
import { canGoOn, estimateText, ignoredOf, stepsOf, unmappedOf, unmappedReason } from '../model/run.js'
import { useGoingAnywhere } from './going.js'
import { RunTag, stateOf } from './runs.js'
import { Batches } from './run-batches.js'
import { RunCells } from './run-conflicts.js'
import { aloneUntil, AskOverwrite, RunFacts, Undo, WithoutMe } from './run-more.js'

/** Follows the run until it ends; `again` follows it anew. */
function useRun(id) {
  const [state, set] = useState({})
  const [round, setRound] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    const onLost = (error) => set((before) => ({ ...before, error }))
    const follow = async () => {
      try {
        for await (const run of gateway.runs.watch(id, { signal: stop.signal, onLost })) set({ run })
      } catch (error) {
        if (!stop.signal.aborted) onLost(error)
      }
    }
    follow()
    return () => stop.abort()
  }, [id, round])
  return { ...state, again: () => setRound((n) => n + 1) }
}

export function Run({ params }) {
  const { run, error, again } = useRun(params.run)
  if (!run) return html`<div class="page"><h1>${t('Run')}</h1>${error ? html`<${Problem} error=${error} again=${again} />` : html`<${Loading} />`}</div>`
  return html`<${Running} run=${run} error=${error} again=${again} />`
}

function titleOf({ periods, dry_run, undoes }) {
  const values = { periods: periodsText(periods) }
  return undoes ? t('Undo: {periods}', values) : dry_run ? t('Check: {periods}', values) : t('Send: {periods}', values)
}

function Running({ run, error, again }) {
  const under_way = gateway.runs.isUnderWay(run)
  const nameOf = useServerNames()
  useGoingAnywhere(run.alignment)
  const [state, set] = useState({})
  const act = (what) => async () => {
    set({ [what]: true })
    try {
      await gateway.runs[what](run.id)
      set({})
      again()
    } catch (problem) {
      set({ problem })
    }
  }
  const saveReport = (format) => async () => {
    try {
      download(`report-${run.id}.${format}`, await gateway.runs.report(run.id, { format }))
    } catch (problem) {
      set({ problem })
    }
  }
  const saveRefused = async () => {
    try {
      download(`refused-${run.id}.csv`, await gateway.runs.refused(run.id))
    } catch (problem) {
      set({ problem })
    }
  }
  const listed = run.conflicts.reduce((sum, one) => sum + one.cells.length, 0)
  return html`<div class="page">
    <${Title} names=${[titleOf(run), `${apart(nameOf(run.from))} ${arrow()} ${apart(nameOf(run.to))}`]} />
    <div class="title"><h1>${titleOf(run)}</h1><${RunTag} run=${run} /></div>
    <p class="muted">${t('{from} → {to}, started {when} by {who}', { from: nameOf(run.from), to: nameOf(run.to), when: time(run.created), who: run.by })}
      ${run.alignment && html` · <${Link} to=${reviewAddress(run.alignment)}>${t('Open the alignment')}<//>`}</p>
    <${RunFacts} run=${run} />
    <${Problem} error=${error} again=${again} byHand />
    <${Problem} error=${state.problem} />
    <${Steps} run=${run} under_way=${under_way} />
    <div class="row">
      ${under_way && html`<${Button} loading=${state.pause} onClick=${act('pause')}>${t('Pause')}<//>`}
      ${under_way && html`<${Button} loading=${state.cancel} onClick=${act('cancel')}>${t('Stop after what is under way')}<//>`}
      ${canGoOn(run) && html`<${Button} primary loading=${state.resume} onClick=${act('resume')}>${t('Go on where it stopped')}<//>`}
      ${!under_way && html`<${Button} onClick=${saveReport('json')}>${t('Save the report')}<//>
        <${Link} class="button" to="/runs/${encodeURIComponent(run.id)}/report">${t('Report to print')}<//>
        <${Button} onClick=${saveReport('csv')}>${t('Report for a spreadsheet')}<//>
        ${run.refused_rows > listed && html`<${Button} onClick=${saveRefused}>${t('All refused values (CSV)')}<//>`}`}
    </div>
    <${Outcome} run=${run} server=${nameOf(run.to)} />
    <${Facts} run=${run} />
    <${Totals} run=${run} />
    <${RunCells} run=${run} />
    <${Unmapped} counts=${run.counts} />
    <${Batches} run=${run} />
    <${Undo} run=${run} server=${nameOf(run.to)} />
  </div>`
}

function Steps({ run, under_way }) {
  const names = { read: t('Read'), translate: t('Convert'), check: t('Check'), send: run.undoes ? t('Undo') : t('Send'), verify: t('Verify') }
  const { done, of } = run.progress
  const text = of > 0 ? tn('{done} of {n} part', '{done} of {n} parts', of, { done }) : ''
  return html`<div class="card steps">
    <ol>${stepsOf(run).map((step) => html`<li key=${step.id} class=${step.state} aria-current=${step.state === 'now' ? 'step' : undefined}><b>${names[step.id]}</b>
      <small>${step.state === 'now' ? text || t('Under way') : step.state === 'done' ? t('Done') : step.state === 'stopped' ? t('Stopped here') : t('Waiting')}</small></li>`)}</ol>
    ${under_way && html`<div class="row"><${Bar} label=${t('Progress')} value=${done} max=${of} /><span role="status" class="muted">${text}</span></div>`}
    ${under_way && html`<p class="muted">${t('It goes on even if you close this page.')}</p>`}
  </div>`
}

/** So many values of others are overwritten without a further question. */
const UNASKED = 1000

/** The one sentence that matters, with what to do next. */
function Outcome({ run, server }) {
  const [state, set] = useState({})
  const [alone, setAlone] = useState(false)
  const sendIt = async () => {
    set({ loading: true })
    try {
      const real = { ...await gateway.runs.order(run.id), dry_run: false, ...(alone && { unattended_until: aloneUntil() }) }
      const started = await gateway.runs.start(real, { key: `send${alone ? ' alone' : ''} ${run.id}`.slice(0, 64) })
      navigate(`/runs/${started.id}`)
    } catch (error) {
      set({ error })
    }
  }
  const { counts } = run
  const refused = ignoredOf(counts)
  const { tone, words: told } = runVerdict(run)
  if (run.undoes && ['done', 'refused', 'differs'].includes(run.state)) { // it sends nothing, and proves no totals
    return html`<${Notice} tone=${tone} title=${stateOf(run)[1]} live>${told}<//>`
  }
  if (run.dry_run && (run.state === 'done' || run.state === 'refused')) {
    const ready = counts.sent > 0 ? tn('{n} value is ready to be sent', '{n} values are ready to be sent', counts.sent) : t('There is nothing to send')
    return html`<${Notice} tone=${tone} title=${ready} live>
      <p>${run.state === 'done' ? told : t('Nothing was written.')} ${refused > 0 ? tn('{n} of them would be refused: see below.', '{n} of them would be refused: see below.', refused) : ''}
        ${counts.unchanged > 0 ? tn('{n} is there already.', '{n} are there already.', counts.unchanged) : ''}</p>
      ${counts.sent > 0 && run.estimate && html`<p>${estimateText(run)}</p>`}
      ${counts.sent > 0 && html`<p class="row"><${Button} primary loading=${state.loading} onClick=${counts.updated > UNASKED ? () => set({ asked: true }) : sendIt}>${tn('Send {n} value', 'Send {n} values', counts.sent)}<//></p>`}
      <${WithoutMe} on=${alone} onChange=${setAlone} run=${run} />
      <${Problem} error=${state.error} />
      ${state.asked && html`<${AskOverwrite} run=${run} server=${server} onClose=${() => set({})} onSend=${sendIt} />`}
    <//>`
  }
  const agree = run.totals.filter((one) => one.equal).length
  const words = {
    done: () => tone === 'warning' ? html`<${Notice} tone="warning" title=${t('Everything arrived but what was skipped')} live>${told}<//>` : tone === 'info' ? html`<${Notice} title=${t('There is nothing to send')} live>${told}<//>` : html`<${Notice} tone="good" title=${t('Everything arrived: all totals agree')} live>${tn('{n} value was read back from the target and is what was sent.', '{n} values were read back from the target and are what was sent.', counts.verified)}<//>`,
    differs: () => agree === run.totals.length ? html`<${Notice} tone="error" title=${t('Does not agree')} live>${told}<//>` : html`<${Notice} tone="error" title=${t('Not all totals agree')} live>${tn('{n} of {all} totals agrees. The others stand first in the table.', '{n} of {all} totals agree. The others stand first in the table.', agree, { all: run.totals.length })}<//>`,
    refused: () => html`<${Notice} tone="warning" title=${tn('The target did not take {n} value', 'The target did not take {n} values', refused)} live>${t('All else arrived and was verified. What was refused is below, with the reason.')}<//>`,
    failed: () => html`<${Problem} error=${run.problem ?? { title: t('The run failed') }} />`,
    cancelled: () => html`<${Notice} title=${t('Stopped by you')}>${t('What was sent before stays at the target. You can go on where it stopped.')}<//>`,
    paused: () => run.problem ? html`<${Problem} error=${run.problem} />` : html`<${Notice} title=${t('Paused by you')}>${t('What was sent before stays at the target. You can go on where it stopped.')}<//>`,
    interrupted: () => html`<${Notice} tone="warning" title=${t('drawbridge was stopped while this was under way')}>${t('Nothing is sent twice when you go on.')}<//>`,
  }
  return words[run.state]?.() ?? null
}

function Facts({ run }) {
  const { counts } = run
  const told = ([n]) => n > 0
  const facts = [
    ...(run.undoes ? [] : [[counts.read, t('Values read')], [counts.mapped, t('With a counterpart')], [unmappedOf(counts), t('Without a counterpart')]]),
    ...(run.undoes ? [] : run.dry_run ? [[counts.sent, t('To be sent')], [counts.created, t('Of these new')]] : [[counts.created, t('Created')]]), [counts.updated, run.dry_run ? t('In place of another value') : t('Changed')],
    ...[[counts.removed, t('Deleted')], [counts.not_changed, t('Not changed since')]].filter(told),
    [counts.unchanged, t('Were there already')], [ignoredOf(counts), t('Refused')], ...(run.dry_run ? [] : [[counts.verified, t('Verified')]]),
    ...[
      [counts.partial, run.dry_run ? t('Would be there with only some of their sources') : t('There with only some of their sources')],
      [counts.skipped_units, t('Organisation units that the target does not have, skipped')], [counts.silent, t('Organisation units of which the source gave nothing')],
    ].filter(told),
  ]
  return html`<dl class="facts">${facts.map(([n, text]) => html`<div key=${text} class="fact"><dt>${text}</dt><dd>${number(n)}</dd></div>`)}</dl>`
}

function Totals({ run }) {
  const [all, setAll] = useState(false)
  const MOST = 200
  if (run.totals.length === 0) return null
  const sorted = [...run.totals].sort((a, b) => Number(a.equal) - Number(b.equal))
  const shown = all ? sorted : sorted.slice(0, MOST)
  return html`<section aria-labelledby="totals"><h2 id="totals">${run.dry_run ? t('Totals to be sent') : t('Totals on both sides')}</h2>
    <div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('Data element')}</th><th scope="col">${t('Period')}</th><th scope="col" class="number">${run.dry_run ? t('To be sent') : t('Sent')}</th>
        <th scope="col" class="number">${run.dry_run ? t('Would be taken') : t('Read back')}</th><th scope="col">${t('Agrees')}</th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${`${one.data_element} ${one.period}`}>
        <td><${Name} of=${one.name ?? one.data_element} /></td><td>${periodText(one.period)}</td><td class="number">${decimal(one.source)}</td>
        <td class="number">${decimal(one.target)}</td><td><${Tag} tone=${one.equal ? 'positive' : one.equal_but_skipped ? 'warning' : 'negative'}>${agreement(one)}<//></td>
      </tr>`)}</tbody></table></div>
    ${sorted.length > shown.length && html`<p><${Button} small onClick=${() => setAll(true)}>${tn('Show all {n}', 'Show all {n}', sorted.length)}<//></p>`}
  </section>`
}

function Unmapped({ counts }) {
  const reasons = Object.entries(counts.unmapped).filter(([, n]) => n > 0)
  if (reasons.length === 0) return null
  return html`<section aria-labelledby="unmapped"><h2 id="unmapped">${t('Values that were not sent')}</h2>
    <ul>${reasons.map(([reason, n]) => html`<li key=${reason}>${t('{what}: {n}', { what: unmappedReason(reason), n })}</li>`)}</ul></section>`
}
