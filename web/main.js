import { html, render, useLayoutEffect, useRef } from './lib.js'
import { firstTexts, otherTexts } from './early.js'
import { language, listed, loadLanguage, t } from './i18n.js'
import { chooseLanguage, LANGUAGES, wishes } from './languages.js'
import { gateway, useLoad } from './api.js'
import { later, withTexts } from './later.js'
import { isSignedOut } from './model/problems.js'
import { Link, match, navigate, useLocation } from './router.js'
import { Title } from './title.js'
import { sayNoMore, Toast } from './toast.js'
import { Notice } from './ui.js'

const Servers = later(async () => (await import('./screens/servers.js')).Servers, 'page', true)
const SignIn = later(async () => (await import('./screens/signin.js')).SignIn, 'page narrow', true)
const Alignments = later(async () => (await import('./screens/alignments.js')).Alignments, 'page', true)
const Review = later(async () => (await import('./screens/review.js')).Review, 'page', true)
const NewAlignment = later(async () => (await import('./screens/new.js')).NewAlignment)
const Making = later(async () => (await import('./screens/making.js')).Making)
const Run = later(async () => (await import('./screens/run.js')).Run)
const Runs = later(async () => (await import('./screens/runs.js')).Runs)
const Send = later(async () => (await withTexts('send', import('./screens/send.js'))).Send)
const Disaggregation = later(async () => (await import('./screens/disaggregation.js')).Disaggregation)
const Overview = later(async () => (await import('./screens/overview.js')).Overview)
const Files = later(async () => (await import('./screens/files.js')).Files)
const Report = later(async () => (await withTexts('report', import('./screens/report.js'))).Report)
const MappingPrint = later(async () => (await import('./screens/mapping-print.js')).MappingPrint)
const Places = later(async () => (await import('./screens/places.js')).Places)
const Drift = later(async () => (await withTexts('drift', import('./screens/drift.js'))).Drift)
const NewSchedule = later(async () => (await import('./screens/schedules.js')).NewSchedule)

const routes = [
  ['/', Servers, () => t('Servers')],
  ['/servers', Servers, () => t('Servers')],
  ['/sign-in/:server', SignIn, () => t('Sign in')],
  ['/alignments', Alignments, () => t('Alignments')],
  ['/alignments/new', NewAlignment, () => t('Align two data sets')],
  ['/alignments/new/:making', Making, () => t('A new alignment')],
  ['/alignments/:alignment', Review, () => t('Review')],
  ['/alignments/:alignment/drift', Drift, () => t('Changes')],
  ['/alignments/:alignment/disaggregation', Disaggregation, () => t('Disaggregation')],
  ['/alignments/:alignment/files', Files, () => t('Export and import')],
  ['/alignments/:alignment/print', MappingPrint, () => t('Mapping')],
  ['/alignments/:alignment/overview', Overview, () => t('Overview')],
  ['/alignments/:alignment/places', Places, () => t('Units and periods')],
  ['/runs/:run/report', Report, () => t('Transfer report')],
  ['/alignments/:alignment/send', Send, () => t('Send')],
  ['/runs', Runs, () => t('Runs')],
  ['/runs/:run', Run, () => t('Run')],
  ['/runs/:run/schedule', NewSchedule, () => t('Send each period automatically')],
]

function App() {
  const { path, query } = useLocation()
  const session = useLoad((signal) => gateway.session({ signal }), [path])
  const main = useRef()
  const before = useRef(path)
  const followed = useRef(false)
  useLayoutEffect(() => { // a new screen is announced by its heading, and who types at once types there; the same where what led on within a screen is gone by it
    if (before.current !== path || (followed.current && document.activeElement === document.body)) main.current.focus({ preventScroll: true })
    if (before.current !== path) sayNoMore()
    before.current = path
    followed.current = true
  }, [path, String(query)])
  const found = match(routes, path)
  const Screen = found?.value
  return html`
    <${Title} key=${path} names=${[found ? found.title() : t('There is nothing at this address')]} />
    <a class="skip" href="#main">${t('Skip to the content')}</a>
    <header class="bar-top">
      <${Link} to="/servers" class="brand">drawbridge<//>
      <nav aria-label=${t('Main')}>
        <${Link} to="/servers" aria-current=${['/', '/servers'].includes(path) ? 'page' : undefined}>${t('Servers')}<//>
        <${Link} to="/alignments" aria-current=${path.startsWith('/alignments') ? 'page' : undefined}>${t('Alignments')}<//>
        <${Link} to="/runs" aria-current=${path.startsWith('/runs') ? 'page' : undefined}>${t('Runs')}<//>
      </nav>
      <${Who} session=${session} />
      <select class="language" aria-label=${t('Language')} value=${language()} onChange=${(event) => chooseLanguage(event.target.value)}>
        ${Object.keys(LANGUAGES).map((id) => html`<option key=${id} value=${id} lang=${id}>${LANGUAGES[id]}</option>`)}
      </select>
    </header>
    ${!cookies && html`<${Notice} tone="error" title=${t('This browser refuses cookies here')} live>${t('Without them nobody can stay signed in. Allow cookies for this address, and load the page again.')}<//>`}
    <main id="main" tabindex="-1" ref=${main} key=${path}>
      ${Screen
        ? html`<${Screen} title=${found.title()} params=${found.params} query=${query} session=${session} />`
        : html`<div class="page"><h1>${t('There is nothing at this address')}</h1><p><${Link} to="/servers">${t('Go to the servers')}<//></p></div>`}
    </main>
    <${Toast} />`
}

function Who({ session }) {
  if (!session.data && !isSignedOut(session.error)) return html`<span class="who"></span>` // on its way, or nobody can tell
  const good = (session.data?.connections ?? []).filter((one) => one.state === 'ok')
  if (good.length === 0) return html`<span class="who">${t('Not signed in')}</span>`
  const names = [...new Set(good.map((one) => one.user?.name || one.user?.username))]
  return html`<span class="who"><bdi>${listed(names)}</bdi></span>`
}

/** Tried, since Chromium says yes in navigator.cookieEnabled where it keeps none. */
function keepsCookies() {
  document.cookie = 'drawbridge-test=1; SameSite=Strict; Max-Age=60'
  return document.cookie.includes('drawbridge-test=')
}

const cookies = keepsCookies()
await loadLanguage(wishes(), firstTexts, otherTexts)
if (location.pathname === '/') navigate('/servers' + location.search, { replace: true })
render(html`<${App} />`, document.getElementById('app'))
