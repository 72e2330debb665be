// A drawbridge of made-up servers, for the page alone: answers as docs/openapi.yaml says, keeps everything in memory, and fails when it is told to.
// `node mock.mjs [PORT] [ELEMENTS]` serves the page as it was built, for trying things by hand.
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dirname, join } from 'node:path'
import { fileAt } from './built.mjs'
import { madeUpAlignment, madeUpCombos, madeUpCount, madeUpSet, madeUpTotal, madeUpUnits } from './made-up.mjs'
import { createReview } from './mock-review.mjs'
import { findPlaces, knownPlaces, madeUpPlaces, placesBelow } from './made-up-places.mjs'
import { PLACE_KINDS } from '../../web/model/place-kinds.js'
import { withPlaceDecisions } from '../../web/model/places.js'
import { decided, reviewOf, cellDecided } from '../../web/model/review.js'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The content policy as the program has it. */
const POLICY = /STR\("(default-src[^;]*;(?:[^"]|"\s*")*)"\)/.exec(readFileSync(join(ROOT, 'src/api/assets.c'), 'utf8'))[1].replace(/"\s*"/g, '')

class Problem extends Error {
  constructor(status, code, { retry_after, ...more } = {}) {
    super(code)
    this.status = status
    this.headers = retry_after && { 'Retry-After': String(retry_after) }
    this.body = { type: 'about:blank', title: code, status, code, detail: `detail of ${code}`, origin: 'gateway', request_id: 'r1', ...more }
  }
}

/** What a world begins with. */
function beginning({ elements = 40, connected = ['district', 'central'], units = 30, home } = {}) {
  const world = {
    servers: [
      { id: 'district', type: 'dhis2', name: 'District HMIS', url: 'https://district.example.org', version: '2.41.3', state: 'ok', sign_in: [{ kind: 'pat', label: 'Access token' }, { kind: 'password', label: 'Password' }] },
      { id: 'central', type: 'dhis2', name: 'Central HMIS', url: 'https://central.example.org', version: '2.43.1', state: 'ok', sign_in: [{ kind: 'oauth', label: 'Sign in at the server', authorize_url: '/v1/servers/central/authorize' }, { kind: 'pat', label: 'Access token' }] },
    ],
    connections: new Map(),
    alignments: new Map(),
    places: new Map(), // by alignment, made when they are asked for
    makings: new Map(),
    begun: 0,
    steps: [{ state: 'done' }], // of an alignment that is made, one for each look
    runs: new Map(),
    schedules: new Map(),
    elements,
    unitCount: units,
    gonePlaces: [], // org units that decisions are about, told when one goes on
    drift: [], // changes, as docs/openapi.yaml has them
    combos: undefined, // others than those made up
    checks: undefined, // what the doctor finds, other than that
    unlisted: undefined, // the id of an alignment that the list has no place for
    fail: undefined, // (method, path) => Problem or "cut", told by a test
    calls: [],
    me: 'maria',
    authorities: ['F_DATAVALUE_ADD'],
    shared: [{ read: true, write: true }], // of each data set, what its data may be used for
    tables: undefined, // when the servers made their analytics tables
    calendar: 'iso8601',
    totals: (server, i, period) => madeUpTotal(i, period), // of a server's i-th data element, in the period so many before the last one; undefined: none
  }
  world.review = createReview(Problem, (alignment, { kind, source }) => placesOf(world, alignment)[PLACE_KINDS[kind]].pairs.find((one) => one.source.id === source))
  for (const server of world.servers) if (server.id === home) server.home = true
  for (const id of connected) connect(world, id, 'password')
  return world
}

/** `begin` makes a world anew at the same address. Where a test sets them, `said` is told every text that is answered, and `files` may change a file of the page: (name, data) => data. @param {{elements?: number, connected?: string[], units?: number, home?: string, port?: number}} options */
export async function startMock({ port = 0, ...options } = {}) {
  const world = beginning(options)
  world.begin = (other) => Object.assign(world, beginning(other))
  const server = createServer((request, response) => answer(world, request, response))
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  world.url = `http://127.0.0.1:${server.address().port}`
  world.stop = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  world.Problem = Problem
  return withAlignments(world)
}

const UNTIL = '2026-12-24T08:00:00Z'

function connect(world, id, kind, remember) {
  const server = world.servers.find((one) => one.id === id)
  if (!server) throw new Problem(404, 'unknown_server')
  const connection = { server: id, kind, state: 'ok', user: { id: 'u1', username: world.me, name: 'Maria Diallo' }, version: server.version, since: '2026-11-24T08:00:00Z', ...(remember && { remembered_until: UNTIL }) }
  world.connections.set(id, connection)
  return connection
}

async function answer(world, request, response) {
  const url = new URL(request.url, world.url)
  const path = url.pathname
  try {
    if (!/^\/(v1|s)\//.test(path)) return page(path, response, world.files)
    world.calls.push(`${request.method} ${path}`)
    if (request.headers['x-drawbridge'] !== '1' && !/\/(authorize|callback)/.test(path)) throw new Problem(403, 'missing_header')
    let text = ''
    for await (const piece of request) text += piece
    const failure = world.fail?.(request.method, path, text)
    if (failure === 'cut') return response.destroy()
    if (failure) throw failure
    const found = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(path))
    if (!found) throw new Problem(404, 'not_found')
    const words = found[1].exec(path).slice(1).map(decodeURIComponent)
    const body = text && !path.endsWith('/mapping') ? JSON.parse(text) : text || undefined
    const { status = 200, json, text: plain, headers = {}, told } = found[2](world, words, body, request, url) ?? { status: 204 }
    if (told) return tell(world, path, told, response)
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers })
    const said = json === undefined ? plain : JSON.stringify(json)
    world.said?.(said ?? '')
    response.end(said)
  } catch (error) {
    if (!(error instanceof Problem)) console.error(error)
    const { status, body, headers } = error instanceof Problem ? error : new Problem(500, 'inside')
    response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers })
    world.said?.(JSON.stringify(body))
    response.end(JSON.stringify(body))
  }
}

const TOLD_EVERY = 1000

/** A stream of events of what `told` answers, as long as that has `on`; it may be refused or cut at any time, like a call. */
function tell(world, path, told, response) {
  let before
  const look = () => {
    const failure = world.fail?.('GET', path)
    if (failure) return response.destroy()
    const { json, on } = told(), text = JSON.stringify(json)
    if (text !== before) response.write(`id: ${createHash('sha256').update(text).digest('hex').slice(0, 16)}\ndata: ${before = text}\n\n`)
    world.said?.(text)
    if (!on) response.end()
  }
  const timer = setInterval(look, TOLD_EVERY)
  response.on('close', () => clearInterval(timer))
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  look()
}

function page(path, response, change = (_, data) => data) {
  const file = fileAt(path)
  if (!file) {
    response.writeHead(404)
    return response.end()
  }
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' })
  response.end(change(file.name, file.data))
}

const signedIn = (world, id) => {
  if (world.connections.size === 0) throw new Problem(401, 'no_session')
  if (id && world.connections.get(id)?.state !== 'ok') throw new Problem(401, world.connections.has(id) ? 'reauth_required' : 'not_connected', { server: id })
}

const of = (map, id) => map.get(id) ?? (() => { throw new Problem(404, 'not_found') })()
const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z')

const countedEffects = (changes) => Object.fromEntries(['blocks', 'check', 'information'].map((effect) => [effect, changes.filter((one) => one.effect === effect).length]))

function carryForward(world, [id], body, request) {
  const alignment = of(world.alignments, id)
  if (request.headers['if-match'] !== `"${alignment.version}"`) throw new Problem(412, 'changed_meanwhile')
  const reopened = alignment.elements.filter((one) => one.decision.state === 'accepted' && world.drift.some((change) => change.effect === 'blocks' && change.object.id === one.source.id))
  for (const one of reopened) one.decision = { state: 'proposed', targets: [], rejected: [] }
  world.followed = body?.follow
  world.drift = []
  alignment.version += 1
  return { json: { id, version: alignment.version, kept: alignment.elements.filter((one) => one.decision.state === 'accepted').length, followed: 0,
    reopened: [...reopened.map((one) => ({ kind: 'data_element', source_data_element: one.source.id, name: one.source.name, reason: 'it changed' })), ...world.gonePlaces.map((source) => ({ kind: 'org_unit', source, name: `Clinic ${source.slice(-4)}`, reason: 'it is gone' }))] } }
}

function setOnChange(world, [id], body, request) {
  const alignment = of(world.alignments, id)
  if (request.headers['if-match'] !== `"${alignment.version}"`) throw new Problem(412, 'changed_meanwhile')
  Object.assign(alignment, { on_change: body.on_change, version: alignment.version + 1 })
  return { json: { version: alignment.version, on_change: alignment.on_change } }
}

/** Values by data element, month or org unit; an org unit by the number in its id. Without a way to make one of several they are totals, by data element and period. */
function counted(world, [id], _, __, url) {
  signedIn(world, id)
  const [[dimension, ...items], [, ...periods] = []] = url.searchParams.get('dimension').split(',').map((one) => one.split(/[:;]/))
  const number = (one) => Number(/\d+$/.exec(one)[0])
  const headers = (...names) => names.map((name) => ({ name }))
  if (!url.searchParams.has('aggregationType')) return { json: { headers: headers('dx', 'pe', 'value'), rows: items.flatMap((one) => periods.map((period, i) => [one, period, world.totals(id, number(one), i)])).filter(([, , n]) => n !== undefined).map((row) => row.map(String)) } }
  const rows = {
    dx: () => items.map((one) => [one, madeUpCount(number(one))]),
    ou: () => items.map((one) => [one, number(one) * 1000]),
    pe: () => [['202609', 700], ['202610', 641]],
  }[dimension]()
  return { json: { headers: headers(dimension, 'value'), rows: rows.filter(([, n]) => n > 0).map(([one, n]) => [one, `${n}.0`]) } }
}

const ROUTES = [
  ['GET', /^\/v1\/session$/, (world) => ({ json: { mode: 'same-origin', home: world.servers.find((one) => one.home && world.connections.has(one.id))?.id, connections: [...world.connections.values()] } })],
  ['DELETE', /^\/v1\/vault\/([^/]+)$/, (world, [id]) => { delete world.connections.get(id).remembered_until; return { status: 204 } }],
  ['DELETE', /^\/v1\/session$/, (world) => { world.connections.clear(); return { status: 204 } }],
  ['GET', /^\/v1\/servers$/, (world) => ({ json: world.servers })],
  ['POST', /^\/v1\/servers\/([^/]+)\/connection$/, signIn],
  ['DELETE', /^\/v1\/servers\/([^/]+)\/connection$/, (world, [id]) => { world.connections.delete(id); return { status: 204 } }],
  ['GET', /^\/v1\/servers\/([^/]+)\/authorize$/, (world, [id], _, __, url) => { connect(world, id, 'oauth', url.searchParams.get('remember') === 'true'); return { status: 303, headers: { Location: url.searchParams.get('return_to') } } }],
  ['GET', /^\/v1\/servers\/([^/]+)\/doctor$/, (world) => ({ json: world.checks ?? doctor() })],
  ['GET', /^\/s\/([^/]+)\/api\/me$/, (world, [id]) => { signedIn(world, id); return { json: { authorities: world.authorities, dataViewOrganisationUnits: [], organisationUnits: [{ id: 'OrgUnit0000', displayName: 'Bo district' }] } } }],
  ['GET', /^\/s\/([^/]+)\/api\/system\/info$/, (world, [id]) => { signedIn(world, id); return { json: { version: '2.41.3', serverDate: '2026-11-24T11:00:00.000', lastAnalyticsTableSuccess: world.tables, calendar: world.calendar } } }],
  ['GET', /^\/s\/([^/]+)\/api\/dataSets\/[^/]+$/, (world, [id]) => { signedIn(world, id); return { json: madeUpSet(world.elements) } }],
  ['GET', /^\/s\/([^/]+)\/api\/analytics$/, counted],
  ['GET', /^\/s\/([^/]+)\/api\/dataSets$/, (world, [id]) => { signedIn(world, id); return { json: { dataSets: world.shared.map((data) => ({ access: { data } })) } } }],
  ['GET', /^\/v1\/servers\/([^/]+)\/data-sets$/, (world, [id]) => { signedIn(world, id); return { json: dataSets(id) } }],
  ['GET', /^\/v1\/servers\/([^/]+)\/data-sets\/([^/]+)\/org-units$/, (world, [id]) => { signedIn(world, id); return { json: madeUpUnits(world.unitCount) } }],
  ['GET', /^\/v1\/alignments$/, (world) => { signedIn(world); return { json: [...world.alignments.values()].filter((one) => one.id !== world.unlisted).map(({ id, version, source, target }) => ({ id, version, source, target, created: '2026-11-20T08:00:00Z', updated: '2026-11-24T08:00:00Z' })) } }],
  ['POST', /^\/v1\/alignments$/, make],
  ['GET', /^\/v1\/makings$/, (world) => { signedIn(world); return { json: [...world.makings.values()].filter((one) => one.state !== 'done') } }],
  ['GET', /^\/v1\/alignments\/([^/]+)\/progress$/, (world, [id]) => ({ json: madeSoFar(world, of(world.makings, id)) })],
  ['GET', /^\/v1\/alignments\/([^/]+)\/events$/, (world, [id]) => { const making = of(world.makings, id); return { told: () => ({ json: madeSoFar(world, making), on: BEING_MADE.includes(making.state) }) } }],
  ['GET', /^\/v1\/alignments\/([^/]+)$/, (world, [id], _, __, url) => { signedIn(world); const one = world.review.shown(of(world.alignments, id), world.me); return { json: url.searchParams.get('features') === 'false' ? withoutFeatures(one) : one, headers: { ETag: `"${one.version}"` } } }],
  ['GET', /^\/v1\/alignments\/([^/]+)\/features$/, (world, [id], _, __, url) => { signedIn(world); return { json: featuresOf(of(world.alignments, id), url.searchParams.get('source_data_element')) } }],
  ['PATCH', /^\/v1\/alignments\/([^/]+)$/, decide],
  ['GET', /^\/v1\/alignments\/([^/]+)\/history$/, (world, [id], _, __, url) => { signedIn(world); return { json: world.review.history(of(world.alignments, id), world.me, url.searchParams.get('source_data_element')) } }],
  ['GET', /^\/v1\/alignments\/([^/]+)\/people$/, (world, [id]) => { signedIn(world); return { json: world.review.people(of(world.alignments, id), world.me) } }],
  ['PUT', /^\/v1\/alignments\/([^/]+)\/people$/, (world, [id], body, request) => { sameVersion(of(world.alignments, id), request); return { json: world.review.setPeople(of(world.alignments, id), body, world.me) } }],
  ['DELETE', /^\/v1\/alignments\/([^/]+)$/, (world, [id]) => { if (!world.makings.delete(id)) of(world.alignments, id); world.alignments.delete(id); return { status: 204 } }],
  ['GET', /^\/v1\/alignments\/([^/]+)\/mapping$/, (world, [id], _, __, url) => { return { json: mappingOf(of(world.alignments, id)), headers: url.searchParams.get('format') === 'csv' ? { 'Drawbridge-Warnings': JSON.stringify([{ detail: 'left out: the servers', said: [{ text: 'left out: the servers', values: [] }] }]) } : {} } }],
  ['GET', /^\/v1\/alignments\/([^/]+)\/places$/, (world, [id]) => { signedIn(world); return { json: world.review.shownPlaces(of(world.alignments, id), placesOf(world, of(world.alignments, id)), world.me) } }],
  ['GET', /^\/v1\/alignments\/([^/]+)\/places\/targets$/, (world, [id], _, __, url) => { of(world.alignments, id); return { json: url.searchParams.has('below') ? placesBelow(url.searchParams.get('below')) : findPlaces(url.searchParams.get('kind'), url.searchParams.get('search')) } }],
  ['PUT', /^\/v1\/alignments\/([^/]+)\/mapping$/, importMapping],
  ['GET', /^\/v1\/alignments\/([^/]+)\/combos$/, (world, [id]) => { of(world.alignments, id); return { json: world.combos ?? madeUpCombos() } }],
  ['GET', /^\/v1\/formats$/, () => ({ json: FORMATS })],
  ['GET', /^\/v1\/alignments\/([^/]+)\/drift$/, (world, [id]) => { const { version } = of(world.alignments, id); return { json: { id, version, counts: countedEffects(world.drift), changes: world.drift, warnings: [] } } }],
  ['POST', /^\/v1\/alignments\/([^/]+)\/drift$/, carryForward],
  ['PUT', /^\/v1\/alignments\/([^/]+)\/drift$/, setOnChange],
  ['GET', /^\/v1\/runs$/, (world) => { signedIn(world); return { json: [...world.runs.values()].reverse().map(entryOf) } }],
  ['POST', /^\/v1\/runs$/, startRun],
  ['GET', /^\/v1\/runs\/([^/]+)$/, (world, [id]) => ({ json: runJson(goOn(of(world.runs, id))) })],
  ['GET', /^\/v1\/runs\/([^/]+)\/events$/, (world, [id]) => { const run = of(world.runs, id); return { told: () => ({ json: runJson(goOn(run)), on: UNDER_WAY.includes(run.state) }) } }],
  ['GET', /^\/v1\/runs\/([^/]+)\/order$/, (world, [id]) => ({ json: of(world.runs, id).order })],
  ['POST', /^\/v1\/runs\/([^/]+)\/cancel$/, (world, [id]) => { const run = of(world.runs, id); Object.assign(run, { state: 'cancelled', steps: [] }); return { json: runJson(run) } }],
  ['POST', /^\/v1\/runs\/([^/]+)\/pause$/, (world, [id]) => { const run = of(world.runs, id); Object.assign(run, { state: 'paused', steps: [] }); return { json: runJson(run) } }],
  ['POST', /^\/v1\/runs\/([^/]+)\/resume$/, (world, [id]) => { const run = of(world.runs, id); run.steps = ending(run); run.state = 'sending'; return { json: runJson(run) } }],
  ['POST', /^\/v1\/runs\/([^/]+)\/undo$/, undo],
  ['GET', /^\/v1\/schedules$/, (world) => { signedIn(world); return { json: [...world.schedules.values()] } }],
  ['POST', /^\/v1\/schedules$/, schedule],
  ['POST', /^\/v1\/schedules\/([^/]+)\/again$/, (world, [id]) => ({ json: Object.assign(of(world.schedules, id), { last: { period: '202610', run: 'run1', state: 'done', at: now(), complete: true } }) })],
  ['DELETE', /^\/v1\/schedules\/([^/]+)$/, (world, [id]) => { world.schedules.delete(id); return { status: 204 } }],
  ['GET', /^\/v1\/webhooks$/, () => ({ json: ['office'] })],
  ['GET', /^\/v1\/runs\/([^/]+)\/refused$/, (world, [id]) => ({ text: `all that ${of(world.runs, id).id} was refused`, headers: { 'Content-Type': 'text/csv' } })],
  ['GET', /^\/v1\/runs\/([^/]+)\/report$/, (world, [id], _, __, url) => {
    const format = url.searchParams.get('format') ?? 'json', run = of(world.runs, id).id
    return format === 'json' ? { json: reportOf(of(world.runs, id)) } : { text: `${run} as ${format}`, headers: { 'Content-Type': `text/${format}` } }
  }],
]

function reportOf(run) {
  const cell = { data_element: 'Target00000', category_option_combo: 'TargetCoc00', period: run.periods[0], org_unit: 'OrgUnit0003', value: '7' }
  return {
    format: 'drawbridge-report', version: 1, from: run.from, to: run.to, mapping_name: 'alignment one', mapping_version: 4, mapping_sha256: 'ab'.repeat(32), periods: run.periods, org_units: ['OrgUnit0003'], accept: ['accepted'], dry_run: run.dry_run, ...(run.undoes && { undo: true }), deletions: 'ignore',
    by_source: 'maria', by_target: 'maria', began: run.created, ended: run.updated, outcome: run.state, counts: { ...run.counts, left_alone: 3 }, control_totals: run.totals, conflicts: run.conflicts, replaced: run.replaced, silent_units: run.silent_units ?? [], differing: [{ ...cell, found: '6' }],
    unmapped_cells: [{ data_element: 'Source00001', category_option_combo: 'SourceCoc00', reason: 'no_counterpart', values: 48, sum: '1234.5' }],
    servers: { source: { url: 'https://district.example.org', version: '2.41.3' }, target: { url: 'https://central.example.org', version: '2.43.1' } },
    names: { source: { OrgUnit0003: 'Badjia health post 3', Source00001: 'Measles, new cases' }, target: { Target00000: 'Malaria cases', OrgUnit0003: 'Badjia post' } },
  }
}

const PASSWORDS = { locked: 'account_locked', expired: 'password_expired', disabled: 'account_disabled' }

function signIn(world, [id], body) {
  if (body.kind === 'pat' && !body.token.startsWith('d2p_')) throw new Problem(401, 'token_refused', { server: id, reason: 'malformed' })
  if (body.kind === 'password') {
    if (PASSWORDS[body.username]) throw new Problem(401, PASSWORDS[body.username], { server: id })
    if (body.password !== 'right') throw new Problem(401, 'wrong_credentials', { server: id })
    if (body.username === 'mail' && body.code !== '123456') throw new Problem(401, body.code ? 'second_factor_wrong' : 'second_factor_required', { server: id, reason: 'email' })
    if (body.username === 'twofactor' && !body.code) throw new Problem(401, 'second_factor_required', { server: id })
    if (body.username === 'twofactor' && body.code !== '123456') throw new Problem(401, 'second_factor_wrong', { server: id })
  }
  return { status: 201, json: connect(world, id, body.kind, body.remember) }
}

const doctor = () => [
  { check: 'address', outcome: 'ok', found: 'https://dhis.example.org/hmis', meaning: 'well formed', remedy: '' },
  { check: 'network', outcome: 'ok', found: 'answered in 20 ms', meaning: 'reachable from here', remedy: '' },
  { check: 'clock', outcome: 'warning', found: '95 seconds behind ours', meaning: 'ID tokens of the server look expired or not valid yet (a minute is allowed), and codes of a second factor are taken for half a minute only', remedy: 'let both machines keep time by NTP' },
  { check: 'sign-in pat', outcome: 'failed', found: 'off, though the configuration names it', meaning: 'something new that nobody has worded yet', remedy: 'use https://dhis.example.org/hmis' },
  { check: 'sign-in password', outcome: 'ok', found: 'on', meaning: "drawbridge signs in with user name, password and, where the user has one, the code of the second factor, and keeps the server's session", remedy: '' },
  { check: 'client', outcome: 'failed', found: 'drawbridge, redirect address https://gate.example/v1/callback/district: the server does not know it so', meaning: 'the server knows no such client, or the client with another redirect address: it must be the same letter by letter', remedy: `as an administrator, POST this to https://dhis.example.org/hmis/api/oAuth2Clients: ${DEFINITION}` },
]
const DEFINITION = JSON.stringify({ clientId: 'drawbridge', clientSecret: 'PUT THE BCRYPT HASH OF THE SECRET HERE', redirectUris: 'https://gate.example/v1/callback/district', clientSettings: JSON.stringify({ 'settings.client.require-proof-key': true }) })

function dataSets(id) {
  const names = id === 'district' ? ['Monthly facility report', 'Weekly surveillance', 'Stock report', ...Array.from({ length: 9 }, (_, i) => `Données ${'abcdefghi'[i]}`)] : ['National monthly summary', 'Weekly epidemic report', 'National stock report']
  return names.map((name, i) => ({ id: `DataSet${id === 'district' ? 'D' : 'C'}00${i}`, name, code: `${id.toUpperCase()}_${i}`, period_type: i === 1 ? 'Weekly' : 'Monthly', data_elements: 40 + i }))
}

function decide(world, [id], body, request) {
  signedIn(world)
  const alignment = of(world.alignments, id)
  sameVersion(alignment, request)
  return { json: world.review.apply(alignment, body, world.me, (decisions) => world.decide(alignment, decisions, world.me, false)) }
}

function sameVersion(alignment, request) {
  if (request.headers['if-match'] !== `"${alignment.version}"`) throw new Problem(412, 'changed_meanwhile')
}

const PARTS_SHOWN = 32
const withoutFeatures = (alignment) => ({ ...alignment, cells: alignment.cells.map((one) => (one.divided ? { ...one, divided: one.divided.slice(0, PARTS_SHOWN) } : one)), elements: alignment.elements.map((one) => ({ ...one, proposals: one.proposals.map(({ features, ...proposal }) => proposal) })) })
const featuresOf = (alignment, element) => ({ source_data_element: element, proposals: alignment.elements.find((one) => one.source.id === element)?.proposals.map(({ target, features }) => ({ target: target.id, features })) ?? [] })

const BEING_MADE = ['queued', 'reading', 'comparing']

/** It goes on by one of the world's steps whenever somebody looks, and stays at the last one. */
function make(world, _, body, request) {
  signedIn(world, body.source.server)
  signedIn(world, body.target.server)
  if (request.headers.prefer !== 'respond-async') return { status: 201, json: { id: world.align(body), version: 1 } }
  const id = `made${++world.begun}`
  const begun = (side) => ({ ...side, data_elements: 0, org_units: 0 })
  world.makings.set(id, { id, state: 'queued', created: now(), source: begun(body.source), target: begun(body.target) })
  return { status: 202, json: world.makings.get(id) }
}

function madeSoFar(world, making) {
  const { state = making.state, source, target, problem, progress } = world.steps.length > 1 ? world.steps.shift() : world.steps[0]
  Object.assign(making, { state, source: { ...making.source, ...source }, target: { ...making.target, ...target }, problem, progress })
  if (state === 'done' && !world.alignments.has(making.id)) world.align(making, making.id)
  return making
}

function startRun(world, _, order, request) {
  signedIn(world)
  const key = request.headers['idempotency-key']
  const known = [...world.runs.values()].find((one) => one.key === key)
  if (known) return { json: runJson(known) }
  const alignment = of(world.alignments, order.alignment)
  const run = {
    id: `run${world.runs.size + 1}`, key, state: 'queued', dry_run: order.dry_run, alignment: order.alignment, from: alignment.source.server, to: alignment.target.server, periods: order.periods, by: 'maria', created: now(), updated: now(),
    org_units: order.org_units.length, progress: { done: 0, of: 0 }, counts: { ...NOTHING }, totals: [], conflicts: [], replaced: [], order,
  }
  run.steps = ending(run)
  world.runs.set(run.id, run)
  return { status: 201, json: runJson(run) }
}

const UNDER_WAY = ['queued', 'reading', 'translating', 'checking', 'sending', 'verifying']
const goOn = (run) => Object.assign(run, run.steps?.shift())

function undo(world, [id], body) {
  const run = of(world.runs, id), dry_run = Boolean(body?.dry_run), made = { ...run, id: `run${world.runs.size + 1}`, undoes: id, dry_run, state: 'queued', totals: [], order: {} }
  made.steps = [{ state: 'done', counts: { ...NOTHING, removed: 3 } }]
  if (!dry_run) run.undone_by = made.id
  world.runs.set(made.id, made)
  return { status: 201, json: runJson(made) }
}

function schedule(world, _, order) {
  const { source, target } = of(world.alignments, order.alignment)
  const made = { id: `schedule${world.schedules.size + 1}`, from: source.server, to: target.server, by: 'maria', for_days: 20, again_hours: 24, ...order, org_units: order.org_units.length, next: '2026-12-10T00:00:00Z', created: now() }
  world.schedules.set(made.id, made)
  return { status: 201, json: made }
}

/** Of a run what a list tells. */
const entryOf = ({ steps, key, order, org_units, progress, counts, totals, conflicts, refused_rows, replaced, silent_units, skipped_units, batches, estimate, problem, ...entry }) => ({ ...entry, ...countedOf({ ...entry, counts }) })
const runJson = ({ steps, key, order, ...run }) => ({ ...run, ...countedOf(run) })
const countedOf = ({ state, counts }) => (['done', 'differs', 'refused', 'failed', 'cancelled'].includes(state) ? { read: counts.read, sent: counts.sent, ...(counts.skipped_units && { units_skipped: counts.skipped_units }) } : {})
const NOTHING = { read: 0, mapped: 0, unmapped: {}, summed: 0, sent: 0, created: 0, updated: 0, unchanged: 0, ignored: {}, verified: 0, differing: 0 }
const COUNTS = { ...NOTHING, read: 1420, mapped: 1360, unmapped: { no_counterpart: 48, undecided: 12 }, summed: 210, sent: 1340, unchanged: 20 }

function ending(run) {
  const totals = () => [
    { data_element: 'Target0000a', name: 'Malaria cases', period: run.periods[0], source: '12345678901234567890.5', target: '12345678901234567890.5', cells: 20, equal: true },
    { data_element: 'Target0000b', name: 'BCG doses given', period: run.periods[0], source: '4711', target: '4711', cells: 20, equal: true },
  ]
  const conflict = {
    code: 'E7617', message: 'Organisation unit: OrgUnit0003 not in hierarchy of current user', count: 2,
    cells: [{ target: { data_element: 'Target00000', category_option_combo: 'TargetCoc00', period: run.periods[0], org_unit: 'OrgUnit0003', value: '7' }, sources: [{ data_element: 'Source00000', category_option_combo: 'SourceCoc00', period: run.periods[0], org_unit: 'OrgUnit0003', value: '7' }] }],
  }
  if (run.dry_run)
    return [{ state: 'reading', progress: { done: 700, of: 1420 } }, { state: 'checking', progress: { done: 500, of: 1340 }, counts: { ...COUNTS, sent: 0 } }, { state: 'done', counts: COUNTS, totals: totals(), progress: { done: 0, of: 0 } }]
  return [
    { state: 'sending', progress: { done: 500, of: 1340 }, counts: { ...COUNTS, sent: 500, created: 480, updated: 20 } }, { state: 'verifying', progress: { done: 900, of: 1340 }, counts: { ...COUNTS, created: 1300, updated: 38 } },
    run.refusing
      ? { state: 'refused', counts: { ...COUNTS, created: 1300, updated: 38, ignored: { E7617: 2 }, verified: 1338 }, totals: totals(), conflicts: [conflict], refused_rows: 2, progress: { done: 0, of: 0 } }
      : { state: 'done', counts: { ...COUNTS, created: 1300, updated: 40, verified: 1340 }, totals: totals(), progress: { done: 0, of: 0 } },
  ]
}

/** Those of the program, and one that the page does not know yet. */
export const FORMATS = [['json', '.json'], ['csv', '.csv'], ['xlsx', '.xlsx'], ['fhir', '.fhir.json'], ['datim', '.datim.csv'], ['openhexa', '.openhexa.json'], ['aligner-csv', '.aligner.csv'], ['data-set-aligner', '.data-set-aligner.json'], ['metadata-alignment', '.metadata-alignment.json'], ['dhis2-exchange', '.dhis2-exchange.json'], ['new-one', '.new']]
  .map(([name, ending]) => ({ name, title: `In English: ${name}`, ending, media_type: 'text/plain', cannot_hold: '', written_only: name === 'dhis2-exchange' }))

const mappingOf = (alignment) => ({ format: 'drawbridge-mapping', version: 1, rules: alignment.elements.filter((one) => one.decision.state === 'accepted').map(({ source, decision }) => ({ target: { data_element: decision.targets[0].id }, terms: [{ data_element: source.id }], decision: 'accepted' })) })

/** What a file says: source and target id of each that it accepts. Of a mapping as `mappingOf` has it, or of a line for each. */
const saidIn = (text) => (text.startsWith('{') ? JSON.parse(text).rules.map((one) => [one.terms[0].data_element, one.target.data_element]) : text.split('\n').filter(Boolean).map((line) => line.split(' ')))

/** Accepts what the file names. */
function importMapping(world, [id], text, request, url) {
  const alignment = of(world.alignments, id)
  if (request.headers['if-match'] !== `"${alignment.version}"`) throw new Problem(412, 'changed_meanwhile')
  world.imported = { format: url.searchParams.get('format'), text }
  const lines = saidIn(text ?? '')
  if (lines.some((line) => line.length !== 2)) throw new Problem(400, 'input', { detail: 'line 1: the source is empty', said: [{ text: 'line {1}: the source is empty', values: ['1'] }] })
  const known = lines.filter(([source]) => alignment.elements.some((one) => one.source.id === source))
  const changes = world.decide(alignment, known.map(([source, target]) => ({ kind: 'data_element', source_data_element: source, decision: 'accepted', targets: [{ data_element: target }] })), 'maria')
  const decided = { data_elements: known.length, cells: 4 * known.length, org_units: 0, attribute_option_combos: 0 }
  return { json: { ...changes, decided }, headers: known.length < lines.length ? { 'Drawbridge-Warnings': JSON.stringify([{ detail: `${lines.length - known.length} cells or pairs are passed over: the two data sets do not hold them`, said: [{ text: '{1} cells or pairs are passed over: the two data sets do not hold them', values: [String(lines.length - known.length)] }] }]) } : {} }
}

function placesOf(world, alignment) {
  if (!world.places.has(alignment.id)) world.places.set(alignment.id, madeUpPlaces(alignment.id, alignment.version))
  return { ...world.places.get(alignment.id), version: alignment.version, second_person: alignment.second_person }
}

function decidePlaces(world, alignment, decisions, by) {
  const places = placesOf(world, alignment)
  for (const [kind, member] of Object.entries(PLACE_KINDS)) {
    const own = decisions.filter((one) => one.kind === kind)
    places[member] = withPlaceDecisions(places[member], own, knownPlaces)
    for (const { source, decision } of places[member].pairs) {
      const said = own.findLast((one) => one.source === source.id)
      if (said) Object.assign(decision, said.decision === 'approved' ? { approved_by: by, approved_at: now() } : { by, at: now() })
    }
  }
  world.places.set(alignment.id, places)
}

/** Adds to a world what makes and changes alignments. */
function withAlignments(world) {
  world.align = ({ source, target }, id = `alignment${world.alignments.size + 1}`) => {
    world.alignments.set(id, madeUpAlignment(id, world.elements, source, target))
    return id
  }
  /** Somebody decides. */
  world.decide = (alignment, decisions, by, counts = true) => {
    let review = reviewOf(alignment)
    const changedElements = new Set()
    const changedCells = []
    decidePlaces(world, alignment, decisions.filter((one) => one.source), by)
    for (const one of decisions.filter((decision) => decision.source_data_element)) {
      const id = one.source_data_element
      if (one.kind === 'data_element') {
        const { asProposed: _, ...next } = decided(review, review.elements.get(id), one) // which is the page's own
        const sure = one.targets && review.elements.get(id).proposals.find((each) => each.target.id === one.targets[0].data_element)?.confidence
        Object.assign(next.decision, one.decision === 'undecided' ? {} : one.decision === 'approved' ? { approved_by: by, approved_at: now() } : { by, at: now(), ...(sure !== undefined && { confidence: sure }) })
        review.elements.set(id, next)
        changedElements.add(id)
      } else {
        review.cellsOf.set(id, review.cellsOf.get(id).map((cell) => (cell.source.id === one.source_category_option_combo ? cellDecided(review, cell, one) : cell)))
        changedCells.push(...review.cellsOf.get(id).filter((cell) => cell.source.id === one.source_category_option_combo))
      }
    }
    alignment.elements = [...review.elements.values()]
    alignment.cells = [...review.cellsOf.values()].flat()
    if (counts) alignment.version++
    const states = alignment.elements.map((one) => one.decision.state)
    alignment.coverage = { ...alignment.coverage, accepted: states.filter((one) => one === 'accepted').length, none: states.filter((one) => one === 'none' || one === 'excluded').length }
    return { id: alignment.id, version: alignment.version, elements: [...changedElements].map((id) => review.elements.get(id)), cells: changedCells, coverage: alignment.coverage, judged: alignment.judged, warnings: [] }
  }
  return world
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const world = await startMock({ port: Number(process.argv[2] ?? 8090), elements: Number(process.argv[3] ?? 300), connected: [] })
  console.log(`${world.url}  (user "maria" or "twofactor", password "right", code 123456; tokens begin with d2p_)`)
}
