"""The picture of a fleet: nodes as columns, tenants on them, as one HTML page."""
