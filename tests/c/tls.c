/* Encrypted connections to a server that requires client certificates. */
#include "support.h"

static char secure[512], misnamed[512];

/* Returns options with which the server accepts a client. */
static zkcoord_options *accepted_options(void) {
    zkcoord_options *options = zkcoord_options_new();
    OK(zkcoord_options_set_connect_timeout(options, 30000, &err));
    OK(zkcoord_options_set_tls_ca(options, getenv("ZKCOORD_TLS_CA"), &err));
    OK(zkcoord_options_set_tls_cert(options, getenv("ZKCOORD_TLS_CERT"), &err));
    OK(zkcoord_options_set_tls_key(options, getenv("ZKCOORD_TLS_KEY"), &err));
    return options;
}

/* Returns whether a client fails to connect for this reason. Takes ownership of the options. */
static bool refused(const char *where, zkcoord_options *options, const char *reason) {
    zkcoord_client *client = NULL;
    OK(zkcoord_options_set_connect_timeout(options, 3000, &err));
    EXPECT(CONNECTION_LOST, zkcoord_client_connect(where, options, &client, &err));
    if (!message_has(reason)) fprintf(stderr, "%s\n", last_message);
    zkcoord_options_free(options);
    return client == NULL && message_has(reason);
}

static void a_client_with_a_certificate_locks_and_counts(void) {
    zkcoord_options *options = accepted_options();
    zkcoord_client *client = NULL;
    int64_t value = 0;
    OK(zkcoord_client_connect(secure, options, &client, &err));
    zkcoord_options_free(options);
    zkcoord_mutex *mutex = new_mutex(client, "/lock");
    zkcoord_counter *counter = new_counter(client, "/counter");
    zkcoord_guard *guard = acquire(mutex);
    OK(zkcoord_counter_add(counter, 3, 5000, &value, &err));
    CHECK(value == 3 && zkcoord_guard_is_held(guard));
    zkcoord_guard_free(guard);
    zkcoord_counter_free(counter);
    zkcoord_mutex_free(mutex);
    zkcoord_client_free(client);
}

static void an_untrusted_connection_is_refused_with_a_reason(void) {
    zkcoord_options *options = accepted_options();
    OK(zkcoord_options_set_tls_ca(options, getenv("ZKCOORD_TLS_STRANGER"), &err));
    CHECK(refused(secure, options, "UnknownIssuer"));
    CHECK(refused(misnamed, accepted_options(), "not valid for name"));
    options = zkcoord_options_new();
    OK(zkcoord_options_set_tls_ca(options, getenv("ZKCOORD_TLS_CA"), &err));
    CHECK(refused(secure, options, "it refused with"));
    options = zkcoord_options_new();
    OK(zkcoord_options_set_tls(options, true, &err));
    CHECK(refused(secure, options, "UnknownIssuer"));
    CHECK(refused(secure, zkcoord_options_new(), "check whether its port expects TLS"));
    CHECK(refused(hosts, accepted_options(), "check whether its port expects TLS"));
}

static void host_names_need_not_be_verified(void) {
    zkcoord_options *options = accepted_options();
    zkcoord_client *client = NULL;
    OK(zkcoord_options_set_tls_verify_hostname(options, false, &err));
    OK(zkcoord_client_connect(misnamed, options, &client, &err));
    zkcoord_client_free(client);
    OK(zkcoord_options_set_tls_verify_hostname(options, true, &err));
    CHECK(refused(misnamed, options, "not valid for name"));
}

static void a_password_goes_through_tls(void) {
    static const uint8_t login[] = {'a', ':', 'b'};
    zkcoord_options *options = accepted_options();
    OK(zkcoord_options_add_auth(options, "digest", login, sizeof login, &err));
    OK(zkcoord_options_set_acl(options, "creator", &err));
    zkcoord_client *owner = NULL, *same = NULL, *stranger = new_client();
    OK(zkcoord_client_connect(secure, options, &owner, &err));
    OK(zkcoord_options_set_tls(options, false, &err)); /* the same password, without encryption */
    OK(zkcoord_client_connect(hosts, options, &same, &err));
    zkcoord_options_free(options);
    zkcoord_counter *own = new_counter(owner, "/private"), *too = new_counter(same, "/private");
    zkcoord_counter *foreign = new_counter(stranger, "/private");
    int64_t value = 0;
    OK(zkcoord_counter_increment(own, 5000, &value, &err));
    OK(zkcoord_counter_increment(too, 5000, &value, &err));
    CHECK(value == 2);
    EXPECT(NOT_AUTHORIZED, zkcoord_counter_increment(foreign, 5000, &value, &err));
    zkcoord_counter_free(own);
    zkcoord_counter_free(too);
    zkcoord_counter_free(foreign);
    zkcoord_client_free(owner);
    zkcoord_client_free(same);
    zkcoord_client_free(stranger);
}

static void bad_files_are_named(void) {
    static const char *const bad[] = {"/nowhere/ca.pem", "/", "/dev/null", __FILE__};
    zkcoord_client *client = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        zkcoord_options *options = accepted_options();
        OK(zkcoord_options_set_tls_key(options, bad[i], &err));
        EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(secure, options, &client, &err));
        CHECK(message_has("tls.key") && message_has(bad[i]));
        OK(zkcoord_options_set_tls_ca(options, bad[i], &err));
        EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(secure, options, &client, &err));
        CHECK(message_has("tls.") && message_has(bad[i]));
        zkcoord_options_free(options);
    }
    zkcoord_options *options = accepted_options();
    OK(zkcoord_options_set_tls_key(options, getenv("ZKCOORD_TLS_STRANGER_KEY"), &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(secure, options, &client, &err));
    CHECK(message_has(getenv("ZKCOORD_TLS_STRANGER_KEY")));
    EXPECT(INVALID_ARGUMENT, zkcoord_options_set_tls_ca(options, "\xff", &err));
    zkcoord_options_free(options);
    options = zkcoord_options_new();
    OK(zkcoord_options_set_tls_cert(options, getenv("ZKCOORD_TLS_CERT"), &err));
    EXPECT(INVALID_ARGUMENT, zkcoord_client_connect(secure, options, &client, &err));
    CHECK(message_has("tls.key") && message_has(getenv("ZKCOORD_TLS_CERT")) && client == NULL);
    zkcoord_options_free(options);
}

int main(void) {
    set_up("tls");
    const char *servers = getenv("ZKCOORD_TLS_HOSTS");
    if (servers == NULL) return 2;
    setenv("SSL_CERT_FILE", getenv("ZKCOORD_TLS_STRANGER"), 1); /* the only authority that the system trusts */
    snprintf(secure, sizeof secure, "%.400s%s", servers, chroot_path);
    snprintf(misnamed, sizeof misnamed, "127.0.0.1%.390s%s", strchr(servers, ':'), chroot_path);

    RUN(a_client_with_a_certificate_locks_and_counts);
    RUN(an_untrusted_connection_is_refused_with_a_reason);
    RUN(host_names_need_not_be_verified);
    RUN(a_password_goes_through_tls);
    RUN(bad_files_are_named);
    return finish();
}
