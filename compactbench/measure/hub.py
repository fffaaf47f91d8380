"""Whether the model hub can be reached, decided once and quickly: its own libraries would try for half a minute."""

import functools
import os
import urllib.error
import urllib.request

from huggingface_hub import constants

PROBE_TIMEOUT_S = 3.0


def offline() -> bool:
    """Whether the user forbids any request, so that only what is cached may be used."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES


@functools.cache
def hub_reachable() -> bool:
    """Whether the hub answers within a few seconds; any answer counts. Asked once per process."""
    if offline():
        return False
    try:
        urllib.request.urlopen(constants.ENDPOINT, timeout=PROBE_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True
