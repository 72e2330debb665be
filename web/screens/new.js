// A new alignment: a data set at one server, and the one at another that it should become.
import { html, useEffect, useId, useMemo, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link } from '../router.js'
import { periodTypeName } from '../model/period-types.js'
import { holds, plain, wordsOf } from '../model/search.js'
import { propose } from './making.js'
import { StartFrom } from './start-from.js'
import { Button, Field, Loading, Name, Notice, Problem, Select } from '../ui.js'
import { newestOf } from '../value-counts.js'
import { periodText } from '../period-text.js'
import { COUNTING, uncountedText } from './counted.js'

export function NewAlignment({ session }) {
  const servers = useLoad((signal) => gateway.servers({ signal }), [])
  const connected = useMemo(() => {
    if (!session.data) return undefined // nobody knows yet who is signed in where
    const good = new Set(session.data.connections.filter((one) => one.state === 'ok').map((one) => one.server))
    return servers.data?.filter((one) => one.type !== 'http' && good.has(one.id))
  }, [servers.data, session.data])
  const [source, setSource] = useState({})
  const [target, setTarget] = useState({})
  const [start, setStart] = useState({})
  const [state, set] = useState({})
  useEffect(() => {
    if (!connected?.length) return
    const orElse = (first) => (one) => (connected.some(({ id }) => id === one.server) ? one : { server: first.id }) // also where one was signed out meanwhile
    setSource(orElse(connected[0]))
    setTarget(orElse(connected[1] ?? connected[0]))
  }, [connected])
  const create = async () => {
    set({ loading: true })
    const error = await propose(...[source, target].map((side) => ({ server: side.server, data_set: side.set.id })), start.from)
    if (error) set({ error })
  }
  const same = source.set && source.server === target.server && source.set.id === target.set?.id
  const periods = source.set && target.set && source.set.period_type !== target.set.period_type
  return html`<div class="page">
    <h1>${t('Align two data sets')}</h1>
    <${Problem} error=${servers.error ?? session.error} again=${() => { servers.reload(); session.reload() }} />
    ${!connected && !servers.error && !session.error && html`<${Loading} />`}
    ${connected?.length < 2 && html`<${Notice} title=${t('Sign in to two servers first')}>${connected.length === 1 ? t('You are signed in to one.') : ''} <${Link} to="/servers">${t('Go to the servers')}<//><//>`}
    ${connected?.length > 0 && html`<div class="cards">
      <${Side} title=${t('Values come from')} servers=${connected} side=${source} onChange=${setSource} />
      <${Side} title=${t('Values go to')} servers=${connected} side=${target} onChange=${setTarget} />
    </div>`}
    ${connected?.length > 0 && html`<${StartFrom} source=${source.set} target=${target.set} start=${start} onChange=${setStart} />`}
    ${same && html`<${Notice} tone="warning" title=${t('That is the same data set twice')} />`}
    ${periods && html`<${Notice} tone="warning" title=${t('The period types differ: {from} and {to}', { from: periodTypeName(source.set.period_type), to: periodTypeName(target.set.period_type) })}>${t('You can align them. Sums are sent where whole periods of the source make up one of the target (months a quarter); nothing is sent where a value would have to be split.')}<//>`}
    <${Problem} error=${state.error} again=${create} byHand />
    ${connected?.length > 0 && html`<div class="row end">
      <${Button} primary disabled=${!source.set || !target.set || same || start.unready} loading=${state.loading} onClick=${create}>${t('Propose what corresponds')}<//>
    </div>`}
  </div>`
}

function Side({ title, servers, side, onChange }) {
  const sets = useLoad((signal) => (side.server ? gateway.dataSets(side.server, { signal }) : Promise.resolve(undefined)), [side.server])
  const [text, setText] = useState('')
  const id = useId()
  const words = wordsOf(text)
  const shown = sets.data?.filter((one) => holds(plain(`${one.name}\n${one.code ?? ''}`), words)) ?? []
  return html`<section class="card" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <${Select} label=${t('Server')} value=${side.server} onChange=${(server) => onChange({ server })}>
      ${servers.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
    <//>
    <${Problem} error=${sets.error} again=${sets.reload} server=${side.server} />
    ${sets.loading && html`<${Loading} what=${t('Asking for its data sets…')} />`}
    ${sets.data?.length > 8 && html`<${Field} label=${t('Search name or code')} type="search" value=${text} onInput=${setText} />`}
    ${sets.data?.length === 0 && html`<${Notice} tone="warning" title=${t('You can see no data set there')}>${t('Ask the administrator of that server for the right to read one.')}<//>`}
    ${sets.data && !sets.loading && html`<fieldset class="choices"><legend class="unseen">${t('Data set')}</legend>
      ${shown.map((one) => html`<label key=${one.id} class="choice"><input type="radio" name=${id} checked=${side.set?.id === one.id} onChange=${() => onChange({ ...side, set: one })} />
        <span><${Name} of=${one.name} /><small class="muted">${one.code && html`<bdi>${one.code}</bdi> · `}${periodTypeName(one.period_type)} · ${tn('{n} data element', '{n} data elements', one.data_elements)}</small></span></label>`)}
      ${sets.data.length > 0 && shown.length === 0 && html`<p class="muted">${t('Nothing found')}</p>`}
    </fieldset>`}
    <${Newest} key=${side.server} server=${side.server} set=${side.set} />
  </section>`
}

const PAUSE = 400 // who goes through the sets by keys asks about none of them

/** How new the values of a data set are, and how many. */
function Newest({ server, set }) {
  const found = useLoad(async (signal) => {
    if (set) await new Promise((go) => setTimeout(go, PAUSE))
    return set && !signal.aborted ? newestOf(server, set.id) : undefined
  }, [set?.id])
  const told = ({ newest, values }) => (newest ? tn('Newest value: {period} · {n} value in the last 12 months', 'Newest value: {period} · {n} values in the last 12 months', values, { period: periodText(newest) }) : t('Its analytics tables hold no value of the last 12 months.'))
  return html`<p class="muted counted" role="status">${!set ? '' : found.loading ? COUNTING() : found.error ? uncountedText(found.error) : found.data && told(found.data)}</p>`
}
