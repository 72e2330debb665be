// A grid of which only the rows in view are in the document, so that ten thousand stay as quick as ten. One tab stop; the active row is told by aria-activedescendant.
import { html, useEffect, useLayoutEffect, useRef, useState } from './lib.js'

const MARGIN = 6 // rows drawn above and below the view

/**
 * columns: [{id, title, class?}]; row(index): {id, cells: [content per column], class?, selected?}: any number may be selected.
 * `active` is an index; `gridRef` gets the element that holds the focus.
 */
export function VirtualGrid({ id, label, columns, count, rowHeight, active, onActivate, row, gridRef }) {
  const [view, setView] = useState({ top: 0, height: 800 })
  const scroller = useRef()
  const head = useRef()
  const measure = () => setView({ top: scroller.current.scrollTop, height: scroller.current.clientHeight })

  useEffect(() => {
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(scroller.current)
    return () => watcher.disconnect()
  }, [])

  useLayoutEffect(() => { // the active row is always in view when it becomes active
    const box = scroller.current
    const room = box.clientHeight - head.current.offsetHeight
    const top = active * rowHeight
    if (top < box.scrollTop) box.scrollTop = top
    else if (top + rowHeight > box.scrollTop + room) box.scrollTop = top + rowHeight - room
  }, [active, count])

  const first = Math.max(0, Math.floor(view.top / rowHeight) - MARGIN)
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + MARGIN)
  const indexes = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i)
  const shown = active >= first && active < last
  return html`<div class="vgrid" ref=${(node) => { scroller.current = node; if (gridRef) gridRef.current = node }} role="grid" aria-label=${label} aria-multiselectable="true" tabindex="0" aria-rowcount=${count + 1}
      aria-activedescendant=${shown && count ? `${id}-${active}` : undefined} onScroll=${measure}>
    <div role="rowgroup" class="vhead" ref=${head}><div role="row" aria-rowindex="1" class="vrow">
      ${columns.map((column) => html`<span key=${column.id} role="columnheader" class=${column.class ?? ''}>${column.title}</span>`)}
    </div></div>
    <div role="rowgroup" class="vbody" style=${{ height: `${count * rowHeight}px` }}>
      ${indexes.map((index) => {
        const { id: key, cells, class: kind = '', selected } = row(index)
        return html`<div key=${key} role="row" id="${id}-${index}" aria-rowindex=${index + 2} aria-selected=${selected ? 'true' : 'false'} class="vrow ${kind} ${index === active ? 'active' : ''}"
            style=${{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }} onClick=${() => onActivate(index)}>
          ${cells.map((content, at) => html`<span key=${columns[at].id} role="gridcell" class=${columns[at].class ?? ''}>${content}</span>`)}
        </div>`
      })}
    </div>
  </div>`
}
