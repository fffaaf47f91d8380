"""What a million texts and another fine-tune cost: CPU seconds and money, worked out by hand."""

import pytest
from helpers.factory import make_record, runtime

from compactbench.parameters import load_suite
from compactbench.report.tables.results import plain_rows, results, runtimes
from compactbench.report.text.planning import about_cost
from compactbench.settings import SettingsError

PRICED = {"suite": {"price_per_hour": 3.6}, "model": {}}
FAST = {
    "points": [{"batch_size": 4, "samples_s": [0.005], "sentences_per_s": 800.0}],
    "stopped_by": "cap",
    "cap": 4,
    "again": [],
}
INT8 = runtime(runtime="onnxruntime", label="onnxruntime int8", precision="int8", threads=1, throughput=FAST)
ON_GPU = runtime(device="cuda")


def test_cpu_seconds_count_the_cores_of_each_runtime_and_money_the_hour() -> None:
    """200 texts a second on 2 cores: 5,000 s, 10,000 CPU seconds; 800 on one: 1,250. An hour is 3.6, a second .001."""
    record = make_record(settings=PRICED, runtimes=[INT8, ON_GPU])
    first, second, third = plain_rows(runtimes([record]))
    found = [(row["cpu_s_per_million_texts"], row["cost_per_million_texts"]) for row in (first, second)]
    assert found == [pytest.approx((10_000, 5.0)), pytest.approx((1250, 1.25))]
    assert (third["cpu_s_per_million_texts"], third["cost_per_million_texts"]) == (None, pytest.approx(5.0))
    (row,) = plain_rows(results([record]))
    assert (row["finetune_cpu_s"], row["finetune_cost"]) == pytest.approx((40, 0.02))  # 20 s on 2 cores
    assert row["cost_per_million_texts"] == pytest.approx(5.0)


def test_without_a_price_there_is_no_money_and_random_weights_have_no_fine_tune() -> None:
    """Their eight steps would pass for a whole fine-tune; a record of before knows no price."""
    (row,) = plain_rows(results([make_record(weights="random")]))
    assert row["finetune_cpu_s"] is row["finetune_cost"] is row["cost_per_million_texts"] is None
    assert row["cpu_s_per_million_texts"] == pytest.approx(10_000)


def test_the_page_has_a_row_for_each_runtime_that_answers() -> None:
    failed = runtime(runtime="openvino", label="OpenVINO", precision="bf16", error="it cannot")
    page = about_cost(make_record(settings=PRICED, runtimes=[INT8, failed])).splitlines()
    assert page[0] == "|  | CPU seconds | Cost |"
    assert page[2:5] == [
        "| the fine-tune once more | 40 | 0.02 |",
        "| a million texts, torch fp32 | 10,000 | 5.00 |",
        "| a million texts, onnxruntime int8 | 1,250 | 1.25 |",
    ]
    assert page[-1].endswith("The cost is at 3.6 an hour.") and len(page) == 7
    assert about_cost(make_record()).startswith("|  | CPU seconds |\n")


@pytest.mark.parametrize("given", [0, -1, "a lot"])
def test_a_price_is_a_number_above_0(given: object) -> None:
    with pytest.raises(SettingsError, match=r"key `price_per_hour`: got .*; accepted: a number above 0, or null"):
        load_suite("starter", {"price_per_hour": given})
