// What the review and the places have in common: decisions are shown at once and saved as they are made, undone and done again, and told apart from what others decide.
import { html, useCallback, useEffect, useMemo, useRef, useState } from '../lib.js'
import { t } from '../i18n.js'
import { gateway } from '../api.js'
import { sessionStore } from '../local-store.js'
import { Notice, Problem } from '../ui.js'
import { createHistory } from '../model/history.js'
import { createSaver } from '../model/saver.js'

/**
 * All of it as it is saved, its saver, and what is shown: the saved with what is pending over it.
 * `of`: what the saver has to know (REVIEW, PLACES), and {key(id), read(id): afresh, withSaved(saved, changes, operations), withOperations(saved, operations)}.
 */
export function useSaved(id, first, of) {
  const saved = useRef(first)
  const [, draw] = useState(0)
  const [told, setTold] = useState()
  const [refused, setRefused] = useState()
  const take = useCallback((fresh) => {
    saved.current = fresh
    draw((n) => n + 1)
  }, [id])
  const saver = useMemo(() => createSaver({
    key: of.key(id),
    of,
    storage: sessionStore(),
    saved: () => saved.current,
    send: (steps, version) => gateway.alignments.steps(id, steps, { ifMatch: version }),
    reload: () => of.read(id),
    onSaved: (changes, operations) => take(of.withSaved(saved.current, changes, operations)),
    onReloaded: take,
    onState: (state) => setTold(state),
    onRefused: (operation, error) => setRefused({ operation, error }),
  }), [id])
  useEffect(() => {
    saver.start()
    if (saver.operations().length) saver.flush()
    const online = () => saver.retry()
    const leave = (event) => saver.operations().length && event.preventDefault()
    addEventListener('online', online)
    addEventListener('beforeunload', leave)
    return () => {
      removeEventListener('online', online)
      removeEventListener('beforeunload', leave)
      saver.flush()
      saver.stop()
    }
  }, [saver])
  const waiting = saver.operations()
  const saving = told ?? { waiting: waiting.length, sending: false } // what was left waiting is not called saved before the saver tells
  const shown = useMemo(() => of.withOperations(saved.current, waiting), [saved.current, waiting])
  return { saved: saved.current, shown, saver, saving, refused, clearRefused: () => setRefused(undefined), take }
}

/** Undo and redo as the server has them: read when the page comes, and again when something did not go as it was asked for. `about(step)`: only these; `restoring`: see createHistory. */
export function useHistory(id, saver, saving, refused, { about = () => true, restoring } = {}) {
  const history = useMemo(() => createHistory(restoring), [id])
  const [, draw] = useState(0)
  const unsure = useRef(true)
  const changes = useRef(0)
  if (refused || saving.problem?.kind === 'conflict') unsure.current = true
  useEffect(() => {
    if (!unsure.current || saving.waiting > 0 || saver.operations().length > 0) return
    const before = changes.current
    gateway.alignments.history(id).then(({ steps }) => {
      if (changes.current !== before || saver.operations().length > 0) return // something was done meanwhile: with the next answer
      unsure.current = false
      history.reset(steps.filter(about))
      draw((n) => n + 1)
    }, () => {}) // without it what is done from here on can be undone
  }, [saving.waiting, refused])
  return {
    ...history,
    add: (step) => { changes.current++; history.add(step) },
    undo: () => { changes.current++; return history.undo() },
    redo: () => { changes.current++; return history.redo() },
    forget: () => { unsure.current = true },
  }
}

const LOOK_AGAIN = 20000

/** What others did meanwhile is shown as long as nothing of one's own is on its way: then the server tells by itself. */
export function useOthers(id, of, saver, saved, take, onOthers) {
  const version = useRef()
  version.current = of.versionOf(saved)
  useEffect(() => {
    const look = async () => {
      if (document.hidden || saver.operations().length) return
      try {
        const found = (await gateway.alignments.list()).find((one) => one.id === id)
        if (!found || found.version <= version.current) return
        const fresh = await of.read(id)
        if (saver.operations().length || of.versionOf(fresh) <= version.current) return
        take(fresh)
        onOthers()
      } catch {
        // the next time
      }
    }
    const timer = setInterval(look, LOOK_AGAIN)
    addEventListener('focus', look)
    return () => {
      clearInterval(timer)
      removeEventListener('focus', look)
    }
  }, [id, saver])
}

/** User names of who is signed in at the servers of the alignment. */
export const namesOf = (session, alignment) => {
  const at = [alignment.source.server, alignment.target.server]
  return [...new Set((session?.data?.connections ?? []).filter((one) => at.includes(one.server)).map((one) => one.user?.username).filter(Boolean))]
}

/** An operation that the server did not take. */
export function Refused({ refused }) {
  if (!refused) return null
  const { operation, error } = refused
  return operation.undo || operation.redo
    ? html`<${Notice} tone="warning" live title=${t('That cannot be taken back: {step}', { step: operation.label })}>${t('Somebody else has changed the same since.')}<//>`
    : html`<${Problem} error=${error} />`
}
