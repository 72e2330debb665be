// What of the review is not there at first, fetched together: a file each would cost a round trip, and pack worse.
export { Facets } from './review-facets.js'
export { ReviewHelp } from './review-help.js'
export { History } from './review-history.js'
export { Selection } from './review-more.js'
export { People } from './review-people.js'
export { Steps } from './review-steps.js'
export { Cells, Why } from './review-tabs.js'
