# `make` lists the targets. They install what is missing first, and say so.

suites := house rust c libzkcoord python wheel node contention

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format $(suites) lib install uninstall bench-quick matrix clean

##@ Start here
help:         ## List the targets
	@awk -f .ci/help.awk $(MAKEFILE_LIST)
setup:        ## Install what building and testing need, as far as it is missing
	@.ci/setup.sh
demo: setup   ## Start a real ZooKeeper, and let four languages contend for one lock
	@.ci/demo.sh
test: setup   ## Run all suites; the last line is "N passed, M failed"
	@.ci/test.sh

##@ Source
lint: setup   ## Check format, lints and types in all languages, and the English
	@.ci/lint.sh
format: setup ## Format the sources in all languages
	@.ci/lint.sh --fix

##@ One suite
house:        ## Check the house rules: English, links, shell scripts
rust:         ## Test the core, the C ABI and the test kit, and run their examples
c:            ## Test the C and C++ headers: plain, with sanitizers, and under valgrind
libzkcoord:   ## Test the C library as it is installed, and compare its ABI
python:       ## Test the Python package
wheel:        ## Build, install and use the Python packages
node:         ## Test the Node package
contention:   ## Let C, Python and Node contend for one lock, and kill them in turn
$(suites): setup
	@.ci/$@.sh

##@ C library
lib:          ## Build libzkcoord (TLS=yes|no)
install:      ## Install it (PREFIX=/usr/local LIBDIR=PREFIX/lib DESTDIR=)
uninstall:    ## Remove what `make install` installed, with the same variables
lib install uninstall:
	@ffi/install/install.sh $(@:lib=build)

##@ Other
bench-quick: setup ## Measure speed beside Curator, kazoo and the limit (BENCH="lock add-16" for some of it)
	@.ci/bench.sh $(BENCH)
matrix: setup ## Test against ZooKeeper 3.5, 3.6, 3.8 and 3.9 (VERSIONS="3.5.9 3.9.4" for some of it)
	@.ci/matrix.sh $(VERSIONS)
clean:        ## Remove everything that was built
	cargo clean
	rm -rf .build dist
