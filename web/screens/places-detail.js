// The org unit or attribute option that is looked at: what it could be at the target, and what is decided about it.
import { html, useEffect, useState } from '../lib.js'
import { comma, t, time, tn } from '../i18n.js'
import { gateway } from '../api.js'
import { Button, Confidence, Name, Notice, Problem, Tag } from '../ui.js'
import { Combobox } from '../combobox.js'
import { later } from '../later.js'
import { placeReason } from '../model/reasons.js'
import { stateTag, withHint } from './review-list.js'

const PlaceTree = later(async () => (await import('./places-tree.js')).PlaceTree, 'unseen')

const SEARCH_PAUSE = 250

export function above(place, more) {
  const where = place?.above || place?.code
  return where || more ? html`<small>${where && html`<bdi>${where}</bdi>`}${where && more && ' · '}${more}</small>` : ''
}
export const valuesText = (n) => n !== undefined && tn('{n} value', '{n} values', n)

export const assigning = () => t('In the Maintenance app (from 2.42 on: Metadata Management): {where}', { where: t('data set, organisation units.') })

/** Options that drawbridge finds for what is typed; what was found before stays until then. */
function useSearch(id, kind, known) {
  const [found, setFound] = useState({ options: [] })
  const [text, setText] = useState()
  useEffect(() => {
    if (text === undefined) return undefined
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const options = await gateway.alignments.placeTargets(id, kind, text, { signal: stop.signal })
        for (const one of options) known.current.set(one.id, one)
        setFound({ options: options.map((one) => ({ ...one, code: one.above ?? one.code })) })
      } catch (error) {
        if (!stop.signal.aborted) setFound({ options: [], error })
      }
    }, SEARCH_PAUSE)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text, kind, id])
  return { ...found, search: (wanted) => { if (wanted !== text) queueMicrotask(() => setText(wanted)); return found.options } }
}

export function PlaceDetail({ id, kind, row, values, chosen, run, known, hint, targetsRef, pick, browsing, onBrowse }) {
  const found = useSearch(id, kind, known)
  const { decision, proposals } = row
  const decided = row.state === 'accepted' || row.state === 'none'
  return html`
    <div class="title"><h2><${Name} of=${row.source} /></h2>${stateTag(row.state)}</div>
    <p class="muted meta"><bdi>${[row.source.above, row.source.code].filter(Boolean).join(' · ')}</bdi></p>
    ${kind === 'org_unit' && html`<p class="muted meta counted">${values !== undefined && tn('{n} value in the last 12 months, with all below it', '{n} values in the last 12 months, with all below it', values)}</p>`}
    ${decision.by && html`<p class="muted meta">${t('Decided by {who}, {when}', { who: decision.by, when: decision.at ? time(decision.at) : '' })}
      ${decision.approved_by ? html`<br />${t('Approved by {who}, {when}', { who: decision.approved_by, when: decision.approved_at ? time(decision.approved_at) : '' })}`
      : row.own ? html`<br />${t('You decided it: another person has to approve it')}` : row.waits ? html`<br />${t('Waits for a second person')}` : ''}</p>`}
    ${(row.reasons.length > 0 || row.unassigned) && html`<${Notice} tone="warning"><p>${row.reasons.length ? placeReason(row) : t("The target's data set is not assigned to {name}", { name: row.unassigned.name })}</p>
      ${row.unassigned && html`<p>${t('Nothing can be sent there until it is.')} ${assigning()}</p>`}
      ${kind === 'org_unit' && row.reasons.some((one) => one.code === 'nothing_alike') && html`<p>${t('The target does not have it, or its data set is not assigned to it.')}</p>`}<//>`}
    <div class="targets">
      ${chosen && html`<ul class="chips" aria-label=${t('Chosen targets')}><li><${Name} of=${chosen} /></li></ul>`}
      <${Combobox} label=${t('Another target')} placeholder=${withHint(t('Search the target'), hint('targets'))} inputRef=${targetsRef} chosen=${chosen ? [chosen.id] : []} search=${found.search} onChoose=${(option) => pick(known.current.get(option.id) ?? option)} />
      <${Problem} error=${found.error} />
      ${kind === 'org_unit' && html`<p><button type="button" class="link" aria-expanded=${browsing ? 'true' : 'false'} onClick=${onBrowse}>${t('Browse the organisation units of the target')}</button></p>
        ${browsing && html`<${PlaceTree} id=${id} chosen=${chosen?.id} onChoose=${(unit) => { known.current.set(unit.id, unit); pick(unit) }} />`}`}
    </div>
    <div class="row decide">
      <${Button} primary onClick=${() => run('accept')} disabled=${!chosen || (row.state === 'accepted' && chosen.id === row.choice?.id)} kbd=${hint('accept')}>${t('Accept')}<//>
      <${Button} onClick=${() => run('reject')} disabled=${!chosen || decided} kbd=${hint('reject')}>${t('Reject')}<//>
      <${Button} onClick=${() => run('none')} disabled=${row.state === 'none'} kbd=${hint('none')}>${t('No counterpart')}<//>
      ${row.waits && html`<${Button} onClick=${() => run('approve')} disabled=${!row.approvable} title=${row.own ? t('You decided it: another person has to approve it') : undefined} kbd=${hint('approve')}>${t('Approve')}<//>`}
      ${(decided || decision.rejected.length > 0) && html`<${Button} onClick=${() => run('forget')}>${t('Open again')}<//>`}
    </div>
    <h3>${t('Candidates')}</h3>
    ${proposals.length === 0
      ? html`<p class="muted">${decided ? t('Open it again to see what is proposed.') : t('Nothing comes close. Search the target, or say that there is no counterpart.')}</p>`
      : html`<ol class="candidates">${proposals.map((one, i) => html`<li key=${one.target.id}><button type="button" aria-pressed=${chosen?.id === one.target.id ? 'true' : 'false'} onClick=${() => pick(one.target)}>
          ${i < 5 && html`<kbd aria-hidden="true">${i + 1}</kbd>`}<span class="grow"><${Name} class="name" of=${one.target} />${above(one.target)}<small>${placeReason(one)}</small></span>
          ${one.decision === 'auto' && html`<${Tag} tone="positive">${t('Sure')}<//>`}<${Confidence} value=${one.confidence} /></button></li>`)}</ol>`}
    ${decision.rejected.length > 0 && html`<p class="muted">${t('Rejected:')} ${decision.rejected.map((one, i) => html`${i > 0 && comma()}<${Name} of=${one} />`)}</p>`}`
}
