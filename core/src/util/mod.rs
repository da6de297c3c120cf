//! Small tools that know nothing of ZooKeeper.

pub(crate) mod uuids;
pub(crate) mod weak_map;
