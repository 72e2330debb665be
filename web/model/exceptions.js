// Which data elements are matched otherwise than is usual for their pair of category combos. No DOM; nothing given is changed.
//
// A plan is a Map of source option combo id to target option combo id; one that is not in it goes nowhere.
import { pairKey } from './review.js'

/** How the cells of one element go to one target: {plan, cells: ids, decided: ids, special}. `special`: it subtracts, or adds one cell to several, which a plan cannot say. */
export function planOf(all, target) {
  const plan = new Map()
  const decided = new Set()
  let special = false
  for (const cell of all) {
    if (cell.decided) decided.add(cell.source.id)
    const terms = cell.terms.filter((one) => one.target_data_element === target)
    if (terms.length > 1 || terms.some((one) => one.sign === '-')) special = true
    else if (terms.length) plan.set(cell.source.id, terms[0].target.id)
  }
  return { plan, cells: all.map((one) => one.source.id), decided, special }
}

const DECIDED = 1000 // a person's word against so many proposals

/** Adds what one use says of each cell to the votes, a Map of cell to a Map of target to number, or takes it away again. */
export function vote(votes, { plan, cells, decided, special }, way = 1) {
  if (special) return
  for (const id of cells) {
    if (!votes.has(id)) votes.set(id, new Map())
    const to = plan.get(id)
    votes.get(id).set(to, (votes.get(id).get(to) ?? 0) + way * (decided.has(id) ? DECIDED : 1))
  }
}

/** The plan with most votes, cell by cell. Of equal ones the same each time, in whatever order they voted. */
export function elected(votes) {
  const plan = new Map()
  for (const [id, of] of votes) {
    let best
    let most = 0
    for (const [to, n] of of) if (n > most || (n === most && n > 0 && to > (best ?? ''))) [best, most] = [to, n]
    if (best) plan.set(id, best)
  }
  return plan
}

export const samePlan = (a, b) => a.size === b.size && [...a].every(([from, to]) => b.get(from) === to)

/** Is a use otherwise than the plan? Where no cell is proposed or decided yet there is nothing to compare. */
export const isException = (use, plan) => use.special || ((use.plan.size > 0 || use.decided.size > 0) && !samePlan(use.plan, plan))

/** The exceptions of a review that is changed again and again: a change costs what it touches, and all of a pair only where its usual plan becomes another. */
export function createExceptions() {
  const pairs = new Map() // by pair: {uses: Map of use to source id, votes, plan}
  const usesOf = new Map() // by source id: [{pair: key, target: id, …planOf}]
  const touched = new Set()

  function leave(id) {
    for (const use of usesOf.get(id) ?? []) {
      const pair = pairs.get(use.pair)
      pair.uses.delete(use)
      vote(pair.votes, use, -1)
      touched.add(pair)
    }
    usesOf.delete(id)
  }

  function enter(review, { element, cells, choice }) {
    const uses = choice.flatMap(({ id }) => {
      const [from, to] = [element.source.combo?.id, review.targets.get(id)?.combo?.id]
      return from && to ? [{ pair: pairKey(from, to), target: id, ...planOf(cells, id) }] : []
    })
    for (const use of uses) {
      if (!pairs.has(use.pair)) pairs.set(use.pair, { uses: new Map(), votes: new Map(), plan: new Map() })
      const pair = pairs.get(use.pair)
      pair.uses.set(use, element.source.id)
      vote(pair.votes, use)
      touched.add(pair)
    }
    usesOf.set(element.source.id, uses)
  }

  /** After some left and entered: the source ids whose pair has another usual plan now. */
  function settle() {
    const ids = []
    for (const pair of touched) {
      const plan = elected(pair.votes)
      if (samePlan(plan, pair.plan)) continue
      pair.plan = plan
      ids.push(...pair.uses.values())
    }
    touched.clear()
    return ids
  }

  /** The target with which an element is an exception, if any. */
  const of = (id) => usesOf.get(id)?.find((use) => isException(use, pairs.get(use.pair).plan))?.target

  return { leave, enter, settle, of, clear: () => { pairs.clear(); usesOf.clear(); touched.clear() } }
}
