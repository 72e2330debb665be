// Sends decisions as they are made, one call at a time, and loses none: not to a broken line, not to a sign-in that ended, not to somebody else's change. No DOM.

/** As the server takes it. What an undo brings back is the server's to say; `decisions` are how it is shown until then. */
const stepOf = ({ label, decisions, bulk, flags, comments, undo, redo, of }) => (undo || redo ? { ...(undo ? { undo } : { redo }), ...(of ? { of } : {}) } : { label, ...(decisions?.length ? { decisions } : {}), ...(bulk ? { bulk } : {}), ...(flags ? { flags } : {}), ...(comments ? { comments } : {}) })

const RETRY_FIRST = 2000
const RETRY_LAST = 30000

/**
 * @param {{
 *   key: string,                                   what pending decisions are kept under in `storage`
 *   of: {versionOf: (saved) => number, itemOf: (decision) => string, fingerprint: (saved, decision) => string},
 *                                                  what is decided about: REVIEW of review.js, PLACES of places.js
 *   saved: () => object,                           all of it as it is saved
 *   send: (steps, version) => Promise<object>,     AlignmentChanges, or throws with a code
 *   reload: () => Promise<object>,                 all of it afresh after somebody else's change
 *   onSaved: (changes, operations) => void, onReloaded: (fresh) => void, onState: (state) => void, onRefused: (operation, error) => void,
 *   storage?: Storage, later?: (run, ms) => () => void, pause?: number }} options
 */
export function createSaver(options) {
  const { key, of: { versionOf, itemOf, fingerprint }, storage, pause = 250, later = laterByTimer } = options
  let operations = restore(storage, key)
  let names // who is signed in, once it is known
  let held = [] // what somebody else left waiting in this tab: it is never saved under another name
  let sending = 0 // operations on their way
  let cancelTimer = () => {}
  let wait = RETRY_FIRST
  let problem // {kind: "offline" | "signed-out" | "conflict", …}

  const version = () => versionOf(options.saved())
  let kept = operations
  const tell = () => {
    if (kept !== operations) {
      kept = operations
      keep(storage, key, [...held, ...operations])
    }
    options.onState({ waiting: operations.length, sending: sending > 0, problem, held: held.length, heldOf: [...new Set(held.flatMap((one) => one.who))] })
  }
  const plan = (ms) => {
    cancelTimer()
    cancelTimer = later(flush, ms)
  }

  /** {label, decisions, bulk: nobody looked at each, flags, comments}, or {label, undo | redo: true, of: about which kind alone, decisions}; what was decided about the same items until now is noted as `seen`. */
  function add(operation) {
    operations = [...operations, { ...operation, ...(names?.length ? { who: names } : {}), seen: operation.seen ?? seenBy(operation) }]
    if (!problem || problem.kind === 'offline') plan(problem ? wait : pause)
    tell()
  }

  const seenBy = ({ decisions = [] }) => Object.fromEntries(decisions.map((one) => [itemOf(one), fingerprint(options.saved(), one)]))

  const isOf = (one, people) => !one.who || people.length === 0 || one.who.some((name) => people.includes(name))

  /** Tells the user names of who is signed in: what was kept here is sent if it is theirs. */
  function signedIn(people) {
    names = people
    const all = [...held, ...operations]
    const others = all.filter((one) => !isOf(one, people))
    if (others.length || held.length) [held, operations] = [others, all.filter((one) => !others.includes(one))]
    tell()
    if (operations.length && !problem) plan(pause)
  }

  async function flush() {
    cancelTimer()
    if (sending || operations.length === 0 || problem?.kind === 'conflict') return
    if (!names && operations.some((one) => one.who)) return // by whom is told soon
    const batch = operations.slice()
    sending = batch.length
    tell()
    try {
      const changes = await options.send(batch.map(stepOf), version())
      operations = operations.slice(batch.length)
      problem = undefined
      wait = RETRY_FIRST
      sending = 0
      saved(changes, batch)
    } catch (error) {
      sending = 0
      await failed(error, batch)
    }
    tell()
    if (operations.length && !problem) plan(pause)
  }

  /** What was decided on top of what is saved now has seen it. */
  function saved(changes, batch) {
    options.onSaved(changes, batch)
    operations = operations.map((one) => ({ ...one, seen: seenBy(one) }))
  }

  async function failed(error, batch) {
    if (error.code === 'changed_meanwhile') return meet()
    if (error.status === 401) {
      problem = { kind: 'signed-out', error }
    } else if (!error.status || error.status >= 500 || error.status === 429) {
      problem = { kind: 'offline', error }
      plan(error.retryAfter ? error.retryAfter * 1000 : wait)
      wait = Math.min(wait * 2, RETRY_LAST)
    } else if (batch.length > 1) { // one of them is refused: which one is found by sending them one by one
      return oneByOne(batch)
    } else {
      operations = operations.slice(1)
      options.onRefused(batch[0], error)
    }
  }

  async function oneByOne(batch) {
    for (const operation of batch) {
      try {
        const changes = await options.send([stepOf(operation)], version())
        operations = operations.slice(1)
        saved(changes, [operation])
      } catch (error) {
        await failed(error, [operation])
        if (problem) return
      }
    }
  }

  /** Somebody was faster. Where both decided about the same thing a person chooses; all else goes on by itself. */
  async function meet() {
    let fresh
    try {
      fresh = await options.reload()
    } catch (error) {
      return failed(error.code === 'changed_meanwhile' ? { status: 503 } : error, [])
    }
    options.onReloaded(fresh)
    const decisions = operations.filter((one) => !one.undo && !one.redo).flatMap((operation) => (operation.decisions ?? []).filter((one) => fingerprint(fresh, one) !== operation.seen[itemOf(one)]))
    problem = decisions.length ? { kind: 'conflict', decisions } : undefined
    if (!problem) plan(0)
  }

  /** Of a conflict: each decision that is `isMine` goes over theirs, or is given up. What else was decided with it at once is not touched. */
  function resolve(isMine) {
    const given = new Set((problem?.decisions ?? []).filter((one) => !isMine(one)))
    const both = problem?.decisions ?? []
    problem = undefined
    operations = operations.flatMap((operation) => {
      if (!operation.decisions?.some((one) => both.includes(one))) return [operation]
      const decisions = operation.decisions.filter((one) => !given.has(one))
      return decisions.length ? [{ ...operation, decisions, seen: seenBy({ decisions }) }] : []
    })
    plan(0)
    tell()
  }

  return {
    add,
    signedIn,
    /** What somebody else left is given up. */
    drop: () => {
      held = []
      operations = [...operations]
      tell()
    },
    flush,
    resolve,
    retry: () => {
      if (problem?.kind !== 'conflict') problem = undefined
      return flush()
    },
    /** Another list when it is another. */
    operations: () => operations,
    pending: () => operations.flatMap((one) => one.decisions ?? []),
    stop: () => cancelTimer(),
    start: tell,
  }
}

function laterByTimer(run, ms) {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

function restore(storage, key) {
  try {
    return JSON.parse(storage?.getItem(key) ?? '[]')
  } catch {
    return []
  }
}

function keep(storage, key, operations) {
  try {
    if (operations.length) storage?.setItem(key, JSON.stringify(operations))
    else storage?.removeItem(key)
  } catch {
    // full or forbidden: they still are in memory
  }
}
