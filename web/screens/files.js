// An alignment's mapping as a file in any of its forms, and decisions out of such a file.
import { html, useState } from '../lib.js'
import { t } from '../i18n.js'
import { alignmentEntry, gateway, useLoad } from '../api.js'
import { Link } from '../router.js'
import { download } from '../download.js'
import { reviewAddress } from '../model/address.js'
import { Button, Notice, Problem } from '../ui.js'
import { AlignmentHead, coming } from './alignment-head.js'
import { decidedText, FileChoice, Forms, isTooLarge, Skipped, Told } from './mapping-file.js'

export function Files({ params }) {
  const id = params.alignment
  const loaded = useLoad(async (signal) => {
    const [alignment, formats] = await Promise.all([alignmentEntry(id, { signal }), gateway.alignments.formats({ signal })])
    return { alignment, formats }
  }, [id])
  if (!loaded.data) return coming(id, 'files', loaded)
  const { alignment, formats } = loaded.data
  return html`<${AlignmentHead} id=${id} alignment=${alignment} at="files" />
    <div class="page"><${Problem} error=${loaded.error} again=${loaded.reload} /><div class="cards">
      <${Export} id=${id} formats=${formats} />
      <${Import} id=${id} formats=${formats.filter((one) => !one.written_only)} version=${alignment.version} onChanged=${loaded.reload} />
    </div></div>`
}

function Export({ id, formats }) {
  const [name, setName] = useState('json')
  const [state, set] = useState({})
  const save = async () => {
    set({ loading: true })
    try {
      const { blob, warnings } = await gateway.alignments.mappingFile(id, name)
      download(`mapping${formats.find((one) => one.name === name).ending}`, blob)
      set({ warnings })
    } catch (error) {
      set({ error })
    }
  }
  return html`<section class="card" aria-labelledby="export">
    <h2 id="export">${t('Export the mapping')}</h2>
    <${Forms} formats=${formats} value=${name} onChange=${(chosen) => { setName(chosen); set({}) }} />
    <${Problem} error=${state.error} />
    ${state.warnings && html`<${Notice} tone=${state.warnings.length ? 'warning' : 'info'} live title=${state.warnings.length ? t('This form cannot hold all of it') : t('The file holds all of it.')}>
      ${state.warnings.length > 0 && html`<${Told} warnings=${state.warnings} />`}<//>`}
    <p class="row"><${Button} primary loading=${state.loading} onClick=${save}>${t('Download')}<//><${Link} class="button" to=${`${reviewAddress(id)}/print`}>${t('Mapping to print')}<//></p>
  </section>`
}

function Import({ id, formats, version, onChanged }) {
  const [chosen, setChosen] = useState({ format: 'json' })
  const [state, set] = useState({})
  const read = async () => {
    set({ loading: true })
    try {
      const { decided, warnings } = await gateway.alignments.importMapping(id, chosen.file, { format: chosen.format, ifMatch: version })
      await onChanged()
      set({ done: decidedText(decided), warnings })
    } catch (error) {
      if (error.code === 'changed_meanwhile') await onChanged() // to try again is of use from then on
      set({ error })
    }
  }
  return html`<section class="card" aria-labelledby="import">
    <h2 id="import">${t('Import decisions')}</h2>
    <p class="muted">${t('What the file says of a cell takes the place of what was decided for it. All of it can be undone in the review.')}</p>
    <${FileChoice} formats=${formats} chosen=${chosen} onChange=${(next) => { if (next.file !== chosen.file) set({}); setChosen(next) }} />
    <${Problem} error=${state.error} again=${state.error?.code === 'changed_meanwhile' ? read : undefined} />
    ${state.done !== undefined && html`<${Notice} tone="good" live title=${state.done ? t('The decisions were imported') : t('Nothing changed by it')}>
      <p>${state.done && `${state.done}. `}<${Link} to=${reviewAddress(id)}>${t('Go to the review')}<//></p><//>`}
    <${Skipped} warnings=${state.warnings} />
    <p class="row"><${Button} primary loading=${state.loading} disabled=${!chosen.file || isTooLarge(chosen.file)} onClick=${read}>${t('Import')}<//></p>
  </section>`
}
