// What the made-up drawbridge keeps of a review: steps, flags, comments, people. As docs/openapi.yaml says, in memory.
const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z')
const keyOf = (one) => (one.source ? `${one.kind} ${one.source}` : one.kind === 'operand' ? `${one.source_data_element} ${one.source_category_option_combo}` : one.source_data_element)
const ABOUT = { places: (one) => one.source, data_elements: (one) => !one.source }

/** Decisions about an org unit or attribute option as they are kept. */
function keptOfPlace({ decision }, { kind, source }) {
  const { by, at, state, targets, rejected, approved_by, approved_at } = decision
  const base = { kind, source_data_element: source, by, at, ...(approved_by && { approved_by, approved_at }) }
  const to = (list, verdict) => list.map((one) => ({ ...base, decision: verdict, target_data_element: one.id }))
  return [...to(rejected, 'rejected'), ...to(targets, 'accepted'), ...(state === 'none' ? [{ ...base, decision: 'none' }] : [])]
}

/** Decisions about an item as they are kept. */
function keptOf(alignment, item) {
  if (item.kind === 'operand') {
    const cell = cellOf(alignment, item)
    if (!cell.decided) return []
    const base = { kind: 'operand', source_data_element: item.source_data_element, source_category_option_combo: item.source_category_option_combo, by: cell.by }
    return cell.terms.length ? cell.terms.map((one) => ({ ...base, decision: 'accepted', target_data_element: one.target_data_element, target_category_option_combo: one.target.id, sign: one.sign })) : [{ ...base, decision: 'none' }]
  }
  const { decision } = elementOf(alignment, item.source_data_element)
  const { by, at, note, confidence, proposed, approved_by, approved_at } = decision
  const base = { kind: 'data_element', source_data_element: item.source_data_element, by, at, ...(note && { note }), ...(proposed && { proposed }), ...(approved_by && { approved_by, approved_at }) }
  const to = (list, verdict) => list.map((one) => ({ ...base, decision: verdict, target_data_element: one.id, ...(confidence !== undefined && { confidence }) }))
  return [...to(decision.rejected ?? [], 'rejected'), ...to(decision.targets, 'accepted'), ...(decision.state === 'none' || decision.state === 'excluded' ? [{ ...base, decision: decision.state }] : [])]
}

/** What was proposed for an element when somebody first spoke about it. */
function proposedOf({ decision, proposals }, bulk) {
  const answers = proposals.filter((one) => one.decision !== 'candidate')
  if (decision.state !== 'proposed' || decision.rejected?.length) return decision.proposed
  return bulk || !answers.length ? undefined : { confidence: Math.min(...answers.map((one) => one.confidence)), targets: answers.map((one) => one.target.id) }
}

const elementOf = (alignment, id) => alignment.elements.find((one) => one.source.id === id)
const cellOf = (alignment, item) => alignment.cells.find((one) => one.source_data_element === item.source_data_element && one.source.id === item.source_category_option_combo)
/** Whoever has `person` is another one of that name. */
const isOwn = (alignment, { source, decision }, me) => (decision.by === me && !decision.person) || alignment.cells.some((one) => one.source_data_element === source.id && one.decided && one.by === me)
/** Of elements, or of pairs of places. */
const withOwn = (alignment, list, me) => (alignment.second_person ? list.map((one) => (isOwn(alignment, one, me) ? { ...one, own: true } : one)) : list)
const placesWithOwn = (alignment, { pairs, ...member }, me) => ({ ...member, pairs: withOwn(alignment, pairs.map(({ own: _, ...pair }) => pair /* what the page notes by itself is not the server's */), me) })

/** `pairOf(alignment, item)`: what is proposed and decided about an org unit or attribute option. */
export function createReview(Problem, pairOf) {
  const thing = (alignment, item) => (item.source ? pairOf(alignment, item) : item.kind === 'operand' ? cellOf(alignment, item) : elementOf(alignment, item.source_data_element))
  const picture = (alignment, items) => items.map((item) => ({ item, what: structuredClone(thing(alignment, item)) }))
  const said = (item, what) => JSON.stringify(item.kind === 'operand' ? what : item.kind ? what.decision : what.flag)
  const sameNow = (alignment, pictures) => pictures.every(({ item, what }) => said(item, thing(alignment, item)) === said(item, what))
  const kept = (alignment, items) => items.flatMap((one) => (one.source ? keptOfPlace(pairOf(alignment, one), one) : keptOf(alignment, one)))
  const steps = new Map() // by alignment
  const of = (alignment) => steps.get(alignment.id) ?? steps.set(alignment.id, []).get(alignment.id)
  const add = (alignment, step) => of(alignment).push({ number: (of(alignment).at(-1)?.number ?? 0) + 1, at: now(), label: '', remarks: [], before: [], after: [], ...step })

  function put(alignment, pictures, changed) {
    for (const { item, what } of pictures) {
      const { decision, proposals, flag, comments } = structuredClone(what)
      Object.assign(thing(alignment, item), item.kind === 'operand' ? structuredClone(what) : item.kind ? { decision, proposals } : { flag, comments })
      changed.add(item.source_data_element)
    }
  }

  function travel(alignment, by, redo, about, changed) {
    const mine = of(alignment).filter((one) => one.by === by && one.was && !one.undoes && !one.redoes && (!about || one.was.some(({ item }) => ABOUT[about](item))))
    const standing = mine.findLastIndex((one) => !one.undone)
    const step = redo ? mine.slice(standing + 1).find((one) => one.undone) : mine[standing]
    if (!step || !sameNow(alignment, redo ? step.was : step.is)) throw new Problem(409, 'conflict')
    put(alignment, redo ? step.is : step.was, changed)
    step.undone = !redo
    add(alignment, { by, label: step.label, remarks: step.remarks, flags_before: step.flags_before, before: redo ? step.before : step.after, after: redo ? step.after : step.before, [redo ? 'redoes' : 'undoes']: step.number })
  }

  /** All steps of a request; `decide` applies decisions. The answer as AlignmentChanges. */
  function apply(alignment, body, by, decide) {
    const changed = new Set()
    for (const step of body.steps ?? [body]) {
      if (step.undo || step.redo) {
        travel(alignment, by, Boolean(step.redo), step.of, changed)
        continue
      }
      const items = [...new Map((step.decisions ?? []).map((one) => [keyOf(one), one])).values()]
      const spoken = [...(step.flags ?? []), ...(step.comments ?? [])].map(({ source_data_element }) => ({ source_data_element }))
      const was = picture(alignment, [...items, ...spoken])
      const flags_before = (step.flags ?? []).flatMap(({ source_data_element }) => {
        const { flag } = elementOf(alignment, source_data_element)
        return flag ? [{ kind: 'flag', source_data_element, ...flag }] : []
      })
      const before = kept(alignment, items)
      for (const one of step.decisions ?? []) if (one.decision === 'approved' && isOwn(alignment, thing(alignment, one), by)) throw new Problem(403, 'own_decision')
      const proposed = new Map(items.filter((one) => one.kind === 'data_element').map((one) => [one.source_data_element, proposedOf(elementOf(alignment, one.source_data_element), step.bulk)]))
      if (items.length) decide(step.decisions)
      for (const [id, what] of proposed) if (what) elementOf(alignment, id).decision.proposed = what
      for (const one of items) if (!one.source) changed.add(one.source_data_element)
      const remarks = []
      for (const one of step.flags ?? []) {
        elementOf(alignment, one.source_data_element).flag = one.flagged ? { by, at: now(), ...(one.to && { to: one.to }), ...(one.note && { note: one.note }) } : undefined
        remarks.push({ kind: one.flagged ? 'flag' : 'unflag', source_data_element: one.source_data_element, by, at: now(), ...(one.to && { to: one.to }) })
        changed.add(one.source_data_element)
      }
      for (const one of step.comments ?? []) {
        const element = elementOf(alignment, one.source_data_element)
        element.comments = (element.comments ?? 0) + 1
        remarks.push({ kind: 'comment', source_data_element: one.source_data_element, by, at: now(), text: one.text })
        changed.add(one.source_data_element)
      }
      add(alignment, { by, label: step.label ?? '', before, after: kept(alignment, items), remarks, flags_before, was, is: picture(alignment, [...items, ...spoken]) })
    }
    alignment.version++
    const states = alignment.elements.map((one) => one.decision.state)
    alignment.coverage = { ...alignment.coverage, accepted: states.filter((one) => one === 'accepted').length, none: states.filter((one) => one === 'none' || one === 'excluded').length }
    return { id: alignment.id, version: alignment.version, elements: withOwn(alignment, alignment.elements.filter((one) => changed.has(one.source.id)), by), cells: alignment.cells.filter((one) => changed.has(one.source_data_element)), coverage: alignment.coverage, judged: alignment.judged, warnings: [] }
  }

  function history(alignment, me, element) {
    const about = (list) => (element ? list.filter((one) => one.source_data_element === element) : list)
    const all = of(alignment)
    const alike = (a, b) => Object.values(ABOUT).some((about) => a.was.some(({ item }) => about(item)) && b.was.some(({ item }) => about(item)))
    const canRedo = (step) => step.was && step.by === me && step.undone && !all.some((one) => one.by === me && one.was && !one.undone && one.number > step.number && alike(one, step))
    const list = all.map(({ was, is, ...one }) => ({ ...one, mine: one.by === me, undone: Boolean(one.undone), can_undo: Boolean(was && one.by === me && !one.undone), can_redo: Boolean(canRedo({ was, ...one })),
      before: about(one.before), after: about(one.after), remarks: about(one.remarks), flags_before: about(one.flags_before ?? []) }))
    return { id: alignment.id, version: alignment.version, steps: list.filter((one) => !element || one.before.length + one.after.length + one.remarks.length).reverse() }
  }

  const people = (alignment, me) => ({ version: alignment.version, owner: alignment.owner, second_person: alignment.second_person, people: alignment.people, mine: alignment.owner === me })
  function setPeople(alignment, body, me) {
    Object.assign(alignment, { second_person: body.second_person, people: body.people })
    alignment.version++
    return people(alignment, me)
  }
  return { apply, history, people, setPeople, shownPlaces: (alignment, places, me) => ({ ...places, org_units: placesWithOwn(alignment, places.org_units, me), attribute_option_combos: placesWithOwn(alignment, places.attribute_option_combos, me) }), shown: (alignment, me) => ({ ...alignment, elements: withOwn(alignment, alignment.elements, me) }) }
}
