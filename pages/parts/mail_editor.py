"""Subject and text of a mail, with a keyword put in where the cursor stands.

The browser keeps what is typed: a rerun never writes into the fields, only a new revision does. Even that goes through the
browser's own editing, so that Ctrl+Z brings back what was there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

import streamlit as st

from core.records import AccompanyingText
from core.rendering import keywords
from pages.parts.resources import t

PAUSE_MS = 350  # without a key, then the preview follows
_HTML = """
<div class="editor">
  <div class="bar">
    <label class="name" for="keyword"></label><select id="keyword"></select>
    <button type="button" class="insert">✓</button>
    <span class="gap"></span>
    <button type="button" class="undo">↶</button><button type="button" class="redo">↷</button>
    <button type="button" class="standard"></button>
  </div>
  <label for="subject"></label><input id="subject" type="text" autocomplete="off">
  <label for="body"></label><textarea id="body" rows="11"></textarea>
  <div class="state" role="status"></div>
</div>"""
_CSS = """
.editor { font-family: var(--st-font); font-size: .875rem;
  color: var(--st-text-color); display: flex; flex-direction: column; gap: .3rem; padding: 2px }
.bar { display: flex; gap: .4rem; align-items: center; margin-bottom: .3rem }
.gap { flex: 1 }
label { font-size: .875rem }
select, input, textarea, button { font: inherit; color: inherit; background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius, .5rem); padding: .4rem .6rem; box-sizing: border-box }
select { min-width: 0; max-width: 18rem }
option, optgroup { color: var(--st-text-color); background: var(--st-background-color) }
input, textarea { width: 100% }
textarea { resize: vertical; min-height: 8rem; line-height: 1.45 }
button { cursor: pointer; background: transparent; white-space: nowrap }
button:hover { border-color: var(--st-primary-color) }
.insert { background: var(--st-primary-color); border-color: var(--st-primary-color); color: #fff; padding: .4rem .9rem }
.target { border-color: var(--st-primary-color) }
:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 0 }
.state { font-size: .8rem; min-height: 1.2em; opacity: .75 }
.state.unsaved { opacity: 1; font-weight: 600 }
"""
_SCRIPT = """
export default function ({ parentElement: root, data, setStateValue }) {
  const find = (selector) => root.querySelector(selector);
  const editor = find(".editor"), keyword = find("#keyword"), subject = find("#subject"), body = find("#body"), state = find(".state");
  const fields = [subject, body];
  const kept = (root.kept ??= {});  // outlives the reruns
  const put = (field, text) => {  // as if typed, so that the browser can take it back
    if (field.value === text) return 0;
    field.focus({ preventScroll: true });
    field.select();
    if (!document.execCommand(text ? "insertText" : "delete", false, text)) field.value = text;
    return 1;
  };
  const unsaved = () => fields.some((field) => field.value.trim() !== kept.data.saved[field.id].trim());
  const tell = () => {
    state.textContent = unsaved() ? kept.data.words.unsaved : kept.data.words.saved;
    state.classList.toggle("unsaved", unsaved());
  };
  const push = () => {
    clearTimeout(kept.timer);
    kept.timer = null;
    const now = JSON.stringify([subject.value, body.value]);
    if (now === kept.pushed) return;
    kept.pushed = now;
    kept.set("words", { subject: subject.value, body: body.value, revision: kept.data.revision });
  };
  const later = () => { tell(); clearTimeout(kept.timer); kept.timer = setTimeout(push, kept.data.pause) };
  const replaceAll = (text) => {
    const place = kept.target;
    kept.together = put(subject, text.subject) + put(body, text.body);
    place.focus({ preventScroll: true });
  };
  const apart = (field) => {  // else the browser takes back a keyword together with the letters typed around it
    const [start, end] = [field.selectionStart, field.selectionEnd];
    field.setSelectionRange(0, 0);
    field.setSelectionRange(field.value.length, field.value.length);
    field.setSelectionRange(start, end);
  };
  const aim = (field) => {
    kept.target = field;
    for (const each of fields) each.classList.toggle("target", each === field);
  };

  const labels = JSON.stringify([data.keywords, data.words]);
  if (kept.labels !== labels) {
    const chosen = keyword.value;
    keyword.replaceChildren(...data.keywords.map(([title, members]) => {
      const group = Object.assign(document.createElement("optgroup"), { label: title });
      group.append(...members.map((each) => Object.assign(new Option(each.label, each.name), { put: each })));
      return group;
    }));
    if (chosen) keyword.value = chosen;
    find("label[for=keyword]").textContent = data.words.keyword;
    find("label[for=subject]").textContent = data.words.subject;
    find("label[for=body]").textContent = data.words.body;
    for (const name of ["insert", "undo", "redo", "standard"]) {
      find("." + name).title = data.words[name];
      if (name !== "standard") find("." + name).setAttribute("aria-label", data.words[name]);
    }
    find(".standard").textContent = data.words.reset;
    kept.labels = labels;
  }
  const other = kept.data?.key !== data.key, newer = !other && kept.data.revision !== data.revision;
  kept.data = data;
  kept.set = setStateValue;
  if (other) {
    clearTimeout(kept.timer);
    for (const field of fields) {
      field.value = data[field.id];
      field.setSelectionRange(field.value.length, field.value.length);
    }
    kept.together = 1;
    kept.pushed = JSON.stringify([subject.value, body.value]);
    aim(body);
  } else if (newer) {
    kept.arriving = true;
    replaceAll(data);
    kept.arriving = false;
    kept.pushed = JSON.stringify([subject.value, body.value]);
  }
  tell();

  for (const field of fields) {
    field.onfocus = () => { if (!kept.arriving) aim(field) };
    field.oninput = () => { kept.together = 1; if (!kept.arriving) later() };
    field.onblur = () => { if (kept.timer && !kept.arriving) push() };
  }
  for (const name of ["insert", "undo", "redo", "standard"]) find("." + name).onmousedown = (event) => event.preventDefault();  // the focus stays
  find(".insert").onclick = () => {
    const field = kept.target, { before, after } = keyword.selectedOptions[0].put;
    field.focus();
    apart(field);
    const start = field.selectionStart, inside = after ? field.value.slice(start, field.selectionEnd) : "";
    const token = before + inside + after, caret = start + before.length + inside.length;
    if (!document.execCommand("insertText", false, token)) field.setRangeText(token, field.selectionStart, field.selectionEnd, "end");
    apart(field);
    if (after) field.setSelectionRange(caret, caret);  // the words that depend on it are typed next
    push();
  };
  const step = (command) => {
    kept.target.focus();
    for (let count = kept.together; count > 0; count -= 1) document.execCommand(command);
    push();
  };
  find(".undo").onclick = () => { const count = kept.together; step("undo"); kept.redo = count };
  find(".redo").onclick = () => { kept.together = kept.redo ?? 1; step("redo"); kept.together = kept.redo ?? 1 };
  find(".standard").onclick = () => {
    kept.arriving = true;
    replaceAll(kept.data.standard);
    kept.arriving = false;
    later();
    push();
  };
  for (const name of ["keydown", "keyup", "keypress"]) editor["on" + name] = (event) => event.stopPropagation();  // C and R are Streamlit's
  kept.guard ??= (event) => { if (root.isConnected && unsaved()) event.preventDefault() };
  window.addEventListener("beforeunload", kept.guard);
  return () => { if (!root.isConnected) window.removeEventListener("beforeunload", kept.guard) };
}
"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is typed and not saved; a higher revision is written into the fields."""

    words: AccompanyingText | None = None
    revision: int = 0


@cache
def _component() -> Any:
    return st.components.v2.component("mail_editor", html=_HTML, css=_CSS, js=_SCRIPT)


def edit(saved: AccompanyingText, standard: AccompanyingText, *, key: str) -> AccompanyingText:
    """The fields; what is in them now. What is typed stays in the session, also while another text is shown."""
    draft = _draft(key)
    words = draft.words or saved
    _component()(
        key=_widget(key),
        data={
            "key": key,
            "revision": draft.revision,
            **asdict(words),
            "saved": asdict(saved),
            "standard": asdict(standard),
            "keywords": _menu(),
            "words": _labels(),
            "pause": PAUSE_MS,
        },
        on_words_change=partial(_take, key),
    )
    return words


def _menu() -> list[tuple[str, list[dict[str, str]]]]:
    """The drop-down by group; each keyword with what it puts before and after the caret."""
    return [
        (t(group), [{"name": name, "label": f"{t(label)}  ·  {name}"} | _written(name) for name, label in members.items()])
        for group, members in keywords.GROUPS.items()
    ]


def _written(name: str) -> dict[str, str]:
    before, after = keywords.written(name)
    return {"before": before, "after": after}


def is_changed(words: AccompanyingText, saved: AccompanyingText) -> bool:
    return (words.subject.strip(), words.body.strip()) != (saved.subject.strip(), saved.body.strip())


def replace(key: str, words: AccompanyingText) -> None:
    """Write other words into the fields; Ctrl+Z there brings the former ones back."""
    st.session_state[f"draft/{key}"] = Draft(words=words, revision=_draft(key).revision + 1)


def forget(key: str) -> None:
    """The draft is saved."""
    st.session_state[f"draft/{key}"] = Draft(revision=_draft(key).revision)


def has_draft(key: str, saved: AccompanyingText) -> bool:
    words = _draft(key).words
    return words is not None and is_changed(words, saved)


def _draft(key: str) -> Draft:
    draft: Draft = st.session_state.get(f"draft/{key}", Draft())
    return draft


def _widget(key: str) -> str:
    return f"editor/{key}"


def _take(key: str) -> None:
    """What the browser says is in the fields, unless it has not seen the newest revision yet."""
    value = st.session_state[_widget(key)].get("words")
    draft = _draft(key)
    if value and value["revision"] == draft.revision:
        words = AccompanyingText(subject=str(value["subject"]), body=str(value["body"]))
        st.session_state[f"draft/{key}"] = Draft(words=words, revision=draft.revision)


def _labels() -> dict[str, str]:
    return {
        "keyword": t("Keyword"),
        "subject": t("Subject"),
        "body": t("Text"),
        "insert": t("Insert at the cursor"),
        "undo": t("Undo the typing"),
        "redo": t("Redo"),
        "reset": t("Standard text"),
        "standard": t("Replace subject and text by the standard ones; Undo brings yours back."),
        "saved": t("Saved"),
        "unsaved": t("Not saved yet"),
    }
