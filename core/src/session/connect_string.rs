//! The caller's `hosts` argument, checked before anything is sent.
//!
//! zookeeper-client answers a bad string with a bare "invalid address", spins for ever when one asks for TLS that it does not
//! have, and panics at names that no certificate can be for. So nothing reaches it unchecked.

use std::fmt;

use super::tls::is_host_name;
use crate::error::{Error, Result};
use crate::path::ZnodePath;

/// `host:port,host:port` and the chroot behind it.
#[derive(Clone, Debug)]
pub(crate) struct ConnectString {
    pub(crate) servers: Vec<Server>,
    /// Whether connections are encrypted. With all servers or with none: where some are not, a password may go to one of them.
    pub(crate) tls: bool,
    /// The node that stands for `/`, made when it is missing.
    pub(crate) chroot: Option<ZnodePath>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl ConnectString {
    /// `tls` says whether the caller asked for TLS in another way than by `tcp+tls://` in front of every server.
    pub(crate) fn parse(hosts: &str, tls: bool) -> Result<ConnectString> {
        let refuse = |problem: &str| Error::invalid_argument("hosts", hosts, problem);
        if hosts.trim().is_empty() {
            return Err(refuse("must name at least one server, like \"zk1:2181,zk2:2181/app\""));
        }
        let (listed, chroot) = split_chroot(hosts);
        let chroot = chroot.map(|path| ZnodePath::parse("hosts (chroot)", path)).transpose()?;
        let listed: Vec<_> = listed.split(',').map(|server| Scheme::split_off(server.trim())).collect();
        let is_secret = |scheme: &Option<Scheme>| scheme.map_or(tls, |scheme| scheme == Scheme::Secret);
        let some_secret = tls || listed.iter().any(|(scheme, _)| is_secret(scheme));
        let servers = listed.iter().map(|(scheme, server)| {
            let problem = match check_server(server, some_secret) {
                Ok(_) if is_secret(scheme) != some_secret => "is not for TLS, which has been asked for",
                Ok(server) => return Ok(server),
                Err(problem) => problem,
            };
            Err(refuse(&format!("server {server:?} {problem}")))
        });
        Ok(ConnectString { servers: servers.collect::<Result<_>>()?, tls: some_secret, chroot })
    }

    /// The servers as zookeeper-client takes them, without the chroot.
    pub(super) fn to_zookeeper(&self) -> String {
        let scheme = if self.tls { Scheme::Secret } else { Scheme::Plain };
        self.list(scheme.prefix())
    }

    fn list(&self, prefix: &str) -> String {
        let servers: Vec<String> = self.servers.iter().map(|server| format!("{prefix}{server}")).collect();
        servers.join(",")
    }
}

/// The servers, for messages.
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

/// How a server is spoken to, as zookeeper-client writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Plain,
    Secret,
}

impl Scheme {
    const fn prefix(self) -> &'static str {
        match self {
            Scheme::Plain => "tcp://",
            Scheme::Secret => "tcp+tls://",
        }
    }

    /// What stands in front of a server, if anything, and the rest.
    fn split_off(server: &str) -> (Option<Scheme>, &str) {
        let written =
            |scheme: &Scheme| server.strip_prefix(scheme.prefix()).map(|rest| (Some(*scheme), rest));
        [Scheme::Plain, Scheme::Secret].iter().find_map(written).unwrap_or((None, server))
    }
}

/// What stands before and behind the chroot's first slash. The slashes of a scheme come earlier.
fn split_chroot(hosts: &str) -> (&str, Option<&str>) {
    let past_schemes = hosts.rfind("://").map_or(0, |at| at + "://".len());
    match hosts[past_schemes..].find('/') {
        None => (hosts, None),
        Some(at) if past_schemes + at + 1 == hosts.len() => (&hosts[..past_schemes + at], None),
        Some(at) => (&hosts[..past_schemes + at], Some(&hosts[past_schemes + at..])),
    }
}

fn check_server(server: &str, tls: bool) -> Result<Server, &'static str> {
    let (host, port) = split_server(server)?;
    if tls && !is_host_name(host) {
        return Err("has a host that no certificate can be for");
    }
    Ok(Server { host: host.to_owned(), port })
}
fn split_server(server: &str) -> Result<(&str, u16), &'static str> {
    const DEFAULT_PORT: u16 = 2181;
    if server.contains("://") {
        return Err("has a scheme other than tcp:// and tcp+tls://");
    }
    if server.contains('/') {
        return Err("has a \"/\"; the chroot stands behind the last server");
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
    fn good_strings() {
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
    fn good_strings_for_tls() {
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
    fn bad_strings_name_the_server_at_fault() {
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
    fn names_that_no_certificate_can_be_for_are_none_for_tls() {
        for host in ["zk-.example", "zk..example", "zk*", "[fe80::1%eth0]", "1.2.3", "zk\u{e4}"] {
            assert!(ConnectString::parse(host, false).is_ok(), "{host}");
            let error = ConnectString::parse(host, true).unwrap_err();
            assert!(error.message().contains("no certificate"), "{host}: {error}");
        }
    }
}
