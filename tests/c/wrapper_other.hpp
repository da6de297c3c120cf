// The functions of wrapper_other.cpp, the second file of the program that includes zkcoord.hpp.
#pragma once

#include "zkcoord.hpp"

const std::error_category &category_of_the_other_file();
std::int64_t count_in_the_other_file(const zkcoord::Client &client, const std::string &path);
