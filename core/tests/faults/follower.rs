//! A holder whose follower is cut off from the leader: the loss is reported before another client acquires the lock.
//!
//! Such a follower keeps its clients' connections and answers reads for `syncLimit` ticks, while the leader already counts the
//! time until their sessions end. The tests use the shortest session timeout that servers grant, two ticks, because the
//! follower's reports then lag the most: half a tick is a quarter of the session timeout.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::support::{TIMEOUT, machine};
use zkcoord::{Client, Guard, Op};
use zkcoord_testkit::{Observer, ZooKeeper, eventually};

/// Three servers. One follower reaches the leader through a proxy that can cut it off.
struct Ensemble {
    zookeeper: ZooKeeper,
    leader: usize,
    follower: usize,
    tick: Duration,
    connection: Arc<LeaderConnection>,
}

/// The follower's connection to the leader.
#[derive(Default)]
struct LeaderConnection {
    is_cut: AtomicBool,
    /// Set to cut the connection instead of forwarding one of the leader's next pings.
    cut_at_ping: AtomicBool,
    cut_at: Mutex<Option<Instant>>,
    tick: Duration,
}

impl LeaderConnection {
    /// Starts to forward connections to `leader`, and returns the port to connect to.
    fn forward(self: &Arc<LeaderConnection>, leader: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connection = self.clone();
        // The threads end with the sockets or with the test program.
        std::thread::spawn(move || {
            for follower in listener.incoming().map_while(Result::ok) {
                let Ok(leader) = TcpStream::connect(&leader) else { continue };
                for (from, to, is_leader) in [(&follower, &leader, false), (&leader, &follower, true)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let connection = connection.clone();
                    std::thread::spawn(move || connection.copy(from, to, is_leader));
                }
            }
        });
        port
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, is_leader: bool) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            // A ping is a packet of type 5 (`Leader.PING`).
            if is_leader && buffer.starts_with(&[0, 0, 0, 5]) && self.is_due() {
                *self.cut_at.lock().unwrap() = Some(Instant::now());
                self.is_cut.store(true, Ordering::SeqCst);
            }
            while self.is_cut.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
    }

    /// Returns whether to cut the connection now, at a ping of the leader. The last report was half a tick ago, so this is
    /// the worst moment. The leader rounds the end of a session up to a multiple of the tick on the monotonic clock; of two
    /// successive pings, this chooses the one after which it adds less.
    fn is_due(&self) -> bool {
        let now = clock_gettime(ClockId::Monotonic);
        let now = now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000;
        let tick = self.tick.as_millis() as u64;
        // The session timeout is a multiple of the tick, so it does not matter here.
        (now + tick / 2) % tick >= tick / 2 && self.cut_at_ping.swap(false, Ordering::SeqCst)
    }
}

impl Ensemble {
    fn start(tick: Duration) -> Ensemble {
        let zookeeper = ZooKeeper::builder().nodes(3).tick_time(tick).start().unwrap();
        let leader = zookeeper.leader().unwrap();
        let follower = (leader + 1) % 3;
        let connection = Arc::new(LeaderConnection { tick, ..LeaderConnection::default() });
        let path = config_of(&zookeeper, follower);
        let config = fs::read_to_string(&path).unwrap();
        let before = config.split_once(&format!("server.{}=127.0.0.1:", leader + 1)).unwrap().1;
        let (port, _) = before.split_once(':').unwrap();
        let proxy = connection.forward(format!("127.0.0.1:{port}"));
        zookeeper.kill(follower).unwrap();
        fs::write(&path, config.replace(&format!(":{port}:"), &format!(":{proxy}:"))).unwrap();
        zookeeper.start_node(follower).unwrap();
        zookeeper.wait_ready(TIMEOUT).unwrap();
        assert_eq!(zookeeper.leader().unwrap(), leader);
        Ensemble { zookeeper, leader, follower, tick, connection }
    }

    fn connect(&self, node: usize, session_timeout: Duration) -> Client {
        let builder = Client::builder(self.zookeeper.host(node)).session_timeout(session_timeout);
        let client = builder.connect().wait().unwrap();
        assert_eq!(client.session_timeout().unwrap(), session_timeout);
        client
    }

    /// Cuts the follower off at the worst moment, and returns the time.
    fn cut(&self) -> Instant {
        *self.connection.cut_at.lock().unwrap() = None;
        self.connection.cut_at_ping.store(true, Ordering::SeqCst);
        assert!(eventually(TIMEOUT, || self.connection.is_cut.load(Ordering::SeqCst)));
        self.connection.cut_at.lock().unwrap().unwrap()
    }

    fn heal(&self) {
        self.connection.is_cut.store(false, Ordering::SeqCst);
    }

    /// Cuts the holder of a lock off while it calls `request` again and again. Returns the time between the report of the
    /// loss and the moment at which another client acquired the lock.
    ///
    /// # Panics
    /// If another client acquired the lock first.
    fn lose_lock(&self, session_timeout: Duration, request: fn(&Client)) -> Duration {
        let holder = self.connect(self.follower, session_timeout);
        let rival = self.connect(self.leader, session_timeout);
        holder.counter("/counter").add(1).timeout(TIMEOUT).wait().unwrap();
        let guard = holder.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
        let mut waiting = start(rival.mutex("/lock").acquire());
        let observer = Observer::connect(&self.zookeeper.host(self.leader)).unwrap();
        assert!(eventually(TIMEOUT, || observer.children("/lock").unwrap().unwrap_or_default().len() == 2));
        let reported = Arc::new(Mutex::new(None));
        let report = reported.clone();
        guard.on_lost(move |_| *report.lock().unwrap() = Some(Instant::now())).unwrap();

        let is_over = Arc::new(AtomicBool::new(false));
        let requests = std::thread::spawn({
            let (holder, is_over) = (holder.clone(), is_over.clone());
            move || {
                while !is_over.load(Ordering::SeqCst) {
                    request(&holder);
                }
            }
        });
        std::thread::sleep(2 * self.tick);
        let cut = self.cut();
        let next =
            waiting.wait_for(TIMEOUT + session_timeout).expect("the session of the holder ends").unwrap();
        let acquired = Instant::now();
        let still_held = guard.is_held();
        is_over.store(true, Ordering::SeqCst);
        self.heal();
        let reported = *reported.lock().unwrap();
        let reported = reported.expect("no loss was reported before another client acquired");
        let (after_report, after_acquire) = (reported - cut, acquired - cut);
        println!(
            "reported {after_report:?} after the cut, acquired by another client after {after_acquire:?}"
        );
        assert!(!still_held && reported < acquired, "reported after {after_report:?}, too late");
        requests.join().unwrap();
        next.release().timeout(TIMEOUT).wait().unwrap();
        drop(guard);
        acquired - reported
    }
}

/// The configuration file of a running node. The kit starts it in the folder of the configurations.
fn config_of(zookeeper: &ZooKeeper, node: usize) -> PathBuf {
    let folder = fs::read_link(format!("/proc/{}/cwd", zookeeper.pid(node).unwrap())).unwrap();
    folder.join(format!("{node}.cfg"))
}

fn start(mut op: Op<Guard>) -> Op<Guard> {
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    op
}

/// Reads as the server of the client has it, without the leader.
fn read(client: &Client) {
    let _outcome = client.counter("/counter").get_stale().timeout(Duration::from_millis(500)).wait();
    std::thread::sleep(Duration::from_millis(10));
}

fn write(client: &Client) {
    let _outcome = client.counter("/counter").add(1).timeout(Duration::from_millis(500)).wait();
    std::thread::sleep(Duration::from_millis(10));
}

fn pause(_client: &Client) {
    std::thread::sleep(Duration::from_millis(10));
}

#[test]
fn a_holder_at_a_follower_without_a_leader_learns_of_its_loss_in_time() {
    let _quiet = machine::quiet();
    let tick = Duration::from_secs(1);
    let ensemble = Ensemble::start(tick);
    for _ in 0..2 {
        for request in [read, write, pause] {
            let margin = ensemble.lose_lock(2 * tick, request);
            println!("margin {margin:?}");
        }
    }
}

/// The same with the ticks of a default configuration. To be run by hand: it takes three minutes.
#[test]
#[ignore = "takes minutes; run it after changes to leases"]
fn a_holder_that_reads_all_the_time_learns_of_its_loss_in_time() {
    let _quiet = machine::quiet();
    let tick = Duration::from_secs(2);
    let ensemble = Ensemble::start(tick);
    for session_timeout in [2 * tick, 5 * tick] {
        for round in 0..10 {
            let margin = ensemble.lose_lock(session_timeout, read);
            println!("session timeout {session_timeout:?}, round {round}: margin {margin:?}");
        }
    }
}
