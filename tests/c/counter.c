/* The counter, its options and its watch. */
#include "support.h"

static void every_operation_returns_its_value(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/ops");
    int64_t value = -1;
    bool written = false;
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 0); /* there is no node yet */
    OK(zkcoord_counter_add(counter, 5, 5000, &value, &err));
    CHECK(value == 5);
    OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    CHECK(value == 6);
    OK(zkcoord_counter_decrement(counter, 5000, &value, &err));
    CHECK(value == 5);
    OK(zkcoord_counter_add(counter, -12, 5000, &value, &err));
    CHECK(value == -7);
    OK(zkcoord_counter_set(counter, 40, 5000, &err));
    OK(zkcoord_counter_get_and_set(counter, 41, 5000, &value, &err));
    CHECK(value == 40);
    OK(zkcoord_counter_compare_and_set(counter, 41, 42, 5000, &written, &err));
    CHECK(written);
    OK(zkcoord_counter_compare_and_set(counter, 41, 43, 5000, &written, &err));
    CHECK(!written);
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 42);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static void overflow_writes_nothing(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/overflow");
    int64_t value = 1;
    OK(zkcoord_counter_set(counter, INT64_MAX, 5000, &err));
    EXPECT(OVERFLOW, zkcoord_counter_increment(counter, 5000, &value, &err));
    CHECK(value == 0);
    EXPECT(OVERFLOW, zkcoord_counter_add(counter, INT64_MAX, 5000, &value, &err));
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == INT64_MAX);
    OK(zkcoord_counter_set(counter, INT64_MIN, 5000, &err));
    EXPECT(OVERFLOW, zkcoord_counter_decrement(counter, 5000, &value, &err));
    EXPECT(OVERFLOW, zkcoord_counter_add(counter, INT64_MIN, 5000, &value, &err));
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == INT64_MIN);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static void three_bytes_are_bad_data(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/bad");
    int64_t value = 1;
    bool written = true;
    CHECK(observe("create", "/bad", "abc") == 0);
    EXPECT(BAD_DATA, zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 0 && message_has("/bad"));
    EXPECT(BAD_DATA, zkcoord_counter_add(counter, 1, 5000, &value, &err));
    EXPECT(BAD_DATA, zkcoord_counter_get_and_set(counter, 1, 5000, &value, &err));
    EXPECT(BAD_DATA, zkcoord_counter_compare_and_set(counter, 0, 1, 5000, &written, &err));
    CHECK(!written);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

enum { THREADS = 4, ADDS = 100 };

static void *add_many(void *counter) {
    intptr_t failures = 0;
    for (int i = 0; i < ADDS; i++) {
        int64_t value;
        failures += zkcoord_counter_increment(counter, 20000, &value, NULL) != ZKCOORD_STATUS_OK;
    }
    return (void *)failures;
}

static void concurrent_adds_all_count(void) {
    zkcoord_client *clients[] = {new_client(), new_client()};
    zkcoord_counter *counters[] = {new_counter(clients[0], "/many"), new_counter(clients[1], "/many")};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, add_many, counters[i % 2]) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *failures = NULL;
        pthread_join(threads[i], &failures);
        CHECK(failures == NULL);
    }
    int64_t value = 0;
    OK(zkcoord_counter_get(counters[0], 5000, &value, &err));
    CHECK(value == THREADS * ADDS);
    for (int i = 0; i < 2; i++) {
        zkcoord_counter_free(counters[i]);
        zkcoord_client_free(clients[i]);
    }
}

static void extreme_timeouts_are_accepted(void) {
    const int64_t timeouts[] = {INT64_MAX, INT64_MAX / 1000, INT64_MIN, -1, 0};
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/extreme");
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        int64_t value = 0;
        OK(zkcoord_counter_increment(counter, timeouts[i], &value, &err));
        CHECK(value == (int64_t)i + 1);
        OK(zkcoord_counter_get(counter, timeouts[i], &value, &err));
        CHECK(value == (int64_t)i + 1);
    }
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static zkcoord_counter *new_counter_of(zkcoord_client *client, const char *path, const char *format) {
    zkcoord_counter_options *options = zkcoord_counter_options_new();
    zkcoord_counter *counter = NULL;
    OK(zkcoord_counter_options_set_format(options, format, &err));
    OK(zkcoord_counter_new_with_options(client, path, options, &counter, &err));
    zkcoord_counter_options_free(options); /* borrowed for the call only */
    return counter;
}

static void a_format_determines_the_data_of_the_node(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *small = new_counter_of(client, "/i32", "i32"), *large = new_counter_of(client, "/i32", "i64");
    zkcoord_counter *text = new_counter_of(client, "/text", "text");
    int64_t value = 0;
    OK(zkcoord_counter_set(text, -12, 5000, &err));
    CHECK(observe("holds", "/text", "-12") == 0);
    OK(zkcoord_counter_set(small, INT32_MAX, 5000, &err));
    EXPECT(OVERFLOW, zkcoord_counter_increment(small, 5000, &value, &err));
    EXPECT(BAD_DATA, zkcoord_counter_get(large, 5000, &value, &err));
    CHECK(message_has("4 bytes") && message_has("i64"));
    zkcoord_counter_free(text);
    zkcoord_counter_free(large);
    zkcoord_counter_free(small);
    zkcoord_client_free(client);
}

static void bounds_and_default_apply(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter_options *options = zkcoord_counter_options_new();
    zkcoord_counter *counter = NULL;
    int64_t value = 0;
    OK(zkcoord_counter_options_set_default(options, 7, &err));
    OK(zkcoord_counter_options_set_min(options, 5, &err));
    OK(zkcoord_counter_options_set_max(options, 8, &err));
    OK(zkcoord_counter_options_set_exactly_once(options, false, &err));
    OK(zkcoord_counter_new_with_options(client, "/bounds", options, &counter, &err));
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 7 && observe("holds", "/bounds", "") != 0); /* there is no node yet */
    OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    CHECK(value == 8 && observe("count", "/bounds", "") == 0); /* no child, because exactly_once is off */
    EXPECT(OVERFLOW, zkcoord_counter_increment(counter, 5000, &value, &err));
    CHECK(message_has("max 8"));
    EXPECT(OVERFLOW, zkcoord_counter_set(counter, 4, 5000, &err));
    CHECK(message_has("min 5"));
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 8);
    zkcoord_counter_free(counter);
    zkcoord_counter_options_free(options);
    zkcoord_client_free(client);
}

static void a_change_creates_a_child_that_resolves_lost_replies(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/once");
    int64_t value = 0;
    OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    CHECK(observe("count", "/once", "") == 1);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static void a_value_is_read_with_its_version(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/version");
    int64_t value = 7;
    int32_t version = 7;
    OK(zkcoord_counter_versioned(counter, 5000, &value, &version, &err));
    CHECK(value == 0 && version == -1); /* there is no node yet */
    OK(zkcoord_counter_set(counter, 5, 5000, &err));
    OK(zkcoord_counter_versioned(counter, 5000, &value, &version, &err));
    CHECK(value == 5 && version == 0);
    OK(zkcoord_counter_set(counter, 6, 5000, &err));
    OK(zkcoord_counter_versioned(counter, 0, &value, &version, &err));
    CHECK(value == 6 && version == 1);
    CHECK(observe("create", "/version-bad", "abc") == 0);
    zkcoord_counter *bad = new_counter(client, "/version-bad");
    EXPECT(BAD_DATA, zkcoord_counter_versioned(bad, 5000, &value, &version, &err));
    CHECK(value == 0 && version == 0);
    zkcoord_counter_free(bad);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static void a_stale_value_is_that_of_the_connected_server(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/stale");
    int64_t value = 7;
    OK(zkcoord_counter_get_stale(counter, 5000, &value, &err));
    CHECK(value == 0);
    OK(zkcoord_counter_set(counter, 5, 5000, &err));
    OK(zkcoord_counter_get_stale(counter, -1, &value, &err));
    CHECK(value == 5); /* the connected server has written it */
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static void reserved_numbers_are_unique(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/ids");
    int64_t first = 0, value = 0;
    OK(zkcoord_counter_reserve(counter, 100, 5000, &first, &err));
    CHECK(first == 1);
    OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    CHECK(value == 101);
    OK(zkcoord_counter_reserve(counter, 1, 5000, &first, &err));
    CHECK(first == 102);
    const int64_t impossible[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        EXPECT(INVALID_ARGUMENT, zkcoord_counter_reserve(counter, impossible[i], 5000, &first, &err));
        CHECK(first == 0 && message_has("n "));
    }
    EXPECT(OVERFLOW, zkcoord_counter_reserve(counter, INT64_MAX, 5000, &first, &err));
    OK(zkcoord_counter_get(counter, 5000, &value, &err));
    CHECK(value == 102);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static void changes_are_counted_in_the_statistics(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/measured");
    zkcoord_stats *stats = NULL;
    int64_t value = 0;
    for (int i = 0; i < 3; i++) OK(zkcoord_counter_increment(counter, 5000, &value, &err));
    OK(zkcoord_counter_get(counter, 5000, &value, &err)); /* changes nothing */
    OK(zkcoord_counter_stats(counter, &stats, &err));
    CHECK(zkcoord_stats_count(stats) == 3 && zkcoord_stats_timeouts(stats) == 0);
    CHECK(zkcoord_stats_mean(stats) > 0 && zkcoord_stats_success_probability(stats, 60000) > 0.99);
    zkcoord_stats_free(stats);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

static zkcoord_counter_watch *new_watch(zkcoord_counter *counter) {
    zkcoord_counter_watch *watch = NULL;
    OK(zkcoord_counter_watch_new(counter, &watch, &err));
    return watch;
}

static void *set_to_two(void *counter) {
    zkcoord_counter_set(counter, 2, 20000, NULL);
    return NULL;
}

static void a_watch_follows_the_value(void) {
    zkcoord_client *one = new_client(), *two = new_client();
    zkcoord_counter *mine = new_counter(one, "/watched"), *theirs = new_counter(two, "/watched");
    zkcoord_counter_watch *watch = new_watch(mine);
    zkcoord_counter_free(mine); /* the watch lives on */
    int64_t value = 7;
    OK(zkcoord_counter_watch_next(watch, 5000, &value, &err));
    CHECK(value == 0); /* there is no node yet */
    EXPECT(TIMEOUT, zkcoord_counter_watch_next(watch, 200, &value, &err));
    EXPECT(TIMEOUT, zkcoord_counter_watch_next(watch, 0, &value, &err));
    OK(zkcoord_counter_set(theirs, 1, 5000, &err));
    OK(zkcoord_counter_watch_next(watch, 5000, &value, &err));
    CHECK(value == 1);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, set_to_two, theirs) == 0);
    OK(zkcoord_counter_watch_next(watch, -1, &value, &err));
    CHECK(value == 2);
    pthread_join(thread, NULL);
    OK(zkcoord_client_close(one, 5000, &err));
    EXPECT(CLOSED, zkcoord_counter_watch_next(watch, -1, &value, &err));
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(theirs);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
}

static void a_watch_reports_bad_data_once(void) {
    zkcoord_client *client = new_client();
    zkcoord_counter *counter = new_counter(client, "/watched-bad");
    zkcoord_counter_watch *watch = new_watch(counter);
    int64_t value = 7;
    CHECK(observe("create", "/watched-bad", "abc") == 0);
    EXPECT(BAD_DATA, zkcoord_counter_watch_next(watch, 5000, &value, &err));
    CHECK(value == 0);
    EXPECT(TIMEOUT, zkcoord_counter_watch_next(watch, 200, &value, &err));
    CHECK(observe("delete", "/watched-bad", "") == 0);
    OK(zkcoord_counter_watch_next(watch, 5000, &value, &err));
    CHECK(value == 0);
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(counter);
    zkcoord_client_free(client);
}

int main(void) {
    set_up("counter");
    RUN(every_operation_returns_its_value);
    RUN(overflow_writes_nothing);
    RUN(three_bytes_are_bad_data);
    RUN(concurrent_adds_all_count);
    RUN(extreme_timeouts_are_accepted);
    RUN(a_format_determines_the_data_of_the_node);
    RUN(bounds_and_default_apply);
    RUN(a_change_creates_a_child_that_resolves_lost_replies);
    RUN(a_value_is_read_with_its_version);
    RUN(a_stale_value_is_that_of_the_connected_server);
    RUN(reserved_numbers_are_unique);
    RUN(changes_are_counted_in_the_statistics);
    RUN(a_watch_follows_the_value);
    RUN(a_watch_reports_bad_data_once);
    return finish();
}
