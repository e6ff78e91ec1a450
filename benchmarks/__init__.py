"""What `make bench` measures: our work against named peers, turn by turn in one run."""
