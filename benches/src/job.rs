//! The two kinds of lines of the protocol between the harness and a contestant: a job, and its score.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::Result;

/// One slice: `run VERB CREW SECONDS PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The operation that every member of the crew repeats.
    pub(crate) verb: String,
    /// The number of threads or tasks.
    pub(crate) crew: usize,
    pub(crate) time: Duration,
    /// The lock's directory, the directory of the locks' directories, or the counter.
    pub(crate) path: String,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} {} {} {}", self.verb, self.crew, self.time.as_secs_f64(), self.path)
    }
}

impl FromStr for Job {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(line: &str) -> Result<Job> {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["run", verb, crew, seconds, path] => Ok(Job {
                verb: (*verb).into(),
                crew: crew.parse()?,
                time: Duration::try_from_secs_f64(seconds.parse()?)?,
                path: (*path).into(),
            }),
            _ => Err(format!("not a job: {line}").into()),
        }
    }
}

/// The result of a slice: `done OPS SECONDS P50 P99 FEWEST MOST`, the times of one operation in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) ops: u64,
    /// From the start to the end of the last operation.
    pub(crate) seconds: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The operations of the member of the crew that did the fewest.
    pub(crate) fewest: u64,
    /// The operations of the member of the crew that did the most.
    pub(crate) most: u64,
}

impl Score {
    pub(crate) fn rate(&self) -> f64 {
        self.ops as f64 / self.seconds
    }

    /// Merges the scores of two processes that ran at the same time. Their quantiles cannot be merged exactly, so those of
    /// the slower process count.
    pub(crate) fn merge(self, other: Score) -> Score {
        Score {
            ops: self.ops + other.ops,
            seconds: self.seconds.max(other.seconds),
            p50: self.p50.max(other.p50),
            p99: self.p99.max(other.p99),
            fewest: self.fewest.min(other.fewest),
            most: self.most.max(other.most),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { ops, seconds, p50, p99, fewest, most } = self;
        write!(f, "done {ops} {seconds:.6} {p50:.1} {p99:.1} {fewest} {most}")
    }
}

impl FromStr for Score {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(line: &str) -> Result<Score> {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["done", ops, seconds, p50, p99, fewest, most] => Ok(Score {
                ops: ops.parse()?,
                seconds: seconds.parse()?,
                p50: p50.parse()?,
                p99: p99.parse()?,
                fewest: fewest.parse()?,
                most: most.parse()?,
            }),
            ["failed", ..] => Err(line.into()),
            _ => Err(format!("not a score: {line}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parsed_job_equals_the_written_one() {
        let job = Job { verb: "lock".into(), crew: 8, time: Duration::from_millis(700), path: "/a/b".into() };
        let read: Job = job.to_string().parse().unwrap();
        assert_eq!(read.to_string(), job.to_string());
        assert!("run lock".parse::<Job>().is_err());
    }

    #[test]
    fn scores_of_processes_are_merged() {
        let one = Score { ops: 10, seconds: 1.0, p50: 1.0, p99: 9.0, fewest: 2, most: 3 };
        let other = Score { ops: 20, seconds: 2.0, p50: 2.0, p99: 3.0, fewest: 1, most: 2 };
        let read: Score = one.merge(other).to_string().parse().unwrap();
        assert_eq!(read, Score { ops: 30, seconds: 2.0, p50: 2.0, p99: 9.0, fewest: 1, most: 3 });
        assert!("failed: no server".parse::<Score>().is_err());
    }
}
