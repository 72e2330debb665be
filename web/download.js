// Saves a value, or a text or Blob as it is, as a file of the person's own.
export function download(name, value) {
  const link = document.createElement('a')
  const isText = typeof value === 'string'
  const text = isText ? value : JSON.stringify(value, null, 2) + '\n'
  link.href = URL.createObjectURL(value instanceof Blob ? value : new Blob([text], { type: isText ? 'application/octet-stream' : 'application/json' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}
