// Matching cells once for all data elements of a pair of category combos.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitChoices, splitRows, splitsOf } from '../../web/model/splits.js'
import { linesOf, shapeOf, turned } from '../../web/model/alike.js'
import * as d from '../../web/model/disaggregation.js'
import { samePlan } from '../../web/model/exceptions.js'
import { decideCell, reviewOf, withDecisions } from '../../web/model/review.js'
import { finder } from '../../web/model/search.js'
import { createRows, facetsOf, filterRows, needsLook, NO_FILTER } from '../../web/model/rows.js'

const named = (names, letter) => names.map((name, i) => ({ id: `${letter}${i}`, name }))

/** A combo of categories given as {name: [options]}; its option combos are all of them, in order. */
function comboOf(id, categories) {
  const made = Object.entries(categories).map(([name, options]) => ({ id: `${id}${name}`, name, options: named(options, `${id}${name}`) }))
  let choices = [[]]
  for (const category of made) choices = choices.flatMap((before) => category.options.map((option) => [...before, option]))
  return { id, name: id, categories: made, option_combos: choices.map((choice, i) => ({ id: `${id}c${i}`, name: choice.map((one) => one.name).join(', '), options: choice.map((one) => one.id) })) }
}

const SOURCE = comboOf('s', { Sex: ['Male', 'Female'], Age: ['0-4', '5-14', '15+'] })
const TARGET = comboOf('t', { Ages: ['<5', '5-9', '10-14', '15+'], Gender: ['F', 'M'] })
const cellOf = (combo, ...names) => combo.option_combos.find((one) => names.every((name) => one.name.split(', ').includes(name)))?.id
const GOOD = [['Male', '0-4', 'M', '<5'], ['Female', '0-4', 'F', '<5'], ['Male', '15+', 'M', '15+'], ['Female', '15+', 'F', '15+']] // 5-14 would have to be split

const planOf = (list) => new Map(list.map(([a, b, c, e]) => [cellOf(SOURCE, a, b), cellOf(TARGET, c, e)]))

/** Elements "e0", "e1", …, each with its plan; their targets are "E0", …. */
function world(plans, states = plans.map(() => 'accepted')) {
  const target = (i) => ({ id: `E${i}`, name: `E${i}`, combo: { id: 't', name: 't' } })
  return reviewOf({
    elements: plans.map((_, i) => ({ source: { id: `e${i}`, name: `e${i}`, combo: { id: 's', name: 's' } }, proposals: [{ target: target(i), confidence: 0.9, decision: 'proposed' }], decision: { state: states[i], targets: states[i] === 'accepted' ? [target(i)] : [] } })),
    cells: plans.flatMap((plan, i) => SOURCE.option_combos.map((one) => ({ source_data_element: `e${i}`, source: one, terms: plan.has(one.id) ? [{ target_data_element: `E${i}`, target: { id: plan.get(one.id), name: plan.get(one.id) }, sign: '+', confidence: 0.9, decision: 'proposed' }] : [] }))),
    target_elements: plans.map((_, i) => target(i)),
    target_combos: [TARGET],
  })
}
const pairIn = (review) => d.comboPairs(review, { source: [SOURCE], target: [TARGET] })[0]

test('what most elements do is the plan; others are exceptions', () => {
  const other = planOf([...GOOD.slice(0, 3), ['Female', '15+', 'F', '10-14']])
  const pair = pairIn(world([planOf(GOOD), other, planOf(GOOD)]))
  assert.equal(pair.uses.length, 3)
  const plan = d.usualPlan(pair)
  assert.ok(samePlan(plan, planOf(GOOD)))
  assert.deepEqual(d.exceptionsOf(pair, plan).map((one) => one.element.source.id), ['e1'])
  const result = d.resultOf(pair, plan)
  assert.deepEqual([result.sent, result.sources, result.filled, result.targets, result.summed], [4, 6, 4, 8, 0])
  assert.deepEqual(result.lost.map((one) => one.name), ['Male, 5-14', 'Female, 5-14'])
})

test('the rows of the review tell the same exceptions, also while one decides', () => {
  const other = planOf([...GOOD.slice(0, 3), ['Female', '15+', 'F', '10-14']])
  const rowsFor = createRows()
  const told = (review) => filterRows(rowsFor(review), { ...NO_FILTER, warning: 'exception' }).map((row) => row.id)
  const here = (review) => { const pair = pairIn(review); return d.exceptionsOf(pair, d.usualPlan(pair)).map((one) => one.element.source.id) }
  let review = world([planOf(GOOD), other, planOf(GOOD), new Map()]) // the last has no cell proposed yet: nothing to compare
  assert.deepEqual([told(review), here(review)], [['e1'], ['e1']])
  assert.deepEqual(rowsFor(review)[1].warnings.at(-1), { kind: 'exception', target: 'E1' })
  assert.ok(!needsLook({ warnings: [{ kind: 'exception' }] })) // it may be meant so
  const from = cellOf(SOURCE, 'Female', '15+')
  const decide = (id, targets) => {
    review = withDecisions(review, [decideCell(review.cellsOf.get(id).find((cell) => cell.source.id === from), targets)])
    return [told(review), here(review)]
  }
  assert.deepEqual(decide('e2', []), [['e0', 'e1'], ['e0', 'e1']]) // what a person says is the usual from here on
  assert.deepEqual(decide('e1', []), [['e0'], ['e0']])
  assert.deepEqual(decide('e0', [{ data_element: 'E0', category_option_combo: cellOf(TARGET, 'F', '15+'), sign: '-' }]), [['e0'], ['e0']])
})

test('what one person decided outweighs what is proposed for many', () => {
  const decided = planOf(GOOD.slice(0, 3))
  const review = world([planOf(GOOD), planOf(GOOD), decided])
  for (const cell of review.cellsOf.get('e2')) cell.decided = true
  const pair = pairIn(review)
  assert.ok(samePlan(d.usualPlan(pair), decided))
  assert.equal(d.exceptionsOf(pair, d.usualPlan(pair)).length, 2)
})

test('categories find each other in whatever order they stand', () => {
  const pair = pairIn(world([planOf(GOOD)]))
  const grids = d.optionGrids(pair, d.usualPlan(pair))
  assert.deepEqual(grids.map((one) => [one.source.name, one.target.name]), [['Age', 'Ages'], ['Sex', 'Gender']])
})

test('one option decides about all cells that have it', () => {
  const pair = pairIn(world([planOf(GOOD)]))
  const before = d.usualPlan(pair)
  const grids = d.optionGrids(pair, before)
  const [ages] = grids
  const [of, to] = [(name) => ages.source.options.find((one) => one.name === name).id, (name) => ages.target.options.find((one) => one.name === name).id]
  const after = d.withOption(pair, before, grids, ages, of('5-14'), to('5-9'))
  assert.deepEqual([after.get(cellOf(SOURCE, 'Male', '5-14')), after.get(cellOf(SOURCE, 'Female', '5-14'))], [cellOf(TARGET, 'M', '5-9'), cellOf(TARGET, 'F', '5-9')])
  assert.equal(after.size, 6)
  const moved = d.withOption(pair, after, grids, ages, of('0-4'), to('5-9'))
  assert.equal(moved.get(cellOf(SOURCE, 'Male', '0-4')), cellOf(TARGET, 'M', '5-9'))
  assert.equal(d.resultOf(pair, moved).summed, 2)
  const none = d.withOption(pair, before, grids, ages, of('15+'), undefined)
  assert.equal(none.size, 2)
  const again = d.withOption(pair, before, grids, ages, of('0-4'), to('<5')) // the same again takes it away
  assert.ok(!again.has(cellOf(SOURCE, 'Male', '0-4')))
  assert.ok(samePlan(before, planOf(GOOD))) // nothing given is changed
})

test('a category that the target does not have is summed over', () => {
  const undivided = comboOf('u', { Ages: ['<5', '5+'] })
  const pair = { source: SOURCE, target: undivided, uses: [] }
  const plan = new Map(SOURCE.option_combos.map((one) => [one.id, undivided.option_combos[one.name.endsWith('0-4') ? 0 : 1].id]))
  const grids = d.optionGrids(pair, plan)
  assert.deepEqual(grids.map((one) => [one.source.name, one.target.name]), [['Age', 'Ages']])
  assert.equal(d.resultOf(pair, plan).summed, 2)
})

test('combos whose options are not told are matched cell by cell', () => {
  const bare = { ...SOURCE, categories: [] }
  assert.deepEqual(d.optionGrids({ source: bare, target: TARGET, uses: [] }, planOf(GOOD)), [])
  const plan = d.withCell(planOf(GOOD), cellOf(SOURCE, 'Male', '5-14'), cellOf(TARGET, 'M', '5-9'))
  assert.equal(plan.size, 5)
  assert.equal(d.withCell(plan, cellOf(SOURCE, 'Male', '5-14'), cellOf(TARGET, 'M', '5-9')).size, 4)
})

test('decisions are for accepted elements, keep what goes elsewhere, and say only what is not decided yet', () => {
  const review = world([planOf(GOOD), planOf(GOOD)], ['accepted', 'proposed'])
  const pair = pairIn(review)
  const plan = d.usualPlan(pair)
  const uses = d.decidable(pair.uses)
  assert.deepEqual(uses.map((one) => one.element.source.id), ['e0'])
  const cell = review.cellsOf.get('e0')[0]
  cell.terms.push({ target_data_element: 'Other', target: { id: 'x', name: 'x' }, sign: '-', confidence: 1 })
  const decisions = d.planDecisions(review, pair, plan, uses)
  assert.equal(decisions.length, 6)
  assert.deepEqual(decisions[0].targets, [{ data_element: 'Other', category_option_combo: 'x', sign: '-' }, { data_element: 'E0', category_option_combo: plan.get(cell.source.id), sign: '+' }])
  assert.deepEqual(decisions.map((one) => one.decision).sort(), ['accepted', 'accepted', 'accepted', 'accepted', 'none', 'none'])
  for (const one of review.cellsOf.get('e0')) one.decided = true
  assert.deepEqual(d.planDecisions(review, pair, plan, uses), [])
})

test('each data element that is not decided with the others is told with why', () => {
  const other = planOf(GOOD.slice(0, 3))
  const review = world([planOf(GOOD), planOf(GOOD), planOf(GOOD), other, planOf(GOOD)], ['accepted', 'accepted', 'accepted', 'accepted', 'proposed'])
  for (const cell of review.cellsOf.get('e0')) cell.decided = true
  const pair = pairIn(review)
  const plan = d.usualPlan(pair)
  const exceptions = d.exceptionsOf(pair, plan)
  const uses = d.decidable(pair.uses.filter((one) => !exceptions.includes(one)))
  const decisions = d.planDecisions(review, pair, plan, uses)
  assert.deepEqual([...new Set(decisions.map((one) => one.source_data_element))], ['e1', 'e2'])
  assert.deepEqual(d.leftOut(pair, uses, decisions), { decided: 1, open: 1, otherwise: 1 })
})

test('what subtracts, or adds one cell to several, is an exception that a plan cannot say', () => {
  const review = world([planOf(GOOD), planOf(GOOD)])
  review.cellsOf.get('e1')[0].terms[0].sign = '-'
  const pair = pairIn(review)
  assert.deepEqual(d.exceptionsOf(pair, d.usualPlan(pair)).map((one) => [one.element.source.id, one.special]), [['e1', true]])
})

test('what was chosen lies over what is usual, also when that becomes another, and as far as the pair still has it', () => {
  const pair = pairIn(world([planOf(GOOD)]))
  const usual = d.usualPlan(pair)
  const [from, gone] = [cellOf(SOURCE, 'Male', '5-14'), cellOf(SOURCE, 'Male', '0-4')]
  const chosen = d.withCells(d.withCell(usual, from, cellOf(TARGET, 'M', '5-9')), [gone], undefined)
  const choices = d.choicesBetween(usual, chosen)
  assert.deepEqual([...choices].sort(), [[gone, undefined], [from, cellOf(TARGET, 'M', '5-9')]].sort())
  assert.ok(samePlan(d.withChoices(pair, usual, choices), chosen))
  const other = d.withCell(usual, cellOf(SOURCE, 'Female', '5-14'), cellOf(TARGET, 'F', '5-9'))
  assert.equal(d.withChoices(pair, other, choices).size, usual.size + 1)
  assert.equal(d.choicesBetween(chosen, d.withChoices(pair, chosen, choices)).size, 0)
  assert.ok(samePlan(d.withChoices(pair, usual, new Map([['nothing', 'such'], [gone, 'nowhere']])), usual))
})

test('several cells, or options, go to one target at once', () => {
  const pair = pairIn(world([planOf(GOOD)]))
  const before = d.usualPlan(pair)
  const some = [cellOf(SOURCE, 'Male', '0-4'), cellOf(SOURCE, 'Male', '5-14')]
  const [to, other] = [cellOf(TARGET, 'M', '5-9'), before.get(cellOf(SOURCE, 'Female', '0-4'))]
  const after = d.withCells(before, some, to)
  assert.deepEqual([...some.map((one) => after.get(one)), after.get(cellOf(SOURCE, 'Female', '0-4'))], [to, to, other])
  assert.ok(samePlan(d.withCells(after, some, to), after)) // again is no taking away: that is asked for by none
  assert.equal(d.withCells(after, some, undefined).size, 3)
  assert.ok(samePlan(before, planOf(GOOD)))
  const grids = d.optionGrids(pair, before)
  const [options, youngest] = [grids[0].source.options.map((one) => one.id), grids[0].target.options[0].id]
  const summed = d.withOptions(pair, before, grids, grids[0], options, youngest)
  assert.deepEqual([summed.size, d.resultOf(pair, summed).filled], [6, 2])
  const now = grids.map((one) => ({ ...one, links: d.linksOf(pair, summed, one.at, one.to).links }))
  assert.equal(d.withOptions(pair, summed, now, now[0], options.slice(0, 2), undefined).size, 2)
})

const rows = named(Array.from({ length: 12 }, (_, i) => `Ward ${i + 1}`), 'w')
const going = (text) => new Map([...text].flatMap((to, i) => (to === '-' ? [] : [[`w${i}`, to]]))) // a letter is a target
const drawn = (lines) => lines.map(({ from, to, open, alike }) => (to - from === 1 ? from : `${from}${open ? '▾' : '▸'}${to - 1}${alike ? '' : '≠'}`)).join(' ')

test('rows that go to the same place, one below the other, are one line from three on', () => {
  const links = going('aaaabb----cc')
  const shape = shapeOf(rows, links)
  const lines = linesOf(shape, rows, links)
  assert.equal(drawn(lines), '0▸3 4 5 6▸9 10 11')
  assert.deepEqual(lines.map((one) => one.link), ['a', 'b', 'b', undefined, 'c', 'c'])
  const opened = turned(shape, rows, links, lines[3])
  assert.equal(drawn(linesOf(opened, rows, links)), '0▸3 4 5 6▾9 6 7 8 9 10 11')
  assert.equal(drawn(linesOf(turned(opened, rows, links, { from: 6, to: 10 }), rows, links)), '0▸3 4 5 6▸9 10 11')
})

test('what is chosen in an open run leaves its lines where they are, until it is closed', () => {
  const links = going('aaaaaaaaaaaa')
  const open = turned(shapeOf(rows, links), rows, links, { from: 0, to: 12 })
  const after = going('aaaabaaaaaaa')
  assert.equal(drawn(linesOf(open, rows, after)), '0▾11≠ 0 1 2 3 4 5 6 7 8 9 10 11')
  const closed = turned(open, rows, after, { from: 0, to: 12 })
  assert.equal(drawn(linesOf(closed, rows, after)), '0▸3 4 5▸11')
})

test('a closed run never hides that its rows differ', () => {
  const shape = shapeOf(rows, going('aaaaaaaaaaaa'))
  const after = going('aaaa-aaaaaaa')
  assert.equal(drawn(linesOf(shape, rows, after)), '0▸3 4 5▸11')
  assert.equal(drawn(linesOf(turned(shape, rows, after, { from: 5, to: 12 }), rows, after)), '0▸3 4 5▾11 5 6 7 8 9 10 11')
})

test('a field finds names whatever their accents and case, by words in any order, so many at once', () => {
  const find = finder(named(['Féminin, 5–14 ans', 'Masculin, 5–14 ans', 'FEMININ, < 5 ans'], 'n'))
  assert.deepEqual(find('ans feminin').map((one) => one.id), ['n0', 'n2'])
  assert.deepEqual(find('14 FÉMI').map((one) => one.id), ['n0'])
  assert.equal(finder(named(Array.from({ length: 80 }, (_, i) => `${i}`), 'n'))('').length, 50)
})

/** The review with cells of e0 divided: [[names of the cell], [[names of a part] …], names of the whole?]. */
function divided(review, list) {
  for (const [of, parts, whole] of list) Object.assign(review.cellsOf.get('e0').find((one) => one.source.id === cellOf(SOURCE, ...of)), { divided: parts.map((names) => cellOf(TARGET, ...names)), ...(whole && { whole: cellOf(TARGET, ...whole) }) })
  return review
}
const MALE = [['Male', '5-14'], [['M', '5-9'], ['M', '10-14']]]
const FEMALE = [['Female', '5-14'], [['F', '5-9'], ['F', '10-14']]]

test('what the target divides is told apart from what goes nowhere', () => {
  const review = divided(world([planOf(GOOD)]), [MALE])
  const pair = pairIn(review)
  const splits = splitsOf(review, pair)
  const plan = d.usualPlan(pair)
  const names = (list) => list.map((one) => one.name)
  const result = d.resultOf(pair, plan, splits)
  assert.deepEqual([names(result.split), names(result.lost)], [['Male, 5-14'], ['Female, 5-14']])
  const given = d.resultOf(pair, d.withCell(plan, cellOf(SOURCE, 'Male', '5-14'), cellOf(TARGET, 'M', '5-9')), splits)
  assert.deepEqual([names(given.split), names(given.lost), given.sent], [[], ['Female, 5-14'], 5]) // all of it to one: sent
})

test('one choice for each option that is split, not for each cell that has it', () => {
  const review = divided(world([planOf(GOOD)]), [MALE, FEMALE])
  const pair = pairIn(review)
  const [splits, plan] = [splitsOf(review, pair), d.usualPlan(pair)]
  const grids = d.optionGrids(pair, plan)
  const choices = splitChoices(pair, grids, splits)
  assert.deepEqual(choices.map((one) => [one.grid.target.name, one.from.name, one.parts.map((part) => part.name)]), [['Ages', '5-14', ['5-9', '10-14']]])
  const [ages, sexes] = grids
  const rows = splitRows(choices, splits, ages)
  assert.deepEqual([...rows], [[choices[0].from.id, choices[0].parts.map((one) => one.id)]])
  assert.equal(splitRows(choices, splits, sexes).size, 0)
  assert.deepEqual([...splitRows(choices, splits).keys()], ['Male', 'Female'].map((sex) => cellOf(SOURCE, sex, '5-14')))
  const after = d.withOptions(pair, plan, grids, choices[0].grid, [choices[0].from.id], choices[0].parts[1].id)
  assert.equal(after.get(cellOf(SOURCE, 'Female', '5-14')), cellOf(TARGET, 'F', '10-14'))
})

test('of a split with very many parts it is told how many are not listed', () => {
  const review = divided(world([planOf(GOOD)]), [MALE, FEMALE])
  const more = () => { const pair = pairIn(review); return splitChoices(pair, d.optionGrids(pair, d.usualPlan(pair)), splitsOf(review, pair)).map((one) => [one.parts.length, one.more]) }
  assert.deepEqual(more(), [[2, 0]])
  for (const cell of review.cellsOf.get('e0')) if (cell.divided) cell.divided_count = 40
  assert.deepEqual(more(), [[2, 38]])
})

test('a split that no single category tells is chosen cell by cell, with the total where there is one', () => {
  const review = divided(world([planOf(GOOD)]), [[['Male', '5-14'], [['M', '5-9'], ['F', '10-14']], ['M', '15+']], FEMALE])
  const pair = pairIn(review)
  const plan = d.usualPlan(pair)
  const [first, second] = splitChoices(pair, d.optionGrids(pair, plan), splitsOf(review, pair))
  assert.deepEqual([first.grid, first.from.name, first.parts.map((one) => one.name), first.whole.name], [undefined, 'Male, 5-14', ['5-9, M', '10-14, F'], '15+, M'])
  assert.equal(second.from.name, '5-14') // the other still by its option
  assert.ok(splitChoices(pair, [], splitsOf(review, pair)).every((one) => !one.grid && one.parts.length === 2))
})

test('parts that belong to another combo of the target are not this pair’s', () => {
  const review = world([planOf(GOOD)])
  review.cellsOf.get('e0')[0].divided = ['elsewhere0', 'elsewhere1']
  assert.equal(splitsOf(review, pairIn(review)).size, 0)
})

test('the rows of the review warn of what is split, until somebody decides', () => {
  const review = divided(world([planOf(GOOD)]), [MALE])
  const rowsFor = createRows()
  const [row] = rowsFor(review)
  assert.deepEqual(row.warnings.filter((one) => one.kind === 'split' || one.kind === 'cells'), [{ kind: 'split', lost: 1, of: 6, target: 'E0' }, { kind: 'cells', lost: 1, of: 6 }])
  assert.ok(needsLook({ warnings: row.warnings.slice(0, 1) }))
  assert.deepEqual([facetsOf([row]).warnings.split, facetsOf([row]).warnings.cells], [1, 1])
  assert.equal(filterRows([row], { ...NO_FILTER, warning: 'split' }).length, 1)
  const left = withDecisions(review, [decideCell(review.cellsOf.get('e0').find((one) => one.divided), [])])
  assert.deepEqual(filterRows(rowsFor(left), { ...NO_FILTER, warning: 'split' }), [])
})

test('periods of another type are told, of the element’s data set or else the side’s; nobody has to look', () => {
  const review = world([planOf(GOOD), planOf(GOOD)])
  const kinds = () => createRows()(review).map((row) => row.warnings.filter((one) => one.kind === 'period'))
  assert.deepEqual(kinds(), [[], []]) // not told
  const set = (period_type) => ({ data_set: { period_type } })
  Object.assign(review.alignment, { source: set('Monthly'), target: set('Monthly') })
  assert.deepEqual(kinds(), [[], []])
  review.elements.get('e1').source.period_type = 'Weekly'
  assert.deepEqual(kinds(), [[], [{ kind: 'period', from: 'Weekly', to: 'Monthly' }]])
  assert.equal(facetsOf(createRows()(review)).warnings.period, 1)
  assert.ok(!needsLook({ warnings: [{ kind: 'period' }] }))
})
