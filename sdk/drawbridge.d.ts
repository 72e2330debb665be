export type SignInKind = 'oauth' | 'legacy-oauth' | 'pat' | 'password' | 'basic'
export type ConnectionState = 'ok' | 'reauth_required' | 'unreachable' | 'forbidden' | 'clock_skew'

export interface Connection {
  server: string
  kind: SignInKind
  state: ConnectionState
  user: { id: string; username: string; name: string }
  version: string
  since: string
  expires_at?: string
}

export interface Session {
  mode: 'same-origin' | 'same-site' | 'cross-site' | 'handle'
  expires_at?: string
  idle_expires_at?: string
  connections: Connection[]
}

export interface Server {
  id: string
  name: string
  url: string
  version?: string
  state: ConnectionState
  sign_in: { kind: SignInKind; label: string; authorize_url?: string }[]
}

export type Credential = { remember?: boolean } & (
  | { kind: 'pat'; token: string }
  | { kind: 'password'; username: string; password: string; code?: string }
  | { kind: 'basic'; username: string; password: string }
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

export class DrawbridgeError extends Error {
  status: number
  code: string
  reason?: string
  server?: string
  origin: 'gateway' | 'upstream'
  title?: string
  loginUrl?: string
  requestId?: string
  retryAfter?: number
  body?: unknown
}

export interface DataSet { id: string; name: string; period_type: string; data_elements: number }
export interface OrgUnit { id: string; name: string; code?: string; path: string; level: number }
export interface Side { server: string; data_set: string }

export interface Decision {
  kind: 'data_element' | 'operand'
  source_data_element: string
  source_category_option_combo?: string
  targets: { data_element: string; category_option_combo?: string; sign?: '+' | '-' }[]
  decision: 'accepted' | 'rejected' | 'none' | 'undecided'
  note?: string
}

export interface RunOrder { alignment: string; periods: string[]; org_units: string[] | 'assigned'; dry_run: boolean }

export interface Run {
  id: string
  state: 'queued' | 'reading' | 'translating' | 'checking' | 'writing' | 'verifying' | 'done' | 'failed' | 'cancelled'
  progress: { read: number; mapped: number; sent: number; verified: number; batches: number; of: number }
  report?: Record<string, unknown>
  problem?: Record<string, unknown>
}

export interface Drawbridge {
  readonly url: string
  session(options?: CallOptions): Promise<Session>
  servers(options?: CallOptions): Promise<Server[]>
  /** drawbridge's own sign-in page for this server, every kind; it comes back to `returnTo`. */
  signInUrl(server: string, options?: { returnTo?: string }): string
  /** The server's own OAuth sign-in; in cross-site mode with a challenge whose verifier stays in this tab. */
  authorizeUrl(server: string, options?: { returnTo?: string; crossSite?: boolean }): Promise<string>
  /** Once at start: redeems the code of a cross-site sign-in. Undefined where there is none. */
  finishSignIn(options?: { location?: Location; history?: History }): Promise<Session | undefined>
  signIn(server: string, credential: Credential, options?: CallOptions): Promise<Connection>
  signOut(server?: string, options?: CallOptions): Promise<void>
  doctor(server: string, options?: CallOptions): Promise<{ check: string; outcome: 'ok' | 'warning' | 'failed'; found: string; meaning: string; remedy: string }[]>
  baseUrl(server: string): string
  fetch(server: string, path: string, options?: FetchOptions): Promise<Response>
  get<T = any>(server: string, path: string, options?: CallOptions): Promise<T>
  dataSets(server: string, options?: CallOptions): Promise<DataSet[]>
  orgUnits(server: string, dataSet: string, options?: CallOptions): Promise<OrgUnit[]>
  alignments: {
    list(options?: CallOptions): Promise<any[]>
    get(id: string, options?: CallOptions): Promise<any>
    propose(sides: { source: Side; target: Side }, options?: CallOptions): Promise<{ id: string; version: number }>
    decide(id: string, decisions: Decision[], options?: CallOptions & { ifMatch?: number | string }): Promise<any>
  }
  runs: {
    get(id: string, options?: CallOptions): Promise<Run>
    start(run: RunOrder, options?: CallOptions & { key?: string }): Promise<{ id: string }>
    cancel(id: string, options?: CallOptions): Promise<void>
    watch(id: string, options?: { signal?: AbortSignal }): AsyncIterable<Run>
  }
  on(event: 'auth-required', listener: (error: DrawbridgeError) => void): () => void
}

export function createDrawbridge(options?: { url?: string; fetch?: typeof fetch; storage?: Storage }): Drawbridge
export function eventsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<{ id?: string; type: string; data: string }>
