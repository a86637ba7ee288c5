"""Fetch GRID: 33 talkers who say 1000 sentences each, on video (CC BY 4.0).

The files come from Zenodo (record 3625687, about 16 GB); which there are, and their checksums, the record
itself says. Each archive is downloaded, verified, unpacked and deleted before the next, so the disk needs
room for the corpus and one archive. Stop it whenever you like: run again, it goes on from there.

    python data_scripts/grid.py --out grid --talkers s1 s2 --limit 100
    lipcourse prepare --corpus grid --root grid --out prepared

Whoever shows a frame or a sound of GRID, or a model made from it, names its authors: Cooke, Barker,
Cunningham and Shao, "An audio-visual corpus for speech perception and automatic speech recognition", Journal
of the Acoustical Society of America 120 (2006).
"""

from lipcourse.fetching.grid import GridOptions, install
from lipcourse.fetching.script import main_of

if __name__ == "__main__":
    main_of(GridOptions, install, __doc__)
