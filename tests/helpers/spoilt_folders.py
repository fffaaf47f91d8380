"""Model folders that lack something or hold what does not fit: each is to be refused in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import transformers as t

from helpers.model_folders import SHAPE, bert, deberta_v3, gpt2, multilingual_minilm, rewritten, saved, vocabulary


def without(name: str) -> Callable[[Path], None]:
    """BERT without one of its files."""

    def build(folder: Path) -> None:
        bert(folder)
        (folder / name).unlink()

    return build


def with_file(name: str, content: bytes, build: Callable[[Path], None] = bert) -> Callable[[Path], None]:
    """A folder in which one file holds something else."""

    def spoilt(folder: Path) -> None:
        build(folder)
        (folder / name).write_bytes(content)

    return spoilt


def only_tokenizer_config(folder: Path) -> None:
    bert(folder)
    (folder / "vocab.txt").unlink()
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')


def no_class(folder: Path) -> None:
    """As this model was published at first: nothing says that BERT's tokenizer is not its own."""
    multilingual_minilm(folder)
    rewritten(folder / "config.json", tokenizer_class=None)


def not_a_number(folder: Path) -> None:
    bert(folder)
    network = t.AutoModel.from_pretrained(folder)
    network.embeddings.LayerNorm.weight.data.fill_(float("nan"))
    network.save_pretrained(folder)


def larger_vocabulary(folder: Path) -> None:
    bert(folder)
    with (folder / "vocab.txt").open("a") as file:
        file.write("further\nwords\n")


def vit(folder: Path) -> None:
    saved(folder, t.ViTConfig(**SHAPE, image_size=16, patch_size=8))
    vocabulary(folder)


def gpt2_without_end(folder: Path) -> None:
    gpt2(folder)
    told = {"eos_token": None, "bos_token": None, "unk_token": None}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer", **told}))


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n"

REFUSED: dict[str, Callable[[Path], None]] = {
    "no-tokenizer": without("vocab.txt"),
    "no-config": without("config.json"),
    "no-weights": without("model.safetensors"),
    "only-tokenizer-config": only_tokenizer_config,
    "no-class": no_class,
    "config-no-json": with_file("config.json", b"{not json"),
    "vit": vit,
    "unknown-type": with_file("config.json", b'{"model_type": "brt"}'),
    "corrupt": with_file("model.safetensors", b"these are no weights"),
    "not-a-number": not_a_number,
    "lfs-pointer": with_file("model.safetensors", POINTER),
    "lfs-pointer-spm": with_file("spm.model", POINTER, deberta_v3),
    "lfs-pointer-vocab": with_file("vocab.txt", POINTER),
    "spm-of-nothing": with_file("spm.model", b"no model", deberta_v3),
    "larger-vocabulary": larger_vocabulary,
    "gpt2-without-end": gpt2_without_end,
}
