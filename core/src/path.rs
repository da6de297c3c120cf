//! Checked znode paths.

use std::sync::Arc;

use crate::error::{Error, Result};

/// An absolute path below the client's chroot, checked by ZooKeeper's rules before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ZnodePath(Arc<str>);

/// The maximal length of a path. ZooKeeper itself has no limit but its packet size. A path that long is a mistake, and
/// every watch of it would cost as much memory on client and server.
const MAX_BYTES: usize = 4096;

impl ZnodePath {
    /// Checks `path`, which the caller passed as the argument of that name.
    ///
    /// The rules are those of `PathUtils.validatePath` in ZooKeeper, except that the root is refused too, because
    /// ZooKeeper itself owns that node.
    pub(crate) fn parse(argument: &str, path: &str) -> Result<ZnodePath> {
        match problem(path) {
            None => Ok(ZnodePath(path.into())),
            Some(problem) => Err(Error::invalid_argument(argument, path, problem)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the checked path of a child whose name is known to be valid.
    pub(crate) fn join(&self, name: &str) -> ZnodePath {
        ZnodePath(self.child(name).into())
    }

    /// Returns the path of the child called `name`.
    pub(crate) fn child(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// Returns the path one level up, unless that is the root.
    pub(crate) fn parent(&self) -> Option<ZnodePath> {
        let end = self.0.rfind('/').filter(|end| *end > 0)?;
        Some(ZnodePath(self.0[..end].into()))
    }

    /// Returns the ancestors from the top down, without the path itself: `/a`, `/a/b` for `/a/b/c`.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').skip(1).map(|(end, _)| &self.0[..end])
    }
}

/// Returns the last component of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn problem(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("must not be empty".into());
    }
    if path.len() > MAX_BYTES {
        return Some(format!("must be at most {MAX_BYTES} bytes long"));
    }
    let Some(relative) = path.strip_prefix('/') else {
        return Some("must start with \"/\"".into());
    };
    if relative.is_empty() {
        return Some("must name a node below the root".into());
    }
    for component in relative.split('/') {
        match component {
            "" if path.ends_with('/') && !path.ends_with("//") => {
                return Some("must not end with \"/\"".into());
            }
            "" => return Some("must not contain an empty component (\"//\")".into()),
            "." | ".." => return Some("must not contain \".\" or \"..\" as a component".into()),
            _ => {}
        }
    }
    let refused = path.chars().find(|c| is_refused(*c))?;
    Some(format!("must not contain the character U+{:04X}", refused as u32))
}

/// Returns whether ZooKeeper refuses the character in a path.
fn is_refused(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_paths_are_kept_unchanged() {
        for path in ["/a", "/a/b.c/d..e", "/ünïcode/路", "/zk_1-2"] {
            assert_eq!(ZnodePath::parse("path", path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn invalid_paths_are_refused_with_the_reason() {
        let long = format!("/{}", "x".repeat(10_000));
        let cases = [
            ("", "empty"),
            ("a", "start with"),
            ("/", "root"),
            ("/a/", "end with"),
            ("//a", "empty component"),
            ("/a//b", "empty component"),
            ("/a//", "empty component"),
            ("/a/./b", "\".\""),
            ("/a/..", "\"..\""),
            ("/a\0b", "U+0000"),
            ("/a\u{7}", "U+0007"),
            (long.as_str(), "4096"),
        ];
        for (path, reason) in cases {
            let error = ZnodePath::parse("path", path).unwrap_err();
            assert!(error.message().starts_with("path \""), "{error}");
            assert!(error.message().contains(reason), "{path:?}: {error}");
        }
    }

    #[test]
    fn ancestors_come_from_the_top() {
        let path = ZnodePath::parse("path", "/a/b/c").unwrap();
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["/a", "/a/b"]);
        assert_eq!(path.child("d"), "/a/b/c/d");
        assert_eq!(path.parent().unwrap().as_str(), "/a/b");
        assert_eq!(ZnodePath::parse("path", "/a").unwrap().parent(), None);
    }
}
