// Cells matched once for all data elements that share a pair of category combos: by category options where the combos allow it, else option combo by option combo. No DOM; nothing given is changed.
//
// A plan is as in exceptions.js. A value is never split, so each cell has one target at most.
import { elected, isException, planOf, vote } from './exceptions.js'
import { choiceOf, decideCell, pairKey, targetOfTerm } from './review.js'

/** [{key, source: combo, target: combo, uses: [{element, target, and what planOf tells}]}], the most used first. */
export function comboPairs(review, combos) {
  const [sources, targets] = [combos.source, combos.target].map((list) => new Map(list.map((one) => [one.id, one])))
  const pairs = new Map()
  for (const element of review.elements.values())
    for (const target of choiceOf(element)) {
      const [source, to] = [sources.get(element.source.combo?.id), targets.get(review.targets.get(target.id)?.combo?.id)]
      if (!source || !to) continue
      const key = pairKey(source.id, to.id)
      if (!pairs.has(key)) pairs.set(key, { key, source, target: to, uses: [] })
      pairs.get(key).uses.push({ element, target, ...planOf(review.cellsOf.get(element.source.id) ?? [], target.id) })
    }
  return [...pairs.values()].sort((a, b) => b.uses.length - a.uses.length)
}

/** What people decided, else what most of the uses do, cell by cell. */
export function usualPlan(pair) {
  const votes = new Map()
  for (const use of pair.uses) vote(votes, use)
  return elected(votes)
}

export const exceptionsOf = (pair, plan) => pair.uses.filter((one) => isException(one, plan))

/** {sent, sources, filled, targets, split: [option combos], lost: [option combos], gaps: [option combos], summed}: what goes nowhere is split where the target divides it, else lost. */
export function resultOf(pair, plan, splits = new Map()) {
  const filled = new Map()
  for (const to of plan.values()) filled.set(to, (filled.get(to) ?? 0) + 1)
  const nowhere = pair.source.option_combos.filter((one) => !plan.has(one.id))
  return {
    sent: plan.size, sources: pair.source.option_combos.length, filled: filled.size, targets: pair.target.option_combos.length,
    split: nowhere.filter((one) => splits.has(one.id)), lost: nowhere.filter((one) => !splits.has(one.id)), gaps: pair.target.option_combos.filter((one) => !filled.has(one.id)),
    summed: [...filled.values()].filter((n) => n > 1).length,
  }
}

export function withCell(plan, from, to) {
  const next = new Map(plan)
  if (to === undefined || plan.get(from) === to) next.delete(from)
  else next.set(from, to)
  return next
}

/** The plan after all of these were given to one target, or (undefined) to none. */
export function withCells(plan, from, to) {
  const next = new Map(plan)
  for (const id of from) to === undefined ? next.delete(id) : next.set(id, to)
  return next
}

/** What was chosen otherwise than one plan says: a Map of option combo of the source to that of the target, or undefined for none. */
export const choicesBetween = (plan, chosen) => new Map([...new Set([...plan.keys(), ...chosen.keys()])].filter((from) => plan.get(from) !== chosen.get(from)).map((from) => [from, chosen.get(from)]))

/** The plan with such choices over it, as far as the pair still has what they name. */
export function withChoices(pair, plan, choices) {
  const [sources, targets] = [pair.source, pair.target].map((combo) => new Set(combo.option_combos.map((one) => one.id)))
  return [...choices].reduce((next, [from, to]) => (sources.has(from) && (to === undefined || targets.has(to)) ? withCells(next, [from], to) : next), plan)
}

// --- by category options ---

const known = (combo) => combo.categories.length > 0 && combo.option_combos.every((one) => one.options.length === combo.categories.length)

/** For each category of the target the one of the source that tells it: [{source: category, at, target: category, to, links: Map of option to option}]. Empty: the two cannot be matched so. */
export function optionGrids(pair, plan) {
  if (!known(pair.source) || !known(pair.target)) return []
  const byId = targetsById(pair)
  const taken = new Set()
  const grids = []
  for (const [to, target] of pair.target.categories.entries()) {
    const found = pair.source.categories
      .map((source, at) => ({ source, at, target, to, ...linksOf(pair, plan, at, to, byId) }))
      .filter((one) => one.clear && !taken.has(one.at) && (one.reach > 1 || pair.source.categories[one.at].options.length === 1 || target.options.length === 1))
      .sort((a, b) => b.reach - a.reach)[0]
    if (!found) continue
    taken.add(found.at)
    grids.push({ source: found.source, at: found.at, target, to, links: found.links })
  }
  return grids
}

const targetsById = (pair) => new Map(pair.target.option_combos.map((one) => [one.id, one]))

/** Where each option of the source's category goes; `clear`: to one option only. */
export function linksOf(pair, plan, at, to, byId = targetsById(pair)) {
  const links = new Map()
  let clear = plan.size > 0
  for (const one of pair.source.option_combos) {
    const option = byId.get(plan.get(one.id))?.options[to]
    if (!option) continue
    if (links.has(one.options[at]) && links.get(one.options[at]) !== option) clear = false
    links.set(one.options[at], option)
  }
  return { links, clear, reach: new Set(links.values()).size }
}

/** The plan after one option of a grid was given to another option of the target, or (undefined, or the same again) to none. */
export function withOption(pair, plan, grids, grid, from, option) {
  const none = option === undefined || grid.links.get(from) === option
  const next = new Map(plan)
  for (const one of pair.source.option_combos) {
    if (one.options[grid.at] !== from) continue
    const to = none ? undefined : targetOf(pair, plan, grids, one, grid, option)
    if (to) next.set(one.id, to)
    else next.delete(one.id)
  }
  return next
}

/** The same for several options at once; those that are so already stay. */
export const withOptions = (pair, plan, grids, grid, from, option) => from.filter((id) => grid.links.get(id) !== option).reduce((next, id) => withOption(pair, next, grids, grid, id, option), plan)

function targetOf(pair, plan, grids, from, changed, option) {
  const now = pair.target.option_combos.find((one) => one.id === plan.get(from.id))?.options
  const wanted = pair.target.categories.map((category, to) => {
    if (to === changed.to) return option
    const grid = grids.find((one) => one.to === to)
    return now?.[to] ?? grid?.links.get(from.options[grid.at]) ?? (category.options.length === 1 ? category.options[0].id : undefined)
  })
  return pair.target.option_combos.find((one) => one.options.every((id, i) => id === wanted[i]))?.id
}

// --- deciding ---

/** Decisions that make the cells of these uses what the plan says; those that are so by a decision already are left out. What a cell adds to other elements stays. */
export function planDecisions(review, pair, plan, uses) {
  const decisions = []
  for (const { element, target } of uses)
    for (const cell of review.cellsOf.get(element.source.id) ?? []) {
      const others = cell.terms.filter((one) => one.target_data_element !== target.id).map(targetOfTerm)
      const to = plan.get(cell.source.id)
      const targets = [...others, ...(to ? [{ data_element: target.id, category_option_combo: to, sign: '+' }] : [])]
      const before = cell.terms.map((one) => `${one.sign}${one.target_data_element} ${one.target.id}`).sort().join()
      const after = targets.map((one) => `${one.sign}${one.data_element} ${one.category_option_combo}`).sort().join()
      if (cell.decided && before === after) continue
      decisions.push(decideCell(cell, targets))
    }
  return decisions
}

const isAccepted = ({ element }) => element.decision.state === 'accepted'

/** Of the data elements of a pair those that such decisions are not about, by why: {decided: so already, open: not accepted in the review, otherwise: exceptions that are left as they are}. */
export function leftOut(pair, uses, decisions) {
  const about = new Set(decisions.map((one) => one.source_data_element))
  const count = (some) => new Set(some.map((one) => one.element.source.id).filter((id) => !about.has(id))).size
  const taken = new Set(uses)
  return { decided: count(uses), open: count(pair.uses.filter((one) => !isAccepted(one))), otherwise: count(decidable(pair.uses).filter((one) => !taken.has(one))) }
}

/** Only what somebody accepted: a cell that is decided counts, and with it an element that nobody has looked at. The engine carries an accepted pair of option combos over to the others by itself. */
export const decidable = (uses) => uses.filter(isAccepted)
