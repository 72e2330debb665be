// The focus is never lost: what had it and is gone by what it did, or can do nothing more, gives it to the list.
import { useLayoutEffect, useRef } from './lib.js'

/** For the element around the list and all that acts on it. */
export function useFocusKept(list) {
  const focused = useRef()
  useLayoutEffect(() => {
    if (!focused.current || (focused.current.isConnected && !focused.current.matches(':disabled, [aria-disabled]'))) return
    focused.current = undefined
    list.current?.focus()
  })
  return {
    onFocusIn: (event) => { focused.current = event.target },
    onFocusOut: (event) => { if (event.relatedTarget) focused.current = undefined },
  }
}
