// Encrypted connections to a server that requires a certificate.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'

import { ConnectionLostError, connect, InvalidArgumentError, type TlsOptions } from 'zkcoord'

import { Kit, type Tls, type ZooKeeper } from '../../tests/kit/node/testkit.mjs'

const kit = new Kit()
let zookeeper: ZooKeeper
let secure: Tls
let valid: { ca: string; cert: string; key: string }
let otherName: string

before(async () => {
  zookeeper = await kit.zookeeper({ tls: true })
  assert(zookeeper.tls)
  secure = zookeeper.tls
  valid = { ca: secure.ca, cert: secure.cert, key: secure.key }
  otherName = secure.hosts.replace('localhost', '127.0.0.1')
})
after(() => kit.close())

/** Expects that connecting fails for this reason. */
async function expectRefusal(hosts: string, tls: TlsOptions | undefined, reason: string) {
  await assert.rejects(connect(hosts, { tls, connectTimeout: 1_000 }), (error: unknown) => {
    assert(error instanceof ConnectionLostError, String(error))
    assert(error.message.includes(reason), error.message)
    return true
  })
}

test('a client with a certificate can lock and count', { timeout: 30_000 }, async () => {
  const client = await connect(secure.hosts, { tls: { ...valid, ca: pathToFileURL(valid.ca) } })
  const guard = await client.mutex('/tls/lock').acquire()
  assert.equal(await client.counter('/tls/counter').add(3), 3n)
  await guard.release()
  await client.close()
})

test('a client or server without a valid certificate is refused with the reason', { timeout: 60_000 }, async () => {
  await expectRefusal(secure.hosts, { ...valid, ca: secure.stranger }, 'UnknownIssuer')
  await expectRefusal(secure.hosts, {}, 'UnknownIssuer')
  await expectRefusal(secure.hosts, { ca: valid.ca }, 'it refused with')
  await expectRefusal(otherName, valid, 'not valid for name')
  await expectRefusal(secure.hosts, undefined, 'check whether its port expects TLS')
  await expectRefusal(zookeeper.hosts, valid, 'check whether its port expects TLS')
})

test('verifyHostname: false accepts another host name', { timeout: 30_000 }, async () => {
  const client = await connect(otherName, { tls: { ...valid, verifyHostname: false } })
  await client.close()
})

test('an invalid file is named in the error', { timeout: 30_000 }, async () => {
  for (const name of ['ca', 'cert', 'key'] as const) {
    for (const bad of ['/nowhere/file.pem', '/', '/dev/null']) {
      await assert.rejects(connect(secure.hosts, { tls: { ...valid, [name]: bad } }), (error: unknown) => {
        assert(error instanceof InvalidArgumentError, String(error))
        assert(error.message.startsWith(`tls.${name} ${JSON.stringify(bad)}`), error.message)
        return true
      })
    }
  }
  for (const tls of [{ cert: valid.cert }, { key: valid.key }, { ...valid, key: secure.stranger_key }]) {
    await assert.rejects(connect(secure.hosts, { tls }), InvalidArgumentError)
  }
})
