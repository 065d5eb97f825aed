"""How Sphinx builds the documentation: `make docs`. Nothing is downloaded."""

import hashlib
import os
import sys
from pathlib import Path

import recur
from recur.lecture import languages, page

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
# widths of help texts and tables do not depend on the terminal that builds; one thread gives one result
os.environ.update(COLUMNS="100", OMP_NUM_THREADS="1", JUPYTER_PLATFORM_DIRS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")

project = "Recur"
author = "the authors of Recur"
release = version = recur.__version__
language = "en"

extensions = [
    "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "numpydoc", "myst_nb",
    "generated_reference", "repository_links",
]  # fmt: skip
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "Recur"
html_theme_options = {"navigation_with_keys": False, "show_prev_next": True, "show_toc_level": 2}
html_static_path = ["_static"]
html_css_files = ["recur.css"]
# the lecture: one page per language, which loads nothing
html_extra_path = ["_build/lecture"]
_lectures = HERE / "_build" / "lecture"
_lectures.mkdir(parents=True, exist_ok=True)
for _language in languages():
    _name = "lecture.html" if _language == "en" else f"lecture-{_language}.html"
    (_lectures / _name).write_text(page(_language), encoding="utf-8")
html_show_sourcelink = False
html_copy_source = False

autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say types, with shapes
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False

# no formulas in TeX: what draws them would be loaded from elsewhere, and the site is read offline too
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# a notebook is executed again whenever the library or the notebook has changed
_source = hashlib.sha256()
for _file in sorted(Path(recur.__file__).parent.rglob("*.py")):
    _source.update(_file.read_bytes())
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "notebooks" / _source.hexdigest()[:16])
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_in_temp = True
nb_merge_streams = True
nb_output_stderr = "remove"  # that a cell was compiled, and where: other machines say other things
