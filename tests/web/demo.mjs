// The demo on free ports with a state of its own, and a relay before each stand-in server that remembers every byte between it and whoever calls.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './browsers/gate.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const PATIENCE = 180000

/** {port, target(port), said: [{from: "browser" | "drawbridge", up, down}]} */
async function startRelay() {
  const said = []
  let open
  const known = new Promise((resolve) => { open = resolve })
  const server = createServer(async (client) => {
    const one = { up: '', down: '', get from() { return /^user-agent: .*Mozilla/im.test(this.up) ? 'browser' : 'drawbridge' } }
    said.push(one)
    client.pause()
    const upstream = connect(await known, '127.0.0.1')
    client.on('data', (piece) => { one.up += piece.toString('latin1') }).on('error', () => upstream.destroy())
    upstream.on('data', (piece) => { one.down += piece.toString('latin1') }).on('error', () => client.destroy())
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, target: open, said, stop: () => server.close().unref() }
}

/** The demo has values of the last month, and tests send it: where one is about to end, its end is waited for. */
async function monthThatLasts() {
  while (new Date(Date.now() + PATIENCE).getUTCMonth() !== new Date().getUTCMonth()) await new Promise((resolve) => setTimeout(resolve, 1000))
}

export async function startDemo() {
  await monthThatLasts()
  const state = mkdtempSync(join(tmpdir(), 'drawbridge-journey-'))
  const relays = { district: await startRelay(), central: await startRelay() }
  const build = process.env.DRAWBRIDGE_BUILD ?? join(ROOT, 'build')
  const words = ['--build', build, '--port', await freePort(5), '--state', state, ...Object.entries(relays).flatMap(([name, relay]) => [`--${name}-url`, `http://127.0.0.1:${relay.port}`])]
  const program = spawn('python3', [join(ROOT, 'tools/demo.py'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo did not start:\n${text}`)), PATIENCE)
    const read = (piece) => {
      text += piece
      for (const [name, label] of [['district', 'District'], ['central', 'Central']]) {
        const port = new RegExp(`${label} \\([\\d.]+\\)\\s+http://127\\.0\\.0\\.1:(\\d+)`).exec(text)?.[1]
        if (port) relays[name].target(Number(port))
      }
      if (/Ctrl-C ends the demo/.test(text)) { clearTimeout(timer); resolve() }
    }
    program.stdout.on('data', read)
    program.stderr.on('data', read)
    program.on('exit', (code) => { clearTimeout(timer); reject(new Error(`the demo ended with ${code}:\n${text}`)) })
  })
  const stop = async () => {
    const ended = program.exitCode === null && program.signalCode === null ? new Promise((resolve) => program.on('exit', resolve)) : undefined
    program.kill('SIGTERM')
    await ended
    for (const relay of Object.values(relays)) relay.stop()
    rmSync(state, { recursive: true, force: true })
  }
  await ready.catch(async (error) => {
    await stop()
    throw error
  })
  const find = (pattern) => pattern.exec(text)[1]
  return {
    page: find(/The page\s+(http:\S+?)\/?\s/),
    app: find(/An example app\s+(http:\S+?)\/?\s/),
    elsewhere: find(/(http:\/\/localhost:\d+)/),
    printed: text,
    relays,
    stop,
  }
}

/** Every secret that passed between drawbridge and the servers, by what it is: [[what, value]]. */
export function secretsOf(demo) {
  const found = new Map()
  const note = (what, value) => { if (value && value.length >= 8) found.set(value, what) }
  for (const [name, relay] of Object.entries(demo.relays))
    for (const one of relay.said) {
      for (const [, code] of (one.up + one.down).matchAll(/[?&]code=([^&\s"'<]+)/g)) note(`authorization code of ${name}`, code)
      if (one.from === 'browser') continue // what the browser itself got at the server's own login is the browser's
      for (const [, value] of one.down.matchAll(/^set-cookie: [^=]+=([^;\r\n]*)/gim)) note(`cookie of ${name}`, value)
      for (const [, kind, value] of one.up.matchAll(/^authorization: (\w+) (\S+)/gim)) note(`${kind} of ${name}`, value)
      for (const [, what, value] of (one.up + one.down).matchAll(/"?(access_token|refresh_token|id_token|code_verifier|client_secret|password|key)"?\s*[=:]\s*"?([^"&\s,}]+)/g)) note(`${what} of ${name}`, decodeURIComponent(value))
    }
  for (const [, token] of demo.printed.matchAll(/\b(d2p(?:at)?_\w+)/g)) note('printed token', token)
  for (const [, password] of demo.printed.matchAll(/\s([A-Z]\w+-demo-\d)\b/g)) note('printed password', password)
  for (const [, secret] of demo.printed.matchAll(/\b([A-Z2-7]{32})\b/g)) note('second factor', secret)
  return [...found].map(([value, what]) => [what, value])
}
