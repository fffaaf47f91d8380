"""Bytes as text: the encoding that was named, or one that can be told with confidence."""

import codecs
import re

import chardet

from compactbench.data.files import FileError

CANDIDATES = [
    *(f"cp{number}" for number in (*range(1250, 1259), 850, 866, 874, 932, 949)),
    *("big5hkscs", "euc_jis_2004", "gb18030", "koi8-r", "mac-roman"),
]
"""Encodings that files of today still come in, beside Unicode; each includes the older ISO encodings' letters."""
WESTERN = ["cp1252", "cp850", "mac-roman"]
RARE = 0.02
"""Below this share of words with other letters than English has, a text is English with loan words."""
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""What a file in Unicode may begin with; the four bytes before the two that they begin with."""
PUNCTUATION = frozenset(b"\x80\x85\x91\x92\x93\x94\x96\x97\xa0")
"""The euro sign, typographic quotes, dashes and spaces of every Windows encoding."""
FEW = 6
"""Words with other letters than English has, below which they may be read in several ways."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""Characters that no text has; bytes read in a wrong encoding often come to them."""


def decode(content: bytes, named: str | None) -> tuple[str, str]:
    """The text of `content`, and its encoding; a byte that does not fit becomes a lone surrogate.

    Args:
        content: of a file.
        named: the encoding, where its owner names it.

    Raises:
        FileError: the encoding cannot be told, or there is none of that name.
    """
    encoding = named or _found(content)
    try:
        return content.decode(encoding, "surrogateescape"), encoding
    except LookupError:
        raise FileError(f"whose `encoding` is said to be {named!r}; accepted: one that Python knows") from None
    except UnicodeError:  # two bytes a character, of which one is missing
        return content.decode(encoding, "replace"), encoding


def _found(content: bytes) -> str:
    """The encoding: by its mark, as UTF-8 with few errors, as UTF-16 by its zeros, or by its letters."""
    marked = next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), None)
    if marked:
        return marked
    head = content[:100_000]
    zeros = [head[start::2].count(0) / max(1, len(head) / 2) for start in (0, 1)]
    if max(zeros) > 0.5 and min(zeros) < 0.1:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    text = content.decode("utf-8", "surrogateescape")
    wrong = sum("\udc80" <= letter <= "\udcff" for letter in re.findall(r"[^\x00-\x7f]", text))
    right = len(re.findall(r"[^\x00-\x7f\udc80-\udcff]", text))
    return "utf-8" if right >= 9 * wrong else _by_letters(content)


def _by_letters(content: bytes) -> str:
    """The encoding in which the lines that are not English alone read best.

    Raises:
        FileError: another one is nearly as likely for the few words that tell, or reads lines better than words.
    """
    if PUNCTUATION.issuperset(re.sub(rb"[\x00-\x7f]", b"", content)):
        return "cp1252"
    lines = b"\n".join(line for line in content.splitlines() if not line.isascii())
    found = {word for word in re.split(rb"[\x00-\x2f:;<=>|]+", lines) if not word.isascii()}
    words = b" ".join(sorted(found))
    english = len([*filter(lambda word: not word.isascii(), content.split())]) < RARE * len(content.split())
    candidates = WESTERN if english else CANDIDATES
    (by_words, sure), *others = _likely(words, candidates)
    rivals = [encoding for encoding, confidence in others if len(found) < FEW and confidence > sure / 2]
    rivals += [encoding for encoding, _ in _likely(lines, candidates)[:1]]
    rival = next((one for one in rivals if words.decode(one, "replace") != words.decode(by_words, "replace")), None)
    if rival is None:
        return by_words
    read_as = " or ".join(f"{encoding} ({words.decode(encoding, 'replace')[:40]})" for encoding in (by_words, rival))
    accepted = "text in UTF-8, or its encoding as the key `encoding`"
    raise FileError(f"whose encoding may be {read_as}; accepted: {accepted}")


def _likely(text: bytes, candidates: list[str]) -> list[tuple[str, float]]:
    """The candidates in which `text` has no control characters, with chardet's confidence, likeliest first.

    Raises:
        FileError: there is none.
    """
    told = chardet.detect_all(
        text,
        ignore_threshold=True,
        compat_names=False,
        include_encodings=candidates,
        empty_input_encoding=candidates[0],
        no_match_encoding=candidates[0],
    )
    named = [(str(one["encoding"]), one["confidence"]) for one in told if one["encoding"]]
    likely = [one for one in named if not CONTROL.search(text.decode(one[0], "replace"))]
    if not likely:
        raise FileError("which is no text in any known encoding; accepted: text in UTF-8")
    return likely
