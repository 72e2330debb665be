// Addresses that ask the review for some of its rows. No DOM.

/** Where the review shows just these. */
export function reviewAddress(id, { section, state, conflicts } = {}) {
  const query = new URLSearchParams({ ...(section && { section }), ...(state && { state }), ...(conflicts && { conflicts: '1' }) }).toString()
  return `/alignments/${encodeURIComponent(id)}${query && `?${query}`}`
}

/** Where the org units are shown to which the target's data set is not assigned. */
export const unassignedAddress = (id) => `${reviewAddress(id)}/places?of=org_unit&state=unassigned`

/** The filter of the review that such an address asks for. */
export const filterOfQuery = (query) => ({ ...(query?.get('section') && { section: query.get('section') }), ...(query?.get('state') && { state: query.get('state') }), ...(query?.get('text') && { text: query.get('text') }), ...(query?.get('conflicts') && { conflicts: true }) })
