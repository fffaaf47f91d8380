"""Frozen embeddings: an encoder that stays as it is, mean-pooled, and a logistic regression on top."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from compactbench.classifiers import Built, Classifier, Task, TrainingFunction
from compactbench.classifiers.linear import by_cross_validation, regression
from compactbench.instruments.session import in_batches
from compactbench.record import Finetune, Precision
from compactbench.runtimes import Trained, installed
from compactbench.runtimes.torch import TorchPredictor, processor, save_network
from compactbench.sources.weights import count_parameters, load_classifier, refuse_longer, weights_sha256


class MeanPooledConfig(PreTrainedConfig):
    """The configuration of an encoder under one of its own."""

    model_type = "mean-pooled"
    sub_configs = {"encoder": AutoConfig}

    def __init__(self, encoder: dict[str, Any] | PreTrainedConfig | None = None, **given: Any) -> None:
        if isinstance(encoder, dict):
            encoder = AutoConfig.for_model(**encoder)
        self.encoder = encoder
        super().__init__(**given)


class MeanPooled(PreTrainedModel):
    """An encoder, the mean of its token embeddings, and a linear layer on top."""

    config_class = MeanPooledConfig
    base_model_prefix = "encoder"
    _supports_sdpa = True

    def __init__(self, config: MeanPooledConfig) -> None:
        super().__init__(config)
        self.encoder = AutoModel.from_config(config.encoder)
        self.classifier = torch.nn.Linear(self.encoder.config.hidden_size, config.num_labels)
        self.post_init()

    def embed(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **further: torch.Tensor) -> torch.Tensor:
        """The mean of the token embeddings of each text, padding left out; shape (texts, width)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **further).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)  # (texts, longest, 1)
        return (hidden * mask).sum(1) / mask.sum(1)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Logits of shape (texts, classes)."""
        further = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        return SequenceClassifierOutput(logits=self.classifier(self.embed(input_ids, attention_mask, **further)))


class Frozen(Classifier):
    """Logistic regression on mean-pooled embeddings (Reimers and Gurevych, 2019, arXiv 1908.10084)."""

    kind = "frozen"
    label = "frozen embeddings"
    fine_tuned = False
    network = f"{__name__}:MeanPooled"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        torch.set_num_threads(task.threads)
        pretrained = task.weights == "pretrained"
        whole, self._tokenizer, self._revision = load_classifier(task.model, pretrained, task.data.classes, task.seed)
        refuse_longer(whole, task.suite.max_length, task.model.title)
        self._network = self.network_of(whole)
        self._sha256 = weights_sha256(task.model) if pretrained else None

    @classmethod
    def network_of(cls, whole: PreTrainedModel) -> MeanPooled:
        """The encoder of a classifier, mean-pooled, with a head of its own."""
        config = MeanPooledConfig(encoder=whole.config, id2label=whole.config.id2label, label2id=whole.config.label2id)
        config.pad_token_id = whole.config.pad_token_id
        network = MeanPooled(config)
        lacking, _ = network.encoder.load_state_dict(whole.base_model.state_dict(), strict=False)
        strange = [name for name in lacking if "pooler" not in name]  # RoBERTa's classifier has none; none is used here
        if strange:
            raise ValueError(f"{len(strange)} weights of the encoder are missing, among them {strange[0]}")
        return network

    def build(self) -> Built:
        """The parameter counts, and the commit and the SHA-256 of the weights."""
        return Built(count_parameters(self._network), self._revision, self._sha256)

    def finetune(self, folder: Path, learning_rate: float | None, train: TrainingFunction) -> Finetune:
        """Embed the training texts, fit the regression, and save the artefact to `folder`; there is no trainer."""
        device = processor(self.task.device)
        taken_j, begun = device.metered(), time.perf_counter()
        embeddings = in_batches(self._embedded, self.train["text"][:], self.task.suite.eval_batch_size)
        fitted, chosen = by_cross_validation(regression, embeddings, self.train["label"][:], self.task.seed)
        total, energy_j = time.perf_counter() - begun, taken_j()
        weights, bias = fitted.coef_, fitted.intercept_
        if len(self.task.data.classes) == 2:  # one row says how much the second class is ahead of the first
            weights, bias = np.vstack([-weights, weights]) / 2, np.hstack([-bias, bias]) / 2
        with torch.no_grad():
            self._network.classifier.weight.copy_(torch.from_numpy(weights))
            self._network.classifier.bias.copy_(torch.from_numpy(bias))
        save_network(self._network, self._tokenizer, folder, self.task.suite.max_length)
        return self.fitted(total, energy_j, int(fitted.n_iter_.max()), device, chosen)

    def predictor(self) -> TorchPredictor:
        """The network as it is."""
        return TorchPredictor(self._network, self._tokenizer, self.task.device, self.task.suite.max_length)

    def export(self, runtime: str, precision: Precision, exported: Path, artefact: Path) -> tuple[Path, list[str]]:
        """Convert the network for a runtime."""
        trained = Trained(self._network, self._tokenizer, self.train["text"][:], self.task.suite.max_length)
        return installed(runtime).export(trained, precision, exported, artefact)

    @torch.inference_mode()
    def _embedded(self, texts: list[str]) -> np.ndarray:
        """The embeddings of one batch, shape (texts, width)."""
        return self._network.embed(**self.predictor().tokenize(texts).to(self.task.device)).cpu().numpy()


CLASSIFIER = Frozen
