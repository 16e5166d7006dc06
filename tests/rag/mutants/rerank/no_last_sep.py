"""Leaves the last SEP out."""


def pack_pair(
    query: list[int], passage: list[int], length: int, most: int
) -> tuple[list[int], list[int]]:
    """The ids and the segments of one pair: CLS query SEP passage SEP, at most `length`."""
    if most < 1:
        raise ValueError(f"most is {most}; it must be 1 or more")
    if length < most + 3:
        raise ValueError(f"length is {length}; it must be at least most + 3, {most + 3}")
    q = query[:most]
    p = passage[: length - len(q) - 3]
    return [CLS, *q, SEP, *p], [0] * (len(q) + 2) + [1] * len(p)
