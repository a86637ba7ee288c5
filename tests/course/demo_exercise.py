"""An exercise for the tests' tiny course."""

from lipcourse.course.exercise import Exercise, Mutant

EXERCISE = Exercise(
    name="double",
    reference=lambda x: 2 * x,
    cases=[(1,), (3,)],
    mutants=[
        Mutant("squared", lambda x: x * x, "You multiplied x by itself."),
        Mutant("one more", lambda x: x + 1, "You added 1."),
        Mutant("unchanged", lambda x: x, "You gave x back."),
    ],
)
