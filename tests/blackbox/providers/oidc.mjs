// oidc-provider (certified) as a strict authorization server, with an API behind it that takes its tokens alone. One argument: JSON {port, clients, accessSeconds?, requirePar?, nonces?}.
//   /api/me            who the token is; with DPoP the proof is looked at, and a nonce of the API's own is wanted
//   /control/stats     what was asked for so far: {token: {authorization_code, refresh_token}, par, revoked, logout}
//   /control/delay?ms= the token endpoint answers that much later
//   /control/hold?on=  1: the token endpoint does its work and gives no answer
//   /control/expire    every access token that there is has ended, for the API
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import * as jose from 'jose'
import Provider from 'oidc-provider'

const { port, clients, accessSeconds = 300, requirePar = false, nonces = false } = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${port}`
const stats = { token: { authorization_code: 0, refresh_token: 0 }, par: 0, revoked: 0, logout: 0, refused: 0 }
let delay = 0
let hold = false
let ended = new Set()
let known = []

const account = (sub) => ({ accountId: sub, claims: async () => ({ sub, name: `${sub} of the provider`, preferred_username: `user-${sub}` }) })
const provider = new Provider(issuer, {
  clients,
  findAccount: (ctx, sub) => account(sub),
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: true, // names come by userinfo
  scopes: ['openid', 'profile', 'offline_access'],
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  pkce: { required: () => true, methods: ['S256'] },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  cookies: { keys: ['a key of the tests'] },
  ttl: { AccessToken: accessSeconds, AuthorizationCode: 60, IdToken: 300, RefreshToken: 3600, Interaction: 600, Session: 3600, Grant: 3600 },
  features: {
    devInteractions: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: requirePar },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    backchannelLogout: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => nonces },
  },
})
provider.on('pushed_authorization_request.success', () => stats.par++)
provider.on('access_token.saved', (token) => known.push(token.jti))
provider.on('access_token.issued', (token) => known.push(token.jti))
provider.on('server_error', (ctx, error) => console.error(error))
for (const event of ['grant.error', 'authorization.error', 'revocation.error', 'pushed_authorization_request.error'])
  provider.on(event, (ctx, error) => { stats.refused++; console.error(event, error.message, error.error_detail ?? '') })
provider.on('grant.success', (ctx) => stats.token[ctx.oidc.params.grant_type]++)

async function whoIs(request) {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ')
  const token = value && (await provider.AccessToken.find(value))
  if (!token || token.isExpired || ended.has(token.jti)) return { refused: 'invalid_token' }
  if (!token.jkt) return scheme === 'Bearer' ? { token } : { refused: 'invalid_token' }
  if (scheme !== 'DPoP') return { refused: 'invalid_token' }
  try {
    const { payload, protectedHeader } = await jose.jwtVerify(request.headers.dpop, jose.EmbeddedJWK, { typ: 'dpop+jwt' })
    const ath = createHash('sha256').update(value).digest('base64url')
    const thumb = await jose.calculateJwkThumbprint(protectedHeader.jwk)
    const good = payload.htm === request.method && payload.htu === issuer + request.url.split('?')[0] && payload.ath === ath && thumb === token.jkt
    if (!good) return { refused: 'invalid_dpop_proof' }
    return nonces && payload.nonce !== 'nonce-of-the-api' ? { refused: 'use_dpop_nonce' } : { token }
  } catch (error) {
    console.error('proof', error.message)
    return { refused: 'invalid_dpop_proof' }
  }
}

const json = (response, status, body, headers = {}) => response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))

async function api(request, response) {
  const { token, refused } = await whoIs(request)
  if (token) return json(response, 200, { sub: token.accountId, aud: token.aud ?? null, self: `${issuer}/api/me` })
  json(response, 401, { error: refused }, { 'WWW-Authenticate': `DPoP error="${refused}"`, ...(refused === 'use_dpop_nonce' ? { 'DPoP-Nonce': 'nonce-of-the-api' } : {}) })
}

function control(url, response) {
  if (url.pathname === '/control/delay') delay = Number(url.searchParams.get('ms'))
  if (url.pathname === '/control/hold') hold = url.searchParams.get('on') === '1'
  if (url.pathname === '/control/expire') ended = new Set(known)
  json(response, 200, stats)
}

const callback = provider.callback()
http.createServer(async (request, response) => {
  const url = new URL(request.url, issuer)
  if (url.pathname.startsWith('/api/')) return api(request, response)
  if (url.pathname.startsWith('/control/')) return control(url, response)
  if (url.pathname === '/token/revocation') stats.revoked++
  if (url.pathname === '/session/end/confirm') stats.logout++
  if (url.pathname === '/token' && delay) await sleep(delay)
  if (request.destroyed && url.pathname === '/token') return
  if (url.pathname === '/token' && hold) response.end = () => response
  callback(request, response)
}).listen(port, '127.0.0.1')
