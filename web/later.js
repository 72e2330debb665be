// A part that few visits open is fetched when it is, with the texts that it says: on a slow line the first screen is not to wait for it.
import { html } from './lib.js'
import { arrived, useLoad } from './api.js'
import { partTexts } from './early.js'
import { addTexts, allTexts } from './i18n.js'
import { Loading, Problem } from './ui.js'

/** A module whose texts are a part of their own: with them. */
export const withTexts = async (part, module) => (await Promise.all([module, addTexts(partTexts(part))]))[0]

/** `frame`: a class around what is shown until it is there. `first`: one of the first screens, whose texts are there already, and whose `title` stands where it will. */
export function later(fetchPart, frame = 'page', first = false) {
  let kept
  const part = async () => (kept ??= (await arrived(Promise.all([fetchPart(), first || allTexts()])))[0])
  return function Later(props) {
    const { error, reload } = useLoad(part, [])
    if (kept) return html`<${kept} ...${props} />`
    return html`<div class=${error && frame === 'unseen' ? 'page' : frame}>
      ${props.title && (error || first) && html`<h1>${props.title}</h1>`}
      ${error ? html`<${Problem} error=${error} again=${reload} />` : html`<${Loading} />`}
    </div>`
  }
}
