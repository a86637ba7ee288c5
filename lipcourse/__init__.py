"""Speech-driven faces, from a waveform to a talking mouth: the code behind the course's notebooks.

Rooms, in the order that data flows (a room imports only from those before it): `errors`, `media`,
`corpora`, `signals`, `windows`, `metrics`, `pictures`, `networks`, `training`, then `inspection`,
`delays` and `doctor`, `course`, `cli`.
"""

__version__ = "0.1.0"
