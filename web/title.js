// What the tab of the browser is called: the screen first, by which tabs are told apart. The frame knows which screen it is, the screen what it is about.
import { useLayoutEffect } from './lib.js'

export function useTitle(...names) {
  const title = [...names.filter(Boolean), 'drawbridge'].join(' – ')
  useLayoutEffect(() => { document.title = title }, [title])
}

/** The same as a part of what is drawn. */
export function Title({ names }) {
  useTitle(...names)
  return null
}
