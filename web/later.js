// A part that few visits open is fetched when it is, with the texts that it says: on a slow line the first screen is not to wait for it.
import { html } from './lib.js'
import { arrived, useLoad } from './api.js'
import { allTexts } from './i18n.js'
import { Loading, Problem } from './ui.js'

/** `frame`: a class around what is shown until it is there. A screen has its `title` there, too. */
export function later(fetchPart, frame = 'page') {
  let kept
  const part = async () => (kept ??= (await arrived(Promise.all([fetchPart(), allTexts()])))[0])
  return function Later(props) {
    const { error, reload } = useLoad(part, [])
    if (kept) return html`<${kept} ...${props} />`
    return html`<div class=${error && frame === 'unseen' ? 'page' : frame}>${error ? html`${props.title && html`<h1>${props.title}</h1>`}<${Problem} error=${error} again=${reload} />` : html`<${Loading} />`}</div>`
  }
}
