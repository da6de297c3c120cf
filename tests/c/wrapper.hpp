// Shared by the tests of zkcoord.hpp.
#pragma once

#include "zkcoord.hpp"

#include <cstdio>

extern "C" {
#include "support.h"
}

// Returns whether the body throws an Error of this status.
template <class Body> static bool throws(zkcoord::Status status, Body body) {
    try {
        body();
        return false;
    } catch (const zkcoord::Error &error) {
        if (error.status() != status) std::fprintf(stderr, "threw %s\n", error.what());
        return error.status() == status && error.code() == status;
    }
}
