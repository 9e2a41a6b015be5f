// Aedes behind TLS that demands a client certificate. Arguments: its entry point, the port. Certificates are in the
// current folder. It tells what it is given, sends what arrives below `echo/` back below `back/`, and hangs up on
// whoever publishes to `control/drop`.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { pathToFileURL } from 'node:url'

const [entry, port] = process.argv.slice(2)
const { Aedes } = await import(pathToFileURL(entry))
const broker = await Aedes.createBroker()

broker.on('publish', ({ topic, qos, retain, payload }, client) => {
  if (topic.startsWith('$SYS')) return
  const hash = createHash('sha256').update(payload).digest('hex')
  console.log(`publish ${topic} ${qos} ${retain ? 1 : 0} ${payload.length} ${hash} by ${client ? client.id : 'broker'}`)
  if (topic === 'control/drop' && client) client.conn.destroy()
  if (topic.startsWith('echo/')) {
    broker.publish({ cmd: 'publish', topic: topic.replace('echo/', 'back/'), qos, retain: false, payload }, () => {})
  }
})
broker.on('clientReady', client => console.log(`ready ${client.id} clean ${client.clean}`))
broker.on('clientDisconnect', client => console.log(`gone ${client.id}`))

const options = {
  key: readFileSync('server.key'),
  cert: readFileSync('server.pem'),
  ca: readFileSync('ca.pem'),
  requestCert: true,
  rejectUnauthorized: true
}
createServer(options, broker.handle).listen(Number(port), '127.0.0.1')
