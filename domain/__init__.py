"""The rules of the ledger of participation, and nothing else: no web, no database, no clock of its own."""
