// What the screen of org units, attribute options and periods thinks with: rows out of proposals and decisions, filters, decisions. No DOM, no network; nothing given is changed.
import { lastPeriods } from './periods.js'
import { isPlaceKind, PLACE_KINDS } from './place-kinds.js'
import { isAnswer } from './review.js'
import { holds, plain, wordsOf } from './search.js'
import { proposalsOf, unassignedOf } from './unassigned-places.js'

/**
 * [{id, source, state: "accepted" | "none" | "proposed" | "nothing", choice?: place, unassigned?: the place it is, to which the target's data set is not assigned, proposals, reasons, decision, confidence?,
 *   waits: for a second person, where one is asked for (`second`); own: so another one has to approve it; approvable: by the reader}]
 */
export const placeRows = (places, second = false) => places.pairs.map((pair) => placeRow(pair, second))

function placeRow(pair, second) {
  const { source, decision } = pair
  const proposals = proposalsOf(pair)
  const answer = proposals.find(isAnswer)
  const decided = decision.state !== 'open'
  const choice = decided ? decision.targets[0] : answer?.target
  const waits = second && decided && !decision.approved_by
  return {
    id: source.id, source, proposals, decision,
    state: decided ? decision.state : answer ? 'proposed' : 'nothing',
    choice,
    unassigned: unassignedOf(pair, proposals),
    confidence: decided ? undefined : answer?.confidence,
    sure: !decided && answer?.decision === 'auto',
    reasons: pair.reasons ?? [],
    waits,
    own: waits && pair.own === true,
    approvable: waits && !pair.own && decision.by !== undefined, // what is not saved yet is by nobody
  }
}

export const NO_PLACE_FILTER = { text: '', state: 'any', order: 'proposed' }

/** `counts`: how many values they have, by id, where that is known. */
export function filterPlaces(rows, { text, state, order }, counts = new Map()) {
  const words = wordsOf(text)
  const wanted = { any: () => true, waiting: (row) => row.waits, approval: (row) => row.approvable, open: isOpen, unassigned: (row) => row.unassigned !== undefined }[state] ?? ((row) => row.state === state)
  const shown = rows.filter((row) => {
    if (!wanted(row)) return false
    const all = plain([row.source, row.choice].filter(Boolean).map((one) => `${one.name} ${one.code ?? ''} ${one.above ?? ''}`).join(' '))
    return holds(all, words)
  })
  return order === 'values' ? shown.sort((a, b) => (counts.get(b.id) ?? 0) - (counts.get(a.id) ?? 0)) : shown
}

/** Org units of the source that nothing can be sent for as long as the target's data set is not assigned to what they are there. */
export const unassignedPlaces = (rows) => rows.filter((row) => row.unassigned).length

const isOpen = (row) => row.state === 'proposed' || row.state === 'nothing'
export const openPlaces = (rows) => rows.filter(isOpen).length
export const waitingPlaces = (rows) => rows.filter((row) => row.waits).length

// --- decisions, and here as the server will apply them ---

export const acceptPlace = (kind, id, target) => ({ kind, source: id, decision: 'accepted', targets: [{ id: target.id }] })
export const rejectPlace = (kind, id, target) => ({ kind, source: id, decision: 'rejected', targets: [{ id: target.id }] })
export const nowhere = (kind, id) => ({ kind, source: id, decision: 'none' })
export const approvePlace = (kind, id, by) => ({ kind, source: id, decision: 'approved', by })
export const forgetPlace = (kind, id) => ({ kind, source: id, decision: 'undecided' })

/** What brings a row's decision back to what it is now. */
export function restoringPlace(kind, row) {
  const { state, targets, rejected } = row.decision
  return [forgetPlace(kind, row.id), ...rejected.map((one) => rejectPlace(kind, row.id, one)), ...(state === 'accepted' ? [acceptPlace(kind, row.id, targets[0])] : []), ...(state === 'none' ? [nowhere(kind, row.id)] : [])]
}

/** What brings all that a step touched to what it was before it, or after it: out of a step as the server kept it. */
export function restoringPlaces(step, which) {
  const ofPlaces = (list) => list.filter((one) => isPlaceKind(one.kind))
  const words = { rejected: rejectPlace, accepted: acceptPlace, none: nowhere }
  const itemOfKept = (one) => itemOf({ kind: one.kind, source: one.source_data_element })
  const items = new Map(ofPlaces([...step.before, ...step.after]).map((one) => [itemOfKept(one), { of: one, kept: [] }]))
  for (const one of ofPlaces(step[which])) items.get(itemOfKept(one)).kept.push(one)
  const decisions = [...items.values()].flatMap(({ of: { kind, source_data_element: id }, kept }) =>
    [forgetPlace(kind, id), ...Object.keys(words).flatMap((word) => kept.filter((one) => one.decision === word).map((one) => words[word](kind, id, { id: one.target_data_element })))])
  return { decisions }
}

/** All places that a pair names for its source. */
export const placesIn = ({ proposals, decision }) => [...proposals.map((one) => one.target), ...decision.targets, ...decision.rejected]

/** `known`: places by id that a decision may name beside what is proposed. */
export function withPlaceDecisions(places, decisions, known) {
  const pairs = new Map(places.pairs.map((pair) => [pair.source.id, pair]))
  for (const one of decisions) {
    const pair = pairs.get(one.source)
    if (pair) pairs.set(one.source, decidedPair(pair, one, known))
  }
  return { ...places, pairs: [...pairs.values()] }
}

/** The places of an alignment with operations that are not saved yet laid over them. Each names in `places` those that it decides about. */
export function withPlaceOperations(places, operations, at) {
  const decisions = operations.flatMap((one) => one.decisions.map((decision) => (at && !one.undo && !one.redo ? { ...decision, by: one.who?.[0], at } : decision)))
  if (decisions.length === 0) return places
  const known = new Map(operations.flatMap((one) => one.places ?? []).map((one) => [one.id, one]))
  const result = { ...places }
  for (const [kind, member] of Object.entries(PLACE_KINDS)) {
    const own = decisions.filter((one) => one.kind === kind)
    if (own.length > 0) result[member] = withPlaceDecisions(places[member], own, known) // else it stays the same, and what was found out about it
  }
  return result
}

/** After they were saved: who decided is known, and when. */
export const withSavedPlaces = (places, { version }, operations) => ({ ...withPlaceOperations(places, operations, new Date().toISOString()), version })

/** Is something of it to be asked for again: a place that is known by its id alone, what is proposed for what was opened again, or whose word it is that an undo brought back, where a second person is asked for? */
export const isPartial = (places) => Object.values(PLACE_KINDS).some((member) => places[member].pairs.some(({ decision, proposals, reasons }) =>
  [...decision.targets, ...decision.rejected].some((one) => one.unnamed) || (decision.state === 'open' ? proposals.length === 0 && !reasons?.length : places.second_person && !decision.by)))

const itemOf = ({ kind, source }) => `${kind} ${source}`

const bySource = new WeakMap() // pairs: the same by their source

function pairOf(places, { kind, source }) {
  const { pairs } = places[PLACE_KINDS[kind]]
  if (!bySource.has(pairs)) bySource.set(pairs, new Map(pairs.map((pair) => [pair.source.id, pair])))
  return bySource.get(pairs).get(source)
}

function fingerprint(places, decision) {
  const { state, targets, rejected } = pairOf(places, decision)?.decision ?? { state: 'open', rejected: [] } // one that keeps its id, and that nobody decided about, is not listed
  return state === 'open' ? `open ${rejected.map((one) => one.id).sort().join(',')}` : `${state} ${targets.map((one) => one.id).join(',')}`
}

/** What the saver has to know. */
export const PLACES = { versionOf: (places) => places.version, itemOf, fingerprint, pairOf }

function decidedPair(pair, { decision, targets = [], by, at }, known) {
  if (decision === 'approved') return { ...pair, decision: { ...pair.decision, approved_by: by, approved_at: at } }
  const place = ({ id }) => known.get(id) ?? placesIn(pair).find((one) => one.id === id) ?? { id, name: id, unnamed: true }
  const chosen = targets.map(place)
  const without = pair.decision.rejected.filter((one) => !chosen.some((other) => other.id === one.id))
  const become = (state, rest) => ({ ...pair, own: by !== undefined, decision: { state, targets: [], rejected: [], ...(by && { by, at }), ...rest } })
  if (decision === 'accepted') return become('accepted', { targets: chosen, rejected: without })
  if (decision === 'none') return become('none')
  if (decision === 'undecided') return { ...pair, own: false, decision: { state: 'open', targets: [], rejected: [] } }
  return become('open', { rejected: [...without, ...chosen] })
}

// --- periods ---

/** What the rule does to the last periods: {from: [ids], to: id}, or undefined where nothing can be shown. */
export function periodExample({ conversion, source, target }, now = new Date()) {
  if (conversion === 'cannot' || !source) return undefined
  const [whole] = lastPeriods(target ?? source, 1, now)
  if (!whole) return undefined
  if (conversion === 'same') return { from: [whole.id], to: whole.id }
  const parts = lastPeriods(source, 400, now).filter((one) => one.start >= whole.start && one.end <= whole.end).reverse()
  return parts.length ? { from: parts.map((one) => one.id), to: whole.id } : undefined
}
