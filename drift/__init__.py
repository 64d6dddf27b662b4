"""What was changed in the cluster by hand: compares what a stack deployed with what is there, strictly."""
