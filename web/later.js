// A part that few visits open is fetched when it is: on a slow line the first screen is not to wait for it.
import { html } from './lib.js'
import { useLoad } from './api.js'
import { Loading, Problem } from './ui.js'

/** `frame`: a class around what is shown until it is there. */
export const later = (fetchPart, frame = 'page') => function Later(props) {
  const { data: Part, error, reload } = useLoad(fetchPart, [])
  if (Part) return html`<${Part} ...${props} />`
  return html`<div class=${frame}>${error ? html`<${Problem} error=${error} again=${reload} />` : html`<${Loading} />`}</div>`
}
