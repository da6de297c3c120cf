/* The rate limiter: its options reach the core, and its answers the caller. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_rate_limiter *new_limiter(zkcoord_client *client, const char *path, int64_t permits, int64_t per_ms) {
    zkcoord_rate_limiter *limiter = NULL;
    OK(zkcoord_rate_limiter_new(client, path, permits, per_ms, &limiter, &err));
    return limiter;
}

static zkcoord_rate_limiter *new_limiter_of(const char *path, int64_t permits, int64_t per_ms, int64_t burst) {
    zkcoord_rate_limiter_options *options = zkcoord_rate_limiter_options_new();
    zkcoord_rate_limiter *limiter = NULL;
    OK(zkcoord_rate_limiter_options_set_burst(options, burst, &err));
    OK(zkcoord_rate_limiter_new_with_options(one, path, permits, per_ms, options, &limiter, &err));
    zkcoord_rate_limiter_options_free(options); /* borrowed for the call only */
    return limiter;
}

static bool try_acquire(zkcoord_rate_limiter *limiter, int64_t permits) {
    bool granted = false;
    OK(zkcoord_rate_limiter_try_acquire(limiter, permits, &granted, &err));
    return granted;
}

static void permits_are_for_all_clients_together(void) {
    zkcoord_rate_limiter *mine = new_limiter(one, "/limit", 3, 3600000),
                         *theirs = new_limiter(two, "/limit", 3, 3600000);
    OK(zkcoord_rate_limiter_acquire(mine, 1, 5000, &err));
    CHECK(try_acquire(theirs, 2));
    CHECK(!try_acquire(mine, 1) && !try_acquire(theirs, 1));
    EXPECT(TIMEOUT, zkcoord_rate_limiter_acquire(theirs, 1, 200, &err));
    EXPECT(TIMEOUT, zkcoord_rate_limiter_acquire(theirs, 1, 0, &err));
    zkcoord_stats *stats = NULL;
    OK(zkcoord_rate_limiter_stats(mine, &stats, &err));
    CHECK(zkcoord_stats_count(stats) == 1 && zkcoord_stats_timeouts(stats) == 0);
    zkcoord_stats_free(stats);
    zkcoord_rate_limiter_free(theirs);
    zkcoord_rate_limiter_free(mine);
}

static void permits_become_free_with_time(void) {
    zkcoord_rate_limiter *limiter = new_limiter(one, "/soon", 2, 1000);
    int64_t start = now_ms();
    for (int i = 0; i < 3; i++) OK(zkcoord_rate_limiter_acquire(limiter, 2, -1, &err));
    CHECK(now_ms() - start >= 2000); /* from the first to the third there are two periods */
    zkcoord_rate_limiter_free(limiter);
}

static void a_burst_limits_the_permits_at_once(void) {
    zkcoord_rate_limiter *smooth = new_limiter_of("/smooth", 100, 3600000, 2),
                         *coarse = new_limiter_of("/coarse", 1, 3600000, 5);
    CHECK(try_acquire(smooth, 2) && !try_acquire(smooth, 1));
    CHECK(try_acquire(coarse, 5) && !try_acquire(coarse, 1));
    EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_acquire(smooth, 3, -1, &err));
    CHECK(message_has("permits \"3\""));
    zkcoord_rate_limiter_free(coarse);
    zkcoord_rate_limiter_free(smooth);
}

static void clients_must_give_the_same_limit(void) {
    zkcoord_rate_limiter *mine = new_limiter(one, "/alike", 3, 1000), *theirs = new_limiter(two, "/alike", 4, 1000);
    bool granted = true;
    CHECK(try_acquire(mine, 1));
    EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_try_acquire(theirs, 1, &granted, &err));
    CHECK(!granted && message_has("permits ") && message_has("/alike"));
    CHECK(observe("create", "/no-limiter", "abc") == 0);
    zkcoord_rate_limiter *bad = new_limiter(one, "/no-limiter", 3, 1000);
    EXPECT(BAD_DATA, zkcoord_rate_limiter_acquire(bad, 1, 5000, &err));
    zkcoord_rate_limiter_free(bad);
    zkcoord_rate_limiter_free(theirs);
    zkcoord_rate_limiter_free(mine);
}

int main(void) {
    set_up("rate_limiter");
    one = new_client();
    two = new_client();
    RUN(permits_are_for_all_clients_together);
    RUN(permits_become_free_with_time);
    RUN(a_burst_limits_the_permits_at_once);
    RUN(clients_must_give_the_same_limit);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
