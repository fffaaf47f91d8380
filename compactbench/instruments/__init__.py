"""What takes a number: memory, throughput, quality, the machine, its GPU and processors, and a fixed piece of work."""
