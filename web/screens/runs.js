// The runs of the person who is signed in: what was sent, when, and what came of it.
import { html } from '../lib.js'
import { t, time } from '../i18n.js'
import { gateway, useLoad, useServerNames } from '../api.js'
import { Link } from '../router.js'
import { Loading, Name, Problem, Tag } from '../ui.js'
import { runVerdict } from '../model/report.js'
import { periodsText, periodText } from '../period-text.js'
import { LongList } from './long-list.js'

const STATES = {
  queued: () => ['info', t('Waiting')],
  reading: () => ['info', t('Reading')],
  translating: () => ['info', t('Converting')],
  checking: () => ['info', t('Checking')],
  sending: () => ['info', t('Sending')],
  verifying: () => ['info', t('Verifying')],
  done: () => ['positive', t('Sent and verified')],
  differs: () => ['negative', t('Does not agree')],
  refused: () => ['warning', t('Partly refused')],
  failed: () => ['negative', t('Failed')],
  cancelled: () => ['neutral', t('Stopped')],
  paused: () => ['neutral', t('Paused')],
  interrupted: () => ['warning', t('Interrupted')],
}

const ENDS_OF_UNDOS = {
  done: () => ['positive', t('Taken back')],
  refused: () => ['warning', t('Partly taken back')],
}

/** [tone, words] */
export function stateOf(run) {
  const { state, dry_run, undoes } = run
  const { tone } = runVerdict(run)
  if (state === 'done' && tone === 'info') return ['neutral', t('Nothing to send: the source gave nothing')]
  if (state === 'done' && tone === 'warning') return ['warning', dry_run ? t('Checked, some skipped') : t('Sent, some skipped')]
  if (dry_run && state === 'done') return ['positive', t('Checked')]
  return ((undoes && !dry_run && ENDS_OF_UNDOS[state]) || STATES[state])?.() ?? ['neutral', state]
}

export function RunTag({ run }) {
  const [tone, text] = stateOf(run)
  return html`<${Tag} tone=${tone}>${text}<//>`
}

const MOST = 2000 // as drawbridge lists
const searchedBy = (nameOf) => ({ periods, from, to, by, pair, ...run }) => [periods.map(periodText).join(' '), pair?.source.data_set?.name, nameOf(from), pair?.target.data_set?.name, nameOf(to), by, stateOf(run)[1]].join(' ')

/** Each with the alignment it was made with, as long as there is one: its data sets tell runs apart. */
async function readRuns(signal) {
  const [runs, alignments] = await Promise.all([gateway.runs.list({ signal }), gateway.alignments.list({ signal }).catch(() => [])])
  const pairs = new Map(alignments.map((one) => [one.id, one]))
  return runs.sort((a, b) => b.created.localeCompare(a.created)).map((run) => ({ ...run, pair: pairs.get(run.alignment) }))
}

const Side = ({ server, of }) => (of?.data_set?.name ? html`<${Name} of=${of.data_set} /><br /><small class="muted"><bdi>${server}</bdi></small>` : html`<bdi>${server}</bdi>`)

export function Runs() {
  const schedules = useLoad(() => import('./schedules.js'), []).data
  const list = useLoad(readRuns, [])
  const nameOf = useServerNames(Boolean(list.data))
  const signedOut = list.error?.code === 'no_session'
  return html`<div class="page">
    <h1>${t('Runs')}</h1>
    <p class="muted">${t('What was checked and sent, newest first. Each keeps its report.')}</p>
    ${signedOut ? html`<div class="empty card"><p>${t('Sign in to a server to see your runs.')}</p><p><${Link} class="button" to="/servers">${t('Go to the servers')}<//></p></div>` : html`<${Problem} error=${list.error} again=${list.reload} />`}
    ${!list.data && list.loading && html`<${Loading} />`}
    ${list.data?.length === 0 && html`<div class="empty card"><p>${t('Nothing was sent yet.')}</p><p class="muted">${t('Open an alignment and choose "Send".')}</p><p><${Link} class="button" to="/alignments">${t('Go to the alignments')}<//></p></div>`}
    ${list.data?.length > 0 && html`<${LongList} list=${list.data} textOf=${searchedBy(nameOf)} most=${MOST}>${(shown) => html`<div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('Periods')}</th><th scope="col">${t('From')}</th><th scope="col">${t('To')}</th><th scope="col">${t('Started')}</th><th scope="col">${t('By')}</th><th scope="col">${t('State')}</th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${one.id}>
        <td><${Link} to="/runs/${one.id}">${periodsText(one.periods)}<//>${one.dry_run && html` <small class="muted">${t('check only')}</small>`}${one.undoes && html` <small class="muted">${t('undo')}</small>`}</td>
        <td><${Side} server=${nameOf(one.from)} of=${one.pair?.source} /></td><td><${Side} server=${nameOf(one.to)} of=${one.pair?.target} /></td><td>${time(one.created)}</td><td><bdi>${one.by}</bdi></td><td><${RunTag} run=${one} /></td>
      </tr>`)}</tbody></table></div>`}<//>`}
    ${schedules && !signedOut && html`<${schedules.Schedules} nameOf=${nameOf} />`}
  </div>`
}
