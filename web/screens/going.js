// "g" and one more key lead to another screen of the alignment.
import { useLayoutEffect, useRef } from '../lib.js'
import { t } from '../i18n.js'
import { navigate } from '../router.js'
import { localStore } from '../local-store.js'
import { say } from '../toast.js'
import { reviewAddress } from '../model/address.js'
import { commandOf, isField, isHeld, keySettings, placeOf } from '../model/keys.js'

/** {begin(): after "g", leads(event): whether that key led anywhere}. `here` is the place that one is at; its `list` gets the focus. `onLeave` is called before. */
export function useGoing(id, here, list, onLeave) {
  const going = useRef(false)
  return {
    begin: () => {
      going.current = true
      say(t('Go to: r review, o overview, d disaggregation, u units and periods, t sending, c changes'))
    },
    leads: (event) => {
      const where = going.current ? placeOf(event) : undefined
      going.current = false
      if (where === undefined) return false
      event.preventDefault()
      onLeave?.()
      if (where === here) list.current?.focus()
      else navigate(reviewAddress(id) + where)
      return true
    },
  }
}

/** On a screen that has no other keys, whatever has the focus but a field or a dialog; `id`: undefined where there is no alignment to go to. */
export function useGoingAnywhere(id, here) {
  const going = useGoing(id, here, { current: undefined })
  useLayoutEffect(() => {
    if (id === undefined) return undefined
    const onKeyDown = (event) => {
      if (event.defaultPrevented || isHeld(event) || isField(event.target) || document.querySelector('dialog[open]')) return
      if (going.leads(event) || commandOf(event, 'detail', keySettings(localStore())) !== 'go') return
      event.preventDefault()
      going.begin()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [id, here])
}
