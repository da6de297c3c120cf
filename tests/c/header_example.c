/* Runs the example at the top of zkcoord.h. .ci/c.sh copies its text out of the header. */
#include "support.h"

static uint64_t written;

static void write_report(uint64_t token) { written = token; }

#include "header_example.inc"

static void the_example_works(void) {
    CHECK(report(hosts) == ZKCOORD_STATUS_OK);
    uint64_t first = written;
    CHECK(first > 0);
    CHECK(report(hosts) == ZKCOORD_STATUS_OK && written > first);
    CHECK(report("no hosts") == ZKCOORD_STATUS_INVALID_ARGUMENT);
}

int main(void) {
    set_up("header-example");
    RUN(the_example_works);
    return finish();
}
