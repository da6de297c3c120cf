//! The contenders of a lock's queue, read from the names in its directory.
//!
//! zkcoord creates names of Curator or of kazoo, as the caller chooses. It reads those of Curator, kazoo, go-zookeeper and the
//! recipes that come with ZooKeeper. Other children are ignored.

use uuid::Uuid;

use crate::error::{Error, Result};

/// The naming scheme of the nodes that a lock creates. All clients of a path must be able to read each other's names: see
/// docs/locks.md.
///
/// # Examples
/// ```no_run
/// # use zkcoord::Scheme;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// // Excludes kazoo's `Lock` at the same path.
/// let guard = client.mutex("/locks/report").scheme(Scheme::Kazoo).acquire().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// The names of Curator, which go-zookeeper reads too.
    #[default]
    Curator,
    /// The names of kazoo's `Lock`, `ReadLock` and `WriteLock`.
    Kazoo,
}

impl Scheme {
    /// Returns the scheme with this name: `curator` or `kazoo`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for any other name.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::Scheme;
    ///
    /// assert_eq!(Scheme::from_name("kazoo").unwrap(), Scheme::Kazoo);
    /// assert!(Scheme::from_name("etcd").is_err());
    /// ```
    pub fn from_name(name: &str) -> Result<Scheme> {
        match name {
            "curator" => Ok(Scheme::Curator),
            "kazoo" => Ok(Scheme::Kazoo),
            _ => Err(Error::invalid_argument("scheme", name, "must be \"curator\" or \"kazoo\"")),
        }
    }
}

/// The library that created a contender's node, as far as the node's name tells.
///
/// # Examples
/// ```no_run
/// # use zkcoord::Library;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let queue = client.mutex("/locks/report").inspect().await?;
/// let foreign = queue.iter().filter(|contender| contender.library != Library::Zkcoord).count();
/// println!("{foreign} contenders use another library");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Library {
    /// zkcoord, in any language.
    Zkcoord,
    /// Apache Curator, Java.
    Curator,
    /// kazoo, Python.
    Kazoo,
    /// go-zookeeper.
    GoZookeeper,
    /// The lock recipe in C or Java that comes with ZooKeeper.
    ZooKeeperRecipe,
    /// Another library, or a program, whose names end in a sequence number.
    Other,
}

impl Library {
    /// Returns the library's name, the same in every language: `zkcoord`, `curator`, `kazoo`, `go-zookeeper`,
    /// `zookeeper-recipe` or `other`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(zkcoord::Library::GoZookeeper.name(), "go-zookeeper");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Library::Zkcoord => "zkcoord",
            Library::Curator => "curator",
            Library::Kazoo => "kazoo",
            Library::GoZookeeper => "go-zookeeper",
            Library::ZooKeeperRecipe => "zookeeper-recipe",
            Library::Other => "other",
        }
    }
}

/// The kind of lock that a contender asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A mutex: excludes all others.
    Mutex,
    /// A read lock: excludes all but other readers.
    Read,
    /// A write lock: excludes all others.
    Write,
}

/// Returns the name of a contender's node, up to its number. The name is unique, and other libraries of the scheme can read it.
///
/// kazoo's own names start with the uuid. Those of zkcoord start with `_c_` in that scheme too, for two reasons. go-zookeeper
/// takes the uuid out of such a name without a panic. And the name sorts behind Curator's digits: otherwise a Curator client
/// that shares the path by mistake could wait for a younger node of zkcoord while zkcoord waits for Curator's.
pub(crate) fn prefix(uuid: Uuid, scheme: Scheme, kind: Kind) -> String {
    match (scheme, kind) {
        (Scheme::Curator, Kind::Mutex) => format!("_c_{}-lock-", uuid.hyphenated()),
        (Scheme::Curator, Kind::Read) => format!("_c_{}-__READ__", uuid.hyphenated()),
        (Scheme::Curator, Kind::Write) => format!("_c_{}-__WRIT__", uuid.hyphenated()),
        (Scheme::Kazoo, Kind::Read) => format!("_c_{}__rlock__", uuid.simple()),
        (Scheme::Kazoo, _) => format!("_c_{}__lock__", uuid.simple()),
    }
}

/// Returns the name of the read lock's node that succeeds the write lock's node `write` in the queue: the part up to the number,
/// and the number. Returns `None` if `write` is not the node of a write lock.
pub(crate) fn successor(uuid: Uuid, write: &str) -> Option<(String, &str)> {
    let name = ContenderName::parse(write).filter(ContenderName::may_be_succeeded)?;
    let scheme = if name.marker == Marker::CuratorWrite { Scheme::Curator } else { Scheme::Kazoo };
    Some((prefix(uuid, scheme, Kind::Read), &write[write.len() - SEQUENCE_DIGITS..]))
}

/// The number of digits in a sequence number: the server formats it as `%010d`.
const SEQUENCE_DIGITS: usize = 10;

/// The name of a child of a lock directory that takes part in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContenderName<'a> {
    pub(crate) name: &'a str,
    /// The position in the queue, assigned by the server.
    pub(crate) sequence: i32,
    pub(crate) marker: Marker,
}

/// The text before the sequence number, which tells the recipe that created the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// `lock-`: the mutexes of Curator, go-zookeeper and zkcoord.
    Lock,
    /// `__lock__`: kazoo's lock and its write lock.
    KazooLock,
    /// `__rlock__`: kazoo's read lock.
    KazooRead,
    /// `__READ__`: Curator's read lock.
    CuratorRead,
    /// `__WRIT__`: Curator's write lock.
    CuratorWrite,
    /// `-`: the recipes in C and Java that come with ZooKeeper.
    Dash,
}

impl Marker {
    const ALL: [(&'static str, Marker); 6] = [
        ("lock-", Marker::Lock),
        ("__lock__", Marker::KazooLock),
        ("__rlock__", Marker::KazooRead),
        ("__READ__", Marker::CuratorRead),
        ("__WRIT__", Marker::CuratorWrite),
        ("-", Marker::Dash),
    ];

    fn at_end_of(text: &str) -> Option<Marker> {
        Marker::ALL.iter().find(|(marker, _)| text.ends_with(marker)).map(|(_, marker)| *marker)
    }
}

impl<'a> ContenderName<'a> {
    /// Parses a child's name. Returns `None` if it is not the name of a contender.
    pub(crate) fn parse(name: &'a str) -> Option<ContenderName<'a>> {
        let head = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &name[head.len()..];
        // The server formats the number as `%010d`: ten digits, or, once it has overflowed, a minus and nine or ten.
        let negative =
            head.strip_suffix('-').and_then(Marker::at_end_of).filter(|_| (9..=10).contains(&digits.len()));
        let (marker, sign) = match negative {
            Some(marker) => (marker, -1),
            None => (Marker::at_end_of(head).filter(|_| digits.len() == SEQUENCE_DIGITS)?, 1),
        };
        let sequence = i32::try_from(sign * digits.parse::<i64>().ok()?).ok()?;
        Some(ContenderName { name, sequence, marker })
    }

    /// Returns whether the node's owner may create a successor with the same number. Write locks of Curator (from 5.5) and of
    /// zkcoord do so when they are downgraded to a read lock. In kazoo's scheme, zkcoord's mutex has the same name as its write
    /// lock.
    pub(super) fn may_be_succeeded(&self) -> bool {
        match self.marker {
            Marker::CuratorWrite => true,
            Marker::KazooLock => self.library() == Library::Zkcoord,
            _ => false,
        }
    }

    /// Returns whether the two are a write lock and the read lock to which its owner downgrades it: both have one position.
    pub(crate) fn shares_position_with(&self, other: &ContenderName<'_>) -> bool {
        let follows = |read: &ContenderName<'_>, write: &ContenderName<'_>| {
            read.kind() == Kind::Read && write.may_be_succeeded()
        };
        self.sequence == other.sequence && (follows(self, other) || follows(other, self))
    }

    /// Returns the kind of lock that the contender asks for, as far as its name tells.
    pub(crate) fn kind(&self) -> Kind {
        match self.marker {
            Marker::KazooRead | Marker::CuratorRead => Kind::Read,
            Marker::CuratorWrite => Kind::Write,
            _ => Kind::Mutex,
        }
    }

    /// Returns the library that created the node.
    pub(crate) fn library(&self) -> Library {
        let uuid = self.name.strip_prefix("_c_").unwrap_or("");
        // A uuid's version is its 13th digit; dashes come before the 9th and the 13th.
        let dashed = uuid.as_bytes().get(8) == Some(&b'-');
        let version = uuid.as_bytes().get(if dashed { 14 } else { 12 });
        match self.marker {
            _ if version == Some(&b'8') => Library::Zkcoord,
            Marker::Lock if dashed => Library::Curator,
            Marker::Lock if !uuid.is_empty() => Library::GoZookeeper,
            Marker::CuratorRead | Marker::CuratorWrite => Library::Curator,
            Marker::KazooLock | Marker::KazooRead => Library::Kazoo,
            Marker::Dash if self.name.starts_with("x-") => Library::ZooKeeperRecipe,
            _ => Library::Other,
        }
    }

    /// Returns whether it excludes a contender of this kind that is behind it.
    pub(super) fn excludes(&self, kind: Kind) -> bool {
        kind != Kind::Read || self.kind() != Kind::Read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::uuids::Uuids;

    fn uuid() -> Uuid {
        Uuids::default().next()
    }

    #[test]
    fn names_of_all_libraries_are_parsed() {
        let cases = [
            ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000007", 7),
            ("_c_0123456789abcdef0123456789abcdef-lock-0000000008", 8),
            ("0123456789abcdef0123456789abcdef__lock__0000000009", 9),
            ("0123456789abcdef0123456789abcdef__rlock__0000000010", 10),
            ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-__READ__0000000011", 11),
            ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-__WRIT__0000000012", 12),
            ("x-0000018f00000001-0000000013", 13),
            ("lock-2147483647", i32::MAX),
            ("lock--2147483648", i32::MIN),
            ("lock--999999999", -999_999_999),
            ("a__lock__-2147483648", i32::MIN),
        ];
        for (name, sequence) in cases {
            assert_eq!(ContenderName::parse(name).map(|it| it.sequence), Some(sequence), "{name}");
        }
    }

    #[test]
    fn the_library_is_told_from_the_name() {
        let cases = [
            ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-lock-0000000007", Library::Curator),
            ("_c_6b2ff3c8-0a5b-8f4c-9d39-0b1f0d1e2a3b-lock-0000000007", Library::Zkcoord),
            ("_c_6b2ff3c8-0a5b-4f4c-9d39-0b1f0d1e2a3b-__READ__0000000007", Library::Curator),
            ("_c_0123456789ab4def0123456789abcdef-lock-0000000008", Library::GoZookeeper),
            ("0123456789ab4def0123456789abcdef__lock__0000000009", Library::Kazoo),
            ("x-0000018f00000001-0000000013", Library::ZooKeeperRecipe),
            ("lock-0000000014", Library::Other),
        ];
        for (name, library) in cases {
            assert_eq!(ContenderName::parse(name).unwrap().library(), library, "{name}");
        }
    }

    #[test]
    fn other_children_are_not_parsed() {
        for name in
            ["", "config", "0", "0000000001", "lock-1", "lock-00000000012", "lock-9999999999", "lease_holder"]
        {
            assert_eq!(ContenderName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn own_names_are_parsed_with_their_kind_and_library() {
        for scheme in [Scheme::Curator, Scheme::Kazoo] {
            for kind in [Kind::Mutex, Kind::Read, Kind::Write] {
                let name = format!("{}0000000042", prefix(uuid(), scheme, kind));
                let contender = ContenderName::parse(&name).unwrap();
                assert_eq!(
                    (contender.sequence, contender.kind() == Kind::Read),
                    (42, kind == Kind::Read),
                    "{name}"
                );
                assert_eq!(contender.library(), Library::Zkcoord, "{name}");
                // go-zookeeper takes the uuid from these bytes of a name that starts with `_c_`.
                assert!(name.starts_with("_c_") && name.len() >= 35, "{name}");
            }
        }
    }

    #[test]
    fn a_downgrade_has_the_number_of_the_write_lock() {
        for (scheme, marker) in [(Scheme::Curator, "-__READ__"), (Scheme::Kazoo, "__rlock__")] {
            let write = format!("{}0000000012", prefix(uuid(), scheme, Kind::Write));
            let (read, number) = successor(uuid(), &write).unwrap();
            let read = format!("{read}{number}");
            assert!(read.ends_with(&format!("{marker}0000000012")), "{read}");
            let [read, write] = [&read, &write].map(|name| ContenderName::parse(name).unwrap());
            assert!(read.shares_position_with(&write) && write.shares_position_with(&read));
            assert!(!write.shares_position_with(&write) && read.library() == Library::Zkcoord);
        }
        for other in ["a-lock-0000000012", "a-__READ__0000000012", "0123456789ab4def__lock__0000000009"] {
            assert_eq!(successor(uuid(), other), None, "{other}");
        }
    }
}
