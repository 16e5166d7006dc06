"""Flash-decoding: one new query against a long cache, its keys split among workers (dao2023).

FlashAttention's forward pass shares the work out by blocks of queries. While generating there is
one query a head, so most of a GPU would idle while a few programs walk through all keys.
Flash-decoding cuts the keys instead. Each part gives an output and a log-sum-exp, and parts merge
by a softmax over these: exactly, whatever the cut.

What this leaves out: doing the parts at the same time. Here they come one after the other.
"""

import torch
from torch import Tensor

from handtorch.efficient_attention.online_softmax import merge_outputs
from handtorch.efficient_attention.tiled import tiled_attention


def flash_decoding(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    n_splits: int,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Attention of the newest query over the whole cache.

    Args:
        q: (B, H, 1, D); it stands at the last key and so sees all of them.
        k: (B, G, S, D), where G divides H.
        v: (B, G, S, Dv).
        n_splits: into how many parts of nearly equal length the keys are cut, at least 1; parts
            may be empty.
        window: see only the last `window` keys.
        scale: factor of the products q k, 1 / sqrt(D) if None.
        softcap: bounds scaled scores smoothly to (-softcap, softcap).

    Returns:
        out (B, H, 1, Dv) in q's dtype and the log-sum-exp of the scores (B, H, 1).

    Raises:
        ValueError: naming the argument, what it was, and what it may be.
    """
    if q.ndim != 4 or q.shape[2] != 1:
        raise ValueError(f"q has shape {tuple(q.shape)}; it must be (B, H, 1, D)")
    if n_splits < 1:
        raise ValueError(f"n_splits is {n_splits}; it must be at least 1")
    if window is not None:
        if window < 1:
            raise ValueError(f"window is {window}; it must be None or at least 1")
        k, v = k[:, :, -window:], v[:, :, -window:]
    outputs, lses = [], []
    for k_n, v_n in zip(k.tensor_split(n_splits, 2), v.tensor_split(n_splits, 2)):
        # In float32, for rounding every part to half precision would be worse than one kernel.
        wide = torch.promote_types(q.dtype, torch.float32)
        out, lse = tiled_attention(
            q.to(wide), k_n.to(wide), v_n.to(wide), scale=scale, softcap=softcap, block_k=1024
        )
        outputs.append(out)
        lses.append(lse)
    out, lse = merge_outputs(torch.stack(outputs), torch.stack(lses))
    return out.to(q.dtype), lse
