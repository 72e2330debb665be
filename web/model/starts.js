// Which earlier alignments a new one may start from: those of the same data sets before all others. No DOM.
import { plain } from './search.js'

/** Data sets that were taken along keep their id, or their name. */
const isSame = (side, set) => Boolean(set && side?.data_set && (side.data_set.id === set.id || plain(side.data_set.name) === plain(set.name)))

/** {both, one, others}: by how many of the two data sets they share, each in the order given. */
export function byLikeness(alignments, source, target) {
  const [others, one, both] = [[], [], []]
  for (const each of alignments) [others, one, both][isSame(each.source, source) + isSame(each.target, target)].push(each)
  return { both, one, others }
}
