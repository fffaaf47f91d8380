"""What the model hub tells without a download: whether it answers, what it has, at which commit.

Its libraries would try for half a minute where nobody answers, so it is asked once, with a short time to wait. What it
cannot tell just now (it is slow, or limits the rate) is left to the download, which tries again by itself.
"""

import functools
import os
import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from huggingface_hub import HfApi, constants, get_hf_file_metadata, hf_hub_url, scan_cache_dir, try_to_load_from_cache
from huggingface_hub.errors import (
    CacheNotFound,
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import validate_repo_id

from compactbench.settings import SettingsError

PROBE_TIMEOUT_S = 3.0
CONFIG = "config.json"
PLACE = re.compile(r"^(?:/api/resolve-cache/models)?/(?P<id>[^/]+(?:/[^/]+)?)/(?:resolve/)?[^/]+/config\.json$")
"""The path at which the hub serves a model's configuration, today and through its cache."""


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


def unreachable() -> str:
    """Why the hub cannot be asked, as the end of a sentence."""
    return "HF_HUB_OFFLINE forbids to fetch it" if offline() else f"{constants.ENDPOINT} cannot be reached"


def cached_commit(model_name: str, revision: str | None) -> str | None:
    """The commit of the cached snapshot of a model, read from its path; None where nothing is cached."""
    try:
        config = try_to_load_from_cache(model_name, CONFIG, revision=revision)
    except HFValidationError:  # no id at all, which `commit` says
        return None
    return config.split(os.sep)[-2] if isinstance(config, str) else None


@functools.cache
def commit(model_name: str, revision: str | None) -> str | None:
    """The commit that `revision` of a model stands for now; None where the hub does not tell. Asked once per process.

    Raises:
        SettingsError: the hub has no such model or revision, does not let you read it, or has it under another name;
            the message names the key.
    """
    if revision and re.fullmatch("[0-9a-f]{40}", revision) and cached_commit(model_name, revision):
        return revision
    if not hub_reachable():
        return cached_commit(model_name, revision)
    given, address = f"key `model_name`: got {model_name!r}", f"{constants.ENDPOINT}/{model_name}"
    try:
        validate_repo_id(model_name)
        url = hf_hub_url(model_name, CONFIG, revision=revision)
        found = get_hf_file_metadata(url, timeout=PROBE_TIMEOUT_S)
    except GatedRepoError as error:
        fix = f"a model you may read: ask for access at {address}, then set HF_TOKEN"
        raise SettingsError(f"{given}, which is gated; accepted: {fix}.") from error
    except RevisionNotFoundError as error:
        accepted = f"a branch, tag or commit of {model_name}"
        raise SettingsError(f"key `revision`: got {revision!r}; accepted: {accepted}.") from error
    except RepositoryNotFoundError as error:
        fix = f"the id of a model on {constants.ENDPOINT} (for a private one set HF_TOKEN)"
        raise SettingsError(f"{given}, which is missing there; accepted: {fix}.") from error
    except EntryNotFoundError as error:
        accepted = "a model for transformers"
        raise SettingsError(f"{given}, which has no {CONFIG}; accepted: {accepted}.") from error
    except HFValidationError as error:
        raise SettingsError(f"{given}; accepted: an id such as google/electra-small-discriminator.") from error
    except Exception:  # slow, limited, broken off: the download will try again, and say why if it fails for good
        return cached_commit(model_name, revision)
    place = PLACE.match(urlsplit(found.location).path.removeprefix(urlsplit(constants.ENDPOINT).path.rstrip("/")))
    if place and place["id"] != model_name:
        raise SettingsError(f"{given}, which was renamed; accepted: {place['id']!r}.")
    return found.commit_hash


@functools.cache
def dataset_commit(hub_id: str, revision: str | None) -> str | None:
    """The commit that `revision` of a data set stands for now; without the hub, what is cached; None for neither."""
    if not hub_reachable():
        return revision or cached_dataset_commit(hub_id)
    try:
        return HfApi().dataset_info(hub_id, revision=revision, timeout=PROBE_TIMEOUT_S).sha
    except Exception:  # loading it says what is wrong
        return None


def cached_dataset_commit(hub_id: str) -> str | None:
    """The newest commit of a data set in the cache."""
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return None
    ours = [one for one in repositories if (one.repo_type, one.repo_id) == ("dataset", hub_id)]
    commits = [commit for one in ours for commit in one.revisions]
    return max(commits, key=lambda commit: commit.last_modified).commit_hash if commits else None
