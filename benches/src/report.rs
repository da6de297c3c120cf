//! Computes medians and ratios, and prints and saves them.

use std::fmt::Write as _;

use crate::Result;
use crate::job::Score;
use crate::workload::{Entry, Workload};

/// The outcome of one slice. Round 0 is the warm-up.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) workload: &'static Workload,
    pub(crate) entry: &'static Entry,
    pub(crate) round: usize,
    pub(crate) outcome: std::result::Result<Score, String>,
}

#[derive(Debug, Default)]
pub(crate) struct Report {
    slices: Vec<Slice>,
    /// The counters' values at the end, beside the acknowledged adds.
    audits: Vec<String>,
}

/// The medians of an entry's slices.
struct Row {
    rate: f64,
    p50: f64,
    p99: f64,
    fewest: f64,
    most: f64,
    /// Our rate divided by this entry's, as the median of the rounds' quotients: slices that are close in time compare
    /// best.
    ours: f64,
}

impl Report {
    pub(crate) fn add(&mut self, slice: Slice) {
        self.slices.push(slice);
    }

    pub(crate) fn audit(&mut self, workload: &Workload, entry: &Entry, value: Option<i64>) {
        let slices = || self.slices.iter().filter(|slice| slice.is_of(workload, entry));
        let done: u64 = slices().filter_map(|slice| slice.outcome.as_ref().ok()).map(|score| score.ops).sum();
        // The number of adds that a failed slice acknowledged is not known.
        let failed = slices().filter(|slice| slice.outcome.is_err()).count();
        let value = value.map_or("no number".into(), |value| value.to_string());
        let note = if failed > 0 { format!(", and {failed} slices failed") } else { String::new() };
        self.audits.push(format!(
            "{} {}: the node's value is {value}, {done} adds were acknowledged{note}",
            workload.name, entry.label
        ));
    }

    pub(crate) fn print(&self, workloads: &[&'static Workload]) -> Result<()> {
        print!("{}", self.table(workloads)?);
        Ok(())
    }

    /// Writes the table and the slices to files whose names are `BENCH_OUT` plus an extension.
    pub(crate) fn save(&self, workloads: &[&'static Workload]) -> Result<()> {
        let Ok(out) = std::env::var("BENCH_OUT") else { return Ok(()) };
        std::fs::write(format!("{out}.txt"), self.table(workloads)?)?;
        std::fs::write(format!("{out}.tsv"), self.slices_as_tsv()?)?;
        println!("\nThe table was written to {out}.txt, every slice to {out}.tsv");
        Ok(())
    }

    fn table(&self, workloads: &[&'static Workload]) -> Result<String> {
        let mut text = String::new();
        writeln!(text, "zkcoord {}", origin())?;
        writeln!(
            text,
            "Medians of the rounds of one run on one server. Only ratios within one run are meaningful."
        )?;
        for workload in workloads {
            writeln!(text, "\n{} [{}]", workload.title, workload.name)?;
            writeln!(text, "  goal: {}", workload.goal)?;
            let (ops, split) = ("ops/s", "fewest/most");
            writeln!(
                text,
                "  {:14} {ops:>11} {:>10} {:>10} {split:>15} {:>10}",
                "", "p50 ms", "p99 ms", "ours / it"
            )?;
            for entry in workload.entries {
                match self.row(workload, entry) {
                    Ok(row) => writeln!(text, "  {:14} {row}", entry.label)?,
                    Err(reason) => writeln!(text, "  {:14} {reason}", entry.label)?,
                }
            }
        }
        if !self.audits.is_empty() {
            writeln!(text, "\nvalues of the counters:")?;
            self.audits.iter().try_for_each(|audit| writeln!(text, "  {audit}"))?;
        }
        Ok(text)
    }

    fn row(&self, workload: &Workload, entry: &Entry) -> std::result::Result<Row, String> {
        let counted = || self.slices.iter().filter(|slice| slice.round > 0 && slice.is_of(workload, entry));
        let failure = counted().find_map(|slice| slice.outcome.as_ref().err());
        let scores = || counted().filter_map(|slice| Some((slice.round, slice.outcome.as_ref().ok()?)));
        if scores().next().is_none() {
            return Err(failure.cloned().unwrap_or_else(|| "-".into()));
        }
        let of = |value: fn(&Score) -> f64| median(scores().map(|(_, score)| value(score)).collect());
        let quotients =
            scores().filter_map(|(round, score)| Some(self.our_rate(workload, round)? / score.rate()));
        Ok(Row {
            rate: of(Score::rate),
            p50: of(|score| score.p50),
            p99: of(|score| score.p99),
            fewest: of(|score| score.fewest as f64),
            most: of(|score| score.most as f64),
            ours: median(quotients.collect()),
        })
    }

    fn our_rate(&self, workload: &Workload, round: usize) -> Option<f64> {
        let ours = workload.entries.first()?;
        let slice = self.slices.iter().find(|slice| slice.round == round && slice.is_of(workload, ours))?;
        slice.outcome.as_ref().ok().map(Score::rate)
    }

    fn slices_as_tsv(&self) -> Result<String> {
        let mut text = format!("# zkcoord {}\n", origin());
        text += "workload\tcontestant\tround\tops\tseconds\tops_per_s\tp50_us\tp99_us\tfewest\tmost\n";
        for Slice { workload, entry, round, outcome } in &self.slices {
            write!(text, "{}\t{}\t{round}\t", workload.name, entry.label)?;
            match outcome {
                Ok(score) => {
                    let Score { ops, seconds, p50, p99, fewest, most } = score;
                    let rate = score.rate();
                    writeln!(text, "{ops}\t{seconds:.6}\t{rate:.1}\t{p50:.1}\t{p99:.1}\t{fewest}\t{most}")?;
                }
                Err(reason) => writeln!(text, "# {reason}")?,
            }
        }
        Ok(text)
    }
}

impl Slice {
    fn is_of(&self, workload: &Workload, entry: &Entry) -> bool {
        self.workload.name == workload.name && self.entry.label == entry.label
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Row { rate, p50, p99, fewest, most, ours } = self;
        let (p50, p99, split) = (p50 / 1e3, p99 / 1e3, format!("{fewest:.0}/{most:.0}"));
        write!(f, "{rate:>11.0} {p50:>10.3} {p99:>10.3} {split:>15} {ours:>10.2}")
    }
}

/// The commit and the date, which `.ci/bench.sh` sets.
fn origin() -> String {
    let variable = |name| std::env::var(name).unwrap_or_else(|_| "?".into());
    format!("{} at {}", variable("BENCH_COMMIT"), variable("BENCH_DATE"))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::WORKLOADS;

    #[test]
    fn a_ratio_is_the_median_of_the_rounds() {
        let workload = &WORKLOADS[0];
        let mut report = Report::default();
        let score = |ops| Score { ops, seconds: 1.0, p50: 1.0, p99: 2.0, fewest: 1, most: 1 };
        // Round 0 is the warm-up; the machine is slow in round 2.
        for (round, ours, peer) in [(0, 1, 100), (1, 200, 100), (2, 20, 10), (3, 330, 110)] {
            for (entry, ops) in [(0, ours), (1, peer)] {
                let outcome = Ok(score(ops));
                report.add(Slice { workload, entry: &workload.entries[entry], round, outcome });
            }
        }
        let row = report.row(workload, &workload.entries[1]).unwrap();
        assert_eq!((row.rate, row.ours), (100.0, 2.0));
    }
}
