// Saves a value, or a text as it is, as a file of the person's own.
export function download(name, value) {
  const link = document.createElement('a')
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2) + '\n'
  link.href = URL.createObjectURL(new Blob([text], { type: typeof value === 'string' ? 'application/octet-stream' : 'application/json' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}
