// data-set-aligner's matcher: Fuse with its options over names in which digits and signs are five letters each. Names come as JSON on standard input: {left, right}; every name of the left is looked for in all of the right.
// Says how many seconds of one core that took.
import Fuse from 'fuse.js'
import { readFileSync } from 'node:fs'

const SIGNS = '0123456789-+<>,'
const letters = (name) => [...name.replace('Female', 'XXXXX')].map((one) => (SIGNS.includes(one) ? String.fromCharCode(97 + SIGNS.indexOf(one)).repeat(5) : one)).join('')

const { left, right } = JSON.parse(readFileSync(0, 'utf8'))
const began = process.cpuUsage()
const options = { includeScore: true, shouldSort: true, isCaseSensitive: true, threshold: 1.0, findAllMatches: true, ignoreLocation: true, keys: ['text'] }
const matcher = new Fuse(right.map((name) => ({ name, text: letters(name) })), options)
let found = 0
for (const name of left) found += matcher.search(letters(name)).length
const { user, system } = process.cpuUsage(began)
console.log(JSON.stringify({ seconds: (user + system) / 1e6, found }))
