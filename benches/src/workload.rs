//! The workloads and their contestants.

/// A workload, and the contestants that run it.
#[derive(Debug)]
pub(crate) struct Workload {
    /// The name in filters and files.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The goal of the design, for the reader. Nothing checks it.
    pub(crate) goal: &'static str,
    pub(crate) kind: Kind,
    pub(crate) crew: usize,
    pub(crate) processes: usize,
    /// The contestants. The first is ours, to which the others are compared.
    pub(crate) entries: &'static [Entry],
}

/// The recipe that a workload measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All threads or tasks contend for one mutex.
    Lock,
    /// Each thread or task has its own mutex.
    Locks,
    Add,
    /// All tasks acquire permits of one rate limiter.
    Permits,
}

/// A contestant in a workload.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) label: &'static str,
    pub(crate) program: Program,
    pub(crate) verb: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Program {
    Ours,
    /// zkcoord through its Python package.
    Python,
    /// zkcoord through its Node package.
    Node,
    Curator,
    Kazoo,
    /// The crate zookeeper-client with its own lock.
    Crate,
    /// The crate zookeeper-client without a recipe. One process is enough for a limit.
    Limit,
}

pub(crate) const PROGRAMS: [Program; 7] = [
    Program::Ours,
    Program::Python,
    Program::Node,
    Program::Curator,
    Program::Kazoo,
    Program::Crate,
    Program::Limit,
];

const fn ours(verb: &'static str) -> Entry {
    Entry { label: "ours", program: Program::Ours, verb }
}

const fn curator(verb: &'static str) -> Entry {
    Entry { label: "Curator", program: Program::Curator, verb }
}

const fn kazoo(verb: &'static str) -> Entry {
    Entry { label: "kazoo", program: Program::Kazoo, verb }
}

const fn own_crate(verb: &'static str) -> Entry {
    Entry { label: "crate", program: Program::Crate, verb }
}

const fn limit(verb: &'static str) -> Entry {
    Entry { label: "limit", program: Program::Limit, verb }
}

const fn variant(label: &'static str, program: Program, verb: &'static str) -> Entry {
    Entry { label, program, verb }
}

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "lock-1",
        title: "locks: 1 thread, a free mutex",
        goal: ">= 0.9 x limit, >= 2.0 x Curator",
        kind: Kind::Lock,
        crew: 1,
        processes: 1,
        entries: &[
            ours("lock"),
            variant("ours, drop", Program::Ours, "lock-drop"),
            curator("lock"),
            kazoo("lock"),
            own_crate("crate-lock"),
            limit("cycle"),
            variant("limit, drop", Program::Limit, "cycle-drop"),
        ],
    },
    Workload {
        name: "lock-8",
        title: "locks: 8 threads, one mutex",
        goal: ">= 2.3 x Curator, >= 2.0 x crate",
        kind: Kind::Lock,
        crew: 8,
        processes: 1,
        entries: &[
            ours("lock"),
            curator("lock"),
            kazoo("lock"),
            own_crate("crate-lock"),
            variant("serial write", Program::Limit, "hand-over"),
        ],
    },
    Workload {
        name: "lock-32",
        title: "locks: 32 tasks, one mutex",
        goal: ">= 50,000/s with hand-over inside the process",
        kind: Kind::Lock,
        crew: 32,
        processes: 1,
        entries: &[
            ours("lock-tasks"),
            variant("ours, handoff", Program::Ours, "lock-handoff"),
            curator("lock"),
            kazoo("lock"),
            own_crate("crate-lock"),
            variant("serial write", Program::Limit, "hand-over"),
        ],
    },
    Workload {
        name: "lock-4x4",
        title: "locks: 4 processes x 4 threads, one mutex",
        goal: ">= 4 x Curator",
        kind: Kind::Lock,
        crew: 4,
        processes: 4,
        entries: &[
            ours("lock"),
            curator("lock"),
            kazoo("lock"),
            own_crate("crate-lock"),
            variant("serial write", Program::Limit, "hand-over"),
        ],
    },
    Workload {
        name: "locks-16",
        title: "locks: 16 tasks, each its own mutex, one client",
        goal: ">= 10,000/s",
        kind: Kind::Locks,
        crew: 16,
        processes: 1,
        entries: &[
            ours("locks-tasks"),
            curator("locks"),
            kazoo("locks"),
            own_crate("crate-locks"),
            variant("pipelined", Program::Limit, "cycles"),
            variant("limit, multis", Program::Limit, "bursts"),
        ],
    },
    Workload {
        name: "locks-1000",
        title: "locks: 1000 tasks, each its own mutex, one client",
        goal: ">= 45,000/s",
        kind: Kind::Locks,
        crew: 1000,
        processes: 1,
        entries: &[
            ours("locks-tasks"),
            curator("locks"),
            kazoo("locks"),
            own_crate("crate-locks"),
            variant("pipelined", Program::Limit, "cycles"),
            variant("limit, multis", Program::Limit, "bursts"),
        ],
    },
    Workload {
        name: "add-1",
        title: "counters: 1 thread",
        goal: ">= 0.9 x limit",
        kind: Kind::Add,
        crew: 1,
        processes: 1,
        entries: &[ours("add"), curator("add"), kazoo("add"), limit("add")],
    },
    Workload {
        name: "add-16",
        title: "counters: 16 threads, one counter",
        goal: ">= 20,000/s",
        kind: Kind::Add,
        crew: 16,
        processes: 1,
        entries: &[ours("add"), curator("add"), kazoo("add"), limit("add")],
    },
    Workload {
        name: "add-1000",
        title: "counters: 1000 tasks, one counter (without the peers, whose 1000 threads only undo each other's writes)",
        goal: ">= 300,000/s",
        kind: Kind::Add,
        crew: 1000,
        processes: 1,
        entries: &[ours("add-tasks"), limit("add")],
    },
    Workload {
        name: "add-4x4",
        title: "counters: 4 processes x 4 threads, one counter",
        goal: ">= 5,000/s, none lost, fewest >= 0.3 of most",
        kind: Kind::Add,
        crew: 4,
        processes: 4,
        entries: &[ours("add"), curator("add"), kazoo("add"), limit("add")],
    },
    Workload {
        name: "permits-1000",
        title: "rate limiter: 1000 tasks, one limiter of 1,000,000 per second (the peers have none)",
        goal: "none set",
        kind: Kind::Permits,
        crew: 1000,
        processes: 1,
        entries: &[ours("permits-tasks"), limit("add")],
    },
    Workload {
        name: "overhead-lock",
        title: "overhead of a language: 1 thread or task, a free mutex",
        goal: "ours / it: Python <= 1.15, Node <= 1.25",
        kind: Kind::Lock,
        crew: 1,
        processes: 1,
        entries: &[
            ours("lock"),
            variant("ours, task", Program::Ours, "lock-tasks"),
            variant("Python", Program::Python, "lock"),
            variant("Node", Program::Node, "lock"),
        ],
    },
    Workload {
        name: "overhead-add",
        title: "overhead of a language: 1 thread or task, a counter",
        goal: "none set",
        kind: Kind::Add,
        crew: 1,
        processes: 1,
        entries: &[
            ours("add"),
            variant("ours, task", Program::Ours, "add-tasks"),
            variant("Python", Program::Python, "add"),
            variant("Node", Program::Node, "add"),
        ],
    },
];
