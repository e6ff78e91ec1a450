"""Numbered migrations of the event store, one SQL file each; what has landed is never edited."""
