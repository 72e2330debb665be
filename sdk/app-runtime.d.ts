import type { ReactElement, ReactNode } from 'react'
import type { Drawbridge } from './drawbridge.js'

/** Below it the hooks of @dhis2/app-runtime speak to this server alone, with a cache of its own. */
export function Server(props: { gateway: Drawbridge; of: string; children?: ReactNode }): ReactElement
