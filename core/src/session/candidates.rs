//! The addresses that one attempt to connect tries, and the share of the time that each of them gets.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::connect_string::ConnectString;

/// The time in which a client gets through all of its servers, if all but the last one are silent.
const ROUND: Duration = Duration::from_millis(1800);

/// The shortest share: a connection and a handshake across continents.
const MIN_SHARE: Duration = Duration::from_millis(250);

/// The time that a name may take to resolve in the first attempt.
const RESOLVE_LIMIT: Duration = Duration::from_secs(1);

/// Returns the candidates for one attempt in random order, in the form that zookeeper-client accepts. A name that resolves
/// to several addresses counts once for each of them.
///
/// With TLS a candidate keeps its name, which the server's certificate is compared with. The transport then chooses among
/// the addresses, with another one first each time.
pub(super) async fn resolve(hosts: &ConnectString, failures: u32) -> Vec<String> {
    let limit = RESOLVE_LIMIT * 2u32.pow(failures.min(4));
    let lookups = hosts.servers.iter().map(|server| async move {
        let found = timeout(limit, lookup_host((server.host.as_str(), server.port))).await;
        let Ok(Ok(addresses)) = found else { return Vec::new() };
        let endpoint = |address: String| hosts.endpoint(&address);
        addresses
            .map(|address| endpoint(if hosts.tls { server.to_string() } else { address.to_string() }))
            .collect()
    });
    let mut candidates = join_all(lookups).await.concat();
    fastrand::shuffle(&mut candidates);
    candidates
}

/// Returns the time that each of `count` candidates gets after so many failed attempts. It doubles with every failure, so
/// that a distant or overloaded server is reached in the end, up to `longest`. A single candidate gets that at once.
pub(super) fn share(count: usize, failures: u32, longest: Duration) -> Duration {
    if count < 2 {
        return longest;
    }
    let first = (ROUND / count as u32).max(MIN_SHARE);
    (first * 2u32.pow(failures.min(16))).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_the_first_round_add_up_to_less_than_two_seconds_and_then_double() {
        let longest = Duration::from_secs(10);
        for count in 2..=7 {
            let silent = share(count, 0, longest) * (count as u32 - 1);
            assert!(silent < Duration::from_secs(2), "{count} candidates: {silent:?}");
        }
        assert_eq!(share(3, 0, longest), Duration::from_millis(600));
        assert_eq!(share(3, 2, longest), Duration::from_millis(2400));
        assert_eq!(share(3, 99, longest), longest);
        assert_eq!(share(100, 0, longest), MIN_SHARE);
        assert_eq!(share(1, 0, longest), longest);
        assert_eq!(share(3, 0, Duration::from_millis(500)), Duration::from_millis(500));
    }

    #[tokio::test]
    async fn every_address_is_a_candidate_and_tls_keeps_the_name() {
        let resolved = async |hosts, tls| {
            let mut found = resolve(&ConnectString::parse(hosts, tls).unwrap(), 0).await;
            found.sort();
            found
        };
        let hosts = "127.0.0.2:1,[::1]:2,127.0.0.3";
        assert_eq!(
            resolved(hosts, false).await,
            ["tcp://127.0.0.2:1", "tcp://127.0.0.3:2181", "tcp://[::1]:2"]
        );
        let name = resolved("localhost:3", true).await;
        assert!(!name.is_empty() && name.iter().all(|found| found == "tcp+tls://localhost:3"), "{name:?}");
        assert!(resolved("name.invalid", false).await.is_empty());
    }
}
