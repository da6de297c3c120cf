# The two commands are `make demo` and `make test`. Both install what is missing first, and say so.

.PHONY: demo test lib install uninstall setup rust c libzkcoord python wheel node contention bench-quick lint format clean

demo: setup          ## a real ZooKeeper, and four languages contending for one lock
	@.ci/demo.sh

test: setup          ## everything; ends with one line "N passed, M failed"
	@.ci/test.sh

lib install uninstall:   ## libzkcoord for C and C++; PREFIX=/usr/local LIBDIR=PREFIX/lib DESTDIR= TLS=yes
	@ffi/install/install.sh $(@:lib=build)

rust c libzkcoord python wheel node contention: setup   ## the tests of one part
	@.ci/$@.sh

setup:               ## installs what building and testing need, when it is missing
	@.ci/setup.sh

bench-quick: setup   ## speed beside Curator, kazoo and the limit; BENCH="lock add-16" for some of it only
	@.ci/bench.sh $(BENCH)

lint: setup          ## formatting and lints of the Rust code
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

format:
	cargo fmt --all

clean:
	cargo clean
	rm -rf .build dist
