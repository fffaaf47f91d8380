"""A probe of the process that serves with ONNX Runtime; apart from the others, which load torch."""

import sys

from compactbench.runtimes import serve_onnx


class Server(serve_onnx.Server):
    """It tells what it has loaded."""

    def modules(self) -> set[str]:
        """Names of all top-level modules of this process."""
        return {name.partition(".")[0] for name in sys.modules}
