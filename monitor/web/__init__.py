"""The pages and the API. Reads; changes only by asking the pipeline, for those who know the token."""
