"""What a reader sees of a page that AppTest has run."""

from streamlit.testing.v1 import AppTest


def shown(app: AppTest) -> str:
    """Everything a reader sees as text."""
    assert not app.exception, [(e.message, e.stack_trace) for e in app.exception]
    kinds = ("title", "header", "subheader", "markdown", "caption", "html")
    parts = []
    for kind in kinds:
        for element in app.get(kind):
            parts.append(str(getattr(element, "value", None) or element.proto.body))
    return "\n".join([*parts, *(b.label for b in app.button)])


def widget(elements, key):
    return next(e for e in elements if str(e.key).startswith(key))
