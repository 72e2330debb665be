// Which alignment this is, where one can go in it, and whether everything is saved.
import { html } from '../lib.js'
import { listed, t, tn } from '../i18n.js'
import { useServerNames } from '../api.js'
import { Link } from '../router.js'
import { hasChoices } from '../choices.js'
import { useTitle } from '../title.js'
import { Button, Name, signInPath } from '../ui.js'
import { reviewAddress } from '../model/address.js'
import { pairName } from '../model/names.js'
import { useGoingAnywhere } from './going.js'

const sideName = (side) => side?.data_set ?? side?.server ?? ''

const tabsOf = (path) => [
  ['overview', `${path}/overview`, t('Overview')], ['review', path, t('Review')], ['disaggregation', `${path}/disaggregation`, t('Disaggregation')], ['places', `${path}/places`, t('Units and periods')],
  ['send', `${path}/send`, t('Send')], ['drift', `${path}/drift`, t('Changes')], ['files', `${path}/files`, t('Files')],
]

const OWN_KEYS = ['review', 'places'] // and in their lists alone

const Open = () => html` <span class="mark" title=${t('Not accepted yet')}><span aria-hidden="true">●</span><span class="unseen">${t('Not accepted yet')}</span></span>`

export function AlignmentHead({ id, alignment, at, saving, onRetry, onDrop }) {
  const tabs = tabsOf(reviewAddress(id))
  const serverName = useServerNames()
  useGoingAnywhere(OWN_KEYS.includes(at) ? undefined : id, `/${at}`)
  useTitle(tabs.find(([name]) => name === at)[2], alignment && pairName(alignment))
  return html`<div class="head">
    <h1><${Name} of=${sideName(alignment?.source)} /> <small><bdi>${alignment && serverName(alignment.source.server)}</bdi></small> <span aria-hidden="true" class="arrow">→</span><span class="unseen">${t('to')}</span>
      ${' '}<${Name} of=${sideName(alignment?.target)} /> <small><bdi>${alignment && serverName(alignment.target.server)}</bdi></small></h1>
    <nav aria-label=${t('This alignment')}>${tabs.map(([name, to, text]) => html`<${Link} key=${name} to=${to} aria-current=${at === name ? 'page' : undefined}>${text}${name === 'disaggregation' && hasChoices(id) && html`<${Open} />`}<//>`)}</nav>
    ${saving && html`<${SaveState} saving=${saving} onRetry=${onRetry} onDrop=${onDrop} server=${alignment?.source.server} />`}
  </div>`
}

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
