import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicInteger;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicNumber;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryNTimes;

/** Curator's locks and counters for the tests of zkcoord. The commands are described in ../README.md. */
public final class CuratorPeer {
    private static final int SESSION_MS = 10_000;
    private static final int CONNECT_MS = 10_000;
    /** Longer than any turn takes, short enough to notice a hang. */
    private static final int PATIENCE_MS = 20_000;

    private final CuratorFramework client;
    /** By kind and path. All of them are used by one thread, as Curator's reentrancy and downgrade demand. */
    private final Map<String, Lock> locks = new HashMap<>();

    /** By kind and path. */
    private final Map<String, Counter> counters = new HashMap<>();

    /** Whether somebody has asked for a revocable lock. */
    private volatile boolean revoked;

    private CuratorPeer(CuratorFramework client) {
        this.client = client;
    }

    public static void main(String[] arguments) throws Exception {
        var retry = new ExponentialBackoffRetry(100, 5);
        try (var client = CuratorFrameworkFactory.newClient(arguments[0], SESSION_MS, CONNECT_MS, retry)) {
            client.start();
            if (!client.blockUntilConnected(CONNECT_MS, TimeUnit.MILLISECONDS)) {
                throw new IOException("no connection to " + arguments[0]);
            }
            System.out.println("ok");
            var peer = new CuratorPeer(client);
            var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line; (line = commands.readLine()) != null; ) {
                System.out.println(peer.answer(line.split(" ")));
            }
        }
    }

    private String answer(String[] words) {
        try {
            switch (words[0]) {
                case "acquire":
                    String node = lock(words, words.length > 4 ? words[4] : null).acquire(Long.parseLong(words[3]));
                    return node == null ? "busy" : "ok " + node;
                case "release":
                    lock(words, null).release();
                    return "ok";
                case "contend":
                    String max = words.length > 5 ? words[5] : null;
                    contend(words[1], lock(words, max), Integer.parseInt(words[3]), Path.of(words[4]), max);
                    return "ok";
                case "revoke":
                    Revoker.attemptRevoke(client, words[1]);
                    return "ok";
                case "revoked":
                    return "ok " + revoked;
                case "session":
                    return "ok " + client.getZookeeperClient().getZooKeeper().getSessionId();
                case "count":
                    Counter counter = counter(words[1], words[2]);
                    for (int left = Integer.parseInt(words[3]); left > 0; left--) {
                        counter.increment();
                    }
                    return "ok";
                case "value":
                    return "ok " + counter(words[1], words[2]).value();
                case "set":
                    counter(words[1], words[2]).set(words[3]);
                    return "ok";
                default:
                    return "error unknown command " + words[0];
            }
        } catch (Exception e) {
            return ("error " + e).replace('\n', ' ');
        }
    }

    /** The lock of that kind and path, made when it is first asked for. */
    private Lock lock(String[] words, String max) {
        String kind = words[1];
        String path = words[2];
        Lock known = locks.get(kind + " " + path);
        if (known != null) {
            return known;
        }
        switch (kind) {
            case "mutex":
                put(kind, path, new Mutex(client, path));
                break;
            case "revocable":
                var revocable = new Mutex(client, path);
                revocable.makeRevocable(asked -> revoked = true);
                put(kind, path, revocable);
                break;
            case "read":
            case "write":
                // The two know each other: that is what makes a downgrade possible.
                var write = new Write(client, path);
                put("write", path, write);
                put("read", path, new Read(client, path, write));
                break;
            case "semaphore":
                locks.put(kind + " " + path, new Semaphore(client, path, Integer.parseInt(max)));
                break;
            default:
                throw new IllegalArgumentException("unknown kind " + kind);
        }
        return locks.get(kind + " " + path);
    }

    private <L extends InterProcessLock & Located> void put(String kind, String path, L lock) {
        locks.put(kind + " " + path, new Lock() {
            @Override
            public String acquire(long timeoutMs) throws Exception {
                return lock.acquire(timeoutMs, TimeUnit.MILLISECONDS) ? nameOf(lock.getLockPath()) : null;
            }

            @Override
            public void release() throws Exception {
                lock.release();
            }
        });
    }

    /** The counter of that kind and path, made when it is first asked for. */
    private Counter counter(String kind, String path) throws Exception {
        Counter known = counters.get(kind + " " + path);
        if (known != null) {
            return known;
        }
        // Tries again at once, until its add is done.
        var retry = new RetryNTimes(Integer.MAX_VALUE, 0);
        Counter counter;
        switch (kind) {
            case "long":
                counter = new AtomicCounter<>(new DistributedAtomicLong(client, path, retry), Long::valueOf);
                break;
            case "integer":
                counter = new AtomicCounter<>(new DistributedAtomicInteger(client, path, retry), Integer::valueOf);
                break;
            case "shared":
                counter = new SharedCounter(client, path);
                break;
            default:
                throw new IllegalArgumentException("unknown kind " + kind);
        }
        counters.put(kind + " " + path, counter);
        return counter;
    }

    private static String nameOf(String node) {
        return node.substring(node.lastIndexOf('/') + 1);
    }

    private static void contend(String kind, Lock lock, int rounds, Path folder, String max) throws Exception {
        String who = "curator-" + ProcessHandle.current().pid();
        for (int round = 0; round < rounds; round++) {
            String node = lock.acquire(PATIENCE_MS);
            if (node == null) {
                throw new IOException("waited in vain in round " + round);
            }
            switch (kind) {
                case "read":
                    beReader(folder, who, node);
                    break;
                case "semaphore":
                    beOneOf(folder, who, node, Integer.parseInt(max));
                    break;
                default:
                    beAlone(folder, who, node);
            }
            lock.release();
        }
    }

    private static void beAlone(Path folder, String who, String node) throws IOException {
        Path alone = folder.resolve("alone");
        Files.createFile(alone);
        try (Stream<Path> readers = Files.list(folder.resolve("readers"))) {
            var reader = readers.findAny();
            if (reader.isPresent()) {
                throw new IOException("overlap: " + node + " sees " + reader.get());
            }
        }
        record(folder, who + " alone " + node);
        Files.delete(alone);
    }

    private static void beReader(Path folder, String who, String node) throws IOException {
        Path reader = folder.resolve("readers").resolve(who);
        Files.createFile(reader);
        if (Files.exists(folder.resolve("alone"))) {
            throw new IOException("overlap: " + node + " sees somebody who must be alone");
        }
        record(folder, who + " shared " + node);
        Files.delete(reader);
    }

    private static void beOneOf(Path folder, String who, String node, int max) throws IOException {
        Path reader = folder.resolve("readers").resolve(who);
        Files.createFile(reader);
        try (Stream<Path> readers = Files.list(folder.resolve("readers"))) {
            long inside = readers.count();
            if (inside > max) {
                throw new IOException("overlap: " + node + " is one of " + inside);
            }
        }
        record(folder, who + " shared " + node);
        Files.delete(reader);
    }

    /** One write of one line to the end: lines of several processes do not mix. */
    private static void record(Path folder, String line) throws IOException {
        Files.writeString(folder.resolve("journal"), line + "\n", StandardOpenOption.APPEND);
    }

    /** What all kinds have in common. */
    private interface Lock {
        /** The name of the lock's node, or null when the time has passed. */
        String acquire(long timeoutMs) throws Exception;

        void release() throws Exception;
    }

    /** Curator's locks know their nodes, but tell only their subclasses. */
    private interface Located {
        String getLockPath();
    }

    private static final class Mutex extends InterProcessMutex implements Located {
        Mutex(CuratorFramework client, String path) {
            super(client, path);
        }

        @Override
        public String getLockPath() {
            return super.getLockPath();
        }
    }

    private static final class Write extends InterProcessReadWriteLock.WriteLock implements Located {
        Write(CuratorFramework client, String path) {
            super(client, path, null);
        }

        @Override
        public String getLockPath() {
            return super.getLockPath();
        }
    }

    private static final class Read extends InterProcessReadWriteLock.ReadLock implements Located {
        Read(CuratorFramework client, String path, Write write) {
            super(client, path, null, write);
        }

        @Override
        public String getLockPath() {
            return super.getLockPath();
        }
    }

    private static final class Semaphore implements Lock {
        private final InterProcessSemaphoreV2 semaphore;
        private final Deque<Lease> leases = new ArrayDeque<>();

        Semaphore(CuratorFramework client, String path, int max) {
            semaphore = new InterProcessSemaphoreV2(client, path, max);
        }

        @Override
        public String acquire(long timeoutMs) throws Exception {
            Lease lease = semaphore.acquire(timeoutMs, TimeUnit.MILLISECONDS);
            if (lease == null) {
                return null;
            }
            leases.push(lease);
            return lease.getNodeName();
        }

        @Override
        public void release() {
            semaphore.returnLease(leases.pop());
        }
    }

    /** What all counters have in common. */
    private interface Counter {
        void increment() throws Exception;

        Number value() throws Exception;

        void set(String value) throws Exception;
    }

    private static final class AtomicCounter<N extends Number> implements Counter {
        private final DistributedAtomicNumber<N> number;
        private final Function<String, N> parse;

        AtomicCounter(DistributedAtomicNumber<N> number, Function<String, N> parse) {
            this.number = number;
            this.parse = parse;
        }

        @Override
        public void increment() throws Exception {
            succeeded(number.increment());
        }

        @Override
        public Number value() throws Exception {
            return succeeded(number.get());
        }

        @Override
        public void set(String value) throws Exception {
            number.forceSet(parse.apply(value));
        }

        private N succeeded(AtomicValue<N> outcome) throws IOException {
            if (!outcome.succeeded()) {
                throw new IOException("the counter gave up");
            }
            return outcome.postValue();
        }
    }

    private static final class SharedCounter implements Counter {
        private final SharedCount count;

        SharedCounter(CuratorFramework client, String path) throws Exception {
            count = new SharedCount(client, path, 0);
            count.start();
        }

        @Override
        public void increment() throws Exception {
            // A try that comes too late reads the new value.
            for (var seen = count.getVersionedValue(); !count.trySetCount(seen, seen.getValue() + 1); ) {
                seen = count.getVersionedValue();
            }
        }

        @Override
        public Number value() {
            return count.getCount();
        }

        @Override
        public void set(String value) throws Exception {
            count.setCount(Integer.parseInt(value));
        }
    }
}
