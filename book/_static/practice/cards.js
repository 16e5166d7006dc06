// Flash cards: the questions in front, their short answers behind, again when they are due.
"use strict";

(() => {
  const place = document.getElementById("practice-cards");
  if (!place) return;
  const { fsrs, reviews, shared, typeset } = globalThis.handtorch;
  const { make, bilingual } = shared;
  const chapters = JSON.parse(place.dataset.chapters);
  const NEW_CARDS = ["5", "10", "20", "all"];

  const text = shared.words({
    en: {
      chapter: "Chapter", every: "All chapters", newCards: "New cards a day", all: "all",
      show: "Show the answer", no: "Not yet", yes: "Know", undo: "Undo", full: "Full answer",
      keys: "Keys: space shows the answer, 1 is not yet, 2 is know, u takes the last one back.",
      counts: (due, fresh, seen, total) => `${due} due, ${fresh} new today; ${seen} of ${total} begun`,
      back: (days) => (days === 1 ? "tomorrow" : `in ${days} days`), soon: "again today",
      done: "Nothing is due now.",
      next: (date) => `The next card is due on ${date}.`,
      finished: "Every card of this choice has been begun.",
      more: "Take new cards now",
      card: (n) => (n === 1 ? "The last card" : `${n} cards left`),
      progress: "Your progress as a file",
      stays: "What you know is kept in this browser and is sent nowhere. A file takes it to another one.",
      save: "Save to a file", open: "Add from a file", anki: "The same cards for Anki",
      forget: "Forget everything", sure: "Forget all reviews of all cards? A saved file brings them back.",
      forgotten: "All reviews are forgotten.",
      taken: (n) => (n ? `Reviews added: ${n}.` : "All reviews of this file were here already."),
      refused: (name, why) => `${name} was not used: ${why}. Nothing has changed.`,
      unreadable: (name) => `${name} could not be read. Nothing has changed.`,
      damaged: "What this browser kept could not be read. It is set aside, and you begin anew.",
      closed: "This browser keeps nothing here (a private window?): save a file before you leave.",
      missing: "The cards of this chapter could not be loaded.", retry: "Try again",
    },
    zh: {
      chapter: "章节", every: "全部章节", newCards: "每天新卡片", all: "不限",
      show: "显示答案", no: "还不会", yes: "会了", undo: "撤销", full: "完整回答",
      keys: "键盘：空格显示答案，1 还不会，2 会了，u 撤销上一张。",
      counts: (due, fresh, seen, total) => `到期 ${due} 张，今天新卡 ${fresh} 张；已学 ${seen} / ${total}`,
      back: (days) => (days === 1 ? "明天再见" : `${days} 天后`), soon: "今天再来",
      done: "现在没有到期的卡片。",
      next: (date) => `下一张在 ${date} 到期。`,
      finished: "所选卡片都已开始学习。",
      more: "现在就学新卡片",
      card: (n) => (n === 1 ? "最后一张" : `还有 ${n} 张`),
      progress: "把进度存成文件",
      stays: "学习记录只存在这个浏览器里，不会发往任何地方；换设备时用文件带走。",
      save: "存成文件", open: "从文件加入", anki: "同一套卡片的 Anki 版",
      forget: "全部忘掉", sure: "要忘掉所有卡片的所有复习吗？存好的文件可以恢复。",
      forgotten: "所有复习记录都已清除。",
      taken: (n) => (n ? `加入了 ${n} 次复习。` : "这个文件里的复习这里都有了。"),
      refused: (name, why) => `没有使用 ${name}：${why}。什么都没有改变。`,
      unreadable: (name) => `${name} 无法读取。什么都没有改变。`,
      damaged: "浏览器里存的记录读不出来，已另存一旁，现在重新开始。",
      closed: "这个浏览器在这里存不下东西（无痕窗口？）：离开前请存成文件。",
      missing: "这一章的卡片没有加载成功。", retry: "再试一次",
    },
  });

  const store = new reviews.Store(shared.storage("localStorage"));
  let waiting = []; // ids of the cards to come, the one shown first
  let shown = null; // { id, answered }
  let history = []; // what undo takes back: { id, time }
  let extra = 0; // new cards taken beyond the daily number
  let turn = 0; // which card was asked for last, when loading takes long

  const ids = () =>
    chapters
      .filter(({ name }) => !chapter.value || name === chapter.value)
      .flatMap(({ name, questions }) => questions.map((id) => `${name}/${id}`));
  const limit = () => (newCards.value === "all" ? Infinity : Number(newCards.value) + extra);
  const today = () => reviews.queue(ids(), store.records, { newCards: limit() });

  // The page

  const chapterField = shared.select(
    text.chapter, "chapter",
    [["", text.every], ...chapters.map((one) => [one.name, shared.title(one)])],
    shared.fromAddress("chapter", chapters.map(({ name }) => name), ""), choose,
  );
  const newField = shared.select(
    text.newCards, "new",
    NEW_CARDS.map((value) => [value, value === "all" ? text.all : value]),
    shared.fromAddress("new", NEW_CARDS, "10"), choose,
  );
  const [chapter, newCards] = [chapterField, newField].map((field) => field.querySelector("select"));
  const counts = make("p", { class: "practice-counts" });
  const card = make("div", { class: "practice-card", role: "group", tabindex: "-1" });
  const status = make("p", { class: "practice-status", role: "status" });
  const undo = make("button", { type: "button", class: "practice-quiet", disabled: true, onclick: takeBack }, text.undo);
  const file = make("input", { type: "file", accept: ".json,application/json", id: "practice-file", class: "practice-file", onchange: add });
  place.append(
    make("form", { class: "practice-choice", onsubmit: (event) => event.preventDefault() }, chapterField, newField),
    counts,
    card,
    make("div", { class: "practice-below" }, undo, make("p", { class: "practice-keys" }, text.keys)),
    status,
    make(
      "details", { class: "practice-progress" },
      make("summary", {}, text.progress),
      make("p", {}, text.stays),
      make(
        "div", { class: "practice-buttons" },
        make("button", { type: "button", onclick: save }, text.save),
        file,
        make("label", { for: "practice-file", class: "practice-button" }, text.open),
        make("a", { class: "practice-button", href: `${root()}_static/practice/handtorch-anki.txt`, download: "handtorch-anki.txt" }, text.anki),
        make("button", { type: "button", class: "practice-danger", onclick: forget }, text.forget),
      ),
    ),
  );

  function root() {
    return document.documentElement.dataset.content_root ?? "../";
  }

  function say(sentence) {
    status.textContent = sentence;
  }

  function warn() {
    if (store.problem) say(text[store.problem]);
    if (store.problem === "damaged") store.problem = "";
  }

  function count() {
    const { due, again, fresh } = today();
    const all = ids();
    const seen = all.filter((id) => store.records.has(id)).length;
    counts.textContent = text.counts(due.length + again.length, fresh.length, seen, all.length);
    undo.disabled = !history.length;
  }

  // A session

  function choose() {
    shared.toAddress({ chapter: chapter.value, new: newCards.value === "10" ? null : newCards.value });
    extra = 0;
    begin();
  }

  function begin(focus = false) {
    const { due, again, fresh } = today();
    waiting = [...due, ...again, ...fresh];
    show(focus);
  }

  async function show(focus = true) {
    const mine = ++turn;
    shown = null;
    count();
    if (!waiting.length) return finish(focus);
    const id = waiting[0];
    const [name, question] = id.split("/");
    let data;
    try {
      data = await shared.load(name);
    } catch {
      if (mine === turn) fail();
      return;
    }
    if (mine !== turn) return; // another card was asked for meanwhile
    const found = data.questions.find((one) => one.id === `${name}/${question}`);
    if (!found) {
      waiting.shift(); // the page has it no more
      show(focus);
      return;
    }
    shown = { id, found, answered: false };
    const back = make("button", { type: "button", class: "practice-main", onclick: turnOver }, text.show);
    card.replaceChildren(
      make("p", { class: "practice-left" }, text.card(waiting.length)),
      ...bilingual(found),
      make("div", { class: "practice-buttons" }, back),
    );
    if (focus) card.focus();
  }

  function turnOver() {
    if (!shown || shown.answered) return;
    shown.answered = true;
    const { id, found } = shown;
    const after = (rating) => {
      const state = reviews.stateOf([...(store.records.get(id) ?? []), [Date.now(), rating]]);
      return rating === fsrs.AGAIN ? text.soon : text.back(state.due - state.last);
    };
    const answer = make(
      "div", { class: "practice-answer", tabindex: "-1" },
      make("div", { html: found.answer }),
      make("p", {}, make("a", { href: found.url }, text.full)),
    );
    const button = (label, rating, kind) =>
      make(
        "button", { type: "button", class: kind, onclick: () => rate(rating) },
        label, make("small", {}, after(rating)),
      );
    card.querySelector(".practice-buttons").replaceWith(
      answer,
      make(
        "div", { class: "practice-buttons practice-rating" },
        button(text.no, fsrs.AGAIN, "practice-no"),
        button(text.yes, fsrs.GOOD, "practice-yes"),
      ),
    );
    answer.focus();
    typeset(answer).catch(() => {}); // the source of a formula can be read, too
  }

  function rate(rating) {
    if (!shown?.answered) return;
    const { id } = shown;
    history.push({ id, time: store.add(id, rating) });
    say("");
    warn();
    waiting.shift();
    if (rating === fsrs.AGAIN) waiting.splice(Math.min(waiting.length, 4), 0, id); // soon, not at once
    show();
  }

  function takeBack() {
    const last = history.pop();
    if (!last) return;
    store.remove(last.id, last.time);
    waiting = [last.id, ...waiting.filter((id) => id !== last.id)];
    show();
  }

  function finish(focus) {
    const states = ids().map((id) => reviews.stateOf(store.records.get(id))).filter(Boolean);
    const next = Math.min(...states.map(({ due }) => due));
    const { unseen } = today();
    card.replaceChildren(
      make("p", { class: "practice-question" }, text.done),
      Number.isFinite(next)
        ? make("p", {}, text.next(new Date(reviews.startOf(next)).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" })))
        : "",
      unseen
        ? make(
            "div", { class: "practice-buttons" },
            make("button", { type: "button", onclick: () => { extra += 10; begin(true); } }, text.more),
          )
        : make("p", {}, text.finished),
    );
    if (focus) card.focus();
  }

  function fail() {
    card.replaceChildren(
      make("p", {}, text.missing),
      make("div", { class: "practice-buttons" }, make("button", { type: "button", onclick: () => show() }, text.retry)),
    );
  }

  // The keyboard: where nothing else wants the key.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const free = event.target === document.body || place.contains(event.target);
    if (!free || event.target.closest("input, select, textarea, summary, dialog")) return;
    const onControl = event.target.closest("button, a, label");
    const act = {
      " ": onControl ? null : turnOver,
      Enter: onControl ? null : turnOver,
      1: () => rate(fsrs.AGAIN),
      2: () => rate(fsrs.GOOD),
      u: takeBack,
    }[event.key];
    if (!act || event.repeat) return;
    if (event.key === " " && shown?.answered) return; // lets the page scroll
    event.preventDefault();
    act();
  });

  // The record as a file

  function save() {
    const blob = new Blob([reviews.stringify(store.records)], { type: "application/json" });
    const day = new Date().toISOString().slice(0, 10);
    const link = make("a", { href: URL.createObjectURL(blob), download: `handtorch-cards-${day}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async function add() {
    const [chosen] = file.files;
    if (!chosen) return;
    let content;
    try {
      content = await chosen.text();
    } catch {
      say(text.unreadable(chosen.name));
      return;
    } finally {
      file.value = ""; // the same file can be chosen again
    }
    let records;
    try {
      records = reviews.parse(content);
    } catch (error) {
      if (!error.sentence) throw error;
      say(text.refused(chosen.name, shared.words(error.sentence)));
      return;
    }
    history = [];
    const added = store.take(records);
    begin();
    say(text.taken(added));
    warn();
  }

  function forget() {
    if (!confirm(text.sure)) return;
    store.forget();
    history = [];
    begin();
    say(text.forgotten);
  }

  window.addEventListener("storage", (event) => {
    if (event.key !== store.key && event.key !== null) return;
    store.reread();
    count();
  });

  begin();
  warn();
})();
