// A map with a few entries laid over one that stays as it is: what one decision changes is not to cost a copy of ten thousand. No DOM.

const MOST = 500 // so many lie over: they are copied with every change

/** As a Map, but that `set` takes the place of what is there and adds nothing, so that the order stays. */
export class LaidMap {
  constructor(map) {
    this.below = map.below ?? map
    this.over = new Map(map.over)
  }

  get(id) { return this.over.has(id) ? this.over.get(id) : this.below.get(id) }
  get size() { return this.below.size }
  has(id) { return this.below.has(id) }
  keys() { return this.below.keys() }
  * [Symbol.iterator]() { for (const [id, value] of this.below) yield [id, this.over.has(id) ? this.over.get(id) : value] }
  * values() { for (const [, value] of this) yield value }

  set(id, value) {
    if (this.below.has(id)) this.over.set(id, value)
    return this
  }
}

/** The same, to be kept: what lies over it by now goes into a map of its own when it is much. */
export const settled = (map) => (map.over?.size > MOST ? new Map(map) : map)

/** The ids whose values may differ between two of them; undefined where they do not lie over the same. */
export function idsBetween(a, b) {
  if (a === b) return []
  if ((a.below ?? a) !== (b.below ?? b)) return undefined
  return [...(a.over?.keys() ?? []), ...(b.over?.keys() ?? [])]
}
