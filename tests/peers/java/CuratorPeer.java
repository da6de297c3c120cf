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
    /** The longest wait for a lock: longer than it ever takes, short enough to notice a hang. */
    private static final int TIMEOUT_MS = 20_000;

    private final CuratorFramework client;
    /** The locks by kind and path. One thread uses all of them, as Curator's reentrancy and downgrade require. */
    private final Map<String, Lock> locks = new HashMap<>();

    /** The counters by kind and path. */
    private final Map<String, Counter> counters = new HashMap<>();

    /** True after the revocation of a revocable lock was requested. */
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

    /** Returns the lock of that kind and path, which is created on first use. */
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
                revocable.makeRevocable(requested -> revoked = true);
                put(kind, path, revocable);
                break;
            case "read":
            case "write":
                // The read lock needs the write lock to allow a downgrade.
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

    /** Returns the counter of that kind and path, which is created on first use. */
    private Counter counter(String kind, String path) throws Exception {
        Counter known = counters.get(kind + " " + path);
        if (known != null) {
            return known;
        }
        // Retries a conflicting add at once, until it is done.
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
        String holder = "curator-" + ProcessHandle.current().pid();
        for (int round = 0; round < rounds; round++) {
            String node = lock.acquire(TIMEOUT_MS);
            if (node == null) {
                throw new IOException("timed out acquiring the lock in round " + round);
            }
            switch (kind) {
                case "read":
                    holdShared(folder, holder, node);
                    break;
                case "semaphore":
                    holdPermit(folder, holder, node, Integer.parseInt(max));
                    break;
                default:
                    holdExclusively(folder, holder, node);
            }
            lock.release();
        }
    }

    private static void holdExclusively(Path folder, String holder, String node) throws IOException {
        Path exclusive = folder.resolve("exclusive");
        Files.createFile(exclusive);
        try (Stream<Path> readers = Files.list(folder.resolve("readers"))) {
            var reader = readers.findAny();
            if (reader.isPresent()) {
                throw new IOException("overlap: " + node + " sees " + reader.get());
            }
        }
        record(folder, holder + " exclusive " + node);
        Files.delete(exclusive);
    }

    private static void holdShared(Path folder, String holder, String node) throws IOException {
        Path reader = folder.resolve("readers").resolve(holder);
        Files.createFile(reader);
        if (Files.exists(folder.resolve("exclusive"))) {
            throw new IOException("overlap: " + node + " sees an exclusive holder");
        }
        record(folder, holder + " shared " + node);
        Files.delete(reader);
    }

    private static void holdPermit(Path folder, String holder, String node, int max) throws IOException {
        Path reader = folder.resolve("readers").resolve(holder);
        Files.createFile(reader);
        try (Stream<Path> readers = Files.list(folder.resolve("readers"))) {
            long inside = readers.count();
            if (inside > max) {
                throw new IOException("overlap: " + node + " is one of " + inside);
            }
        }
        record(folder, holder + " shared " + node);
        Files.delete(reader);
    }

    /** Appends the line in one write, so that lines of several processes do not mix. */
    private static void record(Path folder, String line) throws IOException {
        Files.writeString(folder.resolve("journal"), line + "\n", StandardOpenOption.APPEND);
    }

    /** The common interface of all kinds of locks. */
    private interface Lock {
        /** Returns the name of the lock's node, or null after the timeout. */
        String acquire(long timeoutMs) throws Exception;

        void release() throws Exception;
    }

    /** A lock that returns its node. Curator's locks allow only their subclasses to read it. */
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

    /** The common interface of all kinds of counters. */
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
            // After a conflict the loop reads the new value and tries again.
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
