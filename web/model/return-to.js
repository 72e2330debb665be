// Where a sign-in leads back to.

/** {inside: path} on this page, {outside: URL} at an app, or {inside: '/servers'}. Only http and https lead outside. */
export function readReturn(text, origin) {
  if (!text) return { inside: '/servers' }
  let address
  try {
    address = new URL(text, origin)
  } catch {
    return { inside: '/servers' }
  }
  if (address.origin === origin) return { inside: address.pathname + address.search }
  return ['http:', 'https:'].includes(address.protocol) ? { outside: address } : { inside: '/servers' }
}
