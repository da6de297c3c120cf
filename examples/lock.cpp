// Acquires a lock that all processes share. With libzkcoord installed (docs/cpp.md):
//   c++ -std=c++17 examples/lock.cpp $(pkg-config --cflags --libs zkcoord) -o lock && ./lock
#include <cstdlib>
#include <iostream>
#include <zkcoord.hpp>

using namespace std::chrono_literals;

int main() {
    const char *hosts = std::getenv("ZKCOORD_HOSTS");
    try {
        auto client = zkcoord::Client::connect(hosts ? hosts : "localhost:2181");
        auto mutex = client.mutex("/examples/lock");
        auto guard = mutex.acquire(10s);  // throws, with code() == std::errc::timed_out, after 10 s

        // Send the token along with every write, so that the receiver can refuse a holder that is too late.
        std::cout << "locked with token " << guard.token() << std::endl;

        guard.check();    // throws, with code() == zkcoord::Status::lock_lost, if the lock was lost meanwhile
        guard.release();  // or let the end of the scope release it
        std::cout << "released" << std::endl;
    } catch (const zkcoord::Error &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
