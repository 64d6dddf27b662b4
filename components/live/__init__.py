"""Reads of the live cluster."""
