// How far an alignment is, by section of the data set, and what its last run says of real values. No DOM.
import { isDecided } from './review.js'
import { needsLook } from './rows.js'

/** [{section, all, accepted, open, none, excluded, warned}], in the order of the data set; '' stands for no section. */
export function bySection(rows) {
  const found = new Map()
  for (const row of rows) {
    const section = row.source.section ?? ''
    if (!found.has(section)) found.set(section, { section, all: 0, accepted: 0, open: 0, none: 0, excluded: 0, warned: 0 })
    const one = found.get(section)
    one.all++
    one[isDecided(row.state) ? row.state : 'open']++
    if (needsLook(row)) one.warned++
  }
  return [...found.values()]
}

export const share = (part, all) => (all > 0 ? part / all : undefined)

const READ = ['done', 'refused', 'differs']

/** The newest run of an alignment that read values to its end, as a list tells of it: without its counts. */
export function lastReading(runs, alignment) {
  const own = runs.filter((run) => run.alignment === alignment && !run.undoes && READ.includes(run.state))
  return own.sort((a, b) => b.created.localeCompare(a.created))[0]
}

/** Of the values of all rows that are known: which share is of accepted ones? {share, all}; undefined where none is known. */
export function shareAccepted(rows, counts) {
  const sum = (some) => some.reduce((n, row) => n + (counts.get(row.id) ?? 0), 0)
  const all = sum(rows)
  return all > 0 ? { all, share: sum(rows.filter((row) => row.state === 'accepted')) / all } : undefined
}
