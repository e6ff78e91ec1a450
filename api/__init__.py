"""The only way in: REST under /v1, generated from the same declarations that parse the requests."""
