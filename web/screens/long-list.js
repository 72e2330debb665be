// A list that may have grown long: searched, and drawn in part until all of it is wanted.
import { html, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Button, Field } from '../ui.js'
import { holds, plain, wordsOf } from '../model/search.js'

const SEARCHED = 20
const DRAWN = 200

/** `textOf` what one is searched by; `most` so many drawbridge lists of each server; the child draws those shown. */
export function LongList({ list, textOf, most, children }) {
  const [text, setText] = useState('')
  const [all, setAll] = useState(false)
  const words = wordsOf(text)
  const found = words.length ? list.filter((one) => holds(plain(textOf(one)), words)) : list
  const shown = all ? found : found.slice(0, DRAWN)
  return html`
    ${list.length >= SEARCHED && html`<${Field} label=${t('Search')} type="search" value=${text} onInput=${setText} />`}
    ${found.length > 0 ? children(shown) : html`<p class="muted" role="status">${t('Nothing found')}</p>`}
    ${shown.length < found.length && html`<p><${Button} small onClick=${() => setAll(true)}>${tn('Show all {n}', 'Show all {n}', found.length)}<//></p>`}
    ${list.length >= most && html`<p class="muted">${tn('Of each server where you are signed in, the {n} that changed last is listed.', 'Of each server where you are signed in, the {n} that changed last are listed.', most)}</p>`}`
}
