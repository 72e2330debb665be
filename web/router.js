// Which screen the address means, and going from one to the other without a reload.
import { html, useLayoutEffect, useState } from './lib.js'

const listeners = new Set()

export function navigate(to, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  for (const listener of listeners) listener()
  window.scrollTo(0, 0)
}

export function useLocation() {
  const read = () => location.pathname + location.search
  const [here, set] = useState(read)
  useLayoutEffect(() => { // not a frame later, when the address may be another one
    const changed = () => set(read())
    listeners.add(changed)
    window.addEventListener('popstate', changed)
    changed() // what is drawn first may have led on
    return () => {
      listeners.delete(changed)
      window.removeEventListener('popstate', changed)
    }
  }, [])
  const [path, query = ''] = here.split('?')
  return { path, query: new URLSearchParams(query) }
}

/** A part of an address as it was before it was written there; undefined of what nobody wrote. */
function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** @param {[string, any, () => string][]} routes patterns with :names, and how the screen is called */
export function match(routes, path) {
  for (const [pattern, value, title] of routes) {
    const names = []
    const expression = pattern.replace(/:(\w+)/g, (_, name) => (names.push(name), '([^/]+)'))
    const found = new RegExp(`^${expression}/?$`).exec(path)
    const words = found?.slice(1).map(decoded)
    if (words && !words.includes(undefined)) return { value, title, params: Object.fromEntries(names.map((name, i) => [name, words[i]])) }
  }
  return undefined
}

export function Link({ to, children, ...rest }) {
  const follow = (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(to)
  }
  return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`
}
