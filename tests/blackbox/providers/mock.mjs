// oauth2-mock-server: another authorization server with a full code flow, of another hand. It asks nobody anything. One argument: JSON {port}.
import { OAuth2Server } from 'oauth2-mock-server'

const { port } = JSON.parse(process.argv[2])
const server = new OAuth2Server()
await server.issuer.keys.generate('RS256')
server.service.once('beforeUserinfo', (response) => { response.body = { sub: 'johndoe', name: 'John Doe' } })
await server.start(port, '127.0.0.1')
server.issuer.url = `http://127.0.0.1:${port}`
