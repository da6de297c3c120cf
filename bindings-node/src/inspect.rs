//! What a look at a lock's queue shows.

use std::time::SystemTime;

use napi::bindgen_prelude::i64n;
use napi_derive::napi;

/// Core's `Contender`.
#[napi(object, object_from_js = false)]
pub struct Contender {
    /// See core.
    pub node: String,
    /// See core.
    pub identity: String,
    /// See core.
    #[napi(ts_type = "bigint")]
    pub session_id: i64n,
    /// See core.
    pub is_holder: bool,
    /// See core.
    pub is_reader: bool,
    /// Core's `Library`, by its name.
    pub library: String,
    /// Milliseconds since 1970.
    pub waiting_since: f64,
}

/// Core's `Queue`.
#[napi(object, object_from_js = false)]
pub struct Queue {
    /// In order.
    pub contenders: Vec<Contender>,
    /// What is wrong with the queue.
    pub warnings: Vec<String>,
}

/// The queue in a directory, by its name.
#[napi(object, object_from_js = false)]
pub struct NamedQueue {
    /// The last part of the path.
    pub name: String,
    /// See core.
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
