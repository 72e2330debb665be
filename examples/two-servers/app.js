// Signs in to two DHIS2 servers through drawbridge and joins what they say. No password, token or cookie of theirs is ever in this page.
import { createDrawbridge } from './sdk/drawbridge.js'
import { drawbridge } from './settings.js'

const gw = createDrawbridge({ url: drawbridge })
const servers = {
  district: { dataSet: 'QOqFfAKuQXX', confirmedCases: 'OwpRdlv86Tm' },
  central: { dataSet: 'JPqe4guyUB4', confirmedCases: 'Qf6C2oiWy8L' },
}
const country = 'yDgY1TGvCxL'
const now = new Date()
const month = new Date(now.getFullYear(), now.getMonth() - 1)
const period = `${month.getFullYear()}${String(month.getMonth() + 1).padStart(2, '0')}`
const $ = (id) => document.getElementById(id)

/** Confirmed cases of the month at a server, summed by facility. */
async function casesAt(server) {
  const { dataSet, confirmedCases } = servers[server]
  const { dataValues = [] } = await gw.get(server, `api/dataValueSets.json?dataSet=${dataSet}&period=${period}&orgUnit=${country}&children=true`)
  const sums = new Map()
  for (const { dataElement, orgUnit, value } of dataValues) if (dataElement === confirmedCases) sums.set(orgUnit, (sums.get(orgUnit) ?? 0) + Number(value))
  return sums
}

async function showTable() {
  const [district, central, { organisationUnits }] = await Promise.all([casesAt('district'), casesAt('central'), gw.get('district', 'api/organisationUnits.json?paging=false&fields=id,displayName&order=displayName:asc')])
  for (const { id, displayName } of organisationUnits.filter((unit) => district.has(unit.id) || central.has(unit.id))) {
    const [here, there] = [district.get(id) ?? 0, central.get(id) ?? 0]
    const row = $('rows').insertRow()
    for (const text of [displayName, here, there, here - there || '']) row.insertCell().textContent = text
  }
  document.querySelector('table').hidden = false
}

function showPeople(connections) {
  for (const server of Object.keys(servers)) {
    const connection = connections.find((one) => one.server === server && one.state === 'ok')
    const button = document.createElement('button')
    button.textContent = connection ? `${server}: ${connection.user.name} · sign out` : `Sign in to ${server}`
    button.onclick = () => (connection ? gw.signOut(server).then(() => location.reload()) : gw.startSignIn(server)).catch(showProblem)
    $('people').append(button)
  }
}

const showProblem = (error) => { $('problem').textContent = error.message }

$('month').textContent = month.toLocaleDateString('en', { month: 'long', year: 'numeric' })
try {
  await gw.finishSignIn() // comes back from a sign-in that left this page
  const { connections } = await gw.session()
  showPeople(connections)
  if (Object.keys(servers).every((server) => connections.some((one) => one.server === server && one.state === 'ok'))) await showTable()
} catch (error) {
  showProblem(error)
}
