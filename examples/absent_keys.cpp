// Keeps lookups of missing keys away from a database. With libzkcoord installed (docs/cpp.md):
//   c++ -std=c++17 examples/absent_keys.cpp $(pkg-config --cflags --libs zkcoord) -o absent_keys && ./absent_keys
#include <cstdlib>
#include <iostream>
#include <zkcoord.hpp>

// A database with one user.
static std::optional<std::string> query(const std::string &key) {
    std::cout << "the database is asked for " << key << std::endl;
    return key == "user-1" ? std::optional<std::string>("Ada") : std::nullopt;
}

int main() {
    const char *hosts = std::getenv("ZKCOORD_HOSTS");
    try {
        auto client = zkcoord::Client::connect(hosts ? hosts : "localhost:2181");
        // After 3 misses within 60 s a key counts as absent for 30 s, and the database is not asked.
        auto users = client.miss_guard("/examples/misses");

        std::cout << "user-1 is " << users.load("user-1", query).value_or("nobody") << std::endl;
        for (int i = 0; i < 4; i++) users.load("user-2", query);
        std::cout << "user-2 is " << users.load("user-2", query).value_or("nobody") << std::endl;
    } catch (const zkcoord::Error &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
