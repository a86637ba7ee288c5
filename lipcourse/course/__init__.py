"""Teaching: how the notebooks are built, run, checked and made to answer the learner."""
