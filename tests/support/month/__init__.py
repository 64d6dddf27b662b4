"""A busy month: random edits of a fleet, and a model of the cluster that it equals after each of them."""
