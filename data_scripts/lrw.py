"""Unpack LRW, Lip Reading in the Wild: 500 words in up to 1000 clips each, from British television.

You must apply for it: sign the BBC's data sharing agreement at
https://www.bbc.co.uk/rd/projects/lip-reading-datasets (researchers at universities and the like only). You
are then given a name and a password for the archives, lrw-v1-partaa to -partag, about 70 GB. Put them in a
folder and say where it is. They are read as one archive without being joined: the disk needs room for them
and for what they hold. LRW may not be passed on, nor may clips made from it.

LRW does not tell who speaks, so --talkers takes words, and --limit counts the clips of each word and split.

    python data_scripts/lrw.py --archives downloads --out lrw --talkers ABOUT BECAUSE --limit 50
    lipcourse prepare --corpus lrw --root lrw --out prepared
"""

from lipcourse.corpora.lrw import LrwCorpus, word_and_split_of, word_of
from lipcourse.fetching.gated import GatedCorpus, GatedOptions, install
from lipcourse.fetching.script import main_of

LRW = GatedCorpus(
    apply="apply for LRW at https://www.bbc.co.uk/rd/projects/lip-reading-datasets and put its parts there",
    archives=("lrw-v1-part??", "lrw-v1.tar"),
    talker_of=word_of,
    reader=LrwCorpus,
    group_of=word_and_split_of,
)

if __name__ == "__main__":
    main_of(GatedOptions, lambda options: install(LRW, options), __doc__)
