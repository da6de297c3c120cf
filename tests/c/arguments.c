/* Arguments that cannot be: NULL for every pointer of every function, bad paths, bad text, bad hosts. */
#include "support.h"

static zkcoord_client *client;
static zkcoord_mutex *mutex;
static zkcoord_guard *guard;
static zkcoord_counter *counter;
static zkcoord_options *options;
static int64_t number;
static bool flag;
static zkcoord_state state;

/* The call fails for the argument named, and without a place for the error too. */
#define REFUSED(argument, function, ...)                                        \
    do {                                                                        \
        EXPECT(INVALID_ARGUMENT, function(__VA_ARGS__, &err));                  \
        CHECK(strcmp(last_message, argument ": must not be NULL") == 0);        \
        CHECK(function(__VA_ARGS__, NULL) == ZKCOORD_STATUS_INVALID_ARGUMENT);  \
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
    REFUSED("options", zkcoord_options_set_acl, NULL, "open");
    REFUSED("acl", zkcoord_options_set_acl, options, NULL);
    zkcoord_options_free(NULL);
}

static void null_for_a_mutex(void) {
    zkcoord_mutex *out = NULL;
    zkcoord_guard *held = NULL;
    REFUSED("client", zkcoord_mutex_new, NULL, "/m", &out);
    REFUSED("path", zkcoord_mutex_new, client, NULL, &out);
    REFUSED("out", zkcoord_mutex_new, client, "/m", NULL);
    REFUSED("mutex", zkcoord_mutex_acquire, NULL, 1000, &held);
    REFUSED("out", zkcoord_mutex_acquire, mutex, 1000, NULL);
    REFUSED("mutex", zkcoord_mutex_try_acquire, NULL, &held);
    REFUSED("out", zkcoord_mutex_try_acquire, mutex, NULL);
    zkcoord_mutex_free(NULL);
}

static void nothing(void *user_data) { (void)user_data; }

static void null_for_a_guard(void) {
    CHECK(zkcoord_guard_token(NULL) == 0);
    CHECK(zkcoord_guard_node(NULL) == NULL);
    CHECK(!zkcoord_guard_is_held(NULL));
    REFUSED("guard", zkcoord_guard_check, NULL);
    REFUSED("guard", zkcoord_guard_on_lost, NULL, nothing, NULL, NULL);
    REFUSED("fn", zkcoord_guard_on_lost, guard, NULL, NULL, NULL);
    REFUSED("guard", zkcoord_guard_release, NULL, 1000);
    zkcoord_guard_free(NULL);
}

static void null_for_a_counter(void) {
    zkcoord_counter *out = NULL;
    REFUSED("client", zkcoord_counter_new, NULL, "/c", &out);
    REFUSED("path", zkcoord_counter_new, client, NULL, &out);
    REFUSED("out", zkcoord_counter_new, client, "/c", NULL);
    REFUSED("counter", zkcoord_counter_add, NULL, 1, 1000, &number);
    REFUSED("out", zkcoord_counter_add, counter, 1, 1000, NULL);
    REFUSED("counter", zkcoord_counter_increment, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_increment, counter, 1000, NULL);
    REFUSED("counter", zkcoord_counter_decrement, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_decrement, counter, 1000, NULL);
    REFUSED("counter", zkcoord_counter_get, NULL, 1000, &number);
    REFUSED("out", zkcoord_counter_get, counter, 1000, NULL);
    REFUSED("counter", zkcoord_counter_set, NULL, 1, 1000);
    REFUSED("counter", zkcoord_counter_get_and_set, NULL, 1, 1000, &number);
    REFUSED("out", zkcoord_counter_get_and_set, counter, 1, 1000, NULL);
    REFUSED("counter", zkcoord_counter_compare_and_set, NULL, 1, 2, 1000, &flag);
    REFUSED("out", zkcoord_counter_compare_and_set, counter, 1, 2, 1000, NULL);
    zkcoord_counter_free(NULL);
    /* None of the refused calls has done anything. */
    OK(zkcoord_counter_get(counter, 5000, &number, &err));
    CHECK(number == 0);
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

static void refuse_path(const char *path) {
    zkcoord_mutex *no_mutex = mutex;
    zkcoord_counter *no_counter = counter;
    EXPECT(INVALID_ARGUMENT, zkcoord_mutex_new(client, path, &no_mutex, &err));
    CHECK(no_mutex == NULL && said("path ") && strlen(last_message) < 300);
    EXPECT(INVALID_ARGUMENT, zkcoord_counter_new(client, path, &no_counter, &err));
    CHECK(no_counter == NULL && said("path "));
}

static void bad_paths(void) {
    static const char *const paths[] = {
        "",      "locks", "/",         "//",      "/a//b",    "/a/",          "/.",         "/..",       "/a/./b", "/a/../b",
        "/a\nb", " /a",   "/\xff\xfe", "/a\xc3",  "\xc3\xa4", "/\xc0\xaf",    "/\x7f",      "/a\x01",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) refuse_path(paths[i]);
    static char huge[10001];
    memset(huge, 'x', sizeof huge - 1);
    refuse_path(huge);
    huge[0] = '/';
    refuse_path(huge);
    CHECK(said("10000 bytes"));
    memset(huge, '\xff', sizeof huge - 1);
    refuse_path(huge);
}

static void bad_hosts(void) {
    static const char *const bad[] = {
        "",  " ",     ",",          ":",      "host:",     "host:port",    "host:-1",      "host:70000", "a:1,,b:2",
        ":1", "[::1", "[::1]x:2181", "/chroot", "h:1/a//b", "h:1/../b", "h:1/a/",       "\xff:2181",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        zkcoord_client *out = client;
        EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(bad[i], NULL, &out, &err));
        CHECK(out == NULL && said("hosts"));
    }
    zkcoord_client *out = client;
    EXPECT(UNSUPPORTED, zkcoord_client_connect("tcp+tls://127.0.0.1:2181", NULL, &out, &err));
}

int main(void) {
    set_up("arguments");
    client = new_client();
    mutex = new_mutex(client, "/m");
    guard = acquired(mutex);
    counter = new_counter(client, "/c");
    options = zkcoord_options_new();
    RUN(null_for_a_client);
    RUN(null_for_options);
    RUN(null_for_a_mutex);
    RUN(null_for_a_guard);
    RUN(null_for_a_counter);
    RUN(null_for_an_error);
    RUN(failures_clear_the_results);
    RUN(bad_paths);
    RUN(bad_hosts);
    zkcoord_options_free(options);
    zkcoord_counter_free(counter);
    zkcoord_guard_free(guard);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
    return finish();
}
