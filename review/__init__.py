"""Review of previews: what an update would do to databases and their clients. Reads previews, changes nothing."""
