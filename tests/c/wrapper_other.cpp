#include "wrapper_other.hpp"

const std::error_category &category_of_the_other_file() { return zkcoord::category(); }

std::int64_t count_in_the_other_file(const zkcoord::Client &client, const std::string &path) {
    return client.counter(path).increment();
}
