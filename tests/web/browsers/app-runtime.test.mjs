// An unmodified program on @dhis2/app-runtime: through drawbridge it gets what it gets from the server itself, and only its base URL is another one.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { startBrowser } from './browsers.mjs'
import { startGate, token } from './gate.mjs'
import { inApp, openApp } from './people.mjs'

let gate
let window
before(async () => {
  const { outputFiles } = await build({ entryPoints: [fileURLToPath(new URL('program.mjs', import.meta.url))], bundle: true, write: false, format: 'iife', define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' }, logLevel: 'error' })
  gate = await startGate({ files: { '/program.js': { type: 'text/javascript', body: outputFiles[0].text } } })
  window = await startBrowser('chromium', 'allowed')
})
after(async () => {
  await window?.stop()
  await gate?.stop()
})

/** `period`: one that no other run uses. */
const steps = (period, cell) => [
  { query: { me: { resource: 'me', params: { fields: ['id', 'username', 'name'] } } } },
  { query: { units: { resource: 'organisationUnits', params: { paging: false, fields: ['id', 'level', 'parent[id]'], filter: ['level:le:2', 'name:ilike:a'], order: 'id:asc' } }, info: { resource: 'system/info', params: { fields: ['version', 'contextPath'] } } } },
  { query: { page: { resource: 'dataElements', params: { pageSize: 3, page: 1, fields: ['id'], order: 'id:asc' } } } },
  { query: { one: { resource: 'dataElements', id: cell.dataElement, params: { fields: ['id', 'name', 'valueType'] } } } },
  { query: { ping: { resource: 'ping' } } },
  { mutate: { type: 'create', resource: 'dataStore/program/one', data: { a: 1 } } },
  { mutate: { type: 'create', resource: 'dataStore/program/one', data: { a: 2 } } }, // is there already: 409
  { mutate: { type: 'update', resource: 'dataStore/program', id: 'one', data: { a: 'ü' } } },
  { query: { stored: { resource: 'dataStore/program/one' } } },
  { mutate: { type: 'delete', resource: 'dataStore/program', id: 'one' } },
  { query: { gone: { resource: 'dataStore/program/one' } } }, // 404
  { save: { text: 'from a hook' } },
  { mutate: { type: 'delete', resource: 'dataStore/program', id: 'hooks' } },
  { mutate: { type: 'create', resource: 'dataValueSets', data: { dataValues: [{ ...cell, period, value: '7' }] } } },
  { mutate: { type: 'create', resource: 'dataValueSets', data: { dataValues: [{ ...cell, period, value: 'seven' }] } } }, // 409
  { query: { values: { resource: 'dataValueSets', params: { dataElement: cell.dataElement, period, orgUnit: cell.orgUnit } } } },
  { mutate: { type: 'create', resource: 'dataValues', data: { de: cell.dataElement, co: cell.categoryOptionCombo, ou: cell.orgUnit, pe: period, value: '8' } } },
  { mutate: { type: 'delete', resource: 'dataValues', id: undefined, params: { de: cell.dataElement, co: cell.categoryOptionCombo, ou: cell.orgUnit, pe: period } } },
  { mutate: { type: 'create', resource: 'organisationUnits', data: { name: 'x', shortName: 'x', openingDate: '2020-01-01' } } }, // 403 for asha
  { query: { missing: { resource: 'dataElements', id: 'nothing1234' } } }, // 404
  { query: { unknown: { resource: 'noSuchThing' } } }, // 404 with a page of HTML
]

/** What differs from run to run and from address to address, out of the way. */
const plain = (found, base, period) =>
  JSON.parse(JSON.stringify(found).replaceAll(base, 'BASE').replaceAll(period, 'PERIOD').replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+0000)?/g, 'TIME'))

async function program(page, config, list) {
  await page.addScriptTag({ url: '/program.js' })
  return inApp(page, (given, all) => globalThis.runProgram(given, all), config, list)
}

for (const [server, period] of [['district', '2024'], ['central', '2024']])
  test(`[R-F6, R-G15] a program on @dhis2/app-runtime: reads, writes, pages and errors as from the server itself: ${server}`, { timeout: 1800000 }, async () => {
    const direct = await window.open(`${gate.origin('direct')}/`)
    const near = await openApp(window, gate, 'near')
    await inApp(near, (id, value) => gw.signIn(id, { kind: 'pat', token: value }), server, token(server))
    const cell = await inApp(near, async (id) => {
      const { dataSets } = await gw.get(id, 'api/dataSets.json?paging=false&fields=dataSetElements[dataElement[id,valueType,categoryCombo[categoryOptionCombos[id]]]],organisationUnits[id]')
      for (const { dataSetElements, organisationUnits } of dataSets) {
        const found = dataSetElements.find(({ dataElement }) => /NUMBER|INTEGER/.test(dataElement.valueType))
        if (found) return { dataElement: found.dataElement.id, categoryOptionCombo: found.dataElement.categoryCombo.categoryOptionCombos[0].id, orgUnit: organisationUnits[0].id }
      }
      return undefined
    }, server)
    const before = await program(direct, { baseUrl: `${gate.origin('direct')}/direct/${server}`, apiVersion: '', apiToken: token(server) }, steps(`${period}01`, cell))
    const through = await program(near, { baseUrl: `${gate.origin('gate')}/s/${server}`, apiVersion: '' }, steps(`${period}02`, cell))
    const wanted = plain(before, gate.sim(server), `${period}01`)
    const found = plain(through, `${gate.origin('gate')}/s/${server}`, `${period}02`)
    assert.equal(wanted.length, steps('', cell).length + 1)
    const [page, json] = [wanted.pop(), found.pop()] // the one thing that is better: a page of HTML becomes words
    assert.deepEqual([json.error, json.type, json.message], [page.error, page.type, page.message])
    assert.equal(json.details.code, 'upstream_error')
    for (const [i, one] of wanted.entries()) assert.deepEqual(found[i], one, `step ${i}: ${JSON.stringify(steps('', cell)[i - 1])}`)
    for (const kind of ['access', 'unknown']) assert.ok(wanted.some((one) => one.type === kind), `no step ended with ${kind}`)
    for (const status of [403, 404, 409]) assert.ok(wanted.some((one) => one.details?.httpStatusCode === status), `no step ended with ${status}`)

    const refused = { direct: await program(direct, { baseUrl: `${gate.origin('direct')}/direct/${server}`, apiVersion: '' }, [steps('', cell)[0]]) }
    await inApp(near, () => gw.signOut())
    refused.through = await program(near, { baseUrl: `${gate.origin('gate')}/s/${server}`, apiVersion: '' }, [steps('', cell)[0]])
    for (const [hook, me] of Object.values(refused)) {
      assert.equal(hook.type, 'access')
      assert.deepEqual([me.type, me.details.httpStatusCode, me.details.httpStatus, me.details.status], ['access', 401, 'Unauthorized', 'ERROR'])
      assert.ok(me.message.length > 5)
    }
    assert.equal(refused.through[1].message, 'sign in first')
    await direct.close()
    await near.close()
  })
