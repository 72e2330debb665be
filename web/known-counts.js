// How many values servers hold, as far as that was counted in this visit: what a screen may know at once, without value-counts.js, which counts and comes later.

/** What countsOf gave, by server and data set. */
export const knownCounts = new Map()
export const keyOfSet = (server, dataSet) => `${server} ${dataSet}`
