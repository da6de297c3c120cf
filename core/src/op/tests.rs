use super::*;
use std::sync::mpsc;

use tokio::sync::oneshot;

fn runtime() -> Runtime {
    Runtime::get().unwrap()
}

#[test]
fn an_operation_can_be_waited_for_in_slices() {
    let (go, gone) = oneshot::channel();
    let mut op = Op::new(&runtime(), |_| async move { gone.await.map_err(|_| lost_task()) });
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    go.send(7).unwrap();
    assert_eq!(op.wait().unwrap(), 7);
}

#[test]
fn an_observer_sees_only_outcomes_that_are_taken() {
    let (sender, receiver) = mpsc::channel();
    let op = |n: i32| {
        let sender = sender.clone();
        Op::new(&runtime(), move |_| async move { Ok(n) })
            .observed(move |outcome, _| sender.send(*outcome.as_ref().unwrap()).unwrap())
    };
    assert_eq!(op(1).wait().unwrap(), 1);
    let mut dropped = op(2);
    dropped.start(PollSite::OwnTask);
    drop(dropped);
    drop(op(3));
    let (pass, passed) = mpsc::channel();
    for n in [4, 5] {
        let pass = pass.clone();
        op(n).on_outcome(move |outcome| pass.send((n, outcome)).unwrap());
    }
    for (n, outcome) in passed.iter().take(2) {
        if n == 5 {
            assert_eq!(outcome.take().unwrap(), 5);
        }
    }
    drop(sender);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn dropping_an_operation_drops_its_recipe() {
    let (sender, receiver) = mpsc::channel::<()>();
    let mut op = Op::<()>::new(&runtime(), |_| async move {
        let _held = sender;
        std::future::pending().await
    });
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    drop(op);
    assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn cancelling_calls_back_once() {
    let (sender, receiver) = mpsc::channel();
    let op = Op::<()>::new(&runtime(), |_| std::future::pending());
    let canceller = op.on_done(move |outcome| sender.send(outcome.unwrap_err().code()).unwrap());
    canceller.cancel();
    canceller.cancel();
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [ErrorCode::Cancelled]);
}

#[test]
fn checked_returns_the_error_of_an_operation_that_must_fail() {
    let failed = Op::<()>::failed(Error::invalid_argument("n", 1, "is odd")).checked();
    assert_eq!(failed.unwrap_err().code(), ErrorCode::InvalidArgument);
    let op = Op::new(&runtime(), |_| async { Ok(7) }).checked();
    assert_eq!(op.unwrap().wait().unwrap(), 7);
}

#[test]
fn an_operation_can_be_cancelled_before_it_starts() {
    let (sender, receiver) = mpsc::channel();
    let canceller = Canceller::new();
    canceller.cancel();
    let op = Op::<()>::new(&runtime(), |_| std::future::pending());
    op.on_done_unless(&canceller, move |outcome| sender.send(outcome.unwrap_err().code()).unwrap());
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [ErrorCode::Cancelled]);
}

#[test]
fn a_failed_operation_passes_its_error_to_the_callback() {
    let (sender, receiver) = mpsc::channel();
    let op = Op::<()>::failed(Error::invalid_argument("n", 1, "is odd"));
    op.on_done(move |outcome| sender.send(outcome.unwrap_err().code()).unwrap());
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [ErrorCode::InvalidArgument]);
}

#[test]
fn a_panic_in_a_recipe_becomes_an_error_for_its_callback() {
    let (sender, receiver) = mpsc::channel();
    let op = Op::<()>::new(&runtime(), |_| async { panic!("this panic is part of the test") });
    op.on_done(move |outcome| sender.send(outcome.unwrap_err().code()).unwrap());
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [ErrorCode::Internal]);
}

#[test]
fn a_panic_in_a_recipe_becomes_an_error() {
    let op = Op::<()>::new(&runtime(), |_| async { panic!("this panic is part of the test") });
    assert_eq!(op.wait().unwrap_err().code(), ErrorCode::Internal);
}
