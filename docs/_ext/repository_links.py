"""What Markdown of the repository needs to become pages: links to files outside docs/, and CSV as a language."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

DOCS = Path(__file__).parent.parent


class Names(SphinxTransform):
    """Keep the words of a link to a file outside docs/ and drop the link: the site has no such page."""

    default_priority = 5

    def apply(self) -> None:
        """Replace every such reference by its words."""
        here = Path(self.env.doc2path(self.env.docname)).parent
        for kind in (addnodes.download_reference, addnodes.pending_xref, nodes.reference):
            for link in list(self.document.findall(kind)):
                base = DOCS if link.get("refdomain") == "doc" else here
                path = (base / str(link.get("reftarget") or link.get("refuri") or "")).resolve()
                found = path.exists() or path.with_suffix(".md").exists()
                if found and path.is_relative_to(DOCS.parent) and not path.is_relative_to(DOCS):
                    link.replace_self(link.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform and the language."""
    app.add_transform(Names)
    app.add_lexer("csv", TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
