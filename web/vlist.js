// A grid of which only the rows in view are in the document, so that ten thousand stay as quick as ten. One tab stop; the active row is told by aria-activedescendant.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from './lib.js'

const ROW_HEIGHT = 52
const STEP = 4 // the view moves by so many rows at a time, and so many more are drawn above and below: not every key draws rows

/**
 * columns: [{id, title, class?}]; row(index): {id, of, cells, class?, selected?}: any number may be selected. cells() gives the content per column; it is drawn anew when one of the values in `of` is another.
 * `active` is an index; `gridRef` gets the element that holds the focus.
 */
export function VirtualGrid({ id, label, columns, count, rowHeight = ROW_HEIGHT, active, onActivate, row, gridRef }) {
  const [, draw] = useState(0)
  const scroller = useRef()
  const head = useRef()
  const at = useRef({ top: 0, wanted: 0, rows: 16 }).current // as last told: asking the browser in the middle of a change makes it lay everything out
  const shownAt = (top) => Math.floor(top / rowHeight / STEP) * STEP
  const bring = () => { // the active row is always in view when it becomes active
    const [from, to] = [active * rowHeight, (active + 1) * rowHeight + Math.max(0, Math.min(rowHeight, at.room - rowHeight))] // with the next one below it, where a toast may lie over
    at.wanted = from < at.top ? from : to > at.top + at.room ? to - at.room : at.top
  }
  const measure = () => {
    const { scrollTop, clientHeight } = scroller.current
    const before = [shownAt(at.wanted), at.rows].join()
    Object.assign(at, { top: scrollTop, wanted: scrollTop, room: clientHeight - head.current.offsetHeight, rows: Math.ceil(clientHeight / rowHeight) })
    if ([shownAt(scrollTop), at.rows].join() !== before) draw((n) => n + 1)
  }

  useEffect(() => {
    const watcher = new ResizeObserver(measure)
    watcher.observe(scroller.current)
    return () => watcher.disconnect()
  }, [])

  if (at.room !== undefined && (at.active !== active || at.count !== count)) bring() // before the rows are drawn, so that they are drawn once
  Object.assign(at, { active, count })
  useLayoutEffect(() => {
    if (at.room === undefined) {
      measure()
      bring()
    }
    if (at.wanted !== at.top) at.top = scroller.current.scrollTop = at.wanted
  })

  const first = Math.max(0, shownAt(at.wanted) - STEP)
  const last = Math.min(count, shownAt(at.wanted) + at.rows + 2 * STEP)
  const indexes = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i)
  const shown = active >= first && active < last
  return html`<div class="vgrid" ref=${(node) => { scroller.current = node; if (gridRef) gridRef.current = node }} role="grid" aria-label=${label} aria-multiselectable="true" tabindex="0" aria-rowcount=${count + 1}
      aria-activedescendant=${shown && count ? `${id}-${active}` : undefined} onScroll=${measure}>
    <div role="rowgroup" class="vhead" ref=${head}><div role="row" aria-rowindex="1" class="vrow">
      ${columns.map((column) => html`<span key=${column.id} role="columnheader" class=${column.class ?? ''}>${column.title}</span>`)}
    </div></div>
    <div role="rowgroup" class="vbody" style=${{ height: `${(count + 1) * rowHeight}px` }} onClick=${(event) => { const clicked = event.target.closest('[aria-rowindex]'); if (clicked) onActivate(clicked.getAttribute('aria-rowindex') - 2) }}>
      ${indexes.map((index) => {
        const { id: key, ...rest } = row(index)
        return html`<${Row} key=${key} id="${id}-${index}" index=${index} columns=${columns} height=${rowHeight} active=${index === active} ...${rest} />`
      })}
    </div>
  </div>`
}

function Row({ id, index, columns, height, active, of, cells, class: kind = '', selected }) {
  return useMemo(() => html`<div role="row" id=${id} aria-rowindex=${index + 2} aria-selected=${selected ? 'true' : 'false'} class="vrow ${kind} ${active ? 'active' : ''}" style=${{ top: `${index * height}px`, height: `${height}px` }}>
    ${cells().map((content, at) => html`<span key=${columns[at].id} role="gridcell" class=${columns[at].class ?? ''}>${content}</span>`)}
  </div>`, [id, index, kind, active, selected, ...of])
}
