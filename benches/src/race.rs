//! Runs all contestants on one server, slice after slice.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use zkcoord_testkit::{Observer, ZooKeeper};

use crate::Result;
use crate::contestant;
use crate::job::{Job, Score};
use crate::program::Contestant;
use crate::report::{Report, Slice};
use crate::workload::{Entry, Kind, PROGRAMS, Program, WORKLOADS, Workload};

/// The processes of each program, as many as any workload needs.
type Contestants = HashMap<Program, Vec<Contestant>>;

/// Runs the workloads whose names begin with one of `filters`, or all without filters.
pub(crate) fn run(filters: &[&str]) -> Result<()> {
    let chosen = |workload: &&Workload| filters.iter().any(|filter| workload.name.starts_with(filter));
    let workloads: Vec<&Workload> = WORKLOADS.iter().filter(|w| filters.is_empty() || chosen(w)).collect();
    if workloads.is_empty() {
        let names: Vec<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        return Err(format!(
            "no workload begins with one of these names; the workloads are {}",
            names.join(", ")
        )
        .into());
    }
    let rounds: usize = setting("BENCH_ROUNDS", 9)?;
    let slice = Duration::try_from_secs_f64(setting("BENCH_SECONDS", 0.35)?)?;
    let warm_up = Duration::try_from_secs_f64(setting("BENCH_WARM_UP", 10.0)?)?;
    let zookeeper = server()?;
    let observer = Observer::connect(&zookeeper.hosts())?;
    workloads.iter().try_for_each(|workload| prepare(&observer, workload))?;
    let mut contestants = start(&zookeeper.hosts(), &workloads)?;
    warm(&observer, &mut contestants, warm_up)?;

    let mut report = Report::default();
    // Round 0 warms up the recipes and the server. It is not counted.
    for round in 0..=rounds {
        eprintln!("bench: round {round} of {rounds}");
        for workload in &workloads {
            for entry in workload.entries {
                let outcome = slice_of(&mut contestants, workload, entry, slice);
                let outcome = outcome.map_err(|error| error.to_string());
                report.add(Slice { workload, entry, round, outcome });
            }
        }
    }
    workloads.iter().try_for_each(|workload| audit(&observer, workload, &mut report))?;
    report.print(&workloads)?;
    report.save(&workloads)
}

/// Runs one job of a contestant in this process, for profilers.
pub(crate) fn profile(contestant: &str, job: &[&str]) -> Result<()> {
    let zookeeper = server()?;
    let [verb, crew, seconds] = job else { return Err("usage: profile CONTESTANT VERB CREW SECONDS".into()) };
    let job: Job = format!("run {verb} {crew} {seconds} /profile/it").parse()?;
    let observer = Observer::connect(&zookeeper.hosts())?;
    observer.create_all("/profile")?;
    if !verb.starts_with("add") {
        (0..job.crew).try_for_each(|number| observer.create_all(&format!("{}/{number}", job.path)))?;
    }
    let mut contestant = contestant::connect(contestant, &zookeeper.hosts())?;
    eprintln!("bench: the contestant is process {}, the server {:?}", std::process::id(), zookeeper.pid(0));
    let score = contestant.run(&job)?;
    println!("{:.0} ops/s, p50 {:.3} ms, p99 {:.3} ms", score.rate(), score.p50 / 1e3, score.p99 / 1e3);
    Ok(())
}

/// Starts ZooKeeper with its own defaults and those of Java, which the test kit replaces to start faster.
fn server() -> Result<ZooKeeper> {
    let builder = ZooKeeper::builder().tick_time(Duration::from_secs(2));
    let options = ["-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC", "-Xmx1g"];
    Ok(options.iter().fold(builder, |builder, option| builder.java_option(option)).start()?)
}

fn setting<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(name: &str, default: T) -> Result<T> {
    match std::env::var(name) {
        Ok(text) => text.parse().map_err(|error| format!("{name}={text}: {error}").into()),
        Err(_) => Ok(default),
    }
}

/// Creates the directories, so that no contestant is measured creating them.
fn prepare(observer: &Observer, workload: &Workload) -> Result<()> {
    for entry in workload.entries {
        let path = path(workload, entry);
        match workload.kind {
            Kind::Lock => observer.create_all(&path)?,
            Kind::Locks => {
                observer.create_all(&path)?;
                (0..workload.crew)
                    .try_for_each(|number| observer.create(&format!("{path}/{number}"), b""))?;
            }
            Kind::Add | Kind::Permits => {
                observer.create_all(path.rsplit_once('/').map_or("/", |(parent, _)| parent))?;
            }
        }
    }
    Ok(())
}

/// The path of an entry of a workload. The contestants' formats differ, so they share none.
fn path(workload: &Workload, entry: &Entry) -> String {
    format!("/bench/{}/{}", entry.label.replace(", ", "-").replace(' ', "-"), workload.name)
}

fn start(hosts: &str, workloads: &[&Workload]) -> Result<Contestants> {
    let mut started = Contestants::new();
    for program in PROGRAMS {
        let takes_part =
            |workload: &&&Workload| workload.entries.iter().any(|entry| entry.program == program);
        let of = |workload: &&Workload| processes(workload, program);
        let count = workloads.iter().filter(takes_part).map(of).max().unwrap_or(0);
        let contestants: Result<_> = (0..count).map(|_| Contestant::start(program, hosts)).collect();
        started.insert(program, contestants?);
    }
    Ok(started)
}

fn processes(workload: &Workload, program: Program) -> usize {
    if program == Program::Limit { 1 } else { workload.processes }
}

/// Gives Java's compiler the time that it needs.
fn warm(observer: &Observer, contestants: &mut Contestants, time: Duration) -> Result<()> {
    observer.create_all("/bench/warm/lock")?;
    let Some(curator) = contestants.get_mut(&Program::Curator).filter(|curator| !curator.is_empty()) else {
        return Ok(());
    };
    for verb in ["lock", "add"] {
        let job = Job { verb: verb.into(), crew: 4, time: time / 2, path: format!("/bench/warm/{verb}") };
        run_together(curator, &job)?;
    }
    Ok(())
}

fn slice_of(
    contestants: &mut Contestants,
    workload: &Workload,
    entry: &Entry,
    time: Duration,
) -> Result<Score> {
    let job = Job { verb: entry.verb.into(), crew: workload.crew, time, path: path(workload, entry) };
    let contestants = contestants.get_mut(&entry.program).ok_or("not started")?;
    let count = processes(workload, entry.program);
    run_together(contestants.get_mut(..count).ok_or("too few processes")?, &job)
}

/// Lets several processes do the same job at the same time.
fn run_together(contestants: &mut [Contestant], job: &Job) -> Result<Score> {
    contestants.iter_mut().try_for_each(|contestant| contestant.begin(job))?;
    let scores: Vec<_> = contestants.iter_mut().map(|contestant| contestant.finish(job)).collect();
    let scores: Vec<_> = scores.into_iter().collect::<Result<_>>()?;
    scores.into_iter().reduce(Score::merge).ok_or_else(|| "no process took part".into())
}

/// Reports the counters' values beside the acknowledged adds.
fn audit(observer: &Observer, workload: &Workload, report: &mut Report) -> Result<()> {
    let is_counter = |entry: &&Entry| workload.kind == Kind::Add && entry.program != Program::Limit;
    for entry in workload.entries.iter().filter(is_counter) {
        let Some((data, _)) = observer.data(&path(workload, entry))? else { continue };
        let text = String::from_utf8_lossy(&data).parse::<i64>();
        let value = data.as_slice().try_into().map(i64::from_be_bytes).ok();
        report.audit(workload, entry, if entry.program == Program::Kazoo { text.ok() } else { value });
    }
    Ok(())
}
