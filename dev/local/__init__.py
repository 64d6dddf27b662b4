"""Sets up a development machine: the tool chain, the Python environment, a local cluster.

It runs on any Python >= 3.11 with the standard library alone, since it installs everything else.
"""
