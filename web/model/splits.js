// What the target divides and the source does not, for a pair of category combos: told by the engine, cell by cell. No DOM; nothing given is changed.
//
// A value is never split: all of it goes to one of the parts, or to the target's total, or nowhere.

/** Of the cells of a pair's uses: Map of source option combo id to {parts: [ids of the target's], more: how many are not listed, whole?: id}. */
export function splitsOf(review, pair) {
  const here = new Set(pair.target.option_combos.map((one) => one.id))
  const splits = new Map()
  for (const { element } of pair.uses)
    for (const { source, divided, divided_count: all = divided?.length, whole } of review.cellsOf.get(element.source.id) ?? [])
      if (divided && !splits.has(source.id) && divided.every((id) => here.has(id))) splits.set(source.id, { parts: divided, more: all - divided.length, whole })
  return splits
}

/** Does what it is divided into differ in this category alone? */
const alone = (parts, to) => parts.every((one) => one.options.every((option, i) => i === to || option === parts[0].options[i]))

/**
 * What a person chooses about, once each: [{grid?, from: option (of the grid) or option combo, parts: [options or option combos of the target], more: how many are not listed, whole?}].
 * By options where a grid has them; cell by cell where it takes more than one category to tell the parts apart.
 */
export function splitChoices(pair, grids, splits) {
  const byId = new Map(pair.target.option_combos.map((one) => [one.id, one]))
  const choices = new Map()
  for (const cell of pair.source.option_combos) {
    const split = splits.get(cell.id)
    if (!split) continue
    const parts = split.parts.map((id) => byId.get(id))
    const whole = byId.get(split.whole)
    const grid = grids.find(({ to }) => alone(parts, to))
    if (!grid) {
      choices.set(cell.id, { from: cell, parts, more: split.more, whole })
      continue
    }
    const key = `${grid.to} ${cell.options[grid.at]}`
    const optionOf = (coc) => coc && grid.target.options.find((one) => one.id === coc.options[grid.to])
    if (!choices.has(key)) choices.set(key, { grid, from: grid.source.options.find((one) => one.id === cell.options[grid.at]), parts: parts.map(optionOf), more: split.more, whole: optionOf(whole) })
  }
  return [...choices.values()]
}

/** The rows of a grid that the target splits: Map of id to the ids of its parts; without a grid those of all cells. */
export const splitRows = (choices, splits, grid) => (grid ? new Map(choices.filter((one) => one.grid?.to === grid.to).map((one) => [one.from.id, one.parts.map((part) => part.id)])) : new Map([...splits].map(([id, { parts }]) => [id, parts])))
