// A mapping as a file: which one, in which form, and what came of reading it.
import { html, useId } from '../lib.js'
import { listed, t, tn } from '../i18n.js'
import { useLoad } from '../api.js'
import { readAll } from '../said.js'
import { formatOfFile, formatTitle } from '../model/files.js'
import { Notice, Select } from '../ui.js'

const LARGEST = 16 << 20 // as drawbridge takes it

export const isTooLarge = (file) => file?.size > LARGEST

export function Forms({ formats, value, onChange }) {
  return html`<${Select} label=${t('Format')} value=${value} onChange=${onChange}>${formats.map((one) => html`<option key=${one.name} value=${one.name}>${formatTitle(one)}</option>`)}<//>`
}

/** `chosen`: {file, format}; the form is what the file's name tells, until another one is chosen. */
export function FileChoice({ formats, chosen, onChange }) {
  const field = useId()
  const choose = (file) => onChange({ file, format: (file && formatOfFile(formats, file.name)?.name) ?? chosen.format })
  return html`<div class="field"><label for=${field}>${t('File')}</label><input id=${field} type="file" onChange=${(event) => choose(event.target.files[0])} /></div>
    ${chosen.file && html`<${Forms} formats=${formats} value=${chosen.format} onChange=${(format) => onChange({ ...chosen, format })} />`}
    ${isTooLarge(chosen.file) && html`<${Notice} tone="error" title=${t('The file is larger than drawbridge takes (16 MiB)')} />`}`
}

/** What a form could not hold, or a reader passed over. */
export function Told({ warnings }) {
  const { data } = useLoad(() => readAll(warnings), [warnings])
  return html`<ul>${data?.map(({ text, lang }) => html`<li key=${text} lang=${lang}>${text}</li>`)}</ul>`
}

export const Skipped = ({ warnings }) => warnings?.length > 0 && html`<${Notice} tone="warning" title=${t('Some of it was skipped')}><${Told} warnings=${warnings} /><//>`

/** About how many things of each kind a mapping has decided; empty where it decided nothing. */
export function decidedText({ data_elements: elements, cells, org_units: units, attribute_option_combos: combos }) {
  return listed([
    elements > 0 && tn('{n} data element', '{n} data elements', elements),
    cells > 0 && tn('{n} cell', '{n} cells', cells),
    units > 0 && tn('{n} organisation unit', '{n} organisation units', units),
    combos > 0 && tn('{n} attribute option', '{n} attribute options', combos),
  ])
}
