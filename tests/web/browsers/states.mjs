// Every screen of the page in each of its states, for whoever goes through all of them: how the made-up world is, where it is seen, what is done there, and by what one knows that it is there. No state is known by its words: they differ by language.
import { seen } from './browsers.mjs'
import { CHANGES, madeUpRun, PAIR, withWards } from '../made-up.mjs'
import { madeUpPlaces, withUnassigned } from '../made-up-places.mjs'

const ROW = '[role=grid] [role=row][aria-selected]'
const A = '/alignments/one'
const FORM = `${A}?order=form` // the review where rows stand where their numbers say

const aligned = (change = () => {}, id = 'one') => (world) => {
  world.align(PAIR, id)
  change(world.alignments.get(id), world)
}
const word = (i, decision) => ({ kind: 'data_element', source_data_element: `Source${String(i).padStart(5, '0')}`, decision, ...(decision === 'accepted' ? { targets: [{ data_element: `Target${String(i).padStart(5, '0')}` }] } : {}) })
const by = (who, alignment, world, step) => world.review.apply(alignment, step, who, (decisions) => world.decide(alignment, decisions, who, false))
const counted = (world) => { world.tables = '2026-11-24T02:00:00.000' } // values, by analytics
const someDecided = aligned((alignment, world) => by('maria', alignment, world, { label: 'Accepted 5', decisions: [...[0, 1, 2, 3, 5].map((i) => word(i, 'accepted')), word(6, 'none'), word(7, 'excluded')] }))
const away = (pattern) => (world) => { world.fail = (_, path) => pattern.test(path) && new world.Problem(503, 'server_unreachable', { server: 'central' }) }
const making = (step) => (world) => {
  world.makings.set('m', { id: 'm', state: 'queued', ...PAIR })
  world.steps = [step]
}
const both = (...steps) => (world) => { for (const step of steps) step(world) }
/** The last of so many batches, as a run lists them. */
const batches = (last) => Array.from({ length: Math.min(last, 20) }, (_, i) => {
  const number = last - Math.min(last, 20) + i + 1
  const ignored = number % 6 === 1 ? 21 : 0
  return { number, period: '202609', org_unit: 'OrgUnit0003', name: ['Kenema Government Hospital', 'Bo', 'Kailahun'][number % 3], org_units: number % 5 === 0 ? 1 : 31, values: 500, created: 491 - ignored, updated: 9, removed: 0, ignored, at: `2026-10-02T08:12:${String(10 + i)}Z` }
})
const ran = (more) => both(aligned(), (world) => world.runs.set('run1', madeUpRun(more)))

const RUNS = {
  'run-checking': { state: 'checking', dry_run: true, progress: { done: 500, of: 1340 }, totals: [], conflicts: [] },
  'run-checked': { state: 'done', dry_run: true, conflicts: [], replaced: [{ data_element: 'Target00000', category_option_combo: 'TargetCoc00', period: '202609', org_unit: 'OrgUnit0003', before: '11', value: '7' }], counts: { ...madeUpRun().counts, ignored: {}, created: 170, updated: 1202, verified: 0 }, estimate: { requests: 214, source_requests: 88, target_requests: 126, bytes: 1234567, seconds: 197 } },
  'run-sending': { state: 'sending', progress: { done: 1, of: 10 }, totals: [], conflicts: [], batches: batches(4) },
  'run-done': { state: 'done', totals: ['Malaria cases', 'BCG doses given', 'Measles – new cases', 'Outpatient visits'].map((name, i) => ({ data_element: `Target0000${i}`, name, period: '202609', source: `${12 + i * 97}34`, target: `${12 + i * 97}34`, cells: 20, equal: true })), conflicts: [], counts: { ...madeUpRun().counts, ignored: {}, verified: 1372 } },
  'run-refused': { batches: batches(27), refused_rows: 2 },
  'run-differs': { state: 'differs', conflicts: [] },
  'run-skipped': { state: 'done', totals: [{ data_element: 'Target00000', name: 'Malaria cases', period: '202609', source: '1234', target: '1221', cells: 20, equal: false, skipped: '13', equal_but_skipped: true }], conflicts: [], skipped_units: [{ period: '202609', org_unit: 'OrgUnit0003', data_element: 'Target00000', values: 2, total: '13' }], counts: { ...madeUpRun().counts, ignored: {}, unmapped: { unknown_unit: 2 }, skipped_units: 1 } },
  'run-failed': { state: 'failed', problem: { code: 'inside', detail: 'it broke' }, totals: [], conflicts: [] },
  'run-paused': { state: 'paused', totals: [], conflicts: [] },
  'run-cancelled': { state: 'cancelled', totals: [], conflicts: [] },
  'run-interrupted': { state: 'interrupted', totals: [], conflicts: [] },
  'run-undo': { state: 'done', undoes: 'run0', counts: { ...madeUpRun().counts, removed: 3, not_changed: 1 }, totals: [], conflicts: [] },
}
const SCHEDULE = { id: 'schedule1', name: 'Monthly report', from: 'district', to: 'central', by: 'maria', period_type: 'Monthly', after_day: 10, for_days: 20, again_hours: 24, org_units: 30, next: '2026-12-10T00:00:00Z', unattended_until: '2027-11-24T23:59:59Z', created: '2026-11-24T08:00:00Z' }

const click = (selector, at = 0) => async (page) => {
  await page.waitForSelector(selector)
  await page.evaluate((where, which) => document.querySelectorAll(where)[which].click(), selector, at)
}
const countsAreThere = (page) => seen(page, () => [...document.querySelectorAll('.vrow small')].some((one) => one.textContent.includes('·')))
const pick = (selector, value) => (page) => page.select(selector, value)
const keys = (...list) => async (page) => {
  await page.focus('[role=grid]')
  for (const key of list) await page.keyboard.press(key)
}
/** Into a field, as a person who pastes. */
const fill = (selector, text) => async (page) => {
  await page.waitForSelector(selector)
  await page.evaluate((where, value) => { const field = document.querySelector(where); field.value = value; field.dispatchEvent(new Event('input', { bubbles: true })); field.dispatchEvent(new Event('change', { bubbles: true })) }, selector, text)
}
const signIn = (user, password) => [click('[role=tab]', 1), fill('input[autocomplete=username]', user), fill('input[type=password]', password), click('form button[type=submit]')]
const upload = (text) => async (page) => {
  await page.waitForSelector('input[type=file]')
  await page.evaluate((content) => { const data = new DataTransfer(); data.items.add(new File([content], 'decisions.csv')); const field = document.querySelector('input[type=file]'); field.files = data.files; field.dispatchEvent(new Event('change', { bubbles: true })) }, text)
  await click('[aria-labelledby=import] .button.primary')(page)
}

/** {name, path, there: selector, world?: options or what is done to the world, session?: what the tab keeps, steps?: [(page) => …], then?: selector behind them, ends?: what is done to the world once it is open} */
export const STATES = [
  { name: 'servers', path: '/servers', there: '.rights dl' },
  { name: 'servers-no-rights', path: '/servers', world: (world) => { Object.assign(world, { authorities: [], shared: [{ read: false, write: false }] }); for (const one of world.connections.values()) one.since = '2026-11-24T09:00:00Z' }, there: '.rights details' },
  { name: 'servers-signed-out', path: '/servers', options: { connected: [] }, there: '.card .button.primary' },
  { name: 'servers-remembered', path: '/servers', options: { home: 'central' }, world: (world) => { world.connections.get('district').remembered_until = '2026-12-24T08:00:00Z' }, there: '.card dl > div:nth-child(4)' },
  { name: 'servers-unreachable', path: '/servers', options: { connected: [] }, world: (world) => Object.assign(world.servers[0], { state: 'unreachable', sign_in: [], problem: { code: 'certificate_refused', detail: 'certificate expired' } }), there: '.card .notice.error' },
  { name: 'servers-sign-in-again', path: '/servers', world: (world) => { world.connections.get('district').state = 'reauth_required' }, there: '.card .tag.warning' },
  { name: 'servers-untried', path: '/servers', world: (world) => { const tried = { oldest: '2.37', newest: '2.43' }; Object.assign(world.connections.get('district'), { version: '2.36.13', untried: { release: 'older', ...tried } }); Object.assign(world.connections.get('central'), { version: '2.44.0', untried: { release: 'newer', ...tried } }) }, there: '.card:nth-child(2) .notice.warning' },
  { name: 'servers-examined', path: '/servers', there: '.card', steps: [click('.card p.row .button:last-child')], then: '.card table, .card ul, .card ol' },
  { name: 'servers-none', path: '/servers', options: { connected: [] }, world: (world) => { world.servers.length = 0 }, there: '.page > p:nth-of-type(2)' },
  { name: 'servers-no-store', path: '/servers', world: (world) => { world.fail = (_, path) => path === '/v1/servers' && new world.Problem(503, 'store_unavailable') }, there: '.notice.error' },
  { name: 'sign-in', path: '/sign-in/district', options: { connected: [] }, there: '[role=tab]' },
  { name: 'sign-in-oauth', path: '/sign-in/central', options: { connected: [] }, there: '[role=tabpanel] a.button' },
  { name: 'sign-in-remember', path: '/sign-in/central', options: { connected: ['district'], home: 'district' }, there: '.card > .check' },
  { name: 'sign-in-home-first', path: '/sign-in/central', options: { connected: [], home: 'district' }, there: '.card > p.muted' },
  ...['wrong', 'locked', 'expired', 'disabled'].map((user) => ({ name: `sign-in-${user}`, path: '/sign-in/district', options: { connected: [] }, there: '[role=tab]', steps: signIn(user, user === 'wrong' ? 'no' : 'right'), then: 'form [role=alert]' })),
  { name: 'sign-in-second-factor', path: '/sign-in/district', options: { connected: [] }, there: '[role=tab]', steps: signIn('twofactor', 'right'), then: 'input[autocomplete=one-time-code]' },
  { name: 'sign-in-email-code', path: '/sign-in/district', options: { connected: [] }, there: '[role=tab]', steps: signIn('mail', 'right'), then: 'input[autocomplete=one-time-code]' },
  { name: 'sign-in-problem', path: '/sign-in/central?problem=access_denied', options: { connected: [] }, there: '.notice.error' },
  { name: 'sign-in-unknown', path: '/sign-in/nowhere', options: { connected: [] }, there: '.notice.error' },
  { name: 'signed-in-for-an-app', path: '/sign-in/district?return_to=https%3A%2F%2Fapp.example.org%2F', options: { connected: [] }, there: '[role=tab]', steps: [fill('input[type=password]', 'd2p_x'), click('form button[type=submit]')], then: 'a[href="https://app.example.org/"]' },
  { name: 'alignments', path: '/alignments', world: aligned(), there: 'table' },
  { name: 'alignments-empty', path: '/alignments', there: '.empty' },
  { name: 'alignments-making', path: '/alignments', world: both(aligned(), ...[['m', 'reading'], ['n', 'comparing'], ['o', 'failed'], ['p', 'interrupted']].map(([id, state]) => (world) => world.makings.set(id, {
    id, state, created: '2026-11-24T08:00:00Z', source: { ...PAIR.source, data_elements: 300, org_units: 1200 }, target: { ...PAIR.target, data_elements: 41, org_units: 0 }, ...(state === 'comparing' && { progress: { done: 128, of: 300 } }), ...(state === 'failed' && { problem: { status: 503, code: 'server_unreachable', server: 'central' } }),
  }))), there: '#makings' },
  { name: 'alignments-wait', path: '/alignments', world: (world) => { world.fail = (_, path) => path === '/v1/alignments' && new world.Problem(429, 'too_many', { retry_after: 300 }) }, there: '.notice.error .number' },
  { name: 'alignments-signed-out', path: '/alignments', options: { connected: [] }, there: '.empty .button' },
  { name: 'alignment-remove', path: '/alignments', world: aligned(), there: 'table', steps: [click('.button.destructive')], then: 'dialog[open]' },
  { name: 'new-alignment', path: '/alignments/new', there: '.choice', steps: [click('section .choice input', 1), click('section:nth-of-type(2) .choice input')], then: '.notice' },
  { name: 'new-alignment-start', path: '/alignments/new', world: aligned(), there: '.choice', steps: [...[1, 0].map((at, i) => click(`section:nth-of-type(${i + 1}) .choice input`, at)), pick('.page > section select', 'alignment')], then: 'optgroup' },
  { name: 'new-alignment-carried', path: '/alignments/new/m', world: both(someDecided, making({ state: 'done' })), session: { 'drawbridge start m': JSON.stringify({ alignment: 'one', name: 'Monthly facility report' }) }, there: '.notice.good' },
  { name: 'new-alignment-not-carried', path: '/alignments/new/m', world: both(making({ state: 'done' }), (world) => { world.align(PAIR, 'm') }), session: { 'drawbridge start m': JSON.stringify({ name: 'decisions.csv', format: 'csv' }) }, there: '.notice.warning' },
  { name: 'new-alignment-one-server', path: '/alignments/new', options: { connected: ['district'] }, there: '.page a.button, .notice' },
  { name: 'making', path: '/alignments/new/m', world: making({ state: 'reading', source: { data_elements: 300, org_units: 1200 }, target: { data_elements: 41, org_units: 0 } }), there: '.steps li.now' },
  { name: 'overview', path: `${A}/overview`, world: both(counted, someDecided, (world) => { world.drift = CHANGES; world.runs.set('run1', madeUpRun({ dry_run: true, state: 'done' })) }), there: '.page a[href$="/drift"]' },
  { name: 'overview-partly', path: `${A}/overview`, world: both(aligned(), away(/\/(drift|places)$/)), there: '.notice.error' },
  { name: 'review', path: A, world: both(counted, someDecided), there: ROW, steps: [countsAreThere], then: ROW },
  { name: 'review-why', path: FORM, world: aligned(), there: ROW, steps: [keys('w')], then: '.features' },
  { name: 'review-why-values', path: FORM, world: both(counted, aligned()), there: ROW, steps: [keys('w'), click('.why .hint .button')], then: '.why table.compare' },
  { name: 'review-cells', path: FORM, world: aligned(), there: ROW, steps: [keys('d')], then: '.cells select' },
  { name: 'review-history', path: FORM, world: aligned((alignment, world) => by('joseph', alignment, world, { label: 'No counterpart: Malaria, new cases', decisions: [{ ...word(0, 'none'), note: 'they are counted elsewhere' }], comments: [{ source_data_element: 'Source00000', text: 'Is this with the relapses?' }] })), there: ROW, steps: [keys('h')], then: '.events li.comment' },
  { name: 'review-search-targets', path: FORM, world: aligned(), there: ROW, steps: [keys('e', 'd', 'e', 'a')], then: '[role=option]' },
  { name: 'review-selected', path: FORM, world: aligned(), there: ROW, steps: [keys(' ', 'ArrowDown', ' ')], then: '.selection' },
  { name: 'review-facets', path: FORM, world: both(counted, aligned((alignment) => { alignment.judged = [{ from: 0.9, decided: 1064, agreed: 1013 }, { from: 0.7, decided: 155, agreed: 120 }, { from: 0, decided: 90, agreed: 12 }] })), there: '.vrow.unused', steps: [click('.filters [aria-expanded]')], then: '.facets .counted' },
  { name: 'review-empty-filter', path: `${A}?text=nothing-is-called-so`, world: aligned(), there: '.panes .empty' },
  { name: 'review-warning', path: FORM, world: aligned(), there: ROW, steps: [keys(']')], then: '.detail .notice.warning' },
  { name: 'review-keys', path: A, world: aligned(), there: ROW, steps: [keys('?')], then: 'dialog[open] .keys' },
  { name: 'review-people', path: A, world: aligned((alignment) => { alignment.people = [{ server: 'district', username: 'joseph' }] }), there: ROW, steps: [click('.bar-tools .button')], then: 'dialog[open] input' },
  { name: 'review-steps', path: A, world: someDecided, there: ROW, steps: [click('.bar-tools .row:nth-child(2) .button', 3)], then: 'dialog[open] .events .button' },
  { name: 'review-changed', path: FORM, world: aligned((alignment) => { alignment.elements[2].changed = { at: '2026-11-24T08:00:00Z', reason: 'the value type of its target is TEXT now' } }), there: ROW, steps: [keys('j', 'j')], then: '.detail' },
  { name: 'review-second-person', path: FORM, world: aligned((alignment, world) => { Object.assign(alignment, { second_person: true, owner: 'joseph' }); by('joseph', alignment, world, { decisions: [word(0, 'accepted')] }) }), there: ROW },
  // each of the three leaves something that is not saved: its alignment is its own
  { name: 'review-conflict', path: '/alignments/conflict?order=form', world: aligned(undefined, 'conflict'), there: ROW, ends: (world) => world.decide(world.alignments.get('conflict'), [word(0, 'none')], 'joseph'), steps: [keys('a')], then: '.notice .both' },
  { name: 'review-offline', path: '/alignments/offline?order=form', world: aligned(undefined, 'offline'), there: ROW, ends: (world) => { world.fail = (method) => method === 'PATCH' && new world.Problem(503, 'store_unavailable') }, steps: [keys('a')], then: '.save .button' },
  { name: 'review-signed-out', path: '/alignments/signed-out?order=form', world: aligned(undefined, 'signed-out'), there: ROW, ends: (world) => world.connections.clear(), steps: [keys('a')], then: '.save a' },
  { name: 'review-not-there', path: '/alignments/nothing', there: '.notice.error' },
  { name: 'disaggregation', path: `${A}/disaggregation`, world: someDecided, there: 'table' },
  { name: 'disaggregation-pair', path: `${A}/disaggregation?pair=SourceAges0.TargetAges0`, world: someDecided, there: '.matrix', steps: [click('.matrix button')], then: '.notice.warning' },
  { name: 'disaggregation-whole', path: `${A}/disaggregation?pair=SourceAges0.TargetAges0`, world: aligned(), there: '.matrix', steps: [click('.page .button[aria-expanded]')], then: '#whole' },
  { name: 'disaggregation-large', path: `${A}/disaggregation?pair=SourceAges0.TargetAges0&grid=all`, world: aligned((_, world) => withWards(world, 'one')), there: '[role=grid] [role=row] [aria-selected=true]', steps: [click('[role=rowheader][aria-expanded]')], then: '[role=rowheader][aria-expanded=true]' },
  { name: 'disaggregation-empty', path: `${A}/disaggregation`, world: aligned((alignment) => { for (const one of alignment.elements) one.proposals = [] }), there: '.empty' },
  { name: 'places', path: `${A}/places`, world: both(counted, aligned()), there: ROW },
  { name: 'places-unassigned', path: `${A}/places?state=unassigned`, world: both(aligned(), (world) => world.places.set('one', withUnassigned(madeUpPlaces('one', 1)))), there: ROW },
  { name: 'places-attributes', path: `${A}/places?of=attribute_option_combo`, world: aligned(), there: ROW },
  { name: 'places-second-person', path: `${A}/places`, world: aligned((alignment, world) => { Object.assign(alignment, { second_person: true, owner: 'joseph' }); by('joseph', alignment, world, { decisions: [{ kind: 'org_unit', source: 'SUnit0000', decision: 'accepted', targets: [{ id: 'TUnit0000' }] }] }) }), there: ROW },
  { name: 'places-periods', path: `${A}/places?of=period`, world: aligned(), there: '#periods' },
  { name: 'files', path: `${A}/files`, world: aligned(), there: '#import' },
  { name: 'files-imported', path: `${A}/files`, world: aligned(), there: '#import', steps: [upload('Source00000 Target00003\nSource99999 Target00001\n')], then: '.notice.good' },
  { name: 'files-refused', path: `${A}/files`, world: aligned(), there: '#import', steps: [upload('nonsense')], then: '.notice.error' },
  { name: 'drift', path: `${A}/drift`, world: aligned((_, world) => { world.drift = CHANGES }), there: 'table' },
  { name: 'drift-gone-on', path: `${A}/drift`, world: both(someDecided, (world) => { world.drift = CHANGES; world.gonePlaces = ['SUnit0009'] }), there: 'table', steps: [click('.card .button.primary')], then: '.notice.good' },
  { name: 'drift-nothing', path: `${A}/drift`, world: aligned(), there: '.empty' },
  { name: 'drift-taken', path: `${A}/drift`, world: aligned((alignment, world) => { alignment.on_change = 'take'; world.drift = CHANGES.filter((one) => one.mapping === 'same') }), there: '.notice.good' },
  { name: 'drift-unreachable', path: `${A}/drift`, world: both(aligned(), away(/\/drift$/)), there: '.notice.error' },
  { name: 'send', path: `${A}/send`, world: someDecided, there: '.unit', steps: [click('summary')], then: 'details[open] input[type=date]' },
  { name: 'send-nothing', path: `${A}/send`, world: both(aligned(), away(/\/org-units$/)), there: '.notice.warning' },
  { name: 'runs', path: '/runs', world: both(ran(), (world) => { world.runs.set('run2', madeUpRun({ id: 'run2', state: 'done', dry_run: true })); world.schedules.set('schedule1', SCHEDULE) }), there: 'section table' },
  { name: 'runs-empty', path: '/runs', there: '.empty' },
  { name: 'runs-signed-out', path: '/runs', options: { connected: [] }, there: '.empty .button' },
  ...Object.entries(RUNS).map(([name, more]) => ({ name, path: '/runs/run1', world: ran(more), there: '.steps' })),
  { name: 'run-overwrite-asked', path: '/runs/run1', world: ran(RUNS['run-checked']), there: '.steps', steps: [click('.notice .button.primary')], then: 'dialog[open]' },
  { name: 'run-undo-asked', path: '/runs/run1', world: ran(RUNS['run-done']), there: '.steps', steps: [click('.page > .row:last-child .button')], then: 'dialog[open]' },
  { name: 'run-unknown', path: '/runs/nothing', there: '.notice.error' },
  { name: 'mapping-print', path: `${A}/print`, world: someDecided, there: '.sign' },
  { name: 'report', path: '/runs/run1/report', world: ran(), there: '.sign' },
  { name: 'schedule', path: '/runs/run1/schedule', world: ran(RUNS['run-checked']), there: 'input[type=date]' },
  { name: 'schedule-of-other-periods', path: '/runs/run1/schedule', world: ran({ ...RUNS['run-checked'], order: { periods: ['the third week'] } }), there: '.notice' },
  { name: 'nowhere', path: '/alignments/one/two/three', there: 'h1' },
]

/** Opens a state in a page that has been at this world before: without loading the page anew, as one goes from screen to screen. */
export async function openState(page, world, state) {
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('dialog[open]')) one.close()
    sessionStorage.clear()
    history.pushState(null, '', '/nowhere')
    dispatchEvent(new PopStateEvent('popstate'))
  })
  await seen(page, () => location.pathname === '/nowhere' && document.querySelector('main h1') && !document.querySelector('main .card, main table, main [role=grid]'))
  world.begin(state.options)
  state.world?.(world)
  await page.evaluate((path, session) => {
    sessionStorage.clear() // what a screen kept when it was left
    for (const [key, value] of Object.entries(session)) sessionStorage.setItem(key, value)
    history.pushState(null, '', path)
    dispatchEvent(new PopStateEvent('popstate'))
  }, state.path, state.session ?? {})
  await page.waitForSelector(state.there)
  state.ends?.(world)
  for (const step of state.steps ?? []) await step(page)
  if (state.then) await page.waitForSelector(state.then)
  await seen(page, () => !document.querySelector('.loading, [aria-busy=true]'))
}
