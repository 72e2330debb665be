// Undo and redo of what was decided and said here. A step is {label, forward, back, focus, kind}: operations without a name, the row to show, and what it is about ("data_element", "org_unit", …). The server keeps the steps; this is how they are shown before it has answered.
import { restoringStep } from './review.js'

const MOST = 100

/** The one that a step is about; undefined where there are several. */
function elementOf({ before, after, remarks }) {
  const ids = new Set([...before, ...after, ...remarks].map((one) => one.source_data_element))
  return ids.size === 1 ? [...ids][0] : undefined
}

/** `restoring(step, "before" | "after")`: what brings back what a step as the server kept it has there. */
export function createHistory(restoring = restoringStep) {
  let done = []
  let undone = []
  return {
    add(step) {
      done = [...done.slice(1 - MOST), step]
      undone = []
    },
    undo() {
      const step = done.pop()
      if (step) undone.push(step)
      return step
    },
    redo() {
      const step = undone.pop()
      if (step) done.push(step)
      return step
    },
    next: () => ({ undo: done.at(-1), redo: undone.at(-1) }),
    /** As the server has it: `steps` the newest first. */
    reset(steps) {
      const of = (which) => steps.filter((one) => one[which]).map((one) => ({ label: one.label, back: restoring(one, 'before'), forward: restoring(one, 'after'), focus: elementOf(one), kind: [...one.after, ...one.before][0]?.kind }))
      done = of('can_undo').reverse()
      undone = of('can_redo')
    },
  }
}
