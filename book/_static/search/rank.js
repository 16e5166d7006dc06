// Which places answer a query, the best first. Nothing here touches the page.
//
// A query is cut into terms: words, and runs of Chinese without their function words (的, 是, 什么).
// A place answers when it has all terms. Questions come before headings, headings before prose;
// among equals those whose title has the terms, as whole words, in few words.
"use strict";

(() => {
  const [QUESTION, EXERCISE, HEADING] = [0, 1, 2]; // kinds, as site_search.py writes them
  const CJK = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff";
  const TOKENS = new RegExp(`[${CJK}]+|[^\\s${CJK}\\p{P}\\p{S}]+(?:[-'’_.][^\\s${CJK}\\p{P}\\p{S}]+)*`, "gu");
  const IS_CJK = new RegExp(`^[${CJK}]`);
  const LETTER = /[\p{L}\p{N}]/u;
  const FUNCTION_WORDS = /为什么|什么|怎么样|怎么|怎样|如何|为何|哪些|哪个|是否|请问|一下|[的了是有吗呢和与在及或对]/;
  const STOP_WORDS = new Set(
    "a an and are as at be by can do does for from how in is it its of on or that the this to what when which why with".split(" "),
  );

  // Letters as they are compared. A letter stays one, so that a place in the folded text is one in the text.
  const FOLDED = /[A-Z]|[^\x00-\x7f]/g;
  const foldLetter = (letter) => {
    const folded = letter.normalize("NFKC").toLowerCase();
    return folded.length === 1 ? folded : letter;
  };
  const fold = (text) => text.replace(FOLDED, foldLetter);

  // fold("BPE 的词表") cut into its terms: ["bpe", "词表"].
  function terms(query) {
    const found = [];
    for (const token of fold(query).match(TOKENS) ?? []) {
      if (!IS_CJK.test(token)) found.push(token);
      else {
        const parts = token.split(FUNCTION_WORDS).filter(Boolean);
        found.push(...(parts.length ? parts : [token]));
      }
    }
    const telling = found.filter((term) => !STOP_WORDS.has(term) && !(IS_CJK.test(term) && term.length === 1));
    return [...new Set(telling.length ? telling : found)];
  }

  // The word without an English ending, to find "token" for "tokens" and "merge" for "merging".
  function stem(word) {
    const cut = word.replace(/(ies|ing|ers|er|ed|es|s|e|y)$/, "");
    return cut.length >= 4 ? cut : word;
  }

  // How well a folded text has a term: 3 whole, 2 at the beginning of a word, 1 loosely, 0 not at all.
  function has(text, term) {
    if (IS_CJK.test(term)) {
      if (text.includes(term)) return 3;
      if (term.length < 3) return 0;
      let there = 0;
      for (let i = 0; i + 1 < term.length; i++) if (text.includes(term.slice(i, i + 2))) there += 1;
      return there >= (term.length - 1) / 2 ? there / (term.length - 1) : 0; // words in another order
    }
    let best = 0;
    for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
      const begins = at === 0 || !LETTER.test(text[at - 1]);
      const ends = at + term.length === text.length || !LETTER.test(text[at + term.length]);
      if (begins && ends) return 3;
      if (begins) best = 2;
      else if (term.length >= 3) best = Math.max(best, 1);
    }
    if (best) return best;
    const root = stem(term);
    if (root === term) return 0;
    const at = text.indexOf(root);
    return at >= 0 && (at === 0 || !LETTER.test(text[at - 1])) ? 1.5 : 0;
  }

  // Fold once what is searched at each key.
  const prepare = (entries) =>
    entries.map(([kind, page, anchor, en, zh, text]) => ({
      kind, page, anchor, en, zh, text, prose: "",
      title: fold(`${en} ${zh}`), body: fold(text), rest: "",
    }));

  function addProse(places, prose) {
    places.forEach((place, i) => Object.assign(place, { prose: prose[i], rest: fold(prose[i]) }));
  }

  // What a place is worth, and how many of the terms it has.
  function worth(place, wanted) {
    let [found, inTitle, inBody, sum] = [0, 0, 0, 0];
    for (const term of wanted) {
      const title = has(place.title, term);
      const body = title ? 0 : has(place.body, term);
      const rest = title || body ? 0 : has(place.rest, term);
      if (title) inTitle += 1;
      if (title || body) inBody += 1;
      if (title || body || rest) found += 1;
      sum += 4 * title + 2 * body + rest;
    }
    if (!found) return { found, value: 0 };
    const whole = wanted.length;
    let tier = 0; // only its prose has them all
    if (inTitle === whole) tier = { [QUESTION]: 4, [EXERCISE]: 3, [HEADING]: 2 }[place.kind];
    else if (inBody === whole) tier = { [QUESTION]: 3, [EXERCISE]: 2, [HEADING]: 1 }[place.kind];
    const strength = sum / (12 * whole) + 0.3 / (1 + place.title.length / 40);
    return { found, value: 10 * tier + strength };
  }

  // The places that answer, the best first; where none has every term, those that have most.
  function rank(places, query, limit = 40) {
    const wanted = terms(query);
    if (!wanted.length) return [];
    const rated = places.map((place) => ({ place, ...worth(place, wanted) })).filter(({ found }) => found);
    const most = Math.max(0, ...rated.map(({ found }) => found));
    if (most < wanted.length / 2) return [];
    return rated
      .filter(({ found }) => found === most)
      .sort((a, b) => b.value - a.value)
      .slice(0, limit)
      .map(({ place }) => place);
  }

  // The piece of a place's text to show: around the first term that its title has not.
  function excerpt(place, query, length = 150) {
    const wanted = terms(query);
    const loose = (term) => [term, stem(term), ...(IS_CJK.test(term) ? pairs(term) : [])];
    const missing = wanted.filter((term) => !has(place.title, term));
    for (const source of missing.length ? [place.text, place.prose] : []) {
      const folded = fold(source);
      for (const term of missing) {
        const at = Math.max(...loose(term).map((form) => folded.indexOf(form)));
        if (at < 0) continue;
        let from = Math.max(0, at - length / 3);
        if (from) from = source.indexOf(" ", from) + 1 || from;
        if (from > at) from = at;
        const piece = source.slice(from, from + length);
        return `${from ? "… " : ""}${piece}${from + length < source.length ? " …" : ""}`;
      }
    }
    const text = place.text || place.prose;
    return text.slice(0, length) + (text.length > length ? " …" : "");
  }

  const pairs = (run) => Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2));

  // Where the terms stand in a text: [from, to], in order, not overlapping.
  function marks(text, query) {
    const folded = fold(text);
    const spots = [];
    for (const term of terms(query)) {
      const forms = folded.includes(term) ? [term] : IS_CJK.test(term) ? pairs(term) : [stem(term)];
      for (const form of forms) {
        for (let at = folded.indexOf(form); at >= 0; at = folded.indexOf(form, at + form.length)) {
          spots.push([at, at + form.length]);
        }
      }
    }
    spots.sort(([a], [b]) => a - b);
    const joined = [];
    for (const [from, to] of spots) {
      if (joined.length && from <= joined.at(-1)[1]) joined.at(-1)[1] = Math.max(to, joined.at(-1)[1]);
      else joined.push([from, to]);
    }
    return joined;
  }

  const ranking = { fold, QUESTION, EXERCISE, HEADING, terms, has, prepare, addProse, rank, excerpt, marks };
  if (typeof module === "object") module.exports = ranking;
  else globalThis.handtorch.ranking = ranking;
})();
