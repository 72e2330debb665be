// How often people agreed with what was proposed to them, by how sure the engine was. No DOM.

const ENOUGH = 50 // so many say nothing yet

/** Of an alignment's `judged`, surest first, what more than so many proposals tell: [{from, to?: of the band above, decided, agreed}]. */
export const judgedBands = (judged = []) => judged.map((one, i) => ({ ...one, to: judged[i - 1]?.from })).filter((one) => one.decided > ENOUGH)
