"""Runs the steps of `tests/conformance/steps.yaml` with a plugin, and records or reads what it did."""

from dev.local.places import CHECKOUT

DIRECTORY = CHECKOUT / "tests" / "conformance"
