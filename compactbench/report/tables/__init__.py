"""Records in, flat tables out; one entry per metric."""
