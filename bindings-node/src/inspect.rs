//! The core's `Queue` and `Contender`.

use std::time::SystemTime;

use napi::bindgen_prelude::i64n;
use napi_derive::napi;

/// Core's `Contender`.
#[napi(object, object_from_js = false)]
pub struct Contender {
    /// The path of its node.
    pub node: String,
    /// The text in its node.
    pub identity: String,
    /// The session that owns the node; 0 if it is not ephemeral.
    #[napi(ts_type = "bigint")]
    pub session_id: i64n,
    /// `true` for a holder, `false` for a waiter.
    pub is_holder: bool,
    /// `true` for a reader, which shares the lock with other readers.
    pub is_reader: bool,
    /// Core's `Library`, by its name.
    pub library: String,
    /// Milliseconds since 1970, by the server's clock.
    pub waiting_since: f64,
}

/// Core's `Queue`.
#[napi(object, object_from_js = false)]
pub struct Queue {
    /// In the order of the queue.
    pub contenders: Vec<Contender>,
    /// Problems of the queue.
    pub warnings: Vec<String>,
}

/// The queue in a directory, with the name of the directory.
#[napi(object, object_from_js = false)]
pub struct NamedQueue {
    /// The last part of the path.
    pub name: String,
    /// The queue.
    pub queue: Queue,
}

impl From<zkcoord::Queue> for Queue {
    fn from(queue: zkcoord::Queue) -> Queue {
        Queue {
            contenders: queue.contenders.into_iter().map(Contender::from).collect(),
            warnings: queue.warnings,
        }
    }
}

impl From<zkcoord::Contender> for Contender {
    fn from(contender: zkcoord::Contender) -> Contender {
        let since = contender.waiting_since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Contender {
            node: contender.node,
            identity: contender.identity,
            session_id: i64n(contender.session_id),
            is_holder: contender.is_holder,
            is_reader: contender.is_reader,
            library: contender.library.name().to_owned(),
            waiting_since: since.as_millis() as f64,
        }
    }
}
