// The files of the page and the SDK as the build made them for the program: joined, with their texts in parts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const BUILD = process.env.DRAWBRIDGE_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url))
const HERE = join(BUILD, 'src/api')

/** By address; the page itself is "/". */
export const FILES = new Map([...readFileSync(join(HERE, 'assets_table.inc'), 'utf8').matchAll(/^ASSET\((\w+), "([^"]+)", "([^"]+)"/gm)].map(([, symbol, path, type]) => [path, { type, path: join(HERE, 'assets.S.p', symbol) }]))

/** Their names in the folder that changes its address with what is in it. */
export const NAMES = [...FILES.keys()].flatMap((path) => /^\/ui\/\w+\/(.+)/.exec(path)?.[1] ?? [])

const read = new Map()
/** {data, type, name}; every address that is none of a file is the page's. */
export function fileAt(path) {
  const name = FILES.has(path) ? path : /^\/(ui|sdk)\//.test(path) ? undefined : '/'
  if (!name) return undefined
  const { type, path: file } = FILES.get(name)
  if (!read.has(name)) read.set(name, readFileSync(file))
  return { data: read.get(name), type, name: name.replace(/^\/ui\/\w+\//, '') }
}
