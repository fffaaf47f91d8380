"""The stages of one run, in the order of `run.py`: data, model, fine-tune, quality, memory, size, latency, throughput."""
