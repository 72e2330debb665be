// Asks a server how many values it holds: through drawbridge, with the person's own sign-in there, once until somebody wants it again. One request after the other: it is the server's busiest work.
import { gateway } from './api.js'
import { keyOfSet, knownCounts } from './known-counts.js'
import { believed, countable, countsIn, parts, recentPeriods, scopeOf, SET_FIELDS, tablesOf, total, Uncounted } from './model/value-counts.js'

// Ids in one address, so that it stays below the 4,000 letters that every server and what stands before it takes.
const ELEMENTS = 180
const [OF_UNITS, UNITS] = [100, 100]
const MOST_REQUESTS = 40

const kept = new Map()
gateway.on('session', () => { kept.clear(); knownCounts.clear() }) // another account sees other values

/** What `ask` found for this key, now or before; asked again only where there was no answer, or after `forget`. */
function once(key, ask) {
  if (!kept.has(key)) {
    const answer = ask()
    kept.set(key, answer)
    answer.catch(() => kept.get(key) === answer && kept.delete(key))
  }
  return kept.get(key)
}
const keyOf = (...words) => JSON.stringify(words)

export function forgetCounts(server, dataSet) {
  for (const key of [...kept.keys()]) if (JSON.parse(key).slice(1, 3).join() === [server, dataSet].join()) kept.delete(key)
}

/** What there is to ask about, and whether the server can answer. */
const asked = (server, dataSet) => once(keyOf('set', server, dataSet), async () => {
  const { set, me, info } = await gateway.engine(server).query({
    set: { resource: 'dataSets', id: dataSet, params: { fields: SET_FIELDS } },
    me: { resource: 'me', params: { fields: 'dataViewOrganisationUnits[id],organisationUnits[id]' } },
    info: { resource: 'system/info' },
  })
  const { made, tables } = tablesOf(info)
  const elements = countable(set)
  if (elements.ids.length === 0) throw new Uncounted('nothing_countable')
  return { ...elements, made, tables, all: set.dataSetElements.length, recent: `pe:${recentPeriods(elements.type)}`, scope: `ou:${scopeOf(me)}` }
})

async function count(server, { tables }, dimension, filter) {
  const { found } = await gateway.engine(server).query({ found: { resource: 'analytics', params: { dimension, filter, aggregationType: 'COUNT', skipMeta: true, tables } } })
  return countsIn(found, dimension.slice(0, 2))
}

const add = (counts, more) => { for (const [id, n] of more) counts.set(id, (counts.get(id) ?? 0) + n) }

/** {counts: Map by data element, made, all: how many data elements there are}. */
export const countsOf = (server, dataSet) => once(keyOf('elements', server, dataSet), async () => {
  const about = await asked(server, dataSet)
  const counts = new Map()
  for (const ids of parts(about.ids, ELEMENTS)) add(counts, await count(server, about, `dx:${ids.join(';')}`, [about.recent, about.scope]))
  const found = { counts: believed(about, counts), made: about.made, all: about.all }
  if (kept.has(keyOf('elements', server, dataSet))) knownCounts.set(keyOfSet(server, dataSet), found) // else somebody else is signed in by now
  return found
})

/** {newest: id of the newest period with values, values: how many in all}. */
export const newestOf = (server, dataSet) => once(keyOf('periods', server, dataSet), async () => {
  const about = await asked(server, dataSet)
  const counts = new Map()
  for (const ids of parts(about.ids, ELEMENTS)) add(counts, await count(server, about, about.recent, [`dx:${ids.join(';')}`, about.scope]))
  return { newest: [...counts.keys()].sort().at(-1), values: total(counts) }
})

/** How many values these org units have, each with all below it: {counts: Map by org unit, made}. `most`: more requests than that are not made. */
export const unitCountsOf = (server, dataSet, units, most = MOST_REQUESTS) => once(keyOf('units', server, dataSet, most, units), async () => {
  const about = await asked(server, dataSet)
  const { counts: known } = await countsOf(server, dataSet)
  const filled = about.ids.filter((id) => known.get(id) > 0)
  const questions = parts(units, UNITS).flatMap((some) => parts(filled, OF_UNITS).map((ids) => [some, ids]))
  if (questions.length > most) throw Object.assign(new Uncounted('too_many_requests'), { requests: questions.length })
  const counts = new Map(known.size === about.all ? units.map((id) => [id, 0]) : []) // where some cannot be counted, who has none of the others may have those
  for (const [some, ids] of questions) add(counts, await count(server, about, `ou:${some.join(';')}`, [`dx:${ids.join(';')}`, about.recent]))
  return { counts: questions.length ? counts : new Map(), made: about.made }
})
