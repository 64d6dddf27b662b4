"""Taking over objects that another client made."""
