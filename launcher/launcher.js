// Runs in a DHIS2 server as one of its apps, with the server's own session: opens drawbridge at the sign-in to this server. No credential passes from here: drawbridge asks the server itself.
import { texts } from './texts.js'

const KEY = 'api/dataStore/drawbridge/launcher'
const main = document.getElementById('main')

/** Where the server is: told by the server in the page; an older one serves its apps below api/apps. */
function serverBase() {
  const told = document.querySelector('meta[name="server-base-url"]').content
  const base = told.startsWith('__') ? location.href.replace(/\/api\/apps\/.*$/, '') : new URL(told, location.href).href
  return base.replace(/\/$/, '')
}

const ask = (path, options) => fetch(`${serverBase()}/${path}`, { credentials: 'include', ...options, headers: { Accept: 'application/json', 'X-Requested-With': 'XMLHttpRequest', ...options?.headers } })

/** The person's language at this server, else the browser's. */
async function language() {
  const answer = await ask('api/userSettings/keyUiLocale', { headers: { Accept: 'text/plain' } }).catch(() => undefined)
  const own = answer?.ok ? (await answer.text()).trim() : ''
  return [own, ...navigator.languages].map((one) => one.slice(0, 2).toLowerCase()).find((one) => texts[one]) ?? 'en'
}

/** {url, server} or undefined: from the package where it was made for one drawbridge, else what an administrator once said. */
async function settings() {
  const packed = await fetch('./settings.json').then((answer) => answer.json())
  if (packed.url) return packed
  const answer = await ask(KEY)
  if (answer.status === 404) return undefined
  if (!answer.ok) throw Object.assign(new Error(), { status: answer.status })
  return answer.json()
}

export const target = ({ url, server }) => `${url}/sign-in/${server}?return_to=${encodeURIComponent('/alignments')}&start=1`

/** An origin, or an address below which drawbridge is; undefined: none that could be opened. */
export function readAddress(text) {
  try {
    const { protocol, origin, pathname, username } = new URL(text.trim())
    return /^https?:$/.test(protocol) && !username ? (origin + pathname).replace(/\/$/, '') : undefined
  } catch {
    return undefined
  }
}

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

function open(found, t) {
  const address = readAddress(found.url ?? '')
  if (!address || !/^[a-z0-9-]{1,32}$/.test(found.server ?? '')) return setUp(t)
  const link = element('a', { className: 'button', href: target({ url: address, server: found.server }), target: '_top' }, t.open)
  main.replaceChildren(element('p', {}, t.opening), link)
  window.top.location.assign(link.href) // in a frame where the server draws its own bar around its apps; drawbridge itself is never framed
}

function setUp(t) {
  const problem = element('p', { className: 'problem', hidden: true })
  const url = element('input', { id: 'url', type: 'url', required: true, autocomplete: 'off' })
  const server = element('input', { id: 'server', required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: false })
  const form = element('form', { noValidate: true }, problem, element('label', { htmlFor: 'url' }, t.url), url, element('label', { htmlFor: 'server' }, t.server), server, element('button', { type: 'submit' }, t.save))
  const say = (text, field) => {
    problem.textContent = text
    problem.hidden = false
    field?.focus()
  }
  form.onsubmit = async (event) => {
    event.preventDefault()
    const found = { url: readAddress(url.value), server: server.value.trim() }
    if (!found.url) return say(t.bad_url, url)
    if (!/^[a-z0-9-]{1,32}$/.test(found.server)) return say(t.bad_server, server)
    const answer = await ask(KEY, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(found) })
    if (answer.status === 409) await ask(KEY, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(found) })
    else if (!answer.ok) return say(answer.status === 403 ? t.not_allowed : t.failed.replace('{status}', answer.status))
    open(found, t)
  }
  main.replaceChildren(element('h1', {}, t.title), element('p', {}, t.explain), form)
}

async function start() {
  const code = await language()
  const t = texts[code]
  document.documentElement.lang = code
  document.documentElement.dir = code === 'ar' ? 'rtl' : 'ltr'
  try {
    const found = await settings()
    if (found) open(found, t)
    else setUp(t)
  } catch (error) {
    main.replaceChildren(element('p', { className: 'problem' }, error.status === 403 ? t.not_allowed : t.failed.replace('{status}', error.status ?? error.message)))
  }
}

start()
