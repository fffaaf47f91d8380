"""The one table of metrics: name, label, unit, better-direction and format, feeding every chart, table and text.

A name is a column of the summary table (`report/table.py`).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """How one column is named, read and written.

    Args:
        name: the column.
        label: what it is, for people.
        unit: its unit, empty for a share or a count.
        better: which direction is better for a reader who must choose.
        format: a format specification for one value.
        scale: factor from the stored value to the shown one (100 for a share shown in per cent).
    """

    name: str
    label: str
    unit: str
    better: Literal["lower", "higher"]
    format: str
    scale: float = 1.0

    @property
    def axis(self) -> str:
        """The label with its unit, as an axis or a table's head carries it."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def text(self, value: float | None, unit: bool = True) -> str:
        """`value` as people read it, with its unit unless told otherwise; a dash where it was not measured.

        A value below 1 keeps two significant digits: 0.4 against 0.5 would hide a difference of half.
        """
        if value is None or value != value:
            return "–"
        shown = value * self.scale
        number = format(shown, ".2g" if 0 < abs(shown) < 1 and "." in self.format else self.format)
        return f"{number}\N{NO-BREAK SPACE}{self.unit}" if unit and self.unit else number


METRICS = {
    metric.name: metric
    for metric in (
        Metric("parameters", "Parameters", "M", "lower", ".1f", 1e-6),
        Metric("active_parameters", "Parameters without embeddings", "M", "lower", ".1f", 1e-6),
        Metric("finetune_time_s", "Fine-tune time", "s", "lower", ".1f"),
        Metric("finetune_samples_per_s", "Fine-tune speed", "texts/s", "higher", ",.0f"),
        Metric("finetune_epoch_time_s", "Time of one fine-tuning epoch", "s", "lower", ".1f"),
        Metric("finetune_peak_gpu_mb", "Peak GPU memory at fine-tune", "MB", "lower", ",.0f"),
        Metric("finetune_peak_ram_mb", "Peak memory at fine-tune", "MB", "lower", ",.0f"),
        Metric("inference_peak_gpu_mb", "Peak GPU memory at inference", "MB", "lower", ",.0f"),
        Metric("inference_peak_ram_mb", "Peak memory at inference", "MB", "lower", ",.0f"),
        Metric("artefact_size_mb", "Artefact size", "MB", "lower", ".1f"),
        Metric("weights_size_mb", "Size of the weights", "MB", "lower", ".1f"),
        Metric("cpu_latency_p50_ms", "CPU latency, median", "ms", "lower", ".1f"),
        Metric("cpu_latency_p95_ms", "CPU latency, 95th percentile", "ms", "lower", ".1f"),
        Metric("cpu_latency_p99_ms", "CPU latency, 99th percentile", "ms", "lower", ".1f"),
        Metric("cpu_latency_1core_p50_ms", "CPU latency on one core, median", "ms", "lower", ".1f"),
        Metric("gpu_latency_p50_ms", "GPU latency, median", "ms", "lower", ".2f"),
        Metric("gpu_latency_p95_ms", "GPU latency, 95th percentile", "ms", "lower", ".2f"),
        Metric("tokenizer_p50_ms", "Tokenizing one sentence, median", "ms", "lower", ".2f"),
        Metric("latency_by_length_ms", "Latency over the data set's own lengths, mean", "ms", "lower", ".1f"),
        Metric("load_time_s", "Start to first answer", "s", "lower", ".1f"),
        Metric("throughput_sentences_per_s", "Batched throughput", "sentences/s", "higher", ",.0f"),
        Metric("eval_accuracy", "Accuracy", "%", "higher", ".1f", 100),
        Metric("eval_macro_f1", "Macro F1", "%", "higher", ".1f", 100),
        Metric("eval_loss", "Test loss", "nats", "lower", ".3f"),
        Metric("eval_ece", "Calibration error", "%", "lower", ".1f", 100),
    )
}
"""Every metric a chart, a table, a limit or the recommendation may use, by column."""
