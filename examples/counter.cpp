// Increments a counter that all processes share. With libzkcoord installed (docs/cpp.md):
//   c++ -std=c++17 examples/counter.cpp $(pkg-config --cflags --libs zkcoord) -o counter && ./counter
#include <cstdlib>
#include <iostream>
#include <zkcoord.hpp>

using namespace std::chrono_literals;

int main() {
    const char *hosts = std::getenv("ZKCOORD_HOSTS");
    try {
        auto client = zkcoord::Client::connect(hosts ? hosts : "localhost:2181");
        auto hits = client.counter("/examples/hits");
        std::cout << "hit number " << hits.increment(10s) << std::endl;
    } catch (const zkcoord::Error &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
