"""The site's search: English as Sphinx does it, Chinese by single characters and pairs.

Sphinx's own Chinese search cuts the pages into words, which the browser cannot do to the query,
so compounds are not found. Overlapping pairs of characters need no dictionary and come out the
same on both sides: a query matches a page that has all of its pairs.
"""

import re

from sphinx.search.en import SearchEnglish

# Han with its extension A and the compatibility block, kana, Hangul.
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W{_CJK}]+")
_CJK_START = re.compile(rf"[{_CJK}]")

_SPLIT_QUERY = (
    """
function splitQuery(query) {
  const cjk = /[CJK]/;
  const terms = [];
  for (const token of query.match(/[CJK]+|(?:(?![CJK])[\\p{L}\\p{N}_])+/gu) || []) {
    if (!cjk.test(token) || token.length === 1) terms.push(token);
    else for (let i = 0; i + 1 < token.length; i++) terms.push(token.slice(i, i + 2));
  }
  return terms;
}
"""
).replace("CJK", _CJK)


class SearchEnglishCJK(SearchEnglish):
    """Chosen with ``html_search_language: en-cjk``."""

    lang = "en-cjk"
    language_name = "English and Chinese"
    js_splitter_code = _SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        """The terms under which a text is indexed.

        Example: ``split("BPE 训练集") -> ["BPE", "训练", "练集", "训", "练", "集"]``
        """
        terms: list[str] = []
        for token in _TOKEN.findall(input):
            if _CJK_START.match(token):
                terms += [token[i : i + 2] for i in range(len(token) - 1)]
                terms += list(token)
            else:
                terms.append(token)
        return terms

    def word_filter(self, word: str) -> bool:
        """Whether a term is indexed: every Chinese one, English as Sphinx decides."""
        return bool(_CJK_START.match(word)) or super().word_filter(word)
