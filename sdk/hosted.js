// The first script in the pages of an app that drawbridge hosts: nothing is shown before it is known that somebody is signed in to the app's server; who is not is led to the sign-in, and comes back to where he was.
// drawbridge writes the script element into the page, with its own address and the server's id.
{
  const AGAIN_AFTER = 15000 // who comes back and still is not signed in stays, and reads what the app says of it
  const { gate, server } = document.currentScript.dataset
  const page = document.documentElement
  const show = () => { page.hidden = false }

  const mayLead = () => {
    if (window.top !== window) return false // in a frame: the page around it leads
    try {
      const before = Number(sessionStorage.getItem('drawbridge led'))
      sessionStorage.setItem('drawbridge led', String(Date.now()))
      return !(Date.now() - before < AGAIN_AFTER)
    } catch {
      return false // without storage there is no cookie either
    }
  }

  const look = async () => {
    const response = await fetch(`${gate}/v1/session`, { credentials: 'include', headers: { 'X-Drawbridge': '1' } })
    const { connections } = await response.json()
    const signedIn = connections.some((one) => one.server === server && one.state !== 'reauth_required')
    if (signedIn || !mayLead()) return show()
    location.replace(`${gate}/sign-in/${server}?return_to=${encodeURIComponent(location.href)}`)
  }

  page.hidden = true
  look().catch(show)
}
