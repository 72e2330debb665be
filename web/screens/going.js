// "g" and one more key lead to another screen of the alignment.
import { useRef } from '../lib.js'
import { t } from '../i18n.js'
import { navigate } from '../router.js'
import { reviewAddress } from '../model/address.js'
import { placeOf } from '../model/keys.js'

/** {begin(): after "g", leads(event): whether that key led anywhere}. `here` is the place that one is at; its `list` gets the focus. `onLeave` is called before. */
export function useGoing(id, here, list, say, onLeave) {
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
