"""The drop zone: a file goes straight to disk through our own route, with progress and cancel.

Streamlit's uploader would hold the whole file in the server's memory for as long as the page lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.i18n import _
from app.routes import uploads
from app.security import mint
from app.state import store

_HTML = """<div class="drop" part="drop">
<p class="title"></p><p class="hint"></p>
<button type="button" class="pick"></button><input type="file" hidden aria-label="file">
<div class="going" hidden><progress max="1" value="0"></progress>
<span class="told"></span><button type="button" class="stop"></button></div>
<p class="bad" role="alert" hidden></p></div>"""

_CSS = """.drop { border: 1px dashed var(--st-border-color); border-radius: 8px; padding: 1.6rem;
 background: var(--st-secondary-background-color); color: var(--st-text-color); text-align: center;
 font-family: var(--st-font); min-height: 132px; }
.drop.over { border-color: var(--st-primary-color); } p { margin: .3rem 0; }
.title { font-weight: 600; font-size: 1.05rem; } .hint { opacity: .75; font-size: .85rem; }
.bad { color: var(--st-red-text-color); }
button { font: inherit; border-radius: 6px; padding: .4rem .9rem; cursor: pointer; margin: .5rem;
 border: 1px solid var(--st-border-color); background: transparent; color: inherit; }
.pick.filled { background: var(--st-primary-color); color: #fff; border-color: transparent; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
progress { width: 60%; accent-color: var(--st-primary-color); }"""

_JS = """export default function({ parentElement, setTriggerValue, data }) {
  const root = parentElement.querySelector('.drop'), get = (s) => root.querySelector(s);
  root.data_ = data;
  get('.title').textContent = data.words.title;
  get('.hint').textContent = data.words.hint;
  get('.pick').textContent = data.words.pick;
  get('.stop').textContent = data.words.stop;
  get('.pick').classList.toggle('filled', data.filled);
  if (root.bound_) return;
  root.bound_ = true;
  const show = (going) => { get('.going').hidden = !going; get('.pick').hidden = going; };
  const fail = (text) => {
    show(false); get('.bad').textContent = text; get('.bad').hidden = false;
  };
  const send = (file) => {
    if (!file) return;
    const now = root.data_, xhr = new XMLHttpRequest(), begun = performance.now();
    get('.bad').hidden = true; get('.told').textContent = file.name; show(true);
    xhr.open('PUT', '/api/upload?name=' + encodeURIComponent(file.name));
    xhr.setRequestHeader('X-Rebal-Token', now.token);
    xhr.upload.onprogress = (e) => {
      const mb = (n) => (n / 1e6).toFixed(1);
      const speed = e.loaded / 1e3 / Math.max(1, performance.now() - begun);
      get('progress').value = e.total ? e.loaded / e.total : 0;
      get('.told').textContent =
        `${file.name} · ${mb(e.loaded)} / ${mb(e.total)} MB · ${speed.toFixed(1)} MB/s`;
    };
    xhr.onload = () => {
      if (xhr.status === 200) {
        show(false); setTriggerValue('done', JSON.parse(xhr.responseText));
      } else { fail(xhr.responseText); setTriggerValue('again', Date.now()); }
    };
    xhr.onerror = () => { fail(root.data_.words.broken); setTriggerValue('again', Date.now()); };
    xhr.onabort = () => { show(false); setTriggerValue('again', Date.now()); };
    get('.stop').onclick = () => xhr.abort();
    xhr.send(file);
  };
  const input = get('input');
  get('.pick').onclick = () => input.click();
  input.onchange = () => { send(input.files[0]); input.value = ''; };
  root.ondragover = (e) => { e.preventDefault(); root.classList.add('over'); };
  root.ondragleave = () => root.classList.remove('over');
  root.ondrop = (e) => { e.preventDefault(); root.classList.remove('over');
    send(e.dataTransfer.files[0]); };
}"""


@dataclass(frozen=True)
class Upload:
    """A file that has arrived.

    Parameters
    ----------
    path : Path
        Where it lies, under a name of ours.
    name : str
        What the user calls it.
    """

    path: Path
    name: str


def drop_zone(key: str, *, filled: bool = True) -> Upload | None:
    """Draw the drop zone; return the file once, on the rerun in which it has arrived.

    Parameters
    ----------
    key : str
        Widget key, prefixed by the view.
    filled : bool
        Whether its button is the filled one of the page.
    """
    token = f"{key}_token"
    st.session_state.setdefault(token, mint("upload"))
    component = st.components.v2.component("rebal_upload", html=_HTML, css=_CSS, js=_JS)
    answer: Any = component(
        key=key,
        data={"token": st.session_state[token], "words": _words(), "filled": filled},
        on_done_change=lambda: st.session_state.pop(token, None),
        on_again_change=lambda: st.session_state.pop(token, None),
    )
    done = getattr(answer, "done", None)
    if not done:
        return None
    # Only the file's name comes back from the browser; where it lies is ours to say.
    path = uploads(store().home) / Path(str(done["upload"])).name
    return Upload(path, str(done["name"])) if path.is_file() else None


def _words() -> dict[str, str]:
    return {
        "title": _("Drop a file here"),
        "hint": _("CSV, TSV, .gz, Parquet · stays on this computer"),
        "pick": _("Choose a file"),
        "stop": _("Stop"),
        "broken": _("The upload broke off; choose the file again."),
    }
