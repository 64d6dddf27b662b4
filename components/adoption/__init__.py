"""Adoption of existing objects that another client created."""
