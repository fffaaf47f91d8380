"""Whether somebody looks at a kernel; apart from the charts, whose libraries take a second to load."""

LIVE = {"JPY_SESSION_NAME", "VSCODE_PID"}
"""Environment variables that tell a kernel so. Whoever executes pages must drop them: a kernel inherits them when the
execution was started from a live notebook."""
