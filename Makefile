# The commands of this project. `make run` needs Go alone; `make test` installs
# what the tests need on Debian 12 or newer, and elsewhere says what is missing.

GO     ?= go
TOOL   := $(GO) tool -modfile=tools/go.mod
BINARY := bin/countersign

# Packages in which two goroutines meet: their tests run under the race detector.
RACE_DIRS := internal/store internal/turn internal/limit internal/password internal/notify internal/message \
             internal/account internal/signin internal/enrol internal/session \
             internal/people internal/web internal/server internal/terminal
RACE      = $(RACE_DIRS:%=./%/...)
# SQLite is C that was translated: the detector finds nothing in it, and half the time
# would be spent there.
UNRACED   = -gcflags=modernc.org/...=-race=false -d=checkptr=0
PLAIN     = $(filter-out $(shell $(GO) list $(RACE)) $(OUTSIDE),$(shell $(GO) list ./...))
# Packages that start servers of their own.
OUTSIDE   = countersign/attack% countersign/bench% countersign/e2e%

.PHONY: run
run: build ## Start the server with nothing configured
	@exec ./$(BINARY) serve

.PHONY: demo
demo: build ## Start a temporary demonstration with 25 people in many states
	@exec ./$(BINARY) demo

.PHONY: build
build: ## Build bin/countersign, without C
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w" -o $(BINARY) ./cmd/countersign

# Tests hold little memory for a short time: to collect it less often is a tenth of their work.
test: export GOGC = 400
# The longest come first, and one more at once than there are cores: browsers and mails wait a
# lot. With more of them, those that look again and again for what they wait for cost more than
# is won.
AT_ONCE = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
.PHONY: test
test: ## Run everything: unit, both databases, scripts, race detector, browser
	@scripts/install-test-needs
	$(GO) vet ./...
	$(GO) test -race '$(UNRACED)' -p $(AT_ONCE) -timeout 30m $(RACE)
	$(GO) test -p $(AT_ONCE) -timeout 30m ./e2e ./attack/... ./e2e/... ./bench/... $(PLAIN)

.PHONY: test-fast
test-fast: ## Run the tests of all packages without race detector and browser
	$(GO) test $(filter-out $(OUTSIDE),$(shell $(GO) list ./...))

SEED ?= 0
ONLY ?= .
.PHONY: attack
attack: ## Attack servers for an hour or more (SEED=n repeats a run, ONLY=TestName)
	@scripts/install-test-needs
	$(GO) test -count=1 -v -timeout 12h -run '$(ONLY)' ./attack -long -seed=$(SEED)
	$(GO) test -count=1 -timeout 1h -run '^TestTwo' ./internal/people -rounds=1000

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## Run every fuzz target in turn (FUZZTIME=30s each)
	@for file in $$(git grep -l '^func Fuzz' -- '*_test.go'); do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$file); do \
	    echo "$$target in $$(dirname $$file)"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit 1; \
	  done; \
	done

ROUNDS ?= 5
.PHONY: bench
bench: build ## Measure, as ratios to limits of the same run, and print the table (a quarter of an hour)
	@scripts/install-test-needs
	$(GO) test -count=1 -v -timeout 3h ./bench -run '^TestFigures$$' -full -rounds=$(ROUNDS) -binary=$(CURDIR)/$(BINARY)

.PHONY: screenshots
screenshots: ## Take the pictures of the README again
	@mkdir -p doc/screenshots
	COUNTERSIGN_SCREENSHOTS=$(CURDIR)/doc/screenshots $(GO) test -count=1 -run '^TestScreenshots$$' ./e2e

.PHONY: lint
lint: ## Check format, and lint
	@unformatted=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not formatted; run make format:"; echo "$$unformatted"; exit 1; fi
	$(TOOL) golangci-lint run ./...

.PHONY: format
format: ## Format every Go file
	@$(TOOL) gofumpt -w $$(git ls-files '*.go')

.PHONY: generate
generate: ## Generate internal/store/rows from the queries
	$(TOOL) sqlc generate -f internal/store/sqlc.yaml
	$(GO) test -count=1 ./internal/house -run '^TestTheRowsAreFresh$$' -generated

VULN_DB ?= https://vuln.go.dev
.PHONY: vuln
vuln: ## Look for known vulnerabilities in what is called (VULN_DB=file:///DIR without network)
	$(TOOL) govulncheck -db $(VULN_DB) ./...

.PHONY: help
help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
