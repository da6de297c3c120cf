// Options of encrypted connections.

import { fileURLToPath } from 'node:url'

import * as check from './arguments.js'

/**
 * Options of encrypted connections. All files hold PEM. They are checked before anything is sent, and read again for every
 * new connection, so renewed certificates need no restart.
 */
export interface TlsOptions {
  /**
   * The file with the certificates of the trusted authorities. No others are trusted. Default: the authorities of the
   * system, or those in the file that the environment variable `SSL_CERT_FILE` names.
   */
  ca?: string | URL | undefined
  /**
   * The file with the certificate of this client. Servers ask for one unless their `ssl.clientAuth` is `none`. Requires
   * `key`.
   */
  cert?: string | URL | undefined
  /** The file with the private key for `cert`, not encrypted. It may be the same file as `cert`. */
  key?: string | URL | undefined
  /**
   * Requires a server's certificate to be valid for the host name in `hosts`. Default `true`. With `false`, the owner of
   * any certificate of a trusted authority can impersonate the server.
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
