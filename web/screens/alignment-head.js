// Which alignment this is, where one can go in it, and whether everything is saved.
import { html } from '../lib.js'
import { listed, t, tn } from '../i18n.js'
import { useServerNames } from '../api.js'
import { Link } from '../router.js'
import { hasChoices } from '../choices.js'
import { useTitle } from '../title.js'
import { Button, Loading, Name, Problem, signInPath } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { pairName } from '../model/names.js'
import { useGoingAnywhere } from './going.js'

const sideName = (side) => side.data_set ?? side.server

const tabsOf = (path) => [
  ['overview', `${path}/overview`, t('Overview')], ['review', path, t('Review')], ['disaggregation', `${path}/disaggregation`, t('Disaggregation')], ['places', `${path}/places`, t('Units and periods')],
  ['send', `${path}/send`, t('Send')], ['drift', `${path}/drift`, t('Changes')], ['files', `${path}/files`, t('Files')],
]

const OWN_KEYS = ['review', 'places'] // and in their lists alone

const Open = () => html` <span class="mark" title=${t('Not accepted yet')}><span aria-hidden="true">●</span><span class="unseen">${t('Not accepted yet')}</span></span>`

let last // the alignment whose head was shown: its names stay while another of its screens is on its way, or does not come

export function AlignmentHead({ id, alignment = last?.id === id ? last : undefined, at, saving, onRetry, onDrop }) {
  last = alignment
  const tabs = tabsOf(reviewAddress(id))
  const title = tabs.find(([name]) => name === at)[2]
  const serverName = useServerNames()
  useGoingAnywhere(OWN_KEYS.includes(at) ? undefined : id, `/${at}`)
  useTitle(title, alignment && pairName(alignment))
  return html`<div class="head">
    <h1>${alignment ? html`<${Name} of=${sideName(alignment.source)} /> <small><bdi>${serverName(alignment.source.server)}</bdi></small> <span aria-hidden="true" class="arrow">→</span><span class="unseen">${t('to')}</span>
      ${' '}<${Name} of=${sideName(alignment.target)} /> <small><bdi>${serverName(alignment.target.server)}</bdi></small>` : title}</h1>
    <nav aria-label=${t('This alignment')}>${tabs.map(([name, to, text]) => html`<${Link} key=${name} to=${to} aria-current=${at === name ? 'page' : undefined}>${text}${name === 'disaggregation' && hasChoices(id) && html`<${Open} />`}<//>`)}</nav>
    ${saving && html`<${SaveState} saving=${saving} onRetry=${onRetry} onDrop=${onDrop} server=${alignment.source.server} />`}
  </div>`
}

/** What stands where a screen is still on its way, or did not come: the ways to the others stay. Called and not drawn, so that the head stays the same one when the screen comes, and the focus in it. */
export const coming = (id, at, { error, loading, reload }, what) => html`<${AlignmentHead} id=${id} at=${at} />
  <div class="page"><${Problem} error=${error} again=${reload} />${loading && html`<${Loading} what=${what} />`}</div>`

function SaveState({ saving, onRetry, onDrop, server }) {
  const { problem, waiting, sending, held, heldOf } = saving
  const changes = tn('{n} change waiting', '{n} changes waiting', waiting)
  if (problem?.kind === 'offline')
    return html`<div class="save bad" role="status">${t('Not saved yet: drawbridge cannot be reached.')} ${changes} <${Button} small onClick=${onRetry}>${t('Try again')}<//></div>`
  if (problem?.kind === 'signed-out')
    return html`<div class="save bad" role="status">${t('Sign in again to save.')} ${changes} <${Link} class="button small" to=${signInPath(problem.error.server ?? server)}>${t('Sign in')}<//></div>`
  if (problem?.kind === 'conflict') return html`<div class="save bad" role="status">${changes}</div>`
  if (held > 0)
    return html`<div class="save bad" role="status">${tn('{n} change of {who} was not saved, and is not saved under another name.', '{n} changes of {who} were not saved, and are not saved under another name.', held, { who: listed(heldOf) })} <${Link} class="button small" to=${signInPath(server)}>${t('Sign in')}<//> <${Button} small onClick=${onDrop}>${t('Give them up')}<//></div>`
  return html`<div class="save">${waiting === 0 ? t('All changes saved') : sending ? t('Saving…') : changes}</div>`
}
