"""The words of the Chinese edition that stand in no page: titles of boxes, lists, part captions.

What authors write in a page is translated in ``locale/zh_CN`` (see ``translation.py``). The wording
of a question and of a title stands in the page in both languages, so it needs no translator
either: see ``site_chinese.py``.
"""

import re
from typing import Any

LANGUAGE = "zh_CN"

# Written in pages, and the same on every page.
IN_PAGES = {
    "Short answer": "简答",
    "Follow-ups": "追问",
    "Common wrong answers": "常见错误答案",
    "Exercise": "练习",
    "Hint 1: a nudge": "提示 1：点一下",
    "Hint 2: the approach": "提示 2：思路",
    "Hint 3: pseudocode": "提示 3：伪代码",
    "visible tests": "可见测试",
    "hidden tests": "隐藏测试",
}
COUNTS = (re.compile(r"(\d+) of (\d+)"), r"\1 / \2")  # marks of the kill table

# Written by this package.
WORDS = {
    # Lists made from the syllabus
    "Exercise": "练习",
    "Exercises": "练习",
    "Taught in": "讲解页",
    "Difficulty": "难度",
    "Minutes": "分钟",
    "Chapter": "章",
    "Pages": "页数",
    "Questions": "题数",
    "easy": "简单",
    "medium": "中等",
    "hard": "困难",
    "min": "分钟",
    "Taught in ": "讲解见",
    ".": "。",
    ", ": "，",
    # The filter of questions.html
    "Questions and exercises": "题目与练习",
    "Filter by words, English or Chinese": "按词筛选，中英文均可",
    "All chapters": "所有章",
    # The table of contents
    "Solution": "解答",
    "Solution: ": "解答：",
    "Text": "文本",
    "The model": "模型结构",
    "Training": "训练",
    "Adapting": "微调与对齐",
    "Using": "应用",
    "Running and judging": "部署与评测",
    "Evidence": "依据",
}
CONFIGURATION = {
    "language": LANGUAGE,
    "html_title": "手撕代码 Handtorch",
    "nb_code_prompt_show": "显示代码",
    "nb_code_prompt_hide": "隐藏代码",
    # The English edition, one folder up, has the same MathJax: no reader loads it twice.
    "mathjax_path": "../../_static/mathjax/tex-mml-chtml.js",
}
SEARCH_BAR = "搜索本书…"


def is_chinese(config: Any) -> bool:
    """Whether Sphinx builds the Chinese edition with this configuration."""
    return bool(config.language == LANGUAGE)


def fixed(text: str) -> str | None:
    """The Chinese for a text that is the same on every page; None for any other text."""
    pattern, replacement = COUNTS
    if match := pattern.fullmatch(text):
        return match.expand(replacement)
    return IN_PAGES.get(text)


def say(text: str, config: Any) -> str:
    """A word of the lists in the language of the edition.

    Raises:
        KeyError: if the Chinese edition lacks the word.
    """
    return WORDS[text] if is_chinese(config) else text
