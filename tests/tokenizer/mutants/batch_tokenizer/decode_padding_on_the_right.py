"""Takes the first ids, as many as the mask has ones."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if list(map(len, ids)) != list(map(len, masks)):
        raise ValueError("attention_mask must have as many rows, of the same lengths, as input_ids")
    rows = [row[: sum(mask)] for row, mask in zip(ids, masks)]
    return in_threads(tokenizer.decode, rows, workers)
