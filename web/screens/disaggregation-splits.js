// What the target divides and the source does not: what shall become of it is chosen here, or in the grids below.
import { html, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { Button, Notice, Problem, Select } from '../ui.js'

const SHOWN = 12

/** `choices` of splitChoices; linksOf(grid, or undefined for all cells): where they go now; nameOf(grid, id): what it is called there; onChoose(grid, from, to: undefined for nowhere); onAll: has all parts listed that there are. */
export function Splits({ choices, linksOf, nameOf, onChoose, onAll }) {
  if (choices.length === 0) return null
  const open = choices.filter(({ grid, from }) => !linksOf(grid).has(from.id)).length
  return html`<${Notice} tone=${open ? 'warning' : 'info'} title=${tn('The target divides {n} option or cell of the source', 'The target divides {n} options or cells of the source', choices.length)}>
    <p>${t('The source’s value counts all of it together and cannot be divided: all of it goes to one place, or it is left; then it is not sent.')}</p>
    <div class="splits">${choices.slice(0, SHOWN).map(({ grid, from, parts, more, whole }) => {
      const now = linksOf(grid).get(from.id)
      const known = [whole, ...parts].some((one) => one?.id === now)
      return html`<${Select} key=${from.id} label=${html`<bdi>${from.name}</bdi> <span aria-hidden="true" class="arrow">→</span><span class="unseen">${t('to')}</span> <bdi>${parts.map((one) => one.name).join(' | ')}</bdi>${more > 0 && html` ${tn('and {n} more', 'and {n} more', more)}`}`} value=${now ?? ''} onChange=${(to) => onChoose(grid, from.id, to || undefined)}>
        <option value="">${t('Leave it: it is not sent')}</option>
        ${whole && html`<option value=${whole.id}>${t('To the total: {name}', { name: whole.name })}</option>`}
        ${parts.map((one) => html`<option key=${one.id} value=${one.id}>${t('All of it to {name}, the others stay empty', { name: one.name })}</option>`)}
        ${now && !known && html`<option value=${now}>${nameOf(grid, now)}</option>`}
      <//>`
    })}</div>
    <${AllParts} wanted=${choices.some((one) => one.more > 0)} onAll=${onAll} />
    ${choices.length > SHOWN && html`<p>${tn('and {n} more', 'and {n} more', choices.length - SHOWN)}</p>`}
  <//>`
}

/** Once: of very many, some are listed nowhere. */
function AllParts({ wanted, onAll }) {
  const [state, set] = useState({})
  const show = async () => {
    set({ loading: true })
    try {
      await onAll()
      set({ done: true })
    } catch (error) {
      set({ error })
    }
  }
  if (!wanted && !state.loading && !state.done) return null
  return html`<p><${Button} small loading=${state.loading} disabled=${state.done} onClick=${show}>${t('Show all parts')}<//></p><${Problem} error=${state.error} again=${show} />`
}
