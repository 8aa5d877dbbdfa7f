# A thin front for people in a hurry. The build is CMake with Ninja: cmake --preset dev|release|asan|tsan|fuzz.
#
#   make run      install what the build needs, build, and run a real script against the demo target, with the page
#   make test     install what tests need, run every test
#   make check    clang-tidy, gcc -fanalyzer, headers, docs            make format   format all C files
#   make bench    measure against other tools, side by side            make fuzz     every fuzzer for a minute
#   make bench-time  only its part about time: stalls, exact starts
#   make build    the release binary: build/release/brunt              make docs     write docs/reference anew
#   make clean    remove build/

all: build

setup-%:
	@tools/setup $(subst +, ,$*)

build: setup-build
	@cmake --preset release >/dev/null
	@cmake --build --preset release

run: build
	@tools/demo build/release/brunt

test: setup-build+test
	@tools/test

check: setup-build+test+check
	@cmake --preset dev >/dev/null
	@tools/layers.py --headers
	@cmake --build --preset dev --target gen-docs
	@tools/check-docs build/dev/gen-docs
	@tools/analyze build/dev

bench: setup-build+bench build
	@bench/peers/build
	@python3 bench/run.py $(BENCH)
	@test -n "$(BENCH)" || $(MAKE) --no-print-directory bench-time
	@test -n "$(BENCH)" || python3 bench/sinks.py

bench-time: setup-build+bench build
	@bench/peers/build
	@python3 tests/measure/stall.py build/release/brunt --long
	@python3 bench/precision.py
	@python3 bench/omission.py
	@python3 tests/measure/verdict.py build/release/brunt

fuzz: setup-build+check
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz
	@tools/fuzz build/fuzz

format: setup-check
	@tools/check-format --fix

docs: setup-build
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target gen-docs
	@tools/check-docs build/dev/gen-docs --write

clean:
	rm -rf build

.PHONY: all build run test check bench bench-time fuzz format docs clean
