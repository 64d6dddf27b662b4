"""Development tools: the tool chain, a local cluster, a double of Pulumi's Kubernetes plugin, and benchmarks."""
