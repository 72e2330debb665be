// Reads gettext .po files: enough for msgid, msgid_plural, msgstr and msgstr[n] over several lines.

/** @returns {Map<string, string[]>} msgid: its forms */
export function parsePo(text) {
  const texts = new Map()
  let entry = {}
  let field
  const keep = () => {
    if (entry.msgid) texts.set(entry.msgid, entry.forms ?? [])
    entry = {}
  }
  for (const line of text.split(/\r?\n/)) {
    const start = /^(msgid_plural|msgid|msgstr(?:\[(\d)\])?)\s+(".*")$/.exec(line)
    if (start) {
      const [, name, index, value] = start
      if (name === 'msgid') keep()
      field = name === 'msgid' || name === 'msgid_plural' ? name : Number(index ?? 0)
      append(entry, field, JSON.parse(value))
    } else if (line.startsWith('"') && field !== undefined) append(entry, field, JSON.parse(line))
  }
  keep()
  texts.delete('')
  return texts
}

function append(entry, field, text) {
  if (typeof field === 'string') entry[field] = (entry[field] ?? '') + text
  else (entry.forms ??= [])[field] = (entry.forms[field] ?? '') + text
}
