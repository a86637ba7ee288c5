"""The exercises' checks, one file a notebook: what is right, and which mistake a wrong answer shows.

Each file holds `EXERCISES`, a tuple of `lipcourse.course.exercise.Exercise`, and `QUIZZES`, a tuple of
`lipcourse.course.quizzes.Quiz`.
"""
