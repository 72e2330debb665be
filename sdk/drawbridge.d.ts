export type SignInKind = 'oauth' | 'legacy-oauth' | 'pat' | 'password' | 'basic' | 'bearer' | 'api-key'
export type ConnectionState = 'ok' | 'reauth_required' | 'unreachable' | 'forbidden' | 'clock_skew'

export interface Connection {
  server: string
  kind: SignInKind
  state: ConnectionState
  user: { id: string; username: string; name: string }
  version: string
  untried?: Untried
  since: string
  expires_at?: string
  /** This browser has it back with the person's next sign-in at the home server. */
  remembered_until?: string
  /** Answer to a sign-in with `remember: true`: why it cannot be remembered. */
  not_remembered?: string
}

export interface Session {
  mode: 'same-origin' | 'same-site' | 'cross-site' | 'handle'
  /** null: there is no session. */
  expires_at: string | null
  idle_expires_at: string | null
  /** This browser keeps no cookie of drawbridge's here, and the app may not hold its session by a key: no sign-in can work. */
  cookies_blocked?: true
  /** The home server by which the person is known: sign-ins at other servers can be remembered. */
  home?: string
  connections: Connection[]
}

/** Of a server whose release of DHIS2 drawbridge was not tried with. */
export interface Untried { release: 'older' | 'newer'; oldest: string; newest: string }

export interface Server {
  id: string
  name: string
  url: string
  /** 'http': any API that is no DHIS2. */
  type: 'dhis2' | 'http'
  version?: string
  untried?: Untried
  state: ConnectionState
  /** Why it cannot be reached, or by how much its clock differs. */
  problem?: { code: string; detail: string; said?: Said[]; reason?: string }
  /** People are known by their account here. */
  home?: true
  sign_in: { kind: SignInKind; label: string; authorize_url?: string }[]
}

export type Credential = { remember?: boolean } & (
  | { kind: 'pat'; token: string }
  | { kind: 'password'; username: string; password: string; code?: string }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'bearer'; token: string; username?: string }
  | { kind: 'api-key'; key: string; username?: string }
)

export interface CallOptions {
  signal?: AbortSignal
  headers?: HeadersInit
}

export interface FetchOptions extends CallOptions {
  method?: string
  body?: BodyInit
  json?: unknown
}

/** A part of what is told, with {1}, {2}, … where values stand; the text of one kind of thing is always the same. */
export interface Said { text: string; values: string[] }
/** `detail` is `said`, joined by ": " with its values in place. */
export interface Told { detail: string; said: Said[] }

export class DrawbridgeError extends Error {
  status: number
  code: string
  reason?: string
  server?: string
  origin: 'gateway' | 'upstream'
  title?: string
  /** The message in parts, to be said in other languages. Of drawbridge's own refusals. */
  said?: Said[]
  loginUrl?: string
  requestId?: string
  /** Of the trace that the request is in; undefined where traces are off. */
  traceId?: string
  retryAfter?: number
  body?: unknown
  /** As @dhis2/data-engine's FetchError has them. */
  readonly type: 'network' | 'access' | 'unknown'
  readonly details: any
}

export interface DataSet { id: string; name: string; code?: string; period_type: string; data_elements: number }
export interface OrgUnit { id: string; name: string; code?: string; path: string; level: number }
export interface SideChoice { server: string; data_set: string }
export interface Side { server: string; calendar?: string; data_set: { id: string; name: string; period_type: string } }
export interface Thing { id: string; name: string }
export interface Element extends Thing { code?: string; value_type?: string; aggregation_type?: string; section?: string; period_type?: string; combo?: Thing }

export interface Feature { name: string; contribution: number }
export interface Proposal {
  target: Element
  /** 0 to 1, calibrated: of those near 0.9, nine in ten are right. */
  confidence: number
  decision: 'auto' | 'proposed' | 'candidate'
  why: string
  reason?: string
  /** Absent where they were not asked for. */
  features?: Feature[]
}

export interface ElementState {
  source: Element
  proposals: Proposal[]
  decision: {
    state: 'proposed' | 'accepted' | 'none' | 'excluded' | 'rejected'
    targets: Thing[]; rejected: Thing[]; by?: string; at?: string; note?: string; confidence?: number; approved_by?: string; approved_at?: string
  }
  /** You decided it, or cells of it: another person has to approve it. Told where the alignment asks for a second person. */
  own?: boolean
  comments?: number
  flag?: { by: string; at: string; to?: string; note?: string }
  changed?: { at: string; reason: string; code?: string }
}

export interface Cell {
  source_data_element: string
  source: Thing
  decided?: boolean
  divided?: string[]
  /** How many those are, where they are more than 32: all of them may not be listed. */
  divided_count?: number
  whole?: string
  by?: string
  at?: string
  terms: { target_data_element: string; target: Thing; sign: '+' | '-'; confidence: number; decision: 'accepted' | 'auto' | 'proposed' }[]
}

/** How proposals fared that people looked at, by the least confidence of a band: `decided` data elements; `agreed`: of those just what was proposed is accepted. */
export interface Judged { from: number; decided: number; agreed: number }
export interface Coverage { source_elements: number; accepted: number; none: number; target_cells: number; target_cells_filled: number }
export interface AlignmentEntry { id: string; version: number; created: string; updated: string; source: Side; target: Side; mine: boolean; owner?: string }

export interface Alignment {
  id: string
  version: number
  state: 'ready'
  owner: string
  second_person: boolean
  people: Colleague[]
  source: Side
  target: Side
  elements: ElementState[]
  cells: Cell[]
  target_elements: Element[]
  target_combos: (Thing & { option_combos: Thing[] })[]
  coverage: Coverage
  /** The surest band first. Of an alignment made by an older release not there until something is decided. */
  judged?: Judged[]
  warnings: string[]
}

export interface MakingSide extends SideChoice { /** Told by the server so far. */ data_elements: number; org_units: number }
/** An alignment that is being made. One that is `interrupted` is begun anew by who follows it, with another id. */
export interface Making {
  id: string
  state: 'queued' | 'reading' | 'comparing' | 'done' | 'failed' | 'interrupted'
  created: string
  source: MakingSide
  target: MakingSide
  /** Data elements of the source, while they are compared. */
  progress?: { done: number; of: number }
  problem?: Record<string, unknown>
}
/** `every`: milliseconds, where it is asked for; `onLost` is told each time that drawbridge cannot be reached, and it goes on trying. */
export interface WatchOptions { signal?: AbortSignal; every?: number; onLost?: (error: DrawbridgeError) => void }

export interface DriftChange {
  effect: 'blocks' | 'check' | 'information'
  side: 'source' | 'target'
  kind: string
  object: { type: 'data_set' | 'data_element' | 'category_combo' | 'option' | 'option_combo' | 'cell' | 'org_unit'; id: string; option_combo?: string; name?: string; lang?: string }
  before?: string
  after?: string
  mapping: 'same' | 'keeps' | 'follows' | 'proposals' | 'ends' | 'stops'
  sure?: boolean
  rules: number[]
  sentence: string
}
/** When a side changes: `ask`: no run while something wants a look; `warn`: only told; `take`: as `warn`, and the page, once opened, goes on by itself where each change is `same`. */
export type OnChange = 'ask' | 'warn' | 'take'
export interface Drift { id: string; version: number; counts: { blocks: number; check: number; information: number }; changes: DriftChange[]; warnings: string[] }
export interface CarriedForward {
  id: string
  version: number
  kept: number
  followed: number
  reopened: { kind: Decision['kind']; name?: string; lang?: string; source?: string; target?: string; source_data_element?: string; source_category_option_combo?: string; target_data_element?: string; target_category_option_combo?: string; reason: string }[]
}
export interface AlignmentChanges { id: string; version: number; elements: ElementState[]; cells: Cell[]; coverage: Coverage; judged: Judged[]; warnings: string[] }

/** About how many of each an imported mapping decided. */
export interface Imported { data_elements: number; cells: number; org_units: number; attribute_option_combos: number }

export interface Colleague { server: string; username: string }
export interface People { version: number; owner: string; second_person: boolean; people: Colleague[]; mine: boolean }

/** Done at once, under a name; or one's own last step taken back, or done again. */
export type Step =
  | { undo: true }
  | { redo: true }
  | {
      label?: string
      decisions?: Decision[]
      /** They were taken by a rule, nobody looked at each: they say nothing of how good proposals are. */
      bulk?: boolean
      flags?: { source_data_element: string; flagged: boolean; to?: string; note?: string }[]
      comments?: { source_data_element: string; text: string }[]
    }

export interface KeptDecision {
  /** Of places the ids stand where those of data elements do. */
  kind: Decision['kind']
  source_data_element: string
  source_category_option_combo?: string
  target_data_element?: string
  target_category_option_combo?: string
  sign?: '-'
  decision: 'accepted' | 'rejected' | 'none' | 'excluded'
  by?: string; at?: string; note?: string; confidence?: number
  /** What the engine proposed for the data element when somebody first spoke about it. */
  proposed?: { confidence: number; targets: string[] }
  approved_by?: string; approved_at?: string
}

export interface HistoryStep {
  number: number
  label: string
  by: string
  at: string
  mine: boolean
  undoes?: number
  redoes?: number
  undone: boolean
  can_undo: boolean
  can_redo: boolean
  before: KeptDecision[]
  after: KeptDecision[]
  remarks: Remark[]
  flags_before?: Remark[]
}

export interface Remark { kind: 'comment' | 'flag' | 'unflag' | 'changed'; source_data_element: string; by?: string; at?: string; text?: string; to?: string }

export type Decision = {
  decision: 'accepted' | 'rejected' | 'none' | 'excluded' | 'undecided' | 'approved' | 'noted'
  note?: string
} & (
  | { kind: 'data_element' | 'operand'; source_data_element: string; source_category_option_combo?: string; targets?: { data_element: string; category_option_combo?: string; sign?: '+' | '-' }[] }
  | { kind: PlaceKind; source: string; targets?: { id: string }[] }
)

export type PlaceKind = 'org_unit' | 'attribute_option_combo'

export interface Combo extends Thing {
  categories: (Thing & { options: Thing[] })[]
  /** `options` are ids, in the order of the categories. */
  option_combos: (Thing & { options: string[] })[]
}

export interface Place {
  id: string
  name: string
  code?: string
  above?: string
  /** Of an org unit of the target: false where its data sets are not assigned to it. */
  assigned?: false
}

export interface Reason {
  code: string
  value?: string
}

export interface Places {
  told: boolean
  /** Of org units that are not told: sides whose data sets are assigned to none. */
  none_assigned?: ('source' | 'target')[]
  same: number
  pairs: {
    source: Place
    proposals: { target: Place; confidence: number; decision: 'auto' | 'proposed' | 'candidate'; why: string; reasons: Reason[] }[]
    why?: string
    reasons?: Reason[]
    decision: { state: 'open' | 'accepted' | 'none'; targets: Place[]; rejected: Place[]; by?: string; at?: string; note?: string; approved_by?: string; approved_at?: string }
    /** You decided it, or a part of it: another person has to approve it. Told where the alignment asks for a second person. */
    own?: boolean
  }[]
}

export interface AlignmentPlaces {
  id: string
  version: number
  second_person: boolean
  org_units: Places
  attribute_option_combos: Places
  periods: { conversion: 'same' | 'roll-up' | 'cannot'; source: string | null; target: string | null; note: string; reason: string; sound_for: string[] }
}

/** Of names, and of what drawbridge words itself; where none is said that of the client, or of the browser. */
export type Language = 'en' | 'fr' | 'pt' | 'es' | 'ar'

export type RunOrder = { periods: string[]; org_units: string[]; descendants?: boolean; dry_run?: boolean; wait?: boolean; approval?: boolean; changed_since?: string; deletions?: 'ignore' | 'delete'; comments?: 'none' | 'carry'; read?: 'values' | 'analytics'; unknown_units?: 'refuse' | 'skip'; check_min_max?: boolean; unattended_until?: string; webhook?: string; language?: Language; accept?: ('accepted' | 'auto' | 'proposed')[] } & (
  | { alignment: string }
  | { mapping: object; from: string; to: string }
)

export interface RunEntry {
  id: string
  state: 'queued' | 'reading' | 'translating' | 'checking' | 'sending' | 'verifying' | 'done' | 'differs' | 'refused' | 'failed' | 'cancelled' | 'paused' | 'interrupted'
  dry_run: boolean
  alignment?: string
  from: string
  to: string
  periods: string[]
  by: string
  /** Until then it goes on without the person. */
  unattended_until?: string
  schedule?: string
  undoes?: string
  undone_by?: string
  /** Values that the source gave, and that were sent (of a dry run: would be), once it has ended. */
  read?: number
  sent?: number
  /** Org units, each in one period, that were skipped with their values, since the target does not have them. */
  units_skipped?: number
  language?: Language
  created: string
  updated: string
}

export interface CellValue { data_element: string; category_option_combo?: string; attribute_option_combo?: string; period: string; org_unit: string; value?: string }

/** Values; unless it says otherwise, cells of the target. */
export interface Counts {
  /** Values of the source: read, that go somewhere, that go nowhere (by reason), that nobody asked for, that are only in cells that nothing changed in. */
  read: number; mapped: number; unmapped: Record<string, number>; not_asked?: number; not_changed?: number
  /** Values of the source's analytics of which could not be asked whether newer ones were entered since its tables were made. */
  unchecked?: number
  cells?: number; summed: number; partial?: number
  /** By drawbridge: see the conflicts. */
  refused?: number
  skipped?: number
  /** A dry run: that would be. */
  sent: number
  created: number; updated: number; unchanged: number
  /** By an undo. */
  removed?: number
  /** Of those created or updated, with a comment or follow-up mark that the target did not have there before. */
  carried?: number
  /** Hold a value at the target, and the source says nothing of them. */
  left_alone?: number
  /** Org units, each in one period, of which the source gave nothing: see `silent_units`. */
  silent?: number
  /** Org units, each in one period, that the target does not have, and whose values were skipped: see `skipped_units`. */
  skipped_units?: number
  /** Refused by the target, by its code. */
  ignored: Record<string, number>
  verified: number; differing: number
}

export interface Conflict {
  code: string
  message: string
  /** Where it can be mended: the app and screen of DHIS2, of what drawbridge foresaw. */
  remedy?: string
  /** Of `value_type`: the value type that the target's data element has. */
  value_type?: string
  /** Of `not_summable`: what does not let the values be added up. */
  obstacle?: { kind: 'aggregation' | 'value'; type: string; side: 'source' | 'target'; over_time: boolean }
  /** The target refused; else drawbridge did. */
  by_target?: boolean
  count: number
  cells: { target: CellValue; sources: CellValue[] }[]
}

export interface Run extends RunEntry {
  org_units?: number
  progress: { done: number; of: number }
  counts: Counts
  totals: { data_element: string; name?: string; period: string; source: string | null; target: string | null; cells?: number; equal: boolean; skipped?: string; equal_but_skipped?: boolean }[]
  conflicts: Conflict[]
  /** The first values that take the place of others, or (without `value`) are deleted; of a dry run, that would. */
  replaced: (CellValue & { before: string })[]
  /** The first org units, each in one period, of which the source gave nothing. */
  silent_units: { period: string; org_unit: string }[]
  skipped_units?: { period: string; org_unit: string; data_element: string; values: number; total?: string }[]
  /** The last 20 of what went to the target at once; of a dry run, what it judged. */
  batches: { number: number; period: string; org_unit: string; name?: string; org_units: number; values: number; created: number; updated: number; removed: number; ignored: number; at: string }[]
  /** How many rows `runs.refused` has; left out where there are none. */
  refused_rows?: number
  /** Of a dry run: what sending takes. `seconds` is the least, and left out below 10. */
  estimate?: { requests: number; source_requests: number; target_requests: number; bytes: number; seconds?: number }
  problem?: Record<string, unknown>
}

/** As a RunOrder, for each period of a type, `after_day` days after it has ended. */
export type ScheduleOrder = {
  name: string; period_type: string; after_day: number; for_days?: number; again_hours?: number; unattended_until: string; webhook?: string; language?: Language
  org_units: string[]; descendants?: boolean; deletions?: 'ignore' | 'delete'; comments?: 'none' | 'carry'; read?: 'values' | 'analytics'; unknown_units?: 'refuse' | 'skip'; check_min_max?: boolean; accept?: ('accepted' | 'auto' | 'proposed')[]
} & (
  | { alignment: string }
  | { mapping: object; from: string; to: string }
)

export interface Schedule {
  id: string
  name: string
  from: string
  to: string
  by: string
  by_target?: string
  alignment?: string
  alignment_version?: number
  webhook?: string
  language?: Language
  period_type: string
  after_day: number
  for_days: number
  again_hours: number
  org_units: number
  unattended_until: string
  next?: string
  created: string
  last?: { period: string; run: string; state: string; at: string; complete: boolean; over?: boolean }
  youngest?: string
  open?: { period: string; at?: string; complete: boolean }[]
  /** The latest periods whose days were over, or the schedule's own time, before all of them had gone through. */
  given_up?: { period: string; at: string }[]
  /** Its time is over. */
  ended?: boolean
}

/** The interface of @dhis2/data-engine; members of a query may be functions of the variables. What fails is a DrawbridgeError, with `type` and `details` as its FetchError. */
export interface Engine {
  query(queries: Record<string, EngineQuery>, options?: EngineOptions): Promise<Record<string, any>>
  mutate(mutation: EngineMutation, options?: EngineOptions): Promise<any>
  /** Paths below the API, like "dataElements/fbfJHSPpUQD?fields=id". */
  get(path: string, options?: EngineOptions): Promise<any>
  post(path: string, data?: any, options?: EngineOptions): Promise<any>
  put(path: string, data?: any, options?: EngineOptions): Promise<any>
  patch(path: string, data?: any, options?: EngineOptions): Promise<any>
  jsonPatch(path: string, patches: object[], options?: EngineOptions): Promise<any>
  delete(path: string, options?: EngineOptions): Promise<any>
  execute(type: 'read' | 'create' | 'update' | 'replace' | 'delete' | 'json-patch', query: { resource: string; id?: string; params?: Record<string, unknown>; data?: any }, options?: { signal?: AbortSignal }): Promise<any>
}
export interface EngineOptions { variables?: Record<string, unknown>; signal?: AbortSignal; onComplete?: (data: any) => void; onError?: (error: any) => void }
type Dynamic<T> = T | ((variables: any) => T)
export interface EngineQuery { resource: string; id?: Dynamic<string | undefined>; params?: Dynamic<Record<string, unknown>> }
export interface EngineMutation extends EngineQuery { type: 'create' | 'update' | 'replace' | 'delete' | 'json-patch'; partial?: boolean; data?: Dynamic<any> }

/** For `<Provider config>` of @dhis2/app-runtime. */
export interface RuntimeConfig {
  baseUrl: string
  apiVersion: number | ''
  serverVersion: { major?: number; minor?: number; patch?: number; tag?: string; full: string }
  systemInfo: Record<string, any>
}

export interface Drawbridge {
  readonly url: string
  session(options?: CallOptions): Promise<Session>
  servers(options?: CallOptions): Promise<Server[]>
  /** Leaves this page for the sign-in that fits, and comes back to `returnTo` (this page). */
  startSignIn(server: string, options?: { returnTo?: string; location?: Location }): Promise<void>
  /** The same in a window of its own, without `window.opener`; to be called in the click itself. `returnTo` is a page of this app that calls finishSignIn(). */
  signInPopup(server: string, options?: { returnTo?: string; signal?: AbortSignal; open?: typeof globalThis.open }): Promise<Session>
  /** Once when the app starts: redeems the code of a sign-in from another site. Undefined where there is none. */
  finishSignIn(options?: { location?: Location; history?: History }): Promise<Session | undefined>
  /** drawbridge's own sign-in page for this server, every kind; for apps on its own origin or site. */
  signInUrl(server: string, options?: { returnTo?: string }): string
  /** The server's own OAuth sign-in; from another site with a challenge whose verifier stays in this tab. */
  authorizeUrl(server: string, options?: { returnTo?: string; crossSite?: boolean }): Promise<string>
  signIn(server: string, credential: Credential, options?: CallOptions): Promise<Connection>
  /** Of one server, or of everything. */
  signOut(server?: string, options?: CallOptions): Promise<void>
  /** What this browser remembers: of one server, or all of it. */
  forget(server?: string, options?: CallOptions): Promise<void>
  doctor(server: string, options?: CallOptions): Promise<{ check: string; outcome: 'ok' | 'warning' | 'failed'; found: string; meaning: string; remedy: string }[]>
  /** Absolute; for the `baseUrl` of an existing DHIS2 app. */
  baseUrl(server: string): string
  /** The answer itself, streaming; a status of 4xx or 5xx is thrown as DrawbridgeError. */
  fetch(server: string, path: string, options?: FetchOptions): Promise<Response>
  get<T = any>(server: string, path: string, options?: CallOptions): Promise<T>
  engine(server: string): Engine
  /** For an app with one server; two of them share one cache in @dhis2/app-runtime: see app-runtime.js. */
  runtimeConfig(server: string, options?: CallOptions): Promise<RuntimeConfig>
  dataSets(server: string, options?: CallOptions): Promise<DataSet[]>
  orgUnits(server: string, dataSet: string, options?: CallOptions): Promise<OrgUnit[]>
  alignments: {
    list(options?: CallOptions): Promise<AlignmentEntry[]>
    /** `features: false` leaves `features` of all proposals out, which is more than half of the answer, and tells 32 at most of `divided`. */
    get(id: string, options?: CallOptions & { features?: boolean }): Promise<Alignment>
    /** Of the proposals for one data element of the source. */
    features(id: string, element: string, options?: CallOptions): Promise<{ source_data_element: string; proposals: { target: string; features: Feature[] }[] }>
    /** With `onProgress` it goes on by itself, whatever becomes of the line or the tab; without, the call waits for all of it. The same `key` is the same alignment, also where an answer was lost. */
    propose(sides: { source: SideChoice; target: SideChoice }, options?: CallOptions & WatchOptions & { onProgress?: (now: Making) => void; key?: string }): Promise<{ id: string; version: number }>
    /** One's own that are being made, and those of the last day that failed or were interrupted: all of them can be followed. */
    makings(options?: CallOptions): Promise<Making[]>
    /** Of one that is being made: as `propose`, again. `remove` ends it; an abort ends the watching alone. */
    follow(id: string, options?: WatchOptions & { onProgress?: (now: Making) => void }): Promise<{ id: string; version: number }>
    decide(id: string, decisions: Decision[], options: CallOptions & { ifMatch: number }): Promise<AlignmentChanges>
    steps(id: string, steps: Step[], options: CallOptions & { ifMatch: number }): Promise<AlignmentChanges>
    history(id: string, options?: CallOptions & { element?: string; limit?: number }): Promise<{ id: string; version: number; steps: HistoryStep[] }>
    people(id: string, options?: CallOptions): Promise<People>
    setPeople(id: string, people: { second_person: boolean; people: Colleague[] }, options: CallOptions & { ifMatch: number }): Promise<People>
    remove(id: string, options?: CallOptions): Promise<void>
    mapping(id: string, options?: CallOptions): Promise<object>
    formats(options?: CallOptions): Promise<{ name: string; title: string; ending: string; media_type: string; cannot_hold: string; written_only: boolean }[]>
    mappingFile(id: string, format: string, options?: CallOptions): Promise<{ blob: Blob; warnings: Told[] }>
    importMapping(id: string, file: Blob | string, options: CallOptions & { format: string; ifMatch: number }): Promise<AlignmentChanges & { decided: Imported; warnings: Told[] }>
    combos(id: string, options?: CallOptions): Promise<{ source: Combo[]; target: Combo[] }>
    places(id: string, options?: CallOptions): Promise<AlignmentPlaces>
    placeTargets(id: string, kind: PlaceKind, search: string, options?: CallOptions): Promise<Place[]>
    placesBelow(id: string, above?: string, options?: CallOptions): Promise<(Place & { below: number })[]>
    drift(id: string, options?: CallOptions): Promise<Drift>
    setOnChange(id: string, on_change: OnChange, options: CallOptions & { ifMatch: number }): Promise<{ version: number; on_change: OnChange }>
    carryForward(id: string, options: CallOptions & { ifMatch: number; follow?: boolean }): Promise<CarriedForward>
  }
  runs: {
    list(options?: CallOptions): Promise<RunEntry[]>
    get(id: string, options?: CallOptions): Promise<Run>
    start(order: RunOrder, options?: CallOptions & { key?: string }): Promise<Run>
    order(id: string, options?: CallOptions): Promise<RunOrder>
    cancel(id: string, options?: CallOptions): Promise<Run>
    pause(id: string, options?: CallOptions): Promise<Run>
    resume(id: string, options?: CallOptions): Promise<Run>
    undo(id: string, options?: CallOptions & { dryRun?: boolean }): Promise<Run>
    report(id: string, options?: CallOptions & { format?: 'json' }): Promise<object>
    report(id: string, options: CallOptions & { format: 'csv' | 'html' }): Promise<string>
    refused(id: string, options?: CallOptions): Promise<string>
    isUnderWay(run: RunEntry): boolean
    /** Whenever it has changed, until it has ended. Told by a stream of events; where that cannot be had, asked for, `every` so many milliseconds (1000). While drawbridge cannot be reached it tries on, more and more seldom, until aborted; `onLost` is told each time. */
    watch(id: string, options?: WatchOptions): AsyncIterable<Run>
  }
  schedules: {
    list(options?: CallOptions): Promise<Schedule[]>
    get(id: string, options?: CallOptions): Promise<Schedule>
    create(order: ScheduleOrder, options?: CallOptions): Promise<Schedule>
    again(id: string, options?: CallOptions): Promise<Schedule>
    remove(id: string, options?: CallOptions): Promise<void>
    webhooks(options?: CallOptions): Promise<string[]>
  }
  on(event: 'auth-required', listener: (error: DrawbridgeError) => void): () => void
  /** Also when another tab of the app signed in or out. */
  on(event: 'session', listener: (session: Session) => void): () => void
}

/** What holds the session in mode `handle`: in IndexedDB, unless told otherwise. */
export interface Keys {
  get(): Promise<{ pair: CryptoKeyPair; handle?: string } | undefined>
  set(value: { pair: CryptoKeyPair; handle?: string }): Promise<void>
  remove(): Promise<void>
}

/** `language`: of the reader (RFC 5646), for names in what somebody shared, for runs and for reports; else the browser's, by its Accept-Language. */
export function createDrawbridge(options?: { url?: string; language?: string; fetch?: typeof fetch; storage?: Storage; keys?: Keys }): Drawbridge
