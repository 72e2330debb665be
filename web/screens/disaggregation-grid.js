// A grid of the disaggregation that is too large to be seen at once, on a page of its own: its heads stay in view, and rows that go to the same place are one line that can be opened.
import { html, useLayoutEffect, useMemo, useState } from '../lib.js'
import { number, t, tn } from '../i18n.js'
import { Button, Name, Tag } from '../ui.js'
import { Combobox } from '../combobox.js'
import { HEAD, Matrix } from '../matrix.js'
import { linesOf, shapeOf, turned } from '../model/alike.js'
import { finder } from '../model/search.js'

/** What stands where a row has no target. */
export const goesNowhere = (split) => (split ? html`<${Tag} tone="negative">${t('split')}<//>` : html`<${Tag} tone="warning">${t('nowhere')}<//>`)

/** `links`: a Map of row id to column id; `split`: rows that the target divides, a Map of id to what is in it; onChoose(row ids, column id, or undefined for nowhere). `title` is its name, `gridRef` gets what holds the focus; the children stand at its end. */
export function LargeGrid({ title, rows, columns, links, split, onChoose, onLeave, gridRef, children }) {
  const [shape, setShape] = useState(() => shapeOf(rows, links))
  const [at, setAt] = useState([0, HEAD])
  const lines = useMemo(() => linesOf(shape, rows, links), [shape, links])
  const indexes = useMemo(() => new Map(columns.map((one, i) => [one.id, i])), [columns])
  const filled = useMemo(() => { const n = new Map(); for (const to of links.values()) n.set(to, (n.get(to) ?? 0) + 1); return n }, [links])
  const findRow = useMemo(() => finder(rows), [rows])
  const findColumn = useMemo(() => finder(columns), [columns])
  useLayoutEffect(() => {
    const leave = (event) => { if (event.key === 'Escape') onLeave() }
    addEventListener('keydown', leave)
    return () => removeEventListener('keydown', leave)
  })

  const row = Math.min(at[0], lines.length - 1)
  const isRun = (line) => line.to - line.from > 1
  const nameOf = (line) => {
    const [n, ends] = [line.to - line.from, { first: rows[line.from].name, last: rows[line.to - 1].name }]
    if (n === 1) return ends.first
    return line.alike ? tn('{n} row alike: {first} … {last}', '{n} rows alike: {first} … {last}', n, ends) : tn('{n} row: {first} … {last}', '{n} rows: {first} … {last}', n, ends)
  }
  const choose = (line, id) => onChoose(rows.slice(line.from, line.to).map((one) => one.id), id)
  const act = (index, column) => {
    const line = lines[index]
    if (column !== HEAD) choose(line, line.alike && line.link === columns[column].id ? undefined : columns[column].id)
    else if (isRun(line)) setShape(turned(shape, rows, links, line))
    else if (line.link) setAt([index, indexes.get(line.link)])
  }
  const show = (found) => {
    const which = rows.indexOf(found)
    const has = (line) => line.from <= which && which < line.to
    const closed = lines.find((line) => isRun(line) && !line.open && has(line))
    const next = closed ? turned(shape, rows, links, closed) : shape
    setShape(next)
    setAt([linesOf(next, rows, links).findIndex((line) => !isRun(line) && has(line)), at[1]])
    gridRef.current.focus()
  }
  const give = (found) => {
    choose(lines[row], found.id)
    setAt([row, indexes.get(found.id)])
    gridRef.current.focus()
  }
  const goesTo = (line) => !line.alike ? html`<span class="muted">${t('several')}</span>` : line.link ? html`<${Name} of=${columns[indexes.get(line.link)]} class="muted" />` : goesNowhere(rows.slice(line.from, line.to).every((one) => split.has(one.id)))
  const line = (index) => {
    const one = lines[index]
    const run = isRun(one)
    return {
      id: `${one.from} ${one.to}`, of: [one.link, one.alike], name: nameOf(one), expanded: run ? one.open : undefined, column: one.alike ? indexes.get(one.link) : undefined,
      head: () => html`<span class="name">${run && html`<span aria-hidden="true" class="turn">${one.open ? '▾' : '▸'}</span> `}${run ? html`<bdi>${nameOf(one)}</bdi>` : html`<${Name} of=${rows[one.from]} />`}</span><small><span aria-hidden="true" class="arrow">→</span><span class="unseen"> ${t('to')}</span> ${goesTo(one)}</small>`,
    }
  }
  const columnHead = (one) => html`<${Name} of=${one} class="name" /><small><span class="unseen">${t('Filled by')}</span><span aria-hidden="true">Σ</span> ${number(filled.get(one.id) ?? 0)}</small>`
  return html`<div class="whole">
    <div class="bar-tools"><${Button} onClick=${onLeave} kbd="Esc">${t('Back to the pair')}<//><h1 id="whole-title">${title}</h1>
      <span>${tn('{n} of {all} rows has a target', '{n} of {all} rows have a target', links.size, { all: rows.length })}</span></div>
    <div class="bar-tools finders">
      <${Combobox} label=${t('Find a row')} search=${findRow} onChoose=${show} />
      <${Combobox} label=${t('Target of this row')} search=${findColumn} onChoose=${give} />
      <p class="muted hint">${t('Arrow keys move. Enter chooses a target or takes it away; on the name of rows that are alike it opens them.')}</p>
    </div>
    <${Matrix} id="whole" label="whole-title" corner=${title} count=${lines.length} columns=${columns} columnHead=${columnHead} line=${line} active=${[row, at[1]]} onActive=${setAt} onAct=${act} gridRef=${gridRef} />
    <div class="bar-tools">${children}</div>
  </div>`
}
