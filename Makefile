# The logic is in .ci/, one small script each; here are the names to remember.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run cluster test test-long job conformance chaos check web k8s explain clean

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s  %s\n", $$1, $$2 }' Makefile

run: ## build everything, start the server and print the address of a page to try it on
	@.ci/start

cluster: ## two servers behind nginx, on a Redis and a Postgres of their own, and the address of the page; PODS=3 for three
	@.ci/cluster

test: ## format, lints and all tests, as continuous integration runs them
	@.ci/test

test-long: ## those tests again that have a full length: outages, sleep, 5,000 clients, cases of each property
	@.ci/test-long

job: ## one job of continuous integration, NAME=unit-messages; without a name, which there are
	@.ci/job $(NAME)

conformance: ## the official suites of Engine.IO and Socket.IO, fetched into SUITE=FOLDER, in three settings; RUNS=20 times
	@.ci/conformance $(SUITE)

chaos: ## three servers in all kinds of trouble, and whether anything is lost; MINUTES=20 SEED=7 for more, or again
	@.ci/chaos

check: ## format, lints and unit tests
	@.ci/check

web: ## build the pages in src/web
	@.ci/web

k8s: ## render what is in k8s/ and check it
	@.ci/k8s

explain: ## how both databases answer what pages ask, with a million messages in them; MESSAGES=100000 for fewer
	@.ci/explain

clean: ## remove everything that was built or downloaded
	cargo clean
	rm -rf src/web/dist src/web/built.stamp src/web/node_modules tests/node_modules tests/e2e_try/node_modules tests/k8s/node_modules tests/rest/.venv
