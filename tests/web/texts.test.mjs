// Every text of the page is there in every language, with the same places for values, and no translation is left over.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decimal, listed, loadLanguage, number, percent, time, tn } from '../../web/i18n.js'
import { LANGUAGES } from '../../web/languages.js'
import { parsePo } from '../../web/model/po.js'
import { inLanguage } from '../../web/model/said.js'
import { isInProgram, marked, sentences } from './said.mjs'

const WEB = fileURLToPath(new URL('../../web', import.meta.url))
const STRING = `'((?:[^'\\\\]|\\\\.)*)'|"((?:[^"\\\\]|\\\\.)*)"`
const plain = (one, other) => (one ?? other).replace(/\\(.)/g, '$1')

function modules(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : modules(path)
    return path.endsWith('.js') && !path.endsWith('i18n.js') ? [path] : []
  })
}

/** English text: its plural, or undefined. */
function texts() {
  const found = new Map()
  for (const path of modules(WEB)) {
    const source = readFileSync(path, 'utf8')
    for (const one of source.matchAll(new RegExp(`\\bt\\((?:${STRING})`, 'g'))) found.set(plain(one[1], one[2]), undefined)
    for (const one of source.matchAll(new RegExp(`\\btn\\((?:${STRING}),\\s*(?:${STRING})`, 'g'))) found.set(plain(one[1], one[2]), plain(one[3], one[4]))
  }
  return found
}

/** Texts of t() with a number in them that say the same whatever it is: a measure, a share, the name of something. All others are told by tn(). */
const WITH_ANY_NUMBER = [
  '{n} km apart', 'but {n} km apart', 'answered in {n} ms', '{n} s behind', '{n} s ahead', 'Tries again in {n} min', 'Tries again in {n} s', 'status {n} at {path}', 'version {n}', 'see {n}', '{what}: {n}', 'Target cell {n} of {name}',
  '{some} of {all}', 'Cells {filled}/{all}', 'Words that match, {n} of {all}: {words}', 'Accept {n}', 'Approve {n}', 'To go on, type {n}', 'All cells, {rows} × {columns}', 'Open the grid, {rows} × {columns}',
]
const NUMBER = '\\{(?:n|count|all|some|done|agree|filled|left|shown|rows|columns)\\}'
/** What agrees with a number in French, Spanish and Portuguese: "{n} totaux", "les {n} premières", "{n} sur {all} décidés". */
const AGREES = new RegExp(`(?:^|\\s)(?:les|des|los|las|os|as)\\s${NUMBER}|${NUMBER}\\s(?:\\p{L}+\\s){0,2}\\p{L}{3,}[sx](?!\\p{L})`, 'iu')

const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join()

const OTHERS = Object.keys(LANGUAGES).filter((one) => one !== 'en')
const FORMS = { ar: 6 } // of a plural: the first three may say none, one and two in words
const inWords = (language, i) => FORMS[language] === 6 && i < 3

/** The texts of a .po file; each stands there once. */
function poOf(path) {
  const text = readFileSync(join(WEB, 'i18n', path), 'utf8')
  const po = parsePo(text)
  assert.equal(text.match(/^msgid "/gm).length, po.size + 1, `${path}: a text stands there twice`)
  return po
}

for (const language of OTHERS)
  test(`${LANGUAGES[language]} is complete`, () => {
    const english = texts()
    const po = poOf(`${language}.po`)
    assert.ok(english.size > 300)
    assert.deepEqual([...english.keys()].filter((text) => !po.has(text)), [])
    assert.deepEqual([...po.keys()].filter((text) => !english.has(text)), [])
    for (const [text, plural] of english) {
      const forms = po.get(text)
      assert.equal(forms.length, plural === undefined ? 1 : FORMS[language] ?? 2, text)
      for (const [i, form] of forms.entries()) {
        assert.ok(form.trim(), text)
        const [here, there] = [form, plural ?? text].map((one) => places(plural !== undefined && inWords(language, i) ? one.replace('{n}', '') : one))
        assert.equal(here, there, `${text} → ${form}`)
      }
    }
  })

for (const language of OTHERS)
  test(`${LANGUAGES[language]}: what the program says beside its codes`, () => {
    const said = sentences()
    const po = poOf(`said/${language}.po`)
    assert.ok(said.size > 300, `${said.size} sentences`)
    assert.deepEqual([...said.keys()].filter((text) => !po.has(text)), [])
    assert.deepEqual([...po.keys()].filter((text) => !said.has(text) && !isInProgram(text)), [])
    assert.deepEqual([...po.keys()].sort(), [...poOf(`said/${OTHERS[0]}.po`).keys()].sort()) // also of the words that stand in a sentence as a value
    for (const [text, [form]] of po) {
      assert.ok(form.trim(), text)
      assert.equal(places(form), places(text), `${text} → ${form}`)
    }
  })

for (const language of OTHERS)
  test(`${LANGUAGES[language]}: what the program itself shows`, () => {
    const shown = marked()
    const [page, said, po] = ['', 'said/', 'program/'].map((folder) => poOf(`${folder}${language}.po`))
    const beside = sentences(false)
    assert.ok(shown.size > 50, `${shown.size} texts`)
    assert.deepEqual([...shown].filter((text) => !page.has(text) && !said.has(text) && !po.has(text)), [])
    assert.deepEqual([...po.keys()].filter((text) => !shown.has(text) && !beside.has(text)), [])
    assert.deepEqual([...po.keys()].filter((text) => page.has(text) || said.has(text)), []) // each once
    for (const [text, [form]] of po) {
      assert.ok(form.trim(), text)
      assert.equal(places(form), places(text), `${text} → ${form}`)
    }
  })

test('a sentence of the program in the language of its reader: values in place, places before it, English where it is not known', () => {
  const texts = new Map([['line {1}', ['ligne {1}']], ['the {1} has no {2}', ['{2} manque dans {1}']], ['source', ['la source']], ['it ended', ['terminé']]])
  const said = (parts, detail = 'in English') => inLanguage('fr', texts, { detail, said: parts })
  assert.deepEqual(said([{ text: 'line {1}', values: ['3'] }, { text: 'the {1} has no {2}', values: ['source', '{1}'] }]), { text: 'Ligne 3: {1} manque dans la source' })
  assert.deepEqual(said([{ text: 'a.csv', values: [] }, { text: 'it ended', values: [] }]), { text: 'A.csv: terminé' })
  assert.deepEqual(said([{ text: 'line {1}', values: ['3'] }, { text: 'quite new', values: [] }]), { text: 'In English', lang: 'en' })
  assert.deepEqual(inLanguage('fr', texts, { detail: 'in English' }), { text: 'In English', lang: 'en' })
  assert.deepEqual(inLanguage('fr', texts, { detail: '', said: [{ text: 'the {1} has no {2}', values: ['source', 'a.csv'] }] }, (one) => `<${one}>`), { text: '<a.csv> manque dans la source' }) // what has no translation is kept apart
  assert.deepEqual(inLanguage('en', new Map(), { detail: 'it ended', said: [{ text: 'it ended', values: [] }] }), { text: 'It ended' })
})

for (const [locale, grouped, share, day, decimals, plurals] of [
  ['en-GB', '1,234,567', '56%', /^5 Mar 2026, 14:07$/, '1,234,567,890,123,456,789.05', { 0: 'other', 1: 'one', 2: 'other' }],
  ['fr-FR', '1 234 567', '56 %', /^5 mars 2026, 14:07$/, '1 234 567 890 123 456 789,05', { 0: 'one', 1: 'one', 2: 'other', 1000000: 'other' }],
  ['pt-BR', '1.234.567', '56%', /^5 de mar\. de 2026, 14:07$/, '1.234.567.890.123.456.789,05', { 0: 'one', 1: 'one', 2: 'other' }],
  ['pt-PT', '1 234 567', '56%', /^05\/03\/2026, 14:07$/, '1 234 567 890 123 456 789,05', { 0: 'other', 1: 'one', 2: 'other' }],
  ['es-MX', '1,234,567', '56%', /^5 mar 2026, (2:07 p\.m\.|14:07)$/, '1,234,567,890,123,456,789.05', { 0: 'other', 1: 'one', 2: 'other', 1000000: 'other' }],
  ['ar-EG', '١٬٢٣٤٬٥٦٧', '٥٦٪', /^٠٥\/٠٣\/٢٠٢٦، ٢:٠٧ م$/, '١٬٢٣٤٬٥٦٧٬٨٩٠٬١٢٣٬٤٥٦٬٧٨٩٫٠٥', { 0: 'zero', 1: 'one', 2: 'two', 3: 'few', 11: 'many', 100: 'other' }],
])
  test(`${locale}: numbers, shares, times and plural forms as there`, async () => {
    const forms = locale.startsWith('ar') ? ['zero', 'one', 'two', 'few', 'many', 'other'] : ['one', 'other']
    await loadLanguage([locale], () => `msgid "{n} row"\nmsgid_plural "{n} rows"\n${forms.map((form, i) => `msgstr[${i}] "${form}"`).join('\n')}\n`)
    const plain = (text) => text.replace(/[\u00a0\u202f]/g, ' ').replace(/[\u061c\u200e\u200f]/g, '') // which space and which mark is the release's own
    assert.equal(plain(number(1234567)), grouped)
    assert.equal(plain(percent(0.56)), share)
    assert.match(plain(time('2026-03-05T14:07:00')), day) // Mexico's clock has 12 or 24 hours, by the release
    assert.equal(plain(decimal('1234567890123456789.05')), decimals)
    for (const [n, form] of Object.entries(plurals)) assert.equal(tn('{n} row', '{n} rows', Number(n)), locale.startsWith('en') ? { one: `${number(Number(n))} row`, other: `${number(Number(n))} rows` }[form] : form, n)
    await loadLanguage(['en'], () => '')
  })

test('a text with a number in it is told by tn(), unless it is the same whatever the number', () => {
  const plain = [...texts()].filter(([text, plural]) => plural === undefined && new RegExp(NUMBER).test(text)).map(([text]) => text)
  assert.deepEqual(plain.sort(), [...WITH_ANY_NUMBER].sort())
  for (const text of ['Les {n} premières sur {all}.', '{agree} totaux sur {all} concordent.', '{done} sur {all} décidés', 'Todos os {n}', '{n} filas', '{some} de {all} celdas']) assert.match(text, AGREES)
  for (const language of ['fr', 'es', 'pt']) {
    const po = poOf(`${language}.po`)
    for (const text of WITH_ANY_NUMBER) assert.doesNotMatch(po.get(text)[0], AGREES)
  }
})

test('the parts of a list are apart as the language has it, and what there is not is none', async () => {
  for (const [locale, text] of [['ar', 'a، b'], ['fr', 'a, b'], ['en', 'a, b']]) {
    await loadLanguage([locale], () => '')
    assert.equal(listed(['a', undefined, 'b']), text)
  }
})

test('no text stands in a screen without t()', () => {
  for (const path of modules(join(WEB, 'screens'))) {
    const source = readFileSync(path, 'utf8')
    const bare = [...source.matchAll(/>\s*([A-Za-z][A-Za-z ,.']{3,})\s*<\//g)].map((one) => one[1])
    assert.deepEqual(bare, [], path)
  }
})
