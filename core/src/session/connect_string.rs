//! The caller's `hosts` argument, checked before anything is sent.
//!
//! zookeeper-client answers a bad string with a bare "invalid address"; and one that asks for TLS in a build without
//! it makes its `connect` spin for ever. So nothing reaches it unchecked.

use crate::error::{Error, ErrorCode, Result};
use crate::path::ZnodePath;

/// `host:port,host:port` and the chroot behind it.
#[derive(Clone, Debug)]
pub(crate) struct ConnectString {
    /// The servers as zookeeper-client takes them, without the chroot.
    pub(crate) servers: String,
    /// The node that stands for `/`, made when it is missing.
    pub(crate) chroot: Option<ZnodePath>,
}

impl ConnectString {
    pub(crate) fn parse(hosts: &str) -> Result<ConnectString> {
        let refuse = |problem: &str| Error::invalid_argument("hosts", hosts, problem);
        if hosts.trim().is_empty() {
            return Err(refuse("must name at least one server, like \"zk1:2181,zk2:2181/app\""));
        }
        if hosts.contains("://") {
            let message = format!("hosts {hosts:?}: this build of zkcoord has no TLS; give host:port pairs");
            return Err(Error::new(ErrorCode::Unsupported, message));
        }
        let (servers, chroot) = match hosts.find('/') {
            None => (hosts, None),
            Some(slash) if slash + 1 == hosts.len() => (&hosts[..slash], None),
            Some(slash) => (&hosts[..slash], Some(ZnodePath::parse("hosts (chroot)", &hosts[slash..])?)),
        };
        let mut checked = Vec::new();
        for server in servers.split(',').map(str::trim) {
            let (host, port) =
                split_server(server).map_err(|problem| refuse(&format!("server {server:?} {problem}")))?;
            checked.push(if host.contains(':') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            });
        }
        Ok(ConnectString { servers: checked.join(","), chroot })
    }
}

fn split_server(server: &str) -> Result<(&str, u16), &'static str> {
    const DEFAULT_PORT: u16 = 2181;
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

    #[test]
    fn good_strings() {
        let cases = [
            ("zk1", "zk1:2181", None),
            ("zk1:2182, zk2/app/x", "zk1:2182,zk2:2181", Some("/app/x")),
            ("[::1]:2183,127.0.0.1/", "[::1]:2183,127.0.0.1:2181", None),
        ];
        for (hosts, servers, chroot) in cases {
            let parsed = ConnectString::parse(hosts).unwrap();
            assert_eq!(
                (parsed.servers.as_str(), parsed.chroot.as_ref().map(ZnodePath::as_str)),
                (servers, chroot)
            );
        }
    }

    #[test]
    fn bad_strings_name_the_server_at_fault() {
        let cases = [
            ("", "at least one server"),
            ("zk1,,zk2", "empty host"),
            ("zk1:port", "\"zk1:port\""),
            ("zk1:0", "65535"),
            ("zk1:99999", "65535"),
            ("zk1:", "empty port"),
            ("::1", "brackets"),
            ("[::1", "closing"),
            ("zk 1:2181", "white space"),
            ("zk1/app/", "end with"),
            ("zk1/a//b", "empty component"),
        ];
        for (hosts, reason) in cases {
            let error = ConnectString::parse(hosts).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{hosts}");
            assert!(error.message().contains(reason), "{hosts}: {error}");
        }
        assert_eq!(ConnectString::parse("tcp+tls://zk1").unwrap_err().code(), ErrorCode::Unsupported);
    }
}
