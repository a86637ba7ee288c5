"""Unpack LDC2009V01, the Audiovisual Database of Spoken American English: 14 talkers, words and sentences.

You must buy it, or your university must be a member of the Linguistic Data Consortium:
https://catalog.ldc.upenn.edu/LDC2009V01. Put what you are given (.tgz, .tar or .zip) in a folder and say
where it is. The disk needs room for it and for what it holds. It may not be passed on, nor may clips made
from it.

LDC does not publish how the files are named. Talkers are told by the level of folders that has 14 names;
--talkers takes the names of folders that hold videos, and --limit counts the clips of each such folder.

    python data_scripts/ldc.py --archives downloads --out ldc
    lipcourse prepare --corpus ldc --root ldc --out prepared
"""

from lipcourse.corpora.ldc import LdcCorpus, folder_of
from lipcourse.fetching.gated import GatedCorpus, GatedOptions, install
from lipcourse.fetching.script import main_of

LDC = GatedCorpus(
    apply="get LDC2009V01 from https://catalog.ldc.upenn.edu/LDC2009V01 and put its archive there",
    archives=("*.tgz", "*.tar.gz", "*.tar", "*.zip"),
    talker_of=folder_of,
    reader=LdcCorpus,
)

if __name__ == "__main__":
    main_of(GatedOptions, lambda options: install(LDC, options), __doc__)
