"""An object for fresh processes in tests that is loaded at once."""

import os
import signal
from collections.abc import Callable


class Idle:
    """Listens, or stops."""

    def listen(self, text: str) -> int:
        """The length of the text."""
        return len(text)

    def stop(self) -> None:
        """Answer no more, without an end."""
        os.kill(os.getpid(), signal.SIGSTOP)


def hidden() -> Callable[[], None]:
    """A function that no module has under its name."""

    def nothing() -> None: ...

    return nothing
