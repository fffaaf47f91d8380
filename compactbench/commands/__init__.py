"""The subcommands of `compactbench`, one file each."""
