// Every sentence of the doctor about what is not good has words on the page, in the source's own spelling.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkName, doctorWords, foundWords, knownSentences } from '../../web/model/doctor.js'

const source = (...names) => names.map((name) => readFileSync(new URL(`../../src/dhis2/${name}`, import.meta.url), 'utf8')).join('\n')

/** The texts of a piece of C, literals beside each other put together. */
const texts = (code) => [...code.matchAll(/(?:"(?:[^"\\]|\\.)*"\s*)+/g)].map(([all]) => [...all.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((one) => one[1].replace(/\\(.)/g, '$1')).join(''))
const all = (code, pattern) => [...code.matchAll(pattern)].flatMap(([one]) => texts(one))

/** Of a call or a row the texts that are sentences: the last two, what it means and what to do. */
const sentences = (list) => list.filter((text) => text.includes(' ') && !text.includes('%') && text.length > 15)

test('meanings and remedies', () => {
  const doctor = source('doctor.c')
  const calls = all(doctor, /\bdoctor_say\((?:(?!doctor_say)[^;])*?DHIS2_CHECK_(?:WARNING|FAILED)(?:(?!DHIS2_CHECK_OK)[^;])*;/g)
  const tables = all(doctor, /(?:ways_to_fail|bad_chains)\[\] = \{[^]*?\n\};/g)
  const offers = all(source('probe.c'), /\bset\(asking,[^;]*;/g)
  const wanted = [...new Set(sentences([...calls, ...tables, ...offers]))]
  assert.ok(wanted.length > 70, `${wanted.length}`)
  const found = [/^unable to get local issuer$/, /^a release that drawbridge knows$/, /^reachable, on a loopback/, /^drawbridge refuses such addresses unless/, /does not arrive$/, /^it cannot be told/, /^off, though/, /^the server's CORS list/] // what OpenSSL says, what is found, and what only the command line asks
  assert.deepEqual(wanted.filter((text) => !knownSentences().has(text) && !found.some((one) => one.test(text))), [])
})

test('nothing is kept that the doctor no longer says', () => {
  const said = new Set(texts(source('doctor.c', 'doctor_client.c', 'doctor_endpoint.c', 'doctor_token.c', 'probe.c')))
  assert.deepEqual([...knownSentences()].filter((text) => !said.has(text)), [])
})

test('what was found, and names of checks', () => {
  assert.equal(foundWords('95 seconds ahead of ours'), '95 s ahead')
  assert.equal(foundWords('trusted, until 2027-01-02T03:04:05Z (38 days)').startsWith('trusted, until '), true)
  assert.equal(foundWords('PATCH, DELETE do not arrive'), 'PATCH, DELETE do not arrive')
  assert.equal(foundWords('2.41.3'), '2.41.3')
  assert.equal(doctorWords('use https://a.example/b'), 'use https://a.example/b')
  assert.equal(checkName('sign-in password'), 'Sign-in: Password')
  assert.equal(checkName('something new'), 'something new')
  const names = [...source('doctor.c', 'doctor_client.c', 'doctor_endpoint.c', 'doctor_token.c').matchAll(/\bdoctor_say\([\w>-]+, "([^"]+)"/g)].map(([, name]) => name)
  assert.ok(names.includes('password grant'))
  assert.deepEqual([...new Set(names)].filter((name) => checkName(name) === name), [])
})
