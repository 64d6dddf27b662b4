"""What the program and its tools share about Kubernetes: reading objects, and asking the cluster."""
