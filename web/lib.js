// What the screens are made of: Preact with its hooks, and htm so that no build step is needed.
import { h, render, Fragment } from './lib/preact.js'
import htm from './lib/htm.js'

export { h, render, Fragment }
export { useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useId } from './lib/hooks.js'
export const html = htm.bind(h)
