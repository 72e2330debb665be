// Addresses that ask the review for some of its rows. No DOM.

import { NO_FILTER } from './rows.js'

const LONGEST = 4000 // of one part: longer addresses are refused on their way

/** Where the review shows just these. */
export function reviewAddress(id, filter = {}) {
  const asked = Object.entries(filter).filter(([name, value]) => value !== undefined && value !== NO_FILTER[name] && String(value).length <= LONGEST)
  const query = new URLSearchParams(asked.map(([name, value]) => [name, value === true ? '1' : value])).toString()
  return `/alignments/${encodeURIComponent(id)}${query && `?${query}`}`
}

/** Where the org units are shown to which the target's data set is not assigned. */
export const unassignedAddress = (id) => `${reviewAddress(id)}/places?of=org_unit&state=unassigned`

const read = (usual, text) => (typeof usual === 'string' ? text : typeof usual === 'number' ? Number(text) || usual : text === '1')

/** The filter of the review that such an address asks for. */
export const filterOfQuery = (query) => Object.fromEntries(Object.entries(NO_FILTER).filter(([name]) => query.get(name)).map(([name, usual]) => [name, read(usual, query.get(name))]))
