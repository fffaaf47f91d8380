"""What is measured on a GPU, without one: the seams are `torch.cuda`, and what `Processor` is asked.

The other seams are the stand-ins for the card itself, and what the hardware has: `transformer.bf16_is_native`.
"""

import json
from pathlib import Path

from helpers.factory import MACHINE, calls, make_record

from compactbench.record import Record
from compactbench.record.file import read, write


def test_a_record_tells_of_the_card_and_one_without_those_fields_is_read(tmp_path: Path) -> None:
    """The fields came within schema 5, whose records without them are many."""
    before = make_record()
    assert before.finetune.gpu_state is None and before.conditions.machine.gpu_power_limit_w is None
    state = {"clock_mhz": 1980.0, "power_w": 120.0, "held_down_by": ["sw_power_cap"]}
    made = make_record(
        finetune={"gpu_state": state},
        latency=[calls([1.0], gpu_state=state)],
        throughput={"gpu_state": state},
        conditions={"machine": MACHINE | {"gpu_power_limit_w": 700.0}},
    )
    write(made, tmp_path / "one.json")
    assert read(tmp_path / "one.json") == made
    content = json.loads((tmp_path / "one.json").read_text())
    assert content["runtimes"][0]["throughput"]["gpu_state"] == content["finetune"]["gpu_state"] == state
    without = make_record().model_dump(mode="json", exclude_defaults=True)
    assert "gpu_state" not in without["finetune"] and Record.model_validate(without) == before
