// The sentences that the program says to people beside its codes, out of its source: each with {1}, {2}, … where values stand.
import './dom-free.mjs'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MISUNDERSTOOD, SAY_ALL } from '../../web/model/problems.js'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** Where the format stands among the arguments of what says something, and the code before it. */
const SAYING = { error_set: [2, 1], error_context: [1], failure_at: [3, 1], failure_later: [3, 1], fail: [4, 1], format_tell: [1] }
const SAYING_IN = { 'mapping/read.c': { fail: [2] }, 'mapping/format_keep.c': { tell_count: [2] } }

/** What only the administrator's log and the command line are told; of the others the page's words by code say all. */
const NOT_FOR_READERS = [...MISUNDERSTOOD, ...SAY_ALL, 'request_timeout', 'inside']

/** The folders whose words reach the page, and in them what is told to the command line, to the log, or to nobody but the program. */
const FOLDERS = ['align', 'api', 'dhis2', 'gateway', 'http', 'mapping', 'source', 'store', 'transfer']
const OF_OTHERS = /^(align\/glossary|api\/(reports_out|console)|dhis2\/(adx|data_values\.c|metadata_csv|metadata_file|mint)|http\/(?!client|breaker)|gateway\/(backchannel|config|hosted|transaction)|store\/(copy|postgres\.c|.*_(schema|tickets|journals))|transfer\/(journal|plan|report|run_(copy|files|log|undo)))/

/** Arguments of the call that begins at `start`, behind its bracket: cut at commas outside brackets and texts. */
function argumentsAt(source, start) {
  const found = ['']
  for (let i = start, depth = 0; i < source.length; i++) {
    const text = /^"(?:[^"\\]|\\.)*"|^'(?:[^'\\]|\\.)'/.exec(source.slice(i, i + 600))?.[0]
    if (text) i += text.length - 1
    else if ('([{'.includes(source[i])) depth++
    else if (')]}'.includes(source[i]) && depth-- === 0) return found
    else if (source[i] === ',' && depth === 0) {
      found.push('')
      continue
    }
    found[found.length - 1] += text ?? source[i]
  }
  return found
}

/** `cond ? "a" "b" : "c"`: a b, c */
const textsIn = (argument) => [...argument.matchAll(/(?:"(?:[^"\\]|\\.)*"\s*)+/g)].map(([all]) => [...all.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, one]) => one.replace(/\\(.)/g, '$1')).join(''))

/** "line %llu: the %s": "line {1}: the {2}"; a lone conversion says nothing itself. */
function templateOf(format) {
  let n = 0
  const text = format.replace(/%(?:%|[-+ #0]*[\d*]*(?:\.[\d*]*)?[hlzjt]*[a-zA-Z])/g, (one) => (one === '%%' ? '%' : `{${++n}}`))
  return text === '{1}' ? undefined : text
}

const sources = FOLDERS.flatMap((folder) => readdirSync(join(SRC, folder)).filter((name) => name.endsWith('.c')).map((name) => [`${folder}/${name}`, readFileSync(join(SRC, folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')]))

const everything = readdirSync(SRC).flatMap((folder) => readdirSync(join(SRC, folder)).filter((name) => /\.[ch]$/.test(name)).map((name) => readFileSync(join(SRC, folder, name), 'utf8')))

/** Does a text of the program consist of just these words? They can be a value in a sentence. */
export const isInProgram = (text) => sources.some(([, source]) => source.includes(`"${text}"`))

/** The texts that are marked N_("…"): those that the program itself shows in the reader's language, in any folder. */
export const marked = () => new Set(everything.flatMap((source) => [...source.matchAll(/\bN_\(((?:\s*"(?:[^"\\]|\\.)*")+)\s*\)/g)].flatMap(([, text]) => textsIn(text))))

/** Each once: where it stands. `forReaders`: without those of which the page's words by code say all. */
export function sentences(forReaders = true) {
  const found = new Map()
  for (const [name, source] of sources.filter(([one]) => !OF_OTHERS.test(one))) {
    const defines = Object.fromEntries([...source.matchAll(/^#define (\w+) (".*")$/gm)].map(([, word, text]) => [word, text]))
    for (const call of source.matchAll(/\b(\w+)\(/g)) {
      const places = SAYING_IN[name]?.[call[1]] ?? SAYING[call[1]]
      if (!places) continue
      const given = argumentsAt(source, call.index + call[0].length)
      const code = places[1] === undefined ? undefined : /ERROR_(\w+)/.exec(given[places[1]] ?? '')?.[1]
      if ((forReaders && NOT_FOR_READERS.includes(code)) || !given[places[0]]) continue
      const formats = call[1] === 'tell_count' ? given.slice(2) : [given[places[0]]]
      for (const format of formats)
        for (const text of textsIn(format.replace(/\b[A-Z_]{3,}\b/g, (word) => defines[word] ?? word))) if (templateOf(text)) found.set(templateOf(text), name)
    }
  }
  return found
}
