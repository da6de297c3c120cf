/* The striped counter and the window counter. */
#include "support.h"

static zkcoord_client *one, *two;

static zkcoord_striped_counter *new_striped(zkcoord_client *client, const char *path, int64_t interval_ms) {
    zkcoord_striped_counter_options *options = zkcoord_striped_counter_options_new();
    zkcoord_striped_counter *counter = NULL;
    OK(zkcoord_striped_counter_options_set_flush_interval(options, interval_ms, &err));
    OK(zkcoord_striped_counter_new_with_options(client, path, options, &counter, &err));
    zkcoord_striped_counter_options_free(options); /* borrowed for the call only */
    return counter;
}

static int64_t sum_of(zkcoord_striped_counter *counter) {
    int64_t sum = 0;
    OK(zkcoord_striped_counter_sum(counter, 5000, &sum, &err));
    return sum;
}

static void flushed_adds_are_in_every_sum(void) {
    zkcoord_striped_counter *mine = new_striped(one, "/striped", 3600000), *theirs = new_striped(two, "/striped", 0);
    CHECK(sum_of(mine) == 0);
    for (int i = 0; i < 1000; i++) OK(zkcoord_striped_counter_add(mine, 1, &err));
    OK(zkcoord_striped_counter_add(mine, -10, &err));
    CHECK(sum_of(mine) == 0); /* nothing is written before the interval ends */
    OK(zkcoord_striped_counter_flush(mine, 5000, &err));
    OK(zkcoord_striped_counter_flush(mine, 0, &err));
    CHECK(sum_of(theirs) == 990);
    OK(zkcoord_striped_counter_add(theirs, 5, &err));
    EVENTUALLY(sum_of(mine) == 995);
    zkcoord_striped_counter_free(theirs);
    zkcoord_striped_counter_free(mine);
}

static void adds_are_written_after_the_interval(void) {
    zkcoord_striped_counter *counter = NULL;
    OK(zkcoord_striped_counter_new(one, "/interval", &counter, &err));
    OK(zkcoord_striped_counter_add(counter, 7, &err));
    EVENTUALLY(sum_of(counter) == 7);
    zkcoord_striped_counter_free(counter);
}

static void a_free_and_a_close_flush(void) {
    zkcoord_client *closing = new_client();
    zkcoord_striped_counter *freed = new_striped(closing, "/flushed", 3600000);
    zkcoord_striped_counter *closed = new_striped(closing, "/flushed", 3600000);
    zkcoord_striped_counter *watching = new_striped(one, "/flushed", 0);
    OK(zkcoord_striped_counter_add(freed, 1, &err));
    zkcoord_striped_counter_free(freed);
    EVENTUALLY(sum_of(watching) == 1);
    OK(zkcoord_striped_counter_add(closed, 2, &err));
    OK(zkcoord_client_close(closing, 10000, &err));
    CHECK(sum_of(watching) == 3);
    EXPECT(CLOSED, zkcoord_striped_counter_add(closed, 1, &err));
    zkcoord_striped_counter_free(watching);
    zkcoord_striped_counter_free(closed);
    zkcoord_client_free(closing);
}

static void a_sum_may_overflow(void) {
    zkcoord_striped_counter *mine = new_striped(one, "/huge", 3600000), *theirs = new_striped(two, "/huge", 3600000);
    int64_t sum = 1;
    OK(zkcoord_striped_counter_add(mine, INT64_MAX, &err));
    EXPECT(OVERFLOW, zkcoord_striped_counter_add(mine, 1, &err));
    OK(zkcoord_striped_counter_flush(mine, 5000, &err));
    OK(zkcoord_striped_counter_add(theirs, 1, &err));
    OK(zkcoord_striped_counter_flush(theirs, 5000, &err));
    EXPECT(OVERFLOW, zkcoord_striped_counter_sum(mine, 5000, &sum, &err));
    CHECK(sum == 0);
    zkcoord_striped_counter_free(theirs);
    zkcoord_striped_counter_free(mine);
}

static zkcoord_window_counter *new_window(zkcoord_client *client, const char *path, int64_t window_ms,
                                          int64_t buckets) {
    zkcoord_window_counter *counter = NULL;
    OK(zkcoord_window_counter_new(client, path, window_ms, buckets, &counter, &err));
    return counter;
}

static int64_t count_of(zkcoord_window_counter *counter) {
    int64_t count = -1;
    OK(zkcoord_window_counter_count(counter, 5000, &count, &err));
    return count;
}

static void events_of_the_window_are_counted(void) {
    zkcoord_window_counter *mine = new_window(one, "/window", 60000, 60),
                           *theirs = new_window(two, "/window", 60000, 60);
    int64_t count = -1;
    CHECK(count_of(mine) == 0);
    OK(zkcoord_window_counter_add(mine, 1, 5000, &count, &err));
    CHECK(count == 1);
    OK(zkcoord_window_counter_add(theirs, 4, -1, &count, &err));
    CHECK(count == 5);
    OK(zkcoord_window_counter_add(mine, 0, 5000, &count, &err));
    CHECK(count == 5 && count_of(theirs) == 5);
    EXPECT(INVALID_ARGUMENT, zkcoord_window_counter_add(mine, -1, 5000, &count, &err));
    CHECK(count == 0 && message_has("n \"-1\""));
    OK(zkcoord_window_counter_add(mine, INT64_MAX, 5000, &count, &err));
    CHECK(count == INT64_MAX); /* which stands for more as well */
    zkcoord_window_counter_free(theirs);
    zkcoord_window_counter_free(mine);
}

static void events_expire(void) {
    zkcoord_window_counter *counter = new_window(one, "/forgotten", 500, 5);
    int64_t count = -1;
    OK(zkcoord_window_counter_add(counter, 3, 5000, &count, &err));
    EVENTUALLY(count_of(counter) == 0);
    zkcoord_window_counter_free(counter);
}

static void clients_must_give_the_same_window(void) {
    zkcoord_window_counter *mine = new_window(one, "/alike", 1000, 10), *theirs = new_window(two, "/alike", 2000, 10);
    int64_t count = -1;
    OK(zkcoord_window_counter_add(mine, 3, 5000, &count, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_window_counter_add(theirs, 3, 5000, &count, &err));
    CHECK(count == 0 && message_has("window ") && message_has("/alike"));
    EXPECT(INVALID_ARGUMENT, zkcoord_window_counter_count(theirs, 5000, &count, &err));
    CHECK(observe("create", "/no-window", "abc") == 0);
    zkcoord_window_counter *bad = new_window(one, "/no-window", 1000, 10);
    EXPECT(BAD_DATA, zkcoord_window_counter_count(bad, 5000, &count, &err));
    zkcoord_window_counter_free(bad);
    zkcoord_window_counter_free(theirs);
    zkcoord_window_counter_free(mine);
}

int main(void) {
    set_up("counters");
    one = new_client();
    two = new_client();
    RUN(flushed_adds_are_in_every_sum);
    RUN(adds_are_written_after_the_interval);
    RUN(a_free_and_a_close_flush);
    RUN(a_sum_may_overflow);
    RUN(events_of_the_window_are_counted);
    RUN(events_expire);
    RUN(clients_must_give_the_same_window);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
    return finish();
}
