// Asks a server what its analytics makes of data elements in each of some periods: through drawbridge, with the person's own sign-in there.
import { gateway } from './api.js'
import { scopeOf, tablesOf, Uncounted } from './model/value-counts.js'

const ISO = ['iso8601', 'gregorian', undefined]

/** {values: Map by id of a period, of all the elements together, units: names of the org units at whose roots the account sees them}. */
export async function historyOf(server, elements, periods, { signal } = {}) {
  const engine = gateway.engine(server)
  const { me, info } = await engine.query({
    me: { resource: 'me', params: { fields: 'dataViewOrganisationUnits[id,displayName],organisationUnits[id,displayName]' } },
    info: { resource: 'system/info' },
  }, { signal })
  const { tables } = tablesOf(info)
  if (!ISO.includes(info.calendar)) throw new Uncounted('calendar')
  const { found } = await engine.query({ found: { resource: 'analytics', params: {
    dimension: [`dx:${elements.join(';')}`, `pe:${periods.map((one) => one.id).join(';')}`], filter: `ou:${scopeOf(me)}`, skipMeta: true, skipRounding: true, tables,
  } } }, { signal })
  return { values: valuesIn(found), units: [me.dataViewOrganisationUnits, me.organisationUnits].find((list) => list?.length)?.map((one) => one.displayName).filter(Boolean) ?? [] }
}

function valuesIn({ headers, rows }) {
  const [period, value] = ['pe', 'value'].map((name) => headers.findIndex((one) => one.name === name))
  const values = new Map()
  for (const row of rows) values.set(row[period], (values.get(row[period]) ?? 0) + Number(row[value]))
  if ([...values].some(([id, n]) => typeof id !== 'string' || !Number.isFinite(n))) throw new TypeError('that is no total')
  return values
}
