/* Invalid arguments: paths, text, numbers, hosts. nulls.c tests NULL. */
#include "support.h"

static zkcoord_client *client;
static zkcoord_mutex *mutex;
static zkcoord_guard *guard;
static zkcoord_rw_lock *rw_lock;
static zkcoord_multi_mutex *multi;
static zkcoord_semaphore *semaphore;
static zkcoord_mutex_options *mutex_options;
static zkcoord_counter *counter;
static bool flag;

static void bad_numbers_and_names(void) {
    static const int64_t invalid[] = {0, -1, INT64_MIN, INT64_MAX, (int64_t)INT32_MAX + 1, (INT64_C(1) << 32) + 1};
    static const char *const paths[] = {"/a"}, *const bad[] = {"/a", "b"}, *const binary[] = {"/a", "/\xff"};
    zkcoord_semaphore *no_semaphore = semaphore;
    zkcoord_multi_mutex *no_multi = multi;
    zkcoord_guard *held = guard;
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_semaphore_new(client, "/s", invalid[i], &no_semaphore, &err));
        CHECK(no_semaphore == NULL && message_has("permits "));
        EXPECT(INVALID_ARGUMENT, zkcoord_semaphore_acquire(semaphore, invalid[i], 0, &held, &err));
        CHECK(held == NULL && message_has("permits "));
        EXPECT(INVALID_ARGUMENT, zkcoord_semaphore_try_acquire(semaphore, invalid[i], &held, &err));
    }
    EXPECT(INVALID_ARGUMENT, zkcoord_semaphore_acquire(semaphore, 4, -1, &held, &err)); /* of 3 */
    CHECK(message_has("permits \"4\"") || message_has("permits 4"));
    zkcoord_semaphore *large = new_semaphore(client, "/large", INT32_MAX);
    EXPECT(INVALID_ARGUMENT, zkcoord_semaphore_acquire(large, 501, -1, &held, &err));
    CHECK(message_has("500"));
    zkcoord_semaphore_free(large);
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, paths, 0, &no_multi, &err));
    CHECK(no_multi == NULL && message_has("paths"));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, NULL, 0, &no_multi, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, paths, SIZE_MAX, &no_multi, &err));
    CHECK(message_has("length"));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, paths, SIZE_MAX / sizeof *paths, &no_multi, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, bad, 2, &no_multi, &err));
    CHECK(message_has("\"b\""));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, binary, 2, &no_multi, &err));
    CHECK(message_has("paths[1]"));
    static const char *const schemes[] = {"", "Curator", "zookeeper", "kazoo ", "\xff"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_mutex_options_set_scheme(mutex_options, schemes[i], &err));
        CHECK(message_has("scheme "));
    }
}

static void bad_handoffs(void) {
    static const int64_t invalid[] = {-1, INT64_MIN, INT64_MAX, INT64_C(1) << 32};
    static const char *const paths[] = {"/a"};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_mutex_options_set_handoff(mutex_options, invalid[i], &err));
        CHECK(message_has("handoff "));
    }
    zkcoord_mutex *made = NULL;
    zkcoord_rw_lock *no_lock = rw_lock;
    zkcoord_multi_mutex *no_multi = multi;
    zkcoord_reentrant_mutex *no_reentrant = NULL;
    OK(zkcoord_mutex_options_set_handoff(mutex_options, UINT32_MAX, &err));
    OK(zkcoord_mutex_new_with_options(client, "/a", mutex_options, &made, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_rw_lock_new_with_options(client, "/a", mutex_options, &no_lock, &err));
    CHECK(no_lock == NULL && message_has("handoff \"4294967295\""));
    EXPECT(INVALID_ARGUMENT,
           zkcoord_reentrant_mutex_new_with_options(client, "/a", mutex_options, &no_reentrant, &err));
    CHECK(no_reentrant == NULL && message_has("handoff "));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new_with_options(client, paths, 1, mutex_options, &no_multi, &err));
    CHECK(no_multi == NULL && message_has("handoff "));
    OK(zkcoord_mutex_options_set_handoff(mutex_options, 0, &err));
    zkcoord_mutex_free(made);
}

static void bad_counter_options(void) {
    static const char *const formats[] = {"", "I64", "i16", "i64 ", "\xff"};
    zkcoord_counter_options *options = zkcoord_counter_options_new();
    zkcoord_counter *no_counter = counter;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_counter_options_set_format(options, formats[i], &err));
        CHECK(message_has("format "));
    }
    OK(zkcoord_counter_options_set_default(options, INT64_C(1) << 31, &err));
    OK(zkcoord_counter_new_with_options(client, "/c", options, &no_counter, &err));
    zkcoord_counter_free(no_counter);
    OK(zkcoord_counter_options_set_format(options, "i32", &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_new_with_options(client, "/c", options, &no_counter, &err));
    CHECK(no_counter == NULL && message_has("default \"2147483648\""));
    OK(zkcoord_counter_options_set_default(options, 0, &err));
    OK(zkcoord_counter_options_set_min(options, 1, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_new_with_options(client, "/c", options, &no_counter, &err));
    CHECK(message_has("default \"0\""));
    OK(zkcoord_counter_options_set_max(options, INT64_MIN, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_new_with_options(client, "/c", options, &no_counter, &err));
    CHECK(message_has("min \"1\""));
    zkcoord_counter_options_free(options);
}

static void bad_striped_and_window_counters(void) {
    static const struct {
        int64_t window_ms, buckets;
        const char *message;
    } bad[] = {
        {0, 10, "window "},
        {-1, 10, "window \"-1\""},
        {INT64_MIN, 10, "window "},
        {INT64_MAX, 10, "window "},
        {1000, 0, "buckets \"0\""},
        {1000, -1, "buckets \"-1\""},
        {1000, 1001, "buckets \"1001\""},
        {1000, INT64_MAX, "buckets "},
        {1000, (INT64_C(1) << 32) + 1, "buckets \"4294967297\""},
        {86400000, 10001, "buckets "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        zkcoord_window_counter *none = NULL;
        EXPECT(INVALID_ARGUMENT,
               zkcoord_window_counter_new(client, "/w", bad[i].window_ms, bad[i].buckets, &none, &err));
        CHECK(none == NULL && message_has(bad[i].message));
    }
    zkcoord_striped_counter_options *options = zkcoord_striped_counter_options_new();
    zkcoord_striped_counter *striped = NULL;
    EXPECT(INVALID_ARGUMENT, zkcoord_striped_counter_options_set_flush_interval(options, -1, &err));
    CHECK(message_has("flush_interval \"-1\""));
    OK(zkcoord_striped_counter_options_set_flush_interval(options, INT64_MAX, &err)); /* then only flush() writes */
    OK(zkcoord_striped_counter_new_with_options(client, "/striped", options, &striped, &err));
    OK(zkcoord_striped_counter_add(striped, 1, &err));
    OK(zkcoord_striped_counter_flush(striped, 5000, &err));
    zkcoord_striped_counter_free(striped);
    zkcoord_striped_counter_options_free(options);
}

static void bad_rate_limiters(void) {
    static const struct {
        int64_t permits, per_ms;
        const char *message;
    } bad[] = {
        {0, 1000, "permits \"0\""},
        {-1, 1000, "permits \"-1\""},
        {INT64_MIN, 1000, "permits "},
        {INT64_MAX, 1000, "permits "},
        {1000001, 1000, "permits \"1000001\""},
        {3, 0, "per "},
        {3, -1, "per \"-1\""},
        {3, INT64_MIN, "per "},
        {3, INT64_MAX, "per "},
    };
    zkcoord_rate_limiter *limiter = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_new(client, "/l", bad[i].permits, bad[i].per_ms, &limiter, &err));
        CHECK(limiter == NULL && message_has(bad[i].message));
    }
    zkcoord_rate_limiter_options *options = zkcoord_rate_limiter_options_new();
    EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_options_set_burst(options, -1, &err));
    CHECK(message_has("burst \"-1\""));
    static const int64_t bursts[] = {0, INT64_MAX, 1000001};
    for (size_t i = 0; i < sizeof bursts / sizeof *bursts; i++) {
        OK(zkcoord_rate_limiter_options_set_burst(options, bursts[i], &err));
        EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_new_with_options(client, "/l", 3, 1000, options, &limiter, &err));
        CHECK(limiter == NULL && message_has("burst "));
    }
    zkcoord_rate_limiter_options_free(options);
    OK(zkcoord_rate_limiter_new(client, "/l", 3, 1000, &limiter, &err));
    static const int64_t permits[] = {0, -1, INT64_MIN, 4, INT64_MAX};
    for (size_t i = 0; i < sizeof permits / sizeof *permits; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_acquire(limiter, permits[i], -1, &err));
        CHECK(message_has("permits "));
        flag = true;
        EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_try_acquire(limiter, permits[i], &flag, &err));
        CHECK(!flag && message_has("permits "));
    }
    zkcoord_rate_limiter_free(limiter);
}

static void check_miss_guard_is_refused(int64_t threshold, int64_t window_ms, int64_t hold_ms, const char *message) {
    zkcoord_miss_guard_options *options = zkcoord_miss_guard_options_new();
    zkcoord_miss_guard *none = NULL;
    OK(zkcoord_miss_guard_options_set_threshold(options, threshold, &err));
    OK(zkcoord_miss_guard_options_set_window(options, window_ms, &err));
    OK(zkcoord_miss_guard_options_set_hold(options, hold_ms, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_new_with_options(client, "/misses", options, &none, &err));
    CHECK(none == NULL && message_has(message));
    zkcoord_miss_guard_options_free(options);
}

static void bad_miss_guards(void) {
    static const int64_t invalid[] = {-1, INT64_MIN};
    zkcoord_miss_guard_options *options = zkcoord_miss_guard_options_new();
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_options_set_threshold(options, invalid[i], &err));
        CHECK(message_has("threshold \"-"));
        EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_options_set_window(options, invalid[i], &err));
        CHECK(message_has("window \"-"));
        EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_options_set_hold(options, invalid[i], &err));
        CHECK(message_has("hold \"-"));
    }
    EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_options_set_threshold(options, INT64_MAX, &err));
    CHECK(message_has("threshold \"9223372036854775807\""));
    zkcoord_miss_guard_options_free(options);
    check_miss_guard_is_refused(0, 1000, 1000, "threshold \"0\"");
    check_miss_guard_is_refused(1001, 1000, 1000, "threshold \"1001\"");
    check_miss_guard_is_refused(3, 0, 1000, "window ");
    check_miss_guard_is_refused(3, 1000, INT64_MAX, "hold ");
    const uint8_t key[] = {1};
    zkcoord_miss_guard *guard_of_misses = NULL;
    zkcoord_load_turn *none = NULL;
    OK(zkcoord_miss_guard_new(client, "/misses", &guard_of_misses, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_begin(guard_of_misses, key, SIZE_MAX, -1, &none, &err));
    CHECK(message_has("length"));
    EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_forget(guard_of_misses, key, SIZE_MAX, -1, &err));
    zkcoord_miss_guard_free(guard_of_misses);
}

static void check_path_is_refused(const char *path) {
    zkcoord_rw_lock *no_lock = rw_lock;
    zkcoord_semaphore *no_semaphore = semaphore;
    zkcoord_multi_mutex *no_multi = multi;
    EXPECT(INVALID_ARGUMENT, zkcoord_rw_lock_new(client, path, &no_lock, &err));
    CHECK(no_lock == NULL && message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_semaphore_new(client, path, 3, &no_semaphore, &err));
    CHECK(no_semaphore == NULL && message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_multi_mutex_new(client, &path, 1, &no_multi, &err));
    CHECK(no_multi == NULL && message_has("paths"));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_set_data(guard, path, NULL, 0, -1, 1000, &err));
    CHECK(message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_create(guard, path, NULL, 0, 1000, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_delete(guard, path, -1, 1000, &err));
    flag = true;
    EXPECT(INVALID_ARGUMENT, zkcoord_client_request_revoke(client, path, 1000, &flag, &err));
    CHECK(!flag && message_has("node "));
    zkcoord_mutex *no_mutex = mutex;
    zkcoord_reentrant_mutex *no_reentrant = NULL;
    zkcoord_counter *no_counter = counter;
    EXPECT(INVALID_ARGUMENT, zkcoord_mutex_new(client, path, &no_mutex, &err));
    CHECK(no_mutex == NULL && message_has("path ") && strlen(last_message) < 300);
    EXPECT(INVALID_ARGUMENT, zkcoord_reentrant_mutex_new(client, path, &no_reentrant, &err));
    CHECK(no_reentrant == NULL && message_has("path "));
    zkcoord_striped_counter *no_striped = NULL;
    zkcoord_window_counter *no_window = NULL;
    zkcoord_rate_limiter *no_limiter = NULL;
    zkcoord_miss_guard *no_miss_guard = NULL;
    EXPECT(INVALID_ARGUMENT, zkcoord_striped_counter_new(client, path, &no_striped, &err));
    CHECK(no_striped == NULL && message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_window_counter_new(client, path, 1000, 10, &no_window, &err));
    CHECK(no_window == NULL && message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_rate_limiter_new(client, path, 3, 1000, &no_limiter, &err));
    CHECK(no_limiter == NULL && message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_miss_guard_new(client, path, &no_miss_guard, &err));
    CHECK(no_miss_guard == NULL && message_has("path "));
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_new(client, path, &no_counter, &err));
    CHECK(no_counter == NULL && message_has("path "));
}

static void bad_paths(void) {
    static const char *const paths[] = {
        "",        "locks", "/",   "//",        "/a//b",  "/a/",      "/.",        "/..",   "/a/./b",
        "/a/../b", "/a\nb", " /a", "/\xff\xfe", "/a\xc3", "\xc3\xa4", "/\xc0\xaf", "/\x7f", "/a\x01",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) check_path_is_refused(paths[i]);
    static char huge[10001];
    memset(huge, 'x', sizeof huge - 1);
    check_path_is_refused(huge);
    huge[0] = '/';
    check_path_is_refused(huge);
    CHECK(message_has("10000 bytes"));
    memset(huge, '\xff', sizeof huge - 1);
    check_path_is_refused(huge);
}

static void bad_hosts(void) {
    static const char *const bad[] = {
        "",           " ",        ",",         ":",          "host:",         "host:port", "host:-1",
        "host:70000", "a:1,,b:2", ":1",        "[::1",       "[::1]x:2181",   "/chroot",   "h:1/a//b",
        "h:1/../b",   "h:1/a/",   "\xff:2181", "ftp://host", "tcp+tls://a,b",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        zkcoord_client *out = client;
        EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(bad[i], NULL, &out, &err));
        CHECK(out == NULL && message_has("hosts"));
    }
}

int main(void) {
    set_up("arguments");
    client = new_client();
    mutex = new_mutex(client, "/m");
    guard = acquire(mutex);
    counter = new_counter(client, "/c");
    mutex_options = zkcoord_mutex_options_new();
    semaphore = new_semaphore(client, "/s", 3);
    OK(zkcoord_rw_lock_new(client, "/rw", &rw_lock, &err));
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/a", "/b"}, 2, &multi, &err));
    RUN(bad_numbers_and_names);
    RUN(bad_handoffs);
    RUN(bad_counter_options);
    RUN(bad_striped_and_window_counters);
    RUN(bad_rate_limiters);
    RUN(bad_miss_guards);
    RUN(bad_paths);
    RUN(bad_hosts);
    zkcoord_multi_mutex_free(multi);
    zkcoord_rw_lock_free(rw_lock);
    zkcoord_semaphore_free(semaphore);
    zkcoord_mutex_options_free(mutex_options);
    zkcoord_counter_free(counter);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
