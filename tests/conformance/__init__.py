"""Compares the double of the `kubernetes` plugin with recordings of the official one, step by step."""
