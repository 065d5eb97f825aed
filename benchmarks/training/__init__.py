"""Whole training per epoch: the training command beside a plain script of torch.nn."""
