/* The example on top of zkcoord.h, run as it stands there: .ci/c.sh takes it out of the header. */
#include "support.h"

static uint64_t written;

static void write_report(uint64_t token) { written = token; }

#include "header_example.inc"

static void it_does_what_it_says(void) {
    CHECK(report(hosts) == ZKCOORD_STATUS_OK);
    uint64_t first = written;
    CHECK(first > 0);
    CHECK(report(hosts) == ZKCOORD_STATUS_OK && written > first);
    CHECK(report("no hosts") == ZKCOORD_STATUS_INVALID_ARGUMENT);
}

int main(void) {
    set_up("header-example");
    RUN(it_does_what_it_says);
    return finish();
}
