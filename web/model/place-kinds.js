// Kinds of places that one decides about, and the member of an alignment's places that has them.
export const PLACE_KINDS = { org_unit: 'org_units', attribute_option_combo: 'attribute_option_combos' }

export const isPlaceKind = (kind) => kind in PLACE_KINDS
