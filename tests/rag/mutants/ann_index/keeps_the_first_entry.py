"""The first vector stays the entry for good."""

right_build = build_index


def build_index(vectors, levels, m, ef_construction):
    index = right_build(vectors, levels, m, ef_construction)
    return {"entry": 0 if len(vectors) else None, "links": index["links"]}
