//! Several processes that add to one counter: no add is lost, and no thread starves.

use crate::support::peer::Peer;
use crate::support::{Sandbox, example, machine};
use zkcoord_testkit::shared;

const PROCESSES: usize = 4;
const THREADS: usize = 4;
const ADDS: usize = 2000;

#[test]
fn four_processes_of_four_threads_count_exactly_and_fairly() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let mut adders: Vec<_> = (0..PROCESSES).map(|_| Peer::start(example("adder").arg(&hosts))).collect();
    for adder in &mut adders {
        adder.send(&format!("race /c {THREADS} {ADDS}"));
    }
    let counts: Vec<usize> = adders.iter().flat_map(|adder| counts_in(&adder.answer())).collect();
    let (data, _) = sandbox.observer.data(&sandbox.path("/c")).unwrap().unwrap();
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
