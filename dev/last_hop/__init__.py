"""The last hop for real: kube-keepalived-vip in a virtual machine serves what the program has declared."""
