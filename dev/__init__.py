"""What a developer needs: the tool chain, a local cluster, a double of the Kubernetes plugin, and the bench."""
