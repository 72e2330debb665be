// The page talks to drawbridge through the same client as everybody's app.
import { useCallback, useEffect, useRef, useState } from './lib.js'
import { earlyFetch, language } from './early.js'
import { createDrawbridge } from './sdk/drawbridge.js'

const client = createDrawbridge({ url: location.origin, language, fetch: earlyFetch })

let serverNames = new Map()
let namesComing // asked for once, by however many parts of a screen

/** Whoever asks for the servers knows their names for all screens. */
async function servers(options) {
  const list = await client.servers(options)
  serverNames = new Map(list.map((one) => [one.id, one.name]))
  return list
}

/** An alignment comes without what the engine looked at: on a slow line the review would wait for that more than for all else. It is asked for where somebody wants to know why. */
export const gateway = { ...client, servers, alignments: { ...client.alignments, get: (id, options) => client.alignments.get(id, { features: false, ...options }) } }

/** What a list tells of an alignment: its sides and version. One that is too old for the list is read whole. */
export async function alignmentEntry(id, options) {
  return (await gateway.alignments.list(options)).find((one) => one.id === id) ?? gateway.alignments.get(id, options)
}

/** A part of the page that is fetched; where it does not come, why: an open page asks in vain once drawbridge was replaced by a newer one. */
export async function arrived(part) {
  try {
    return await part
  } catch (error) {
    const { status } = await fetch(new URL('./icon.svg', import.meta.url), { cache: 'no-store' }).catch(() => ({})) // it is where all parts are
    throw Object.assign(error, { code: status === 404 ? 'page_replaced' : 'gateway_unreachable', answers: status !== undefined })
  }
}

/** Loads when `wanted` changes: {data, error, loading, reload, set}. Old data stays visible while new data loads. */
export function useLoad(load, wanted) {
  const [state, setState] = useState({ loading: true })
  const under_way = useRef()
  const reload = useCallback(async () => {
    under_way.current?.abort()
    const controller = (under_way.current = new AbortController())
    setState((before) => ({ ...before, loading: true }))
    try {
      const data = await load(controller.signal)
      if (!controller.signal.aborted) setState({ data, loading: false })
    } catch (error) {
      if (!controller.signal.aborted) setState((before) => ({ data: before.data, error, loading: false }))
    }
  }, wanted)
  useEffect(() => {
    reload()
    return () => under_way.current?.abort()
  }, [reload])
  return { ...state, reload, set: (data) => setState({ data, loading: false }) }
}

/** What a server is called, by its id; the id until that is known, and of one that is no longer configured. `wanted`: once there is something to name. */
export function useServerNames(wanted = true) {
  useLoad(async () => wanted && serverNames.size === 0 && (namesComing ??= servers().finally(() => { namesComing = undefined })), [wanted])
  return (id) => serverNames.get(id) ?? id
}
