/* Passes NULL for every pointer of every function. */
#include <math.h>

#include "support.h"

static zkcoord_client *client;
static zkcoord_mutex *mutex;
static zkcoord_guard *guard;
static zkcoord_reentrant_mutex *reentrant;
static zkcoord_rw_lock *rw_lock;
static zkcoord_multi_mutex *multi;
static zkcoord_semaphore *semaphore;
static zkcoord_mutex_options *mutex_options;
static zkcoord_counter_options *counter_options;
static zkcoord_counter *counter;
static zkcoord_counter_watch *watch;
static zkcoord_options *options;
static int64_t number;
static bool flag;
static zkcoord_state state;

/* Checks that the call is refused for the named argument, also without a place for the error. */
#define REFUSED(argument, function, ...)                                       \
    do {                                                                       \
        EXPECT(INVALID_ARGUMENT, function(__VA_ARGS__, &err));                 \
        CHECK(strcmp(last_message, argument ": must not be NULL") == 0);       \
        CHECK(function(__VA_ARGS__, NULL) == ZKCOORD_STATUS_INVALID_ARGUMENT); \
    } while (0)

static void null_for_a_client(void) {
    zkcoord_client *out = NULL;
    REFUSED("hosts", zkcoord_client_connect, NULL, NULL, &out);
    REFUSED("out", zkcoord_client_connect, hosts, NULL, NULL);
    REFUSED("client", zkcoord_client_state, NULL, &state);
    REFUSED("out", zkcoord_client_state, client, NULL);
    REFUSED("client", zkcoord_client_session_id, NULL, &number);
    REFUSED("out", zkcoord_client_session_id, client, NULL);
    REFUSED("client", zkcoord_client_session_timeout, NULL, &number);
    REFUSED("out", zkcoord_client_session_timeout, client, NULL);
    REFUSED("client", zkcoord_client_request_revoke, NULL, "/m/x", 1000, &flag);
    REFUSED("node", zkcoord_client_request_revoke, client, NULL, 1000, &flag);
    REFUSED("out", zkcoord_client_request_revoke, client, "/m/x", 1000, NULL);
    REFUSED("client", zkcoord_client_close, NULL, 1000);
    zkcoord_client_free(NULL);
}

static void null_for_options(void) {
    const uint8_t data[] = {1};
    REFUSED("options", zkcoord_options_set_session_timeout, NULL, 1000);
    REFUSED("options", zkcoord_options_set_connect_timeout, NULL, 1000);
    REFUSED("options", zkcoord_options_set_identity, NULL, "me");
    REFUSED("identity", zkcoord_options_set_identity, options, NULL);
    REFUSED("options", zkcoord_options_add_auth, NULL, "digest", data, 1);
    REFUSED("scheme", zkcoord_options_add_auth, options, NULL, data, 1);
    REFUSED("data", zkcoord_options_add_auth, options, "digest", NULL, 1);
    OK(zkcoord_options_add_auth(options, "digest", NULL, 0, &err));
    REFUSED("options", zkcoord_options_set_tls, NULL, true);
    REFUSED("options", zkcoord_options_set_tls_ca, NULL, "ca.pem");
    REFUSED("file", zkcoord_options_set_tls_ca, options, NULL);
    REFUSED("options", zkcoord_options_set_tls_cert, NULL, "client.pem");
    REFUSED("file", zkcoord_options_set_tls_cert, options, NULL);
    REFUSED("options", zkcoord_options_set_tls_key, NULL, "client.key");
    REFUSED("file", zkcoord_options_set_tls_key, options, NULL);
    REFUSED("options", zkcoord_options_set_tls_verify_hostname, NULL, true);
    REFUSED("options", zkcoord_options_set_acl, NULL, "open");
    REFUSED("acl", zkcoord_options_set_acl, options, NULL);
    zkcoord_options_free(NULL);
    REFUSED("options", zkcoord_mutex_options_set_scheme, NULL, "kazoo");
    REFUSED("scheme", zkcoord_mutex_options_set_scheme, mutex_options, NULL);
    REFUSED("options", zkcoord_mutex_options_set_handoff, NULL, 1);
    zkcoord_mutex_options_free(NULL);
}

static void null_for_a_mutex(void) {
    zkcoord_mutex *out = NULL;
    zkcoord_guard *held = NULL;
    REFUSED("client", zkcoord_mutex_new, NULL, "/m", &out);
    REFUSED("path", zkcoord_mutex_new, client, NULL, &out);
    REFUSED("out", zkcoord_mutex_new, client, "/m", NULL);
    REFUSED("client", zkcoord_mutex_new_with_options, NULL, "/m", mutex_options, &out);
    REFUSED("path", zkcoord_mutex_new_with_options, client, NULL, mutex_options, &out);
    REFUSED("out", zkcoord_mutex_new_with_options, client, "/m", mutex_options, NULL);
    OK(zkcoord_mutex_new_with_options(client, "/m", NULL, &out, &err));
    zkcoord_mutex_free(out);
    REFUSED("mutex", zkcoord_mutex_acquire, NULL, 1000, &held);
    REFUSED("out", zkcoord_mutex_acquire, mutex, 1000, NULL);
    REFUSED("mutex", zkcoord_mutex_try_acquire, NULL, &held);
    REFUSED("out", zkcoord_mutex_try_acquire, mutex, NULL);
    zkcoord_queue *queue = NULL;
    REFUSED("mutex", zkcoord_mutex_inspect, NULL, 1000, &queue);
    REFUSED("out", zkcoord_mutex_inspect, mutex, 1000, NULL);
    zkcoord_stats *stats = NULL;
    REFUSED("mutex", zkcoord_mutex_stats, NULL, &stats);
    REFUSED("out", zkcoord_mutex_stats, mutex, NULL);
    zkcoord_mutex_free(NULL);
}

static void null_for_a_reentrant_mutex(void) {
    zkcoord_reentrant_mutex *out = NULL;
    zkcoord_guard *held = NULL;
    zkcoord_queue *queue = NULL;
    zkcoord_stats *stats = NULL;
    REFUSED("client", zkcoord_reentrant_mutex_new, NULL, "/m", &out);
    REFUSED("path", zkcoord_reentrant_mutex_new, client, NULL, &out);
    REFUSED("out", zkcoord_reentrant_mutex_new, client, "/m", NULL);
    REFUSED("client", zkcoord_reentrant_mutex_new_with_options, NULL, "/m", mutex_options, &out);
    REFUSED("path", zkcoord_reentrant_mutex_new_with_options, client, NULL, mutex_options, &out);
    REFUSED("out", zkcoord_reentrant_mutex_new_with_options, client, "/m", mutex_options, NULL);
    OK(zkcoord_reentrant_mutex_new_with_options(client, "/m", NULL, &out, &err));
    zkcoord_reentrant_mutex_free(out);
    REFUSED("mutex", zkcoord_reentrant_mutex_acquire, NULL, 1000, &held);
    REFUSED("out", zkcoord_reentrant_mutex_acquire, reentrant, 1000, NULL);
    REFUSED("mutex", zkcoord_reentrant_mutex_try_acquire, NULL, &held);
    REFUSED("out", zkcoord_reentrant_mutex_try_acquire, reentrant, NULL);
    REFUSED("mutex", zkcoord_reentrant_mutex_inspect, NULL, 1000, &queue);
    REFUSED("out", zkcoord_reentrant_mutex_inspect, reentrant, 1000, NULL);
    REFUSED("mutex", zkcoord_reentrant_mutex_stats, NULL, &stats);
    REFUSED("out", zkcoord_reentrant_mutex_stats, reentrant, NULL);
    zkcoord_reentrant_mutex_free(NULL);
}

static void null_for_an_rw_lock(void) {
    zkcoord_rw_lock *out = NULL;
    zkcoord_mutex *side = NULL;
    REFUSED("client", zkcoord_rw_lock_new, NULL, "/rw", &out);
    REFUSED("path", zkcoord_rw_lock_new, client, NULL, &out);
    REFUSED("out", zkcoord_rw_lock_new, client, "/rw", NULL);
    REFUSED("client", zkcoord_rw_lock_new_with_options, NULL, "/rw", mutex_options, &out);
    REFUSED("path", zkcoord_rw_lock_new_with_options, client, NULL, mutex_options, &out);
    REFUSED("out", zkcoord_rw_lock_new_with_options, client, "/rw", mutex_options, NULL);
    OK(zkcoord_rw_lock_new_with_options(client, "/rw", NULL, &out, &err));
    zkcoord_rw_lock_free(out);
    REFUSED("lock", zkcoord_rw_lock_read, NULL, &side);
    REFUSED("out", zkcoord_rw_lock_read, rw_lock, NULL);
    REFUSED("lock", zkcoord_rw_lock_write, NULL, &side);
    REFUSED("out", zkcoord_rw_lock_write, rw_lock, NULL);
    zkcoord_rw_lock_free(NULL);
}

static void null_for_a_multi_mutex(void) {
    static const char *const paths[] = {"/a", "/b"}, *const gap[] = {"/a", NULL};
    zkcoord_multi_mutex *out = NULL;
    zkcoord_guard *held = NULL;
    zkcoord_stats *stats = NULL;
    REFUSED("client", zkcoord_multi_mutex_new, NULL, paths, 2, &out);
    REFUSED("paths", zkcoord_multi_mutex_new, client, NULL, 2, &out);
    REFUSED("paths[1]", zkcoord_multi_mutex_new, client, gap, 2, &out);
    REFUSED("out", zkcoord_multi_mutex_new, client, paths, 2, NULL);
    REFUSED("client", zkcoord_multi_mutex_new_with_options, NULL, paths, 2, mutex_options, &out);
    REFUSED("paths", zkcoord_multi_mutex_new_with_options, client, NULL, 2, mutex_options, &out);
    REFUSED("paths[1]", zkcoord_multi_mutex_new_with_options, client, gap, 2, mutex_options, &out);
    REFUSED("out", zkcoord_multi_mutex_new_with_options, client, paths, 2, mutex_options, NULL);
    OK(zkcoord_multi_mutex_new_with_options(client, paths, 2, NULL, &out, &err));
    zkcoord_multi_mutex_free(out);
    REFUSED("mutex", zkcoord_multi_mutex_acquire, NULL, 1000, &held);
    REFUSED("out", zkcoord_multi_mutex_acquire, multi, 1000, NULL);
    REFUSED("mutex", zkcoord_multi_mutex_try_acquire, NULL, &held);
    REFUSED("out", zkcoord_multi_mutex_try_acquire, multi, NULL);
    REFUSED("mutex", zkcoord_multi_mutex_stats, NULL, &stats);
    REFUSED("out", zkcoord_multi_mutex_stats, multi, NULL);
    zkcoord_multi_mutex_free(NULL);
}

static void null_for_a_semaphore(void) {
    zkcoord_semaphore *out = NULL;
    zkcoord_guard *held = NULL;
    zkcoord_stats *stats = NULL;
    REFUSED("client", zkcoord_semaphore_new, NULL, "/s", 3, &out);
    REFUSED("path", zkcoord_semaphore_new, client, NULL, 3, &out);
    REFUSED("out", zkcoord_semaphore_new, client, "/s", 3, NULL);
    REFUSED("semaphore", zkcoord_semaphore_acquire, NULL, 1, 1000, &held);
    REFUSED("out", zkcoord_semaphore_acquire, semaphore, 1, 1000, NULL);
    REFUSED("semaphore", zkcoord_semaphore_try_acquire, NULL, 1, &held);
    REFUSED("out", zkcoord_semaphore_try_acquire, semaphore, 1, NULL);
    REFUSED("semaphore", zkcoord_semaphore_stats, NULL, &stats);
    REFUSED("out", zkcoord_semaphore_stats, semaphore, NULL);
    zkcoord_semaphore_free(NULL);
}

static void null_for_a_queue_and_stats(void) {
    CHECK(zkcoord_queue_count(NULL) == 0 && zkcoord_queue_warning_count(NULL) == 0);
    CHECK(zkcoord_queue_node(NULL, 0) == NULL && zkcoord_queue_identity(NULL, 0) == NULL);
    CHECK(zkcoord_queue_library(NULL, 0) == NULL && zkcoord_queue_warning(NULL, 0) == NULL);
    CHECK(zkcoord_queue_session_id(NULL, 0) == 0 && zkcoord_queue_waiting_since(NULL, 0) == 0);
    CHECK(!zkcoord_queue_is_holder(NULL, 0) && !zkcoord_queue_is_reader(NULL, 0));
    zkcoord_queue_free(NULL);
    CHECK(zkcoord_stats_count(NULL) == 0 && zkcoord_stats_timeouts(NULL) == 0);
    CHECK(zkcoord_stats_mean(NULL) == 0 && zkcoord_stats_stddev(NULL) == 0);
    CHECK(zkcoord_stats_p50(NULL) == 0 && zkcoord_stats_p99(NULL) == 0);
    CHECK(isnan(zkcoord_stats_success_probability(NULL, 1000)));
    CHECK(zkcoord_stats_hold_count(NULL) == 0 && zkcoord_stats_hold_mean(NULL) == 0);
    CHECK(zkcoord_stats_hold_stddev(NULL) == 0);
    CHECK(zkcoord_stats_hold_p50(NULL) == 0 && zkcoord_stats_hold_p99(NULL) == 0);
    zkcoord_stats_free(NULL);
}

static void nothing(void *user_data) { (void)user_data; }

static void null_for_a_guard(void) {
    CHECK(zkcoord_guard_token(NULL) == 0);
    CHECK(zkcoord_guard_node(NULL) == NULL);
    CHECK(zkcoord_guard_token_count(NULL) == 0 && zkcoord_guard_token_at(NULL, 0) == 0);
    CHECK(zkcoord_guard_node_at(NULL, 0) == NULL);
    CHECK(!zkcoord_guard_is_held(NULL) && zkcoord_guard_lease_remaining(NULL) == 0);
    REFUSED("guard", zkcoord_guard_check, NULL);
    REFUSED("guard", zkcoord_guard_on_lost, NULL, nothing, NULL, NULL);
    REFUSED("fn", zkcoord_guard_on_lost, guard, NULL, NULL, NULL);
    CHECK(!zkcoord_guard_is_revoke_requested(NULL));
    REFUSED("guard", zkcoord_guard_on_revoke, NULL, nothing, NULL, NULL);
    REFUSED("fn", zkcoord_guard_on_revoke, guard, NULL, NULL, NULL);
    const uint8_t data[] = {1};
    REFUSED("guard", zkcoord_guard_set_data, NULL, "/d", data, 1, -1, 1000);
    REFUSED("path", zkcoord_guard_set_data, guard, NULL, data, 1, -1, 1000);
    REFUSED("data", zkcoord_guard_set_data, guard, "/d", NULL, 1, -1, 1000);
    REFUSED("guard", zkcoord_guard_create, NULL, "/d", data, 1, 1000);
    REFUSED("path", zkcoord_guard_create, guard, NULL, data, 1, 1000);
    REFUSED("data", zkcoord_guard_create, guard, "/d", NULL, 1, 1000);
    REFUSED("guard", zkcoord_guard_delete, NULL, "/d", -1, 1000);
    REFUSED("path", zkcoord_guard_delete, guard, NULL, -1, 1000);
    EXPECT(INVALID_ARGUMENT, zkcoord_guard_create(guard, "/d", data, SIZE_MAX, 1000, &err));
    CHECK(message_has("length"));
    REFUSED("guard", zkcoord_guard_release, NULL, 1000);
    zkcoord_guard_free(NULL);
}

static void null_for_a_counter(void) {
    zkcoord_counter *out = NULL;
    REFUSED("client", zkcoord_counter_new, NULL, "/c", &out);
    REFUSED("path", zkcoord_counter_new, client, NULL, &out);
    REFUSED("out", zkcoord_counter_new, client, "/c", NULL);
    REFUSED("client", zkcoord_counter_new_with_options, NULL, "/c", counter_options, &out);
    REFUSED("path", zkcoord_counter_new_with_options, client, NULL, counter_options, &out);
    REFUSED("out", zkcoord_counter_new_with_options, client, "/c", counter_options, NULL);
    OK(zkcoord_counter_new_with_options(client, "/c", NULL, &out, &err));
    zkcoord_counter_free(out);
    REFUSED("counter", zkcoord_counter_add, NULL, 1, 1000, &number);
    REFUSED("out", zkcoord_counter_add, counter, 1, 1000, NULL);
    REFUSED("counter", zkcoord_counter_increment, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_increment, counter, 1000, NULL);
    REFUSED("counter", zkcoord_counter_decrement, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_decrement, counter, 1000, NULL);
    REFUSED("counter", zkcoord_counter_get, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_get, counter, 1000, NULL);
    REFUSED("counter", zkcoord_counter_get_stale, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_get_stale, counter, 1000, NULL);
    int32_t version = 7;
    REFUSED("counter", zkcoord_counter_versioned, NULL, 1000, &number, &version);
    CHECK(version == 0);
    version = 7;
    REFUSED("out", zkcoord_counter_versioned, counter, 1000, NULL, &version);
    CHECK(version == 0);
    number = 7;
    REFUSED("out_version", zkcoord_counter_versioned, counter, 1000, &number, NULL);
    CHECK(number == 0);
    REFUSED("counter", zkcoord_counter_set, NULL, 1, 1000);
    REFUSED("counter", zkcoord_counter_get_and_set, NULL, 1, 1000, &number);
    REFUSED("out", zkcoord_counter_get_and_set, counter, 1, 1000, NULL);
    REFUSED("counter", zkcoord_counter_compare_and_set, NULL, 1, 2, 1000, &flag);
    REFUSED("out", zkcoord_counter_compare_and_set, counter, 1, 2, 1000, NULL);
    zkcoord_stats *stats = NULL;
    REFUSED("counter", zkcoord_counter_reserve, NULL, 1, 1000, &number);
    REFUSED("out", zkcoord_counter_reserve, counter, 1, 1000, NULL);
    REFUSED("counter", zkcoord_counter_stats, NULL, &stats);
    REFUSED("out", zkcoord_counter_stats, counter, NULL);
    zkcoord_counter_free(NULL);
    /* No refused call had an effect. */
    OK(zkcoord_counter_get(counter, 5000, &number, &err));
    CHECK(number == 0);
}

static void null_for_a_counters_options_and_watch(void) {
    zkcoord_counter_watch *out = NULL;
    REFUSED("options", zkcoord_counter_options_set_format, NULL, "i64");
    REFUSED("format", zkcoord_counter_options_set_format, counter_options, NULL);
    REFUSED("options", zkcoord_counter_options_set_default, NULL, 1);
    REFUSED("options", zkcoord_counter_options_set_min, NULL, 1);
    REFUSED("options", zkcoord_counter_options_set_max, NULL, 1);
    REFUSED("options", zkcoord_counter_options_set_exactly_once, NULL, true);
    zkcoord_counter_options_free(NULL);
    REFUSED("counter", zkcoord_counter_watch_new, NULL, &out);
    REFUSED("out", zkcoord_counter_watch_new, counter, NULL);
    REFUSED("watch", zkcoord_counter_watch_next, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_watch_next, watch, 1000, NULL);
    zkcoord_counter_watch_free(NULL);
}

static void null_for_other_counters(void) {
    zkcoord_striped_counter *striped = NULL;
    zkcoord_window_counter *window = NULL;
    REFUSED("options", zkcoord_striped_counter_options_set_flush_interval, NULL, 100);
    zkcoord_striped_counter_options_free(NULL);
    REFUSED("client", zkcoord_striped_counter_new, NULL, "/striped", &striped);
    REFUSED("path", zkcoord_striped_counter_new, client, NULL, &striped);
    REFUSED("out", zkcoord_striped_counter_new, client, "/striped", NULL);
    REFUSED("client", zkcoord_striped_counter_new_with_options, NULL, "/striped", NULL, &striped);
    REFUSED("path", zkcoord_striped_counter_new_with_options, client, NULL, NULL, &striped);
    REFUSED("out", zkcoord_striped_counter_new_with_options, client, "/striped", NULL, NULL);
    OK(zkcoord_striped_counter_new_with_options(client, "/striped", NULL, &striped, &err));
    REFUSED("counter", zkcoord_striped_counter_add, NULL, 1);
    REFUSED("counter", zkcoord_striped_counter_flush, NULL, 1000);
    REFUSED("counter", zkcoord_striped_counter_sum, NULL, 1000, &number);
    REFUSED("out", zkcoord_striped_counter_sum, striped, 1000, NULL);
    zkcoord_striped_counter_free(striped);
    zkcoord_striped_counter_free(NULL);
    REFUSED("client", zkcoord_window_counter_new, NULL, "/window", 1000, 10, &window);
    REFUSED("path", zkcoord_window_counter_new, client, NULL, 1000, 10, &window);
    REFUSED("out", zkcoord_window_counter_new, client, "/window", 1000, 10, NULL);
    OK(zkcoord_window_counter_new(client, "/window", 1000, 10, &window, &err));
    REFUSED("counter", zkcoord_window_counter_add, NULL, 1, 1000, &number);
    REFUSED("out", zkcoord_window_counter_add, window, 1, 1000, NULL);
    REFUSED("counter", zkcoord_window_counter_count, NULL, 1000, &number);
    REFUSED("out", zkcoord_window_counter_count, window, 1000, NULL);
    zkcoord_window_counter_free(window);
    zkcoord_window_counter_free(NULL);
}

static void null_for_a_rate_limiter(void) {
    zkcoord_rate_limiter *limiter = NULL;
    zkcoord_stats *stats = NULL;
    REFUSED("options", zkcoord_rate_limiter_options_set_burst, NULL, 1);
    zkcoord_rate_limiter_options_free(NULL);
    REFUSED("client", zkcoord_rate_limiter_new, NULL, "/limit", 3, 1000, &limiter);
    REFUSED("path", zkcoord_rate_limiter_new, client, NULL, 3, 1000, &limiter);
    REFUSED("out", zkcoord_rate_limiter_new, client, "/limit", 3, 1000, NULL);
    REFUSED("client", zkcoord_rate_limiter_new_with_options, NULL, "/limit", 3, 1000, NULL, &limiter);
    REFUSED("path", zkcoord_rate_limiter_new_with_options, client, NULL, 3, 1000, NULL, &limiter);
    REFUSED("out", zkcoord_rate_limiter_new_with_options, client, "/limit", 3, 1000, NULL, NULL);
    OK(zkcoord_rate_limiter_new_with_options(client, "/limit", 3, 1000, NULL, &limiter, &err));
    REFUSED("limiter", zkcoord_rate_limiter_acquire, NULL, 1, 1000);
    REFUSED("limiter", zkcoord_rate_limiter_try_acquire, NULL, 1, &flag);
    REFUSED("out", zkcoord_rate_limiter_try_acquire, limiter, 1, NULL);
    REFUSED("limiter", zkcoord_rate_limiter_stats, NULL, &stats);
    REFUSED("out", zkcoord_rate_limiter_stats, limiter, NULL);
    zkcoord_rate_limiter_free(limiter);
    zkcoord_rate_limiter_free(NULL);
}

static void null_for_a_miss_guard(void) {
    const uint8_t key[] = {1};
    zkcoord_miss_guard *out = NULL;
    zkcoord_load_turn *turn = NULL;
    REFUSED("options", zkcoord_miss_guard_options_set_threshold, NULL, 3);
    REFUSED("options", zkcoord_miss_guard_options_set_window, NULL, 1000);
    REFUSED("options", zkcoord_miss_guard_options_set_hold, NULL, 1000);
    zkcoord_miss_guard_options_free(NULL);
    REFUSED("client", zkcoord_miss_guard_new, NULL, "/misses", &out);
    REFUSED("path", zkcoord_miss_guard_new, client, NULL, &out);
    REFUSED("out", zkcoord_miss_guard_new, client, "/misses", NULL);
    REFUSED("client", zkcoord_miss_guard_new_with_options, NULL, "/misses", NULL, &out);
    REFUSED("path", zkcoord_miss_guard_new_with_options, client, NULL, NULL, &out);
    REFUSED("out", zkcoord_miss_guard_new_with_options, client, "/misses", NULL, NULL);
    OK(zkcoord_miss_guard_new_with_options(client, "/misses", NULL, &out, &err));
    REFUSED("guard", zkcoord_miss_guard_begin, NULL, key, 1, 1000, &turn);
    REFUSED("key", zkcoord_miss_guard_begin, out, NULL, 1, 1000, &turn);
    REFUSED("out", zkcoord_miss_guard_begin, out, key, 1, 1000, NULL);
    REFUSED("guard", zkcoord_miss_guard_forget, NULL, key, 1, 1000);
    REFUSED("key", zkcoord_miss_guard_forget, out, NULL, 1, 1000);
    zkcoord_miss_guard_free(out);
    zkcoord_miss_guard_free(NULL);
    CHECK(!zkcoord_load_turn_is_held(NULL));
    REFUSED("turn", zkcoord_load_turn_found, NULL, 1000);
    REFUSED("turn", zkcoord_load_turn_missed, NULL, 1000);
    zkcoord_load_turn_free(NULL);
}

static void null_for_an_error(void) {
    CHECK(zkcoord_error_status(NULL) == ZKCOORD_STATUS_OK);
    CHECK(strcmp(zkcoord_error_message(NULL), "") == 0);
    zkcoord_error_free(NULL);
}

static void failures_clear_the_results(void) {
    zkcoord_guard *held = guard;
    zkcoord_mutex *made = mutex;
    EXPECT(INVALID_ARGUMENT, zkcoord_mutex_acquire(NULL, 0, &held, &err));
    CHECK(held == NULL);
    EXPECT(INVALID_ARGUMENT, zkcoord_mutex_new(client, "bad", &made, &err));
    CHECK(made == NULL);
    number = 7;
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_get(NULL, 0, &number, &err));
    CHECK(number == 0);
    flag = true;
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_compare_and_set(NULL, 0, 0, 0, &flag, &err));
    CHECK(!flag);
    state = ZKCOORD_STATE_EXPIRED;
    EXPECT(INVALID_ARGUMENT, zkcoord_client_state(NULL, &state, &err));
    CHECK(state == ZKCOORD_STATE_CLOSED);
    zkcoord_error *stale = (zkcoord_error *)&number;
    CHECK(zkcoord_guard_check(guard, &stale) == ZKCOORD_STATUS_OK && stale == NULL);
}

int main(void) {
    set_up("nulls");
    client = new_client();
    mutex = new_mutex(client, "/m");
    guard = acquire(mutex);
    counter = new_counter(client, "/c");
    options = zkcoord_options_new();
    mutex_options = zkcoord_mutex_options_new();
    counter_options = zkcoord_counter_options_new();
    semaphore = new_semaphore(client, "/s", 3);
    OK(zkcoord_reentrant_mutex_new(client, "/r", &reentrant, &err));
    OK(zkcoord_rw_lock_new(client, "/rw", &rw_lock, &err));
    OK(zkcoord_multi_mutex_new(client, (const char *const[]){"/a", "/b"}, 2, &multi, &err));
    OK(zkcoord_counter_watch_new(counter, &watch, &err));
    RUN(null_for_a_client);
    RUN(null_for_options);
    RUN(null_for_a_mutex);
    RUN(null_for_a_reentrant_mutex);
    RUN(null_for_an_rw_lock);
    RUN(null_for_a_multi_mutex);
    RUN(null_for_a_semaphore);
    RUN(null_for_a_guard);
    RUN(null_for_a_queue_and_stats);
    RUN(null_for_a_counter);
    RUN(null_for_a_counters_options_and_watch);
    RUN(null_for_other_counters);
    RUN(null_for_a_rate_limiter);
    RUN(null_for_a_miss_guard);
    RUN(null_for_an_error);
    RUN(failures_clear_the_results);
    zkcoord_counter_watch_free(watch);
    zkcoord_multi_mutex_free(multi);
    zkcoord_rw_lock_free(rw_lock);
    zkcoord_reentrant_mutex_free(reentrant);
    zkcoord_semaphore_free(semaphore);
    zkcoord_counter_options_free(counter_options);
    zkcoord_mutex_options_free(mutex_options);
    zkcoord_options_free(options);
    zkcoord_counter_free(counter);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
