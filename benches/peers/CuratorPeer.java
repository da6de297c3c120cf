import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryNTimes;

/** Curator as a contestant. Reads jobs from stdin and answers each with its score; see benches/README.md. */
public final class CuratorPeer {
    private final CuratorFramework client;

    private CuratorPeer(CuratorFramework client) {
        this.client = client;
    }

    public static void main(String[] arguments) throws Exception {
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(arguments[0], new ExponentialBackoffRetry(100, 10));
        client.start();
        client.blockUntilConnected();
        CuratorPeer peer = new CuratorPeer(client);
        ExecutorService jobs = Executors.newSingleThreadExecutor();
        System.out.println("ready");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            jobs.submit(() -> System.out.println(peer.answer(words)));
        }
        // The harness has ended, so nothing needs the jobs that still run.
        Runtime.getRuntime().halt(0);
    }

    private String answer(String[] words) {
        try {
            return run(words[1], Integer.parseInt(words[2]), Double.parseDouble(words[3]), words[4]);
        } catch (Exception error) {
            return "failed: " + error.toString().replace('\n', ' ');
        }
    }

    private String run(String verb, int crew, double seconds, String path) throws Exception {
        // The threads are started before the clock.
        ExecutorService threads = Executors.newFixedThreadPool(crew);
        CountDownLatch ready = new CountDownLatch(crew);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<long[]>> members = new ArrayList<>();
        for (int number = 0; number < crew; number++) {
            Callable<Boolean> operation = operation(verb, path, number);
            members.add(threads.submit(() -> {
                ready.countDown();
                go.await();
                return laps(operation, seconds);
            }));
        }
        ready.await();
        long start = System.nanoTime();
        go.countDown();
        List<long[]> laps = new ArrayList<>();
        for (Future<long[]> member : members) {
            laps.add(member.get());
        }
        double took = (System.nanoTime() - start) / 1e9;
        threads.shutdown();
        return score(laps, took);
    }

    private Callable<Boolean> operation(String verb, String path, int number) {
        switch (verb) {
            case "lock":
                return cycle(new InterProcessMutex(client, path));
            case "locks":
                return cycle(new InterProcessMutex(client, path + "/" + number));
            case "add":
                // Retries at once and forever, the policy with which it counts fastest.
                DistributedAtomicLong counter =
                        new DistributedAtomicLong(client, path, new RetryNTimes(Integer.MAX_VALUE, 0));
                return () -> counter.increment().succeeded();
            default:
                throw new IllegalArgumentException("Curator does not " + verb);
        }
    }

    private static Callable<Boolean> cycle(InterProcessMutex mutex) {
        return () -> {
            mutex.acquire();
            mutex.release();
            return true;
        };
    }

    /** Repeats the operation and returns the times of those that succeeded, in nanoseconds. */
    private static long[] laps(Callable<Boolean> operation, double seconds) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        LongStream.Builder times = LongStream.builder();
        for (long start = System.nanoTime(); start < end; start = System.nanoTime()) {
            if (operation.call()) {
                times.add(System.nanoTime() - start);
            }
        }
        return times.build().toArray();
    }

    private static String score(List<long[]> laps, double took) {
        long[] times = laps.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        int fewest = laps.stream().mapToInt(member -> member.length).min().orElse(0);
        int most = laps.stream().mapToInt(member -> member.length).max().orElse(0);
        return String.format(java.util.Locale.ROOT, "done %d %.6f %.1f %.1f %d %d",
                times.length, took, quantile(times, 0.5), quantile(times, 0.99), fewest, most);
    }

    private static double quantile(long[] sorted, double q) {
        return sorted.length == 0 ? 0 : sorted[Math.min((int) (sorted.length * q), sorted.length - 1)] / 1e3;
    }
}
