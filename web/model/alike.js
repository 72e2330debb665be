// Rows of a grid, one below the other, that go to the same place: shown as one line that can be opened. No DOM; nothing given is changed.
//
// A shape is a list of runs {from, to, open?}, `to` behind the last row: together they are all rows, in order. Only opening and closing changes it: what is chosen in an open run leaves its lines where they are.

const WORTH = 3 // rows: fewer are shown as they are

function runsOf(rows, links, from, to) {
  const runs = []
  for (let at = from; at < to;) {
    let end = at + 1
    while (end < to && links.get(rows[end].id) === links.get(rows[at].id)) end++
    if (end - at >= WORTH) runs.push({ from: at, to: end })
    else for (let one = at; one < end; one++) runs.push({ from: one, to: one + 1 })
    at = end
  }
  return runs
}

/** `links`: a Map of row id to where it goes. */
export const shapeOf = (rows, links) => runsOf(rows, links, 0, rows.length)

/** What is shown, from above: {from, to, link: where its first row goes, alike: do all go there, open: of a run}. A closed run whose rows differ by now is shown as the runs that it has become. */
export function linesOf(shape, rows, links) {
  const lines = []
  const linkOf = (at) => links.get(rows[at].id)
  const add = ({ from, to, open = false }) => {
    const link = linkOf(from)
    if (to - from === 1) return lines.push({ from, to, link, alike: true })
    const alike = rows.slice(from, to).every((row) => links.get(row.id) === link)
    if (!open && !alike) return runsOf(rows, links, from, to).forEach(add)
    lines.push({ from, to, link, alike, open })
    if (open) for (let at = from; at < to; at++) lines.push({ from: at, to: at + 1, link: linkOf(at), alike: true })
  }
  shape.forEach(add)
  return lines
}

/** After the line of a run was opened; or closed, when rows that differ by now become lines of their own. */
export function turned(shape, rows, links, line) {
  return shape.flatMap((run) => {
    if (run.to <= line.from || run.from >= line.to) return [run]
    const parts = runsOf(rows, links, run.from, run.to)
    return run.open ? parts : parts.map((part) => (part.from === line.from ? { ...part, open: true } : part))
  })
}
