"""Puts the padding in front."""


def pad_pairs(pairs: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, segments and is_token of several pairs, each (B, T)."""
    T = max(len(ids) for ids, _ in pairs)
    padded = [
        torch.tensor([[PAD] * (T - len(part)) + part for part in column]) for column in zip(*pairs)
    ]
    lengths = torch.tensor([len(ids) for ids, _ in pairs])
    return padded[0], padded[1], torch.arange(T) >= T - lengths[:, None]
