"""How the fine-tune is carried out: as fast as the hardware allows, or as in 2021 to compare with it."""

import torch

from compactbench.record import Procedure
from compactbench.settings import Suite


def procedure(suite: Suite, device: str) -> Procedure:
    """The suite's procedure on `device` (cpu or cuda), with what the suite says of single parts of it.

    2021 stands for what that benchmark did: every text padded to the longest of its split, batches at random, AdamW in
    separate kernels, fp32, attention without a fused kernel.
    """
    old = suite.procedure == 2021
    precision = suite.precision or ("fp32" if old else "auto")
    if precision == "auto":
        precision = "bf16" if bf16_is_native(device) else "fp32"
    return Procedure(
        padding=suite.padding or ("longest" if old else "batch"),
        group_by_length=not old if suite.group_by_length is None else suite.group_by_length,
        optimizer=suite.optimizer or ("adamw_torch" if old else "adamw_torch_fused"),
        precision=precision,
        attention=suite.attention or ("eager" if old else "sdpa"),
        tf32=device == "cuda" and (not old if suite.tf32 is None else suite.tf32),
        pin_memory=device == "cuda",
        compiled=suite.compile,
    )


def bf16_is_native(device: str) -> bool:
    """Whether the hardware multiplies in bf16 itself: emulated, it would be slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
