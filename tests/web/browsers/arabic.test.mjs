// The page in Arabic, from right to left, in both browsers: each screen mirrors, nothing stands out sideways, also in a narrow window, and axe finds nothing.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe } from '../browser.mjs'
import { startMock } from '../mock.mjs'
import { startBrowser } from './browsers.mjs'

const PICTURES = process.env.DRAWBRIDGE_SCREENSHOTS
const SCREENS = [
  ['servers', '/servers', 'الخوادم'],
  ['sign-in', '/sign-in/district', 'تسجيل الدخول إلى District HMIS'],
  ['alignments', '/alignments', 'المطابقات'],
  ['new', '/alignments/new', 'مطابقة مجموعتي بيانات'],
  ['review', '/alignments/one', 'المراجعة'],
  ['send', '/alignments/one/send', 'إرسال'],
  ['runs', '/runs', 'عمليات الإرسال'],
]

let world
before(async () => {
  world = await startMock({ elements: 40 })
  world.align({ source: { server: 'district', data_set: 'DataSetD000' }, target: { server: 'central', data_set: 'DataSetC000' } }, 'one')
})
after(() => world?.stop())

const middle = (page, selector) => page.$eval(selector, (one) => { const { left, right } = one.getBoundingClientRect(); return (left + right) / 2 })

for (const name of ['chromium', 'firefox'])
  test(`in Arabic, from right to left: ${name}`, { timeout: 600000 }, async () => {
    const window = await startBrowser(name, 'allowed')
    try {
      const page = await window.open(`${world.url}/servers`)
      await page.evaluate(() => localStorage.setItem('drawbridge language', 'ar'))
      for (const [screen, path, text] of SCREENS)
        for (const width of [1366, 640]) {
          await page.setViewport({ width, height: 768 })
          await page.goto(world.url + path)
          await page.waitForFunction((wanted) => document.querySelector('main')?.textContent.includes(wanted), {}, text)
          if (screen === 'review') await page.waitForSelector('[role=row][aria-selected]')
          const found = await page.evaluate(() => ({ lang: document.documentElement.lang, dir: getComputedStyle(document.body).direction, over: document.documentElement.scrollWidth - document.documentElement.clientWidth }))
          assert.deepEqual(found, { lang: 'ar', dir: 'rtl', over: 0 }, `${screen} at ${width} px`)
          assert.ok((await middle(page, '.brand')) > width / 2, `${screen}: the name stands at the right`)
          if (screen === 'review' && width === 1366) assert.ok((await middle(page, '[role=grid]')) > (await middle(page, '.detail, aside, [role=tabpanel]')), 'the list is right of what is looked at')
          assert.deepEqual(await axe(page, `${screen} at ${width} px`), [])
          if (PICTURES) {
            mkdirSync(PICTURES, { recursive: true })
            await page.screenshot({ path: join(PICTURES, `arabic-${screen}-${width}-${name}.png`) })
          }
        }
      assert.equal(await page.evaluate(() => document.querySelector('.language').value), 'ar')
    } finally {
      await window.stop()
    }
  })
