// The client as a package: what npm would send, and its types as a compiler reads them.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDrawbridge, DrawbridgeError } from '../../sdk/drawbridge.js'

const HERE = dirname(fileURLToPath(import.meta.url))
const SDK = join(HERE, '..', '..', 'sdk')
let folder
let installed
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-package-'))
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: SDK, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  installed = join(folder, 'node_modules', 'drawbridge-client')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1'])
  for (const name of ['@types/react', '@types/prop-types', 'csstype']) cpSync(join(HERE, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('what is packed is the client, its types and the adapter, and nothing else', () => {
  const names = execFileSync('find', ['.', '-type', 'f'], { cwd: installed, encoding: 'utf8' }).trim().split('\n').sort()
  assert.deepEqual(names, ['./README.md', './app-runtime.d.ts', './app-runtime.js', './drawbridge.d.ts', './drawbridge.js', './package.json'])
})

test('it is imported by its name', () => {
  writeFileSync(join(folder, 'use.js'), "import { createDrawbridge, DrawbridgeError } from 'drawbridge-client'\nconst gw = createDrawbridge({ url: 'https://gate.example.org' })\nconsole.log(gw.baseUrl('central'), typeof gw.engine('central').jsonPatch, new DrawbridgeError({ code: 'policy', status: 403 }).type)\n")
  assert.equal(execFileSync(process.execPath, ['use.js'], { cwd: folder, encoding: 'utf8' }).trim(), 'https://gate.example.org/s/central function access')
})

/** What a compiler says of a program; '' where it is fine. */
function compiled(program) {
  writeFileSync(join(folder, 'program.tsx'), program)
  const words = [join(HERE, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--jsx', 'react-jsx', '--skipDefaultLibCheck', 'program.tsx']
  try {
    return execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    return String(error.stdout)
  }
}

/** What the client has, as the members of an object: a compiler compares them with the types. */
const members = (value) => `{ ${Object.entries(value).map(([name, one]) => `${name}: ${one && typeof one === 'object' ? members(one) : '0'}`).join(', ')} }`

test('its types say what it does, all of it and no more', () => {
  const gw = createDrawbridge({ url: 'https://gate.example.org' })
  assert.equal(compiled(`
import type { Drawbridge, Engine } from 'drawbridge-client'
type Members<T> = { [name in keyof T]: T[name] extends (...given: any[]) => any ? 0 : T[name] extends string ? 0 : Members<T[name]> }
export const all: Members<Drawbridge> = ${members(gw)}
export const ofEngine: Members<Engine> = ${members(gw.engine('a'))}
import { createDrawbridge, DrawbridgeError, type Session, type Run } from 'drawbridge-client'
import { Server } from 'drawbridge-client/app-runtime'
const gw = createDrawbridge({ url: 'https://gate.example.org' })
const session: Session = await gw.session()
const off: () => void = gw.on('auth-required', (error: DrawbridgeError) => { error.server?.length })
gw.on('session', ({ connections }) => connections.map((one) => one.user.name))
const source = gw.engine('a')
const answer = await source.query({ me: { resource: 'me', params: ({ fields }) => ({ fields }) } }, { variables: { fields: ['id'] }, signal: AbortSignal.timeout(1000) })
await source.post('dataStore/a/b', { a: 1 })
await source.jsonPatch('dataElements/a', [{ op: 'replace', path: '/name', value: 'x' }])
const body: ReadableStream | null = (await gw.fetch('a', 'api/dataValueSets', { method: 'POST', body: new ReadableStream() })).body
const { baseUrl, apiVersion } = await gw.runtimeConfig('a')
await gw.signIn('a', { kind: 'password', username: 'x', password: 'y', code: '123456', remember: true })
const { id } = await gw.alignments.propose({ source: { server: 'a', data_set: 'x' }, target: { server: 'b', data_set: 'y' } })
const started = await gw.runs.start({ alignment: id, periods: ['202601'], org_units: ['x'], dry_run: true })
for await (const run of gw.runs.watch(started.id)) { const state: Run['state'] = run.state; void state }
export const App = () => <Server gateway={gw} of="a"><p>{String([session, off, answer, body, baseUrl, apiVersion])}</p></Server>
`), '')
})

/** {required, all}: the members of an object as docs/openapi.yaml has them, one a line. */
function described(name) {
  const [, body] = new RegExp(`^ {4}${name}:\\n((?: {5,}.*\\n)+)`, 'm').exec(readFileSync(join(SDK, '../docs/openapi.yaml'), 'utf8'))
  const required = /^ {6}required: \[(.*)\]$/m.exec(body)[1].split(', ')
  const all = [...body.split(/^ {6}properties:.*\n/m)[1].matchAll(/^ {8}(\w+):/gm)].map((one) => one[1])
  assert.deepEqual(all.filter((one, i) => all.indexOf(one) !== i), [], `${name}: each member once`)
  return { required, all }
}

test('what a run and a schedule answer has the members that the API describes, and the same of them always', () => {
  const words = (names) => names.map((one) => `'${one}'`).join(' | ')
  const TYPES = { Counts: 'Counts', Conflict: 'Conflict', Total: "Run['totals'][number]", RunEntry: 'RunEntry', CellValue: 'CellValue', Schedule: 'Schedule', Connection: 'Connection', Server: 'Server' }
  assert.ok(described('Counts').all.length > 15)
  assert.equal(compiled(`
import type { CellValue, Conflict, Connection, Counts, Run, RunEntry, Schedule, Server } from 'drawbridge-client'
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : { lacks: Exclude<B, A> }) : { has: Exclude<A, B> }
type Required<T> = { [name in keyof T]-?: {} extends Pick<T, name> ? never : name }[keyof T]
${Object.entries(TYPES).map(([name, type]) => `export const all${name}: Same<keyof ${type}, ${words(described(name).all)}> = true
export const always${name}: Same<Required<${type}>, ${words(described(name).required)}> = true`).join('\n')}
`), '')
})

test('an error keeps all that a refusal tells', () => {
  const problem = Object.fromEntries(described('Problem').all.map((name) => [name, `the ${name}`]))
  const { type, detail, ...kept } = problem // `type` is what apps of DHIS2 read, `detail` the message
  const error = new DrawbridgeError(problem)
  assert.deepEqual(Object.values(kept).filter((one) => !Object.values(error).includes(one)), [])
  assert.equal(error.message, detail)
})

test('and refuse what it does not', () => {
  const said = compiled(`
import { createDrawbridge } from 'drawbridge-client'
const gw = createDrawbridge()
gw.on('no-such-event', () => {})
gw.signIn('a', { kind: 'pat', password: 'y' })
gw.engine('a').mutate({ type: 'no-such-type', resource: 'x' })
gw.alignments.decide('a', [])
`)
  for (const line of [4, 5, 6, 7]) assert.match(said, new RegExp(`program\\.tsx\\(${line},`), said)
})
