// What few visits to the review need: flags, notes, what a server changed, and what somebody else decided otherwise meanwhile.
import { html, useLayoutEffect, useRef, useState } from '../lib.js'
import { comma, t } from '../i18n.js'
import { Button, Field, Name, Notice, Select } from '../ui.js'
import { changedWords } from '../model/drift.js'
import { LongList } from './long-list.js'

export function Changed({ changed }) {
  const { text, lang } = changedWords(changed)
  return html`<${Notice} tone="warning" title=${t('Changed at a server since it was last reviewed')}><span lang=${lang}>${text}</span><//>`
}

/** Who may be asked to look. */
const peopleOf = (alignment) => [...new Set([alignment.owner, ...alignment.people.map((one) => one.username)].filter(Boolean))]

export function Flag({ flag, alignment, onFlag }) {
  const people = peopleOf(alignment)
  return html`<${Notice} title=${flag.by ? t('Flagged by {who}', { who: flag.by }) : t('Flagged')}>
    <${Note} note=${flag.note} onNote=${(note) => onFlag(flag.to ?? '', note)} />
    <${Select} label=${t('Who shall look')} value=${flag.to ?? ''} onChange=${(to) => onFlag(to, flag.note)}>
      <option value="">${t('Anybody')}</option>${people.concat(flag.to && !people.includes(flag.to) ? [flag.to] : []).map((one) => html`<option key=${one} value=${one}>${one}</option>`)}<//>
  <//>`
}

/** Why something was decided or flagged, in a person's words. */
export function Note({ note, onNote }) {
  const [text, setText] = useState() // while it is written
  const root = useRef()
  const before = useRef()
  useLayoutEffect(() => { // the focus goes along
    if (before.current !== undefined && before.current !== (text === undefined)) root.current.querySelector('input, button').focus()
    before.current = text === undefined
  })
  const save = (event) => {
    event.preventDefault()
    if (text.trim() !== (note ?? '')) onNote(text.trim())
    setText(undefined)
  }
  if (text === undefined) return html`<p ref=${root}>${note && html`<bdi>${note}</bdi>${' '}`}<button type="button" class="link" onClick=${() => setText(note ?? '')}>${note ? t('Change the note') : t('Add a note')}</button></p>`
  return html`<form ref=${root} onSubmit=${save} onKeyDown=${(event) => event.key === 'Escape' && setText(undefined)}>
    <${Field} label=${t('Note')} value=${text} onInput=${setText} maxlength="1000" />
    <p class="row"><button type="submit" class="button small">${t('Save')}</button><${Button} small onClick=${() => setText(undefined)}>${t('Cancel')}<//></p>
  </form>`
}

/** Somebody else decided about the same thing meanwhile: both are shown, a person chooses, for each or for all. `of(decision)`: {theirs, mine}, each {source, decision}. */
export function Conflicts({ problem, saver, of }) {
  const [chosen, setChosen] = useState(new Map()) // by source id: is it mine that counts?
  const sourceOf = (decision) => { const { theirs, mine } = of(decision); return (theirs ?? mine)?.source }
  const both = [...new Map(problem.decisions.filter(sourceOf).map((one) => [sourceOf(one).id, { source: sourceOf(one), ...of(one) }])).values()]
  const sides = ({ theirs, mine }) => [[false, t('theirs'), theirs], [true, t('yours'), mine]]
  const one = (row) => html`<li key=${row.source.id}><${Name} of=${row.source} />: ${sides(row).map(([isMine, whose, said]) => html`${isMine && comma()}<b>${whose}</b> ${verdict(said)}`)}</li>`
  const each = (row) => html`<li key=${row.source.id}><${Name} of=${row.source} /> <span class="segments" role="group" aria-label=${row.source.name}>${sides(row).map(([isMine, whose, said]) => html`<button key=${whose} type="button" aria-pressed=${chosen.get(row.source.id) === isMine ? 'true' : 'false'} onClick=${() => setChosen(new Map(chosen).set(row.source.id, isMine))}><b>${whose}</b> ${verdict(said)}</button>`)}</span></li>`
  const several = both.length > 1
  return html`<${Notice} tone="warning" title=${t('Somebody else changed the same meanwhile')} live>
    <p>${t('Nothing is lost: choose which one counts.')}</p>
    <${LongList} list=${both} textOf=${(row) => row.source.name}>${(shown) => html`<ul class="both">${shown.map(several ? each : one)}</ul>`}<//>
    <p class="row">${several && html`<${Button} primary small disabled=${both.some((row) => !chosen.has(row.source.id))} onClick=${() => saver.resolve((decision) => chosen.get(sourceOf(decision)?.id))}>${t('Go on as chosen')}<//>`}
      <${Button} primary=${!several} small onClick=${() => saver.resolve(() => true)}>${several ? t('Use all of mine') : t('Use mine')}<//><${Button} small onClick=${() => saver.resolve(() => false)}>${several ? t('Keep all of theirs') : t('Keep theirs')}<//></p>
  <//>`
}

function verdict(row) {
  if (!row) return t('Undecided')
  const { state, targets, by, approved_by } = row.decision
  const what = state === 'accepted' ? targets.map((one) => one.name).join(' + ') : state === 'none' ? t('No counterpart') : state === 'excluded' ? t('Left out') : t('Undecided')
  const said = by ? `${what} (${by})` : what
  return approved_by ? t('{what}, approved by {who}', { what: said, who: approved_by }) : said
}
