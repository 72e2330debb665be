/** What the browser keeps for the page; undefined where it keeps nothing: it does so where it refuses cookies. */
export function localStore() {
  try {
    return globalThis.localStorage
  } catch {
    return undefined
  }
}
