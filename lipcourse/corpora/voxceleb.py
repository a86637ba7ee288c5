"""VoxCeleb2: face tracks of some 6000 celebrities, cut from interviews.

Chung, Nagrani and Zisserman, "VoxCeleb2: deep speaker recognition", Interspeech 2018:
https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox2.html
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from lipcourse.corpora.base import FileCorpus, Recording, draw_split
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Origin, read_clip

_CLIP = re.compile(r"(?:(?P<above>.*)/)?(?P<talker>id\d{5})/(?P<video>[^/]+)/(?P<number>\d{5})\.mp4")


def talker_of(path: PurePosixPath) -> str | None:
    """Say whose clip a file of VoxCeleb2 is: id00012 for `dev/mp4/id00012/21Uxsk56VDQ/00001.mp4`."""
    found = _CLIP.fullmatch(path.as_posix())
    return found["talker"] if found else None


class VoxCelebCorpus(FileCorpus):
    """VoxCeleb2's clips in a folder, laid out as `dev/mp4/id00012/21Uxsk56VDQ/00001.mp4`.

    Pictures are 224x224 at 25 frames a second, faces cropped loosely. What is said is not told: clips have no
    transcript. VoxCeleb1 is sound without video, so it has no reader here.

    What lies in `dev/mp4` is for training and validation, all else (the test clips' archive holds `mp4`
    alone) for testing; the corpus's own test talkers are in no other split. For validation about
    a tenth of the videos is drawn by name, all clips of a video together.

    Taught in notebook 05.

    Args:
        root: The folder that holds `dev`, `mp4` or both.

    Raises:
        CorpusError: There is no such folder, or no VoxCeleb2 clip in it.
    """

    name = "voxceleb"
    origin = Origin(
        "VoxCeleb2 (Chung, Nagrani and Zisserman, 2018)",
        "the videos' owners hold the copyright; the collection is CC BY 4.0",
    )

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        if not root.is_dir():
            raise CorpusError("no such folder", where=root, remedy="give the folder that holds dev or mp4")
        recordings = {}
        for path in root.rglob("*.mp4"):
            found = _CLIP.fullmatch(path.absolute().as_posix())
            if found:
                key = f"voxceleb/{found['talker']}/{found['video']}/{found['number']}"
                dev = found["above"].endswith("/dev/mp4")
                split = draw_split(found["video"], "talkers", held_out=not dev)
                recordings[key] = Recording(path, found["talker"], split)
        if not recordings:
            raise CorpusError(
                "no VoxCeleb2 clip in it",
                where=root,
                remedy="its clips lie in dev/mp4/id00012/21Uxsk56VDQ/00001.mp4, ...",
            )
        super().__init__(recordings)

    def clip(self, key: str) -> Clip:
        """Read one clip."""
        path, talker, _, _ = self.recording(key)
        return read_clip(path, key=key, talker=talker, origin=self.origin)
