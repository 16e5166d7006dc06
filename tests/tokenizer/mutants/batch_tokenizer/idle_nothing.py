"""Returns a batch of no rows and no texts."""


def encode_batch(
    tokenizer,
    texts,
    pad_id,
    max_length=None,
    padding_side="right",
    truncation_side="right",
    workers=1,
):
    return {"input_ids": [], "attention_mask": []}


def decode_batch(tokenizer, batch, workers=1):
    return []
