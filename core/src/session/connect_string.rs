//! The argument `hosts`, checked before anything is sent.
//!
//! zookeeper-client reports an invalid string as a bare "invalid address". It spins forever if TLS is requested but not
//! configured, and it panics at host names for which no certificate can be issued. So it only gets checked strings.

use std::fmt;

use super::tls::is_host_name;
use crate::error::{Error, Result};
use crate::path::ZnodePath;

/// The problem of a server without TLS among others with TLS.
const NOT_ENCRYPTED: &str =
    "is not for TLS, although tls or another server asks for it; use TLS for all servers or for none";

/// A parsed `host:port,host:port/chroot`.
#[derive(Clone, Debug)]
pub(crate) struct ConnectString {
    pub(crate) servers: Vec<Server>,
    /// True if connections are encrypted, to all servers or to none. With a mixture, a password might go to a server over
    /// an unencrypted connection.
    pub(crate) tls: bool,
    /// The node that serves as the root `/` of this client. It is created if it is missing.
    pub(crate) chroot: Option<ZnodePath>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// A host name or an IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl ConnectString {
    /// Parses and checks the argument `hosts`. `tls` is true if the caller asked for TLS by the option of that name; the
    /// scheme `tcp+tls://` before every server is the other way to ask for it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, with the server at fault.
    pub(crate) fn parse(hosts: &str, tls: bool) -> Result<ConnectString> {
        let refuse = |problem: &str| Error::invalid_argument("hosts", hosts, problem);
        if hosts.trim().is_empty() {
            return Err(refuse("must name at least one server, for example \"zk1:2181,zk2:2181/app\""));
        }
        let (listed, chroot) = split_chroot(hosts);
        let chroot = chroot.map(|path| ZnodePath::parse("hosts (chroot)", path)).transpose()?;
        let listed: Vec<_> = listed.split(',').map(|server| Scheme::split_off(server.trim())).collect();
        let is_encrypted = |scheme: &Option<Scheme>| scheme.map_or(tls, |scheme| scheme == Scheme::Tls);
        let any_encrypted = tls || listed.iter().any(|(scheme, _)| is_encrypted(scheme));
        let servers = listed.iter().map(|(scheme, server)| {
            let problem = match parse_server(server, any_encrypted) {
                Ok(_) if is_encrypted(scheme) != any_encrypted => NOT_ENCRYPTED,
                Ok(server) => return Ok(server),
                Err(problem) => problem,
            };
            Err(refuse(&format!("server {server:?} {problem}")))
        });
        Ok(ConnectString { servers: servers.collect::<Result<_>>()?, tls: any_encrypted, chroot })
    }

    /// Returns the servers in the form that zookeeper-client accepts, without the chroot.
    pub(super) fn to_zookeeper(&self) -> String {
        let scheme = if self.tls { Scheme::Tls } else { Scheme::Plain };
        self.list(scheme.prefix())
    }

    fn list(&self, prefix: &str) -> String {
        let servers: Vec<String> = self.servers.iter().map(|server| format!("{prefix}{server}")).collect();
        servers.join(",")
    }
}

/// Writes the list of servers, for messages.
impl fmt::Display for ConnectString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.list(""))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// The scheme of a server, as zookeeper-client writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Plain,
    Tls,
}

impl Scheme {
    const fn prefix(self) -> &'static str {
        match self {
            Scheme::Plain => "tcp://",
            Scheme::Tls => "tcp+tls://",
        }
    }

    /// Splits the scheme, if there is one, from the rest of a server.
    fn split_off(server: &str) -> (Option<Scheme>, &str) {
        let strip = |scheme: &Scheme| server.strip_prefix(scheme.prefix()).map(|rest| (Some(*scheme), rest));
        [Scheme::Plain, Scheme::Tls].iter().find_map(strip).unwrap_or((None, server))
    }
}

/// Splits the servers from the chroot, at the first slash that does not belong to a scheme.
fn split_chroot(hosts: &str) -> (&str, Option<&str>) {
    let after_schemes = hosts.rfind("://").map_or(0, |at| at + "://".len());
    match hosts[after_schemes..].find('/') {
        None => (hosts, None),
        Some(at) if after_schemes + at + 1 == hosts.len() => (&hosts[..after_schemes + at], None),
        Some(at) => (&hosts[..after_schemes + at], Some(&hosts[after_schemes + at..])),
    }
}

fn parse_server(server: &str, tls: bool) -> Result<Server, &'static str> {
    let (host, port) = split_server(server)?;
    if tls && !is_host_name(host) {
        return Err("has a host that no certificate can be issued for");
    }
    Ok(Server { host: host.to_owned(), port })
}

/// Splits a server into its host and its port.
fn split_server(server: &str) -> Result<(&str, u16), &'static str> {
    const DEFAULT_PORT: u16 = 2181;
    if server.contains("://") {
        return Err("has a scheme other than tcp:// and tcp+tls://");
    }
    if server.contains('/') {
        return Err("has a \"/\"; write the chroot behind the last server");
    }
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("lacks the closing \"]\"")?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("")).ok_or("has text behind \"]\"")?)
        }
        None => match server.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => return Err("needs brackets around its IPv6 address"),
            Some((_, "")) => return Err("has an empty port"),
            Some(pair) => pair,
            None => (server, ""),
        },
    };
    if host.is_empty() {
        return Err("has an empty host");
    }
    if host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("has white space or a control character in its host");
    }
    match port {
        "" => Ok((host, DEFAULT_PORT)),
        port => match port.parse() {
            Ok(port) if port > 0 => Ok((host, port)),
            _ => Err("has a port that is not a number from 1 to 65535"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn parses_servers_and_chroot() {
        let cases = [
            ("zk1", "tcp://zk1:2181", None),
            ("zk1:2182, zk2/app/x", "tcp://zk1:2182,tcp://zk2:2181", Some("/app/x")),
            ("[::1]:2183,127.0.0.1/", "tcp://[::1]:2183,tcp://127.0.0.1:2181", None),
            ("tcp://zk1,zk2/app", "tcp://zk1:2181,tcp://zk2:2181", Some("/app")),
        ];
        for (hosts, servers, chroot) in cases {
            let parsed = ConnectString::parse(hosts, false).unwrap();
            assert_eq!(
                (parsed.to_zookeeper().as_str(), parsed.chroot.as_ref().map(ZnodePath::as_str)),
                (servers, chroot)
            );
            assert!(!parsed.tls, "{hosts}");
        }
    }

    #[test]
    fn parses_servers_for_tls() {
        let cases = [
            (true, "zk1:2281", "tcp+tls://zk1:2281", None),
            (true, "tcp+tls://zk1:2281,zk2/a", "tcp+tls://zk1:2281,tcp+tls://zk2:2181", Some("/a")),
            (false, "tcp+tls://zk1,tcp+tls://[::1]:1", "tcp+tls://zk1:2181,tcp+tls://[::1]:1", None),
            (false, "tcp+tls://zk_1.example/", "tcp+tls://zk_1.example:2181", None),
        ];
        for (tls, hosts, servers, chroot) in cases {
            let parsed = ConnectString::parse(hosts, tls).unwrap();
            assert_eq!(
                (parsed.to_zookeeper().as_str(), parsed.chroot.as_ref().map(ZnodePath::as_str)),
                (servers, chroot)
            );
            assert!(parsed.tls, "{hosts}");
        }
    }

    #[test]
    fn errors_name_the_server_at_fault() {
        let cases = [
            (false, "", "at least one server"),
            (false, "zk1,,zk2", "empty host"),
            (false, "zk1:port", "\"zk1:port\""),
            (false, "zk1:0", "65535"),
            (false, "zk1:99999", "65535"),
            (false, "zk1:", "empty port"),
            (false, "::1", "brackets"),
            (false, "[::1", "closing"),
            (false, "zk 1:2181", "white space"),
            (false, "zk1/app/", "end with"),
            (false, "zk1/a//b", "empty component"),
            (false, "http://zk1", "scheme"),
            (false, "zk1/app,tcp://zk2", "behind the last server"),
            (false, "tcp+tls://", "empty host"),
            (false, "tcp+tls://zk1,zk2", "\"zk2\" is not for TLS"),
            (false, "tcp+tls://zk1,tcp://zk2", "\"zk2\" is not for TLS"),
            (true, "zk1,tcp://zk2", "\"zk2\" is not for TLS"),
        ];
        for (tls, hosts, reason) in cases {
            let error = ConnectString::parse(hosts, tls).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{hosts}");
            assert!(error.message().contains(reason), "{hosts}: {error}");
        }
    }

    #[cfg(feature = "tls")]
    #[test]
    fn hosts_that_no_certificate_can_be_issued_for_are_refused_with_tls() {
        for host in ["zk-.example", "zk..example", "zk*", "[fe80::1%eth0]", "1.2.3", "zk\u{e4}"] {
            assert!(ConnectString::parse(host, false).is_ok(), "{host}");
            let error = ConnectString::parse(host, true).unwrap_err();
            assert!(error.message().contains("no certificate"), "{host}: {error}");
        }
    }
}
