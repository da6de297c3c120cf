// How connections are encrypted.

import { fileURLToPath } from 'node:url'

import * as check from './arguments.js'

/**
 * How connections are encrypted, and how both sides prove who they are. All files hold PEM. They are checked before anything
 * is sent, and read again for every new connection, so that renewed certificates need no restart.
 */
export interface TlsOptions {
  /**
   * The file with the certificates of the authorities that are trusted, and only they. Default: the system's, which the
   * environment variable `SSL_CERT_FILE` can name.
   */
  ca?: string | URL | undefined
  /**
   * The file with the certificate that is shown to servers, which ask for one unless their `ssl.clientAuth` says `none`.
   * Needs `key`.
   */
  cert?: string | URL | undefined
  /** The file with the private key to `cert`, not encrypted. It may be the same file. */
  key?: string | URL | undefined
  /**
   * Whether a server's certificate must be one for the host that was named. Default `true`. Without it, whoever has any
   * certificate of a trusted authority can pose as the server.
   */
  verifyHostname?: boolean | undefined
}

/** @internal */
export function tlsOptions(given: TlsOptions) {
  const { ca, cert, key, verifyHostname = true } = check.options(given, ['ca', 'cert', 'key', 'verifyHostname'], 'tls')
  return {
    ...(ca !== undefined && { ca: file('tls.ca', ca) }),
    ...(cert !== undefined && { cert: file('tls.cert', cert) }),
    ...(key !== undefined && { key: file('tls.key', key) }),
    verifyHostname: check.boolean('tls.verifyHostname', verifyHostname),
  }
}

function file(argument: string, value: string | URL): string {
  if (!(value instanceof URL)) return check.text(argument, value)
  if (value.protocol !== 'file:') throw check.invalid(argument, value, 'must be a path or a file: URL')
  return fileURLToPath(value)
}
