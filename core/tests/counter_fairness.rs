//! Several processes that add to one counter: nothing is lost, and nobody starves. Alone in its program, so that what they share
//! is the counter, and not the machine with other tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use peer::Peer;
use support::{Corner, example};
use zkcoord_testkit::shared;

const PROCESSES: usize = 4;
const THREADS: usize = 4;
const ADDS: usize = 2000;

#[test]
fn four_processes_of_four_threads_count_exactly_and_all_get_their_turn() {
    let corner = Corner::new();
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let mut adders: Vec<_> = (0..PROCESSES).map(|_| Peer::start(example("adder").arg(&hosts))).collect();
    for adder in &mut adders {
        adder.tell(&format!("race /c {THREADS} {ADDS}"));
    }
    let counts: Vec<usize> = adders.iter().flat_map(|adder| counts_in(&adder.answer())).collect();
    let (data, _) = corner.observer.data(&corner.path("/c")).unwrap().unwrap();
    let value = i64::from_be_bytes(data.try_into().unwrap());
    let (fewest, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    eprintln!(
        "{} adds, final value {value}, by thread {counts:?}, fewest/most {fewest}/{most}",
        counts.iter().sum::<usize>()
    );
    assert_eq!(counts.len(), PROCESSES * THREADS);
    assert!(value >= ADDS as i64);
    assert_eq!(value, counts.iter().sum::<usize>() as i64);
    assert!(fewest * 10 >= *most, "{counts:?}");
}

fn counts_in(answer: &str) -> Vec<usize> {
    answer.strip_prefix("ok ").unwrap().split(' ').map(|count| count.parse().unwrap()).collect()
}
