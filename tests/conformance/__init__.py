"""Holds the double of the `kubernetes` plugin to the official one: the same steps through both, compared."""
