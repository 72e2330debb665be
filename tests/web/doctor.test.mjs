// Every sentence of the doctor has words on the page, in the source's own spelling.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadLanguage } from '../../web/i18n.js'
import { checkName, doctorWords, foundWords, knownSentences, remedyWords } from '../../web/model/doctor.js'

const source = (...names) => names.map((name) => readFileSync(new URL(`../../src/dhis2/${name}`, import.meta.url), 'utf8')).join('\n')

/** The texts of a piece of C, literals beside each other put together. */
const texts = (code) => [...code.matchAll(/(?:"(?:[^"\\]|\\.)*"\s*)+/g)].map(([all]) => [...all.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((one) => one[1].replace(/\\(.)/g, '$1')).join(''))
const all = (code, pattern) => [...code.matchAll(pattern)].flatMap(([one]) => texts(one))

/** What is found is worded by its form; the rest is what OpenSSL says, what is sent, and what only the command line is told. */
const NO_SENTENCES = [/^unable to get local issuer$/, /^not yet valid$/, /^subject name$/, /^ahead of ours$/, /^reachable, on a loopback/, /^drawbridge refuses such addresses unless/, /^Bearer drawbridge-doctor$/, /^sign-in /, /^token (from browser|as json)$/, /^password grant$/]

test('meanings and remedies, also of what is good, and what is found', async (context) => {
  const wanted = [...texts(source('doctor.c', 'doctor_client.c', 'doctor_endpoint.c').replace(/\/\*[^]*?\*\//g, '')), ...all(source('probe.c'), /\bset\(asking,[^;]*;/g)]
    .filter((text) => text.includes(' ') && !text.includes('%') && text.length > 11 && !NO_SENTENCES.some((one) => one.test(text)))
  assert.ok(new Set(wanted).size > 110, `${new Set(wanted).size}`)
  context.after(() => loadLanguage(['en'], () => ''))
  await loadLanguage(['fr'], () => readFileSync(new URL('../../web/i18n/fr.po', import.meta.url), 'utf8'))
  assert.deepEqual([...new Set(wanted)].filter((text) => foundWords(text) === text), [])
  for (const found of ['drawbridge, redirect address https://a.example/v1/callback/x: known, and the secret is right', 'sends to https://a.example/login (status 302)', 'status 302 at /api, to https://b.example/', 'answered with 400 invalid_grant',
    'the preflight is answered with 200, the call with 401, without Access-Control-Allow-Origin', 'the preflight is answered with 200, the call with 401, and with Access-Control-Allow-Origin']) assert.notEqual(foundWords(found), found)
})

test('a registration is told in words, with what is to be sent for it apart', () => {
  const text = 'as an administrator, POST this to https://a.example/api/oAuth2Clients: {"clientId":"x","tokenSettings":"{\\"a: {\\":1}"}'
  const definition = '{"clientId":"x","tokenSettings":"{\\"a: {\\":1}"}'
  assert.deepEqual(remedyWords(text), { words: 'as an administrator, POST this to https://a.example/api/oAuth2Clients', definition, afterwards: undefined })
  const then = 'then name client_id and client_secret in "oauth" of the server\'s configuration'
  assert.deepEqual(remedyWords(`${text}; ${then}`), { words: 'as an administrator, POST this to https://a.example/api/oAuth2Clients', definition, afterwards: then })
  assert.deepEqual(remedyWords('let both machines keep time by NTP'), { words: 'let both machines keep time by NTP' })
})

test('nothing is kept that the doctor no longer says', () => {
  const said = new Set(texts(source('doctor.c', 'doctor_client.c', 'doctor_endpoint.c', 'doctor_token.c', 'probe.c')))
  assert.deepEqual([...knownSentences()].filter((text) => !said.has(text)), [])
})

test('what was found, and names of checks', () => {
  assert.equal(foundWords('95 seconds ahead of ours'), '95 s ahead')
  assert.equal(foundWords('trusted, until 2027-01-02T03:04:05Z (38 days)').startsWith('trusted, until '), true)
  assert.equal(foundWords('PATCH, DELETE do not arrive'), 'PATCH, DELETE do not arrive')
  assert.equal(foundWords('PUT, PATCH and DELETE arrive'), 'PUT, PATCH, DELETE arrive')
  assert.equal(foundWords('2.41.3'), '2.41.3')
  assert.equal(doctorWords('use https://a.example/b'), 'use https://a.example/b')
  assert.equal(checkName('sign-in password'), 'Sign-in: Password')
  assert.equal(checkName('something new'), 'something new')
  const names = [...source('doctor.c', 'doctor_client.c', 'doctor_endpoint.c', 'doctor_token.c').matchAll(/\bdoctor_say\([\w>-]+, "([^"]+)"/g)].map(([, name]) => name)
  assert.ok(names.includes('password grant'))
  assert.deepEqual([...new Set(names)].filter((name) => checkName(name) === name), [])
})
