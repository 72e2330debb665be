// The first script in the pages of an app that drawbridge hosts: nothing is shown before it is known that somebody is signed in to the app's server; who is not is led to the sign-in, and comes back to where he was.
// drawbridge writes the script element into the page, with its own address and the server's id.
{
  const LED = 'drawbridge led'
  const { gate, server } = document.currentScript.dataset
  const page = document.documentElement
  const show = () => { page.hidden = false }

  /** Who comes back and still is not signed in, however long it took, stays and reads what the app says of it; with the next load he is led again. */
  const mayLead = (signedIn) => {
    if (window.top !== window) return false // in a frame: the page around it leads
    try {
      const leads = !signedIn && !sessionStorage.getItem(LED)
      if (leads) sessionStorage.setItem(LED, 'yes')
      else sessionStorage.removeItem(LED)
      return leads
    } catch {
      return false // without storage there is no cookie either
    }
  }

  const look = async () => {
    const response = await fetch(`${gate}/v1/session`, { credentials: 'include', headers: { 'X-Drawbridge': '1' } })
    const { connections } = await response.json()
    const signedIn = connections.some((one) => one.server === server && one.state !== 'reauth_required')
    if (!mayLead(signedIn)) return show()
    location.replace(`${gate}/sign-in/${server}?return_to=${encodeURIComponent(location.href)}`)
  }

  page.hidden = true
  look().catch(show)
}
