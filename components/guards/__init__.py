"""Guards: refuse changes that would lose, move or disconnect a database, or change objects of another stack."""
