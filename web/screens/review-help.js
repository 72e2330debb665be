// The keys of the review and of the places: what each does, and which it shall be.
import { html, useId, useState } from '../lib.js'
import { t } from '../i18n.js'
import { Button, Dialog } from '../ui.js'
import { LETTERS, lettersOf, takenLetter } from '../model/keys.js'

const NAMES = {
  next: () => t('Next'), previous: () => t('Previous'), accept: () => t('Accept and next'), reject: () => t('Reject and show the next candidate'), none: () => t('No counterpart'), 'leave-out': () => t('Leave out'),
  approve: () => t('Approve'), flag: () => t('Flag, or take the flag off'), comment: () => t('Comment'), undo: () => t('Undo'), redo: () => t('Redo'), search: () => t('Search the list'), targets: () => t('Search all targets'),
  why: () => t('Why'), cells: () => t('Cells'), history: () => t('History'), 'next-warning': () => t('Next warning'), 'previous-warning': () => t('Previous warning'),
  add: () => t('Add a second target: then 1 to 5'),
  go: () => t('Go: then r for the review, o for the overview, d for the disaggregation, u for units and periods, t for sending, c for changes'), help: () => t('This list'),
}

const commandName = (command) => NAMES[command]()

/** `only`: the commands that there are; left out: all. */
export function ReviewHelp({ only = [...Object.keys(LETTERS), 'add', 'select'], settings, onSettings, onClose }) {
  const fixed = [
    ['↓ ↑', t('Next, previous'), 'next'], ['Enter', t('Accept and next'), 'accept'], ['1 … 5', t('Choose a candidate'), 'accept'], ['Shift 1 … 5', t('Add a second target, where digits are typed without Shift'), 'add'], [t('Space'), t('Select the row, or take it out'), 'select'],
    ['Shift ↓ ↑', t('Select more rows'), 'select'], ['Esc', t('Select none'), 'select'], ['Ctrl Z', t('Undo'), 'undo'], ['Ctrl Shift Z', t('Redo'), 'redo'],
  ].filter(([, , command]) => only.includes(command))
  const [refused, setRefused] = useState({}) // {command, letters: as they are typed, letter, by}
  const id = useId()
  const set = (command, letters) => {
    const taken = takenLetter(command, letters, settings)
    setRefused(taken ? { command, letters, ...taken } : {})
    if (!taken) onSettings({ ...settings, letters: { ...settings.letters, [command]: letters } })
  }
  const refusal = ({ letter, by }) => t('{letter} is the key of: {what}', { letter, what: by ? commandName(by) : t('Choose a candidate') })
  return html`<${Dialog} title=${t('Keys')} onClose=${onClose} action=${html`<${Button} onClick=${() => { setRefused({}); onSettings({ off: false, letters: {} }) }}>${t('Reset the keys')}<//>`}>
    <p class="muted">${t('They act while the list or the pane beside it has the focus.')}</p>
    <label class="check"><input type="checkbox" checked=${!settings.off} onChange=${(event) => onSettings({ ...settings, off: !event.target.checked })} />${t('Single letters are shortcuts')}</label>
    <table class="keys"><thead><tr><th scope="col">${t('Key')}</th><th scope="col">${t('What it does')}</th></tr></thead><tbody>
      ${fixed.map(([key, text]) => html`<tr key=${key}><td>${key.split(' ').map((one) => html`<kbd>${one}</kbd> `)}</td><td>${text}</td></tr>`)}
      ${Object.keys(LETTERS).filter((command) => only.includes(command)).map((command) => html`<tr key=${command}>
        <td><input class="letters" maxlength="2" spellcheck="false" autocomplete="off" disabled=${settings.off} aria-label=${t('Letters for: {what}', { what: commandName(command) })} value=${refused.command === command ? refused.letters : lettersOf(command, settings)}
          onInput=${(event) => set(command, event.target.value.trim())} aria-invalid=${refused.command === command ? 'true' : undefined} aria-describedby=${refused.command === command ? id : undefined} /></td>
        <td>${commandName(command)}${refused.command === command && html`<p id=${id} class="error" role="alert">${refusal(refused)}</p>`}</td></tr>`)}
    </tbody></table>
  <//>`
}
