// The review: a list of what the engine proposes, and beside it the one that is looked at. Decisions are saved as they are made.
import { html, useCallback, useEffect, useMemo, useRef, useState } from '../lib.js'
import { percent, t, tn } from '../i18n.js'
import { arrived, gateway, useLoad, useServerNames } from '../api.js'
import { navigate } from '../router.js'
import { later } from '../later.js'
import { useFocusKept } from '../focus.js'
import { keyOfSet, knownCounts } from '../known-counts.js'
import { localStore } from '../local-store.js'
import { say, sayNoMore } from '../toast.js'
import { filterOfQuery, reviewAddress } from '../model/address.js'
import { accept, approve, choiceOf, forget, leaveOut, noCounterpart, noted, pairKey, REVIEW, reject, restoring, restoringFlag, reviewOf, sameChoice, withChanges, withoutComments, withOperations } from '../model/review.js'
import { acceptable, ATTENTION, canChange, createList, createProgress, createRows, keepOrder, needsLook, NO_FILTER, nearest, orderKept, ranksOf, sectionsOf, sureOnes } from '../model/rows.js'
import { isPlaceKind } from '../model/place-kinds.js'
import { commandOf, hintOf, isHeld, keepKeySettings, keySettings } from '../model/keys.js'
import { AlignmentHead, coming } from './alignment-head.js'
import { useGoing } from './going.js'
import { ReviewDetail } from './review-detail.js'
import { COUNTED, leftText, ReviewBar, ReviewFilters, ReviewList } from './review-list.js'
import { useSelection } from './selecting.js'
import { namesOf, Refused, useHistory, useOthers, useSaved } from './saving.js'

const Conflicts = later(async () => (await import('./review-seldom.js')).Conflicts, 'unseen')
const [People, ReviewHelp, Selection, Steps] = ['People', 'ReviewHelp', 'Selection', 'Steps'].map((name) => later(async () => (await import('./review-later.js'))[name], 'unseen'))
const Facets = later(async () => (await import('./review-later.js')).Facets, 'facets')

export function Review({ params, session }) {
  useServerNames() // asked for with the alignment, so that no name comes behind it
  const id = params.alignment
  const loaded = useLoad(async (signal) => reviewOf(await gateway.alignments.get(id, { signal })), [id])
  if (!loaded.data) return coming(id, 'review', loaded, t('Loading what corresponds to what…'))
  return html`<${Reviewing} key=${id} id=${id} first=${loaded.data} session=${session} />`
}

const TYPING = 150 // browsers take only so many addresses a second

/** The rows stay in the order in which they were shown first, until another one is chosen, or the same anew: {ranking: {ranks, counts: those it was made with}, orderAnew}. */
function useRanking(id, rows, order, counts, onCounted) {
  const [times, setTimes] = useState(0)
  const ranking = useMemo(() => ({ ranks: ranksOf(rows, order), counts }), [id, order, times])
  const outdated = counts?.size > 0 && ranking.counts !== counts && canChange(order)
  useEffect(() => { if (outdated) onCounted() }, [outdated])
  return { ranking, orderAnew: { onClick: () => setTimes(times + 1), outdated, disabled: !canChange(order) } }
}

/** What is chosen to be seen, and the row looked at, stand in the address: whoever comes back, or loads the page again, sees the same. It makes no entries in the browser's history. Gives what writes it at once. */
function useAddress(id, filter, row) {
  const address = reviewAddress(id, { ...filter, row })
  const written = useRef({ address, at: -Infinity }).current
  const write = () => {
    if (written.address !== address) globalThis.history.replaceState(null, '', address)
    Object.assign(written, { address, at: performance.now() })
  }
  useEffect(() => {
    if (written.address === address) return
    const wait = setTimeout(write, Math.max(0, written.at + TYPING - performance.now()))
    return () => clearTimeout(wait)
  }, [address])
  return write
}

const READING = {
  ...REVIEW,
  key: (id) => `drawbridge pending ${id}`,
  read: async (id) => reviewOf(await gateway.alignments.get(id)),
  withSaved: withChanges,
  withOperations,
}

function Reviewing({ id, first, session }) {
  const { saved, shown, saver, saving, refused, clearRefused, take } = useSaved(id, first, READING)
  const history = useHistory(id, saver, saving, refused)
  const [filter, setFilter] = useState(() => ({ ...NO_FILTER, order: orderKept(localStore()), ...filterOfQuery(new URLSearchParams(location.search)) }))
  const [activeId, setActiveId] = useState(() => new URLSearchParams(location.search).get('row') ?? undefined)
  const [draft, setDraft] = useState({})
  const [tab, setTab] = useState('candidates')
  const [open, setOpen] = useState() // "keys", "people", "steps"
  const [facets, setFacets] = useState(false)
  const [keys, setKeys] = useState(() => keySettings(localStore()))
  const grid = useRef()
  const search = useRef()
  const targets = useRef()
  const comment = useRef()
  const adding = useRef(false)
  useOthers(id, READING, saver, saved, take, () => {
    history.forget()
    say(t('Somebody else changed something: it is shown.'))
  })

  const { alignment } = shown
  const { server, data_set: set } = alignment.source
  const values = useLoad(async () => set && (await arrived(import('../value-counts.js'))).countsOf(server, set.id), [id]) // once the rows are there
  const about = useMemo(() => ({ me: namesOf(session, alignment), second: alignment.second_person }), [session?.data, alignment.second_person])
  useEffect(() => { // before, one of them may still be who was signed in last
    if (session?.data && !session.loading) saver.signedIn(about.me)
  }, [saver, session?.loading, about])
  const [rowsFor, progressFor, listFor] = useMemo(() => [createRows(), createProgress(), createList()], [id])
  const { counts } = useMemo(() => values.data ?? knownCounts.get(keyOfSet(server, set?.id)) ?? {}, [id, values.data])
  const rows = rowsFor(shown, counts)
  const sections = useMemo(() => sectionsOf(rows), [alignment.elements])
  const ALL = { ...NO_FILTER, order: filter.order }
  const { ranking, orderAnew } = useRanking(id, rows, filter.order, counts, () => say(COUNTED()))
  const list = listFor(rows, filter, about, ranking.ranks)
  const place = useRef(0)
  const looked = useRef({}) // until a person goes to another one it is the first of the order
  if (looked.current.ranking !== ranking) looked.current = { ranking, id: list[0]?.id }
  const found = nearest(list, place.current, (row) => row.id === (activeId ?? looked.current.id))
  const active = found >= 0 ? found : Math.min(place.current, Math.max(0, list.length - 1))
  place.current = active
  const row = list[active]
  const chosen = row && draft.id === row.id ? draft.targets : row ? choiceOf(row.element) : []
  const { selected, many, select, selectNone, selecting } = useSelection(list, active, (index) => go(index))
  const meant = many.length ? many : row ? [row] : []

  const focusKept = useFocusKept(grid)
  const going = useGoing(id, '', grid, () => writeAddress())

  const unfiltered = useRef(filter)
  useEffect(() => {
    if (unfiltered.current === filter) return
    unfiltered.current = filter
    say(tn('{n} row is shown', '{n} rows are shown', list.length), { quiet: true })
  }, [filter])
  const writeAddress = useAddress(id, filter, activeId)

  const go = (index) => {
    const next = list[Math.max(0, Math.min(list.length - 1, index))]
    if (next) setActiveId(next.id)
    return next
  }
  const perform = useCallback((operation, focus) => {
    clearRefused()
    sayNoMore()
    saver.add(operation)
    if (focus) setActiveId(focus)
  }, [saver])
  const decide = (label, decisions, elements, more) => {
    const focus = elements.length === 1 ? elements[0].source.id : undefined
    history.add({ label, forward: { decisions }, back: { decisions: elements.flatMap(restoring) }, focus })
    perform({ label, decisions, ...more }, focus)
    say(label)
  }
  const cellDecided = (decision, back) => {
    const label = t('One cell of {name}', { name: named(row) })
    history.add({ label, forward: { decisions: [decision] }, back: { decisions: back }, focus: row.id })
    perform({ label, decisions: [decision] }, row.id)
  }

  /** The same about all that are selected, or about the active row alone, and on to the next. */
  const decideAll = (one, several, word) => {
    if (meant.length === 0) return
    if (many.length) {
      decide(several(many.length), many.map((each) => word(each.id)), many.map((each) => each.element))
      return selectNone()
    }
    decide(one(named(row)), [word(row.id)], [row.element])
    setDraft({})
    onward()
  }
  const onward = () => { // under a filter the row may leave the list: then the next one takes its place
    const next = list[active + 1] ?? list[active - 1]
    if (next) setActiveId(next.id)
  }
  const acceptSelected = () => {
    const { take: those, left } = acceptable(many)
    if (those.length) decide(tn('Accepted {n} selected one', 'Accepted {n} selected ones', those.length), those.map((each) => accept(each.id, each.choice)), those.map((each) => each.element))
    toldOfBulk(those.length, left)
    selectNone()
  }
  const toldOfBulk = (taken, left) => {
    const show = () => {
      setFilter({ ...NO_FILTER, only: left.map((one) => one.id).join(), order: 'surest' })
      grid.current?.focus()
    }
    say(leftText(taken, left.length), left.length > 0 && { action: { label: t('Show them'), run: show } })
  }
  const note = (text) => {
    const label = t('Note on {name}', { name: named(row) })
    remark(label, { decisions: [noted(row.id, text)] }, { decisions: [noted(row.id, row.element.decision.note ?? '')] }, row.id)
  }
  const flag = (to, note) => {
    const flagged = to !== undefined || !meant.every((one) => one.element.flag)
    const label = many.length ? (flagged ? tn('Flagged {n} selected one', 'Flagged {n} selected ones', many.length) : tn('Took the flag off {n} selected one', 'Took the flag off {n} selected ones', many.length))
      : to ? t('Flagged for {who}: {name}', { who: to, name: named(row) }) : flagged ? t('Flagged: {name}', { name: named(row) }) : t('Flag taken off: {name}', { name: named(row) })
    const flags = meant.map((one) => ({ source_data_element: one.id, flagged, ...(to ? { to } : {}), ...(note ? { note } : {}) }))
    remark(label, { flags }, { flags: meant.map((one) => restoringFlag(one.element)) }, many.length ? undefined : row.id)
  }
  const comments = (text) => {
    const label = t('Comment on {name}', { name: named(row) })
    const said = [{ source_data_element: row.id, text }]
    remark(label, { comments: said }, { comments: withoutComments(said) }, row.id)
  }
  const remark = (label, forward, back, focus) => {
    history.add({ label, forward, back, focus })
    perform({ label, ...forward })
    say(label)
  }
  const approveAll = () => {
    const those = meant.filter((one) => ATTENTION.approval(one, about))
    if (those.length === 0) return say(t('There is nothing here for you to approve'))
    const label = those.length === 1 ? t('Approved: {name}', { name: named(those[0]) }) : tn('Approved {n}', 'Approved {n}', those.length)
    decide(label, those.map((one) => approve(one.id, about.me[0])), those.map((one) => one.element))
    if (many.length) selectNone()
    else onward()
  }
  const commands = {
    next: () => go(active + 1),
    previous: () => go(active - 1),
    'page-down': () => go(active + 10),
    'page-up': () => go(active - 10),
    first: () => go(0),
    last: () => go(list.length - 1),
    ...selecting,
    accept: () => {
      if (many.length) return acceptSelected()
      if (!row) return
      if (chosen.length === 0) return say(t('Choose a target first, or say that there is no counterpart'))
      const again = row.state === 'accepted' && !row.element.changed && sameChoice(chosen, choiceOf(row.element))
      if (!again) decide(t('Accepted: {name}', { name: named(row) }), [accept(row.id, chosen)], [row.element])
      setDraft({})
      onward()
    },
    reject: () => {
      if (!row) return
      const away = chosen.length ? chosen : row.element.proposals.slice(0, 1).map((one) => one.target)
      if (away.length === 0) return say(t('There is nothing to reject'))
      const next = row.element.proposals.find((one) => !away.some((target) => target.id === one.target.id))
      decide(t('Rejected: {name}', { name: named(row) }), [reject(row.id, away)], [row.element])
      setDraft({ id: row.id, targets: next ? [next.target] : [] })
      setActiveId(row.id)
    },
    none: () => decideAll((name) => t('No counterpart: {name}', { name }), (n) => tn('No counterpart: {n} selected one', 'No counterpart: {n} selected ones', n), noCounterpart),
    'leave-out': () => decideAll((name) => t('Left out: {name}', { name }), (n) => tn('Left out {n} selected one', 'Left out {n} selected ones', n), leaveOut),
    approve: approveAll,
    forget: () => row && decide(t('Opened again: {name}', { name: named(row) }), [forget(row.id)], [row.element]),
    flag: () => meant.length && flag(),
    comment: () => {
      setTab('history')
      if (comment.current) comment.current.focus()
      else comment.wanted = true // it is fetched first; what is typed until then is no command
    },
    undo: () => travel(history.undo(), 'back'),
    redo: () => travel(history.redo(), 'forward'),
    search: () => search.current?.focus(),
    targets: () => { setTab('candidates'); targets.current?.focus() },
    why: () => setTab(tab === 'why' ? 'candidates' : 'why'),
    cells: () => setTab(tab === 'cells' ? 'candidates' : 'cells'),
    history: () => setTab(tab === 'history' ? 'candidates' : 'history'),
    help: () => setOpen('keys'),
    add: () => { adding.current = true; say(t('Add a second target: 1 to 5')) },
    go: going.begin,
    'next-warning': () => goWarning(1),
    'previous-warning': () => goWarning(-1),
  }
  const travel = (step, way) => {
    if (!step) return say(way === 'back' ? t('There is nothing to undo') : t('There is nothing to redo'))
    setDraft({})
    perform({ label: step.label, ...step[way], ...(way === 'back' ? { undo: true } : { redo: true }) }, step.focus)
    say(way === 'back' ? t('Undone: {step}', { step: step.label }) : t('Done again: {step}', { step: step.label }))
    if (isPlaceKind(step.kind)) seenThere(step.kind)
  }
  const seenThere = async (kind) => { // what was decided about org units is not seen here
    await saver.flush()
    if (saver.operations().length === 0) navigate(`${reviewAddress(id)}/places?of=${kind}`)
  }
  const goWarning = (direction) => {
    for (let i = active + direction; i >= 0 && i < list.length; i += direction) if (needsLook(list[i])) return go(i)
    say(t('No further warning'))
  }
  /** To the very place that a warning is about. */
  const showWarning = ({ kind, target }) => {
    if (kind === 'type' || kind === 'aggregation') return setTab('why')
    if (kind === 'cells') return setTab('cells')
    if (kind === 'period') return navigate(`${reviewAddress(id)}/places?of=period`)
    if (kind === 'split' || kind === 'gap' || kind === 'exception') return navigate(`${reviewAddress(id)}/disaggregation?pair=${pairKey(row.source.combo?.id, shown.targets.get(target)?.combo?.id)}`)
    setFilter({ ...ALL, ...(kind === 'unused' ? { warning: kind } : { text: kind === 'same_id' ? row.id : target }) })
    grid.current?.focus()
  }
  const pick = (target, add) => {
    const has = chosen.some((one) => one.id === target.id)
    setDraft({ id: row.id, targets: !add ? [target] : has ? chosen.filter((one) => one.id !== target.id) : [...chosen, target] })
  }
  const run = (command) => {
    const digit = /^(choose|add)-(\d)$/.exec(command)
    if (!digit) return commands[command]?.()
    const proposal = row?.element.proposals[digit[2] - 1]
    if (proposal) pick(proposal.target, digit[1] === 'add')
  }
  const onKeyDown = (event) => {
    if (isHeld(event) || event.target.closest?.('.facets') || (comment.wanted && event.key !== 'Escape')) return
    comment.wanted = false
    const command = commandOf(event, event.target.closest?.('[role="grid"]') ? 'list' : 'detail', keys)
    const adds = adding.current
    adding.current = false
    if (going.leads(event) || !command) return
    event.preventDefault()
    run(adds ? command.replace('choose', 'add') : command)
  }
  const acceptSure = (threshold) => {
    const { take: those, left } = sureOnes(list, threshold)
    if (those.length === 0) return
    decide(tn('Accepted {n} at or above {threshold}', 'Accepted {n} at or above {threshold}', those.length, { threshold: percent(threshold) }), those.map((one) => accept(one.id, one.choice)), those.map((one) => one.element), { bulk: true })
    toldOfBulk(those.length, left)
  }
  const hint = (command) => hintOf(command, keys)
  const choose = (next) => { // what to see: the order that is chosen is the one the next time
    if (next.order !== filter.order) keepOrder(localStore(), next.order)
    setFilter(next)
  }
  const close = () => { setOpen(undefined); grid.current?.focus() }
  return html`<div class="review" ...${focusKept}>
    <${AlignmentHead} id=${id} alignment=${alignment} at="review" saving=${saving} onRetry=${saver.retry} onDrop=${saver.drop} />
    <${ReviewBar} id=${id} progress=${progressFor(rows)} coverage=${alignment.coverage} history=${history.next()} hint=${hint} run=${run} list=${list} onAcceptSure=${acceptSure} onPeople=${() => setOpen('people')} onSteps=${() => setOpen('steps')}
      onWarned=${() => { setFilter({ ...ALL, conflicts: true }); grid.current?.focus() }} onChanged=${() => { setFilter({ ...ALL, attention: 'changed' }); grid.current?.focus() }} />
    ${saving.problem?.kind === 'conflict' && html`<${Conflicts} problem=${saving.problem} saver=${saver} of=${({ source_data_element }) => ({ theirs: saved.elements.get(source_data_element), mine: shown.elements.get(source_data_element) })} />`}
    <${Refused} refused=${refused} />
    <${ReviewFilters} filter=${filter} onFilter=${choose} sections=${sections} shown=${list.length} searchRef=${search} onHelp=${() => setOpen('keys')} onLeave=${() => grid.current?.focus()}
      run=${run} hint=${hint} orderAnew=${orderAnew} facets=${facets} onFacets=${() => setFacets(!facets)} />
    ${many.length > 0 && html`<${Selection} rows=${many} hint=${hint} run=${run} about=${about} />`}
    <div class="panes" onKeyDown=${onKeyDown}>
      ${facets && html`<${Facets} id=${id} rows=${rows} judged=${alignment.judged} about=${about} filter=${filter} onFilter=${setFilter} source=${alignment.source} values=${values} />`}
      <${ReviewList} list=${list} active=${active} about=${about} selected=${selected} onSelect=${select} onActivate=${(index) => { go(index); grid.current?.focus() }} gridRef=${grid} onClear=${() => setFilter(ALL)} />
      <section class="detail" aria-label=${t('The row looked at')}>
        ${row && html`<${ReviewDetail} key=${row.id} id=${id} review=${shown} row=${row} chosen=${chosen} about=${about} hint=${hint} tab=${tab} onTab=${(next) => { comment.wanted = false; setTab(next) }} onWarning=${showWarning} run=${run} pick=${pick} onCell=${cellDecided} targetsRef=${targets}
            onTargetChosen=${() => grid.current?.focus()} onFlag=${flag} onNote=${note} commentRef=${comment} saved=${saving.waiting === 0 ? saved.alignment.version : 0}
            onComment=${(text) => { comments(text); grid.current?.focus() }} />`}
      </section>
    </div>
    ${open === 'keys' && html`<${ReviewHelp} settings=${keys} onSettings=${(next) => { setKeys(next); keepKeySettings(localStore(), next) }} onClose=${close} />`}
    ${open === 'steps' && html`<${Steps} id=${id} version=${saving.waiting === 0 ? saved.alignment.version : 0} onClose=${close} onUndo=${(count) => { for (let i = 0; i < count; i++) commands.undo() }} />`}
    ${open === 'people' && html`<${People} id=${id} onClose=${close} onSaved=${async () => { take(reviewOf(await gateway.alignments.get(id))); say(t('Saved')) }} />`}
  </div>`
}

const MOST_OF_A_NAME = 80
const named = (row) => row.source.name.slice(0, MOST_OF_A_NAME)
