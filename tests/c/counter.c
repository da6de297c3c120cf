/* Counter. */
#include "support.h"

static void every_operation(void) {
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
    CHECK(value == 0 && said("/bad"));
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

static void extreme_timeouts_are_none(void) {
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

int main(void) {
    set_up("counter");
    RUN(every_operation);
    RUN(overflow_writes_nothing);
    RUN(three_bytes_are_bad_data);
    RUN(concurrent_adds_all_count);
    RUN(extreme_timeouts_are_none);
    return finish();
}
