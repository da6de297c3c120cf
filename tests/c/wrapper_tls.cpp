// TLS in zkcoord.hpp, under C++17 and C++20.
#include "wrapper.hpp"

using namespace std::chrono_literals;
using zkcoord::Client;
using zkcoord::Options;
using zkcoord::Status;

static std::string file(const char *name) { return std::getenv(name); }

static std::string secure() { return file("ZKCOORD_TLS_HOSTS") + chroot_path; }

/** Returns options with which the server accepts a client. */
static Options accepted_options() {
    Options options;
    options.connect_timeout(30s).tls_ca(file("ZKCOORD_TLS_CA"));
    options.tls_cert(file("ZKCOORD_TLS_CERT")).tls_key(file("ZKCOORD_TLS_KEY"));
    return options;
}

static void connect(const std::string &where, const Options &options) {
    const auto client = Client::connect(where, options);
}

static bool is_refused(const std::string &where, Options &options) {
    return throws(Status::connection_lost, [&] { connect(where, options.connect_timeout(2s)); });
}

static void a_client_with_a_certificate_locks() {
    auto client = Client::connect(secure(), accepted_options());
    CHECK(client.mutex("/lock").acquire(5s).is_held());
    auto misnamed = secure();
    misnamed.replace(0, misnamed.find(':'), "127.0.0.1");
    auto options = accepted_options();
    CHECK(is_refused(misnamed, options));
    connect(misnamed, options.connect_timeout(30s).tls_verify_hostname(false));
}

static void an_untrusted_connection_is_refused() {
    auto options = accepted_options(), without_authority = Options();
    CHECK(is_refused(secure(), options.tls_ca(file("ZKCOORD_TLS_STRANGER"))));
    CHECK(is_refused(secure(), without_authority.tls()));
}

static void bad_files_are_named() {
    try {
        connect(secure(), accepted_options().tls_ca("/nowhere/ca.pem"));
        CHECK(!"connected");
    } catch (const zkcoord::Error &error) {
        CHECK(error.status() == Status::invalid_argument);
        CHECK(std::string(error.what()).find("/nowhere/ca.pem") != std::string::npos);
    }
    const std::string cut("ca.pem\0x", 8);
    CHECK(throws(Status::invalid_argument, [&] { Options().tls_ca(cut); }));
    connect(hosts, accepted_options().tls(false));
}

int main() {
    set_up("tls-hpp");
    RUN(a_client_with_a_certificate_locks);
    RUN(an_untrusted_connection_is_refused);
    RUN(bad_files_are_named);
    return finish();
}
