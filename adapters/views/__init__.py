"""What anyone reads of many records: lists and facts, each fed from the records' effective histories."""
