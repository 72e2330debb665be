// What a key means in the review. Single keys act only while the list or the detail pane has the focus, never in a field, and can be changed or switched off (WCAG 2.1.4).

/** By command, the letters for it. */
export const LETTERS = {
  next: 'j', previous: 'k', accept: 'a', reject: 'rx', none: 'n', 'leave-out': 'l', approve: 'p', flag: 'f', comment: 'c', undo: 'u', redo: 'U', search: '/', targets: 'e', why: 'w', cells: 'd', history: 'h',
  'next-warning': ']', 'previous-warning': '[', add: '+', go: 'g', help: '?',
}
const KEYS = { ArrowDown: 'next', ArrowUp: 'previous', PageDown: 'page-down', PageUp: 'page-up', Home: 'first', End: 'last', Enter: 'accept', Escape: 'unselect' }
const FIELDS = ['INPUT', 'SELECT', 'TEXTAREA']
export const isField = (target) => FIELDS.includes(target?.tagName)
const OWN_ENTER = ['BUTTON', 'A', 'SUMMARY']
const IN_THE_LIST = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', ' ']

const SIGNS = { BracketLeft: '[', BracketRight: ']', Slash: '/' }

/** What the key is where letters are Latin: it acts by its place on keyboards that have others there (Arabic, Cyrillic). */
function latin({ key, code = '', shiftKey }) {
  if (!/^[\p{L}؟]$/u.test(key) || /\p{Script=Latin}/u.test(key)) return key
  const letter = /^Key([A-Z])$/.exec(code)?.[1]
  if (letter) return shiftKey ? letter : letter.toLowerCase()
  return code === 'Slash' && shiftKey ? '?' : (SIGNS[code] ?? key)
}

const SIGN = /^[^\p{L}\p{N}\s]$/u
const DIGIT = /^[1-5]$/

/** Nothing by itself: it is held for the key that comes. */
export const isHeld = ({ key }) => ['Shift', 'Control', 'Alt', 'AltGraph', 'Meta'].includes(key)

/** Where "g" and one more key lead to. */
export const PLACES = { r: '', o: '/overview', d: '/disaggregation', u: '/places', t: '/send', c: '/drift' }

export const placeOf = (event) => PLACES[event.key] ?? PLACES[latin(event)]

/** The command of a key press, or undefined. `place` is "list" or "detail"; `settings` are {off: boolean, letters: {command: letters}}. */
export function commandOf(event, place = 'list', settings = {}) {
  const name = event.target?.tagName
  const chosen = name === 'SELECT' && (event.ctrlKey || event.metaKey) && !event.altKey // there is nothing in it that the browser would take back
  if (isField(event.target) && !chosen) return undefined
  const commandFor = (letter) => (settings.off ? undefined : commandOfLetter(letter, settings))
  if (event.altKey || event.getModifierState?.('AltGraph')) return SIGN.test(event.key) && !event.metaKey ? commandFor(event.key) : undefined // AltGr (Ctrl and Alt, on Windows) or Option types it, where brackets have no key of their own
  if (event.ctrlKey || event.metaKey) return latin(event).toLowerCase() !== 'z' ? undefined : event.shiftKey ? 'redo' : 'undo'
  if ((event.key === 'Enter' || event.key === ' ') && OWN_ENTER.includes(name)) return undefined
  if (place !== 'list' && IN_THE_LIST.includes(event.key)) return undefined
  if (event.key === ' ') return 'select'
  if (event.shiftKey && event.key === 'ArrowDown') return 'extend-next'
  if (event.shiftKey && event.key === 'ArrowUp') return 'extend-previous'
  if (KEYS[event.key]) return KEYS[event.key]
  if (settings.off) return undefined
  if (DIGIT.test(event.key)) return `choose-${event.key}` // with Shift or without: on some keyboards that is how digits are typed
  const found = commandFor(event.key) ?? commandFor(latin(event))
  const digit = /^Digit([1-5])$/.exec(event.code ?? '')
  return found ?? (digit ? `${event.shiftKey ? 'add' : 'choose'}-${digit[1]}` : undefined)
}

/** Chosen, or as they come. */
export const lettersOf = (command, settings) => settings.letters?.[command] ?? LETTERS[command]
const commandOfLetter = (letter, settings) => Object.keys(LETTERS).find((command) => lettersOf(command, settings).includes(letter))

/** What keeps these letters from being those of a command: {letter, by: the command that has it; undefined: it chooses a candidate}. undefined: nothing. */
export function takenLetter(command, letters, settings) {
  const others = { letters: { ...settings.letters, [command]: '' } }
  for (const letter of letters) {
    if (DIGIT.test(letter)) return { letter }
    const by = commandOfLetter(letter, others)
    if (by) return { letter, by }
  }
  return undefined
}

/** The letter to show beside what does the same; undefined where letters do nothing. */
export const hintOf = (command, settings) => (settings.off ? undefined : lettersOf(command, settings)[0])

const KEPT = 'drawbridge keys'

export function keySettings(storage) {
  try {
    const kept = JSON.parse(storage?.getItem(KEPT) ?? '{}')
    return { off: kept.off === true, letters: Object.fromEntries(Object.entries(kept.letters ?? {}).filter(([command, letters]) => command in LETTERS && typeof letters === 'string')) }
  } catch {
    return { off: false, letters: {} }
  }
}

export function keepKeySettings(storage, settings) {
  try {
    storage?.setItem(KEPT, JSON.stringify(settings))
  } catch {
    // full or forbidden: it holds until the page is left
  }
}
