"""The matrix of faults: what each does to a deployed fleet, and to every command that a user runs meanwhile."""
