// An app as one begins with: it knows nothing of drawbridge.
import { useDataQuery } from '@dhis2/app-runtime'
import React from 'react'

const query = {
    me: { resource: 'me', params: { fields: ['name'] } },
    units: { resource: 'organisationUnits', params: { paging: false, fields: ['id'] } },
}

const App = () => {
    const { loading, error, data } = useDataQuery(query)
    if (error) {
        return <p id="who">{error.message}</p>
    }
    return <p id="who">{loading ? 'loading' : `${data.me.name} sees ${data.units.organisationUnits.length} units`}</p>
}

export default App
