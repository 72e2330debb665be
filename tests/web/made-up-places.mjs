// Org units and attribute options that nobody has: some surely the same, some to be looked at, one without counterpart.

const reason = (code, value) => ({ code, ...(value ? { value } : {}) })
const unit = (side, i, name) => ({ id: `${side}Unit${String(i).padStart(4, '0')}`, name, code: `${side}-${i}`, above: 'Sierra Leone / Bo' })
const proposal = (target, confidence, decision, reasons) => ({ target, confidence, decision, why: 'In English', reasons })

export const TARGET_UNITS = ['Kakua CHC', 'Tikonko CHP', 'Badjia MCHP', 'Lugbu CHC', 'Bongor clinic', 'Jaiama'].map((name, i) => unit('T', i, name))
const TARGET_OPTIONS = [{ id: 'TOption0001', name: 'Alpha project' }, { id: 'TOption0002', name: 'Omega project' }]

const open = () => ({ state: 'open', targets: [], rejected: [] })

export function madeUpPlaces(id, version) {
  const sources = ['Kakua health centre', 'Tikonko post', 'Badjia', 'Lugbu', 'Nowhere post'].map((name, i) => unit('S', i, name))
  const good = [reason('same_code'), reason('near_name'), reason('below', '3/4'), reason('km', '0.4'), reason('above_parent')]
  const pairs = sources.map((source, i) => ({
    source,
    proposals: i === 4 ? [] : [proposal(TARGET_UNITS[i], 0.97 - i * 0.15, i < 2 ? 'auto' : 'proposed', good), proposal(TARGET_UNITS[i + 1], 0.3, 'candidate', [reason('other_name'), reason('above_none')])],
    ...(i === 4 ? { why: 'In English', reasons: [reason('nothing_alike')] } : {}),
    decision: open(),
  }))
  return {
    id, version,
    org_units: { told: true, same: 12, pairs },
    attribute_option_combos: { told: true, same: 1, pairs: [{ source: { id: 'SOption0001', name: 'Red partner' }, proposals: TARGET_OPTIONS.map((one) => proposal(one, 0.45, 'candidate', [reason('like_options')])), decision: open(), why: 'In English', reasons: [reason('nothing_alike')] }] },
    periods: { conversion: 'roll-up', source: 'Monthly', target: 'Quarterly', note: 'In English', reason: 'roll_up', sound_for: ['SUM'] },
  }
}

/** The one without counterpart has one, which the target's data set is not assigned to. */
export function withUnassigned(places) {
  const pair = places.org_units.pairs.at(-1)
  const place = { ...TARGET_UNITS.at(-1), assigned: false }
  Object.assign(pair, { reasons: [reason('unassigned', `${place.above} / ${place.name}`)], proposals: [proposal(TARGET_UNITS[0], 0.4, 'candidate', [reason('other_name')]), proposal(place, 0.3, 'candidate', [reason('same_id')])] })
  return places
}

export const findPlaces = (kind, search) => (kind === 'org_unit' ? TARGET_UNITS : TARGET_OPTIONS).filter((one) => search.toLowerCase().split(' ').every((word) => one.name.toLowerCase().includes(word)))
export const knownPlaces = new Map([...TARGET_UNITS, ...TARGET_OPTIONS].map((one) => [one.id, one]))

/** The target's org units below one: a country, a district, and all others in that. */
export function placesBelow(above) {
  const [country, district] = [{ id: 'TCountry001', name: 'Sierra Leone', assigned: false, below: TARGET_UNITS.length }, { id: 'TDistrict01', name: 'Bo', assigned: false, below: TARGET_UNITS.length }]
  return { '': [country], [country.id]: [district], [district.id]: TARGET_UNITS.map((one) => ({ ...one, below: 0 })) }[above] ?? []
}
