"""A double of Pulumi's `kubernetes` plugin, for machines that cannot download it.

It behaves like the official plugin for the kinds that this program uses: docs/decisions/0002-plugin-double.md has the
reasons and the known differences, tests/conformance/ compares it with recordings of the official one. It connects to
API servers on loopback addresses only.
"""
