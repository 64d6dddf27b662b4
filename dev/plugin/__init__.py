"""A double of Pulumi's `kubernetes` plugin, for machines that reach nothing but package registries.

The engine cannot tell it from the official plugin for the kinds this program uses; docs/decisions/0002-plugin-double.md
says why it is here and where it is known to differ, tests/conformance/ holds it to the original. It talks to API
servers on loopback addresses only.
"""
