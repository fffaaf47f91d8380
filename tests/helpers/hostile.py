"""Records, models and pages with an attack in every text that they may hold."""

from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from pydantic import BaseModel
from typing_extensions import is_typeddict

from compactbench.parameters import load_model
from compactbench.record import FailedRecord, Record
from compactbench.report.charts import classes, tradeoff
from compactbench.report.charts import run as run_charts
from compactbench.report.charts.runtimes import latencies_chart
from compactbench.report.charts.show import chart_html
from compactbench.report.tables.metrics import LATENCY, SIZE
from compactbench.report.tables.results import results
from compactbench.report.text import classes as class_texts
from compactbench.report.text import run_page as page
from compactbench.report.text import runtimes as runtime_views
from compactbench.report.text import serving
from compactbench.settings import Name, Place
from helpers.book_factory import page_of as whole_page

ATTACK = r"""{{ cycler.__init__.__globals__.os.popen('touch MARK').read() }} {% include '/etc/passwd' %} ${x} $x^2$
<img src=x onerror="window.PWNED=1"> <script>window.PWNED=2</script> </script> <!-- c --> <b>bold</b> &amp; &lt;
[link](javascript:window.PWNED=3) <javascript:alert(1)> ![i](http://evil.invalid/i.png) http://evil.invalid | cell \|
`code` {raw}`x` *em* __u__ ~~s~~ "double" 'single' -- ... \ %{y} %{customdata[0]}

# heading

```{eval-rst}
.. raw:: html
```
:::{include} /etc/passwd
:::
"""
SHOWN = " ".join(ATTACK.split())
NAMES = {"suite", "machine", "model"}
"""Fields that name folders and files: what else they may hold is checked where they are read."""
CHECKED = [get_args(kind)[1] for kind in (Name, Place)]
"""The checks of texts that name something, too."""
M = TypeVar("M", bound=BaseModel)


def hostile(text: str) -> str:
    return f"{ATTACK}{text}"


def attacked(part: M) -> M:
    """`part` with an attack in front of every text, but in names, in fixed vocabularies and where a pattern forbids.

    It walks the fields as they are declared, so that a new one is attacked too.
    """
    changes = {name: planted(getattr(part, name), name, field) for name, field in type(part).model_fields.items()}
    return type(part).model_validate({**dict(part), **changes})


def planted(value: Any, name: str, field: Any = None) -> Any:
    if field is not None:
        kinds = {field.annotation, *get_args(field.annotation)}
        patterned = any(getattr(part, "pattern", None) or part in CHECKED for part in field.metadata)
        if (name in NAMES and isinstance(value, str)) or patterned or get_origin(field.annotation) is Literal:
            return value
        if is_typeddict(field.annotation):  # its keys are fixed
            return {key: planted(item, key) for key, item in value.items()}
        if value is None and {str, NoneType} <= kinds:
            value = name
    if isinstance(value, BaseModel):
        return attacked(value)
    if isinstance(value, str):
        return hostile(str(value))
    if isinstance(value, list):
        return [planted(item, name) for item in value]
    if isinstance(value, dict):  # its own keys stay beside the hostile ones: the report asks for some of them by name
        return value | {hostile(str(key)): planted(item, name) for key, item in value.items()}
    return value


def attacked_run(run: Record | FailedRecord) -> Record | FailedRecord:
    """A record whose every text is an attack; a runtime that works has no error to plant it in."""
    attack = attacked(run)
    if isinstance(attack, FailedRecord):
        return attack
    whole = [one.model_copy(update={"error": None}) for one in attack.runtimes]
    return attack.model_copy(update={"runtimes": [*whole, attack.runtimes[0].model_copy(update={"device": "cuda"})]})


def texts_of(part: Any) -> list[str]:
    """Every text in `part`."""
    if isinstance(part, BaseModel):
        return [text for name in type(part).model_fields if name not in NAMES for text in texts_of(getattr(part, name))]
    if isinstance(part, list | dict):
        return [
            text for item in ([*part, *part.values()] if isinstance(part, dict) else part) for text in texts_of(item)
        ]
    return [part] if isinstance(part, str) else []


def page_of(run: Record) -> nbformat.NotebookNode:
    """A page as the template leaves it: every sentence and chart, made of the parts of `run`."""
    said = [
        page.who(attacked(load_model("bert-tiny")), run.classifier, run.weights),
        page.where(run.conditions),
        page.about_data(run.data),
        page.about_finetune(run.finetune),
        page.about_quality(run.trained.quality, run.data, run.weights),
        class_texts.per_class(run.trained.quality, run.data),
        class_texts.confused(run.trained.quality, run.data),
        class_texts.surest_mistakes(run.mistakes or [], run.data),
        page.about_export(run.runtimes),
        page.about_record(Path(run.title), run.fingerprint.digest),
        runtime_views.table(run),
        runtime_views.verdicts(run),
        runtime_views.gains([run]),
        serving.programs(run),
    ]
    drawn = {
        "balance": classes.class_balance(run.data),
        "confusion": classes.confusion_matrix(run.trained.quality, run.data.classes),
        "artefact": run_charts.artefact_size(run.trained.artefact),
        "runtimes": latencies_chart(run),
        "tradeoff": tradeoff.tradeoff(results([run]), LATENCY, SIZE),
    }
    forms = [{"text/markdown": text} for text in said]
    forms += [{"text/html": chart_html(figure, slug, run.title)} for slug, figure in drawn.items()]
    cells = [new_code_cell("pass", execution_count=1, outputs=[new_output("display_data", form)]) for form in forms]
    return new_notebook(cells=[new_markdown_cell("# One model"), *cells], metadata=whole_page(run).metadata)


def planted_page(run: Record | FailedRecord) -> nbformat.NotebookNode:
    """A page in place of that of `run`, as papermill would leave it: an attack in every place that a notebook has."""
    script = "<script>window.PWNED=4</script><img src=x onerror='window.PWNED=5'>"
    rst = "```{eval-rst}\n.. raw:: html\n\n   <script>window.PWNED=6</script>\n```\n"
    rst += "```{include} ../../../../secret.md\n```\n"
    image = "![i](http://evil.invalid/i.png)\n\n![f](../../../../secret.png)\n"
    forms = [
        {"text/html": script},
        {"text/markdown": f"{script}\n\n{rst}\n{image}{ATTACK}"},
        {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{script}</svg>"},
        {"application/javascript": "window.PWNED=7"},
        {"text/latex": "$x$" + script},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
        {"text/plain": ATTACK},
    ]
    outputs = [new_output("display_data", form) for form in forms]
    outputs += [new_output("stream", name=name, text=f"{ATTACK}\x1b[31m") for name in ("stdout", "stderr")]
    raw = new_raw_cell(script, metadata={"format": "text/html"})
    settings = {"enable_extensions": ["substitution"], "substitutions": {"x": ATTACK}}
    markup = [
        new_markdown_cell(source)
        for source in ("text", "### Title", f"a {script}\n\n{script}\n\n{rst}\n{image}", ATTACK)
    ]
    format_asked = {"mystnb": {"markdown_format": "myst"}}
    code_cell = new_code_cell(ATTACK, execution_count=1, outputs=outputs, metadata=format_asked)
    found = new_notebook(cells=[*markup, raw, code_cell], metadata=whole_page(run).metadata)
    found.metadata |= {"myst": settings, "mystnb": {"render_markdown_format": "myst"}, "substitutions": {"x": ATTACK}}
    return nbformat.from_dict(found)
