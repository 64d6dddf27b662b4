"""The Kubernetes library that the program and its tools share: reading manifests, and running kubectl."""
