"""Several processes that compute one training run: who they are, what each computes, and how their results add up."""
