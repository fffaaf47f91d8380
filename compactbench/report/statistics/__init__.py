"""What the samples of a record allow to say: intervals, noise, comparisons."""
