"""The subcommands of `compactbench`, one file each.

The file's name is the command's, the first line of its docstring the help; `add_options` declares what it takes, and
`run` does it and returns the exit code.
"""
