/** What the browser keeps for the page, for good or as long as the tab; undefined where it keeps nothing: it does so where it refuses cookies. */
export const localStore = () => storeOf('localStorage')
export const sessionStore = () => storeOf('sessionStorage')

function storeOf(name) {
  try {
    return globalThis[name]
  } catch {
    return undefined
  }
}
