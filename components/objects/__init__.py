"""Builders of a tenant's objects: pure values, so that adoption can compare them with live objects."""
