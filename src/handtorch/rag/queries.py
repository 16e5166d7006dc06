"""Better queries: the user's words made into what a search can find.

`rewrite` applies written-down rules, in this order: drop greetings and requests, complete an
elliptic follow-up ("and for Chinese?"), put the topic of the conversation in place of a pronoun.
`expand` adds related terms with smaller weights: synonyms from a glossary, and terms from passages
that a first search found (`handtorch.rag.feedback`). `variants` writes one question in several
ways, for several searches whose rankings are fused (RAG-Fusion, rackauckas2024).

Rules and a glossary stand here where production asks a language model: they show what is done,
can be tested, and fail where the docstrings say. Left out: spelling correction, grammar (the rules
look at words, not at a parse), and any language but English and Chinese.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from handtorch.rag.dense import Ranking, check_k
from handtorch.rag.feedback import relevance_model
from handtorch.rag.fusion import reciprocal_rank_fusion
from handtorch.rag.text import words

Search = Callable[[str, int], Ranking]

_OPENINGS = re.compile(
    r"""(?: (?:hi|hello|hey|ok(?:ay)?|well|so|um+|uh+|please|thanks|thank\ you|sorry)\b
      | (?:can|could|would|will)\ (?:you|somebody|anyone)\ (?:please\ |kindly\ )?
            (?:tell|show|explain(?:\ to)?|help|remind)(?:\ (?:me|us))?\b(?:\ understand\b)?
      | (?:i|we)(?:'d|\ would)?\ (?:like|want|need)\ to\ (?:know|ask|find\ out|understand)\b
      | i(?:'m|\ am|\ was)?\ (?:just\ )?(?:wonder(?:ing)?|curious)\b
      | (?:and|but)\b(?=\ (?:why|when|where|which|who|is|are|does|do|can|(?:how|what)\b(?!\ about)))
      | (?:do\ you\ know|any\ idea|tell\ me|(?:a\ )?quick\ question)\b
      | 你好 | 您好 | 请问(?:一下)? | 麻烦(?:你|您)? | 我?想(?:要)?(?:知道|了解|问|请教)(?:一下|下)?
      | (?:你|您)?(?:能|可以|能不能|可不可以)(?:告诉我|帮我|解释|讲|说)(?:一下|讲|说)?
      | 告诉我 | 帮我(?:看看|查一下|查|解释)? | 解释一下
    ) (?:\ (?:about|if|whether)\b)? [\s,.!:，。！：、]* """,
    re.IGNORECASE | re.VERBOSE,
)
_CLOSINGS = re.compile(
    r"[\s,.!，。！]*(?:\b(?:please|thanks(?: a lot)?|thank you(?: very much)?)"
    r"|谢谢(?:你|您)?|[吗呢呀啊吧])"
    r"[\s.!?。！？]*$",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^(?:(?:and|but|or)\s+)?(?:what|how)\s+about\s+(.+?)[?.!]*$"
    r"|^(?:那么?|换成)(.+?)(?:呢|怎么样|如何)?[?？]*$",
    re.IGNORECASE,
)
_BESIDES = re.compile(r"^(?:and|but)\s+((?:for|with|in|on|without|if)\s+.+)", re.IGNORECASE)
_VERBS = (
    r"(?:is|was|does|do|did|can|(?:work|mean|matter|happen|cost|help|need|use|take|give|make|save|keep"
    r"|hurt|differ|fail|break|change|scale|compare|look|apply|return|raise)s?)"
)
_POSSESSIVE = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:it|they|them)\b(?!\s+(?:is|was|be)?\s*(?:possible|necessary|true|worth|better|safe)\b)"
    rf"|\b(?:this|that|these|those)\b(?=\s*(?:$|[?.,!])|\s+{_VERBS}\b)",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was) it (?:possible|necessary|true|worth|better|safe)\b|\bdoes it take\b",
    re.IGNORECASE,
)
_CHINESE_PRONOUN = re.compile(
    r"(?:这|那|该)(?:个|种|项|类)?(?:方法|算法|模型|函数|技术|做法)|它们?|(?<!尤|极|与)其(?![他它实中余次])"
)
_NAME = re.compile(  # `quoted`, dotted.names, snake_case, RoPE, GPT-2: terms, not plain words
    r"`([^`]+)`|\b([A-Za-z_]\w*(?:[._]\w+)+|[A-Za-z]*[A-Z][a-z0-9]*[A-Z][\w-]*|[A-Z]\w*-?\d+)\b",
    re.ASCII,
)
_CHINESE_QUESTION = re.compile(
    r"为什么|是什么|什么是|什么|怎么样|怎么|怎样|如何|哪些|哪个|哪|多少|是否|有没有|能否|需要|可以|作用"
    r"|[的了吗呢是有在和与用会要能吧啊把被从对]"
)

#: Words that say how something is asked, not what is asked about.
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between both
    but by can could did differ difference do does each else ever exactly for from get give given
    go good had has have help her him his how i if in instead into is it its just kind know less
    let like make many matter may me mean means might more most much must my need needs never no
    not of off often on one only or other our out over own really same shall she should show so
    some still such tell than that the their them then there these they thing this those through
    to too try two under until up us use used uses using very want was way we well were what when
    where whether which while who whom whose why will with without work works would you your
    """.split()  # noqa: SIM905
)

#: Words for the same thing, in this book's field: written without looking at the question set.
GLOSSARY: Mapping[str, Sequence[str]] = {
    name: tuple(other for other in group if other != name)
    for group in (
        ("tokenizer", "tokenization", "segmentation", "分词"),
        ("merge", "join", "glue", "合并"),
        ("vocabulary", "vocab", "词表"),
        ("unknown", "unk", "oov", "未登录词"),
        ("attention", "注意力"),
        ("mask", "masking", "掩码"),
        ("causal", "autoregressive", "因果"),
        ("head", "heads", "多头"),
        ("cache", "memoize", "缓存"),
        ("memory", "ram", "显存", "内存"),
        ("speed", "fast", "latency", "速度"),
        ("cost", "complexity", "复杂度", "开销"),
        ("gradient", "derivative", "backward", "梯度"),
        ("softmax", "normalize", "归一化"),
        ("window", "local", "窗口"),
        ("sparse", "稀疏"),
        ("linear", "kernel", "线性"),
        ("sequence", "length", "序列"),
        ("padding", "pad", "填充"),
        ("truncate", "shorten", "clip", "截断"),
        ("delete", "remove", "unlink", "删除"),
        ("copy", "duplicate", "clone", "复制"),
        ("folder", "directory", "目录"),
        ("file", "path", "文件"),
        ("error", "exception", "raise", "异常"),
        ("parse", "read", "load", "解析"),
        ("write", "save", "dump", "写入"),
        ("sort", "order", "排序"),
        ("random", "shuffle", "sample", "随机"),
        ("average", "mean", "平均"),
        ("compress", "zip", "archive", "压缩"),
        ("thread", "concurrent", "parallel", "线程"),
        ("time", "date", "clock", "时间"),
        ("wrap", "fill", "换行"),
    )
    for name in group
}


def rewrite(query: str, history: Sequence[str] = ()) -> str:
    """The query as it can stand alone: no filler, no ellipsis, no pronoun for the topic.

    Args:
        query: what the user typed.
        history: the user's earlier questions, oldest first. The topic comes from the newest one
            that has one; without any, references stay as they are: better to ask than to guess.

    Rules, in order. (1) Openings and closings that ask for nothing are dropped at the two ends,
    as often as they occur; a query of filler only stays as it is. (2) "what about X" and "那 X 呢"
    become the question before, with X in the place of its topic; "and for X" gets the topic in
    front. (3) it, they, them, this, that, 它 and 这个方法 become the topic, its and 其 "topic's"
    and "topic 的"; "is it possible that" and its like stay.

    Example: ``rewrite("hi, does it keep tabs?", ["How does textwrap.fill work?"])`` ->
    ``"does textwrap.fill keep tabs?"``
    """
    topic = before = ""
    for earlier in filter(words, map(_without_filler, history)):
        before = _resolve(earlier, topic, before)
        topic = topic_of(before) or topic
    return _resolve(drop_filler(query), topic, before)


def drop_filler(query: str) -> str:
    """Rule 1 of :func:`rewrite`: the query without what only opens or closes a request."""
    text = _without_filler(query)
    return text if words(text) else query.strip()


def _without_filler(query: str) -> str:
    text = query.strip()
    while opening := _OPENINGS.match(text):
        text = text[opening.end() :]
    return _CLOSINGS.sub("", text)


def topic_of(text: str) -> str:
    """What a question is about: its last name, else its longest run of content words.

    A name is written as one: in backquotes, dotted, with an underscore, or with capitals inside
    (`RoPE`, `GPT-2`). Of runs of equal length the last wins. Empty if there is neither.
    """
    if names := _NAME.findall(text):
        return str(names[-1][0] or names[-1][1])
    chinese: list[str] = re.findall(r"[\u4e00-\u9fff]{2,}", _CHINESE_QUESTION.sub(" ", text))
    if chinese:
        return sorted(chinese, key=len)[-1]
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[A-Za-z0-9'-]+|[^\sA-Za-z0-9'-]", text):
        if word[0].isalnum() and word.lower() not in STOP_WORDS:
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return " ".join(sorted(runs, key=len)[-1])


def _resolve(query: str, topic: str, before: str) -> str:
    """Rules 2 and 3 of :func:`rewrite`, given the topic and the question before."""
    if not topic:
        return query
    if found := _INSTEAD.match(query):
        other = found[1] or found[2]
        if topic not in other:
            return before.replace(topic, other) if topic in before else f"{topic} {other}"
    if found := _BESIDES.match(query):
        query = f"{topic} {found[1]}"
    if not _EXPLETIVE.search(query):
        query = _POSSESSIVE.sub(lambda _: f"{topic}'s", query)
        query = _PRONOUN.sub(lambda _: topic, query)
    return _CHINESE_PRONOUN.sub(lambda found: topic + "的" * (found[0] == "其"), query)


def expand(
    query: str,
    synonyms: Mapping[str, Sequence[str]] = GLOSSARY,
    feedback: Sequence[tuple[str, float]] = (),
    *,
    synonym_weight: float = 0.5,
    feedback_weight: float = 0.3,
    terms: int = 10,
    keep: Callable[[str], bool] = lambda term: term not in STOP_WORDS,
) -> dict[str, float]:
    """The query's terms and related ones, each once, with weights.

    Args:
        query: its terms weigh as often as they occur, so 1 or more.
        synonyms: related words of a word; each gets `synonym_weight`.
        feedback: (passage, score) pairs that a first search found; the `terms` likeliest terms of
            their relevance model enter, the likeliest with `feedback_weight`, the others in
            proportion.
        synonym_weight, feedback_weight: from 0 to below 1, so that no added term outweighs a term
            of the query. (RM3 as published does not promise that.)
        terms: how many terms of the passages enter, at most.
        keep: which terms of the passages may; stop words may not.

    Returns:
        term -> weight, the query's own terms first. An added term that comes from two sources
        keeps the larger weight; a term of the query keeps its own.

    Raises:
        ValueError: if a weight is outside [0, 1).
    """
    for name, weight in (("synonym", synonym_weight), ("feedback", feedback_weight)):
        if not 0 <= weight < 1:
            raise ValueError(f"{name}_weight is {weight}; it must be from 0 to below 1")
    own = {term: float(count) for term, count in Counter(words(query)).items()}
    if not own:
        return {}
    added = {part: synonym_weight for t in own for s in synonyms.get(t, ()) for part in words(s)}
    model = relevance_model(feedback, keep=keep)
    likeliest = [(term, p) for term, p in model.items() if term not in own][:terms]
    for term, probability in likeliest:
        weight = feedback_weight * probability / likeliest[0][1]
        added[term] = max(added.get(term, 0.0), weight)
    return own | {term: w for term, w in added.items() if term not in own and w > 0}


def variants(query: str, synonyms: Mapping[str, Sequence[str]] = GLOSSARY) -> list[str]:
    """The query in other words, itself first, no two alike.

    Its content words alone; one variant in which every word that has a synonym is replaced by the
    first; and its parts, if it asks two things. A language model would write freer ones.
    """
    content = [word for word in words(query) if word not in STOP_WORDS]
    swapped = [synonyms[word][0] if synonyms.get(word) else word for word in content]
    parts = re.split(r"[,;，；]\s*(?:and\s+)?|\s+and\s+(?=how|what|why|when|which)|以及", query)
    candidates = [query.strip(), " ".join(content), " ".join(swapped)]
    candidates += [part.strip() for part in parts if len(words(part)) > 1]
    return list(dict.fromkeys(text for text in candidates if text))


def fused_search(
    search: Search, queries: Sequence[str], k: int, *, depth: int = 50, constant: int = 60
) -> Ranking:
    """One search a query, `depth` deep, the rankings fused by reciprocal rank, the best `k`.

    Raises:
        ValueError: if `k` is below 1.
    """
    check_k(k)
    return reciprocal_rank_fusion([search(query, depth) for query in queries], k=constant)[:k]
