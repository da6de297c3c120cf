/* Client, options and errors. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "support.h"

static void a_client_returns_its_state_and_session(void) {
    zkcoord_options *options = zkcoord_options_new();
    OK(zkcoord_options_set_session_timeout(options, 4000, &err));
    OK(zkcoord_options_set_identity(options, "t\xc3\xa4st", &err));
    zkcoord_client *client = NULL;
    OK(zkcoord_client_connect(hosts, options, &client, &err));
    zkcoord_options_free(options); /* borrowed for the call only */
    zkcoord_state state = ZKCOORD_STATE_CLOSED;
    int64_t session = 0, timeout = 0;
    OK(zkcoord_client_state(client, &state, &err));
    CHECK(state == ZKCOORD_STATE_CONNECTED);
    OK(zkcoord_client_session_id(client, &session, &err));
    CHECK(session != 0);
    OK(zkcoord_client_session_timeout(client, &timeout, &err));
    CHECK(timeout >= 500 && timeout <= 40000);
    zkcoord_client_free(client);
}

static void every_call_after_close_is_refused(void) {
    zkcoord_client *client = new_client();
    zkcoord_mutex *mutex = new_mutex(client, "/closed");
    zkcoord_counter *counter = new_counter(client, "/closed-counter");
    zkcoord_semaphore *semaphore = new_semaphore(client, "/closed-permits", 1);
    zkcoord_guard *guard = acquire(mutex), *none = guard;
    zkcoord_queue *queue = NULL;
    zkcoord_reentrant_mutex *reentrant = NULL;
    zkcoord_counter_watch *watch = NULL;
    OK(zkcoord_reentrant_mutex_new(client, "/closed", &reentrant, &err));
    OK(zkcoord_counter_watch_new(counter, &watch, &err));
    zkcoord_window_counter *window = NULL;
    zkcoord_rate_limiter *limiter = NULL;
    OK(zkcoord_window_counter_new(client, "/closed-window", 1000, 10, &window, &err));
    OK(zkcoord_rate_limiter_new(client, "/closed-limit", 3, 1000, &limiter, &err));
    zkcoord_miss_guard *misses = NULL;
    zkcoord_load_turn *turn = NULL, *no_turn = NULL;
    OK(zkcoord_miss_guard_new(client, "/closed-misses", &misses, &err));
    OK(zkcoord_miss_guard_begin(misses, NULL, 0, 5000, &turn, &err));
    OK(zkcoord_client_close(client, 5000, &err));
    OK(zkcoord_client_close(client, 5000, &err));
    zkcoord_state state = ZKCOORD_STATE_CONNECTED;
    OK(zkcoord_client_state(client, &state, &err));
    CHECK(state == ZKCOORD_STATE_CLOSED);
    int64_t value = 1;
    bool written = true;
    CHECK(!zkcoord_guard_is_held(guard));
    EXPECT(LOCK_LOST, zkcoord_guard_check(guard, &err));
    EXPECT(CLOSED, zkcoord_mutex_acquire(mutex, 5000, &none, &err));
    CHECK(none == NULL);
    EXPECT(CLOSED, zkcoord_mutex_acquire(mutex, 0, &none, &err));
    EXPECT(CLOSED, zkcoord_mutex_acquire(mutex, -1, &none, &err));
    EXPECT(CLOSED, zkcoord_mutex_try_acquire(mutex, &none, &err));
    EXPECT(CLOSED, zkcoord_semaphore_acquire(semaphore, 1, -1, &none, &err));
    EXPECT(CLOSED, zkcoord_semaphore_try_acquire(semaphore, 1, &none, &err));
    EXPECT(CLOSED, zkcoord_mutex_inspect(mutex, -1, &queue, &err));
    EXPECT(CLOSED, zkcoord_client_request_revoke(client, "/closed/lock-0000000001", -1, &written, &err));
    EXPECT(LOCK_LOST, zkcoord_guard_set_data(guard, "/closed", NULL, 0, -1, -1, &err));
    int32_t version = 1;
    EXPECT(CLOSED, zkcoord_reentrant_mutex_acquire(reentrant, -1, &none, &err));
    EXPECT(CLOSED, zkcoord_reentrant_mutex_try_acquire(reentrant, &none, &err));
    EXPECT(CLOSED, zkcoord_reentrant_mutex_inspect(reentrant, -1, &queue, &err));
    EXPECT(CLOSED, zkcoord_window_counter_add(window, 1, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_window_counter_count(window, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_rate_limiter_acquire(limiter, 1, -1, &err));
    EXPECT(CLOSED, zkcoord_rate_limiter_try_acquire(limiter, 1, &written, &err));
    EXPECT(CLOSED, zkcoord_miss_guard_begin(misses, NULL, 0, -1, &no_turn, &err));
    EXPECT(CLOSED, zkcoord_miss_guard_forget(misses, NULL, 0, -1, &err));
    CHECK(!zkcoord_load_turn_is_held(turn));
    OK(zkcoord_load_turn_missed(turn, -1,
                                &err)); /* the turn was lost with the session, so its verdict does not count */
    EXPECT(CLOSED, zkcoord_counter_watch_next(watch, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_get(counter, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_get_stale(counter, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_versioned(counter, -1, &value, &version, &err));
    EXPECT(CLOSED, zkcoord_counter_reserve(counter, 1, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_add(counter, 1, -1, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_increment(counter, 5000, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_decrement(counter, 0, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_set(counter, 1, 5000, &err));
    EXPECT(CLOSED, zkcoord_counter_get_and_set(counter, 1, 5000, &value, &err));
    EXPECT(CLOSED, zkcoord_counter_compare_and_set(counter, 1, 2, 5000, &written, &err));
    OK(zkcoord_guard_release(guard, 5000, &err));
    zkcoord_guard_free(guard);
    zkcoord_window_counter_free(window);
    zkcoord_rate_limiter_free(limiter);
    zkcoord_load_turn_free(turn);
    zkcoord_miss_guard_free(misses);
    zkcoord_counter_watch_free(watch);
    zkcoord_counter_free(counter);
    zkcoord_reentrant_mutex_free(reentrant);
    zkcoord_semaphore_free(semaphore);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

static void close_releases_the_locks(void) {
    zkcoord_client *one = new_client(), *two = new_client();
    zkcoord_mutex *mine = new_mutex(one, "/given"), *theirs = new_mutex(two, "/given");
    zkcoord_guard *guard = acquire(mine);
    OK(zkcoord_client_close(one, -1, &err));
    zkcoord_guard *other = acquire(theirs);
    CHECK(zkcoord_guard_token(other) > zkcoord_guard_token(guard));
    zkcoord_guard_free(other);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(theirs);
    zkcoord_mutex_free(mine);
    zkcoord_client_free(two);
    zkcoord_client_free(one);
}

static void objects_are_freed_in_any_order(void) {
    for (int order = 0; order < 6; order++) {
        zkcoord_client *client = new_client();
        zkcoord_mutex *mutex = new_mutex(client, "/order");
        zkcoord_guard *guard = acquire(mutex);
        zkcoord_counter *counter = new_counter(client, "/order-counter");
        for (int step = 0; step < 3; step++) {
            switch ((order / 2 + (order % 2 ? 2 - step : step)) % 3) {
            case 0: zkcoord_client_free(client); break;
            case 1: zkcoord_mutex_free(mutex); break;
            case 2:
                CHECK(zkcoord_guard_is_held(guard)); /* also after the others have been freed */
                zkcoord_guard_free(guard);
                break;
            }
        }
        int64_t value = 0;
        OK(zkcoord_counter_increment(counter, 5000, &value, &err));
        CHECK(value == order + 1);
        zkcoord_counter_free(counter);
    }
}

static void invalid_options_are_refused(void) {
    static const uint8_t login[] = "user:password";
    zkcoord_client *client = NULL;
    zkcoord_options *options = zkcoord_options_new();
    EXPECT(INVALID_ARGUMENT, zkcoord_options_set_session_timeout(options, -1, &err));
    CHECK(message_has("session_timeout"));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_set_identity(options, "\xff", &err));
    CHECK(message_has("identity"));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_set_acl(options, "mine", &err));
    CHECK(message_has("acl \"mine\""));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_set_acl(options, "\xff", &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_add_auth(options, "", login, 1, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_add_auth(options, "\xff", login, 1, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_add_auth(options, "digest", login, SIZE_MAX, &err));
    const int64_t refused[] = {0, 99, INT64_MAX};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        OK(zkcoord_options_set_session_timeout(options, refused[i], &err));
        EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(hosts, options, &client, &err));
        CHECK(message_has("session_timeout"));
    }
    OK(zkcoord_options_set_session_timeout(options, 10000, &err));
    OK(zkcoord_options_set_connect_timeout(options, 0, &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(hosts, options, &client, &err));
    CHECK(message_has("connect_timeout"));
    OK(zkcoord_options_set_connect_timeout(options, 10000, &err));
    OK(zkcoord_options_set_acl(options, "creator", &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(hosts, options, &client, &err));
    CHECK(message_has("acl"));
    zkcoord_options_free(options);
}

static void acls_keep_other_identities_out(void) {
    static const uint8_t login[] = {'a', ':', 'b'};
    zkcoord_options *options = zkcoord_options_new();
    OK(zkcoord_options_add_auth(options, "digest", login, sizeof login, &err));
    OK(zkcoord_options_set_acl(options, "creator", &err));
    zkcoord_client *owner = NULL, *stranger = new_client();
    OK(zkcoord_client_connect(hosts, options, &owner, &err));
    zkcoord_counter *own = new_counter(owner, "/private"), *foreign = new_counter(stranger, "/private");
    int64_t value = 0;
    OK(zkcoord_counter_increment(own, 5000, &value, &err));
    EXPECT(NOT_AUTHORIZED, zkcoord_counter_get(foreign, 5000, &value, &err));
    EXPECT(NOT_AUTHORIZED, zkcoord_counter_increment(foreign, 5000, &value, &err));
    zkcoord_counter_free(own);
    zkcoord_counter_free(foreign);
    zkcoord_client_free(owner);
    zkcoord_client_free(stranger);
    zkcoord_options_free(options);
}

static void check_connect_times_out(const char *address, int64_t timeout_ms) {
    zkcoord_options *options = zkcoord_options_new();
    zkcoord_client *client = NULL;
    OK(zkcoord_options_set_connect_timeout(options, timeout_ms, &err));
    int64_t start = now_ms();
    EXPECT(CONNECTION_LOST, zkcoord_client_connect(address, options, &client, &err));
    CHECK(now_ms() - start >= timeout_ms);
    CHECK(client == NULL);
    zkcoord_options_free(options);
}

static void connecting_to_a_silent_server_times_out(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int silent = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(silent, (struct sockaddr *)&address, size) == 0 && listen(silent, 8) == 0);
    CHECK(getsockname(silent, (struct sockaddr *)&address, &size) == 0);
    char name[64];
    snprintf(name, sizeof name, "127.0.0.1:%u", ntohs(address.sin_port));
    check_connect_times_out(name, 1000);
    close(silent);
    check_connect_times_out(name, 500); /* now the port refuses connections */
    check_connect_times_out("no-such-host.invalid:2181", 500);
}

static void connect_timeouts_may_be_huge(void) {
    const int64_t timeouts[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX / 1000};
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        zkcoord_options *options = zkcoord_options_new();
        zkcoord_client *client = NULL;
        OK(zkcoord_options_set_connect_timeout(options, timeouts[i], &err));
        OK(zkcoord_client_connect(hosts, options, &client, &err));
        zkcoord_client_free(client);
        zkcoord_options_free(options);
    }
}

static void versions_and_names(void) {
    char version[64];
    snprintf(version, sizeof version, "%d.%d.%d", ZKCOORD_VERSION_MAJOR, ZKCOORD_VERSION_MINOR, ZKCOORD_VERSION_PATCH);
    CHECK(strcmp(zkcoord_version(), ZKCOORD_VERSION) == 0);
    CHECK(strcmp(version, ZKCOORD_VERSION) == 0);
    CHECK(strcmp(zkcoord_status_name(ZKCOORD_STATUS_OK), "OK") == 0);
    CHECK(strcmp(zkcoord_status_name(ZKCOORD_STATUS_INTERNAL), "INTERNAL") == 0);
    CHECK(strcmp(zkcoord_status_name(INT32_MIN), "UNKNOWN") == 0);
}

int main(void) {
    set_up("client");
    RUN(a_client_returns_its_state_and_session);
    RUN(every_call_after_close_is_refused);
    RUN(close_releases_the_locks);
    RUN(objects_are_freed_in_any_order);
    RUN(invalid_options_are_refused);
    RUN(acls_keep_other_identities_out);
    RUN(connecting_to_a_silent_server_times_out);
    RUN(connect_timeouts_may_be_huge);
    RUN(versions_and_names);
    return finish();
}
