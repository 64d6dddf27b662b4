"""Finds manual changes: compares everything that a stack deployed with the live objects, undeclared fields included."""
