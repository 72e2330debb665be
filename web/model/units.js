// The organisation units of a data set as a tree that one can choose from. Only assigned units are there; one whose parent is not assigned hangs on its nearest assigned ancestor, or is a root.
import { byReader } from '../i18n.js'

/** @returns {{roots: object[], byId: Map<string, object>}} nodes {id, name, code, depth, parent, children, below: how many are below it} */
export function treeOf(units) {
  const byId = new Map(units.map((unit) => [unit.id, { ...unit, children: [], below: 0, depth: 0, parent: undefined }]))
  const roots = []
  for (const node of byId.values()) {
    const parent = node.path.split('/').slice(1, -1).reverse().map((id) => byId.get(id)).find(Boolean)
    node.parent = parent
    if (parent) parent.children.push(node)
    else roots.push(node)
  }
  const compare = byReader()
  const byName = (a, b) => compare(a.name, b.name)
  const settle = (node, depth) => {
    node.depth = depth
    node.children.sort(byName)
    for (const child of node.children) node.below += 1 + settle(child, depth + 1)
    return node.below
  }
  roots.sort(byName)
  for (const root of roots) settle(root, 0)
  return { roots, byId }
}

export function withAllBelow(node) {
  return [node.id, ...node.children.flatMap(withAllBelow)]
}

/** Chosen and all below it, or none of them. */
export function toggle(chosen, node, on) {
  const next = new Set(chosen)
  for (const id of withAllBelow(node)) {
    if (on) next.add(id)
    else next.delete(id)
  }
  return next
}

/** "all", "some" or "none" of a node and what is below it. */
export function stateOf(chosen, node) {
  let some = chosen.has(node.id)
  let all = some
  for (const child of node.children) {
    const state = stateOf(chosen, child)
    some = some || state !== 'none'
    all = all && state === 'all'
  }
  return all ? 'all' : some ? 'some' : 'none'
}

/** The nodes to show: children of what is open; with a search, what it finds with its ancestors. */
export function visible(tree, open, text = '') {
  const wanted = text.trim().toLowerCase()
  const keep = new Set()
  if (wanted) {
    for (const node of tree.byId.values()) {
      if (!`${node.name}\n${node.code ?? ''}`.toLowerCase().includes(wanted)) continue
      for (let at = node; at && !keep.has(at); at = at.parent) keep.add(at)
    }
  }
  const list = []
  const walk = (nodes) => {
    for (const node of nodes) {
      if (wanted && !keep.has(node)) continue
      list.push(node)
      if (wanted || open.has(node.id)) walk(node.children)
    }
  }
  walk(tree.roots)
  return list
}
