// What the review thinks with: rows out of an alignment with decisions laid over, filters, warnings, bulk. No DOM, no network; nothing given is changed.
//
// A review is {alignment, elements: Map by source id, cellsOf: Map of source id to cells, targets: Map by target id, combos: Map by combo id}.

const NUMBERS = ['NUMBER', 'INTEGER', 'INTEGER_POSITIVE', 'INTEGER_NEGATIVE', 'INTEGER_ZERO_OR_POSITIVE', 'PERCENTAGE', 'UNIT_INTERVAL']
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
  const { elements: changed, cells, coverage, warnings, version } = changes
  const elements = new Map(review.elements)
  for (const element of changed) elements.set(element.source.id, element)
  const cellsOf = cells.length ? new Map(review.cellsOf) : review.cellsOf
  const fresh = new Map(cells.map((cell) => [cellKey(cell.source_data_element, cell.source.id), cell]))
  for (const id of new Set(cells.map((cell) => cell.source_data_element)))
    cellsOf.set(id, cellsOf.get(id).map((cell) => fresh.get(cellKey(id, cell.source.id)) ?? cell))
  return { ...review, elements, cellsOf, alignment: { ...review.alignment, coverage, warnings, version } }
}

const cellKey = (element, coc) => `${element} ${coc}`

// --- decisions, here as the server will apply them ---

const thing = (review, id) => review.targets.get(id) ?? { id, name: id }
const without = (list, ids) => list.filter((one) => !ids.has(one.id))

export function decided(review, element, decision) {
  const before = element.decision
  const ids = new Set((decision.targets ?? []).map((one) => one.data_element))
  const targets = [...ids].map((id) => thing(review, id))
  const become = (state, rest) => ({ ...element, changed: undefined, ...rest?.element, decision: { state, targets: [], rejected: [], note: decision.note, ...rest?.decision } })
  if (decision.decision === 'approved') return { ...element, changed: undefined, decision: { ...before, approved_by: decision.by } }
  if (decision.decision === 'undecided') return become('proposed')
  if (decision.decision === 'none' || decision.decision === 'excluded') return become(decision.decision)
  if (decision.decision === 'accepted') return become('accepted', { decision: { targets, rejected: without(before.rejected ?? [], ids) } })
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

/** The review with decisions that are not saved yet laid over it. */
export function withDecisions(review, decisions) {
  if (decisions.length === 0) return review
  const copy = (map, kind) => (decisions.some((one) => one.kind === kind) ? new Map(map) : map) // ten thousand take longer than the rest of a key
  const elements = copy(review.elements, 'data_element')
  const cellsOf = copy(review.cellsOf, 'operand')
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
  const elements = new Map(shown.elements)
  for (const { flags = [], comments = [] } of said) {
    for (const { source_data_element: id, flagged, to } of flags) if (elements.has(id)) elements.set(id, { ...elements.get(id), flag: flagged ? { to } : undefined })
    for (const { source_data_element: id } of comments) if (elements.has(id)) elements.set(id, { ...elements.get(id), comments: (elements.get(id).comments ?? 0) + 1 })
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
export const forget = (id) => elementDecision(id, 'undecided')

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

/** What brings all that a step touched to what it was before it, or after it: out of a step as the server kept it. */
export function restoringStep(step, which) {
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
  return [decideCell(cell, cell.terms.map((one) => ({ data_element: one.target_data_element, category_option_combo: one.target.id, sign: one.sign })))]
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

// --- rows ---

export const isAnswer = (proposal) => proposal.decision !== 'candidate'

/** What one would accept now: what was accepted, else what the engine answers. */
export const choiceOf = (element) => (element.decision.state === 'accepted' ? element.decision.targets : isDecided(element.decision.state) ? [] : element.proposals.filter(isAnswer).map((one) => one.target))

const stateOf = (element) => {
  const { state } = element.decision
  if (isDecided(state)) return state
  return element.proposals.some(isAnswer) ? 'proposed' : 'nothing'
}

const isNumber = (element) => NUMBERS.includes(element?.value_type)

/** Does something get lost between these value types? undefined, or [from, to]. */
export function typeLoss(source, target) {
  if (!source?.value_type || !target?.value_type || source.value_type === target.value_type) return undefined
  const fits = (isNumber(source) && isNumber(target) && (target.value_type === 'NUMBER' || source.value_type.startsWith('INTEGER'))) || ['TEXT', 'LONG_TEXT'].includes(target.value_type)
  return fits ? undefined : [source.value_type, target.value_type]
}

/** What one source element adds to: cells, where they are known, else whole elements. */
function aimsOf(choice, cells) {
  const ids = new Set(choice.map((one) => one.id))
  const aims = new Set()
  if (ids.size) for (const cell of cells) for (const term of cell.terms) if (ids.has(term.target_data_element)) aims.add(cellKey(term.target_data_element, term.target.id))
  return aims.size ? aims : ids
}

/** [{kind: "shared", others} · {kind: "sum", others} · {kind: "type", from, to} · {kind: "cells", lost, of}]; shared and type are conflicts. Several sources of one target element are fine as long as each has cells of its own. */
function warningsOf(review, { element, cells, choice, aims }, users) {
  const warnings = []
  const sharing = new Set()
  for (const aim of aims) for (const id of users.get(aim)) sharing.add(id)
  sharing.delete(element.source.id)
  if (sharing.size) {
    const others = [...sharing].map((id) => review.elements.get(id))
    const sure = [element, ...others].every((one) => one.decision.state === 'accepted')
    warnings.push({ kind: sure ? 'sum' : 'shared', others: others.map((one) => one.source.name) })
  }
  for (const target of choice) {
    const loss = typeLoss(element.source, review.targets.get(target.id))
    if (loss) warnings.push({ kind: 'type', from: loss[0], to: loss[1] })
  }
  const lost = choice.length ? cells.filter((cell) => cell.terms.length === 0 && !cell.decided).length : 0
  if (lost) warnings.push({ kind: 'cells', lost, of: cells.length })
  return warnings
}

export const isConflict = (row) => row.warnings.some((one) => one.kind === 'shared' || one.kind === 'type')
export const needsLook = (row) => row.warnings.some((one) => one.kind !== 'sum')

function rowOf(review, entry, users) {
  const { element, choice } = entry
  const state = stateOf(element)
  const confidence = state === 'proposed' ? Math.min(...element.proposals.filter(isAnswer).map((one) => one.confidence)) : undefined
  return { id: element.source.id, element, source: element.source, state, choice, confidence, warnings: warningsOf(review, entry, users) }
}

const NO_CELLS = []

/** A function that gives the rows of one review after the other: what did not change, and shares no target with what did, keeps its row. */
export function createRows() {
  const entries = new Map() // by source id: {at: its place among the rows, element, cells, choice, aims}
  const users = new Map() // by aim: the source ids that add to it
  let rows = []

  function leave(id, entry, dirty) {
    for (const aim of entry.aims) {
      users.get(aim).delete(id)
      for (const other of users.get(aim)) dirty.add(other)
    }
  }

  function enter(id, entry, dirty) {
    for (const aim of entry.aims) {
      const list = users.get(aim)
      if (!list) users.set(aim, new Set([id]))
      else for (const other of list.add(id)) dirty.add(other)
    }
    entries.set(id, entry)
    dirty.add(id)
  }

  return (review) => {
    const dirty = new Set()
    for (const [id, element] of review.elements) {
      const cells = review.cellsOf.get(id) ?? NO_CELLS
      const was = entries.get(id)
      if (was?.element === element && was.cells === cells) continue
      if (was) leave(id, was, dirty)
      const choice = choiceOf(element).map((one) => thing(review, one.id))
      enter(id, { at: was?.at ?? entries.size, element, cells, choice, aims: aimsOf(choice, cells) }, dirty)
    }
    if (dirty.size === 0) return rows
    rows = rows.slice()
    for (const id of dirty) {
      const entry = entries.get(id)
      rows[entry.at] = rowOf(review, entry, users)
    }
    return rows
  }
}

export const rowsOf = (review) => createRows()(review)

// --- choosing which rows to see ---

export const NO_FILTER = { text: '', state: 'any', band: 'all', conflicts: false, section: '', order: 'form', attention: '', warning: '', from: 0, to: 1 }
export const band = (confidence) => (confidence >= 0.9 ? 'high' : confidence >= 0.7 ? 'medium' : 'low')

/** As it is searched in. */
export const plain = (text) => text.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase()
const searched = new WeakMap()

function searchText(row) {
  let text = searched.get(row.element)
  if (text === undefined) {
    text = plain([row.source.name, row.source.code ?? '', row.source.id, ...row.choice.flatMap((one) => [one.name, one.code ?? '', one.id])].join('\n'))
    searched.set(row.element, text)
  }
  return text
}

const STATE_FILTERS = {
  any: () => true,
  open: (row) => row.state === 'proposed' || row.state === 'nothing',
  proposed: (row) => row.state === 'proposed',
  nothing: (row) => row.state === 'nothing',
  accepted: (row) => row.state === 'accepted',
  none: (row) => row.state === 'none',
  excluded: (row) => row.state === 'excluded',
}

/** What somebody shall look at beside warnings. `about` is {me: user names, second: is a second person asked for}. */
export const ATTENTION = {
  changed: (row) => row.element.changed !== undefined,
  flagged: (row) => row.element.flag !== undefined,
  mine: (row, { me }) => me.includes(row.element.flag?.to),
  commented: (row) => row.element.comments > 0,
  approval: (row, about) => wantsApproval(row, about) && !about.me.includes(row.element.decision.by),
  hand: (row) => row.state === 'accepted' && row.element.decision.by !== undefined && row.element.decision.confidence === undefined,
}
export const wantsApproval = (row, { second }) => Boolean(second && isDecided(row.state) && !row.element.decision.approved_by)
const NOBODY = { me: [], second: false }

const ORDERS = {
  form: undefined,
  hardest: (a, b) => (a.confidence ?? 2) - (b.confidence ?? 2),
  surest: (a, b) => (b.confidence ?? -1) - (a.confidence ?? -1),
  name: (a, b) => a.source.name.localeCompare(b.source.name),
}

const inRange = (confidence, { from, to }) => (from === 0 && to === 1) || (confidence !== undefined && confidence >= from && (confidence < to || to === 1))

/** How many rows each facet would leave: {attention, warnings, bins: of confidence, ten of them}. */
export function facetsOf(rows, about = NOBODY) {
  const count = (test) => rows.reduce((n, row) => n + (test(row) ? 1 : 0), 0)
  return {
    attention: Object.fromEntries(Object.entries(ATTENTION).map(([name, test]) => [name, count((row) => test(row, about))])),
    warnings: Object.fromEntries(['shared', 'sum', 'type', 'cells'].map((kind) => [kind, count((row) => row.warnings.some((one) => one.kind === kind))])),
    bins: Array.from({ length: 10 }, (_, i) => ({ from: i / 10, to: (i + 1) / 10, n: count((row) => row.confidence !== undefined && inRange(row.confidence, { from: i / 10, to: (i + 1) / 10 })) })),
  }
}

export function filterRows(rows, filter, about = NOBODY) {
  const words = plain(filter.text).split(/\s+/).filter(Boolean)
  const state = STATE_FILTERS[filter.state]
  const shown = rows.filter(
    (row) =>
      state(row) &&
      (filter.band === 'all' || (row.confidence !== undefined && band(row.confidence) === filter.band)) &&
      (!filter.conflicts || needsLook(row)) &&
      (!filter.attention || ATTENTION[filter.attention](row, about)) &&
      (!filter.warning || row.warnings.some((one) => one.kind === filter.warning)) &&
      inRange(row.confidence, filter) &&
      (!filter.section || row.source.section === filter.section) &&
      (words.length === 0 || words.every((word) => searchText(row).includes(word)))
  )
  const order = ORDERS[filter.order]
  return order ? shown.sort(order) : shown
}

export const sectionsOf = (rows) => [...new Set(rows.map((row) => row.source.section).filter(Boolean))]

const isForAPerson = (row) => isConflict(row) || row.element.changed !== undefined

/** Which of the rows shown "accept all at or above" takes, and how many it leaves for a person: conflicts, and what a server changed since somebody looked. */
export function sureOnes(rows, threshold) {
  const sure = rows.filter((row) => row.state === 'proposed' && row.confidence >= threshold)
  const take = sure.filter((row) => !isForAPerson(row))
  return { take, left: sure.length - take.length }
}

/** Of rows that a person selected: those that can be accepted together, and how many are left. */
export function acceptable(rows) {
  const open = rows.filter((row) => row.state !== 'accepted')
  const take = open.filter((row) => row.choice.length > 0 && !isForAPerson(row))
  return { take, left: open.length - take.length }
}

export function progressOf(rows) {
  const of = { proposed: 0, nothing: 0, accepted: 0, none: 0, excluded: 0 }
  let conflicts = 0
  let changed = 0
  for (const row of rows) {
    of[row.state]++
    if (isConflict(row)) conflicts++
    if (row.element.changed !== undefined) changed++
  }
  return { all: rows.length, accepted: of.accepted, none: of.none + of.excluded, nothing: of.nothing, proposed: of.proposed, conflicts, changed }
}

// --- targets ---

export function optionCombosOf(review, targetId) {
  const combo = review.targets.get(targetId)?.combo
  return (combo && review.combos.get(combo.id)?.option_combos) || []
}

const targetText = new WeakMap()

/** Targets for a search, best first: what starts with it, then what holds all words. */
export function searchTargets(review, text, most = 50) {
  const words = plain(text).split(/\s+/).filter(Boolean)
  const found = []
  for (const target of review.targets.values()) {
    let all = targetText.get(target)
    if (all === undefined) targetText.set(target, (all = plain(`${target.name}\n${target.code ?? ''}\n${target.id}`)))
    if (words.every((word) => all.includes(word))) found.push([words.length && all.startsWith(words[0]) ? 0 : 1, target])
  }
  return found.sort((a, b) => a[0] - b[0] || a[1].name.localeCompare(b[1].name)).slice(0, most).map((one) => one[1])
}
