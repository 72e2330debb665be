// What is sent by itself: a list of schedules, and the form that makes one of what was checked.
import { html, useState } from '../lib.js'
import { t, time } from '../i18n.js'
import { gateway, useLoad } from '../api.js'
import { Link, navigate } from '../router.js'
import { Button, Dialog, Field, Loading, Notice, Problem, Select } from '../ui.js'
import { periodText } from '../period-text.js'
import { typeOf } from '../model/periods.js'
import { LongList } from './long-list.js'

const MOST = 500 // as drawbridge lists

/** `nameOf` a server. */
export function Schedules({ nameOf }) {
  const list = useLoad((signal) => gateway.schedules.list({ signal }), [])
  const [state, set] = useState({})
  const act = (what, one) => async () => {
    set({ [what]: one.id })
    try {
      await gateway.schedules[what](one.id)
      set({})
      list.reload()
    } catch (error) {
      set({ error })
    }
  }
  if (!list.data?.length) return null
  return html`<section aria-labelledby="schedules"><h2 id="schedules">${t('Sent automatically')}</h2>
    <${Problem} error=${state.error} />
    <${LongList} list=${list.data} textOf=${(one) => `${one.name} ${nameOf(one.from)} ${nameOf(one.to)}`} most=${MOST}>${(shown) => html`<div class="scroll"><table class="table">
      <thead><tr><th scope="col">${t('Name')}</th><th scope="col">${t('From')}</th><th scope="col">${t('To')}</th><th scope="col">${t('Last period')}</th><th scope="col">${t('Next')}</th><th scope="col">${t('Until')}</th><th scope="col"><span class="unseen">${t('What to do')}</span></th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${one.id}>
        <td><bdi>${one.name}</bdi></td><td><bdi>${nameOf(one.from)}</bdi></td><td><bdi>${nameOf(one.to)}</bdi></td>
        <td>${one.last ? html`<${Link} to="/runs/${one.last.run}">${periodText(one.last.period)}<//> <small class="muted">${one.last.complete ? t('complete') : one.last.over ? t('not complete') : t('not complete yet')}</small>` : '–'}${one.open?.map(({ period, complete }) => html`<br />${periodText(period)} <small class="muted">${complete ? t('complete') : t('not complete yet')}</small>`)}${one.given_up?.map(({ period }) => html`<br /><span class="warned">${t('{period} given up: its days were over', { period: periodText(period) })}</span>`)}</td>
        <td>${one.next ? time(one.next) : t('none any more')}</td><td>${time(one.unattended_until)}${one.ended && html` <small class="muted">${t('ended')}</small>`}</td>
        <td><div class="row end"><${Button} small loading=${state.again === one.id} onClick=${act('again', one)}>${t('Send once more now')}<//><${Button} small onClick=${() => set({ ending: one })}>${t('End…')}<//></div></td>
      </tr>`)}</tbody></table></div>`}<//>
    ${state.ending && html`<${Dialog} title=${t('End {name}?', { name: state.ending.name })} onClose=${() => set({})} cancel=${t('Leave it')}
      action=${html`<${Button} destructive onClick=${act('remove', state.ending)}>${t('End it')}<//>`}><p>${t('Nothing more is sent by it. What was sent stays.')}</p><//>`}
  </section>`
}

const day = (months) => {
  const date = new Date()
  date.setMonth(date.getMonth() + months)
  return date.toISOString().slice(0, 10)
}

/** Of a check: the same pairs and organisation units, for each period when its time comes. */
export function NewSchedule({ params }) {
  const asked = useLoad((signal) => gateway.runs.order(params.run, { signal }), [params.run])
  const order = asked.data
  const hooks = useLoad((signal) => gateway.schedules.webhooks({ signal }), [])
  const [form, setForm] = useState({ name: '', after_day: '10', until: day(12), webhook: '' })
  const [state, set] = useState({})
  const type = order && typeOf(order.periods[0])
  const change = (key) => (value) => setForm({ ...form, [key]: value })
  if (!order) return html`<div class="page"><h1>${t('Send each period automatically')}</h1><${Problem} error=${asked.error} again=${asked.reload} />${asked.loading && html`<${Loading} />`}</div>`
  if (!type) return html`<div class="page"><h1>${t('Send each period automatically')}</h1><${Notice} title=${t('Periods of this type cannot be sent automatically')}><${Link} to="/runs/${params.run}">${t('Go to the run')}<//><//></div>`
  const start = async () => {
    set({ loading: true })
    const { periods, dry_run, ...rest } = order
    const made = { ...rest, name: form.name.trim(), period_type: type, after_day: Number(form.after_day), unattended_until: `${form.until}T23:59:59Z`, ...(form.webhook && { webhook: form.webhook }) }
    try {
      await gateway.schedules.create(made)
      navigate('/runs')
    } catch (error) {
      set({ error })
    }
  }
  return html`<div class="page"><h1>${t('Send each period automatically')}</h1>
    <p class="muted">${t('What you checked is sent for each period after it has ended. For 20 days it looks again every day, and sends what was entered or changed meanwhile. It acts in your name at both servers.')}</p>
    <div class="card">
      <${Field} label=${t('Name')} value=${form.name} onInput=${change('name')} maxlength="100" />
      <${Field} label=${t('Days after the end of the period')} help=${t('10, for months: on day 10 of the next month')} type="number" min="1" max="366" value=${form.after_day} onInput=${change('after_day')} />
      <${Field} label=${t('Until')} help=${t('It ends by itself then, and with it the permission to act in your name')} type="date" value=${form.until} onInput=${change('until')} />
      ${hooks.data?.length > 0 && html`<${Select} label=${t('Send the report to')} value=${form.webhook} onChange=${change('webhook')}><option value="">${t('Nobody')}</option>${hooks.data.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}<//>`}
      ${hooks.loading && html`<${Loading} />`}
      <${Problem} error=${state.error} />
      <p class="row end"><${Button} primary loading=${state.loading} disabled=${!form.name.trim() || !(Number(form.after_day) >= 1) || !form.until} onClick=${start}>${t('Send automatically from now on')}<//></p>
    </div></div>`
}
