"""Unpack TCD-TIMIT: 59 volunteers and three lipspeakers read TIMIT's sentences, phones labelled.

You must apply for it: ask for an account at https://sigmedia.tcd.ie (for research only). Its archives are all
called straightcam.zip or 30degcam.zip and told apart by their folders alone, so keep those as on the site,
with the label files beside them:

    downloads/volunteers/01M/Clips/straightcam.zip
    downloads/lipspeakers/Lipspkr1/Clips/straightcam.zip
    tcd_timit/volunteer_labelfiles.mlf, tcd_timit/lipspeaker_labelfiles.mlf

The disk needs room for the archives and for what they hold. --limit counts the clips of each talker and
camera. The corpus may not be passed on.

    python data_scripts/tcd_timit.py --archives downloads --out tcd_timit --talkers 01M 02M
    lipcourse prepare --corpus tcd_timit --root tcd_timit --out prepared
"""

from lipcourse.corpora.tcd_timit import TcdTimitCorpus, talker_of
from lipcourse.fetching.gated import GatedCorpus, GatedOptions, install
from lipcourse.fetching.script import main_of

TCD_TIMIT = GatedCorpus(
    apply="ask for an account at https://sigmedia.tcd.ie and put its archives there, in its folders",
    archives=("straightcam.zip", "30degcam.zip"),
    talker_of=talker_of,
    reader=TcdTimitCorpus,
    in_folders=True,
)

if __name__ == "__main__":
    main_of(GatedOptions, lambda options: install(TCD_TIMIT, options), __doc__)
