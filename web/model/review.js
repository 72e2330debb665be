// What the review thinks with: an alignment with decisions laid over it. What is listed of it is in rows.js. No DOM, no network; nothing given is changed.
//
// A review is {alignment, elements: Map by source id, cellsOf: Map of source id to cells, targets: Map by target id, combos: Map by combo id}.

import { byReader } from '../i18n.js'
import { LaidMap, settled } from './laid-map.js'
import { holds, plain, wordsOf } from './search.js'

const byId = (list) => new Map(list.map((one) => [one.id, one]))

export function reviewOf(alignment) {
  const cellsOf = new Map()
  for (const cell of alignment.cells) {
    const cells = cellsOf.get(cell.source_data_element)
    if (cells) cells.push(cell)
    else cellsOf.set(cell.source_data_element, [cell])
  }
  return {
    alignment,
    elements: new Map(alignment.elements.map((one) => [one.source.id, one])),
    cellsOf,
    targets: byId(alignment.target_elements),
    combos: byId(alignment.target_combos),
  }
}

/** The review after a decision was answered. */
export function withChanges(review, changes) {
  const { elements: changed, cells, coverage, judged, warnings, version } = changes
  const elements = new LaidMap(review.elements)
  for (const element of changed) elements.set(element.source.id, isOpen(element) ? element : { ...element, asProposed: asProposed(review.elements.get(element.source.id)) })
  const cellsOf = cells.length ? new LaidMap(review.cellsOf) : review.cellsOf
  const fresh = new Map(cells.map((cell) => [cellKey(cell.source_data_element, cell.source.id), cell]))
  for (const id of new Set(cells.map((cell) => cell.source_data_element)))
    cellsOf.set(id, cellsOf.get(id).map((cell) => fresh.get(cellKey(id, cell.source.id)) ?? cell))
  return { ...review, elements: settled(elements), cellsOf: settled(cellsOf), alignment: { ...review.alignment, coverage, judged, warnings, version } }
}

export const cellKey = (element, coc) => `${element} ${coc}`
/** Of a category combo of the source and one of the target. */
export const pairKey = (source, target) => `${source}.${target}`

// --- decisions, here as the server will apply them ---

export const thing = (review, id) => review.targets.get(id) ?? { id, name: id }
const without = (list, ids) => list.filter((one) => !ids.has(one.id))

const isOpen = ({ decision: { state, rejected = [] } }) => state === 'proposed' && rejected.length === 0

/** What was proposed when nothing was decided: shown where that is so again, until the server says what it proposes by then. */
const asProposed = (element) => (isOpen(element) ? element.proposals : element.asProposed)

export function decided(review, element, decision) {
  const before = element.decision
  const ids = new Set((decision.targets ?? []).map((one) => one.data_element))
  const targets = [...ids].map((id) => thing(review, id))
  const become = (state, rest) => ({ ...element, changed: undefined, asProposed: asProposed(element), ...rest?.element, decision: { state, targets: [], rejected: [], note: decision.note, ...rest?.decision } })
  if (decision.decision === 'noted') return { ...element, decision: { ...before, note: decision.note } }
  if (decision.decision === 'approved') return { ...element, changed: undefined, decision: { ...before, approved_by: decision.by } }
  if (decision.decision === 'undecided') return become('proposed', { element: { proposals: asProposed(element) ?? element.proposals, asProposed: undefined } })
  if (decision.decision === 'none' || decision.decision === 'excluded') return become(decision.decision)
  if (decision.decision === 'accepted') return become('accepted', { decision: { targets, confidence: sureOf(element, ids), rejected: without(before.rejected ?? [], ids) } })
  const proposals = element.proposals.filter((one) => !ids.has(one.target.id))
  const left = without(before.targets, ids)
  const state = left.length ? 'accepted' : proposals.some(isAnswer) ? 'proposed' : 'rejected'
  return become(state, { element: { proposals }, decision: { targets: left, rejected: [...without(before.rejected ?? [], ids), ...targets] } })
}

export function cellDecided(review, cell, decision) {
  if (decision.decision === 'undecided') return { ...cell, decided: false }
  const terms = (decision.targets ?? []).map((one) => ({
    target_data_element: one.data_element,
    target: optionCombosOf(review, one.data_element).find((coc) => coc.id === one.category_option_combo) ?? { id: one.category_option_combo, name: one.category_option_combo },
    sign: one.sign ?? '+',
    confidence: 1,
    decision: 'accepted',
  }))
  return { ...cell, decided: true, terms }
}

/** How sure the engine is of targets that it answers itself; undefined where one is chosen by hand. */
function sureOf(element, ids) {
  const answers = element.proposals.filter((one) => isAnswer(one) && ids.has(one.target.id))
  return answers.length === ids.size ? Math.min(...answers.map((one) => one.confidence)) : undefined
}

/** The review with decisions that are not saved yet laid over it. */
export function withDecisions(review, decisions) {
  if (decisions.length === 0) return review
  const elements = new LaidMap(review.elements)
  const cellsOf = new LaidMap(review.cellsOf)
  for (const one of decisions) {
    const id = one.source_data_element
    if (one.kind === 'data_element' && elements.has(id)) elements.set(id, decided(review, elements.get(id), one))
    if (one.kind === 'operand' && cellsOf.has(id))
      cellsOf.set(id, cellsOf.get(id).map((cell) => (cell.source.id === one.source_category_option_combo ? cellDecided(review, cell, one) : cell)))
  }
  return { ...review, elements, cellsOf }
}

/** The same with flags and comments. */
export function withOperations(review, operations) {
  const shown = withDecisions(review, operations.flatMap((one) => one.decisions ?? []))
  const said = operations.filter((one) => one.flags || one.comments)
  if (said.length === 0) return shown
  const elements = new LaidMap(shown.elements)
  for (const { flags = [], comments = [] } of said) {
    for (const { source_data_element: id, flagged, by, to, note } of flags) if (elements.has(id)) elements.set(id, { ...elements.get(id), flag: flagged ? { by, to, note } : undefined })
    for (const { source_data_element: id, gone } of comments) if (elements.has(id)) elements.set(id, { ...elements.get(id), comments: (elements.get(id).comments ?? 0) + (gone ? -1 : 1) })
  }
  return { ...shown, elements }
}

const elementDecision = (id, decision, targets) => ({
  kind: 'data_element', source_data_element: id, decision, ...(targets ? { targets: targets.map((one) => ({ data_element: one.id ?? one })) } : {}),
})

export const accept = (id, targets) => elementDecision(id, 'accepted', targets)
export const reject = (id, targets) => elementDecision(id, 'rejected', targets)
export const noCounterpart = (id) => elementDecision(id, 'none')
export const leaveOut = (id) => elementDecision(id, 'excluded')
export const approve = (id, by) => ({ ...elementDecision(id, 'approved'), by })
/** Why it was decided: what is decided stays as it is. */
export const noted = (id, note) => ({ ...elementDecision(id, 'noted'), note })
export const forget = (id) => elementDecision(id, 'undecided')

/** A term of a cell as a decision names it. */
export const targetOfTerm = ({ target_data_element, target, sign }) => ({ data_element: target_data_element, category_option_combo: target.id, sign })

/** One cell: targets are {data_element, category_option_combo, sign}; none of them is "no counterpart", undefined forgets. */
export function decideCell(cell, targets) {
  const decision = targets === undefined ? 'undecided' : targets.length ? 'accepted' : 'none'
  return { kind: 'operand', source_data_element: cell.source_data_element, source_category_option_combo: cell.source.id, decision, ...(targets?.length ? { targets } : {}) }
}

/** What brings an element's decision back to what it is now. */
export function restoring(element) {
  const { state, targets, rejected = [] } = element.decision
  const id = element.source.id
  return [forget(id), ...(rejected.length ? [reject(id, rejected)] : []), ...(state === 'accepted' ? [accept(id, targets)] : []), ...(state === 'none' ? [noCounterpart(id)] : []), ...(state === 'excluded' ? [leaveOut(id)] : [])]
}

/** What brings an element's flag back to what it is now. */
export const restoringFlag = ({ source, flag }) => ({ ...flag, source_data_element: source.id, flagged: Boolean(flag) })

/** What takes back what was said, until the server has done so. */
export const withoutComments = (comments) => comments.map((one) => ({ ...one, gone: true }))

/** What brings all that a step touched to what it was before it, or after it, as an operation: out of a step as the server kept it. */
export function restoringStep(step, which) {
  const comments = step.remarks.filter((one) => one.kind === 'comment')
  const flagged = step.remarks.filter((one) => one.kind === 'flag' || one.kind === 'unflag')
  const flagBefore = (id) => (step.flags_before ?? []).find((one) => one.source_data_element === id)
  const flags = which === 'after' ? flagged.map((one) => ({ ...one, flagged: one.kind === 'flag' })) : flagged.map(({ source_data_element }) => ({ ...flagBefore(source_data_element), source_data_element, flagged: Boolean(flagBefore(source_data_element)) }))
  return {
    decisions: restoringDecisions(step, which),
    ...(flags.length && { flags: flags.map(({ text, ...one }) => ({ ...one, note: text })) }),
    ...(comments.length && { comments: which === 'after' ? comments : withoutComments(comments) }),
  }
}

function restoringDecisions(step, which) {
  const items = new Map()
  for (const one of [...step.before, ...step.after]) if (one.kind === 'data_element' || one.kind === 'operand') items.set(itemOf(one), one)
  const targetOf = (one) => ({ data_element: one.target_data_element, ...(one.kind === 'operand' ? { category_option_combo: one.target_category_option_combo, sign: one.sign ?? '+' } : {}) })
  return [...items.values()].flatMap(({ kind, source_data_element, source_category_option_combo }) => {
    const item = { kind, source_data_element, ...(kind === 'operand' ? { source_category_option_combo } : {}) }
    const kept = step[which].filter((one) => itemOf(one) === itemOf(item))
    const words = ['rejected', 'accepted', 'none', 'excluded'].flatMap((decision) => {
      const of = kept.filter((one) => one.decision === decision)
      return of.length ? [{ ...item, decision, ...(of[0].target_data_element ? { targets: of.map(targetOf) } : {}) }] : []
    })
    return [{ ...item, decision: 'undecided' }, ...words]
  })
}

export function restoringCell(cell) {
  if (!cell.decided) return [decideCell(cell, undefined)]
  return [decideCell(cell, cell.terms.map(targetOfTerm))]
}

/** Which item a decision is about, and what is decided about it in a review, as texts: two are equal where the decisions are. */
export const itemOf = (decision) => (decision.kind === 'operand' ? cellKey(decision.source_data_element, decision.source_category_option_combo) : decision.source_data_element)

export const sameChoice = (a, b) => a.map((one) => one.id).join() === b.map((one) => one.id).join()

export const isDecided = (state) => state === 'accepted' || state === 'none' || state === 'excluded'

export function fingerprint(review, decision) {
  if (decision.kind === 'operand') {
    const cell = review.cellsOf.get(decision.source_data_element)?.find((one) => one.source.id === decision.source_category_option_combo)
    return cell?.decided ? cell.terms.map((one) => `${one.sign}${cellKey(one.target_data_element, one.target.id)}`).sort().join() : 'open'
  }
  const element = review.elements.get(decision.source_data_element)
  if (!element) return 'gone'
  const { state, targets, rejected = [] } = element.decision
  const ids = (list) => list.map((one) => one.id).sort().join(',')
  return isDecided(state) ? `${state} ${ids(targets)}` : `open ${ids(rejected)}`
}

/** What the saver has to know. */
export const REVIEW = { versionOf: (review) => review.alignment.version, itemOf, fingerprint }

// --- what one would accept, and targets to choose from ---

export const isAnswer = (proposal) => proposal.decision !== 'candidate'

/** What one would accept now: what was accepted, else what the engine answers. */
export const choiceOf = (element) => (element.decision.state === 'accepted' ? element.decision.targets : isDecided(element.decision.state) ? [] : element.proposals.filter(isAnswer).map((one) => one.target))

export function optionCombosOf(review, targetId) {
  const combo = review.targets.get(targetId)?.combo
  return (combo && review.combos.get(combo.id)?.option_combos) || []
}

const inOrder = new WeakMap() // targets: [{target, text: as it is searched in}], by name

function targetsByName(targets) {
  if (!inOrder.has(targets)) {
    const compare = byReader()
    const sorted = [...targets.values()].sort((a, b) => compare(a.name, b.name))
    inOrder.set(targets, sorted.map((target) => ({ target, text: plain(`${target.name}\n${target.code ?? ''}\n${target.id}`) })))
  }
  return inOrder.get(targets)
}

/** Targets for a search, best first: what starts with it, then what holds all words. */
export function searchTargets(review, text, most = 50) {
  const words = wordsOf(text)
  const found = targetsByName(review.targets).filter((one) => holds(one.text, words))
  const starts = words.length ? found.filter((one) => one.text.startsWith(words[0])) : []
  const rest = starts.length < most ? found.filter((one) => !starts.length || !one.text.startsWith(words[0])) : []
  return [...starts, ...rest].slice(0, most).map((one) => one.target)
}
