// Data sets that nobody has: the same number gives the same ones.

const DISEASES = ['Malaria', 'Measles', 'Cholera', 'Typhoid fever', 'Dysentery', 'Pneumonia', 'Tuberculosis', 'Asthma', 'Hypertension', 'Diabetes', 'Anaemia', 'Hepatitis', 'Meningitis', 'Scabies', 'Burns', 'Snake bite']
const WHAT = ['new cases', 'follow-up', 'deaths', 'referred', 'tested', 'treated']
const SECTIONS = ['Outpatients', 'Laboratory', 'Immunisation', 'Maternal health']
const AGES = ['<1 y', '1–4 y', '5–14 y', '15+ y']

const two = (n) => String(n).padStart(5, '0')
const coc = (side, i) => ({ id: `${side}Coc${String(i).padStart(2, '0')}`.padEnd(11, '0').slice(0, 11), name: AGES[i] })

function sourceOf(i) {
  const name = `${DISEASES[i % DISEASES.length]}, ${WHAT[Math.floor(i / DISEASES.length) % WHAT.length]}${i >= 96 ? ` (${Math.floor(i / 96) + 1})` : ''}`
  return { id: `Source${two(i)}`, name, code: `OPD_${100 + i}`, value_type: i % 17 === 5 ? 'NUMBER' : 'INTEGER_ZERO_OR_POSITIVE', aggregation_type: 'SUM', section: SECTIONS[Math.floor(i / 10) % 4], combo: { id: 'SourceAges0', name: 'Age' } }
}

const targetOf = (i) => ({ ...sourceOf(i), id: `Target${two(i)}`, name: sourceOf(i).name.replace(',', ' –'), code: `NAT-${200 + i}`, value_type: 'INTEGER_ZERO_OR_POSITIVE', combo: { id: 'TargetAges0', name: 'Age group' } })

/** What a server says of the data set of such an alignment to who asks for its elements: one is a text, of one zeros say something. */
export const madeUpSet = (count) => ({ periodType: 'Monthly', dataSetElements: Array.from({ length: count }, (_, i) => ({ dataElement: { id: sourceOf(i).id, valueType: i === 2 ? 'TEXT' : 'INTEGER', aggregationType: 'SUM', zeroIsSignificant: i === 5, categoryCombo: { skipTotal: false } } })) })

/** So many values has its i-th element: every fifth has none. */
export const madeUpCount = (i) => (i % 5 === 0 ? 0 : 12 + ((i * 397) % 900))

/** What its values add up to, in the period so many before the last one. */
export const madeUpTotal = (i, period) => 200 + ((i * 37 + period * period * 53) % 180)

/** The data sets that made-up alignments join. */
export const PAIR = { source: { server: 'district', data_set: 'DataSetD000' }, target: { server: 'central', data_set: 'DataSetC000' } }

/** Confidence falls with i; every 9th has no answer, every 11th shares its target with the one before. */
export function madeUpAlignment(id, count, source, target) {
  const targets = Array.from({ length: count }, (_, i) => targetOf(i))
  const elements = Array.from({ length: count }, (_, i) => {
    const sure = 0.99 - ((i * 37) % 60) / 100
    const best = i % 11 === 10 ? i - 1 : i
    const candidates = [best, (i + 1) % count, (i + 7) % count, (i + 13) % count].filter((one, at, all) => all.indexOf(one) === at)
    return {
      source: sourceOf(i),
      proposals: candidates.map((one, at) => ({
        target: targets[one],
        confidence: at === 0 ? sure : Math.max(0.1, sure - 0.2 - at * 0.1),
        decision: at > 0 || i % 9 === 8 ? 'candidate' : sure >= 0.9 ? 'auto' : 'proposed',
        why: at === 0 ? 'The names have the same words in the same order; the codes differ.' : 'Some words are the same.',
        features: [{ name: 'words', contribution: 2.4 - at }, { name: 'code', contribution: -0.6 }, { name: 'value_type', contribution: i % 17 === 5 ? -0.8 : 0.3 }],
      })),
      decision: { state: 'proposed', targets: [], rejected: [] },
    }
  })
  const cells = elements.flatMap((element, i) =>
    AGES.map((_, at) => ({
      source_data_element: element.source.id,
      source: coc('Source', at),
      terms: i % 9 === 8 || (i % 13 === 4 && at === 3) ? [] : [{ target_data_element: element.proposals[0].target.id, target: coc('Target', at), sign: '+', confidence: element.proposals[0].confidence, decision: 'proposed' }],
    }))
  )
  const side = (one, name) => ({ server: one.server, data_set: { id: one.data_set, name, period_type: 'Monthly' } })
  return {
    id, version: 1, state: 'ready', owner: 'maria', second_person: false, on_change: 'warn', people: [], source: side(source, 'Monthly facility report'), target: side(target, 'National monthly summary'), elements, cells, target_elements: targets,
    target_combos: [{ id: 'TargetAges0', name: 'Age group', option_combos: AGES.map((_, at) => coc('Target', at)) }],
    coverage: { source_elements: count, accepted: 0, none: 0, target_cells: count * AGES.length, target_cells_filled: Math.round(count * AGES.length * 0.85) }, judged: [0.9, 0.7, 0].map((from) => ({ from, decided: 0, agreed: 0 })), warnings: [],
  }
}

export function madeUpUnits(count) {
  const units = [{ id: 'OrgUnit0000', name: 'Bo district', code: 'BO', path: '/Country0000/OrgUnit0000', level: 2 }]
  for (let i = 1; i < count; i++) units.push({ id: `OrgUnit${String(i).padStart(4, '0')}`, name: `${['Kakua', 'Tikonko', 'Badjia', 'Lugbu'][i % 4]} health post ${i}`, code: `HP${i}`, path: `/Country0000/OrgUnit0000/OrgUnit${String(i).padStart(4, '0')}`, level: 3 })
  return units
}

/** The combos of such an alignment with their one category. */
export function madeUpCombos() {
  const combo = (side, id, name) => ({
    id, name,
    categories: [{ id: `${side}Category`, name, options: AGES.map((age, i) => ({ id: `${side}Age${i}`, name: age })) }],
    option_combos: AGES.map((_, i) => ({ ...coc(side, i), options: [`${side}Age${i}`] })),
  })
  return { source: [combo('Source', 'SourceAges0', 'Age')], target: [combo('Target', 'TargetAges0', 'Age group')] }
}

/** The alignment with other combos, one accepted: of 40 wards twelve go to each room, from the first of 30 on, and every twentieth nowhere. */
export function withWards(world, id) {
  const alignment = world.alignments.get(id)
  const many = (side, combo, name, n) => ({ id: combo, name: `${name}s`, categories: [], option_combos: Array.from({ length: n }, (_, i) => ({ id: `${side}${i}`, name: `${name} ${i + 1}`, options: [] })) })
  const [source, target] = [many('s', 'SourceAges0', 'Ward', 40), many('t', 'TargetAges0', 'Salle générale', 30)]
  world.combos = { source: [source], target: [target] }
  alignment.target_combos = [target]
  alignment.cells = alignment.elements.flatMap(({ source: { id: element }, proposals: [best] }) => source.option_combos.map((from, i) => ({
    source_data_element: element, source: from, terms: i % 20 === 19 ? [] : [{ target_data_element: best.target.id, target: target.option_combos[Math.floor(i / 12)], sign: '+', confidence: 0.9, decision: 'proposed' }],
  })))
  world.decide(alignment, [{ kind: 'data_element', source_data_element: 'Source00000', decision: 'accepted', targets: [{ data_element: 'Target00000' }] }], 'maria')
  return alignment
}

/** The alignment with a target that divides the third age and has a total of both parts; the first two are accepted. */
export function withSplit(world, id) {
  const alignment = world.alignments.get(id)
  const combos = madeUpCombos()
  const [target] = combos.target
  const ages = ['<1 y', '1–4 y', '5–9 y', '10–14 y', '15+ y', 'Total']
  target.categories[0].options = ages.map((name, i) => ({ id: `TargetAge${i}`, name }))
  target.option_combos = ages.map((name, i) => ({ id: `TargetCoc0${i}`, name, options: [`TargetAge${i}`] }))
  world.combos = combos
  alignment.target_combos = [{ id: target.id, name: target.name, option_combos: target.option_combos.map(({ options, ...one }) => one) }]
  for (const cell of alignment.cells) {
    const at = combos.source[0].option_combos.findIndex((one) => one.id === cell.source.id)
    const to = [0, 1, undefined, 4][at]
    cell.terms = to === undefined ? [] : cell.terms.map((one) => ({ ...one, target: alignment.target_combos[0].option_combos[to] }))
    if (at === 2) Object.assign(cell, { divided: ['TargetCoc02', 'TargetCoc03'], whole: 'TargetCoc05' })
  }
  world.decide(alignment, alignment.elements.slice(0, 2).map((one) => ({ kind: 'data_element', source_data_element: one.source.id, decision: 'accepted', targets: [{ data_element: one.proposals[0].target.id }] })), 'maria')
  return alignment
}

/** Changes at the servers, one of each weight and one that has something in its place. */
export const CHANGES = [
  { effect: 'blocks', side: 'source', kind: 'replaced', object: { type: 'data_element', id: 'first', name: 'Malaria – cases' }, before: 'first', after: 'another', mapping: 'follows', sure: true, rules: [1, 2], sentence: 'it is gone' },
  { effect: 'blocks', side: 'target', kind: 'gap', object: { type: 'cell', id: 'x', option_combo: 'y', name: 'All cases' }, before: 'all 3 parts', after: 'lacks Unknown age of it', mapping: 'proposals', rules: [3], sentence: 'it is no longer whole' },
  { effect: 'information', side: 'target', kind: 'renamed', object: { type: 'option', id: 'z', name: '0-4' }, before: '0-4', after: '0-4 years', mapping: 'same', rules: [], sentence: 'it is called otherwise' },
]

/** A run that ended with two values refused; `more` takes the place of what is otherwise. */
export const madeUpRun = (more) => structuredClone({
  id: 'run1', steps: [], alignment: 'one', state: 'refused', dry_run: false, from: 'district', to: 'central', periods: ['202609'], by: 'maria', created: '2026-10-02T08:00:00Z', updated: '2026-10-02T09:00:00Z', progress: { done: 0, of: 0 },
  counts: { read: 1420, mapped: 1372, unmapped: { no_counterpart: 48 }, summed: 0, sent: 1372, created: 1370, updated: 0, unchanged: 0, ignored: { E7617: 2 }, verified: 1370, differing: 0 },
  totals: [{ data_element: 'Target00000', name: 'Malaria cases', period: '202609', source: '1234.50', target: '1230', cells: 20, equal: false }],
  conflicts: [{ code: 'E7617', message: 'Organisation unit not in hierarchy', count: 2, cells: [{ target: { data_element: 'Target00000', category_option_combo: 'TargetCoc00', period: '202609', org_unit: 'OrgUnit0003', value: '7' }, sources: [] }] }],
  replaced: [],
  batches: [],
  order: { alignment: 'one', periods: ['202609'], org_units: ['OrgUnit0003'], dry_run: true, accept: ['accepted'] },
  ...more,
})
