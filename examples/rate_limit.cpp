// Acquires permits of a rate limiter that all processes share. With libzkcoord installed (docs/cpp.md):
//   c++ -std=c++17 examples/rate_limit.cpp $(pkg-config --cflags --libs zkcoord) -o rate_limit && ./rate_limit
#include <cstdlib>
#include <iostream>
#include <zkcoord.hpp>

using namespace std::chrono_literals;

int main() {
    const char *hosts = std::getenv("ZKCOORD_HOSTS");
    try {
        auto client = zkcoord::Client::connect(hosts ? hosts : "localhost:2181");
        auto limiter =
            client.rate_limiter("/examples/limit", 10, 1s);  // at most 10 in any second, by all processes together

        limiter.acquire(1, 10s);  // throws, with code() == std::errc::timed_out, if it would take longer
        std::cout << "this one may go" << std::endl;

        std::cout << "another one " << (limiter.try_acquire() ? "too" : "later") << std::endl;
    } catch (const zkcoord::Error &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
