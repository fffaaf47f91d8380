"""The stages of one run, in the order of `run.py`: from the data set to batched throughput."""
