// Org units, attribute options and periods: what each of the source is at the target, as proposed and as people decided. A run goes by it.
import { html, useEffect, useMemo, useRef, useState } from '../lib.js'
import { t, time, tn } from '../i18n.js'
import { alignmentEntry, gateway, useLoad } from '../api.js'
import { useFocusKept } from '../focus.js'
import { localStore } from '../local-store.js'
import { Link } from '../router.js'
import { Button, Confidence, Loading, Name, Notice, Problem, Select, Tag } from '../ui.js'
import { Combobox } from '../combobox.js'
import { VirtualGrid } from '../vlist.js'
import { reviewAddress } from '../model/address.js'
import { commandOf, hintOf, keySettings } from '../model/keys.js'
import { periodTypeName } from '../model/period-types.js'
import { acceptPlace, filterPlaces, forgetPlace, NO_PLACE_FILTER, nowhere, openPlaces, periodExample, placeRows, placesIn, rejectPlace, restoringPlace, unassignedPlaces, withPlaceDecisions } from '../model/places.js'
import { periodReason, placeReason } from '../model/reasons.js'
import { periodText } from '../period-text.js'
import { unitCountsOf } from '../value-counts.js'
import { AlignmentHead, noneAssignedText, Undecided, unassignedText, unassignedTitle } from './alignment-head.js'
import { Counted } from './counted.js'
import { stateTag, withHint } from './review-list.js'

const SEARCH_PAUSE = 250
const MEMBERS = { org_unit: 'org_units', attribute_option_combo: 'attribute_option_combos' }

const kindName = (kind) => ({ org_unit: () => t('Organisation units'), attribute_option_combo: () => t('Attribute options'), period: () => t('Periods') })[kind]()

export function Places({ params, query }) {
  const id = params.alignment
  const kind = ['attribute_option_combo', 'period'].find((one) => one === query.get('of')) ?? 'org_unit'
  const loaded = useLoad(async (signal) => {
    const [alignment, places] = await Promise.all([alignmentEntry(id, { signal }), gateway.alignments.places(id, { signal })])
    return { alignment, places }
  }, [id])
  if (!loaded.data)
    return html`<div class="page"><h1>${t('Units and periods')}</h1><${Problem} error=${loaded.error} again=${loaded.reload} />${loaded.loading && html`<${Loading} what=${t('Comparing organisation units and attribute options of both sides…')} />`}</div>`
  const { alignment, places } = loaded.data
  const to = (one) => `${reviewAddress(id)}/places?of=${one}`
  const open = (one) => (MEMBERS[one] ? openPlaces(places[MEMBERS[one]]) : 0)
  return html`<div class="review">
    <${AlignmentHead} id=${id} alignment=${alignment} at="places" />
    <nav class="kinds" aria-label=${t('What to align')}>${['org_unit', 'attribute_option_combo', 'period'].map((one) => html`<${Link} key=${one} to=${to(one)} aria-current=${one === kind ? 'page' : undefined}>${kindName(one)}${open(one) > 0 && html` <small>${tn('{n} open', '{n} open', open(one))}</small>`}<//>`)}</nav>
    ${loaded.error && html`<${Problem} error=${loaded.error} again=${loaded.reload} />`}
    ${kind === 'period'
      ? html`<${Periods} rule=${places.periods} />`
      : html`<${Pairs} key=${kind} id=${id} kind=${kind} alignment=${alignment} wanted=${query.get('state')} places=${places} loading=${loaded.loading} onPlaces=${(next) => loaded.set({ alignment, places: next })} onAgain=${loaded.reload} />`}
  </div>`
}

function Periods({ rule }) {
  const example = periodExample(rule)
  return html`<div class="page"><section class="card" aria-labelledby="periods">
    <h2 id="periods">${rule.source && rule.target && rule.source !== rule.target ? t('{from} becomes {to}', { from: periodTypeName(rule.source), to: periodTypeName(rule.target) }) : t('Periods')}</h2>
    <${Notice} tone=${rule.conversion === 'cannot' ? 'warning' : 'info'}>${periodReason(rule)}<//>
    ${example && html`<p>${t('For example:')} <b><bdi>${example.from.join(' + ')}</bdi></b> <span aria-hidden="true" class="arrow">→</span><span class="unseen">${t('to')}</span> <b><bdi>${example.to}</bdi></b> <span class="muted">(${periodText(example.to)})</span></p>`}
    <p class="muted">${t('This follows from the two data sets; there is nothing to decide.')}</p>
  </section></div>`
}

function above(place, more) {
  const where = place?.above || place?.code
  return where || more ? html`<small>${where && html`<bdi>${where}</bdi>`}${where && more && ' · '}${more}</small>` : ''
}
const valuesText = (n) => n !== undefined && tn('{n} value', '{n} values', n)

/** How many values the org units have, each with all below it: those of its facilities, for a district. */
function useUnitCounts({ server, data_set: set }, kind, rows) {
  const ids = useMemo(() => rows.map((row) => row.id).sort().join(), [rows])
  const wanted = kind === 'org_unit' && set && ids
  const [most, setMost] = useState()
  const found = useLoad(async () => (wanted ? unitCountsOf(server, set.id, ids.split(','), most) : undefined), [ids, most])
  return { ...found, wanted, anyway: () => setMost(Infinity) }
}

function Pairs({ id, kind, alignment, wanted, places, loading, onPlaces, onAgain }) {
  const member = places[MEMBERS[kind]]
  const rows = useMemo(() => placeRows(member), [member])
  const [filter, setFilter] = useState(() => ({ ...NO_PLACE_FILTER, ...(kind === 'org_unit' && wanted === 'unassigned' && { state: wanted }) }))
  const { source } = alignment
  const values = useUnitCounts(source, kind, rows)
  const counts = values.data?.counts
  const [activeId, setActiveId] = useState()
  const [undoable, setUndoable] = useState([])
  const [draft, setDraft] = useState({})
  const [state, set] = useState({})
  const [said, say] = useState('')
  const known = useRef(new Map()) // places by id that were seen here
  useMemo(() => {
    for (const pair of member.pairs) for (const one of placesIn(pair)) if (one.name !== one.id) known.current.set(one.id, one)
  }, [member])
  const [grid, search, targets] = [useRef(), useRef(), useRef()]
  const focusKept = useFocusKept(grid)
  const keys = useMemo(() => keySettings(localStore()), []) // as they were chosen in the review
  const hint = (command) => hintOf(command, keys)
  const list = useMemo(() => filterPlaces(rows, filter, counts), [rows, filter, counts])
  const active = Math.max(0, list.findIndex((one) => one.id === activeId))
  const row = list[active]
  const chosen = row && (draft.id === row.id ? draft.target : row.choice)

  const decide = async (decisions, back) => {
    set({ saving: true })
    try {
      const changes = await gateway.alignments.decide(id, decisions, { ifMatch: places.version })
      onPlaces({ ...places, version: changes.version, [MEMBERS[kind]]: withPlaceDecisions(member, decisions, known.current) })
      setUndoable((before) => (back ? [...before, back] : before.slice(0, -1)))
      setDraft({})
      set({ decided: true })
      return true
    } catch (error) {
      if (error.code === 'changed_meanwhile') onAgain()
      set({ error, retry: () => decide(decisions, back) })
      return false
    }
  }
  const decideRow = async (label, decision, onward = true) => {
    const next = list[active + 1] ?? list[active - 1]
    const name = row.source.name
    if (!(await decide([decision], restoringPlace(kind, row)))) return
    say(`${label}: ${name}`)
    setActiveId(onward && next ? next.id : decision.source)
  }
  const go = (index) => list[index] && setActiveId(list[index].id)
  const commands = {
    next: () => go(active + 1), previous: () => go(active - 1), 'page-down': () => go(Math.min(active + 10, list.length - 1)), 'page-up': () => go(Math.max(active - 10, 0)), first: () => go(0), last: () => go(list.length - 1),
    accept: () => row && (chosen ? decideRow(t('Accepted'), acceptPlace(kind, row.id, chosen)) : say(t('Choose a target first, or say that there is no counterpart'))),
    reject: () => row && (chosen ? decideRow(t('Rejected'), rejectPlace(kind, row.id, chosen), false) : say(t('There is nothing to reject'))),
    none: () => row && decideRow(t('No counterpart'), nowhere(kind, row.id)),
    forget: () => row && decideRow(t('Open again'), forgetPlace(kind, row.id), false),
    undo: () => (undoable.length ? decide(undoable.at(-1)) : say(t('There is nothing to undo'))),
    search: () => search.current?.focus(),
    targets: () => targets.current?.focus(),
  }
  const run = (command) => {
    if (state.saving) return
    const digit = /^choose-(\d)$/.exec(command)
    if (!digit) return commands[command]?.()
    const proposal = row?.proposals[digit[1] - 1]
    if (proposal) setDraft({ id: row.id, target: proposal.target })
  }
  const onKeyDown = (event) => {
    const command = commandOf(event, event.target.closest?.('[role="grid"]') ? 'list' : 'detail', keys)
    if (!command) return
    event.preventDefault()
    run(command)
  }
  const sure = list.filter((one) => one.sure)
  const unassigned = unassignedPlaces(rows)
  const acceptSure = async () => {
    const back = sure.flatMap((one) => restoringPlace(kind, one))
    const n = sure.length
    if (await decide(sure.map((one) => acceptPlace(kind, one.id, one.choice)), back)) say(tn('{n} accepted.', '{n} accepted.', n))
  }
  if (!member.told && kind === 'org_unit' && member.none_assigned?.length) return html`<div class="page"><${NoneAssigned} id=${id} alignment=${alignment} sides=${member.none_assigned} version=${places.version} onAgain=${onAgain} loading=${loading} /></div>`
  if (!member.told) return html`<div class="page"><${Notice} title=${t('One of the sides does not tell which it has')}>${t('The same ids are taken for the same things.')}<//></div>`
  return html`<div class="pairs" ...${focusKept}>
    <div class="bar-tools">
      <div class="row grow"><span>${tn('{n} to look at', '{n} to look at', rows.length)}</span><span class="muted">${tn('{n} more keeps its id', '{n} more keep their id', member.same)}</span></div>
      <div class="row">
        <${Button} onClick=${() => run('undo')} disabled=${undoable.length === 0 || state.saving} kbd=${hint('undo')}>${t('Undo')}<//>
        ${sure.length > 0 && html`<${Button} primary disabled=${state.saving} onClick=${acceptSure}>${tn('Accept {n} sure one', 'Accept {n} sure ones', sure.length)}<//>`}
      </div>
    </div>
    <${Undecided} error=${state.error} again=${state.retry} />
    ${unassigned > 0 && html`<${Notice} tone="warning" title=${unassignedTitle(unassigned)}>
      <p>${unassignedText(unassigned, alignment)} <button type="button" class="link" onClick=${() => { setFilter({ ...NO_PLACE_FILTER, state: 'unassigned' }); grid.current?.focus() }}>${t('Show me')}</button></p>
      <p>${assigning()} ${t('Then go on with the servers as they are:')} <${Link} to="${reviewAddress(id)}/drift">${t('Changes')}<//></p><//>`}
    ${state.decided && html`<${Notice}><p class="row">${t('What was decided may change what is proposed for others.')} <${Button} small loading=${loading} onClick=${() => { set({}); onAgain() }}>${t('Propose again')}<//></p><//>`}
    <div class="filters" role="search" aria-label=${t('Choose what to see')}>
      <div class="field search"><label for="place-search" class="unseen">${t('Search name or code')}</label>
        <input id="place-search" ref=${search} type="search" placeholder=${withHint(t('Search name or code'), hint('search'))} value=${filter.text} onInput=${(event) => setFilter({ ...filter, text: event.target.value })} onKeyDown=${(event) => ['Enter', 'Escape'].includes(event.key) && grid.current?.focus()} /></div>
      <${Select} label=${t('State')} hideLabel value=${filter.state} onChange=${(value) => setFilter({ ...filter, state: value })}>
        <option value="any">${t('Any state')}</option><option value="open">${t('Undecided')}</option><option value="proposed">${t('To review')}</option><option value="nothing">${t('No proposal')}</option><option value="accepted">${t('Accepted')}</option><option value="none">${t('No counterpart')}</option>
        ${kind === 'org_unit' && html`<option value="unassigned">${t('Not assigned')}</option>`}
      <//>
      ${values.wanted && html`<${Select} label=${t('Order')} hideLabel value=${filter.order} onChange=${(value) => setFilter({ ...filter, order: value })}>
        <option value="proposed">${t('As proposed')}</option><option value="values">${t('Most values first')}</option>
      <//>`}
      <span class="grow"></span><span class="muted" role="status">${tn('{n} shown', '{n} shown', list.length)}</span>
    </div>
    ${values.wanted && html`<div class="filters"><${Counted} values=${values} server=${source.server} dataSet=${source.data_set.id} reload=${values.reload} anyway=${values.anyway} /></div>`}
    ${rows.length === 0
      ? html`<div class="page"><div class="empty card"><p>${t('Nothing to decide here: all keep their id.')}</p></div></div>`
      : html`<div class="panes places" onKeyDown=${onKeyDown}>
          ${list.length === 0
            ? html`<div class="empty" tabindex="-1" ref=${grid}><p>${t('Nothing here fits what you chose to see.')}</p><p><${Button} onClick=${() => setFilter(NO_PLACE_FILTER)}>${t('Show everything')}<//></p></div>`
            : html`<${PlaceList} kind=${kind} list=${list} counts=${counts} active=${active} onActivate=${(index) => { go(index); grid.current?.focus() }} gridRef=${grid} />`}
          <section class="detail" aria-label=${t('The row looked at')}>${row && html`<${PlaceDetail} key=${row.id} id=${id} kind=${kind} row=${row} values=${counts?.get(row.id)} chosen=${chosen} saving=${state.saving} run=${run} known=${known} hint=${hint} targetsRef=${targets}
            pick=${(target) => { setDraft({ id: row.id, target }); grid.current?.focus() }} />`}</section>
        </div>`}
    <p class="unseen" role="status" aria-live="polite">${said}</p></div>`
}

/** Nothing was read that could have changed since: going on is offered here. */
function NoneAssigned({ id, alignment, sides, version, onAgain, loading }) {
  const [state, set] = useState({})
  const goOn = async () => {
    set({ loading: true })
    try {
      await gateway.alignments.carryForward(id, { ifMatch: version, follow: false })
      set({})
      onAgain()
    } catch (error) {
      set({ error })
    }
  }
  return html`<${Notice} tone="warning" title=${t('Nothing can be sent')}>
      ${sides.map((side) => html`<p key=${side}>${noneAssignedText(alignment, side)}</p>`)}
      <p>${assigning()}</p>
      <p><${Button} small loading=${state.loading || loading} onClick=${goOn}>${t('Go on with the servers as they are')}<//></p><//>
    <${Problem} error=${state.error} again=${goOn} byHand />`
}

const assigning = () => t('In the Maintenance app (from 2.42 on: Metadata Management): {where}', { where: t('data set, organisation units.') })

function PlaceList({ kind, list, counts, active, onActivate, gridRef }) {
  const columns = [{ id: 'source', title: t('Source'), class: 'c-source' }, { id: 'match', title: t('Match'), class: 'c-match' }, { id: 'target', title: t('Target'), class: 'c-target' }, { id: 'state', title: t('State'), class: 'c-state' }]
  return html`<${VirtualGrid} id="place" label=${kindName(kind)} columns=${columns} count=${list.length} active=${active} onActivate=${onActivate} gridRef=${gridRef}
    row=${(index) => {
      const row = list[index]
      return {
        id: row.id,
        of: [row, counts],
        class: row.state,
        cells: () => [
          html`<${Name} class="name" of=${row.source} />${above(row.source, valuesText(counts?.get(row.id)))}`,
          html`<${Confidence} value=${row.confidence} />`,
          row.unassigned ? html`<${Name} class="name" of=${row.unassigned} /><small>⚠ ${t('Not assigned')}</small>` : row.choice ? html`<${Name} class="name" of=${row.choice} />${above(row.choice)}` : html`<span class="muted">${row.state === 'none' ? t('No counterpart') : t('Nothing proposed')}</span>`,
          stateTag(row.state),
        ],
      }
    }} />`
}

/** Options that drawbridge finds for what is typed; what was found before stays until then. */
function useSearch(id, kind, known) {
  const [found, setFound] = useState({ options: [] })
  const [text, setText] = useState()
  useEffect(() => {
    if (text === undefined) return undefined
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const options = await gateway.alignments.placeTargets(id, kind, text, { signal: stop.signal })
        for (const one of options) known.current.set(one.id, one)
        setFound({ options: options.map((one) => ({ ...one, code: one.above ?? one.code })) })
      } catch (error) {
        if (!stop.signal.aborted) setFound({ options: [], error })
      }
    }, SEARCH_PAUSE)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text, kind, id])
  return { ...found, search: (wanted) => { if (wanted !== text) queueMicrotask(() => setText(wanted)); return found.options } }
}

function PlaceDetail({ id, kind, row, values, chosen, saving, run, known, hint, targetsRef, pick }) {
  const found = useSearch(id, kind, known)
  const { decision, proposals } = row
  const decided = row.state === 'accepted' || row.state === 'none'
  return html`
    <div class="title"><h2><${Name} of=${row.source} /></h2>${stateTag(row.state)}</div>
    <p class="muted meta"><bdi>${[row.source.above, row.source.code].filter(Boolean).join(' · ')}</bdi></p>
    ${kind === 'org_unit' && html`<p class="muted meta counted">${values !== undefined && tn('{n} value in the last 12 months, with all below it', '{n} values in the last 12 months, with all below it', values)}</p>`}
    ${decision.by && html`<p class="muted meta">${t('Decided by {who}, {when}', { who: decision.by, when: decision.at ? time(decision.at) : '' })}</p>`}
    ${(row.reasons.length > 0 || row.unassigned) && html`<${Notice} tone="warning"><p>${row.reasons.length ? placeReason(row) : t("The target's data set is not assigned to {name}", { name: row.unassigned.name })}</p>
      ${row.unassigned && html`<p>${t('Nothing can be sent there until it is.')} ${assigning()}</p>`}
      ${kind === 'org_unit' && row.reasons.some((one) => one.code === 'nothing_alike') && html`<p>${t('The target does not have it, or its data set is not assigned to it.')}</p>`}<//>`}
    <div class="targets">
      ${chosen && html`<ul class="chips" aria-label=${t('Chosen targets')}><li><${Name} of=${chosen} /></li></ul>`}
      <${Combobox} label=${t('Another one of the target')} placeholder=${withHint(t('Search the target'), hint('targets'))} inputRef=${targetsRef} chosen=${chosen ? [chosen.id] : []} search=${found.search} onChoose=${(option) => pick(known.current.get(option.id) ?? option)} />
      <${Problem} error=${found.error} />
    </div>
    <div class="row decide">
      <${Button} primary onClick=${() => run('accept')} disabled=${!chosen || saving || (row.state === 'accepted' && chosen.id === row.choice?.id)} kbd=${hint('accept')}>${t('Accept')}<//>
      <${Button} onClick=${() => run('reject')} disabled=${!chosen || saving || decided} kbd=${hint('reject')}>${t('Reject')}<//>
      <${Button} onClick=${() => run('none')} disabled=${row.state === 'none' || saving} kbd=${hint('none')}>${t('No counterpart')}<//>
      ${(decided || decision.rejected.length > 0) && html`<${Button} onClick=${() => run('forget')} disabled=${saving}>${t('Open again')}<//>`}
    </div>
    <h3>${t('Candidates')}</h3>
    ${proposals.length === 0
      ? html`<p class="muted">${decided ? t('Open it again to see what is proposed.') : t('Nothing comes close. Search the target, or say that there is no counterpart.')}</p>`
      : html`<ol class="candidates">${proposals.map((one, i) => html`<li key=${one.target.id}><button type="button" aria-pressed=${chosen?.id === one.target.id ? 'true' : 'false'} onClick=${() => pick(one.target)}>
          ${i < 5 && html`<kbd aria-hidden="true">${i + 1}</kbd>`}<span class="grow"><${Name} class="name" of=${one.target} />${above(one.target)}<small>${placeReason(one)}</small></span>
          ${one.decision === 'auto' && html`<${Tag} tone="positive">${t('Sure')}<//>`}<${Confidence} value=${one.confidence} /></button></li>`)}</ol>`}
    ${decision.rejected.length > 0 && html`<p class="muted">${t('Rejected:')} ${decision.rejected.map((one, i) => html`${i > 0 && ', '}<${Name} of=${one} />`)}</p>`}`
}
