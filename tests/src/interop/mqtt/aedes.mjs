// Aedes behind TLS that demands a client certificate. Arguments: its entry point, the port. Certificates are in the
// current folder. Everything else is as its authors made it.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { pathToFileURL } from 'node:url'

const [entry, port] = process.argv.slice(2)
const { Aedes } = await import(pathToFileURL(entry))
const broker = await Aedes.createBroker()

const options = {
  key: readFileSync('server.key'),
  cert: readFileSync('server.pem'),
  ca: readFileSync('ca.pem'),
  requestCert: true,
  rejectUnauthorized: true
}
createServer(options, broker.handle).listen(Number(port), '127.0.0.1')
