// What came with a time to wait, or met a line that is cut, is asked again by itself: a few times, and only while somebody looks.
import { useLayoutEffect, useRef, useState } from './lib.js'

const TIMES = 5
const LONGEST = 600 // seconds: who has to wait longer comes back
const CUT_FIRST = 5 // seconds before drawbridge itself is called again, then twice as long each time

const waitOf = (error, tried) => error.retryAfter ?? (error.code === 'gateway_unreachable' && navigator.onLine ? CUT_FIRST * 2 ** tried : undefined)

/** {wait, left} in seconds, while `again` is going to be called by itself; {} where it is not. `again` of what it gives is called by a person: then all begins anew. */
export function useAgain(error, again) {
  const [state, set] = useState({})
  const tried = useRef(0)
  const call = useRef()
  call.current = again
  useLayoutEffect(() => { // what is said of it is there with the rest: it is read out once
    if (!error) tried.current = 0
    if (!error || !call.current) return
    const byItself = () => {
      tried.current++
      call.current()
    }
    const wait = tried.current < TIMES ? waitOf(error, tried.current) : undefined
    const stops = []
    const stop = () => { for (const one of stops.splice(0)) one() }
    if (wait <= LONGEST) {
      const due = Date.now() + wait * 1000
      const look = () => {
        if (document.hidden) return // it is asked when somebody looks
        const left = Math.max(0, Math.ceil((due - Date.now()) / 1000))
        set({ wait, left })
        if (left > 0) return
        stop()
        byItself()
      }
      const timer = setInterval(look, 1000)
      stops.push(() => clearInterval(timer))
      stops.push(listen(document, 'visibilitychange', look))
      look()
    }
    if (error.code === 'gateway_unreachable') stops.push(listen(globalThis, 'online', () => { stop(); byItself() }))
    return () => {
      stop()
      set({})
    }
  }, [error])
  return { ...state, again: again && (() => { tried.current = 0; again() }) }
}

function listen(at, event, heard) {
  at.addEventListener(event, heard)
  return () => at.removeEventListener(event, heard)
}
