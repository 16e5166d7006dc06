"""Decodes without workers."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if list(map(len, ids)) != list(map(len, masks)):
        raise ValueError("attention_mask must have as many rows, of the same lengths, as input_ids")
    rows = [[i for i, real in zip(row, mask) if real] for row, mask in zip(ids, masks)]
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    return [tokenizer.decode(row) for row in rows]
