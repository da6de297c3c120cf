// The declarations that the C++ blocks of the documents use without showing them.
#include <iostream>
#include <mutex>
#include <thread>
#include <zkcoord.hpp>

using namespace std::chrono_literals;

extern zkcoord::Client client;
extern zkcoord::Mutex mutex;
extern zkcoord::Guard guard;

void work();
void call_api();
void write_report(std::uint64_t token);
std::optional<std::string> query(const std::string &key);
