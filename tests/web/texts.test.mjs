// Every text of the page is there in every language, with the same places for values, and no translation is left over.
import './dom-free.mjs'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { IN_PART, LANGUAGES } from '../../web/languages.js'
import { parsePo } from '../../web/model/po.js'

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

const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join()

for (const language of Object.keys(LANGUAGES).filter((one) => one !== 'en' && !IN_PART.includes(one)))
  test(`${LANGUAGES[language]} is complete`, () => {
    const english = texts()
    const po = parsePo(readFileSync(join(WEB, 'i18n', `${language}.po`), 'utf8'))
    assert.ok(english.size > 300)
    assert.deepEqual([...english.keys()].filter((text) => !po.has(text)), [])
    assert.deepEqual([...po.keys()].filter((text) => !english.has(text)), [])
    for (const [text, plural] of english) {
      const forms = po.get(text)
      assert.equal(forms.length, plural === undefined ? 1 : 2, text)
      for (const form of forms) {
        assert.ok(form.trim(), text)
        assert.equal(places(form), places(plural ?? text), `${text} → ${form}`)
      }
    }
  })

for (const language of IN_PART)
  test(`${LANGUAGES[language]}: what is there is right, also in each form of its plural`, () => {
    const english = texts()
    const po = parsePo(readFileSync(join(WEB, 'i18n', `${language}.po`), 'utf8'))
    const known = [...po.keys()].filter((text) => english.has(text))
    assert.ok(known.length > 350, `${known.length} of ${english.size}`)
    for (const text of known) {
      const plural = english.get(text)
      const forms = po.get(text)
      assert.equal(forms.length, plural === undefined ? 1 : 6, text)
      for (const [i, form] of forms.entries()) assert.equal(places(i < 3 && plural !== undefined ? form.replace('{n}', '') : form), places(i < 3 && plural !== undefined ? plural.replace('{n}', '') : plural ?? text), `${text} → ${form}`)
    }
  })

test('no text stands in a screen without t()', () => {
  for (const path of modules(join(WEB, 'screens'))) {
    const source = readFileSync(path, 'utf8')
    const bare = [...source.matchAll(/>\s*([A-Za-z][A-Za-z ,.']{3,})\s*<\//g)].map((one) => one[1])
    assert.deepEqual(bare, [], path)
  }
})
