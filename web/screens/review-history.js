// What was decided and said about one data element, by whom, when, why, and how sure the engine was of it then.
import { html, useEffect, useId, useState } from '../lib.js'
import { percent, t, time } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Loading, Problem } from '../ui.js'
import { optionCombosOf } from '../model/review.js'

const kindOf = (step) => (step.undoes ? 'undone' : step.redoes ? 'redone' : 'decided')

/** Steps turned into what happened, the newest first: [{kind: "decided" | "undone" | "redone" | "comment" | "flag" | "unflag", …}]. */
function eventsOf(steps) {
  return steps.flatMap((step) => [
    ...(step.undoes || step.redoes ? [] : step.remarks.map((remark) => ({ ...remark, number: step.number, by: remark.by ?? step.by, at: remark.at ?? step.at, undone: step.undone }))),
    ...(step.undoes || step.redoes || step.before.length + step.after.length ? [{ kind: kindOf(step), number: step.number, by: step.by, at: step.at, label: step.label, undone: step.undone, before: step.before, after: step.after }] : []),
  ])
}

export function History({ id, row, review, version, commentRef, onComment }) {
  const loaded = useLoad((signal) => gateway.alignments.history(id, { element: row.id, limit: 200, signal }), [id, row.id, version])
  const [text, setText] = useState('')
  const field = useId()
  useEffect(() => {
    if (!commentRef.wanted) return
    commentRef.wanted = false
    commentRef.current.focus()
  }, [])
  const add = (event) => {
    event.preventDefault()
    if (!text.trim()) return
    onComment(text.trim())
    setText('')
  }
  const events = loaded.data ? eventsOf(loaded.data.steps) : []
  return html`<form class="field" onSubmit=${add}>
      <label for=${field}>${t('Comment')}</label>
      <textarea id=${field} ref=${commentRef} maxlength="1000" value=${text} onInput=${(event) => setText(event.target.value)} onKeyDown=${(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && add(event)}></textarea>
      <p class="row end"><button type="submit" class="button small" disabled=${!text.trim()}>${t('Add the comment')}</button></p>
    </form>
    <${Problem} error=${loaded.error} again=${loaded.reload} />
    ${!loaded.data && loaded.loading && html`<${Loading} />`}
    ${loaded.data && events.length === 0 && html`<p class="muted">${t('Nobody has decided or said anything about it yet.')}</p>`}
    <ol class="events" aria-label=${t('History')}>${events.map((one, i) => html`<li key=${`${one.number} ${i}`} class=${one.kind}><${Event} one=${one} review=${review} /></li>`)}</ol>`
}

/** Names that drawbridge gives itself. */
const SERVERS = { 'Import of a mapping': () => t('Import of a mapping'), 'Went on with the servers as they are': () => t('Went on with the servers as they are') }

const WORDS = {
  decided: ({ label }) => SERVERS[label]?.() ?? (label || t('Decided')),
  undone: ({ label }) => t('Undone: {step}', { step: label }),
  redone: ({ label }) => t('Done again: {step}', { step: label }),
  comment: () => t('Comment'),
  flag: ({ to }) => (to ? t('Flagged for {who}', { who: to }) : t('Flagged')),
  unflag: () => t('Flag taken off'),
  changed: () => t('Changed at a server'),
}

/** A whole step, which may have been nothing but a remark. */
export function stepName(step) {
  const remark = !step.label && step.before.length + step.after.length === 0 && !step.undoes && !step.redoes ? step.remarks[0] : undefined
  return remark ? WORDS[remark.kind](remark) : WORDS[kindOf(step)](step)
}

function Event({ one, review }) {
  return html`<p><b>${WORDS[one.kind](one)}</b>${one.undone ? html` <span class="muted">${t('(undone since)')}</span>` : ''}</p>
    <p class="muted"><small><bdi>${one.by}</bdi>, ${time(one.at)}</small></p>
    ${one.text && html`<p><bdi>${one.text}</bdi></p>`}
    ${one.after?.map((decision, i) => html`<p key=${i}><${Said} one=${decision} review=${review} /></p>`)}
    ${one.after?.length === 0 && one.before.length > 0 && html`<p>${t('Open again')}</p>`}`
}

const VERDICTS = { accepted: () => t('Accepted'), rejected: () => t('Rejected'), none: () => t('No counterpart'), excluded: () => t('Left out') }

/** Is it about something else than what was proposed? Of that it tells how sure the engine was by itself. */
const isAgainst = ({ proposed, target_data_element }) => proposed && !proposed.targets.includes(target_data_element)

/** One decision, as it was. */
function Said({ one, review }) {
  const target = one.target_data_element && (review.targets.get(one.target_data_element)?.name ?? one.target_data_element)
  const cellOf = (combos, wanted) => combos.find((coc) => coc.id === wanted)?.name ?? wanted
  const from = one.kind === 'operand' && cellOf((review.cellsOf.get(one.source_data_element) ?? []).map((cell) => cell.source), one.source_category_option_combo)
  const to = one.target_category_option_combo && cellOf(optionCombosOf(review, one.target_data_element), one.target_category_option_combo)
  return html`${VERDICTS[one.decision]()}${from ? html` <bdi>${from}</bdi>` : ''}${target ? html`: <bdi>${target}</bdi>` : ''}${to ? html`, <bdi>${to}</bdi>` : ''}
    ${one.confidence !== undefined ? html` <small class="muted">${t('the engine was {sure} sure then', { sure: percent(one.confidence) })}</small>` : ''}
    ${isAgainst(one) ? html` <small class="muted">${t('the engine had proposed {names}, {sure} sure', { names: one.proposed.targets.map((id) => review.targets.get(id)?.name ?? id).join(' + '), sure: percent(one.proposed.confidence) })}</small>` : ''}
    ${one.note && html`<br /><small><bdi>${one.note}</bdi></small>`}
    ${one.approved_by && html`<br /><small>${t('Approved by {who}, {when}', { who: one.approved_by, when: one.approved_at ? time(one.approved_at) : '' })}</small>`}`
}
