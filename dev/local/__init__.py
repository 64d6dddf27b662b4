"""What makes a machine able to run the program: the tool chain, the Python environment, a local cluster.

Runs on any Python >= 3.11 with its standard library alone, since it is what installs everything else; only
`dev/plugin/` uses packages. On a cluster of your own nothing in here is needed.
"""
