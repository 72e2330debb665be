// Which servers there are, and who one is at each.
import { html, useState } from '../lib.js'
import { allTexts, listed, t, time, tn } from '../i18n.js'
import { arrived, gateway, useLoad } from '../api.js'
import { withTexts } from '../later.js'
import { Link } from '../router.js'
import { Button, Dialog, Loading, Name, Notice, Problem, signInPath, Tag } from '../ui.js'
import { kindName } from '../model/names.js'

const STATES = {
  ok: () => ['positive', t('Connected')],
  reauth_required: () => ['warning', t('Sign in again')],
  unreachable: () => ['negative', t('Cannot be reached')],
  forbidden: () => ['negative', t('Not allowed')],
  clock_skew: () => ['warning', t('Its clock is wrong')],
}

const stateOf = (server, connection) => {
  if (connection) return STATES[connection.state]?.() ?? ['neutral', connection.state]
  if (server.state && server.state !== 'ok') return STATES[server.state]?.() ?? ['negative', server.state]
  return ['neutral', t('Not signed in')]
}

export function Servers({ session, query }) {
  const servers = useLoad((signal) => gateway.servers({ signal }), [])
  const connections = session.data?.connections ?? []
  const ready = connections.filter((one) => one.state === 'ok').length
  const waits = [servers, session].some((one) => !one.data && one.loading) // both at once: nothing jumps
  const problem = query.get('problem')
  const again = () => { servers.reload(); session.reload() }
  return html`<div class="page">
    <div class="title"><h1>${t('Servers')}</h1><div class="row">
      ${connections.length >= 2 && html`<${SignOutOfAll} servers=${servers.data ?? []} connections=${connections} changed=${session.reload} />`}
      ${ready >= 2 && html`<${Link} class="button primary" to="/alignments/new">${t('Align two data sets')}<//>`}
    </div></div>
    <p class="muted">${t('drawbridge keeps your passwords and tokens to itself. This browser never gets them.')}</p>
    ${problem && html`<${Problem} error=${{ code: problem, reason: query.get('reason'), server: query.get('server') }} />`}
    <${Problem} error=${servers.error ?? session.error} again=${again} />
    ${waits && html`<${Loading} />`}
    ${servers.data?.length === 0 && html`<p>${t('No server is set up. Ask the administrator of drawbridge to add two to its configuration.')}</p>`}
    ${servers.data?.length > 0 && session.data && !waits && html`<div class="cards">
      ${servers.data.map((server) => html`<${Server} key=${server.id} server=${server} connection=${connections.find((one) => one.server === server.id)} changed=${session.reload} again=${again} asking=${servers.loading || session.loading} />`)}
    </div>`}
    ${servers.data?.length > 0 && session.data && !waits && ready < 2 && html`<p class="muted">${t('Sign in to two servers to align their data sets.')}</p>`}
  </div>`
}

function SignOutOfAll({ servers, connections, changed }) {
  const [state, set] = useState({})
  const nameOf = (id) => servers.find((one) => one.id === id)?.name ?? id
  const signOut = async () => {
    set({ asked: true, loading: true })
    try {
      await gateway.signOut()
      set({})
    } catch (error) {
      set({ asked: true, error })
    }
    changed()
  }
  return html`<${Button} onClick=${() => set({ asked: true })}>${t('Sign out of all servers…')}<//>
    ${state.asked && html`<${Dialog} title=${t('Sign out of all servers?')} onClose=${() => set({})} cancel=${t('Stay signed in')}
      action=${html`<${Button} destructive loading=${state.loading} onClick=${signOut}>${t('Sign out of all')}<//>`}>
      <p>${tn('This browser is signed out of {n} server, and drawbridge gives back what it held there for you:', 'This browser is signed out of {n} servers, and drawbridge gives back what it held there for you:', connections.length)}</p>
      <ul>${connections.map((one) => html`<li key=${one.server}><${Name} of=${nameOf(one.server)} /></li>`)}</ul>
      <p>${t('What is under way stops, except runs that may go on without you; you can go on with it when you are signed in again. Your alignments stay.')}</p>
      ${connections.some((one) => one.remembered_until) && html`<p>${t('What this browser remembers stays remembered: to end that, forget each sign-in first.')}</p>`}
      <${Problem} error=${state.error} />
    <//>`}`
}

function Server({ server, connection, changed, again, asking }) {
  const [state, set] = useState({})
  const [tone, text] = stateOf(server, connection)
  const connected = connection?.state === 'ok'
  const away = (connection ?? server).state === 'unreachable' // signing in would fail
  const asks = connected && server.type === 'dhis2'
  const rights = useLoad(async () => { // beside the rest, which does not wait for it
    if (!asks) return undefined
    const [{ Rights, rightsAt }] = await arrived(Promise.all([import('./rights.js'), allTexts()]))
    return { Rights, found: await rightsAt(connection) }
  }, [asks, connection?.since])
  const [examined, setExamined] = useState()
  const examine = async () => {
    setExamined({ loading: true })
    try {
      const [checks, [{ Checks }]] = await Promise.all([gateway.doctor(server.id), arrived(Promise.all([withTexts('doctor', import('./checks.js')), allTexts()]))])
      setExamined({ checks, Checks })
    } catch (error) {
      setExamined({ error })
    }
  }
  const act = async (call) => {
    set({ loading: true })
    try {
      await call(server.id)
      set({})
    } catch (error) {
      set({ error })
    }
    changed()
  }
  return html`<section class="card" aria-labelledby="server-${server.id}">
    <div class="title"><h2 id="server-${server.id}"><${Name} of=${server.name} /></h2><${Tag} tone=${tone}>${text}<//></div>
    <p class="muted address">${server.url}</p>
    <dl>
      <div><dt>${t('Version')}</dt><dd>${connection?.version ?? server.version ?? '–'}</dd></div>
      <div><dt>${t('User')}</dt><dd>${connection?.user ? html`<bdi>${connection.user.name || connection.user.username}</bdi>` : '–'}</dd></div>
      <div><dt>${t('Sign-in')}</dt><dd>${connection ? kindName(connection.kind) : listed(server.sign_in.map((one) => kindName(one.kind))) || '–'}</dd></div>
      ${connection?.remembered_until && html`<div><dt>${t('Remembered until')}</dt><dd>${time(connection.remembered_until)}</dd></div>`}
    </dl>
    <${Untried} of=${connection?.untried ?? server.untried} />
    <${Problem} error=${state.error ?? server.problem} />
    ${examined?.checks && html`<${examined.Checks} checks=${examined.checks} server=${server} />`}
    <${Problem} error=${examined?.error} />
    <p class="row">
      ${away && html`<${Button} primary loading=${asking} onClick=${again} aria-label=${t('Try again: {server}', { server: server.name })}>${t('Try again')}<//>`}
      ${!connected && html`<${Link} class=${away ? 'button' : 'button primary'} to=${signInPath(server.id, '/servers')} aria-label=${t('Sign in to {server}', { server: server.name })}>${t('Sign in')}<//>`}
      ${connection && html`<${Button} loading=${state.loading} onClick=${() => act(gateway.signOut)} aria-label=${t('Sign out of {server}', { server: server.name })}>${t('Sign out')}<//>`}
      ${connection?.remembered_until && html`<${Button} loading=${state.loading} onClick=${() => act(gateway.forget)} aria-label=${t('Forget the sign-in to {server}', { server: server.name })}>${t('Forget')}<//>`}
      <${Button} loading=${examined?.loading} onClick=${examine} aria-label=${t('Examine {server}', { server: server.name })}>${t('Examine')}<//>
    </p>
    ${asks && html`<div class="rights">${rights.data && html`<${rights.data.Rights} rights=${rights.data.found} />`}</div>`}
  </section>`
}

/** A release that drawbridge was not tried with. */
function Untried({ of }) {
  if (!of) return null
  return of.release === 'older'
    ? html`<${Notice} tone="warning" title=${t('This release of DHIS2 is too old for drawbridge')}>${t('It was tried with {oldest} and later. What is read or sent may be refused, or be wrong: ask the administrator of the server to upgrade it.', of)}<//>`
    : html`<${Notice} tone="warning" title=${t('This release of DHIS2 is newer than drawbridge knows')}>${t('It was tried with {newest} and earlier. Ask the administrator of drawbridge for a newer one; until then check before you send, and compare the totals.', of)}<//>`
}
