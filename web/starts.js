// What a new alignment starts from, by the id of the one that is being made: an earlier alignment, or a file. Kept in the tab until it is carried over; the file itself as long as the page stays.
import { sessionStore } from './local-store.js'

const keyOf = (id) => `drawbridge start ${id}`
const kept = new Map()

/** {name, alignment: id} or {name, format, file} */
export function keepStart(id, start) {
  kept.set(id, start)
  try {
    sessionStore()?.setItem(keyOf(id), JSON.stringify({ ...start, file: undefined }))
  } catch {
    // full: it is known until the page is loaded again
  }
}

/** Undefined where it starts from nothing. */
export function startOf(id) {
  const text = kept.has(id) ? undefined : sessionStore()?.getItem(keyOf(id))
  return text ? JSON.parse(text) : kept.get(id)
}

export function dropStart(id) {
  kept.delete(id)
  sessionStore()?.removeItem(keyOf(id))
}
