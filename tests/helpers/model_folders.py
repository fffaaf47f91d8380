"""Small model folders as people have them, with random weights, each with the tokenizer files of its kind alone."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import transformers as t
from safetensors.torch import load_file
from tokenizers import ByteLevelBPETokenizer

TEXTS = {
    "sport": ["The cup final was decided in extra time.", "A goal in the last minute won the match."],
    "business": ["Shares rose after the bank cut its rates.", "The firm sold its oil business for a profit."],
}
"""Training texts by their class."""
LINES = [text for texts in TEXTS.values() for text in texts] * 20
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,"
PIECES = 120
"""Pieces that a trained vocabulary has at most."""


def vocabulary(folder: Path, characters: bool = False) -> int:
    """Write BERT's `vocab.txt`, of whole words or of single characters; its length."""
    words = [] if characters else sorted(set(re.findall(r"[a-z]+", " ".join(LINES).lower())))
    pieces = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *(word for word in words if len(word) > 1)]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    return len(pieces)


def byte_pairs(folder: Path, special: list[str]) -> int:
    """Write the `vocab.json` and `merges.txt` of RoBERTa or GPT-2, by their special tokens; its length."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(LINES, vocab_size=300, special_tokens=special)
    trained.save_model(str(folder))
    return trained.get_vocab_size()


def pieces(file: Path, **given: Any) -> int:
    """Train a sentencepiece model into `file`; its length."""
    written = io.BytesIO()
    given = {"vocab_size": PIECES, "hard_vocab_limit": False, "minloglevel": 2, **given}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(LINES), model_writer=written, **given)
    file.write_bytes(written.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue()).get_piece_size()


def saved(folder: Path, config: t.PreTrainedConfig, head: bool = False, **config_file: Any) -> None:
    """Write random weights and `config.json` of a model without a classification head, or with one.

    Args:
        folder: where to.
        config: its shape.
        head: whether it has a head.
        config_file: further keys of its `config.json`, as they would stand in an old one.
    """
    torch.manual_seed(1)
    (t.AutoModelForSequenceClassification if head else t.AutoModel).from_config(config).save_pretrained(folder)
    if config_file:
        rewritten(folder / "config.json", **config_file)


def rewritten(file: Path, **changes: Any) -> None:
    """Change keys of a JSON file; None takes one out."""
    content = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def bert(folder: Path, head: bool = False, characters: bool = False, **given: Any) -> None:
    """BERT with `vocab.txt`; `given` are keys of its configuration, or of the file alone."""
    known = {key: given.pop(key) for key in list(given) if key in ("max_position_embeddings", "num_labels")}
    saved(folder, t.BertConfig(**SHAPE, vocab_size=vocabulary(folder, characters), **known), head, **given)


def gpt2(folder: Path) -> None:
    size = byte_pairs(folder, ["<|endoftext|>"])  # none for padding
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    saved(folder, t.GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=256, vocab_size=size, **ends))


def roberta(folder: Path) -> None:
    size = byte_pairs(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    saved(folder, t.RobertaConfig(**SHAPE, vocab_size=size, max_position_embeddings=514, type_vocab_size=1))


def xlm_roberta(folder: Path) -> None:
    size = pieces(folder / "sentencepiece.bpe.model") + 2  # <pad> and <mask>
    saved(folder, t.XLMRobertaConfig(**SHAPE, vocab_size=size, max_position_embeddings=514, type_vocab_size=1))


def multilingual_minilm(folder: Path) -> None:
    size = pieces(folder / "sentencepiece.bpe.model") + 2
    (folder / "tokenizer_config.json").write_text("{}")
    saved(folder, t.BertConfig(**SHAPE, vocab_size=size), tokenizer_class="XLMRobertaTokenizer")


ALBERT = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "control_symbols": "[CLS],[SEP],[MASK]"}


def albert(folder: Path) -> None:
    size = pieces(folder / "spiece.model", **ALBERT)
    saved(folder, t.AlbertConfig(**SHAPE, embedding_size=16, vocab_size=size))


def deberta_v3(folder: Path) -> None:
    given = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]", "bos_piece": "[CLS]"}
    size = pieces(folder / "spm.model", **given, eos_piece="[SEP]", unk_piece="[UNK]") + 1  # [MASK]
    relative = {"relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm"}
    further = {"share_att_key": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}
    saved(folder, t.DebertaV2Config(**SHAPE, vocab_size=size, type_vocab_size=0, **relative, **further))


def xlnet(folder: Path) -> None:
    given = {"unk_id": 0, "bos_id": 1, "eos_id": 2, "control_symbols": "<cls>,<sep>,<pad>,<mask>,<eod>,<eop>"}
    size = pieces(folder / "spiece.model", **given)
    saved(folder, t.XLNetConfig(d_model=32, n_layer=2, n_head=2, d_inner=64, vocab_size=size))


def half(folder: Path) -> None:
    bert(folder)
    network = t.AutoModel.from_pretrained(folder, dtype=torch.float16)
    network.save_pretrained(folder)


def pickled(folder: Path) -> None:
    config = t.BertConfig(**SHAPE, vocab_size=vocabulary(folder))
    t.BertForPreTraining(config).save_pretrained(folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    rewritten(folder / "config.json", architectures=None, dtype=None, transformers_version=None)


def mpnet(folder: Path) -> None:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary(folder)
    words = (folder / "vocab.txt").read_text().splitlines()[len(SPECIAL) :]
    (folder / "vocab.txt").write_text("\n".join([*special, *words, "[UNK]", "<mask>"]) + "\n")
    saved(folder, t.MPNetConfig(**SHAPE, vocab_size=len(words) + 6, max_position_embeddings=514))


def fast(folder: Path) -> int:
    """Write a `tokenizer.json` with special tokens of BERT; its length."""
    size = vocabulary(folder)
    t.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    (folder / "vocab.txt").unlink()
    return size


def modernbert(folder: Path) -> None:
    ids = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    saved(folder, t.ModernBertConfig(**SHAPE, vocab_size=fast(folder), **ids))


def sentence_transformer(folder: Path) -> None:
    """Its `tokenizer.json` cuts at 16 tokens and pads to as many."""
    saved(folder, t.BertConfig(**SHAPE, vocab_size=fast(folder)))
    cut = {"max_length": 16, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    token = {"pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    padded = {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": None, **token}
    rewritten(folder / "tokenizer.json", truncation=cut, padding=padded)


def electra(folder: Path) -> None:
    saved(folder, t.ElectraConfig(**SHAPE, embedding_size=16, vocab_size=vocabulary(folder)))


def distilbert(folder: Path) -> None:
    shape = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    saved(folder, t.DistilBertConfig(**shape, vocab_size=vocabulary(folder)))


def canine(folder: Path) -> None:
    saved(folder, t.CanineConfig(**SHAPE, num_hash_buckets=256, local_transformer_stride=32))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 2048}))


def llama(folder: Path) -> None:
    """Pads to the left, by a token that it names."""
    given = {"unk_id": 0, "bos_id": 1, "eos_id": 2, "model_type": "bpe", "vocab_size": 60}
    size = pieces(folder / "tokenizer.model", **given)
    told = {"tokenizer_class": "LlamaTokenizer", "padding_side": "left", "pad_token": "</s>", "legacy": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    saved(folder, t.LlamaConfig(**SHAPE, vocab_size=size, max_position_embeddings=256))


FOLDERS: dict[str, Callable[[Path], None]] = {
    "bert-128": lambda f: bert(f, max_position_embeddings=128),
    "characters": lambda f: bert(f, characters=True),
    "multi-label": lambda f: bert(f, head=True, problem_type="multi_label_classification"),
    "regression": lambda f: bert(f, head=True, num_labels=1, problem_type="regression"),
    "output-attentions": lambda f: bert(f, output_attentions=True, output_hidden_states=True),
    "return-dict-false": lambda f: bert(f, return_dict=False),
    "gpt2": gpt2,
    "roberta": roberta,
    "xlm-roberta": xlm_roberta,
    "multilingual-minilm": multilingual_minilm,
    "albert": albert,
    "deberta-v3": deberta_v3,
    "xlnet": xlnet,
    "other-head": lambda f: bert(f, head=True, num_labels=5),
    "half": half,
    "pickled": pickled,
    "mpnet": mpnet,
    "modernbert": modernbert,
    "sentence-transformer": sentence_transformer,
    "electra": electra,
    "distilbert": distilbert,
    "canine": canine,
    "llama": llama,
    "größeres Modell (2)": bert,
}


def build(name: str, parent: Path, kinds: dict[str, Callable[[Path], None]] = FOLDERS) -> Path:
    """The folder `name` of these `kinds`, made in `parent`."""
    folder = parent / name
    folder.mkdir()
    kinds[name](folder)
    return folder
