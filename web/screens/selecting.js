// Which rows of a list are selected: by Space, by Shift with an arrow, and by a mark in front of each.
import { html, useMemo, useState } from '../lib.js'
import { t } from '../i18n.js'

/** `many`: those of `list` that are selected. `go(index)` makes a row the active one, and gives it. */
export function useSelection(list, active, go) {
  const [selected, setSelected] = useState(new Set())
  const many = useMemo(() => (selected.size ? list.filter((one) => selected.has(one.id)) : []), [list, selected])
  const select = (one, on) => setSelected((before) => {
    const next = new Set(before)
    if (on ?? !next.has(one.id)) next.add(one.id)
    else next.delete(one.id)
    return next
  })
  const selectNone = () => setSelected(new Set())
  const extend = (step) => {
    if (!list[active]) return
    select(list[active], true)
    const next = go(active + step)
    if (next) select(next, true)
  }
  return { selected, many, select, selectNone, selecting: { select: () => list[active] && select(list[active]), unselect: selectNone, 'extend-next': () => extend(1), 'extend-previous': () => extend(-1) } }
}

export const selectColumn = () => ({ id: 'select', title: html`<span class="unseen">${t('Selected')}</span>`, class: 'c-select' })
export const SelectMark = ({ row, on, onSelect }) => html`<input type="checkbox" tabindex="-1" checked=${on} aria-label=${t('Select {name}', { name: row.source.name })} onClick=${(event) => { event.stopPropagation(); onSelect(row) }} />`
