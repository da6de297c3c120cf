//! A counter's data formats, its default value and its bounds.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Counter, CounterFormat, ErrorCode};
use zkcoord_testkit::{Frame, Op};

const FORMATS: [CounterFormat; 3] = [CounterFormat::I64, CounterFormat::I32, CounterFormat::Text];

fn data(sandbox: &Sandbox, path: &str) -> Vec<u8> {
    sandbox.observer.data(&sandbox.path(path)).unwrap().unwrap().0
}

#[test]
fn each_format_writes_its_bytes_from_the_first_write_on() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let bytes: [&[u8]; 3] = [&258i64.to_be_bytes(), &258i32.to_be_bytes(), b"258"];
    for (format, bytes) in FORMATS.into_iter().zip(bytes) {
        let path = format!("/deep/{}", format.name());
        let counter = client.counter(&path).format(format);
        assert_eq!(counter.add(258).wait().unwrap(), 258);
        let (data, stat) = sandbox.observer.data(&sandbox.path(&path)).unwrap().unwrap();
        assert_eq!((data.as_slice(), stat.version), (bytes, 0), "created with its full data");
        assert_eq!(counter.add(-300).wait().unwrap(), -42);
        assert_eq!(counter.get().wait().unwrap(), -42);
        assert_eq!(sandbox.client().counter(&path).format(format).get_stale().wait().unwrap(), -42);
    }
    assert_eq!(data(&sandbox, "/deep/text"), b"-42", "as kazoo writes it");
}

#[test]
fn data_that_is_invalid_in_a_format_is_refused_and_left_unchanged() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let cases: [(CounterFormat, &[u8]); 8] = [
        (CounterFormat::I64, &[0; 4]),
        (CounterFormat::I64, b"abc"),
        (CounterFormat::I32, &[0; 8]),
        (CounterFormat::I32, b"12345"),
        (CounterFormat::Text, b"1.5"),
        (CounterFormat::Text, b"9223372036854775808"),
        (CounterFormat::Text, &[0; 8]),
        (CounterFormat::Text, b"many"),
    ];
    for (number, (format, bytes)) in cases.into_iter().enumerate() {
        let path = format!("/c{number}");
        sandbox.observer.create(&sandbox.path(&path), bytes).unwrap();
        let counter = client.counter(&path).format(format);
        for error in [
            counter.get().wait().unwrap_err(),
            counter.get_stale().wait().unwrap_err(),
            counter.versioned().wait().unwrap_err(),
            counter.add(1).wait().unwrap_err(),
            counter.set(1).wait().unwrap_err(),
            counter.reserve(1).wait().unwrap_err(),
            counter.watch().next().wait().unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::BadData, "{error}");
            assert!(error.message().contains(&path) && error.message().contains(format.name()), "{error}");
        }
        assert_eq!(data(&sandbox, &path), bytes);
    }
}

#[test]
fn text_that_other_libraries_may_write_is_read() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    for (path, bytes) in [("/newline", &b"41\n"[..]), ("/plus", b"+41"), ("/zeros", b"0041")] {
        sandbox.observer.create(&sandbox.path(path), bytes).unwrap();
        let counter = client.counter(path).format(CounterFormat::Text);
        assert_eq!(counter.increment().wait().unwrap(), 42, "{path}");
        assert_eq!(data(&sandbox, path), b"42");
    }
}

#[test]
fn a_value_outside_the_range_of_its_format_is_refused() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    for format in FORMATS {
        let counter = client.counter(format!("/{}", format.name())).format(format);
        let max = if format == CounterFormat::I32 { i64::from(i32::MAX) } else { i64::MAX };
        counter.set(max - 1).wait().unwrap();
        assert_eq!(counter.increment().wait().unwrap(), max);
        let error = counter.increment().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Overflow);
        for part in [format!("adding 1 to {max}"), format!("the format {}", format.name())] {
            assert!(error.message().contains(&part), "{error}");
        }
        assert_eq!(counter.reserve(1).wait().unwrap_err().code(), ErrorCode::Overflow);
        assert_eq!(counter.get().wait().unwrap(), max);
    }
    let small = client.counter("/i32").format(CounterFormat::I32);
    let wide = i64::from(i32::MAX) + 1;
    assert_eq!(small.set(wide).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(small.get_and_set(-wide - 1).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert!(!small.compare_and_set(wide, 1).wait().unwrap(), "the value cannot be that large");
    assert_eq!(small.get().wait().unwrap(), wide - 1);
}

#[test]
fn missing_and_empty_nodes_have_the_default_value() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    sandbox.observer.create(&sandbox.path("/empty"), b"").unwrap();
    for (number, format) in FORMATS.into_iter().enumerate() {
        for (path, expected) in [(format!("/missing{number}"), -1), ("/empty".to_owned(), 0)] {
            let counter = client.counter(&path).format(format).default(100);
            assert_eq!(counter.get().wait().unwrap(), 100);
            let versioned = counter.versioned().wait().unwrap();
            assert_eq!((versioned.value, versioned.version >= expected), (100, true));
            assert!(!counter.compare_and_set(0, 5).wait().unwrap());
            assert_eq!(sandbox.observer.exists(&sandbox.path(&path)).unwrap().is_some(), expected == 0);
            assert_eq!(counter.add(-1).wait().unwrap(), 99);
            assert_eq!(data(&sandbox, &path), format_bytes(format, 99));
            sandbox.observer.set(&sandbox.path("/empty"), b"").unwrap();
        }
    }
}

fn format_bytes(format: CounterFormat, value: i32) -> Vec<u8> {
    match format {
        CounterFormat::I32 => value.to_be_bytes().to_vec(),
        CounterFormat::Text => value.to_string().into_bytes(),
        _ => i64::from(value).to_be_bytes().to_vec(),
    }
}

#[test]
fn a_result_outside_the_bounds_is_refused() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c").min(0).max(10);
    assert_eq!(counter.add(10).wait().unwrap(), 10);
    let refused = |op: zkcoord::Op<i64>, part: &str| {
        let error = op.wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Overflow);
        assert!(error.message().contains(part), "{error}, not {part}");
    };
    refused(counter.increment(), "adding 1 to 10 gives 11, which is greater than max 10");
    refused(counter.add(-11), "adding -11 to 10 gives -1, which is less than min 0");
    refused(counter.get_and_set(11), "the new value 11 is greater than max 10");
    assert_eq!(counter.compare_and_set(10, -1).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.reserve(1).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.get().wait().unwrap(), 10);
    // Other handles have no bounds. Their values are read, but only a result within the bounds is written.
    sandbox.client().counter("/c").set(50).wait().unwrap();
    assert_eq!(counter.get().wait().unwrap(), 50);
    refused(counter.add(-30), "gives 20, which is greater than max 10");
    assert_eq!(counter.add(-45).wait().unwrap(), 5);
}

#[test]
fn the_bounds_of_one_handle_do_not_fail_another_in_the_same_write() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let unbounded = client.counter("/c");
    unbounded.set(0).wait().unwrap();
    proxy.clear_frames();
    proxy.hold_replies(true);
    let mut first = unbounded.add(1);
    assert!(first.wait_for(Duration::ZERO).is_none());
    let is_multi = |frame: &Frame| frame.is_request(Op::Multi);
    assert!(proxy.wait_for(TIMEOUT, |frames| frames.iter().any(is_multi)));
    // All of these wait for the first add, and then share a write.
    let handles: Vec<Counter> = (0..30).map(|number| client.counter("/c").max(number % 3)).collect();
    let mut ops: Vec<_> = handles.iter().map(Counter::increment).collect();
    for op in &mut ops {
        assert!(op.wait_for(Duration::ZERO).is_none());
    }
    proxy.hold_replies(false);
    assert_eq!(first.wait_for(TIMEOUT).unwrap().unwrap(), 1);
    let outcomes: Vec<_> = ops.iter_mut().map(|op| op.wait_for(TIMEOUT).unwrap()).collect();
    let values: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!(values, [&2], "only the first handle that allows 2 succeeded");
    let mut errors = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(errors.all(|error| error.code() == ErrorCode::Overflow));
    assert_eq!(proxy.frames().iter().filter(|frame| is_multi(frame)).count(), 2);
    assert_eq!(unbounded.get().wait().unwrap(), 2);
}

#[test]
fn invalid_options_are_reported_by_name() {
    let sandbox = Sandbox::new();
    let counter = || sandbox.client().counter("/c");
    for (counter, part) in [
        (counter().min(5).max(4), "min \"5\": is greater than max 4"),
        (counter().min(1), "default \"0\": is less than min 1"),
        (counter().default(7).max(6), "default \"7\": is greater than max 6"),
        (counter().default(1 << 31).format(CounterFormat::I32), "the format i32"),
    ] {
        for error in [
            counter.get().wait().unwrap_err(),
            counter.add(1).wait().unwrap_err(),
            counter.watch().next().wait().unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::InvalidArgument);
            assert!(error.message().contains(part), "{error}, not {part}");
        }
    }
    let error = CounterFormat::from_name("i16").unwrap_err();
    assert!(error.code() == ErrorCode::InvalidArgument && error.message().contains("i16"), "{error}");
    assert_eq!(sandbox.observer.exists(&sandbox.path("/c")).unwrap().map(drop), None);
}
