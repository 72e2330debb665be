// What an account may do at its server, of what drawbridge needs.
import { html } from '../lib.js'
import { t } from '../i18n.js'
import { gateway } from '../api.js'
import { rightsOf } from '../model/rights.js'

const QUERIES = {
  me: { resource: 'me', params: { fields: 'authorities' } },
  sets: { resource: 'dataSets', params: { fields: 'access[data[read,write]]', paging: false } },
}

const asked = new Map()

/** Asked once for each sign-in; again only where there was no answer. */
export function rightsAt({ server, since, user }) {
  const key = JSON.stringify([server, since, user?.username])
  if (!asked.has(key)) asked.set(key, gateway.engine(server).query(QUERIES).then(rightsOf))
  asked.get(key).catch(() => asked.delete(key))
  return asked.get(key)
}

/** Of the same height whatever is granted: what to do about the rest is folded. */
export const Rights = ({ rights }) => html`<dl>
    ${rights.map(({ name, granted, remedy }) => html`<div key=${name}><dt>${name}</dt><dd>${granted
      ? html`<span aria-hidden="true">✓</span> ${t('Granted')}`
      : html`<details><summary><span aria-hidden="true">✖</span> ${t('Missing')}</summary><p>${remedy}</p></details>`}</dd></div>`)}
  </dl>`
