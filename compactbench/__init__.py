"""Compact Transformers: fine-tune, measure and compare small transformers for text classification.

The way of the data, one direction only::

    params/ -> settings -> benchmark/ -> record -> report/

`settings` reads and checks what a user may set, `measure` holds the stages of one run, `record` is what a run leaves,
and `report` turns records into the table, the charts, the recommendation and the site.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder: params/, notebooks/ and book/ lie in it."""
