// Texts that are lost on the way: the page is there in English, and whoever wants them next asks again.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

const PO = (english, other) => `msgid "${english}"\nmsgstr "${other}"\n`
const BROWSER = { location: new URL('http://page.test/alignments'), localStorage: { getItem: () => null }, navigator: { languages: ['fr-CM', 'en'] } }
const kept = {}
let answers
let asked

before(() => {
  for (const [name, value] of Object.entries({ ...BROWSER, fetch: undefined })) {
    kept[name] = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
  }
  globalThis.fetch = async (address) => {
    const name = /i18n\/(.*)$/.exec(String(address))?.[1]
    if (!name) return new Response('{}')
    asked.push(name)
    const answer = answers[name].shift()
    if (answer instanceof Error) throw answer
    return typeof answer === 'number' ? new Response('not to be read as texts', { status: answer }) : new Response(answer)
  }
})
after(() => {
  for (const [name, one] of Object.entries(kept)) {
    if (one) Object.defineProperty(globalThis, name, one)
    else delete globalThis[name]
  }
})

for (const [what, lost] of [['a request without an answer', new TypeError('Failed to fetch')], ['an answer that is none', 503]])
  test(`${what}: the first screen is English, and French with what is fetched later`, async () => {
    asked = []
    answers = { 'first/fr.po': [lost, PO('Servers', 'Serveurs')], 'fr.po': [lost, PO('Report', 'Rapport'), PO('Report', 'Rapport')] }
    const { firstTexts, otherTexts } = await import(`../../web/early.js?${what.length}`)
    const { allTexts, language, loadLanguage, t } = await import('../../web/i18n.js')
    await loadLanguage(['fr'], firstTexts, otherTexts)
    assert.deepEqual([language(), t('Servers')], ['fr', 'Servers'])
    await assert.rejects(allTexts())
    await allTexts()
    assert.deepEqual([t('Servers'), t('Report')], ['Serveurs', 'Rapport'])
  })

test('what the program says beside its codes is asked for again where it was lost', async () => {
  answers = { 'said/fr.po': [503, PO('it ended', 'terminé')] }
  const { loadLanguage } = await import('../../web/i18n.js')
  const { readAll } = await import('../../web/said.js')
  await loadLanguage(['fr'], () => '')
  asked = []
  const told = [{ detail: 'it ended', said: [{ text: 'it ended', values: [] }] }]
  assert.deepEqual(await readAll(told), [{ text: 'It ended', lang: 'en' }])
  assert.deepEqual(await readAll(told), [{ text: 'Terminé' }])
  assert.deepEqual(asked, ['said/fr.po', 'said/fr.po'])
})
