// What a key means in the review. Single keys act only while the list or the detail pane has the focus, never in a field (WCAG 2.1.4).

const KEYS = {
  j: 'next', ArrowDown: 'next', k: 'previous', ArrowUp: 'previous', PageDown: 'page-down', PageUp: 'page-up', Home: 'first', End: 'last',
  Enter: 'accept', a: 'accept', r: 'reject', x: 'reject', n: 'none', u: 'undo', U: 'redo',
  '/': 'search', e: 'targets', c: 'candidates', w: 'why', d: 'cells', ']': 'next-warning', '[': 'previous-warning', '?': 'help',
}
const FIELDS = ['INPUT', 'SELECT', 'TEXTAREA']
const OWN_ENTER = ['BUTTON', 'A', 'SUMMARY']
const MOVES = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End']

/** The command of a key press, or undefined. `place` is "list" or "detail". */
export function commandOf(event, place = 'list') {
  const name = event.target?.tagName
  if (event.altKey || FIELDS.includes(name)) return undefined
  if (event.ctrlKey || event.metaKey) return event.key.toLowerCase() !== 'z' ? undefined : event.shiftKey ? 'redo' : 'undo'
  if ((event.key === 'Enter' || event.key === ' ') && OWN_ENTER.includes(name)) return undefined
  if (place !== 'list' && MOVES.includes(event.key)) return undefined
  const digit = /^Digit([1-5])$/.exec(event.code ?? '')
  if (digit) return `${event.shiftKey ? 'add' : 'choose'}-${digit[1]}`
  return KEYS[event.key]
}
