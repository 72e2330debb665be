// What was just done, or cannot be: seen for a while at the bottom of the page, and read out, once. The focus stays where it is.
import { html, useEffect, useLayoutEffect, useState } from './lib.js'

const SHOWN = 8000
let show = () => {}
let number = 0

/** `quiet`: it is seen elsewhere, and only read out. `action`: {label, run}: what can be done about it; it stays as long as nothing else happened. */
export const say = (text, { quiet, action } = {}) => show((now) => (quiet && now.action ? now : { text, quiet, action, number: number++ }))
export const sayNoMore = () => show({})

export function Toast() {
  const [said, set] = useState({})
  useLayoutEffect(() => { show = set }, [])
  useEffect(() => {
    if (!said.text || said.action) return undefined
    const end = setTimeout(() => set({}), SHOWN)
    return () => clearTimeout(end)
  }, [said])
  const { text, quiet, action } = said
  return html`<div class=${quiet ? 'unseen' : 'toast'} role="status">
    ${text && html`<p key=${said.number}>${text}${action && html` <button type="button" class="link" onClick=${() => { set({}); action.run() }}>${action.label}</button>`}</p>`}
  </div>`
}
