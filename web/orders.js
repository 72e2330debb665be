// What was ordered of a run is kept in the tab that ordered it, so that what was checked can be sent as it was checked.
import { sessionStore } from './local-store.js'

const keyOf = (run) => `drawbridge order ${run}`

export function keepOrder(run, order) {
  try {
    sessionStore()?.setItem(keyOf(run), JSON.stringify(order))
  } catch {
    // full: the run goes on, and what to send is chosen again
  }
}

/** Undefined where it was ordered elsewhere. */
export function orderOf(run) {
  const kept = sessionStore()?.getItem(keyOf(run))
  return kept ? JSON.parse(kept) : undefined
}
