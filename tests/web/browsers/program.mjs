// A program as DHIS2's developers write them, with React and @dhis2/app-runtime from npm as they are. It knows nothing of drawbridge: only `config` differs from one run to the next.
import { Provider, useDataEngine, useDataMutation, useDataQuery } from '@dhis2/app-runtime'
import { createElement as h, useEffect } from 'react'
import { createRoot } from 'react-dom/client'

const PAGE = { elements: { resource: 'dataElements', params: ({ page }) => ({ page, pageSize: 5, fields: ['id', 'displayName'], order: 'id:asc' }) } }
const SAVE = { type: 'create', resource: 'dataStore/program/hooks', data: ({ text }) => ({ text }) }
const said = (promise) => promise.then((value) => ({ value }), (error) => ({ error: error.name, type: error.type, message: error.message, details: error.details }))

function Program({ done }) {
  const engine = useDataEngine()
  const { data, error, loading } = useDataQuery(PAGE, { variables: { page: 2 } })
  const [save, { called }] = useDataMutation(SAVE)
  useEffect(() => {
    if (!loading) done({ engine, save, hook: error ? { type: error.type, message: error.message } : { value: data } })
  }, [loading])
  return h('p', null, called ? 'saved' : loading ? 'loading' : 'loaded')
}

/** What a list of steps led to, each {query}, {mutate} or {save}. */
globalThis.runProgram = async (config, steps) => {
  const root = createRoot(document.body.appendChild(document.createElement('div')))
  const { engine, save, hook } = await new Promise((done) => root.render(h(Provider, { config, plugin: false, parentAlertsAdd() {}, showAlertsInPlugin: false }, h(Program, { done }))))
  const found = [hook]
  for (const step of steps) found.push(await said(step.query ? engine.query(step.query) : step.mutate ? engine.mutate(step.mutate) : save(step.save)))
  root.unmount()
  return found
}
