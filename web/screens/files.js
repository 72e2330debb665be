// An alignment's mapping as a file in any of its forms, and decisions out of such a file.
import { html, useId, useState } from '../lib.js'
import { t, tn } from '../i18n.js'
import { alignmentEntry, gateway, useLoad } from '../api.js'
import { Link } from '../router.js'
import { download } from '../download.js'
import { readAll } from '../said.js'
import { reviewAddress } from '../model/address.js'
import { formatOfFile, formatTitle } from '../model/files.js'
import { Button, Loading, Notice, Problem, Select } from '../ui.js'
import { AlignmentHead } from './alignment-head.js'

const LARGEST = 16 << 20 // as drawbridge takes it

export function Files({ params }) {
  const id = params.alignment
  const loaded = useLoad(async (signal) => {
    const [alignment, formats] = await Promise.all([alignmentEntry(id, { signal }), gateway.alignments.formats({ signal })])
    return { alignment, formats }
  }, [id])
  if (!loaded.data)
    return html`<div class="page"><h1>${t('Export and import')}</h1><${Problem} error=${loaded.error} again=${loaded.reload} />${loaded.loading && html`<${Loading} />`}</div>`
  const { alignment, formats } = loaded.data
  return html`<${AlignmentHead} id=${id} alignment=${alignment} at="files" />
    <div class="page"><${Problem} error=${loaded.error} again=${loaded.reload} /><div class="cards">
      <${Export} id=${id} formats=${formats} />
      <${Import} id=${id} formats=${formats.filter((one) => !one.written_only)} version=${alignment.version} onChanged=${loaded.reload} />
    </div></div>`
}

/** What a form could not hold, or a reader passed over. */
function Told({ warnings }) {
  const { data } = useLoad(() => readAll(warnings), [warnings])
  return html`<ul>${data?.map(({ text, lang }) => html`<li key=${text} lang=${lang}>${text}</li>`)}</ul>`
}

function Forms({ formats, value, onChange }) {
  return html`<${Select} label=${t('As')} value=${value} onChange=${onChange}>${formats.map((one) => html`<option key=${one.name} value=${one.name}>${formatTitle(one)}</option>`)}<//>`
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
    <p class="row"><${Button} primary loading=${state.loading} onClick=${save}>${t('Download')}<//></p>
  </section>`
}

function Import({ id, formats, version, onChanged }) {
  const field = useId()
  const [file, setFile] = useState()
  const [name, setName] = useState('json')
  const [state, set] = useState({})
  const choose = (chosen) => {
    setFile(chosen)
    const format = chosen && formatOfFile(formats, chosen.name)
    if (format) setName(format.name)
    set({})
  }
  const read = async () => {
    set({ loading: true })
    try {
      const { elements, cells, warnings } = await gateway.alignments.importMapping(id, file, { format: name, ifMatch: version })
      set({ done: { elements: elements.length, cells: cells.length }, warnings })
      onChanged()
    } catch (error) {
      set({ error })
      if (error.code === 'changed_meanwhile') onChanged()
    }
  }
  const tooLarge = file?.size > LARGEST
  return html`<section class="card" aria-labelledby="import">
    <h2 id="import">${t('Import decisions')}</h2>
    <p class="muted">${t('What the file says of a cell takes the place of what was decided for it. All of it can be undone in the review.')}</p>
    <div class="field"><label for=${field}>${t('File')}</label><input id=${field} type="file" onChange=${(event) => choose(event.target.files[0])} /></div>
    ${file && html`<${Forms} formats=${formats} value=${name} onChange=${setName} />`}
    ${tooLarge && html`<${Notice} tone="error" title=${t('The file is larger than drawbridge takes (16 MiB)')} />`}
    <${Problem} error=${state.error} again=${state.error?.code === 'changed_meanwhile' ? read : undefined} />
    ${state.done && html`<${Notice} tone="good" live title=${state.done.elements + state.done.cells ? t('The decisions were imported') : t('Nothing changed by it')}>
      <p>${tn('{n} data element', '{n} data elements', state.done.elements)}, ${tn('{n} cell', '{n} cells', state.done.cells)}. <${Link} to=${reviewAddress(id)}>${t('Go to the review')}<//></p><//>`}
    ${state.warnings?.length > 0 && html`<${Notice} tone="warning" title=${t('Some of it was skipped')}><${Told} warnings=${state.warnings} /><//>`}
    <p class="row"><${Button} primary loading=${state.loading} disabled=${!file || tooLarge} onClick=${read}>${t('Import')}<//></p>
  </section>`
}
