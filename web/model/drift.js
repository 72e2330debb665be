// What changed at the servers since an alignment was made, in words. No DOM.
import { t } from '../i18n.js'
import { reviewAddress } from './address.js'

/** As they are told, first what stops sending. */
const EFFECTS = ['blocks', 'check', 'information']

export const EFFECT_TONES = { blocks: 'negative', check: 'warning', information: 'neutral' }
const EFFECT_WORDS = { blocks: () => t('Stops sending'), check: () => t('Wants a look'), information: () => t('Good to know') }

const OBJECT_WORDS = {
  data_set: () => t('Data set'),
  data_element: () => t('Data element'),
  category_combo: () => t('Category combination'),
  option: () => t('Category option'),
  option_combo: () => t('Category option combination'),
  cell: () => t('Target cell'),
  org_unit: () => t('Organisation unit'),
}

const KIND_WORDS = {
  vanished: () => t('Is gone, or no longer shown to you'),
  hidden: () => t('Is there, but not shown to you: ask for it to be shared'),
  left: () => t('Was taken out of the data set'),
  replaced: () => t('Is gone, and another one like it is there'),
  appeared: () => t('Is new'),
  renamed: () => t('Has another name'),
  recoded: () => t('Has another code'),
  value_type: () => t('Holds values of another type'),
  aggregation_type: () => t('Is aggregated in another way'),
  period_type: () => t('Is for periods of another type'),
  combo: () => t('Is divided in another way'),
  moved: () => t('Is below another one'),
  options: () => t('Is made of other options'),
  default_option_combo: () => t('Another one is the default now'),
  gap: () => t('A part of this sum is missing'),
  overlap: () => t('Parts of this sum overlap, or reach beyond it'),
}

const OUTCOME_WORDS = {
  same: () => t('Keeps its mapping'),
  keeps: () => t('Keeps its mapping'),
  follows: () => t('Keeps its mapping, with what came in its place'),
  proposals: () => t('New proposals'),
  ends: () => t('Its mapping ends'),
  stops: () => t('Nothing can go on from here'),
}

const follows = (change) => change.mapping === 'follows'

/** What becomes of the mapping; `follow`: does it follow what was replaced? */
export const outcomeWords = (change, follow) => OUTCOME_WORDS[follows(change) && !follow ? 'proposals' : change.mapping]?.() ?? ''

/** By its id the same thing, and its name says the same. */
export const isSame = (change) => change.mapping === 'same'

/** Those that are shown: where that is wanted, what is plainly the same is not. */
export const toldOf = (alignment, changes) => (alignment.on_change === 'take' ? changes.filter((one) => !isSame(one)) : changes)

export const effectWords = (effect) => EFFECT_WORDS[effect]()
export const objectWords = (type) => OBJECT_WORDS[type]?.() ?? type
export const kindWords = (kind) => KIND_WORDS[kind]?.() ?? kind

const OWN_REASONS = {
  new: () => t('It is new in the data set'),
  replaced: () => t('What was decided about was replaced'),
  gone_at_source: () => t('The source no longer has what was decided about'),
  gone_at_target: () => t('The target no longer has what was decided for'),
  half_a_sum: () => t('Something else that is added to the same target cell is stopped, and half a sum is a wrong number'),
}
export const knownKinds = () => ({ kinds: Object.keys(KIND_WORDS), objects: Object.keys(OBJECT_WORDS), effects: Object.keys(EFFECT_WORDS), reasons: Object.keys(OWN_REASONS), outcomes: Object.keys(OUTCOME_WORDS) })

/** Why somebody shall look at an element again: {text, lang?: of a reason that was kept without a code}. */
export function changedWords({ code = '', reason }) {
  const [side, kind, object] = code.split(' ')
  if (OWN_REASONS[code]) return { text: OWN_REASONS[code]() }
  if (!KIND_WORDS[kind]) return { text: reason, lang: 'en' }
  return { text: `${side === 'source' ? t('Source') : t('Target')}, ${objectWords(object)}: ${kindWords(kind)}` }
}

/** [[effect, its changes]], those without any left out. */
export const byEffect = (changes) => EFFECTS.map((effect) => [effect, changes.filter((one) => one.effect === effect)]).filter(([, some]) => some.length > 0)

/** Is there something that decisions can follow? */
export const canFollow = (changes) => changes.some(follows)

/** Is each of them surely what came in the place? What only looks like it, a person decides. */
export const isSureToFollow = (changes) => canFollow(changes) && changes.filter(follows).every((one) => one.sure)

/** The server whose change it is; a cell is the target's. */
export const sideOf = (alignment, change) => alignment[change.side].server

const PLACES = { org_unit: 'places', category_combo: 'disaggregation', option: 'disaggregation', option_combo: 'disaggregation' }

/** The screen where what changed is aligned; undefined where there is none. */
export function changedPath(id, { side, object: { type, id: of } }) {
  if (type === 'data_element' || type === 'cell') return reviewAddress(id, side === 'source' ? { row: of } : { text: of })
  return PLACES[type] && `${reviewAddress(id)}/${PLACES[type]}`
}
