// Undo and redo of what was decided here. A step is {label, forward, back, focus}: lists of decisions, and the row to show.

const MOST = 500

export function createHistory() {
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
  }
}
