//! The pending operations of one JavaScript environment, which is one thread, and the way of their outcomes into it.
//!
//! 1. An operation gets a promise, and a number under which its canceller is kept. The event loop stays alive while any
//!    operation is pending.
//! 2. On a thread of the core its outcome goes into the outbox. The first outcome there wakes the event loop; those that
//!    arrive before it runs are delivered with it.
//! 3. On the JavaScript thread the outcomes become JavaScript values, and the promises are settled.
//! 4. The queue ends with its environment, for example when a worker is terminated. Pending operations are cancelled, and
//!    outcomes that were not delivered are dropped, so that a lock among them is released.
//!
//! All operations share one waker. A waker for each would cost more than most operations, because Node polls all of them
//! on each wake-up.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{Env, FromNapiValue, Object};
use napi::threadsafe_function::{ThreadsafeCallContext, ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{JsError, Status, sys};
use zkcoord::Canceller;

/// Wakes the event loop, from any thread. Keeps the event loop alive only while it is referenced (`napi_ref_...`).
type Waker = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Makes a JavaScript value of an outcome, on the JavaScript thread.
pub(crate) type IntoJs = Box<dyn FnOnce(sys::napi_env) -> napi::Result<sys::napi_value> + Send>;

pub(crate) struct CompletionQueue {
    outbox: Arc<Outbox>,
    waker: Arc<Waker>,
    pending: RefCell<HashMap<u32, PendingPromise>>,
    next_number: Cell<u32>,
}

struct PendingPromise {
    deferred: sys::napi_deferred,
    canceller: Option<Canceller>,
}

/// The outcomes that have not been delivered yet.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<Contents>);

#[derive(Default)]
struct Contents {
    /// `None` once the environment has ended.
    waker: Option<Arc<Waker>>,
    outcomes: Vec<(u32, IntoJs)>,
}

impl Outbox {
    /// Puts an outcome in, or drops it if the environment has ended.
    pub(crate) fn put(&self, number: u32, outcome: IntoJs) {
        let mut contents = self.lock();
        let Some(waker) = contents.waker.clone() else { return };
        contents.outcomes.push((number, outcome));
        let is_first = contents.outcomes.len() == 1;
        drop(contents);
        if is_first {
            let _ended = waker.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn take(&self) -> Vec<(u32, IntoJs)> {
        std::mem::take(&mut self.lock().outcomes)
    }

    fn close(&self) {
        let contents = std::mem::take(&mut *self.lock());
        // Dropped outside the lock: a guard among the outcomes releases its lock when it is dropped.
        drop(contents);
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CompletionQueue {
    /// Returns the queue of this environment, which it makes on first use.
    pub(crate) fn of(env: &Env) -> napi::Result<Rc<CompletionQueue>> {
        if let Some(queue) = env.get_instance_data::<Rc<CompletionQueue>>()? {
            return Ok(queue.clone());
        }
        let outbox = Arc::new(Outbox::default());
        let waker = Arc::new(waker(env)?);
        outbox.lock().waker = Some(waker.clone());
        let queue = CompletionQueue { outbox, waker, pending: RefCell::default(), next_number: Cell::new(0) };
        let queue = Rc::new(queue);
        env.set_instance_data(queue.clone(), (), |ending| ending.value.end())?;
        Ok(queue)
    }

    /// Makes a promise, and the number under which to put its outcome.
    pub(crate) fn open<'env>(&self, env: &'env Env) -> napi::Result<(u32, Object<'env>)> {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment is the one of this call, and both pointers are only written to.
        check(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        let mut pending = self.pending.borrow_mut();
        let mut number = self.next_number.get();
        while pending.contains_key(&number) {
            number = number.wrapping_add(1);
        }
        self.next_number.set(number.wrapping_add(1));
        if pending.is_empty() {
            // SAFETY: called on the thread of the environment in which the waker was made, and which has not ended.
            check(unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.waker.raw()) })?;
        }
        pending.insert(number, PendingPromise { deferred, canceller: None });
        // SAFETY: the value was made in this environment just now.
        Ok((number, unsafe { Object::from_napi_value(env.raw(), promise)? }))
    }

    pub(crate) fn outbox(&self) -> Arc<Outbox> {
        self.outbox.clone()
    }

    /// Keeps the canceller of an operation that has been started.
    pub(crate) fn set_canceller(&self, number: u32, canceller: Canceller) {
        if let Some(pending) = self.pending.borrow_mut().get_mut(&number) {
            pending.canceller = Some(canceller);
        }
    }

    /// Cancels an operation, unless it is done.
    pub(crate) fn cancel(&self, number: u32) {
        if let Some(PendingPromise { canceller: Some(canceller), .. }) = self.pending.borrow().get(&number) {
            canceller.cancel();
        }
    }

    /// Settles the promises whose outcomes have arrived.
    fn settle(&self, env: &Env) -> napi::Result<()> {
        for (number, into_js) in self.outbox.take() {
            let Some(PendingPromise { deferred, .. }) = self.pending.borrow_mut().remove(&number) else {
                continue;
            };
            check(match into_js(env.raw()) {
                // SAFETY: the promise was made in this environment and the value just now. The entry of the promise is
                // removed, so it is settled once.
                Ok(value) => unsafe { sys::napi_resolve_deferred(env.raw(), deferred, value) },
                Err(error) => {
                    // SAFETY: called on the thread of the environment.
                    let value = unsafe { JsError::from(error).into_value(env.raw()) };
                    // SAFETY: as for `napi_resolve_deferred`.
                    unsafe { sys::napi_reject_deferred(env.raw(), deferred, value) }
                }
            })?;
        }
        if self.pending.borrow().is_empty() {
            // SAFETY: as for `napi_ref_threadsafe_function` in `open`.
            check(unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.waker.raw()) })?;
        }
        Ok(())
    }

    fn end(&self) {
        for pending in self.pending.take().into_values() {
            pending.canceller.iter().for_each(Canceller::cancel);
        }
        self.outbox.close();
    }
}

fn waker(env: &Env) -> napi::Result<Waker> {
    // napi-rs builds a threadsafe function only from a JavaScript function; this one does nothing.
    let no_op = env.create_function_from_closure::<(), (), _>("zkcoord", |_| Ok(()))?;
    let settle = |context: ThreadsafeCallContext<()>| CompletionQueue::of(&context.env)?.settle(&context.env);
    no_op.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build_callback(settle)
}

fn check(status: sys::napi_status) -> napi::Result<()> {
    match Status::from(status) {
        Status::Ok => Ok(()),
        status => Err(napi::Error::from_status(status)),
    }
}
