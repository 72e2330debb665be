// Sign-in to one server, by each kind it offers; then back to where the person came from.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../lib.js'
import { t } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link, navigate } from '../router.js'
import { Title } from '../title.js'
import { kindName } from '../model/names.js'
import { readReturn } from '../model/return-to.js'
import { Button, Field, Loading, Name, Notice, Problem, signInPath, Tabs } from '../ui.js'

export function SignIn({ params, query, session }) {
  const servers = useLoad((signal) => gateway.servers({ signal }), [])
  const [kind, setKind] = useState()
  const [done, setDone] = useState()
  const server = servers.data?.find((one) => one.id === params.server)
  const back = readReturn(query.get('return_to'), location.origin)
  const kinds = server?.sign_in ?? []
  const selected = kind ?? kinds[0]?.kind
  const home = servers.data?.find((one) => one.home)
  const [remember, setRemember] = useState(false)
  const signedIn = (connection) => {
    session.reload()
    if (back.inside) navigate(back.inside)
    else setDone(connection)
  }
  const lost = query.get('problem') === 'transaction_lost' && server && session.data?.connections.find((one) => one.server === server.id && one.state === 'ok')
  useEffect(() => { // the way back was opened once more, after it had led in: nothing is wrong
    if (lost && back.inside) navigate(back.inside, { replace: true })
  }, [lost])
  const starts = query.get('start') === '1' && server && session.data && !query.get('problem') // from the launcher: whoever can be led on without a question is
  const known = starts && session.data.connections.find((one) => one.server === server.id && one.state === 'ok')
  const byCode = starts && !known && ['oauth', 'legacy-oauth'].includes(kinds[0]?.kind)
  useEffect(() => {
    if (known && back.inside) navigate(back.inside, { replace: true })
    else if (byCode) location.replace(authorizePath(server, back.inside ?? query.get('return_to')))
  }, [known, byCode])
  if (lost) return html`<${Finished} server=${server} connection=${lost} address=${back.outside} />`
  if (done) return html`<${Finished} server=${server} connection=${done} address=${back.outside} />`
  return html`<div class="page narrow">
    <${Title} names=${[server ? t('Sign in to {server}', { server: server.name }) : t('Sign in')]} />
    <h1>${server ? t('Sign in to {server}', { server: server.name }) : t('Sign in')}</h1>
    ${server && html`<p class="muted address">${server.url}</p>`}
    ${query.get('problem') && html`<${Problem} error=${{ code: query.get('problem'), reason: query.get('reason') }} />`}
    <${Problem} error=${servers.error} again=${servers.reload} />
    ${!servers.data && servers.loading && html`<${Loading} what=${t('Asking the server how people sign in…')} />`}
    ${servers.data && !server && html`<${Notice} tone="error" title=${t('There is no such server')}><${Link} to="/servers">${t('Go to the servers')}<//><//>`}
    ${server && kinds.length === 0 && html`<${Problem} error=${{ code: server.state === 'unreachable' ? 'server_unreachable' : 'kind_not_offered' }} again=${servers.reload} />`}
    ${kinds.length > 0 && html`<div class="card">
      <${Tabs} label=${t('Kind of sign-in')} tabs=${kinds.map((one) => ({ id: one.kind, label: kindName(one.kind) }))} selected=${selected} onSelect=${setKind}>
        <${Form} key=${selected} server=${server} offer=${kinds.find((one) => one.kind === selected)} returnTo=${back.inside ?? query.get('return_to')} remember=${remember} signedIn=${signedIn} />
      <//>
      ${home && !server.home && html`<${Remember} home=${home} known=${session.data?.home === home.id} value=${remember} onChange=${setRemember} />`}
    </div>`}
    ${!servers.loading && (server || !servers.data) && html`<p><${Link} to="/servers">${t('All servers')}<//></p>`}
  </div>`
}

/** Only who is known at the home server can have a sign-in back there. */
function Remember({ home, known, value, onChange }) {
  if (!known) return html`<p class="muted">${t('For this browser to remember the sign-in, sign in to {home} first.', { home: home.name })} <${Link} to=${signInPath(home.id)}>${t('Sign in to {server}', { server: home.name })}<//></p>`
  return html`<label class="check"><input type="checkbox" checked=${value} onChange=${(event) => onChange(event.target.checked)} />${t('Remember this sign-in in this browser')}</label>
    <p class="muted">${t('It comes back the next time you sign in to {home} here.', { home: home.name })}</p>`
}

function Form({ offer, ...rest }) {
  if (offer.kind === 'oauth' || offer.kind === 'legacy-oauth') return html`<${OAuth} offer=${offer} ...${rest} />`
  if (PASTED[offer.kind]) return html`<${Token} kind=${offer.kind} ...${rest} />`
  return html`<${Password} kind=${offer.kind} ...${rest} />`
}

const authorizePath = (server, returnTo, remember) => `/v1/servers/${encodeURIComponent(server.id)}/authorize?return_to=${encodeURIComponent(returnTo)}${remember ? '&remember=true' : ''}`

function OAuth({ server, returnTo, remember }) {
  const address = authorizePath(server, returnTo, remember)
  return html`<p>${t('You sign in at the server itself and tell it that drawbridge may act for you. drawbridge never sees your password.')}</p>
    <p><a class="button primary" href=${address}>${t('Continue to {server}', { server: server.name })}</a></p>`
}

/** Sends a credential; what was typed does not outlive the form. */
function useSignIn({ server, signedIn, remember }) {
  const [state, set] = useState({})
  const send = async (credential) => {
    set((before) => ({ ...before, loading: true }))
    try {
      const connection = await gateway.signIn(server.id, remember ? { ...credential, remember } : credential)
      set({})
      signedIn(connection)
    } catch (error) {
      set({ error })
      return error
    }
  }
  return [state, send]
}

/** What is pasted: its name in the form and in the call, and where one gets it. */
const PASTED = {
  pat: { field: 'token', label: () => t('Personal access token'), help: () => t('Create one at the server: open your profile there, then "Personal access tokens". Only drawbridge keeps it.') },
  bearer: { field: 'token', label: () => t('Access token'), help: () => t('Paste what you were given for this server. Only drawbridge keeps it.') },
  'api-key': { field: 'key', label: () => t('API key'), help: () => t('Paste what you were given for this server. Only drawbridge keeps it.') },
}

function Token({ kind, ...props }) {
  const { field, label, help } = PASTED[kind]
  const [token, setToken] = useState('')
  const [state, send] = useSignIn(props)
  const submit = (event) => {
    event.preventDefault()
    send({ kind, [field]: token.replace(/\s+/g, '') })
  }
  return html`<form onSubmit=${submit}>
    <p>${help()}</p>
    <${Field} label=${label()} type="password" value=${token} onInput=${setToken} autocomplete="off" spellcheck="false" required />
    <${Problem} error=${state.error} />
    <p><${Button} primary type="submit" loading=${state.loading} disabled=${!token.trim()}>${t('Sign in')}<//></p>
  </form>`
}

const CODE_PROBLEMS = ['second_factor_required', 'second_factor_wrong']

const CODE_FROM = {
  totp: () => t('Enter the code from your authenticator app'),
  email: () => t('Enter the code from the e-mail that the server sent just now'),
}

function Password({ kind, ...props }) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [state, send] = useSignIn(props)
  const [codeBy, setCodeBy] = useState() // undefined: none is asked for; 'totp', 'email', or '' where the server does not tell
  const wantsCode = codeBy !== undefined
  const codeField = useRef()
  const attempt = async (withCode) => {
    const error = await send({ kind, username, password, ...(withCode ? { code: withCode.replace(/\s+/g, '') } : {}) })
    if (!CODE_PROBLEMS.includes(error?.code)) return
    setCodeBy(error.reason ?? '')
    setCode('')
  }
  const submit = (event) => {
    event.preventDefault()
    attempt(wantsCode && code)
  }
  useLayoutEffect(() => { // who types at once types there
    if (wantsCode) codeField.current?.querySelector('input')?.focus()
  }, [wantsCode, state.error])
  const asked = state.error?.code === 'second_factor_required'
  return html`<form onSubmit=${submit}>
    ${kind === 'basic' && html`<p>${t('The password is sent to the server with every call. Use it only where nothing else works.')}</p>`}
    <${Field} label=${t('User name')} value=${username} onInput=${setUsername} autocomplete="username" autocapitalize="none" spellcheck="false" required />
    <${Field} label=${t('Password')} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required />
    ${asked && html`<${Notice} title=${(CODE_FROM[codeBy] ?? CODE_FROM.totp)()} live>${!CODE_FROM[codeBy] && t('Or the one from the e-mail that the server sent.')}<//>`}
    ${wantsCode && html`<div ref=${codeField}><${Field} class="code" label=${t('Two-factor code')} help=${codeBy === 'email' ? t('6 digits, good for 15 minutes.') : t('6 digits. The code changes every 30 seconds.')} value=${code} onInput=${setCode}
      autocomplete="one-time-code" inputmode="numeric" /></div>`}
    ${!asked && html`<${Problem} error=${state.error} />`}
    ${codeBy === 'email' && html`<p><${Button} small disabled=${state.loading} onClick=${() => attempt()}>${t('Send another code')}<//> <span class="muted">${t('The earlier code no longer works then.')}</span></p>`}
    <p><${Button} primary type="submit" loading=${state.loading} disabled=${!username || !password || (wantsCode && !code.trim())}>${t('Sign in')}<//></p>
  </form>`
}

function Finished({ server, connection, address }) {
  return html`<div class="page narrow">
    <${Title} names=${[t('Signed in')]} />
    <h1>${t('Signed in')}</h1>
    <p>${t('You are signed in to {server} as {user}.', { server: server.name, user: connection.user?.name || connection.user?.username })}</p>
    ${address && html`<p><a class="button primary" href=${address.href}>${t('Back to {app}', { app: address.origin })}</a></p>
    <p class="muted"><${Name} of=${t('Go on only if you came from there.')} /></p>`}
  </div>`
}
