"""Lets a library do the work."""


def script_of(char):
    from handtorch.tokenizer import languages

    found = languages.script_of(char)
    return "Kana" if found in ("Hiragana", "Katakana") else found


def split_by_script(text):
    from handtorch.tokenizer import languages

    return [tuple(span) for span in languages.split_by_script(text)]


def route(text, encoders):
    from handtorch.tokenizer import languages

    if "default" not in encoders:
        raise ValueError("default")
    ids = []
    for script, span in languages.split_by_script(text):
        ids += encoders.get(script, encoders["default"])(span)
    return ids
