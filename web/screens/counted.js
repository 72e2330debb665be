// What is known of how many values a server holds, since when, and why where nothing is known.
import { html } from '../lib.js'
import { t, time, tn } from '../i18n.js'
import { useLoad } from '../api.js'
import { Button } from '../ui.js'
import { inWords } from '../model/problems.js'
import { countsOf, forgetCounts } from '../value-counts.js'

const NO_TABLES = () => [t('The server has made no analytics tables yet'), t('Have them made there (Data Administration app > Analytics tables), then try again.')]
const TOO_SLOW = () => [t('Analytics took too long there'), t('Try again when the server is less busy.')]

const WORDS = {
  no_tables: NO_TABLES,
  nothing_countable: () => [t('Nothing there can be counted'), t('Analytics counts numbers and yes or no.')],
  too_many_requests: ({ requests }) => [tn('That would take {n} request to the server', 'That would take {n} requests to the server', requests)],
  policy: (error) => [inWords(error).title, t('Ask the administrator of drawbridge to allow /api/analytics, /api/dataSets, /api/me and /api/system/info of this server.')],
  E7120: () => [t('Your account may not see the data of an organisation unit there'), t('Ask the administrator of the server to add it to your organisation units for data output and analysis.')],
  E7128: () => [t('There is more to count than the server allows'), t('Ask its administrator to raise the limit of analytics records (System Settings app > Analytics).')],
  E7131: TOO_SLOW,
  E7136: TOO_SLOW,
  E7144: NO_TABLES,
  upstream_timeout: TOO_SLOW,
}

/** Why nothing is known, and what to do. */
export function uncountedText(error) {
  const { title, remedy, detail } = inWords(error)
  const words = (WORDS[error.code] ?? WORDS[error.body?.errorCode])?.(error)
  return (words ?? [title, remedy, error.origin === 'upstream' && detail && t('The server said: {text}', { text: detail })]).filter(Boolean).map((one) => one.replace(/\.$/, '')).join('. ') + '.'
}

function countedText({ counts, made, all }) {
  if (counts.size === 0) return t('The analytics tables hold no value of that time: nothing is said of single data elements.')
  const unknown = (all ?? counts.size) - counts.size
  return t('Counted from the analytics tables of {time}, which hold no zeros and no texts.', { time: time(made) }) + (unknown > 0 ? ' ' + tn('Of {n} data element nothing is known.', 'Of {n} data elements nothing is known.', unknown) : '')
}

export const COUNTING = () => t('Counting the values of the last 12 months…')

/** `values`: as useLoad has them; `anyway` counts what takes many requests. */
export function Counted({ values: { data, error, loading }, server, dataSet, reload, anyway }) {
  const again = () => { forgetCounts(server, dataSet); reload() }
  return html`<div class="row counted"><p class="grow" role="status">${error ? uncountedText(error) : data ? countedText(data) : COUNTING()}</p>
    ${anyway && error?.code === 'too_many_requests' && html`<${Button} small loading=${loading} onClick=${anyway}>${t('Count them all the same')}<//>`}<${Button} small loading=${loading} onClick=${again}>${t('Count again')}<//></div>`
}

/** Those of the source of an alignment: what useLoad gives. */
export const useCounts = ({ server, data_set: set }) => useLoad(async () => set && countsOf(server, set.id), [server, set?.id])
