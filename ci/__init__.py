"""What pipelines run: `pipeline.mk`, and the little that its shell cannot say."""
