// What to send: periods, organisation units, which pairs. First a check at the target that writes nothing, then the real thing from the run's own screen.
import { html, useId, useLayoutEffect, useMemo, useRef, useState } from '../lib.js'
import { region, number, t, tn } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link, navigate } from '../router.js'
import { Button, Field, Loading, Name, Notice, Problem } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { lastPeriods, periodName } from '../model/periods.js'
import { PLACE_KINDS } from '../model/place-kinds.js'
import { placeRows } from '../model/places.js'
import { stateOf, toggle, treeOf, visible } from '../model/units.js'
import { AlignmentHead, coming } from './alignment-head.js'

const SHOWN_PERIODS = 12
const MORE_PERIODS = 60

export function Send({ params }) {
  const id = params.alignment
  const alignment = useLoad((signal) => gateway.alignments.get(id, { signal }), [id])
  if (!alignment.data) return coming(id, 'send', alignment)
  return html`<${AlignmentHead} id=${id} alignment=${alignment.data} at="send" /><${Choosing} key=${id} id=${id} alignment=${alignment.data} />`
}

/** Accepted ones that nothing is sent for yet. */
const placesWaiting = (places) => Object.values(PLACE_KINDS).flatMap((member) => placeRows(places[member], places.second_person)).filter((row) => row.waits && row.state === 'accepted').length

function Choosing({ id, alignment }) {
  const { source, target, coverage } = alignment
  const type = target.data_set?.period_type // what is sent; the run reads the source's periods in it
  const units = useLoad((signal) => gateway.orgUnits(source.server, source.data_set.id, { signal }), [id])
  const tree = useMemo(() => units.data && treeOf(units.data), [units.data])
  const [periods, setPeriods] = useState(() => new Set(lastPeriods(type, 1).map((one) => one.id)))
  const [chosen, setChosen] = useState(new Set())
  const [sure, setSure] = useState(false)
  const [more, setMore] = useState({})
  const [state, set] = useState({})
  const asked = useRef({}) // the last order with its key: asked for again it is the same run, and another order never is
  useLayoutEffect(() => { // before anybody can choose otherwise
    if (tree) setChosen(new Set(tree.byId.keys()))
  }, [tree])
  const sureOnes = alignment.elements.filter((one) => one.decision.state === 'proposed' && one.proposals.some((proposal) => proposal.decision === 'auto')).length
  const waiting = alignment.second_person ? alignment.elements.filter(({ decision }) => decision.state === 'accepted' && !decision.approved_by).length : 0
  const waitingPlaces = useLoad(async (signal) => (alignment.second_person ? placesWaiting(await gateway.alignments.places(id, { signal })) : 0), [id])
  const sending = coverage.accepted + (sure ? sureOnes : 0)
  const start = async () => {
    set({ loading: true })
    const order = { alignment: id, periods: [...periods], org_units: [...chosen], dry_run: true, accept: sure ? ['accepted', 'auto'] : ['accepted'], ...more }
    const text = JSON.stringify(order)
    if (asked.current.text !== text) asked.current = { text, key: crypto.randomUUID() }
    try {
      const run = await gateway.runs.start(order, { key: asked.current.key })
      navigate(`/runs/${run.id}`)
    } catch (error) {
      set({ error })
    }
  }
  return html`<div class="page">
    <div class="cards">
      <${Periods} type=${type} chosen=${periods} onChange=${setPeriods} />
      <${Units} units=${units} tree=${tree} chosen=${chosen} onChange=${setChosen} server=${source.server} />
    </div>
    <fieldset class="card"><legend><h2>${t('Which data elements')}</h2></legend>
      <label class="check"><input type="radio" name="accept" checked=${!sure} onChange=${() => setSure(false)} />${tn('Only what was accepted: {n} data element', 'Only what was accepted: {n} data elements', coverage.accepted)}</label>
      <label class="check"><input type="radio" name="accept" checked=${sure} onChange=${() => setSure(true)} />${tn('Also what the engine is sure of: {n} more', 'Also what the engine is sure of: {n} more', sureOnes)}</label>
      ${waiting > 0 && html`<${Notice} tone="warning" title=${tn('{n} accepted data element waits for a second person', '{n} accepted data elements wait for a second person', waiting)}>${t('Nothing of it is sent before another person has approved it in the review.')} <${Link} to=${reviewAddress(id)}>${t('Go to the review')}<//><//>`}
      ${waitingPlaces.data > 0 && html`<${Notice} tone="warning" title=${tn('{n} organisation unit or attribute option waits for a second person', '{n} organisation units and attribute options wait for a second person', waitingPlaces.data)}>${t('None of their values is sent before another person has approved it.')} <${Link} to="${reviewAddress(id)}/places?state=waiting">${t('Units and periods')}<//><//>`}
      <${Problem} error=${waitingPlaces.error} again=${waitingPlaces.reload} />
      ${sending === 0 && html`<${Notice} tone="warning" title=${t('Nothing is accepted yet')}><${Link} to=${reviewAddress(id)}>${t('Go to the review')}<//><//>`}
    </fieldset>
    <${More} more=${more} onChange=${setMore} />
    <${Problem} error=${state.error} again=${start} byHand />
    <div class="row end">
      <span class="muted">${t('This writes nothing: the target only checks what it would be sent.')}</span>
      <${Button} primary loading=${state.loading} disabled=${periods.size === 0 || chosen.size === 0 || sending === 0} onClick=${start}>
        ${t('Check {periods} for {units}', { periods: tn('{n} period', '{n} periods', periods.size), units: tn('{n} organisation unit', '{n} organisation units', chosen.size) })}<//>
    </div>
  </div>`
}

/** What few ask for; a member of the order stands only where it is asked for. */
function More({ more, onChange }) {
  const set = (name, value) => {
    const { [name]: before, ...rest } = more
    onChange(value ? { ...rest, [name]: value } : rest)
  }
  const analytics = more.read !== undefined
  const untold = [more.changed_since, more.deletions, more.comments].some(Boolean) // by analytics
  const box = (name, text, value = true, off = false) => html`<label class="check"><input type="checkbox" disabled=${off} checked=${more[name] === value} onChange=${(event) => set(name, event.target.checked && value)} />${text}</label>`
  return html`<details class="card"><summary>${t('More choices')}</summary>
    <${Field} label=${t('Only what changed at the source since')} type="date" value=${more.changed_since ?? ''} disabled=${analytics} onInput=${(value) => set('changed_since', value)} help=${t('Left empty: all values of the periods')} />
    ${box('deletions', t('Delete at the target what was deleted at the source'), 'delete', analytics)}
    ${box('read', t('Read from analytics, where the source does not give the values themselves'), 'analytics', untold)}
    <p class="muted">${t('Analytics tells nothing of changes, deletions and comments: it cannot be read together with those choices.')}</p>
    ${box('comments', t('Take comments and follow-up marks along'), 'carry', analytics)}
    ${box('check_min_max', t('Hold back what is outside of the min and max values of the target'))}
    ${box('unknown_units', t('Skip organisation units that the target does not have: their values are listed, not refused'), 'skip')}
    ${box('wait', t('Wait where another run is writing to the same data set and period'))}
  </details>`
}

function Periods({ type, chosen, onChange }) {
  const [count, setCount] = useState(SHOWN_PERIODS)
  const id = useId()
  const list = useMemo(() => lastPeriods(type, count), [type, count])
  const set = (period, on) => {
    const next = new Set(chosen)
    if (on) next.add(period)
    else next.delete(period)
    onChange(next)
  }
  const last = type === 'Monthly' ? t('Last month') : t('Last period')
  if (list.length === 0) return html`<section class="card"><h2>${t('Periods')}</h2><${TypedPeriods} type=${type} onChange=${onChange} /></section>`
  return html`<section class="card" aria-labelledby=${id}>
    <div class="title"><h2 id=${id}>${t('Periods')}</h2><span class="muted">${tn('{n} chosen', '{n} chosen', chosen.size)}</span></div>
    <p class="row"><${Button} small onClick=${() => onChange(new Set([list[0].id]))}>${last}<//>
      <${Button} small onClick=${() => onChange(new Set(list.slice(0, SHOWN_PERIODS).map((one) => one.id)))}>${tn('All {n}', 'All {n}', Math.min(SHOWN_PERIODS, list.length))}<//></p>
    <fieldset class="choices"><legend class="unseen">${t('Periods')}</legend>
      ${list.map((one) => html`<label key=${one.id} class="check"><input type="checkbox" checked=${chosen.has(one.id)} onChange=${(event) => set(one.id, event.target.checked)} />${periodName(type, one, region())} <small class="muted">${one.id}</small></label>`)}
    </fieldset>
    ${count < MORE_PERIODS && html`<p><${Button} small onClick=${() => setCount(MORE_PERIODS)}>${t('Show earlier ones')}<//></p>`}
  </section>`
}

/** A period type that the page does not know: as DHIS2 writes them. */
function TypedPeriods({ type, onChange }) {
  const [text, setText] = useState('')
  const read = (value) => {
    setText(value)
    onChange(new Set(value.split(/[\s,;]+/).filter(Boolean)))
  }
  return html`<${Field} label=${t('Periods of type {type}, as DHIS2 writes them', { type: type ?? '?' })} help=${t('Several with commas between them')} value=${text} onInput=${read} spellcheck="false" />`
}

function Units({ units, tree, chosen, onChange, server }) {
  const [open, setOpen] = useState(new Set())
  const [text, setText] = useState('')
  const id = useId()
  useLayoutEffect(() => {
    if (tree) setOpen(new Set(tree.roots.map((one) => one.id)))
  }, [tree])
  const nodes = tree ? visible(tree, open, text) : []
  const flip = (node) => setOpen((before) => {
    const next = new Set(before)
    if (!next.delete(node.id)) next.add(node.id)
    return next
  })
  return html`<section class="card" aria-labelledby=${id}>
    <div class="title"><h2 id=${id}>${t('Organisation units')}</h2>${tree && html`<span class="muted">${tn('{n} of {all} chosen', '{n} of {all} chosen', chosen.size, { all: tree.byId.size })}</span>`}</div>
    <${Problem} error=${units.error} again=${units.reload} server=${server} />
    ${units.loading && html`<${Loading} what=${t('Asking where the data set is used…')} />`}
    ${tree && html`<p class="row"><${Button} small onClick=${() => onChange(new Set(tree.byId.keys()))}>${t('All')}<//><${Button} small onClick=${() => onChange(new Set())}>${t('None')}<//></p>
    ${tree.byId.size > 12 && html`<${Field} label=${t('Search organisation units')} type="search" value=${text} onInput=${setText} />`}
    ${tree.byId.size === 0 && html`<${Notice} tone="warning" title=${t('The data set is assigned to no organisation unit that you can see')} />`}
    <fieldset class="choices tree"><legend class="unseen">${t('Organisation units')}</legend>
      ${nodes.slice(0, 500).map((node) => html`<${UnitRow} key=${node.id} node=${node} state=${stateOf(chosen, node)} open=${open.has(node.id) || text.trim() !== ''} onFlip=${() => flip(node)} onToggle=${(on) => onChange(toggle(chosen, node, on))} />`)}
      ${nodes.length > 500 && html`<p class="muted">${tn('{n} more: search for it', '{n} more: search for them', nodes.length - 500)}</p>`}
    </fieldset>`}
  </section>`
}

function UnitRow({ node, state, open, onFlip, onToggle }) {
  const below = node.below > 0
  return html`<div class="unit depth-${Math.min(node.depth, 6)}">
    ${below ? html`<button type="button" class="flip" aria-expanded=${open ? 'true' : 'false'} aria-label=${t('What is below {name}', { name: node.name })} onClick=${onFlip}>${open ? '▾' : '▸'}</button>` : html`<span class="flip"></span>`}
    <label class="check"><input type="checkbox" checked=${state === 'all'} ref=${(box) => box && (box.indeterminate = state === 'some')} onChange=${(event) => onToggle(event.target.checked)} /><${Name} of=${node.name} />
      ${below && html`<small class="muted">${number(node.below)}</small>`}</label>
  </div>`
}
