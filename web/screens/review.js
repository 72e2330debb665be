// The review: a list of what the engine proposes, and beside it the one that is looked at. Decisions are saved as they are made.
import { html, useCallback, useEffect, useMemo, useRef, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { navigate } from '../router.js'
import { Loading, Problem } from '../ui.js'
import { accept, choiceOf, createRows, filterRows, forget, NO_FILTER, needsLook, noCounterpart, progressOf, reject, restoring, reviewOf, sureOnes, withChanges, withDecisions } from '../model/review.js'
import { createHistory } from '../model/history.js'
import { createSaver } from '../model/saver.js'
import { commandOf } from '../model/keys.js'
import { AlignmentHead } from './alignment-head.js'
import { ReviewDetail } from './review-detail.js'
import { Conflicts, ReviewBar, ReviewFilters, ReviewHelp, ReviewList } from './review-list.js'

export function Review({ params, session }) {
  const loaded = useLoad(async (signal) => reviewOf(await gateway.alignments.get(params.alignment, { signal })), [params.alignment])
  if (loaded.error && !loaded.data) return html`<div class="page"><h1>${t('Review')}</h1><${Problem} error=${loaded.error} again=${loaded.reload} /></div>`
  if (!loaded.data) return html`<div class="page"><h1>${t('Review')}</h1><${Loading} what=${t('Loading what corresponds to what…')} /></div>`
  return html`<${Reviewing} key=${params.alignment} id=${params.alignment} first=${loaded.data} session=${session} />`
}

/** The saved review, its saver, and what is shown: the saved one with pending decisions over it. */
function useReview(id, first) {
  const saved = useRef(first)
  const [, draw] = useState(0)
  const [saving, setSaving] = useState({ waiting: 0, sending: false })
  const [refused, setRefused] = useState()
  const saver = useMemo(() => {
    const take = (review) => {
      saved.current = review
      draw((n) => n + 1)
    }
    return createSaver({
      key: `drawbridge pending ${id}`,
      storage: sessionStorage,
      review: () => saved.current,
      send: (decisions, version) => gateway.alignments.decide(id, decisions, { ifMatch: version }),
      reload: async () => reviewOf(await gateway.alignments.get(id)),
      onSaved: (changes) => take(withChanges(saved.current, changes)),
      onReloaded: take,
      onState: (state) => setSaving(state),
      onRefused: (_, error) => setRefused(error),
    })
  }, [id])
  useEffect(() => {
    saver.start()
    if (saver.pending().length) saver.flush()
    const online = () => saver.retry()
    const leave = (event) => saver.pending().length && event.preventDefault()
    addEventListener('online', online)
    addEventListener('beforeunload', leave)
    return () => {
      removeEventListener('online', online)
      removeEventListener('beforeunload', leave)
      saver.flush()
      saver.stop()
    }
  }, [saver])
  const shown = useMemo(() => withDecisions(saved.current, saver.pending()), [saved.current, saving])
  return { saved: saved.current, shown, saver, saving, refused, clearRefused: () => setRefused(undefined) }
}

function Reviewing({ id, first }) {
  const { saved, shown, saver, saving, refused, clearRefused } = useReview(id, first)
  const history = useMemo(createHistory, [id])
  const [filter, setFilter] = useState(NO_FILTER)
  const [activeId, setActiveId] = useState(first.alignment.elements[0]?.source.id)
  const [draft, setDraft] = useState({})
  const [tab, setTab] = useState('candidates')
  const [help, setHelp] = useState(false)
  const [said, say] = useState('')
  const grid = useRef()
  const search = useRef()
  const targets = useRef()

  const rowsFor = useMemo(createRows, [id])
  const rows = useMemo(() => rowsFor(shown), [shown])
  const list = useMemo(() => filterRows(rows, filter), [rows, filter])
  const place = useRef(0)
  const found = list.findIndex((row) => row.id === activeId)
  const active = found >= 0 ? found : Math.min(place.current, Math.max(0, list.length - 1))
  place.current = active
  const row = list[active]
  const chosen = row && draft.id === row.id ? draft.targets : row ? choiceOf(row.element) : []

  const go = (index) => {
    const next = list[Math.max(0, Math.min(list.length - 1, index))]
    if (next) setActiveId(next.id)
    return next
  }
  const perform = useCallback((step, decisions) => {
    clearRefused()
    saver.add({ label: step.label, decisions })
    if (step.focus) setActiveId(step.focus)
  }, [saver])
  const decide = (label, decisions, elements) => {
    const step = { label, forward: decisions, back: elements.flatMap(restoring), focus: elements.length === 1 ? elements[0].source.id : undefined }
    history.add(step)
    perform({ label }, decisions)
  }
  const cellDecided = (decision, back) => {
    history.add({ label: t('One cell'), forward: [decision], back, focus: row.id })
    perform({ label: t('One cell') }, [decision])
  }

  /** Accepts, rejects or marks the active row, and goes on to the next. */
  const decideRow = (label, decision) => {
    decide(label, [decision], [row.element])
    setDraft({})
    say(`${label}: ${row.source.name}`)
  }
  const onward = () => { // under a filter the row may leave the list: then the next one takes its place
    const next = list[active + 1] ?? list[active - 1]
    if (next) setActiveId(next.id)
  }
  const commands = {
    next: () => go(active + 1),
    previous: () => go(active - 1),
    'page-down': () => go(active + 10),
    'page-up': () => go(active - 10),
    first: () => go(0),
    last: () => go(list.length - 1),
    accept: () => {
      if (!row) return
      if (chosen.length === 0) return say(t('Choose a target first, or say that there is no counterpart'))
      decideRow(t('Accepted'), accept(row.id, chosen))
      onward()
    },
    reject: () => {
      if (!row) return
      const away = chosen.length ? chosen : row.element.proposals.slice(0, 1).map((one) => one.target)
      if (away.length === 0) return say(t('There is nothing to reject'))
      const next = row.element.proposals.find((one) => !away.some((target) => target.id === one.target.id))
      decideRow(t('Rejected'), reject(row.id, away))
      setDraft({ id: row.id, targets: next ? [next.target] : [] })
      setActiveId(row.id)
    },
    none: () => {
      if (!row) return
      decideRow(t('No counterpart'), noCounterpart(row.id))
      onward()
    },
    forget: () => row && decideRow(t('Open again'), forget(row.id)),
    undo: () => travel(history.undo(), 'back'),
    redo: () => travel(history.redo(), 'forward'),
    search: () => search.current?.focus(),
    targets: () => { setTab('candidates'); targets.current?.focus() },
    candidates: () => setTab('candidates'),
    why: () => setTab('why'),
    cells: () => setTab('cells'),
    help: () => setHelp(true),
    'next-warning': () => goWarning(1),
    'previous-warning': () => goWarning(-1),
  }
  const travel = (step, way) => {
    if (!step) return say(way === 'back' ? t('There is nothing to undo') : t('There is nothing to redo'))
    setDraft({})
    perform(step, step[way])
    say(way === 'back' ? t('Undone: {step}', { step: step.label }) : t('Done again: {step}', { step: step.label }))
  }
  const goWarning = (direction) => {
    for (let i = active + direction; i >= 0 && i < list.length; i += direction) if (needsLook(list[i])) return go(i)
    say(t('No further warning'))
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
    const command = commandOf(event, event.target.closest?.('[role="grid"]') ? 'list' : 'detail')
    if (!command) return
    event.preventDefault()
    run(command)
  }
  const acceptSure = (threshold) => {
    const { take, left } = sureOnes(list, threshold)
    if (take.length === 0) return
    decide(tn('Accept {n} sure one', 'Accept {n} sure ones', take.length), take.map((one) => accept(one.id, one.choice)), take.map((one) => one.element))
    say([tn('{n} accepted.', '{n} accepted.', take.length), left ? tn('{n} conflict left for you.', '{n} conflicts left for you.', left) : ''].join(' '))
  }
  const { alignment } = shown
  return html`<div class="review">
    <${AlignmentHead} id=${id} alignment=${alignment} at="review" saving=${saving} onRetry=${saver.retry} />
    <${ReviewBar} progress=${useMemo(() => progressOf(rows), [rows])} coverage=${alignment.coverage} history=${history.next()} run=${run} list=${list} onAcceptSure=${acceptSure}
      onConflicts=${() => { setFilter({ ...NO_FILTER, conflicts: true }); grid.current?.focus() }} />
    <${Conflicts} problem=${saving.problem} saver=${saver} saved=${saved} mine=${shown} />
    <${Problem} error=${refused} />
    <${ReviewFilters} filter=${filter} onFilter=${setFilter} rows=${rows} shown=${list.length} searchRef=${search} onHelp=${() => setHelp(true)} onLeave=${() => grid.current?.focus()} />
    <div class="panes" onKeyDown=${onKeyDown}>
      <${ReviewList} list=${list} active=${active} onActivate=${(index) => { go(index); grid.current?.focus() }} gridRef=${grid} onClear=${() => setFilter(NO_FILTER)} />
      <section class="detail" aria-label=${t('The one looked at')}>
        ${row && html`<${ReviewDetail} key=${row.id} review=${shown} row=${row} chosen=${chosen} tab=${tab} onTab=${setTab} run=${run} pick=${pick} onCell=${cellDecided} targetsRef=${targets}
            onTargetChosen=${() => grid.current?.focus()} />`}
      </section>
    </div>
    <p class="unseen" role="status" aria-live="polite">${said}</p>
    ${help && html`<${ReviewHelp} onClose=${() => { setHelp(false); grid.current?.focus() }} />`}
  </div>`
}

export const reviewPath = (id) => `/alignments/${encodeURIComponent(id)}`
export const openReview = (id) => navigate(reviewPath(id))
