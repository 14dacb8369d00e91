"""The pages and the API. Reads; changes nothing."""
