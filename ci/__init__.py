"""The steps of the pipelines: `pipeline.mk`, and what its shell cannot do."""
