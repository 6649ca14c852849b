# 创全: build, test and run from an empty machine. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.tools/bin:$(PATH)

SERVER := target/release/chuangquan
WASM := target/wasm32-unknown-unknown/wasm-release/islands.wasm
# Slow tests, skipped by `make check`: they wait, kill the server, or need PostgreSQL or a bucket.
SLOW := crash:: durability:: fraud:: bad_requests:: secrets:: nodes:: s3:: backup:: a_quiet_stream idle_connections_are_closed many_guessers the_owner_does_not_wait lose_commits a_copy_is_made_while
TESTS := --workspace --lib --test house
WASM_FLAGS := --profile wasm-release -p islands --lib --target wasm32-unknown-unknown

.PHONY: help serve check test dev build site tools test-tools format lint lint-server supply advisories licences unit journey journeys browsers nightly cluster siege bench pictures lighthouse clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: build ## build if needed and serve, with the data in data/
	@exec $(SERVER) serve

check: ## run before every commit: formatting, lints of the server, unit and route tests on SQLite
	@$(MAKE) --no-print-directory format lint-server
	@cargo test --locked --quiet $(TESTS) -- --skip on_postgres $(addprefix --skip ,$(SLOW))

test: test-tools ## all tests and lints of our own code
	@tools/timed.sh "formatting" $(MAKE) --no-print-directory format
	@tools/timed.sh "lints (about 3 minutes from nothing)" $(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory build
	@tools/timed.sh "journeys in Chromium, scripts on and off" $(MAKE) --no-print-directory journeys
	@tools/timed.sh "three nodes behind nginx, restarted and killed" $(MAKE) --no-print-directory cluster
	@tools/timed.sh "honest people while one network attacks" $(MAKE) --no-print-directory siege
	@tools/timed.sh "unit, store and route tests on SQLite and PostgreSQL" $(MAKE) --no-print-directory unit

dev: tools ## rebuild and reload at every change (needs cargo-leptos)
	@command -v cargo-leptos >/dev/null || { echo "make dev needs cargo-leptos: cargo install cargo-leptos --version 0.3.10 --locked --features no_downloads (6 to 20 minutes)"; exit 1; }
	@node tools/scripts.mjs target/debug
	@PATH="$(CURDIR)/tools/node_modules/.bin:$$PATH" cargo leptos watch -- serve

build: tools
	@tools/timed.sh "server (about 4 minutes from nothing)" cargo build --locked --release --quiet
	@$(MAKE) --no-print-directory site BESIDE=target/release

# Files for browsers; their hashes are in hash.txt next to the server.
site: tools
	@mkdir -p target/programs
	@tools/timed.sh "islands (about 1 minute from nothing)" cargo build --locked $(WASM_FLAGS) --features hydrate --quiet
	@cp -u $(WASM) target/programs/all.wasm
	@tools/timed.sh "islands that watch" cargo build --locked $(WASM_FLAGS) --features live --quiet
	@cp -u $(WASM) target/programs/live.wasm
	@tools/timed.sh "site" node tools/site.mjs $(BESIDE)
	@node tools/scripts.mjs $(BESIDE)

tools:
	@tools/install.sh build

test-tools: tools
	@tools/install.sh test

format:
	@cargo fmt --check

lint-server:
	@cargo clippy --locked --quiet --workspace --all-targets -- -D warnings

lint: lint-server
	@for part in hydrate live; do cargo clippy --locked --quiet -p islands --lib --target wasm32-unknown-unknown --features $$part -- -D warnings || exit 1; done
	@RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --workspace --no-deps
	@cd end2end && npx tsc --project . && npx tsc --project ../src/browser
	@end2end/node_modules/.bin/biome lint --error-on-warnings

# Its tools take minutes to compile, so it is not a part of `make test`; `.ci/run` calls it.
supply: ## licences, sources, use and known vulnerabilities of dependencies
	@tools/install.sh supply
	@tools/timed.sh "licences and sources of dependencies" cargo deny --log-level error --locked check licenses bans sources
	@cargo machete >/dev/null 2>&1 || cargo machete
	@node tools/licences.mjs --check
	@tools/advisories.sh

advisories: tools ## known vulnerabilities of dependencies; fails where the databases cannot be had
	@tools/install.sh supply
	@ADVISORIES=required tools/advisories.sh

licences: tools ## update the list of the page /licences
	@node tools/licences.mjs

# The HTTP tests run against the optimised program: some measure how many can sign at once. Unit
# tests of our crates need no speed, so these crates are compiled without optimisation; the
# dependencies are those of the release build.
FLOORS := domain campaign store service islands ui server
UNOPTIMISED := $(foreach floor,$(FLOORS),--config profile.release.package.$(floor).opt-level=0)

unit: ## unit, store and route tests on both databases; T=signature for those whose name contains it
ifdef T
	@tools/with-postgres.sh cargo test --locked --quiet $(TESTS) $(T)
else
	@cargo test --locked --quiet --release $(UNOPTIMISED) --workspace --lib
	@tools/with-postgres.sh cargo test --locked --quiet --release --test house
endif

journey: tools ## one journey in Chromium, scripts on and off, with an unoptimised server: T=sign
	@cargo build --locked --quiet
	@$(MAKE) --no-print-directory site BESIDE=target/debug
	@cd end2end && PROGRAM=$(CURDIR)/target/debug/chuangquan ../tools/with-postgres.sh npx playwright test journeys/$(T).spec.ts

journeys:
	@cd end2end && ../tools/with-postgres.sh npx playwright test

# As `supply`: Firefox's driver has to be compiled. Any built program will do: after `make unit`,
# `make build` would compile the server with other features again.
browsers: test-tools ## main journeys in Firefox and WebKit
	@tools/install.sh browsers
	@test -x $(SERVER) || $(MAKE) --no-print-directory build
	@tools/timed.sh "main journeys in Firefox and WebKit" tools/with-server.sh node end2end/browsers.mjs

nightly: build test-tools ## long tests in full: kills, bad requests, the cluster, keyboard; known vulnerabilities
	@NIGHTLY=1 tools/with-postgres.sh cargo test --locked --quiet --release --test house -- crash:: bad_requests::
	@$(MAKE) --no-print-directory cluster FULL=1
	@$(MAKE) --no-print-directory siege FULL=1
	@cd end2end && NIGHTLY=1 npx playwright test --project=js journeys/keyboard.spec.ts
	@tools/install.sh supply
	@tools/advisories.sh

cluster:
	@tools/with-postgres.sh node benches/cluster.mjs $(if $(FULL),,short)

siege:
	@node benches/siege.mjs $(if $(FULL),long,short)

bench: build test-tools ## measure into benches/RESULTS.md (about 25 minutes); PARTS="reading queue" measures those again
	@cargo build --locked --release --quiet --example bench
	@tools/with-postgres.sh node benches/run.mjs $(PARTS)

pictures: build test-tools ## screenshots of every page into target/pictures
	@tools/with-server.sh node end2end/pictures.mjs

lighthouse: build test-tools ## Lighthouse on /, /sign and /report into docs/lighthouse
	@tools/with-server.sh node end2end/lighthouse.mjs

clean: ## delete all build output
	@rm -rf target .tools tools/node_modules end2end/node_modules
