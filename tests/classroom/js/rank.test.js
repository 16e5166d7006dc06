// The ranking of the search.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { terms, has, prepare, addProse, rank, excerpt, marks } = require("../../../book/_static/search/rank.js");

const [QUESTION, EXERCISE, HEADING] = [0, 1, 2];
const entries = [
  [HEADING, 0, "", "Byte-pair encoding", "字节对编码", ""],
  [QUESTION, 0, "bpe", "How does BPE learn its merge rules?", "BPE 如何学到合并规则？", "It counts pairs."],
  [QUESTION, 0, "oov", "What is an out-of-vocabulary word?", "什么叫未登录词（OOV）？", "One that the vocabulary lacks; BPE has none."],
  [QUESTION, 1, "size", "How is the size of the vocabulary chosen?", "词表该定多大？", "By what a token costs."],
  [EXERCISE, 2, "", "Implement BPE", "实现 BPE", "Write train_bpe(corpus, num_merges)."],
  [HEADING, 1, "", "Vocabulary size and languages", "词表大小与多语言", ""],
  [HEADING, 1, "cost", "What it costs", "", ""],
];
const prose = ["Compression.", "", "", "Larger vocabularies, fewer tokens.", "", "", "Merging BPE tokens in GPT-2 costs time. 训练词表也要时间。"];
const places = prepare(entries);
addProse(places, prose);
const titles = (query) => rank(places, query).map(({ en }) => en);

test("a query is cut into words, and Chinese into its telling parts", () => {
  assert.deepEqual(terms("What is BPE?"), ["bpe"]);
  assert.deepEqual(terms("what is it"), ["what", "is", "it"]); // nothing else is left
  assert.deepEqual(terms("BPE的词表大小是什么"), ["bpe", "词表大小"]);
  assert.deepEqual(terms("分词器有什么用"), ["分词器"]);
  assert.deepEqual(terms("为什么"), ["为什么"]);
  assert.deepEqual(terms("字"), ["字"]);
  assert.deepEqual(terms("GPT-2, byte-level; train_bpe"), ["gpt-2", "byte-level", "train_bpe"]);
  assert.deepEqual(terms("ＢＰＥ　ＯＯＶ"), ["bpe", "oov"]); // full width, as Chinese keyboards write
  assert.deepEqual(terms(" ，。? "), []);
});

test("whole words count more than beginnings, beginnings more than the rest", () => {
  assert.equal(has("a token", "token"), 3);
  assert.equal(has("tokenizer", "token"), 2);
  assert.equal(has("subtoken", "token"), 1);
  assert.equal(has("many", "an"), 0); // two letters in the middle say nothing
  assert.equal(has("one token", "tokens"), 1.5);
  assert.equal(has("merge rules", "merging"), 1.5);
  assert.equal(has("词表该定多大", "词表"), 3);
  assert.ok(has("训练中文词表", "词表训练") > 0); // the same words in another order
  assert.equal(has("训练中文词表", "分词"), 0);
});

test("questions come first, then exercises and headings, then prose", () => {
  assert.deepEqual(titles("bpe"), [
    "How does BPE learn its merge rules?", // in its title
    "Implement BPE",
    "What is an out-of-vocabulary word?", // in its short answer
    "What it costs", // in its prose
  ]);
  assert.equal(titles("vocabulary size")[0], "How is the size of the vocabulary chosen?");
});

test("both languages lead to the same place, also together", () => {
  assert.equal(titles("未登录词")[0], "What is an out-of-vocabulary word?");
  assert.equal(titles("合并规则 merge")[0], "How does BPE learn its merge rules?");
  assert.equal(titles("词表大小")[0], "Vocabulary size and languages");
  assert.deepEqual(titles("训练词表"), ["What it costs"]);
});

test("half a word is found while it is typed", () => {
  assert.equal(titles("mer")[0], "How does BPE learn its merge rules?");
  assert.equal(titles("未登")[0], "What is an out-of-vocabulary word?");
});

test("where no place has every word, those with most are shown; nonsense finds nothing", () => {
  assert.equal(titles("merge rules xyzzy")[0], "How does BPE learn its merge rules?");
  assert.deepEqual(titles("xyzzy"), []);
  assert.deepEqual(titles("xyzzy plugh bpe"), []); // one of three is too few
  assert.deepEqual(titles(""), []);
});

test("titles are found before the prose has been loaded", () => {
  assert.equal(rank(prepare(entries), "bpe")[0].anchor, "bpe");
});

test("the excerpt shows what the title has not", () => {
  const [, bpe, oov] = places;
  assert.equal(excerpt(bpe, "bpe"), "It counts pairs.");
  assert.match(excerpt(oov, "word bpe"), /BPE has none/);
  assert.match(excerpt(places[6], "训练"), /训练词表/);
});

test("marks stand where the words are, also after letters that change their length", () => {
  const at = (text, query) => marks(text, query).map(([from, to]) => text.slice(from, to));
  assert.deepEqual(at("… BPE merges; the BPE of ﬁve", "bpe merge"), ["BPE", "merge", "BPE"]);
  assert.deepEqual(at("训练中文词表", "词表训练"), ["训练", "词表"]);
  assert.deepEqual(at("İstanbul tokens", "tokens"), ["tokens"]);
  assert.deepEqual(at("tokenizer", "tokens"), ["token"]);
});
