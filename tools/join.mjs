// Joins the modules of the page into what is sent: on a slow line each file costs a round trip, and many small ones pack worse than few.
//
// join.mjs WEB SOURCES OUTPUT EARLY MAIN SCREEN…: SOURCES holds the modules as the page has them, the libraries in lib/. EARLY becomes one file with all that it needs at once, and so does MAIN, with what it needs besides and what a SCREEN shares with any
// other part; each SCREEN has what it alone needs. What is fetched later (import()) becomes files of its own beside them. Prints, as JSON, the modules of each. WEB is where npm has put rollup and terser.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const [web, sources, output, ...entries] = process.argv.slice(2)
const from = createRequire(resolve(web, 'package.json'))
const { rollup } = from('rollup')
const { minify } = from('terser')

const SMALL = 2_000 // letters: what several later parts share is put to one of them, where that fetches no more than this in vain
const home = resolve(sources)
const at = (name) => join(home, name)
const needs = new Map()
const starts = new Set(entries.map(at)) // modules that are asked for by themselves

const bundle = await rollup({
  input: entries.map(at),
  plugins: [{
    name: 'page',
    resolveId: (id) => (id === 'preact' ? at('lib/preact.js') : null),
    moduleParsed(module) {
      needs.set(module.id, module.importedIds)
      for (const one of module.dynamicallyImportedIds) starts.add(one)
    },
  }],
  preserveEntrySignatures: 'allow-extension',
  onLog(level, { message }) { if (level === 'warn') throw new Error(message) },
})

const reached = new Map() // by module: the starts that need it at once
function reach(id, from) {
  const all = reached.get(id) ?? new Set()
  if (all.has(from)) return
  reached.set(id, all.add(from))
  for (const one of needs.get(id)) reach(one, from)
}
for (const one of starts) reach(one, one)

const [early, main, ...screens] = entries
const entryFor = (by) => (by.has(at(early)) ? early : by.has(at(main)) ? main : screens.some((one) => by.has(at(one))) ? (by.size > 1 ? main : entries.find((one) => by.has(at(one)))) : undefined)
const entryOf = new Map([...reached].map(([id, by]) => [id, entryFor(by)?.replace(/\.js$/, '')]).filter(([, entry]) => entry))

const { output: chunks } = await bundle.generate({
  format: 'es',
  manualChunks: (id) => entryOf.get(id),
  experimentalMinChunkSize: SMALL,
  entryFileNames: '[name].js',
  chunkFileNames: (chunk) => (entries.includes(`${chunk.name}.js`) ? '[name].js' : 'later/[name].js'),
})
for (const chunk of chunks) {
  const path = join(output, chunk.fileName)
  mkdirSync(dirname(path), { recursive: true })
  const { code } = await minify(chunk.code, { module: true, ecma: 2020, compress: { passes: 3 } })
  writeFileSync(path, code.replace(/\n\s+/g, '\n').replace(/([>}])\n(?=[<$])/g, '$1')) // lines are left in templates alone, where htm passes over how far they are indented, and over those between two tags or values
}
const names = [...entryOf].map(([id, entry]) => [`${entry}.js`, id.slice(home.length + 1)])
console.log(JSON.stringify(Object.fromEntries(entries.map((entry) => [entry, names.filter(([of]) => of === entry).map(([, name]) => name)]))))
