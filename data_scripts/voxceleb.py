"""Unpack VoxCeleb2: face tracks of some 6000 celebrities, a million clips.

Nothing of it can be fetched by a script. Oxford, where it was made, took the videos and the lists of their
addresses off its site in 2022. Copies were then given on request by its authors at KAIST
(https://mm.kaist.ac.kr/datasets/voxceleb, later https://mmai.io/datasets/voxceleb); whether they still are,
only asking tells. The addresses lead to films on YouTube, of which many are gone. VoxCeleb1 is sound alone.

If you have the archives, vox2_dev_mp4_partaa to -partai (about 250 GB) and vox2_test_mp4.zip (about 10 GB,
enough to begin with), put them in a folder and say where it is. Parts are read as one archive without being
joined: the disk needs room for them and for what they hold. The films belong to their makers.

    python data_scripts/voxceleb.py --archives downloads --out voxceleb --talkers id00017 id00061
    lipcourse prepare --corpus voxceleb --root voxceleb --out prepared
"""

from lipcourse.corpora.voxceleb import VoxCelebCorpus, talker_of
from lipcourse.fetching.gated import GatedCorpus, GatedOptions, install
from lipcourse.fetching.script import main_of

VOXCELEB = GatedCorpus(
    apply="ask its authors at https://mm.kaist.ac.kr/datasets/voxceleb and put its archives there",
    archives=("vox2_dev_mp4_part??", "vox2_test_mp4.zip", "vox2_mp4.zip"),
    talker_of=talker_of,
    reader=VoxCelebCorpus,
)

if __name__ == "__main__":
    main_of(GatedOptions, lambda options: install(VOXCELEB, options), __doc__)
