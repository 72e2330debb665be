// A mapping as a table to be filed: a line for each data element of the source, and where its cells go; what many elements have alike is written once. No DOM.
import { placeRows } from './places.js'
import { choiceOf, isDecided } from './review.js'

const termKey = (term, own) => `${term.sign ?? '+'}${own ? '' : term.target_data_element}/${term.target.id}`

/** Where the cells of an element go; by it those that go the same way are known. Cells of other targets than the element's only one name theirs. */
function layoutOf(review, element, cells) {
  const choice = choiceOf(element)
  const isOwn = (term) => choice.length === 1 && term.target_data_element === choice[0].id
  const targets = (cell) => cell.terms.map((term) => ({ minus: term.sign === '-', element: isOwn(term) ? undefined : (review.targets.get(term.target_data_element) ?? { name: term.target_data_element }), cell: term.target }))
  const key = JSON.stringify([element.source.combo?.id, choice.map((one) => review.targets.get(one.id)?.combo?.id), cells.map((cell) => [cell.source.id, ...cell.terms.map((term) => termKey(term, isOwn(term)))])])
  return { key, source: element.source.combo, target: choice.length === 1 ? review.targets.get(choice[0].id)?.combo : undefined, cells: cells.map((cell) => ({ source: cell.source, targets: targets(cell) })) }
}

/** {lines: [{row, filled, all: of its cells, layout: which; undefined where it has no cells or no target}], layouts: [{number, source, target, cells: [{source, targets}], by: how many lines have it}]} */
export function printed(review, rows) {
  const layouts = new Map()
  const lines = rows.map((row) => {
    const cells = row.choice.length ? (review.cellsOf.get(row.id) ?? []) : []
    const line = { row, all: cells.length, filled: cells.filter((cell) => cell.terms.length).length }
    if (cells.length === 0) return line
    const made = layoutOf(review, row.element, cells)
    const known = layouts.get(made.key) ?? { ...made, number: layouts.size + 1, by: 0 }
    known.by++
    layouts.set(made.key, known)
    return { ...line, layout: known.number }
  })
  return { lines, layouts: [...layouts.values()] }
}

/** Of org units or attribute options: {rows: what was decided, or is another one at the target as far as is known, same: how many keep their id, open: how many nothing is proposed for}. */
export function printedPlaces(member, second) {
  const all = placeRows(member, second)
  const rows = all.filter((row) => isDecided(row.state) || (row.choice && row.choice.id !== row.id))
  return { rows, same: member.same, open: all.filter((row) => row.state === 'nothing').length }
}
