"""The objects of a tenant as values, before they are declared."""
