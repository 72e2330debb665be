// For apps on React and @dhis2/app-runtime that talk to several servers: below <Server> its hooks (useDataQuery, useDataMutation, useDataEngine) speak to that server alone.
//
// Two of app-runtime's own providers would share one cache whose keys do not name the server, and the second would show the first one's answers. Each <Server> has a cache of its own, which lasts as long as it is shown.
import { CustomDataProvider } from '@dhis2/app-runtime'
import { createContext, createElement, Fragment, useContext, useMemo } from 'react'

const Children = createContext()
const Slot = () => useContext(Children)

/** Whatever resource is asked for goes to the server. */
const everyResource = (engine) => new Proxy({}, { get: () => (type, query, options) => engine.execute(type, query, options) })

/** @param {{gateway: object, of: string, children: any}} props `gateway`: from createDrawbridge; `of`: the server's id. */
export function Server({ gateway, of, children }) {
  // Made once for each server: app-runtime's provider begins with an empty cache whenever it is drawn.
  const provider = useMemo(() => createElement(CustomDataProvider, { data: everyResource(gateway.engine(of)), options: { failOnMiss: false } }, createElement(Slot)), [gateway, of])
  return createElement(Children.Provider, { value: children }, createElement(Fragment, { key: of }, provider))
}
