// A field that searches a list and chooses from it: the ARIA combobox with a listbox.
import { html, useEffect, useId, useRef, useState } from './lib.js'
import { t } from './i18n.js'
import { Name } from './ui.js'

/** search(text): the options to offer, [{id, name, code?}]; onChoose(option). The field is empty again after a choice. */
export function Combobox({ label, placeholder, search, onChoose, chosen = [], inputRef }) {
  const id = useId()
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const list = useRef()
  const options = open ? search(text) : []
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at, open])

  const choose = (option) => {
    if (!option) return
    onChoose(option)
    setText('')
    setOpen(false)
  }
  const keys = {
    ArrowDown: () => { setOpen(true); setAt(open ? Math.min(at + 1, options.length - 1) : 0) },
    ArrowUp: () => setAt(Math.max(at - 1, 0)),
    Enter: () => open && choose(options[at]),
    Escape: () => { setOpen(false); setText('') },
  }
  const onKeyDown = (event) => {
    const run = keys[event.key]
    if (!run) return
    event.preventDefault()
    if (event.key !== 'Escape' || open) event.stopPropagation()
    run()
  }
  return html`<div class="combobox">
    <label for=${id}>${label}</label>
    <input id=${id} ref=${inputRef} role="combobox" aria-expanded=${open ? 'true' : 'false'} aria-controls="${id}-list" aria-autocomplete="list" autocomplete="off" spellcheck="false"
      aria-activedescendant=${open && options.length ? `${id}-${at}` : undefined} placeholder=${placeholder} value=${text}
      onInput=${(event) => { setText(event.target.value); setAt(0); setOpen(true) }} onFocus=${() => setText('')} onClick=${() => setOpen(true)}
      onBlur=${() => setOpen(false)} onKeyDown=${onKeyDown} />
    <ul id="${id}-list" role="listbox" aria-label=${label} ref=${list} hidden=${!open || options.length === 0} onMouseDown=${(event) => event.preventDefault()}>
      ${options.map((option, i) => html`<li key=${option.id} id="${id}-${i}" role="option" aria-selected=${chosen.includes(option.id) ? 'true' : 'false'} class=${i === at ? 'at' : ''} onClick=${() => choose(option)}>
        <${Name} of=${option} />${option.code && html`<small>${option.code}</small>`}
      </li>`)}
    </ul>
    ${open && options.length === 0 && html`<p class="help" role="status">${t('Nothing found')}</p>`}
  </div>`
}
