"""What a reader sees of an executed page: results, and the code that teaches; no plumbing, no empty section."""

from helpers.factory import make_record
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from compactbench.record import Record
from compactbench.report.site.sections import telling

RESULT = new_output("display_data", {"text/plain": "5 ms"})
TRAINED = make_record()
LINEAR = make_record(finetune={"procedure": None})


def code(source: str, shows: bool = True, tag: str | None = None) -> NotebookNode:
    return new_code_cell(source, outputs=[RESULT] * shows, metadata={"tags": [tag] * bool(tag)})


def seen(cells: list[NotebookNode], run: Record | None = TRAINED) -> list[str]:
    """Every cell that is left: prose and code that is shown by its text, code that is not by the word "result"."""
    kept = telling(cells, run)
    return ["result" if "remove-input" in cell.metadata.get("tags", []) else cell.source for cell in kept]


def test_code_is_shown_where_it_teaches_and_a_result_everywhere() -> None:
    cells = [new_markdown_cell("Train:"), code("def train(): ...", shows=False, tag="training")]
    cells += [new_markdown_cell("Latency:"), code("page.about_latency(found)", tag="hide-input")]
    assert seen(cells) == ["Train:", "def train(): ...", "Latency:", "result"]


def test_a_cell_that_shows_nothing_goes_with_its_sentence() -> None:
    cells = [new_markdown_cell("The settings:"), code("a = 1", shows=False), new_markdown_cell("Result:"), code("a")]
    assert seen(cells) == ["Result:", "result"]


def test_an_empty_section_goes_with_its_heading_and_another_keeps_it() -> None:
    empty = [new_markdown_cell("## Tuning\n\nThese were tried:"), code("tuning()", shows=False)]
    half = [new_markdown_cell("## Classes\n\nThese are confused:"), code("confused()", shows=False)]
    half += [new_markdown_cell("Each by itself:"), code("each()")]
    plain = [new_markdown_cell("## Files\n\nAll are in one folder.")]
    assert seen([*empty, *half, *empty, *plain, *empty]) == ["## Classes", "Each by itself:", "result", plain[0].source]


def test_what_teaches_is_not_shown_for_a_model_that_is_not_trained_so() -> None:
    cells = [new_markdown_cell("## Training\n\nSo it learns:"), code("def train(): ...", shows=False, tag="training")]
    cells += [new_markdown_cell("Timed:"), code("timed()", tag="teaches")]
    assert seen(cells, LINEAR) == ["## Training", "Timed:", "result"]


def test_the_summary_shows_its_parameters() -> None:
    assert seen([new_markdown_cell("Set:"), code("limits = {}", False, "parameters")], None) == ["Set:", "limits = {}"]


def test_hidden_cells_are_left_out_and_prose_around_them_stays() -> None:
    cells = [new_markdown_cell("First."), code("install()", tag="remove-cell"), new_markdown_cell("Last.")]
    assert seen(cells) == ["First.", "Last."]
