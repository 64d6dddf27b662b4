"""The fleet page: nodes as columns, with their tenants, as one HTML page."""
