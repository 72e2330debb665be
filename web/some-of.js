// What may be long in one line: the first of its parts, and how many more there are.
import { listed, tn } from './i18n.js'

export const someOf = (parts, most) => listed(parts.slice(0, most)) + (parts.length > most ? ` ${tn('and {n} more', 'and {n} more', parts.length - most)}` : '')
