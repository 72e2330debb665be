// What few visits to the review need: flags, notes, what a server changed, and what somebody else decided otherwise meanwhile.
import { html, useLayoutEffect, useRef, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Button, Field, Name, Notice, Select } from '../ui.js'
import { changedWords } from '../model/drift.js'

export function Changed({ changed }) {
  const { text, lang } = changedWords(changed)
  return html`<${Notice} tone="warning" title=${t('Changed at a server since somebody looked last')}><span lang=${lang}>${text}</span><//>`
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
  if (text === undefined) return html`<p ref=${root}>${note && html`<bdi>${note}</bdi> `}<button type="button" class="link" onClick=${() => setText(note ?? '')}>${note ? t('Change the note') : t('Add a note')}</button></p>`
  return html`<form ref=${root} onSubmit=${save} onKeyDown=${(event) => event.key === 'Escape' && setText(undefined)}>
    <${Field} label=${t('Note')} value=${text} onInput=${setText} maxlength="1000" />
    <p class="row"><button type="submit" class="button small">${t('Save')}</button><${Button} small onClick=${() => setText(undefined)}>${t('Cancel')}<//></p>
  </form>`
}
