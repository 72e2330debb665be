// What can be done about a run that has ended, or beside it: undone, and, where it was only checked, sent without the person or by itself.
import { html, useState } from '../lib.js'
import { t, time, tn } from '../i18n.js'
import { gateway } from '../api.js'
import { Link, navigate } from '../router.js'
import { Button, Dialog, Field, Problem } from '../ui.js'

const HAS_WRITTEN = ['done', 'refused', 'differs', 'cancelled', 'failed', 'paused']

/** Where it comes from, and how long it goes on. */
export function RunFacts({ run }) {
  const facts = [
    run.undoes && html`<${Link} to="/runs/${run.undoes}">${t('Undoes another run')}<//>`,
    run.undone_by && html`<${Link} to="/runs/${run.undone_by}">${t('Was undone')}<//>`,
    run.schedule && t('Was sent automatically'),
    run.unattended_until && t('May go on without you until {when}', { when: time(run.unattended_until) }),
  ].filter(Boolean)
  return facts.length > 0 && html`<ul class="muted">${facts.map((one, i) => html`<li key=${i}>${one}</li>`)}</ul>`
}

/** Puts back what it overwrote at `server`, which is its name. */
export function Undo({ run, server }) {
  const [state, set] = useState({})
  if (run.dry_run || run.undoes || run.undone_by || !HAS_WRITTEN.includes(run.state)) return null
  const undo = (dryRun) => async () => {
    set({ asked: true, [dryRun ? 'checking' : 'loading']: true })
    try {
      const started = await gateway.runs.undo(run.id, { dryRun })
      navigate(`/runs/${started.id}`)
    } catch (error) {
      set({ error })
    }
  }
  return html`<div class="row"><${Button} onClick=${() => set({ asked: true })}>${t('Undo this run…')}<//></div>
    <${Problem} error=${state.error} />
    ${state.asked && html`<${Dialog} title=${t('Undo this run?')} onClose=${() => set({})} cancel=${t('Leave it')}
      action=${html`<${Button} destructive loading=${state.loading} onClick=${undo(false)}>${t('Undo')}<//>`}>
      <p>${t('What it overwrote at {server} is put back, and what it created is deleted. What somebody changed since stays as it is, and is listed.', { server })}</p>
      <p><${Button} loading=${state.checking} onClick=${undo(true)}>${t('Check first what it would do')}<//></p>
    <//>`}`
}

/** Before many values are overwritten: their number is typed, so that nobody does it by the habit of pressing a button. */
export function AskOverwrite({ run, server, onClose, onSend }) {
  const [typed, type] = useState('')
  const { updated } = run.counts
  const send = html`<${Button} destructive disabled=${typed.trim() !== String(updated)} onClick=${onSend}>${t('Send and replace')}<//>`
  return html`<${Dialog} title=${tn('Replace {n} value?', 'Replace {n} values?', updated)} onClose=${onClose} cancel=${t('Leave it')} action=${send}>
    <p>${t('That many values are different at {server} now. The first of them are listed below; the run can be undone.', { server })}</p>
    <${Field} label=${t('To go on, type {n}', { n: String(updated) })} value=${typed} onInput=${type} inputmode="numeric" autocomplete="off" />
  <//>`
}

/** How long a person lets a run go on without them. */
const ALONE_MS = 24 * 60 * 60 * 1000
export const aloneUntil = () => new Date(Date.now() + ALONE_MS).toISOString().replace(/\.\d+/, '')

/** Beside the button that sends what was checked. */
export function WithoutMe({ on, onChange, run }) {
  return html`<label class="check"><input type="checkbox" checked=${on} onChange=${(event) => onChange(event.target.checked)} />${t('Go on without me for a day, also when I sign out')}</label>
    <p><${Link} to="/runs/${run.id}/schedule">${t('Send each period automatically…')}<//></p>`
}
