// One drawbridge behind TLS with two stand-in servers, and apps on names of their own: https://gate.example.test is drawbridge's, everything below .test leads to this machine. A small server does TLS for all names: it passes what is for
// drawbridge on and serves the apps, as a web server in front would.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
export const GATE = 'gate.example.test'
export const NAMES = { gate: GATE, near: 'app.example.test', hosted: 'list.example.test', far: 'app.elsewhere.test', handle: 'app.handle.test', cookies: 'app.cookies.test', evil: 'evil.test', direct: 'direct.test' }
const BUILD = process.env.DRAWBRIDGE_BUILD ?? join(ROOT, 'build')
const DEMO = join(ROOT, 'examples', 'demo-metadata')
const SECRET = '0d5c8f1e-7a3b-4c29-9e64-2b1f8a7c6d50'
const PATIENCE = 180000 // only ever spent on a failure
const SANITIZER = /ERROR: (Address|Leak)Sanitizer|runtime error:/

const accounts = readFileSync(join(DEMO, 'ACCOUNTS.txt'), 'utf8')
export const password = (name) => new RegExp(`^\\s*${name}\\s+(\\S+)`, 'm').exec(accounts)[1]
export const token = (server) => new RegExp(`^\\s*${server}\\s+(d2\\w+_\\w+)`, 'm').exec(accounts)[1]

/** The first of a row of ports that nobody else has by the time a program listens there. */
export const freePort = async (row = 1) => Number((await promisify(execFile)('python3', [join(ROOT, 'tests/ports.py'), String(row)])).stdout)

export async function answers(port, program, address = '127.0.0.1') {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    if (program.child.exitCode !== null) break
    const open = await new Promise((resolve) => {
      const socket = connect(port, address, () => { socket.destroy(); resolve(true) }).on('error', () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${program.name} does not answer:\n${program.log()}`)
}

/** A program that must end well: `stop` says what it said where it did not. */
export function start(name, words) {
  let log = ''
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { log += piece })
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)))
  return {
    name,
    child,
    log: () => log,
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      if (code !== 0 || SANITIZER.test(log)) throw new Error(`${name} ended with ${code}:\n${log.slice(-6000)}`)
    },
  }
}

function certificate(state) {
  const [key, cert] = [join(state, 'tls.key'), join(state, 'tls.crt')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=test', '-addext', `subjectAltName=${Object.values(NAMES).map((name) => `DNS:${name}`).join()}`, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

const APP = (gate) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,"><p id="state">starting</p>
<script type="module">
import { createDrawbridge, DrawbridgeError } from '/sdk/drawbridge.js'
const gw = createDrawbridge({ url: ${gate ? `'${gate}'` : 'location.origin'} })
Object.assign(globalThis, { gw, told: [] })
gw.on('session', (session) => told.push(session))
globalThis.ended = await gw.finishSignIn().then((session) => ({ session }), (error) => ({ code: error.code }))
document.getElementById('state').textContent = 'ready'
</script>`

const PAGES = { '/': 'text/html', '/app/': 'text/html' }

function serveApp(request, response, origin, files) {
  const { pathname } = new URL(request.url, 'https://x')
  const own = request.headers.host.startsWith(GATE)
  const send = (type, body) => response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body)
  if (PAGES[pathname]) return send('text/html', APP(own ? undefined : origin))
  if (pathname === '/sdk/drawbridge.js') return send('text/javascript', readFileSync(join(ROOT, 'sdk/drawbridge.js')))
  const file = files[pathname]
  return file ? send(file.type, typeof file.body === 'function' ? file.body(origin) : file.body) : response.writeHead(404).end()
}

function passOn(request, response, port, { host = '127.0.0.1', path = request.url, headers = request.headers } = {}) {
  const upstream = httpRequest({ port, host, method: request.method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  upstream.on('error', () => response.destroy())
  response.on('close', () => upstream.destroy())
  request.pipe(upstream)
}

const CONFIG = ({ origin, names, port, state, sims, hosted }) => `
public_url: ${origin('gate')}
listen: [127.0.0.1:${port}]
store: sqlite:${state}/state.db
keys: ${state}/keys
apps:
  - {id: near, origins: ["${origin('near')}"], return_to: ["${origin('near')}/", "${origin('near')}/two-servers/"]}
  - {id: far, origins: ["${origin('far')}"], return_to: ["${origin('far')}/", "${origin('far')}/two-servers/"]}
  - {id: handle, origins: ["${origin('handle')}"], return_to: ["${origin('handle')}/", "${origin('handle')}/two-servers/"], mode: handle}
  - {id: cookies, origins: ["${origin('cookies')}"], return_to: ["${origin('cookies')}/"], mode: cross-site}
${hosted ? `  - {id: hosted, origins: ["${origin('hosted')}"], zip: ${hosted}, server: central}` : ''}
servers:
${names.map((name) => `  - {id: ${name}, name: The ${name}, url: "${sims[name]}", addresses: [127.0.0.0/8], oauth: {client_id: drawbridge, client_secret: {file: ${state}/secret}}}`).join('\n')}
log: {level: info, format: json}
`

/** `files`: {"/path": {type, body}} more that the apps' names serve; a body may be made from the address of drawbridge. `hosted`: an app's archive, which drawbridge serves itself under the name `hosted`, for `central`. */
export async function startGate({ files = {}, hosted } = {}) {
  const state = mkdtempSync(join(tmpdir(), 'drawbridge-browsers-'))
  const names = ['district', 'central']
  const programs = []
  const port = await freePort()
  const hosts = { district: '127.0.0.2', central: '127.0.0.3' } // cookies know no ports
  const ports = { district: await freePort(), central: await freePort() }
  const sims = Object.fromEntries(names.map((name) => [name, `http://${hosts[name]}:${ports[name]}`]))
  const front = createHttpsServer(certificate(state), (request, response) => {
    const [, direct, path] = /^\/direct\/(\w+)(\/.*)/.exec(request.url) ?? []
    if (direct) { // the server itself, on the app's own origin: as an app that it hosts sees it
      const { origin: _, referer, cookie, ...headers } = request.headers
      return passOn(request, response, ports[direct], { host: hosts[direct], path, headers: { ...headers, host: sims[direct].slice(7) } })
    }
    const own = (request.headers.host?.startsWith(GATE) && !/^\/app\/|^\/two-servers\//.test(request.url)) || (hosted && request.headers.host?.startsWith(NAMES.hosted))
    return own ? passOn(request, response, port) : serveApp(request, response, origin('gate'), files)
  })
  await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve))
  const origin = (name) => `https://${NAMES[name]}:${front.address().port}`
  writeFileSync(join(state, 'secret'), SECRET)
  chmodSync(join(state, 'secret'), 0o600)
  writeFileSync(join(state, 'drawbridge.yaml'), CONFIG({ origin, names, port, state, sims, hosted }))
  async function stop() {
    front.close()
    front.closeAllConnections()
    const failures = (await Promise.allSettled(programs.map((one) => one.stop()))).filter((one) => one.status === 'rejected')
    rmSync(state, { recursive: true, force: true })
    if (failures.length) throw failures[0].reason
  }
  try {
    for (const [name, version] of [['district', '2.41'], ['central', '2.43']])
      programs.push(start(name, [join(BUILD, 'drawbridge-sim'), '--version', version, '--listen', sims[name].slice(7), '--demo', join(DEMO, `${name}.json`), '--client', `drawbridge:${SECRET}`,
        '--redirect-uri', `${origin('gate')}/v1/callback/${name}`, '--base-url', sims[name], '--set', 'max-sessions=1000']))
    programs.push(start('drawbridge', [join(BUILD, 'drawbridge'), 'serve', '--config', join(state, 'drawbridge.yaml')]))
    await Promise.all([...names.map((name, i) => answers(ports[name], programs[i], hosts[name])), answers(port, programs[2])])
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
  return { origin, sim: (name) => sims[name], log: () => programs.at(-1).log(), stop }
}
