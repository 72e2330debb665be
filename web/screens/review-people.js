// Who else may see the alignment and decide in it, and whether a second person is asked for.
import { html, useState } from '../lib.js'
import { t } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Button, Dialog, Field, Loading, Problem, Select } from '../ui.js'

const same = (a, b) => a.server === b.server && a.username === b.username

export function People({ id, onClose, onSaved }) {
  const loaded = useLoad(async (signal) => {
    const [people, servers] = await Promise.all([gateway.alignments.people(id, { signal }), gateway.servers({ signal })])
    return { ...people, servers }
  }, [id])
  return html`<${Dialog} title=${t('People')} onClose=${onClose}>
    <${Problem} error=${loaded.error} again=${loaded.reload} />
    ${!loaded.data && loaded.loading && html`<${Loading} />`}
    ${loaded.data && html`<${Editor} id=${id} given=${loaded.data} onSaved=${() => { loaded.reload(); onSaved() }} />`}
  <//>`
}

function Editor({ id, given, onSaved }) {
  const [people, setPeople] = useState(given.people)
  const [second, setSecond] = useState(given.second_person)
  const [server, setServer] = useState(given.servers[0]?.id)
  const [username, setUsername] = useState('')
  const [state, set] = useState({})
  const nameOf = (one) => given.servers.find((each) => each.id === one)?.name ?? one
  const changed = second !== given.second_person || people.length !== given.people.length || people.some((one) => !given.people.some((each) => same(one, each)))
  const add = (event) => {
    event.preventDefault()
    const one = { server, username: username.trim() }
    if (one.username && !people.some((each) => same(one, each))) setPeople([...people, one])
    setUsername('')
  }
  const save = async () => {
    set({ loading: true })
    try {
      const { version } = await gateway.alignments.people(id) // what others decided meanwhile is not in the way of this
      await gateway.alignments.setPeople(id, { second_person: second, people }, { ifMatch: version })
      set({})
      onSaved()
    } catch (error) {
      set({ error })
    }
  }
  return html`<p>${t('Made by {who}.', { who: given.owner })} ${given.mine ? t('Those you give access may see and decide what you may, but not remove it or give access to others.') : t('Only who made it may change what stands here.')}</p>
    ${people.length === 0 ? html`<p class="muted">${t('Nobody else may see it.')}</p>` : html`<ul class="chips" aria-label=${t('Those who have access')}>${people.map((one) => html`<li key=${`${one.server} ${one.username}`}><bdi>${one.username}</bdi> <small>${nameOf(one.server)}</small>
      ${given.mine && html`<button type="button" aria-label=${t('Take {name} away', { name: one.username })} onClick=${() => setPeople(people.filter((each) => each !== one))}>×</button>`}</li>`)}</ul>`}
    ${given.mine && html`<form onSubmit=${add}>
      <${Select} label=${t('Server')} value=${server} onChange=${setServer}>${given.servers.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}<//>
      <${Field} label=${t('User name there')} help=${t('Exactly as they type it to sign in.')} value=${username} onInput=${setUsername} autocomplete="off" />
      <button class="button" type="submit" disabled=${!username.trim()}>${t('Give access')}</button>
    </form>
    <label class="check"><input type="checkbox" checked=${second} onChange=${(event) => setSecond(event.target.checked)} />${t('A second person approves: nothing is sent until somebody other than who decided it has agreed')}</label>
    <${Problem} error=${state.error} />
    <p class="row"><${Button} primary loading=${state.loading} disabled=${!changed} onClick=${save}>${t('Save')}<//></p>`}`
}
