// The pictures of the README and the docs, out of made-up servers: `node pictures.mjs FOLDER`, or `./dev screenshots --docs`. Packed by pngquant, so that a clone stays small.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { startMock } from '../mock.mjs'
import { startBrowser } from './browsers.mjs'
import { openState, STATES } from './states.mjs'

const PICTURES = { servers: 'servers-sign-in-again', overview: 'overview', review: 'review', disaggregation: 'disaggregation-pair', places: 'places', transfer: 'run-done' }
const SIZE = { width: 1280, height: 720 }
const MOST_BYTES = 80000
const [folder] = process.argv.slice(2)

const world = await startMock()
const window = await startBrowser('chromium', 'allowed')
try {
  const page = await window.open('about:blank')
  await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, 'languages', { get: () => ['en-GB'] }))
  await page.setViewport(SIZE)
  await page.goto(`${world.url}/servers`)
  await page.waitForSelector('.card')
  for (const [name, state] of Object.entries(PICTURES)) {
    await openState(page, world, STATES.find((one) => one.name === state))
    const path = join(folder, `${name}.png`)
    const end = await page.evaluate(() => Math.max(...[...document.querySelectorAll('main > *, .page > *')].map((one) => one.getBoundingClientRect().bottom)))
    await page.screenshot({ path, clip: { x: 0, y: 0, width: SIZE.width, height: Math.min(SIZE.height, Math.ceil(end) + 24) } })
    execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '64', path])
    const { size } = statSync(path)
    console.log(`${path}: ${size} bytes`)
    if (size > MOST_BYTES) throw new Error(`${path} is too large for a clone: at most ${MOST_BYTES} bytes`)
  }
} finally {
  await window.stop()
  await world.stop()
}
