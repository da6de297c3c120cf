//! Where the operations of one JavaScript environment, that is a thread, wait for their outcomes, and how these get there.
//!
//! 1. An operation gets a promise and a number, under which its canceller is kept. As long as there is one, the event loop is.
//! 2. On the core's thread its outcome goes into the outbox. The first one there wakes the event loop; all that come
//!    before it gets round to them go along.
//! 3. There they become JavaScript values, and the promises are settled.
//! 4. The desk ends with its environment, like when a worker is terminated: what is under way is cancelled, and outcomes
//!    that nobody took are dropped, so that a lock among them is given back.
//!
//! One for all, because a wake-up of its own for each operation costs more than most operations: Node asks all of them at each.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{Env, FromNapiValue, Object};
use napi::threadsafe_function::{ThreadsafeCallContext, ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{JsError, Status, sys};
use zkcoord::Canceller;

/// Wakes the event loop, from any thread. Does not keep it alive unless told to.
type Bell = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Makes a JavaScript value of an outcome, on the JavaScript thread.
pub(crate) type IntoJs = Box<dyn FnOnce(sys::napi_env) -> napi::Result<sys::napi_value> + Send>;

pub(crate) struct Desk {
    outbox: Arc<Outbox>,
    bell: Arc<Bell>,
    waiting: RefCell<HashMap<u32, Waiting>>,
    latest: Cell<u32>,
}

struct Waiting {
    deferred: sys::napi_deferred,
    canceller: Option<Canceller>,
}

/// The outcomes that have not been taken yet.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<Contents>);

#[derive(Default)]
struct Contents {
    bell: Option<Arc<Bell>>,
    outcomes: Vec<(u32, IntoJs)>,
}

impl Outbox {
    pub(crate) fn put(&self, number: u32, outcome: IntoJs) {
        let mut contents = self.lock();
        // Without a bell the environment has ended, and the outcome with it.
        let Some(bell) = contents.bell.clone() else { return };
        contents.outcomes.push((number, outcome));
        let is_first = contents.outcomes.len() == 1;
        drop(contents);
        if is_first {
            let _ended = bell.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn take(&self) -> Vec<(u32, IntoJs)> {
        std::mem::take(&mut self.lock().outcomes)
    }

    fn close(&self) {
        let contents = std::mem::take(&mut *self.lock());
        // Not under the lock: a guard among them has something to do.
        drop(contents);
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// The desk of this environment, made if need be.
    pub(crate) fn of(env: &Env) -> napi::Result<Rc<Desk>> {
        if let Some(desk) = env.get_instance_data::<Rc<Desk>>()? {
            return Ok(desk.clone());
        }
        let outbox = Arc::new(Outbox::default());
        let bell = Arc::new(bell(env)?);
        outbox.lock().bell = Some(bell.clone());
        let desk = Rc::new(Desk { outbox, bell, waiting: RefCell::default(), latest: Cell::new(0) });
        env.set_instance_data(desk.clone(), (), |ending| ending.value.end())?;
        Ok(desk)
    }

    /// A promise, with the number under which to put its outcome.
    pub(crate) fn open<'env>(&self, env: &'env Env) -> napi::Result<(u32, Object<'env>)> {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment is the one that we were called in, and both pointers are to be written only.
        check(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        let mut waiting = self.waiting.borrow_mut();
        let mut number = self.latest.get();
        while waiting.contains_key(&number) {
            number = number.wrapping_add(1);
        }
        self.latest.set(number.wrapping_add(1));
        if waiting.is_empty() {
            // SAFETY: on the thread of the environment in which the bell was made, and which has not ended.
            check(unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.bell.raw()) })?;
        }
        waiting.insert(number, Waiting { deferred, canceller: None });
        // SAFETY: the value was made in this environment just now.
        Ok((number, unsafe { Object::from_napi_value(env.raw(), promise)? }))
    }

    pub(crate) fn outbox(&self) -> Arc<Outbox> {
        self.outbox.clone()
    }

    /// Keeps what cancels an operation that has been started.
    pub(crate) fn keep(&self, number: u32, canceller: Canceller) {
        if let Some(waiting) = self.waiting.borrow_mut().get_mut(&number) {
            waiting.canceller = Some(canceller);
        }
    }

    /// Cancels an operation, unless it is done.
    pub(crate) fn cancel(&self, number: u32) {
        if let Some(Waiting { canceller: Some(canceller), .. }) = self.waiting.borrow().get(&number) {
            canceller.cancel();
        }
    }

    /// Settles the promises whose outcomes are there.
    fn settle(&self, env: &Env) -> napi::Result<()> {
        for (number, into_js) in self.outbox.take() {
            let Some(Waiting { deferred, .. }) = self.waiting.borrow_mut().remove(&number) else { continue };
            check(match into_js(env.raw()) {
                // SAFETY: the promise was made in this environment, the value just now, and its entry is gone: it is settled once.
                Ok(value) => unsafe { sys::napi_resolve_deferred(env.raw(), deferred, value) },
                Err(error) => {
                    // SAFETY: called on the thread of the environment.
                    let value = unsafe { JsError::from(error).into_value(env.raw()) };
                    // SAFETY: as for the other.
                    unsafe { sys::napi_reject_deferred(env.raw(), deferred, value) }
                }
            })?;
        }
        if self.waiting.borrow().is_empty() {
            // SAFETY: as for its opposite, above.
            check(unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.bell.raw()) })?;
        }
        Ok(())
    }

    fn end(&self) {
        for waiting in self.waiting.take().into_values() {
            waiting.canceller.iter().for_each(Canceller::cancel);
        }
        self.outbox.close();
    }
}

/// Napi-rs insists on a JavaScript function to call, too.
fn bell(env: &Env) -> napi::Result<Bell> {
    let nothing = env.create_function_from_closure::<(), (), _>("zkcoord", |_| Ok(()))?;
    let settle = |context: ThreadsafeCallContext<()>| Desk::of(&context.env)?.settle(&context.env);
    nothing.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>().build_callback(settle)
}

fn check(status: sys::napi_status) -> napi::Result<()> {
    match Status::from(status) {
        Status::Ok => Ok(()),
        status => Err(napi::Error::from_status(status)),
    }
}
