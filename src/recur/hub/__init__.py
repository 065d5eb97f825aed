"""Runs on the Hugging Face hub: addresses, downloads kept in the hub's own cache, uploads with a model card.

::

    hf://USER/NAME              the newest commit          hf://USER/NAME@REVISION   a branch, a tag or a commit

What is downloaded is a run folder: it is opened as every other one, so that nothing in it is executed or unpickled and
an altered file is refused. The client is the package huggingface_hub: HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE
mean what they mean to it.
"""

from __future__ import annotations

from recur.hub.address import Address, address_of
from recur.hub.download import local_folder
from recur.hub.upload import Upload, prepare

__all__ = ["Address", "Upload", "address_of", "local_folder", "prepare"]
