// Small parts, named and shaped after those of @dhis2/ui, so that hands and eyes know them.
import { html, useId, useLayoutEffect, useRef } from './lib.js'
import { language, percent, rightToLeft, t } from './i18n.js'
import { useLoad } from './api.js'
import { useAgain } from './again.js'
import { inWords, isOutdated, isSignedOut } from './model/problems.js'
import { band } from './model/rows.js'
import { Link } from './router.js'

/** One that has the focus keeps it while it can do nothing: a button that is disabled would lose it. */
export function Button({ primary, destructive, small, loading, disabled, children, kbd, onClick, ...rest }) {
  const button = useRef()
  const idle = loading || (disabled && button.current !== undefined && button.current === document.activeElement)
  const kind = `button${primary ? ' primary' : ''}${destructive ? ' destructive' : ''}${small ? ' small' : ''}`
  return html`<button type="button" ref=${button} class=${kind} disabled=${disabled && !idle} aria-disabled=${idle ? 'true' : undefined} aria-busy=${loading ? 'true' : undefined} onClick=${idle ? (event) => event.preventDefault() : onClick} ...${rest}>
    ${children}${kbd && html`<kbd aria-hidden="true">${kbd}</kbd>`}
  </button>`
}

/** tone: neutral, positive, negative, warning, info */
export const Tag = ({ tone = 'neutral', children }) => html`<span class="tag ${tone}">${children}</span>`

export function Notice({ tone = 'info', title, children, live = false }) {
  return html`<div class="notice ${tone}" role=${live ? (tone === 'error' ? 'alert' : 'status') : undefined}>
    ${title && html`<strong>${title}</strong>`}
    ${children && html`<div>${children}</div>`}
  </div>`
}

/** What is asked again where that is by itself (again.js), except `byHand`: what changes something is asked again by the person alone. */
export function Problem({ error, again, server, byHand }) {
  const { wait, left, again: now } = useAgain(error, byHand ? undefined : again)
  return error && html`<${Refusal} error=${error} again=${now ?? again} wait=${wait} left=${left} server=${server} />`
}

const MINUTE = 60
const againIn = (seconds) => (seconds < 2 * MINUTE ? t('Tries again in {n} s', { n: seconds }) : t('Tries again in {n} min', { n: Math.ceil(seconds / MINUTE) }))

function Refusal({ error, again, wait, left, server }) {
  const buttons = useRef()
  useLayoutEffect(() => () => { // what asked again goes with the refusal, and the focus is not to go with it
    if (buttons.current?.contains(document.activeElement)) document.getElementById('main')?.focus({ preventScroll: true })
  }, [])
  const { title, remedy, detail } = inWords(error)
  const id = server ?? error.server
  const [list] = /^.(alignments|runs)(?=.)/.exec(location.pathname) ?? [] // where one goes on when what the address names is gone
  return html`<${Notice} tone="error" title=${title} live>
    <p>${remedy}</p>
    ${detail && detail !== remedy && html`<${Detail} error=${error} detail=${detail} />`}
    <p class="row" ref=${buttons}>
      ${isSignedOut(error) && id && html`<${Link} class="button primary small" to=${signInPath(id)}>${t('Sign in')}<//>`}
      ${isOutdated(error) && html`<${Button} primary small onClick=${() => location.reload()}>${t('Load the page again')}<//>`}
      ${error.code === 'not_found' && list && html`<${Link} class="button primary small" to=${list}>${t('Back to the list')}<//>`}
      ${again && error.code !== 'page_replaced' && html`<${Button} small onClick=${again}>${t('Try again')}<//>`}
      ${wait && html`<span aria-hidden="true" class="muted number">${againIn(left)}</span><span class="unseen">${againIn(wait)}</span>`}
    </p>
  <//>`
}

/** What there is to tell of this one case: drawbridge's words in the reader's language, or the server's as they are. */
function Detail({ error, detail }) {
  const said = useLoad(async () => (await (await import('./said.js')).readAll([{ detail, said: error.said }]))[0], [error])
  if (error.origin === 'upstream' && !error.said) return html`<p class="muted">${t('The server said: {text}', { text: detail })}</p>`
  const { text, lang } = said.data ?? { text: said.error && detail, lang: language() === 'en' ? undefined : 'en' }
  if (!text) return null
  if (!lang) return html`<p class="muted">${text}</p>`
  const [before, after] = t('For the administrator: {text}', { text: PLACE }).split(PLACE)
  return html`<p class="muted">${before}<span lang=${lang}>${text}</span>${after}</p>`
}

const PLACE = '\u0000'

export const signInPath = (id, returnTo = location.pathname + location.search) =>
  `/sign-in/${encodeURIComponent(id)}?return_to=${encodeURIComponent(returnTo)}`

export function Field({ label, help, error, value, onInput, class: className = '', ...rest }) {
  const id = useId()
  return html`<div class="field ${className}">
    <label for=${id}>${label}</label>
    <input id=${id} value=${value} onInput=${(event) => onInput(event.target.value)} aria-invalid=${error ? 'true' : undefined}
      aria-describedby=${help || error ? `${id}-help` : undefined} ...${rest} />
    ${(help || error) && html`<p id="${id}-help" class="help ${error ? 'error' : ''}">${error || help}</p>`}
  </div>`
}

export function Select({ label, value, onChange, children, hideLabel, ...rest }) {
  const id = useId()
  return html`<div class="field">
    <label for=${id} class=${hideLabel ? 'unseen' : ''}>${label}</label>
    <select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)} ...${rest}>${children}</select>
  </div>`
}

/** Tabs by the pattern of the ARIA practices: one tab stop, arrows move. */
export function Tabs({ label, tabs, selected, onSelect, children }) {
  const id = useId()
  const list = useRef()
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const direction = rightToLeft() ? -step : step
    const at = tabs.findIndex((tab) => tab.id === selected)
    const next = (at + direction + tabs.length) % tabs.length
    onSelect(tabs[next].id)
    list.current.children[next].focus()
  }
  return html`<div class="tabs">
    <div role="tablist" aria-label=${label} ref=${list} onKeyDown=${move}>
      ${tabs.map((tab) => html`<button type="button" role="tab" id="${id}-${tab.id}" aria-selected=${tab.id === selected ? 'true' : 'false'} aria-controls="${id}-panel"
          tabindex=${tab.id === selected ? 0 : -1} onClick=${() => onSelect(tab.id)}>${tab.label}</button>`)}
    </div>
    <div role="tabpanel" id="${id}-panel" aria-labelledby="${id}-${selected}">${children}</div>
  </div>`
}

/** `action` stands beside the button that closes, which has the focus where there is no field: what Enter does then takes nothing away. */
export function Dialog({ title, onClose, children, action, cancel }) {
  const dialog = useRef()
  const buttons = useRef()
  const id = useId()
  useLayoutEffect(() => { // what is typed in the next moment is for it
    dialog.current.showModal()
    if (buttons.current.contains(document.activeElement)) buttons.current.lastElementChild.focus()
  }, [])
  return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${onClose} onClick=${(event) => event.target === dialog.current && dialog.current.close()}>
    <div class="dialog">
      <h2 id=${id}>${title}</h2>
      ${children}
      <p class="row end" ref=${buttons}>${action}<${Button} onClick=${() => dialog.current.close()}>${cancel ?? t('Close')}<//></p>
    </div>
  </dialog>`
}

/** Bands as people read them; the number always stands there too, never colour alone. */
const BAND_TONES = { high: 'positive', medium: 'info', low: 'negative' }
export const Confidence = ({ value }) =>
  value === undefined || value === null ? html`<span class="muted">–</span>` : html`<${Tag} tone=${BAND_TONES[band(value)]}>${percent(value)}<//>`

export function Bar({ label, value, max }) {
  return html`<progress class="bar" aria-label=${label} value=${max > 0 ? value : 0} max=${max || 1}></progress>`
}

export const Loading = ({ what }) => html`<p class="loading" role="status">${what ?? t('Loading…')}</p>`

/** A name out of a server, or what has one: its direction is not the page's, nor its language, where that is known. */
export const Name = ({ of, class: kind }) => html`<bdi dir="auto" class=${kind} lang=${of?.lang}>${of?.name ?? of}</bdi>`
