// Joins the modules of the page into what is sent: on a slow line each file costs a round trip, and many small ones pack worse than few.
//
// join.mjs WEB SOURCES OUTPUT ENTRY…: SOURCES holds the modules as the page has them, the libraries in lib/. Each ENTRY becomes one file with all that it needs at once and no entry before it has; what is fetched later (import())
// becomes files of its own beside them. Prints, as JSON, the modules of each entry. WEB is where npm has put rollup and terser.
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
const entryOf = new Map()

const bundle = await rollup({
  input: entries.map(at),
  plugins: [{
    name: 'page',
    resolveId: (id) => (id === 'preact' ? at('lib/preact.js') : null),
    moduleParsed(module) { needs.set(module.id, module.importedIds) },
  }],
  preserveEntrySignatures: 'allow-extension',
  onLog(level, { message }) { if (level === 'warn') throw new Error(message) },
})

function give(id, entry) {
  if (entryOf.has(id)) return
  entryOf.set(id, entry)
  for (const one of needs.get(id)) give(one, entry)
}
for (const entry of entries) give(at(entry), entry.replace(/\.js$/, ''))

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
  writeFileSync(path, code.replace(/\n\s+/g, '\n')) // lines are left in templates alone, where htm passes over how far they are indented
}
const names = [...entryOf].map(([id, entry]) => [`${entry}.js`, id.slice(home.length + 1)])
console.log(JSON.stringify(Object.fromEntries(entries.map((entry) => [entry, names.filter(([of]) => of === entry).map(([, name]) => name)]))))
