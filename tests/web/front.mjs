// The page as the program sends it, with a made-up world behind it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { answers, freePort, start } from './browsers/gate.mjs'

/** One address: /v1 and /s from the made-up world that `use` names, packed as the program packs it, and all else from the program in `build`. */
export async function startFront(build) {
  const state = mkdtempSync(join(tmpdir(), 'drawbridge-page-'))
  let world
  let port
  const passOn = (request, response, to) => {
    const upstream = httpRequest({ port: to, host: '127.0.0.1', method: request.method, path: request.url, headers: request.headers }, (answer) => {
      if (answer.headers['content-type'] === 'text/event-stream') { // goes on while it comes
        response.writeHead(answer.statusCode, answer.headers)
        response.on('close', () => answer.destroy())
        return answer.pipe(response)
      }
      const pack = to !== port && /gzip/.test(request.headers['accept-encoding'] ?? '')
      const pieces = []
      answer.on('data', (piece) => pieces.push(piece))
      answer.on('end', () => {
        const body = Buffer.concat(pieces)
        const packed = pack && body.length >= 2048
        const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers
        response.writeHead(answer.statusCode, { ...headers, ...(packed && { 'Content-Encoding': 'gzip' }) })
        response.end(packed ? gzipSync(body, { level: 6 }) : body)
      })
    })
    upstream.on('error', () => response.destroy())
    request.pipe(upstream)
  }
  const front = createServer((request, response) => passOn(request, response, /^\/(v1|s)\//.test(request.url) ? Number(new URL(world.url).port) : port))
  await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${front.address().port}`
  port = await freePort()
  writeFileSync(join(state, 'drawbridge.yaml'), `public_url: ${url}\nlisten: [127.0.0.1:${port}]\nstore: sqlite:${state}/state.db\nkeys: ${state}/keys\nservers: [{id: district, url: "http://127.0.0.1:9", addresses: [127.0.0.0/8]}]\n`)
  const program = start('drawbridge', [join(build, 'drawbridge'), 'serve', '--config', join(state, 'drawbridge.yaml')])
  await answers(port, program)
  return {
    url,
    use: (other) => { world = other },
    async stop() {
      front.close()
      front.closeAllConnections()
      await program.stop()
      rmSync(state, { recursive: true, force: true })
    },
  }
}
