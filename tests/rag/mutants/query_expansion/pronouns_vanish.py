"""Drops pronouns when there is no topic."""


def rewrite(query: str, history: list[str]) -> str:
    """The query without filler at its ends, and with the topic for its pronouns."""
    topic: list[str] = []
    for earlier in history:
        asked = without_filler(words(earlier))
        if not PRONOUNS & set(asked):
            topic = longest_run(asked) or topic
    asked = without_filler(words(query))
    return (
        " ".join(" ".join(topic) if w in PRONOUNS else w for w in asked).strip().replace("  ", " ")
    )


def without_filler(asked: list[str]) -> list[str]:
    """The words without those of FILLER at both ends; all of them if none would be left."""
    start, stop = 0, len(asked)
    while start < stop and asked[start] in FILLER:
        start += 1
    while stop > start and asked[stop - 1] in FILLER:
        stop -= 1
    return asked[start:stop] or asked


def longest_run(asked: list[str]) -> list[str]:
    """The longest run of words outside STOP, of equally long ones the last."""
    longest: list[str] = []
    run: list[str] = []
    for word in asked:
        run = [] if word in STOP else [*run, word]
        if run and len(run) >= len(longest):
            longest = run
    return longest
