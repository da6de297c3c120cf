//! Answers calls in JSON lines. README.md lists them.

use std::collections::HashMap;
use std::io::{Write, stdin, stdout};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use zkcoord_testkit::{
    Builder, Direction, Error, Frame, HostileServer, Observer, Op, Proxy, Rule, Stat, ZooKeeper,
};

use crate::call::{Answer, Call, hex};

/// Objects that calls have created, by the names that their answers returned.
struct Registry<T>(Mutex<HashMap<String, Arc<T>>>);

impl<T> Registry<T> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn add(&self, prefix: char, object: T) -> String {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{prefix}{}", LAST.fetch_add(1, Ordering::Relaxed) + 1);
        self.with(|objects| objects.insert(name.clone(), Arc::new(object)));
        name
    }

    fn get(&self, name: &str) -> Result<Arc<T>, String> {
        self.with(|objects| objects.get(name).cloned()).ok_or_else(|| format!("unknown name {name:?}"))
    }

    fn remove(&self, name: &str) -> Answer {
        let object = self.with(|objects| objects.remove(name));
        object.map(|_| Value::Null).ok_or_else(|| format!("unknown name {name:?}"))
    }

    fn with<R>(&self, work: impl FnOnce(&mut HashMap<String, Arc<T>>) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Kit {
    zookeepers: Registry<ZooKeeper>,
    proxies: Registry<Proxy>,
    rules: Registry<Rule>,
    hostile: Registry<HostileServer>,
    /// The observers by their hosts.
    observers: Registry<Observer>,
}

/// Answers calls until stdin closes or the call `exit` arrives. Each call has its own thread, so that a call that waits
/// does not delay the others.
pub(crate) fn serve() {
    let kit = Arc::new(Kit {
        zookeepers: Registry::new(),
        proxies: Registry::new(),
        rules: Registry::new(),
        hostile: Registry::new(),
        observers: Registry::new(),
    });
    for line in stdin().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
        let call = match Call::parse(&line) {
            Ok(call) => call,
            Err(error) => {
                reply(Value::Null, Err(error));
                continue;
            }
        };
        if call.text("call") == Ok("exit") {
            reply(call.id(), Ok(Value::Null));
            break;
        }
        let kit = kit.clone();
        thread::spawn(move || reply(call.id(), kit.answer(&call)));
    }
    kit.observers.with(HashMap::clear);
    kit.proxies.with(HashMap::clear);
    kit.hostile.with(HashMap::clear);
    kit.zookeepers.with(HashMap::clear);
}

fn reply(id: Value, answer: Answer) {
    let line = match answer {
        Ok(value) => json!({"id": id, "ok": value}),
        Err(error) => json!({"id": id, "error": error}),
    };
    let mut out = stdout().lock();
    // An error means that the caller has ended. Then stdin closes too.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

impl Kit {
    fn answer(&self, call: &Call) -> Answer {
        let name = call.text("call")?;
        match name.split_once('.') {
            Some(("zookeeper", "start")) => self.start_zookeeper(call),
            Some(("zookeeper", name)) => self.zookeeper(name, call),
            Some(("proxy", "start")) => self.start_proxy(call),
            Some(("proxy", name)) => self.proxy(name, call),
            Some(("hostile", name)) => self.hostile(name, call),
            Some(("rule", name)) => self.rule(name, call),
            Some(("observer", name)) => self.observer(name, call),
            _ => unknown(name),
        }
    }

    fn start_zookeeper(&self, call: &Call) -> Answer {
        let mut builder = Builder::default().nodes(call.count_or("nodes", 1)?);
        if call.get("tick_ms").is_some() {
            builder = builder.tick_time(call.milliseconds("tick_ms")?);
        }
        for (key, value) in call.get("properties").and_then(Value::as_object).into_iter().flatten() {
            builder = builder.property(key, value.as_str().unwrap_or(&value.to_string()));
        }
        for option in call.get("java_options").and_then(Value::as_array).into_iter().flatten() {
            builder = builder.java_option(option.as_str().ok_or("each of \"java_options\" must be a text")?);
        }
        if call.get("tls").is_some() && call.flag("tls")? {
            builder = builder.tls();
        }
        let zookeeper = builder.start().map_err(message)?;
        let (hosts, tls) = (zookeeper.hosts(), tls(&zookeeper));
        Ok(json!({"hosts": hosts, "tls": tls, "zookeeper": self.zookeepers.add('z', zookeeper)}))
    }

    fn zookeeper(&self, name: &str, call: &Call) -> Answer {
        let zookeeper = call.text("zookeeper")?;
        if name == "stop" {
            return self.zookeepers.remove(zookeeper);
        }
        let zookeeper = self.zookeepers.get(zookeeper)?;
        match name {
            "kill" => done(zookeeper.kill(call.count("node")?)),
            "start_node" => done(zookeeper.start_node(call.count("node")?)),
            "pause" => done(zookeeper.pause(call.count("node")?)),
            "resume" => done(zookeeper.resume(call.count("node")?)),
            "leader" => zookeeper.leader().map(|node| json!(node)).map_err(message),
            "mode" => Ok(json!(zookeeper.mode(call.count("node")?))),
            "pid" => Ok(json!(zookeeper.pid(call.count("node")?))),
            "log" => Ok(json!(zookeeper.log(call.count("node")?))),
            "wait_ready" => done(zookeeper.wait_ready(call.milliseconds("timeout_ms")?)),
            "expire" => done(zookeeper.expire(call.session_id()?)),
            _ => unknown(&format!("zookeeper.{name}")),
        }
    }

    fn start_proxy(&self, call: &Call) -> Answer {
        let proxy = Proxy::start(call.text("upstream")?).map_err(message)?;
        let address = proxy.address();
        Ok(json!({"address": address, "proxy": self.proxies.add('p', proxy)}))
    }

    fn proxy(&self, name: &str, call: &Call) -> Answer {
        let proxy = call.text("proxy")?;
        if name == "stop" {
            return self.proxies.remove(proxy);
        }
        let proxy = self.proxies.get(proxy)?;
        match name {
            "swallow_reply" => self.add_rule(proxy.swallow_reply(call.op()?, call.count_or("nth", 1)?)),
            "swallow_request" => self.add_rule(proxy.swallow_request(call.op()?, call.count_or("nth", 1)?)),
            "swallow_replies_at_random" | "swallow_requests_at_random" => {
                let (op, probability) = (call.op()?, call.fraction("probability")?);
                let seed = call.count("seed")? as u64;
                self.add_rule(match name {
                    "swallow_replies_at_random" => proxy.swallow_replies_at_random(op, probability, seed),
                    _ => proxy.swallow_requests_at_random(op, probability, seed),
                })
            }
            "wait_for" => wait_for(&proxy, call),
            "frames" => Ok(proxy.frames().iter().map(frame).collect()),
            "connections" => Ok(json!(proxy.connections())),
            _ => switch(&proxy, name, call),
        }
    }

    fn hostile(&self, name: &str, call: &Call) -> Answer {
        match name {
            "attacks" => Ok(json!(HostileServer::attacks())),
            "start" => {
                let server =
                    HostileServer::start(call.text("upstream")?, call.text("attack")?).map_err(message)?;
                Ok(json!({"address": server.address(), "hostile": self.hostile.add('h', server)}))
            }
            "fired" => Ok(json!(self.hostile.get(call.text("hostile")?)?.fired())),
            "stop" => self.hostile.remove(call.text("hostile")?),
            _ => unknown(&format!("hostile.{name}")),
        }
    }

    fn add_rule(&self, rule: Rule) -> Answer {
        Ok(json!({"rule": self.rules.add('r', rule)}))
    }

    fn rule(&self, name: &str, call: &Call) -> Answer {
        let rule = self.rules.get(call.text("rule")?)?;
        match name {
            "fired" => Ok(json!(rule.fired())),
            "wait_fired" => Ok(json!(rule.wait_fired(call.milliseconds("timeout_ms")?))),
            _ => unknown(&format!("rule.{name}")),
        }
    }

    fn observer(&self, name: &str, call: &Call) -> Answer {
        let observer = self.observer_of(call)?;
        let path = call.text("path")?;
        match name {
            "children" => observer.children(path).map(|children| json!(children)).map_err(message),
            "data" => {
                let found = observer.data(path).map_err(message)?;
                Ok(found.map_or(Value::Null, |(data, node)| json!({"data": hex(&data), "stat": stat(&node)})))
            }
            "exists" => {
                let found = observer.exists(path).map_err(message)?;
                Ok(found.map_or(Value::Null, |node| stat(&node)))
            }
            "create" => done(observer.create(path, &call.bytes("data")?)),
            "set" => done(observer.set(path, &call.bytes("data")?)),
            "delete" => done(observer.delete(path)),
            "create_all" => done(observer.create_all(path)),
            _ => unknown(&format!("observer.{name}")),
        }
    }

    /// Returns the observer of a ZooKeeper or of the given hosts, which is created on first use.
    fn observer_of(&self, call: &Call) -> Result<Arc<Observer>, String> {
        let hosts = match call.text("zookeeper") {
            Ok(name) => self.zookeepers.get(name)?.hosts(),
            Err(_) => call.text("hosts")?.to_owned(),
        };
        if let Ok(observer) = self.observers.get(&hosts) {
            return Ok(observer);
        }
        let observer = Arc::new(Observer::connect(&hosts).map_err(message)?);
        Ok(self.observers.with(|observers| observers.entry(hosts).or_insert(observer).clone()))
    }
}

/// The TLS addresses and files of a ZooKeeper, or `null` if it has no TLS.
fn tls(zookeeper: &ZooKeeper) -> Value {
    zookeeper.certificates().map_or(Value::Null, |certificates| {
        json!({
            "hosts": zookeeper.secure_hosts(),
            "ca": certificates.ca(),
            "cert": certificates.cert(),
            "key": certificates.key(),
            "stranger": certificates.stranger(),
            "stranger_key": certificates.stranger_key(),
        })
    })
}

/// Carries out a proxy's call that has no result.
fn switch(proxy: &Proxy, name: &str, call: &Call) -> Answer {
    match name {
        "clear_rules" => proxy.clear_rules(),
        "clear_frames" => proxy.clear_frames(),
        "hold_replies" => proxy.hold_replies(call.flag("on")?),
        "hold_requests" => proxy.hold_requests(call.flag("on")?),
        "stall" => proxy.stall(call.flag("on")?),
        "refuse" => proxy.refuse(call.flag("on")?),
        "delay" => proxy.delay(call.milliseconds("ms")?),
        "cut" => proxy.cut(),
        "reset" => proxy.reset(),
        _ => return unknown(&format!("proxy.{name}")),
    }
    Ok(Value::Null)
}

/// Waits until the proxy has seen `count` frames of a kind.
fn wait_for(proxy: &Proxy, call: &Call) -> Answer {
    let (op, count): (Op, usize) = (call.op()?, call.count_or("count", 1)?);
    let path = call.get("path").and_then(Value::as_str);
    let replies = match call.text("direction")? {
        "request" => false,
        "reply" => true,
        other => {
            return Err(format!(
                "the argument \"direction\" must be \"request\" or \"reply\", not {other:?}"
            ));
        }
    };
    let timeout: Duration = call.milliseconds("timeout_ms")?;
    let counts = |frame: &&Frame| {
        let kind = if replies { frame.is_reply(op) } else { frame.is_request(op) };
        kind && (path.is_none() || path == frame.path.as_deref())
    };
    Ok(json!(proxy.wait_for(timeout, |frames| frames.iter().filter(counts).count() >= count)))
}

fn frame(frame: &Frame) -> Value {
    json!({
        "connection": frame.connection,
        "direction": if frame.direction == Direction::ToServer { "request" } else { "reply" },
        "op": Op::name_of(frame.code),
        "code": frame.code,
        "xid": frame.xid,
        "path": frame.path,
        "error": frame.error,
        "passed": frame.passed,
        "at_ms": frame.at.as_secs_f64() * 1000.0,
    })
}

fn stat(stat: &Stat) -> Value {
    json!({
        "czxid": stat.czxid,
        "mzxid": stat.mzxid,
        "pzxid": stat.pzxid,
        "ctime": stat.ctime,
        "mtime": stat.mtime,
        "version": stat.version,
        "cversion": stat.cversion,
        // A text, because numbers in JavaScript are too small for session ids.
        "ephemeral_owner": stat.ephemeral_owner.to_string(),
        "num_children": stat.num_children,
    })
}

fn done(result: Result<(), Error>) -> Answer {
    result.map(|()| Value::Null).map_err(message)
}

fn unknown(name: &str) -> Answer {
    Err(format!("unknown call {name:?}"))
}

fn message(error: Error) -> String {
    error.to_string()
}
