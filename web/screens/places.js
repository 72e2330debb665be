// Org units, attribute options and periods: what each of the source is at the target, as proposed and as people decided. A run goes by it.
import { html, useEffect, useMemo, useRef, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { alignmentEntry, gateway, useLoad } from '../api.js'
import { useFocusKept } from '../focus.js'
import { later } from '../later.js'
import { localStore } from '../local-store.js'
import { Link, navigate } from '../router.js'
import { Button, Confidence, Name, Notice, Problem, Select } from '../ui.js'
import { say } from '../toast.js'
import { VirtualGrid } from '../vlist.js'
import { reviewAddress } from '../model/address.js'
import { commandOf, hintOf, keepKeySettings, keySettings } from '../model/keys.js'
import { isPlaceKind, PLACE_KINDS } from '../model/place-kinds.js'
import { acceptPlace, approvePlace, filterPlaces, forgetPlace, isPartial, NO_PLACE_FILTER, nowhere, openPlaces, placeRows, PLACES, placesIn, rejectPlace, restoringPlace, restoringPlaces, unassignedPlaces, waitingPlaces, withPlaceOperations, withSavedPlaces } from '../model/places.js'
import { unitCountsOf } from '../value-counts.js'
import { AlignmentHead, coming } from './alignment-head.js'
import { Counted } from './counted.js'
import { useGoing } from './going.js'
import { above, assigning, PlaceDetail, valuesText } from './places-detail.js'
import { leftText, Signs, signsColumn, stateTag, withHint } from './review-list.js'
import { namesOf, Refused, useHistory, useOthers, useSaved } from './saving.js'
import { selectColumn, SelectMark, useSelection } from './selecting.js'
import { noneAssignedText, unassignedText, unassignedTitle } from './unassigned.js'

const Conflicts = later(async () => (await import('./review-seldom.js')).Conflicts, 'unseen')
const [ReviewHelp, Selection] = ['ReviewHelp', 'Selection'].map((name) => later(async () => (await import('./review-later.js'))[name], 'unseen'))

const Periods = later(async () => (await import('./places-periods.js')).Periods)

const KEYS = ['next', 'previous', 'accept', 'reject', 'none', 'approve', 'undo', 'redo', 'search', 'targets', 'select', 'go', 'help'] // of all, those that are some here
const MOST_OF_A_NAME = 80

const kindName = (kind) => ({ org_unit: () => t('Organisation units'), attribute_option_combo: () => t('Attribute options'), period: () => t('Periods') })[kind]()

export function Places({ params, query, session }) {
  const id = params.alignment
  const loaded = useLoad(async (signal) => {
    const [alignment, places] = await Promise.all([alignmentEntry(id, { signal }), gateway.alignments.places(id, { signal })])
    return { alignment, places }
  }, [id])
  if (!loaded.data) return coming(id, 'places', loaded, t('Comparing organisation units and attribute options of both sides…'))
  return html`<${Placing} key=${id} id=${id} alignment=${loaded.data.alignment} first=${loaded.data.places} query=${query} session=${session} />`
}

const PLACING = {
  ...PLACES,
  key: (id) => `drawbridge pending places ${id}`,
  read: (id) => gateway.alignments.places(id),
  withSaved: withSavedPlaces,
  withOperations: withPlaceOperations,
}
const HISTORY = { about: (step) => [...step.before, ...step.after].some((one) => isPlaceKind(one.kind)), restoring: restoringPlaces }

/** What was read of the places anew, when it was asked for. */
function useFresh(id, saver, saved, take) {
  const [state, set] = useState({})
  const fresh = useRef()
  const read = async () => {
    set({ loading: true })
    try {
      await saver.flush() // else what is proposed would not go by it
      const found = await PLACING.read(id)
      if (PLACES.versionOf(found) >= PLACES.versionOf(latest.current)) take(fresh.current = found)
      set({})
    } catch (error) {
      set({ error })
    }
  }
  const latest = useRef()
  latest.current = saved
  useEffect(() => { if (saved !== fresh.current && isPartial(saved)) read() }, [saved])
  return { ...state, read }
}

function Placing({ id, alignment, first, query, session }) {
  const kind = ['attribute_option_combo', 'period'].find((one) => one === query.get('of')) ?? 'org_unit'
  const { saved, shown, saver, saving, refused, clearRefused, take } = useSaved(id, first, PLACING)
  const history = useHistory(id, saver, saving, refused, HISTORY)
  const fresh = useFresh(id, saver, saved, take)
  const [at, setAt] = useState({}) // by kind, the row that is looked at
  const known = useRef(new Map()) // places by id that were seen here
  useOthers(id, PLACING, saver, saved, take, () => {
    history.forget()
    say(t('Somebody else changed something: it is shown.'))
  })
  useMemo(() => {
    for (const member of Object.values(PLACE_KINDS)) for (const pair of saved[member].pairs) for (const one of placesIn(pair)) if (!one.unnamed) known.current.set(one.id, one)
  }, [saved])
  const names = useMemo(() => namesOf(session, alignment), [session?.data])
  useEffect(() => { // before, one of them may still be who was signed in last
    if (session?.data && !session.loading) saver.signedIn(names)
  }, [saver, session?.loading, names])

  const to = (one) => `${reviewAddress(id)}/places?of=${one}`
  const open = useMemo(() => Object.fromEntries(Object.entries(PLACE_KINDS).map(([one, member]) => [one, openPlaces(placeRows(shown[member]))])), [shown]) // not for each row that is looked at
  const lookAt = (one, row) => setAt((before) => ({ ...before, [one]: row }))
  const perform = (operation) => {
    clearRefused()
    const places = operation.decisions.flatMap((one) => one.targets ?? []).map((one) => known.current.get(one.id)).filter(Boolean)
    saver.add({ ...operation, ...(places.length && { places }) })
  }
  /** `back`: what brings it back to what it was. */
  const decide = (label, decisions, back, more) => {
    history.add({ label, forward: { decisions }, back: { decisions: back }, kind, focus: decisions.length === 1 ? decisions[0].source : undefined })
    perform({ label, decisions, ...more })
    say(label)
  }
  const travel = (way) => {
    const step = way === 'back' ? history.undo() : history.redo()
    if (!step) return say(way === 'back' ? t('There is nothing to undo') : t('There is nothing to redo'))
    perform({ label: step.label, ...step[way], of: 'places', ...(way === 'back' ? { undo: true } : { redo: true }) })
    say(way === 'back' ? t('Undone: {step}', { step: step.label }) : t('Done again: {step}', { step: step.label }))
    if (step.focus) lookAt(step.kind, step.focus)
    if (isPlaceKind(step.kind) && step.kind !== kind) navigate(to(step.kind))
  }
  return html`<div class="review">
    <${AlignmentHead} id=${id} alignment=${alignment} at="places" saving=${saving} onRetry=${saver.retry} onDrop=${saver.drop} />
    <nav class="kinds" aria-label=${t('What to align')}>${['org_unit', 'attribute_option_combo', 'period'].map((one) => html`<${Link} key=${one} to=${to(one)} aria-current=${one === kind ? 'page' : undefined}>${kindName(one)}${open[one] > 0 && html` <small>${tn('{n} open', '{n} open', open[one])}</small>`}<//>`)}</nav>
    ${saving.problem?.kind === 'conflict' && html`<${Conflicts} problem=${saving.problem} saver=${saver} of=${(one) => ({ theirs: PLACES.pairOf(saved, one), mine: PLACES.pairOf(shown, one) })} />`}
    <${Refused} refused=${refused} />
    <${Problem} error=${fresh.error} again=${fresh.read} />
    ${kind === 'period'
      ? html`<${Periods} rule=${shown.periods} />`
      : html`<${Pairs} key=${kind} id=${id} kind=${kind} alignment=${alignment} wanted=${query.get('state')} second=${shown.second_person} me=${names[0]} member=${shown[PLACE_KINDS[kind]]} version=${saved.version} known=${known} fresh=${fresh} activeId=${at[kind]} onActive=${(row) => lookAt(kind, row)} history=${history.next()} decide=${decide} travel=${travel} />`}
  </div>`
}

/** How many values the org units have, each with all below it: those of its facilities, for a district. */
function useUnitCounts({ server, data_set: set }, kind, rows) {
  const ids = useMemo(() => rows.map((row) => row.id).sort().join(), [rows])
  const wanted = kind === 'org_unit' && set && ids
  const [most, setMost] = useState()
  const found = useLoad(async () => (wanted ? unitCountsOf(server, set.id, ids.split(','), most) : undefined), [ids, most])
  return { ...found, wanted, anyway: () => setMost(Infinity) }
}

function Pairs({ id, kind, alignment, wanted, second, me, member, version, known, fresh, activeId, onActive, history, decide, travel }) {
  const rows = useMemo(() => placeRows(member, second), [member, second])
  const [filter, setFilter] = useState(() => ({ ...NO_PLACE_FILTER, ...((kind === 'org_unit' ? ['unassigned', 'waiting'] : ['waiting']).includes(wanted) && { state: wanted }) }))
  const { source } = alignment
  const values = useUnitCounts(source, kind, rows)
  const counts = values.data?.counts
  const [draft, setDraft] = useState({})
  const [decided, setDecided] = useState(false)
  const [browsing, setBrowsing] = useState(false)
  const [grid, search, targets] = [useRef(), useRef(), useRef()]
  const focusKept = useFocusKept(grid)
  const [keys, setKeys] = useState(() => keySettings(localStore())) // the same in the review
  const [help, setHelp] = useState(false)
  const going = useGoing(id, '/places', grid)
  const hint = (command) => hintOf(command, keys)
  const list = useMemo(() => filterPlaces(rows, filter, counts), [rows, filter, counts])
  const active = Math.max(0, list.findIndex((one) => one.id === activeId))
  const row = list[active]
  const chosen = row && (draft.id === row.id ? draft.target : row.choice)

  const decideRow = (label, decision, onward = true) => {
    const next = list[active + 1] ?? list[active - 1]
    decide(label, [decision], restoringPlace(kind, row))
    setDraft({})
    setDecided(true)
    onActive(onward && next ? next.id : decision.source)
  }
  const go = (index) => {
    const next = list[Math.max(0, Math.min(list.length - 1, index))]
    if (next) onActive(next.id)
    return next
  }
  const { selected, many, select, selectNone, selecting } = useSelection(list, active, go)
  const takeable = many.filter((one) => one.choice && one.state !== 'accepted')
  const decideMany = (label, those, decision) => {
    if (those.length) decide(label(those.length), those.map(decision), those.flatMap((one) => restoringPlace(kind, one)))
    setDecided(true)
    selectNone()
  }
  const name = row?.source.name.slice(0, MOST_OF_A_NAME)
  const accept = () => {
    if (many.length) {
      decideMany((n) => tn('Accepted {n} selected one', 'Accepted {n} selected ones', n), takeable, (one) => acceptPlace(kind, one.id, one.choice))
      return say(leftText(takeable.length, many.length - takeable.length))
    }
    if (!chosen) return say(t('Choose a target first, or say that there is no counterpart'))
    if (row.state === 'accepted' && chosen.id === row.choice?.id) return go(active + 1)
    decideRow(t('Accepted: {name}', { name }), acceptPlace(kind, row.id, chosen))
  }
  /** Nothing is proposed anew by it. */
  const approve = () => {
    const those = (many.length ? many : list.slice(active, active + 1)).filter((one) => one.approvable)
    if (those.length === 0) return say(row?.own && !many.length ? t('You decided it: another person has to approve it') : t('There is nothing here for you to approve'))
    const label = those.length === 1 ? t('Approved: {name}', { name: those[0].source.name.slice(0, MOST_OF_A_NAME) }) : tn('Approved {n}', 'Approved {n}', those.length)
    decide(label, those.map((one) => approvePlace(kind, one.id, me)), those.flatMap((one) => restoringPlace(kind, one)))
    if (many.length) return selectNone()
    const next = list[active + 1] ?? list[active - 1]
    if (next) onActive(next.id)
  }
  const goBack = (way) => {
    setDraft({})
    setDecided(true)
    travel(way)
  }
  const commands = {
    next: () => go(active + 1), previous: () => go(active - 1), 'page-down': () => go(active + 10), 'page-up': () => go(active - 10), first: () => go(0), last: () => go(list.length - 1),
    accept: () => row && accept(),
    reject: () => row && (chosen ? decideRow(t('Rejected: {name}', { name }), rejectPlace(kind, row.id, chosen), false) : say(t('There is nothing to reject'))),
    none: () => (many.length ? decideMany((n) => tn('No counterpart: {n} selected one', 'No counterpart: {n} selected ones', n), many, (one) => nowhere(kind, one.id)) : row && decideRow(t('No counterpart: {name}', { name }), nowhere(kind, row.id))),
    ...selecting,
    approve,
    forget: () => row && decideRow(t('Opened again: {name}', { name }), forgetPlace(kind, row.id), false),
    undo: () => goBack('back'),
    redo: () => goBack('forward'),
    search: () => search.current?.focus(),
    targets: () => targets.current?.focus(),
    go: going.begin,
    help: () => setHelp(true),
  }
  const run = (command) => {
    const digit = /^choose-(\d)$/.exec(command)
    if (!digit) return commands[command]?.()
    const proposal = row?.proposals[digit[1] - 1]
    if (proposal) setDraft({ id: row.id, target: proposal.target })
  }
  const onKeyDown = (event) => {
    const command = commandOf(event, event.target.closest?.('[role="grid"]') ? 'list' : 'detail', keys)
    if (going.leads(event) || !command) return
    event.preventDefault()
    run(command)
  }
  const sure = list.filter((one) => one.sure)
  const unassigned = unassignedPlaces(rows)
  const waiting = waitingPlaces(rows)
  const show = (state) => { setFilter({ ...NO_PLACE_FILTER, state }); grid.current?.focus() }
  const acceptSure = () => {
    const n = sure.length
    decide(tn('Accepted {n} sure one', 'Accepted {n} sure ones', n), sure.map((one) => acceptPlace(kind, one.id, one.choice)), sure.flatMap((one) => restoringPlace(kind, one)), { bulk: true })
    setDecided(true)
  }
  if (!member.told && kind === 'org_unit' && member.none_assigned?.length) return html`<div class="page"><${NoneAssigned} id=${id} alignment=${alignment} sides=${member.none_assigned} version=${version} fresh=${fresh} /></div>`
  if (!member.told) return html`<div class="page"><${Notice} title=${t('One of the sides does not tell which it has')}>${t('The same ids are taken for the same things.')}<//></div>`
  return html`<div class="pairs" ...${focusKept}>
    <div class="bar-tools">
      <div class="row grow"><span>${tn('{n} to look at', '{n} to look at', rows.length)}</span><span class="muted">${tn('{n} more keeps its id', '{n} more keep their id', member.same)}</span>
        ${waiting > 0 && html`<button type="button" class="link" onClick=${() => show('waiting')}>${tn('{n} waits for a second person', '{n} wait for a second person', waiting)}</button>`}</div>
      <div class="row">
        <${Button} onClick=${() => run('undo')} disabled=${!history.undo} title=${history.undo?.label} kbd=${hint('undo')}>${t('Undo')}<//>
        <${Button} onClick=${() => run('redo')} disabled=${!history.redo} title=${history.redo?.label} kbd=${hint('redo')}>${t('Redo')}<//>
        ${sure.length > 0 && html`<${Button} primary onClick=${acceptSure}>${tn('Accept {n} sure one', 'Accept {n} sure ones', sure.length)}<//>`}
      </div>
    </div>
    ${unassigned > 0 && html`<${Notice} tone="warning" title=${unassignedTitle(unassigned)}>
      <p>${unassignedText(unassigned, alignment)} <button type="button" class="link" onClick=${() => show('unassigned')}>${t('Show me')}</button></p>
      <p>${assigning()} ${t('Then go on with the servers as they are:')} <${Link} to="${reviewAddress(id)}/drift">${t('Changes')}<//></p><//>`}
    ${decided && html`<${Notice}><p class="row">${t('What was decided may change what is proposed for others.')} <${Button} small loading=${fresh.loading} onClick=${() => { setDecided(false); fresh.read() }}>${t('Propose again')}<//></p><//>`}
    <div class="filters" role="search" aria-label=${t('Choose what to see')}>
      <div class="field search"><label for="place-search" class="unseen">${t('Search name or code')}</label>
        <input id="place-search" ref=${search} type="search" placeholder=${withHint(t('Search name or code'), hint('search'))} value=${filter.text} onInput=${(event) => setFilter({ ...filter, text: event.target.value })} onKeyDown=${(event) => ['Enter', 'Escape'].includes(event.key) && grid.current?.focus()} /></div>
      <${Select} label=${t('State')} hideLabel value=${filter.state} onChange=${(value) => setFilter({ ...filter, state: value })}>
        <option value="any">${t('Any state')}</option><option value="open">${t('Undecided')}</option><option value="proposed">${t('To review')}</option><option value="nothing">${t('No proposal')}</option><option value="accepted">${t('Accepted')}</option><option value="none">${t('No counterpart')}</option>
        ${kind === 'org_unit' && html`<option value="unassigned">${t('Not assigned')}</option>`}
        ${second && html`<option value="waiting">${t('Waits for a second person')}</option><option value="approval">${t('For me to approve')}</option>`}
      <//>
      ${values.wanted && html`<${Select} label=${t('Order')} hideLabel value=${filter.order} onChange=${(value) => setFilter({ ...filter, order: value })}>
        <option value="proposed">${t('As proposed')}</option><option value="values">${t('Most values first')}</option>
      <//>`}
      <span class="grow"></span><span class="muted" role="status">${tn('{n} shown', '{n} shown', list.length)}</span>
      <${Button} small onClick=${() => setHelp(true)} aria-label=${t('Keys')}>?<//>
    </div>
    ${values.wanted && html`<div class="filters"><${Counted} values=${values} server=${source.server} dataSet=${source.data_set.id} reload=${values.reload} anyway=${values.anyway} /></div>`}
    ${many.length > 0 && html`<${Selection} rows=${many} taken=${takeable.length} hint=${hint} run=${run} />`}
    ${rows.length === 0
      ? html`<div class="page"><div class="empty card"><p>${t('Nothing to decide here: all keep their id.')}</p></div></div>`
      : html`<div class="panes places" onKeyDown=${onKeyDown}>
          ${list.length === 0
            ? html`<div class="empty" tabindex="-1" ref=${grid}><p>${t('Nothing here fits what you chose to see.')}</p><p><${Button} onClick=${() => setFilter(NO_PLACE_FILTER)}>${t('Show everything')}<//></p></div>`
            : html`<${PlaceList} kind=${kind} list=${list} counts=${counts} active=${active} selected=${selected} onSelect=${select} onActivate=${(index) => { go(index); grid.current?.focus() }} gridRef=${grid} />`}
          <section class="detail" aria-label=${t('The row looked at')}>${row && html`<${PlaceDetail} key=${row.id} id=${id} kind=${kind} row=${row} values=${counts?.get(row.id)} chosen=${chosen} run=${run} known=${known} hint=${hint} targetsRef=${targets} browsing=${browsing} onBrowse=${() => setBrowsing(!browsing)}
            pick=${(target) => { setDraft({ id: row.id, target }); grid.current?.focus() }} />`}</section>
        </div>`}
    ${help && html`<${ReviewHelp} only=${KEYS} settings=${keys} onSettings=${(next) => { setKeys(next); keepKeySettings(localStore(), next) }} onClose=${() => { setHelp(false); grid.current?.focus() }} />`}</div>`
}

/** Nothing was read that could have changed since: going on is offered here. */
function NoneAssigned({ id, alignment, sides, version, fresh }) {
  const [state, set] = useState({})
  const goOn = async () => {
    set({ loading: true })
    try {
      await gateway.alignments.carryForward(id, { ifMatch: version, follow: false })
      set({})
      fresh.read()
    } catch (error) {
      set({ error })
    }
  }
  return html`<${Notice} tone="warning" title=${t('Nothing can be sent')}>
      ${sides.map((side) => html`<p key=${side}>${noneAssignedText(alignment, side)}</p>`)}
      <p>${assigning()}</p>
      <p><${Button} small loading=${state.loading || fresh.loading} onClick=${goOn}>${t('Go on with the servers as they are')}<//></p><//>
    <${Problem} error=${state.error} again=${goOn} byHand />`
}

function PlaceList({ kind, list, counts, active, selected, onSelect, onActivate, gridRef }) {
  const columns = [selectColumn(), { id: 'source', title: t('Source'), class: 'c-source' }, { id: 'match', title: t('Match'), class: 'c-match' }, { id: 'target', title: t('Target'), class: 'c-target' }, signsColumn(), { id: 'state', title: t('State'), class: 'c-state' }]
  return html`<${VirtualGrid} id="place" label=${kindName(kind)} columns=${columns} count=${list.length} active=${active} onActivate=${onActivate} gridRef=${gridRef}
    row=${(index) => {
      const row = list[index]
      return {
        id: row.id,
        of: [row, counts],
        class: row.state,
        selected: selected.has(row.id),
        cells: () => [
          html`<${SelectMark} row=${row} on=${selected.has(row.id)} onSelect=${onSelect} />`,
          html`<${Name} class="name" of=${row.source} />${above(row.source, valuesText(counts?.get(row.id)))}`,
          html`<${Confidence} value=${row.confidence} />`,
          row.unassigned ? html`<${Name} class="name" of=${row.unassigned} /><small>⚠ ${t('Not assigned')}</small>` : row.choice ? html`<${Name} class="name" of=${row.choice} />${above(row.choice)}` : html`<span class="muted">${row.state === 'none' ? t('No counterpart') : t('Nothing proposed')}</span>`,
          html`<${Signs} marks=${row.waits ? [['◌', t('Waits for a second person')]] : []} />`,
          stateTag(row.state),
        ],
      }
    }} />`
}
