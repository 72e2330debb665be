// The rows of a review: their warnings, which of them are shown in which order, and how many are what. No DOM; nothing given is changed.
//
// What is made here again and again, with each key, is made out of what it was before: a decision changes a few rows of ten thousand. A list knows which one it came from; whoever follows it looks at those rows only.
import { createExceptions } from './exceptions.js'
import { idsBetween } from './laid-map.js'
import { cellKey, choiceOf, isAnswer, isDecided, optionCombosOf, thing } from './review.js'
import { holds, plain, wordsOf } from './search.js'

const NUMBERS = ['NUMBER', 'INTEGER', 'INTEGER_POSITIVE', 'INTEGER_NEGATIVE', 'INTEGER_ZERO_OR_POSITIVE', 'PERCENTAGE', 'UNIT_INTERVAL']

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

/** Of the element's data set. */
const periodTypeOf = (review, side, element) => element?.period_type ?? review.alignment?.[side]?.data_set?.period_type

/** [{kind: "shared" | "sum", others, target} · {kind: "type" | "aggregation", from, to} · {kind: "same_id", other} · {kind: "cells", lost, of} · {kind: "split", lost, of, target} · {kind: "period", from, to} · {kind: "gap", target, empty, of} · {kind: "exception", target} · {kind: "unused"}]. Several sources of one target element are fine as long as each has cells of its own. */
function warningsOf(review, { element, cells, choice }, values, others, exception, isFilled) {
  const warnings = []
  if (others.length) {
    const sure = [element, ...others].every((one) => one.decision.state === 'accepted')
    const target = choice.find(({ id }) => others.some((one) => choiceOf(one).some((each) => each.id === id)))
    warnings.push({ kind: sure ? 'sum' : 'shared', others: others.map((one) => one.source.name), target: target?.id })
  }
  for (const target of choice) {
    const [from, to] = [element.source, review.targets.get(target.id)]
    const loss = typeLoss(from, to)
    if (loss) warnings.push({ kind: 'type', from: loss[0], to: loss[1] })
    if (from.aggregation_type && to?.aggregation_type && from.aggregation_type !== to.aggregation_type) warnings.push({ kind: 'aggregation', from: from.aggregation_type, to: to.aggregation_type })
  }
  const periods = choice.map(({ id }) => [periodTypeOf(review, 'source', element.source), periodTypeOf(review, 'target', review.targets.get(id))]).find(([from, to]) => from && to && from !== to)
  if (periods) warnings.push({ kind: 'period', from: periods[0], to: periods[1] })
  const namesake = review.targets.get(element.source.id)
  if (choice.length && namesake && !choice.some((one) => one.id === namesake.id)) warnings.push({ kind: 'same_id', other: namesake.name })
  const open = choice.length ? cells.filter((cell) => cell.terms.length === 0 && !cell.decided) : []
  const split = open.filter((cell) => cell.divided)
  if (split.length) warnings.push({ kind: 'split', lost: split.length, of: cells.length, target: (choice.find(({ id }) => optionCombosOf(review, id).some((coc) => coc.id === split[0].divided[0])) ?? choice[0]).id })
  if (open.length > split.length) warnings.push({ kind: 'cells', lost: open.length - split.length, of: cells.length })
  for (const { id } of choice) {
    const targetCells = optionCombosOf(review, id)
    const empty = targetCells.filter((coc) => !isFilled(cellKey(id, coc.id))).length
    if (empty && empty < targetCells.length) warnings.push({ kind: 'gap', target: id, empty, of: targetCells.length }) // all of them: no cell is proposed yet
  }
  if (exception) warnings.push({ kind: 'exception', target: exception })
  if (values === 0) warnings.push({ kind: 'unused' })
  return warnings
}

/** Told, and nobody has to look. */
export const AS_IT_IS = ['sum', 'period', 'gap', 'exception', 'unused']
export const needsLook = (row) => row.warnings.some((one) => !AS_IT_IS.includes(one.kind))

/** Of what is proposed now, or was when it was accepted. */
const CONFIDENCES = {
  proposed: ({ proposals }) => Math.min(...proposals.filter(isAnswer).map((one) => one.confidence)),
  accepted: ({ decision }) => decision.confidence,
}

function rowOf(review, entry, values, others, exception, isFilled) {
  const { at, element, choice } = entry
  const state = stateOf(element)
  const confidence = CONFIDENCES[state]?.(element)
  return { id: element.source.id, at, element, source: element.source, state, choice, confidence, values, warnings: warningsOf(review, entry, values, others, exception, isFilled) }
}

const NO_CELLS = []
const NO_COUNTS = new Map()

/** A function that gives the rows of one review after the other, with the counts of their values by source id, where those are known: what did not change, and shares no target with what did, keeps its row. */
export function createRows() {
  const entries = new Map() // by source id: {at: its place among the rows, element, cells, choice, aims}
  const users = new Map() // by aim: the source ids that add to it
  const choosers = new Map() // by target: the source ids that have it
  const exceptions = createExceptions()
  let seen // the review
  let counted = NO_COUNTS
  let rows = []

  const targetsOf = ({ choice }) => choice.map((one) => one.id)

  function leave(id, entry, dirty) {
    exceptions.leave(id)
    for (const aim of entry.aims) users.get(aim).delete(id)
    for (const target of targetsOf(entry)) {
      choosers.get(target).delete(id)
      for (const other of choosers.get(target)) dirty.add(other)
    }
  }

  function enter(review, id, entry, dirty) {
    exceptions.enter(review, entry)
    const note = (map, key) => map.set(key, (map.get(key) ?? new Set()).add(id))
    for (const aim of entry.aims) note(users, aim)
    for (const target of targetsOf(entry)) {
      note(choosers, target)
      for (const other of choosers.get(target)) dirty.add(other)
    }
    entries.set(id, entry)
    dirty.add(id)
  }

  /** The elements that add to the same, in the order of the data set. */
  function othersOf({ aims, element }) {
    const sharing = new Set()
    for (const aim of aims) for (const id of users.get(aim)) sharing.add(id)
    sharing.delete(element.source.id)
    return [...sharing].map((id) => entries.get(id)).sort((a, b) => a.at - b.at).map((one) => one.element)
  }

  function look(review, id, dirty) {
    const element = review.elements.get(id)
    const cells = review.cellsOf.get(id) ?? NO_CELLS
    const was = entries.get(id)
    if (was?.element === element && was.cells === cells) return
    if (was) leave(id, was, dirty)
    const choice = choiceOf(element).map((one) => thing(review, one.id))
    enter(review, id, { at: was?.at ?? entries.size, element, cells, choice, aims: aimsOf(choice, cells) }, dirty)
  }

  return (review, counts = NO_COUNTS) => {
    const between = seen ? [idsBetween(seen.elements, review.elements), idsBetween(seen.cellsOf, review.cellsOf)] : []
    const known = between.length > 0 && between.every(Boolean)
    if (!known && (review.elements.size !== entries.size || [...review.elements.keys()].some((id) => !entries.has(id)))) { // other elements
      entries.clear()
      users.clear()
      choosers.clear()
      exceptions.clear()
      rows = []
    }
    const dirty = new Set()
    for (const id of known ? new Set(between.flat()) : review.elements.keys()) look(review, id, dirty)
    for (const id of exceptions.settle()) dirty.add(id)
    if (counts !== counted) for (const id of entries.keys()) if (counts.get(id) !== counted.get(id)) dirty.add(id)
    counted = counts
    seen = review
    if (dirty.size === 0) return rows
    const before = rows
    rows = rows.slice()
    const pairs = [...dirty].map((id) => {
      const entry = entries.get(id)
      const was = rows[entry.at]
      rows[entry.at] = rowOf(review, entry, counts.get(id), othersOf(entry), exceptions.of(id), (aim) => users.get(aim)?.size > 0)
      return [was, rows[entry.at]]
    })
    return after(before, rows, pairs)
  }
}

export const rowsOf = (review, counts) => createRows()(review, counts)

// --- lists that know which one they came from ---

const FEW = 200 // when more changed, all is looked at
const cameFrom = new WeakMap() // by list: {before, pairs}

/** `list` came from the one `before` by so many changes: [row as it was, as it is], either undefined where there is none. */
function after(before, list, pairs) {
  cameFrom.delete(before) // nobody asks for what was before that
  if (pairs.length <= FEW) cameFrom.set(list, { before, pairs })
  return list
}

/** What is another in a list than in one seen earlier; undefined where all of it may be. */
function pairsBetween(seen, list) {
  if (list === seen) return []
  const from = cameFrom.get(list)
  return from && from.before === seen ? from.pairs : undefined
}

/** Counts rows by the words that `wordsOf` has for each, given what else is asked about: {word: how many}. */
function createTally(wordsOf) {
  let seen = {}
  return (rows, about) => {
    const pairs = about === seen.about ? pairsBetween(seen.rows, rows) : undefined
    const counts = pairs ? seen.counts : new Map()
    const add = (row, n) => { for (const word of wordsOf(row, about)) counts.set(word, (counts.get(word) ?? 0) + n) }
    for (const [was, is] of pairs ?? []) {
      if (was) add(was, -1)
      if (is) add(is, 1)
    }
    if (!pairs) for (const row of rows) add(row, 1)
    seen = { rows, about, counts }
    return (word) => counts.get(word) ?? 0
  }
}

// --- choosing which rows to see ---

export const NO_FILTER = { text: '', state: 'any', band: 'all', conflicts: false, section: '', order: 'hardest', attention: '', warning: '', from: 0, to: 1, only: '' } // only: ids with commas
export const NO_SECTION = ' ' // in a filter; the empty text is any section
export const band = (confidence) => (confidence >= 0.9 ? 'high' : confidence >= 0.7 ? 'medium' : 'low')

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
  approval: (row, about) => wantsApproval(row, about) && !row.element.own && row.element.decision.by !== undefined, // what is not saved yet is by nobody
  hand: (row) => row.state === 'accepted' && row.element.decision.by !== undefined && row.element.decision.confidence === undefined,
}
export const wantsApproval = (row, { second }) => Boolean(second && isDecided(row.state) && !row.element.decision.approved_by)
const NOBODY = { me: [], second: false }

const score = ({ confidence }) => confidence ?? 2
const tenth = (row) => Math.floor(score(row) * 10)
const amount = ({ values }) => values ?? 0.5 // not known: that may be few or many, but is more than none
const byAmount = (a, b) => amount(b) - amount(a)
const unusedLast = (a, b) => (a.values === 0) - (b.values === 0)
const decidedLast = (a, b) => isDecided(a.state) - isDecided(b.state)
const leastSure = (a, b) => tenth(a) - tenth(b) || byAmount(a, b) || needsLook(b) - needsLook(a) || score(a) - score(b)

const ORDERS = {
  form: undefined,
  hardest: (a, b) => unusedLast(a, b) || decidedLast(a, b) || leastSure(a, b),
  easiest: (a, b) => unusedLast(a, b) || decidedLast(a, b) || needsLook(a) - needsLook(b) || (b.confidence ?? -1) - (a.confidence ?? -1) || byAmount(a, b),
  surest: (a, b) => unusedLast(a, b) || (b.confidence ?? -1) - (a.confidence ?? -1) || byAmount(a, b),
  values: (a, b) => byAmount(a, b) || leastSure(a, b),
  name: (a, b) => a.source.name.localeCompare(b.source.name),
}

const AS_IN_THE_SET = new Map()

/** The place of each row in an order, by id: as it is now. Rows keep it whatever is decided or counted later, so that none moves by itself. Where the order says nothing, as in the data set. */
export function ranksOf(rows, order) {
  const compare = ORDERS[order]
  return !compare ? AS_IN_THE_SET : new Map(rows.slice().sort((a, b) => compare(a, b) || a.at - b.at).map((row, i) => [row.id, i]))
}

/** Is it another order when more is known of the rows, and not of the data set alone? */
export const canChange = (order) => order !== 'form' && order !== 'name'

const ORDER_KEPT = 'drawbridge order of rows'

/** The order that a person chose last in this browser, in whatever alignment. */
export function orderKept(storage) {
  const kept = storage?.getItem(ORDER_KEPT)
  return kept && kept in ORDERS ? kept : NO_FILTER.order
}

export function keepOrder(storage, order) {
  try {
    storage?.setItem(ORDER_KEPT, order)
  } catch {
    // full or forbidden: it holds until the page is left
  }
}

const inRange = (confidence, { from, to }) => (from === 0 && to === 1) || (confidence !== undefined && confidence >= from && (confidence < to || to === 1))

const BINS = Array.from({ length: 10 }, (_, i) => ({ from: i / 10, to: (i + 1) / 10 }))
const WARNINGS = ['shared', 'sum', 'type', 'aggregation', 'period', 'same_id', 'split', 'cells', 'gap', 'exception', 'unused']
const binOf = ({ confidence }) => (confidence === undefined ? undefined : BINS.find((bin) => inRange(confidence, bin)))

/** Of each facet: what is as if it were not chosen from, and which of its words a row has. */
const FACETS = {
  attention: [{ attention: '' }, (row, about) => Object.keys(ATTENTION).filter((name) => ATTENTION[name](row, about))],
  warnings: [{ warning: '' }, (row) => new Set(row.warnings.map((one) => one.kind))],
  bins: [{ from: 0, to: 1 }, (row) => [binOf(row)]],
}

/** A function that tells how many rows each word of a facet would leave, with all else as it is chosen: {attention, warnings, bins: of confidence, ten of them}. */
export function createFacets() {
  const facets = Object.entries(FACETS).map(([name, [without, wordsOf]]) => ({ name, without, list: createList(), tally: createTally(wordsOf) }))
  let seen
  return (rows, filter = NO_FILTER, about = NOBODY) => {
    if (seen !== filter) for (const one of facets) one.filter = { ...filter, ...one.without, order: 'form' }
    seen = filter
    const { attention, warnings, bins } = Object.fromEntries(facets.map((one) => [one.name, one.tally(one.list(rows, one.filter, about), about)]))
    const counts = (count, words) => Object.fromEntries(words.map((word) => [word, count(word)]))
    return { attention: counts(attention, Object.keys(ATTENTION)), warnings: counts(warnings, WARNINGS), bins: BINS.map((bin) => ({ ...bin, n: bins(bin) })) }
  }
}
export const facetsOf = (rows, about, filter) => createFacets()(rows, filter, about)

/** Does a row pass? */
function passing(filter, about) {
  const words = wordsOf(filter.text)
  const state = STATE_FILTERS[filter.state]
  const only = filter.only ? new Set(filter.only.split(',')) : undefined
  return (row) =>
    state(row) &&
    (!only || only.has(row.id)) &&
    (filter.band === 'all' || (row.confidence !== undefined && band(row.confidence) === filter.band)) &&
    (!filter.conflicts || needsLook(row)) &&
    (!(filter.attention in ATTENTION) || ATTENTION[filter.attention](row, about)) &&
    (!filter.warning || row.warnings.some((one) => one.kind === filter.warning)) &&
    inRange(row.confidence, filter) &&
    (!filter.section || (row.source.section || NO_SECTION) === filter.section) &&
    (words.length === 0 || holds(searchText(row), words))
}
const comparing = (ranks) => (a, b) => (ranks.get(a.id) ?? Infinity) - (ranks.get(b.id) ?? Infinity) || a.at - b.at // Infinity: it has none, or has come since

/** Where a row stands in a list that is in order, or would stand. */
function placeOf(list, row, compare) {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(list[middle], row) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** A function that gives the rows that a filter lets pass, by their ranks. */
export function createList() {
  let seen = {}

  function follow(pairs, passes, compare) {
    const here = pairs.map(([was, is]) => [was && passes(was) ? was : undefined, is && passes(is) ? is : undefined]).filter((pair) => pair[0] || pair[1])
    if (here.length === 0) return seen.list
    const list = seen.list.slice()
    for (const [was, is] of here) {
      if (was) list.splice(placeOf(list, was, compare), 1)
      if (is) list.splice(placeOf(list, is, compare), 0, is)
    }
    return after(seen.list, list, here)
  }

  return (rows, filter, about = NOBODY, ranks = ranksOf(rows, filter.order)) => {
    const pairs = seen.filter === filter && seen.about === about && seen.ranks === ranks ? pairsBetween(seen.rows, rows) : undefined
    const [passes, compare] = [passing(filter, about), comparing(ranks)]
    const list = pairs ? follow(pairs, passes, compare) : rows.filter(passes).sort(compare)
    seen = { rows, filter, about, ranks, list }
    return list
  }
}
export const filterRows = (rows, filter, about, ranks) => createList()(rows, filter, about, ranks)

/** The index of the one wanted that is nearest to a place; -1 where there is none. */
export function nearest(list, place, wanted) {
  const from = Math.min(place, list.length - 1)
  for (let away = 0; away < list.length; away++) for (const index of [from - away, from + away]) if (list[index] && wanted(list[index])) return index
  return -1
}

/** Empty where there are none. */
export function sectionsOf(rows) {
  const found = [...new Set(rows.map((row) => row.source.section || NO_SECTION))]
  return found.length > 1 ? found : found.filter((one) => one !== NO_SECTION)
}

const isForAPerson = (row) => needsLook(row) || row.element.changed !== undefined

const isSure = (row, threshold) => row.state === 'proposed' && row.confidence >= threshold

const parted = (rows, isTaken) => ({ take: rows.filter(isTaken), left: rows.filter((row) => !isTaken(row)) })

/** Which of the rows shown "accept all at or above" takes, and which it leaves for a person: what has a warning, and what a server changed since somebody looked. */
export function sureOnes(rows, threshold) {
  return parted(rows.filter((row) => isSure(row, threshold)), (row) => !isForAPerson(row))
}

/** A function that tells how many there are of both: {take, left}. */
export function createSureCounts() {
  const tally = createTally((row, threshold) => (isSure(row, threshold) ? [isForAPerson(row) ? 'left' : 'take'] : []))
  return (rows, threshold) => {
    const count = tally(rows, threshold)
    return { take: count('take'), left: count('left') }
  }
}

/** Of rows that a person selected: those that can be accepted together, and those that are left. */
export function acceptable(rows) {
  return parted(rows.filter((row) => row.state !== 'accepted'), (row) => row.choice.length > 0 && !isForAPerson(row))
}

/** A function that tells how far the review is. */
export function createProgress() {
  const tally = createTally((row) => [row.state, needsLook(row) && 'warned', row.element.changed !== undefined && 'changed'])
  return (rows) => {
    const count = tally(rows)
    return { all: rows.length, accepted: count('accepted'), none: count('none') + count('excluded'), nothing: count('nothing'), proposed: count('proposed'), warned: count('warned'), changed: count('changed') }
  }
}
