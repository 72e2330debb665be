// What was chosen in the disaggregation and is not accepted yet, by alignment and pair of category combinations: kept in the tab until it is. Whoever closes the tab is asked first.
import { sessionStore } from './local-store.js'

const KEY = 'drawbridge choices'
let kept // {[alignment]: {[pair]: [[option combo of the source, that of the target or null]]}}

const ask = (event) => event.preventDefault()

function become(all) {
  kept = all
  globalThis[Object.keys(kept).length ? 'addEventListener' : 'removeEventListener']?.('beforeunload', ask)
}

function all() {
  if (!kept) become(JSON.parse(sessionStore()?.getItem(KEY) ?? '{}'))
  return kept
}

/** Choices are a Map, as withChoices takes it; none at all are forgotten. */
export function keepChoices(alignment, pair, choices) {
  const { [pair]: _, ...others } = all()[alignment] ?? {}
  const { [alignment]: __, ...rest } = all()
  const here = choices.size ? { ...others, [pair]: [...choices].map(([from, to]) => [from, to ?? null]) } : others
  become(Object.keys(here).length ? { ...rest, [alignment]: here } : rest)
  try {
    sessionStore()?.setItem(KEY, JSON.stringify(kept))
  } catch {
    // full or forbidden: they are known until the page is loaded again
  }
}

export const choicesOf = (alignment, pair) => new Map((all()[alignment]?.[pair] ?? []).map(([from, to]) => [from, to ?? undefined]))

export const hasChoices = (alignment) => alignment in all()
