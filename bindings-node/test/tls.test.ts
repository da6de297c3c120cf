// Encrypted connections, to a server that lets nobody in without a certificate.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'

import { ConnectionLostError, connect, InvalidArgumentError, type TlsOptions } from 'zkcoord'

import { Kit, type Tls, type ZooKeeper } from '../../tests/kit/node/testkit.mjs'

const kit = new Kit()
let zookeeper: ZooKeeper
let secure: Tls
let welcome: { ca: string; cert: string; key: string }
let misnamed: string

before(async () => {
  zookeeper = await kit.zookeeper({ tls: true })
  assert(zookeeper.tls)
  secure = zookeeper.tls
  welcome = { ca: secure.ca, cert: secure.cert, key: secure.key }
  misnamed = secure.hosts.replace('localhost', '127.0.0.1')
})
after(() => kit.close())

/** Whether no client comes about, for that reason. */
async function refused(hosts: string, tls: TlsOptions | undefined, reason: string) {
  await assert.rejects(connect(hosts, { tls, connectTimeout: 1_000 }), (error: unknown) => {
    assert(error instanceof ConnectionLostError, String(error))
    assert(error.message.includes(reason), error.message)
    return true
  })
}

test('who is known locks and counts', { timeout: 30_000 }, async () => {
  const client = await connect(secure.hosts, { tls: { ...welcome, ca: pathToFileURL(welcome.ca) } })
  const guard = await client.mutex('/tls/lock').acquire()
  assert.equal(await client.counter('/tls/counter').add(3), 3n)
  await guard.release()
  await client.close()
})

test('who is not is refused and told why', { timeout: 60_000 }, async () => {
  await refused(secure.hosts, { ...welcome, ca: secure.stranger }, 'UnknownIssuer')
  await refused(secure.hosts, {}, 'UnknownIssuer')
  await refused(secure.hosts, { ca: welcome.ca }, 'it refused with')
  await refused(misnamed, welcome, 'not valid for name')
  await refused(secure.hosts, undefined, 'is its port one for TLS?')
  await refused(zookeeper.hosts, welcome, 'is its port one for TLS?')
})

test('names need not matter', { timeout: 30_000 }, async () => {
  const client = await connect(misnamed, { tls: { ...welcome, verifyHostname: false } })
  await client.close()
})

test('bad files are named', { timeout: 30_000 }, async () => {
  for (const name of ['ca', 'cert', 'key'] as const) {
    for (const bad of ['/nowhere/file.pem', '/', '/dev/null']) {
      await assert.rejects(connect(secure.hosts, { tls: { ...welcome, [name]: bad } }), (error: unknown) => {
        assert(error instanceof InvalidArgumentError, String(error))
        assert(error.message.startsWith(`tls.${name} ${JSON.stringify(bad)}`), error.message)
        return true
      })
    }
  }
  for (const tls of [{ cert: welcome.cert }, { key: welcome.key }, { ...welcome, key: secure.stranger_key }]) {
    await assert.rejects(connect(secure.hosts, { tls }), InvalidArgumentError)
  }
})
