// The target's org units as a tree to choose from, for who does not know the name. Each level is asked for when it is opened.
import { html, useEffect, useRef, useState } from '../lib.js'
import { byReader, rightToLeft, t } from '../i18n.js'
import { gateway } from '../api.js'
import { Loading, Name, Problem } from '../ui.js'

const TOP = ''

/** What is shown of it, from the top: [{unit, parent: id, depth, at, of: place among its likes and their number, open}]. */
function visible(levels, open) {
  const list = []
  const walk = (parent, depth) => (levels.get(parent) ?? []).forEach((unit, i, likes) => {
    const isOpen = unit.below > 0 && open.has(unit.id)
    list.push({ unit, parent, depth, at: i + 1, of: likes.length, open: isOpen })
    if (isOpen) walk(unit.id, depth + 1)
  })
  walk(TOP, 1)
  return list
}

export function PlaceTree({ id, chosen, onChoose }) {
  const [levels, setLevels] = useState(new Map())
  const [open, setOpen] = useState(new Set())
  const [activeId, setActiveId] = useState()
  const [failed, setFailed] = useState()
  const tree = useRef()
  const load = async (parent) => {
    setFailed(undefined)
    try {
      const compare = byReader()
      const units = await gateway.alignments.placesBelow(id, parent)
      units.sort((a, b) => compare(a.name, b.name))
      setLevels((before) => new Map(before).set(parent, units))
    } catch (error) {
      setFailed({ error, parent })
    }
  }
  useEffect(() => { load(TOP) }, [id])
  const list = visible(levels, open)
  const active = Math.max(0, list.findIndex((one) => one.unit.id === activeId))
  const at = list[active]
  useEffect(() => { tree.current?.children[active]?.scrollIntoView({ block: 'nearest' }) }, [active])
  const go = (index) => list[index] && setActiveId(list[index].unit.id)
  const unfold = ({ unit }, on) => {
    setOpen((before) => {
      const next = new Set(before)
      if (on) next.add(unit.id)
      else next.delete(unit.id)
      return next
    })
    if (on && !levels.has(unit.id)) load(unit.id)
  }
  const inward = () => (at.unit.below === 0 ? undefined : at.open ? list[active + 1]?.parent === at.unit.id && go(active + 1) : unfold(at, true))
  const outward = () => (at.open ? unfold(at, false) : go(list.findIndex((one) => one.unit.id === at.parent)))
  const keys = {
    ArrowDown: () => go(active + 1), ArrowUp: () => go(active - 1), Home: () => go(0), End: () => go(list.length - 1),
    ArrowRight: () => (rightToLeft() ? outward() : inward()), ArrowLeft: () => (rightToLeft() ? inward() : outward()),
    Enter: () => onChoose(at.unit), ' ': () => onChoose(at.unit),
  }
  const onKeyDown = (event) => {
    if (!keys[event.key] || !at || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    event.stopPropagation()
    keys[event.key]()
  }
  return html`<${Problem} error=${failed?.error} again=${() => load(failed.parent)} />
    ${!levels.has(TOP) && !failed && html`<${Loading} />`}
    ${levels.has(TOP) && html`<ul class="unit-tree" role="tree" tabindex="0" ref=${tree} aria-label=${t('Organisation units of the target')} aria-activedescendant=${at && `tree-${at.unit.id}`} onKeyDown=${onKeyDown}>
      ${list.map((one, i) => html`<li key=${one.unit.id} id="tree-${one.unit.id}" role="treeitem" aria-level=${one.depth} aria-posinset=${one.at} aria-setsize=${one.of} aria-expanded=${one.unit.below > 0 ? String(one.open) : undefined} aria-selected=${one.unit.id === chosen ? 'true' : 'false'}
          class=${i === active ? 'at' : ''} style=${{ paddingInlineStart: `${one.depth * 16}px` }} onClick=${() => { setActiveId(one.unit.id); onChoose(one.unit) }}>
        <span class="twist" aria-hidden="true" onClick=${(event) => { event.stopPropagation(); setActiveId(one.unit.id); unfold(one, !one.open) }}>${one.unit.below > 0 ? (one.open ? '▾' : rightToLeft() ? '◂' : '▸') : ''}</span>
        <${Name} of=${one.unit} />${one.unit.assigned === false && html` <small>${t('Not assigned')}</small>`}</li>`)}
    </ul>`}`
}
