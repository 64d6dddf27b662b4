"""Refusals: changes that would lose, move or cut off a database, or take what is not this stack's."""
