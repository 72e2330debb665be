// The alignments of the person who is signed in.
import { html, useState } from '../lib.js'
import { t, time } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { later } from '../later.js'
import { Link } from '../router.js'
import { reviewAddress } from '../model/address.js'
import { pairName } from '../model/names.js'
import { Button, Loading, Name, Problem } from '../ui.js'
import { LongList } from './long-list.js'

const Makings = later(async () => (await import('./alignments-more.js')).Makings, 'unseen')
const Remove = later(async () => (await import('./alignments-more.js')).Remove, 'unseen')

const MOST = 500 // as drawbridge lists
const searchedBy = (nameOf) => (one) => [one.source, one.target].map((side) => `${side?.data_set?.name} ${nameOf(side?.server)}`).join(' ')

export function Alignments() {
  const list = useLoad((signal) => gateway.alignments.list({ signal }), [])
  const makings = useLoad(async (signal) => (list.data ? gateway.alignments.makings({ signal }) : []), [list.data]) // one that is made since is in the list then
  const nameOf = useServerNames(Boolean(list.data))
  const [removing, setRemoving] = useState()
  const signedOut = list.error?.code === 'no_session'
  return html`<div class="page">
    <div class="title"><h1>${t('Alignments')}</h1><${Link} class="button primary" to="/alignments/new">${t('Align two data sets')}<//></div>
    <p class="muted">${t('An alignment says which cell of one data set becomes which cell of another. You see those that you made, and those that others gave you access to.')}</p>
    ${signedOut ? html`<div class="empty card"><p>${t('Sign in to a server to see your alignments.')}</p><p><${Link} class="button" to="/servers">${t('Go to the servers')}<//></p></div>` : html`<${Problem} error=${list.error} again=${list.reload} />`}
    ${!list.data && list.loading && html`<${Loading} />`}
    <${Problem} error=${makings.error} again=${makings.reload} />
    ${makings.data?.length > 0 && html`<${Makings} list=${makings.data} nameOf=${nameOf} onChange=${list.reload} />`}
    ${list.data?.length === 0 && !makings.data?.length && html`<div class="empty card"><p>${t('No alignment yet.')}</p><p class="muted">${t('Choose a data set at each of two servers, and drawbridge proposes what corresponds to what.')}</p></div>`}
    ${list.data?.length > 0 && html`<${LongList} list=${list.data} textOf=${searchedBy(nameOf)} most=${MOST}>${(shown) => html`<div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('From')}</th><th scope="col">${t('To')}</th><th scope="col">${t('Last change')}</th><th scope="col"><span class="unseen">${t('What to do')}</span></th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${one.id}>
        <td><${Link} to=${reviewAddress(one.id)}><${Name} of=${one.source?.data_set} /><//><br /><small class="muted"><bdi>${nameOf(one.source?.server)}</bdi>${one.owner ? html` · ${t('Made by {who}.', { who: one.owner })}` : ''}</small></td>
        <td><${Name} of=${one.target?.data_set} /><br /><small class="muted"><bdi>${nameOf(one.target?.server)}</bdi></small></td>
        <td>${time(one.updated)}</td>
        <td><div class="row end"><${Link} class="button small" to=${reviewAddress(one.id)} aria-label=${t('Review {name}', { name: pairName(one) })}>${t('Review')}<//>
          <${Link} class="button small" to="${reviewAddress(one.id)}/send" aria-label=${t('Send {name}', { name: pairName(one) })}>${t('Send')}<//>
          <${Link} class="button small" to="${reviewAddress(one.id)}/files" aria-label=${t('Files: {name}', { name: pairName(one) })}>${t('Files')}<//>
          ${one.mine !== false && html`<${Button} small destructive onClick=${() => setRemoving(one)} aria-label=${t('Remove {name}', { name: pairName(one) })}>${t('Remove')}<//>`}</div></td>
      </tr>`)}</tbody></table></div>`}<//>`}
    ${removing && html`<${Remove} one=${removing} name=${pairName(removing)} onClose=${() => { setRemoving(undefined); list.reload() }} />`}
  </div>`
}
