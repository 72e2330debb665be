// A grid of rows and columns of which only the cells in view are in the document, so that two thousand by two thousand stay as quick as ten by ten. Its heads stay in view. One tab stop; the active cell is told by aria-activedescendant.
import { html, useLayoutEffect, useMemo, useRef, useState } from './lib.js'
import { rightToLeft } from './i18n.js'

const [COLUMN, ROW, HEIGHT] = [96, 56, 84] // pixels; the head of the rows takes what the window has room for
const STEP = 4 // the view moves by so many rows and columns at a time, and so many more are drawn around it: not every key draws all
const WIDEST = 380
export const HEAD = -1

const between = (low, n, high) => Math.max(low, Math.min(n, high))

/**
 * columns: [{id, name}]; columnHead(column) is what stands above one. line(index): {id, name, head(), column?: the index of what is chosen in it, expanded?, of}: it is drawn anew when one of these, or of the values in `of`, is another.
 * `active` is [row, column], HEAD the column of the rows' heads. onAct is Enter, Space or a click there. `gridRef` gets the element that holds the focus.
 */
export function Matrix({ id, label, corner, count, columns, columnHead, line, active: [row, column], onActive, onAct, gridRef }) {
  const [, draw] = useState(0)
  const scroller = useRef()
  const at = useRef({ top: 0, left: 0, wanted: [0, 0], room: [480, 640], side: 200 }).current // as last told: asking the browser in the middle of a change makes it lay everything out
  const first = (i) => Math.max(0, (Math.floor(at.wanted[i] / [ROW, COLUMN][i] / STEP) - 1) * STEP)
  const last = (i, most) => Math.min(most, first(i) + Math.ceil(at.room[i] / [ROW, COLUMN][i]) + 3 * STEP)
  const seen = () => [first(0), first(1), ...at.room, at.side].join()
  const into = (from, size, now, room) => (from < now ? from : from + size > now + room ? from + size - room : now)
  const bring = () => { // the active cell is in view when it becomes active
    at.wanted = [into(row * ROW, ROW, at.top, at.room[0]), column === HEAD ? at.left : into(column * COLUMN, COLUMN, at.left, at.room[1])]
  }
  const measure = () => {
    const { scrollTop, scrollLeft, clientWidth, clientHeight } = scroller.current
    const before = seen()
    const side = Math.round(Math.min(WIDEST, clientWidth * 0.4))
    Object.assign(at, { top: scrollTop, left: Math.abs(scrollLeft), side, room: [clientHeight - HEIGHT, clientWidth - side] })
    at.wanted = [at.top, at.left]
    if (seen() !== before) draw((n) => n + 1)
  }

  useLayoutEffect(() => { // before the first key
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(scroller.current)
    return () => watcher.disconnect()
  }, [])
  const told = [row, column, count].join()
  if (at.told !== undefined && at.told !== told) bring() // before the cells are drawn, so that they are drawn once
  at.told = told
  useLayoutEffect(() => {
    if (at.wanted[0] !== at.top) at.top = scroller.current.scrollTop = at.wanted[0]
    if (at.wanted[1] !== at.left) scroller.current.scrollLeft = (at.left = at.wanted[1]) * (rightToLeft() ? -1 : 1)
  })

  const go = (rowTo, columnTo) => onActive([between(0, rowTo, count - 1), between(HEAD, columnTo, columns.length - 1)])
  const page = Math.max(1, Math.floor(at.room[0] / ROW) - 1)
  const sideways = (step) => go(row, column + (rightToLeft() ? -step : step))
  const keys = {
    ArrowDown: () => go(row + 1, column), ArrowUp: () => go(row - 1, column), ArrowRight: () => sideways(1), ArrowLeft: () => sideways(-1), PageDown: () => go(row + page, column), PageUp: () => go(row - page, column),
    Home: (far) => go(far ? 0 : row, HEAD), End: (far) => go(far ? count - 1 : row, columns.length - 1), Enter: () => onAct(row, column), ' ': () => onAct(row, column),
  }
  const onKeyDown = (event) => {
    if (!keys[event.key] || event.altKey || event.metaKey) return
    event.preventDefault()
    keys[event.key](event.ctrlKey)
  }
  const onClick = (event) => {
    const cell = event.target.closest('[aria-colindex]')
    const to = cell && [cell.parentNode.getAttribute('aria-rowindex') - 2, cell.getAttribute('aria-colindex') - 2]
    if (!to || to[0] < 0) return
    onActive(to)
    onAct(...to)
  }

  const [from, to] = [first(1), last(1, columns.length)]
  const shown = columns.slice(from, to)
  const rows = []
  for (let index = first(0); index < last(0, count); index++) rows.push(index)
  const width = at.side + columns.length * COLUMN
  const place = (i) => ({ insetInlineStart: `${at.side + (from + i) * COLUMN}px`, inlineSize: `${COLUMN}px` })
  const drawn = rows.includes(row) && (column === HEAD || (column >= from && column < to))
  return html`<div class="matrix-all" ref=${(node) => { scroller.current = node; if (gridRef) gridRef.current = node }} role="grid" aria-labelledby=${label} aria-multiselectable="true" aria-rowcount=${count + 1} aria-colcount=${columns.length + 1} tabindex="0"
      aria-activedescendant=${drawn ? `${id}-${row}-${column}` : undefined} onScroll=${measure} onKeyDown=${onKeyDown} onClick=${onClick}>
    <div role="rowgroup" class="heads" style=${{ inlineSize: `${width}px`, blockSize: `${HEIGHT}px` }}><div role="row" aria-rowindex="1">
      <span role="columnheader" aria-colindex="1" class="side" style=${{ inlineSize: `${at.side}px` }}>${corner}</span>
      ${shown.map((one, i) => html`<span key=${one.id} role="columnheader" aria-colindex=${from + i + 2} title=${one.name} style=${place(i)}>${columnHead(one)}</span>`)}
    </div></div>
    <div role="rowgroup" class="lines" style=${{ inlineSize: `${width}px`, blockSize: `${count * ROW}px` }}>
      ${rows.map((index) => {
        const { id: key, ...rest } = line(index)
        return html`<${Line} key=${key} id="${id}-${index}" index=${index} shown=${shown} from=${from} side=${at.side} place=${place} active=${index === row ? column : undefined} ...${rest} />`
      })}
    </div>
  </div>`
}

function Line({ id, index, shown, from, side, place, active, of, head, expanded, name, column }) {
  return useMemo(() => html`<div role="row" aria-rowindex=${index + 2} style=${{ top: `${index * ROW}px`, blockSize: `${ROW}px` }}>
    <span role="rowheader" id="${id}-${HEAD}" aria-colindex="1" aria-expanded=${expanded === undefined ? undefined : expanded ? 'true' : 'false'} class="side ${active === HEAD ? 'active' : ''}" style=${{ inlineSize: `${side}px` }} title=${name}>${head()}</span>
    ${shown.map((one, i) => html`<span key=${one.id} role="gridcell" id="${id}-${from + i}" aria-colindex=${from + i + 2} aria-selected=${column === from + i ? 'true' : 'false'} class=${active === from + i ? 'active' : ''} style=${place(i)}
      aria-label=${`${name} – ${one.name}`}>${column === from + i ? '●' : ''}</span>`)}
  </div>`, [id, index, from, shown.length, side, active, name, column, expanded, ...of])
}
