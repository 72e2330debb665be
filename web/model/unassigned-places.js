// Org units whose counterpart the target's data set is not assigned to: nothing can be sent for them. No DOM.
import { isAnswer } from './review.js'

/** What is proposed for a pair; whoever takes a rejection back sees it again. */
export const proposalsOf = ({ proposals, decision }) => proposals.filter(({ target }) => !decision.rejected.some((one) => one.id === target.id))

/** The counterpart that it is not assigned to; undefined where it is, or there is none. */
export function unassignedOf({ decision, reasons }, proposals) {
  const decided = decision.state !== 'open'
  const choice = decided ? decision.targets[0] : proposals.find(isAnswer)?.target
  const told = !decided && reasons?.some((one) => one.code === 'unassigned') ? proposals.map((one) => one.target) : [choice]
  return told.find((one) => one?.assigned === false)
}

/** Of how many pairs. */
export const countUnassigned = (pairs) => pairs.filter((one) => unassignedOf(one, proposalsOf(one))).length
