"""Takes everything from the first 1 of the mask to the last."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if list(map(len, ids)) != list(map(len, masks)):
        raise ValueError("attention_mask must have as many rows, of the same lengths, as input_ids")
    rows = []
    for row, mask in zip(ids, masks):
        real = [t for t, m in enumerate(mask) if m]
        rows.append(row[real[0] : real[-1] + 1] if real else [])
    return in_threads(tokenizer.decode, rows, workers)
