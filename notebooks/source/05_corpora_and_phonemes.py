# ---
# title: Corpora and phonemes
# minutes: {cpu: 1, gpu: 1}
# builds: A selection of clips whose sounds are about equally frequent, and a test split that tells the truth.
# needs: Python, NumPy; notebooks 01 (the spectrogram) and 02 (the mouth crop).
# picture: {file: images/05.png, alt: "A spectrogram with a line and a name for each phone that was found."}
# equations:
#   - "recurrent, Algorithm 1 and Fig. 3: sample selection by phonemes"
# ---

# %% [markdown]
# # 05 · Corpora and phonemes
#
# A network learns what its clips show it, and is believed for what its test clips say of it. So two
# questions come before any training. **Which sounds** are in the clips? A mouth that says "measure" is
# shown once where one that says "now" is shown a thousand times. And **who** is in the test clips? If the
# network has met them before, its score may be a memory of faces.
#
# You will find when each phone of a sentence is heard, count phonemes, build the sample selection of
# "Talking Face Generation by Conditional Recurrent Adversarial Network" (**recurrent**, 2018; its
# Algorithm 1), and let a split leak a talker on purpose, to see what that does to a score.

# %% tags=["parameters"]
profile = "class"

# %%
import numpy as np
import torch
from torch.nn.functional import interpolate

from lipcourse import pictures
from lipcourse.corpora.grid import sentence
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, players, quizzes, widgets
from lipcourse.errors import SignalError
from lipcourse.profiles import choose_profile

# %%
from lipcourse.selection.report import plot_shares
from lipcourse.signals.audio import log_mel
from lipcourse.signals.faces import crop_mouths, mouth_opening, track_landmarks
from lipcourse.signals.phonemes import align_phonemes
from lipcourse.signals.pronunciation import pronounce
from lipcourse.signals.selection import (
    PHONEMES,
    count_phonemes,
    distance_to_uniform,
    phoneme_shares,
    score_rarity,
    select_clips,
)

# %% [markdown]
# ## 1 · What is in a corpus
#
# | corpus | who | what they say | on what terms |
# |---|---|---|---|
# | GRID | 33 filmed talkers | 1000 sentences each, six words of a fixed grammar | CC BY 4.0 |
# | LRW | hundreds of people on BBC television | one of 500 words, in a cut of 1.16 s | signed agreement |
# | LDC2009V01 | 14 talkers | words and sentences of American English | LDC licence |
# | TCD-TIMIT | 62 talkers | sentences chosen for their phonemes | signed agreement |
# | VoxCeleb | over a thousand celebrities in interviews | anything | terms of its authors |
# | puppets | up to 100, drawn by code | sentences of GRID's grammar | CC0, and always here |
#
# This notebook runs on GRID where the variable `LIPCOURSE_GRID` names a folder of it, else on the puppets. A
# corpus names its talkers and its clips, divides them into three **splits**, and reads a clip when asked.

# %%
pictures.use_style()
size, corpus = choose_profile(profile), open_corpus()
print(corpus)
for split in ("train", "validation", "test"):
    keys = corpus.keys(split=split)
    names = {key.split("/")[1] for key in keys}
    print(f"{split:10s} {len(keys):4d} clips of {len(names):2d} talkers, such as {keys[0]}")

# %% [markdown]
# The last part of a key is the sentence, a letter a word: command, colour, preposition, letter, digit,
# adverb. Six places with 4, 4, 4, 25, 10 and 4 words make 64 000 sentences.

# %%
clip = corpus.clip(corpus.keys()[0])
print(clip.key.split("/")[-1], "means", sentence(clip.key.split("/")[-1]))

# %% figure="One frame of each of a few talkers."
talkers = [name for name in corpus.talkers() if len(corpus.keys(name)) > 1][: size.talkers + 2]
portraits = [corpus.clip(corpus.keys(name)[0]).frames[20] for name in talkers[:5]]
figure = pictures.contact_sheet(portraits, talkers[:5], columns=5)
pictures.show(figure, "One frame of each of a few talkers.")

# %% [markdown]
# ## 2 · When is which sound heard?
#
# A transcript says *what* is said, not *when*. **Forced alignment** finds out. A dictionary writes each word
# in **phones**, the sounds of speech, here in the 39 symbols of ARPABET; a word may have several readings.

# %%
readings, _ = pronounce(("bin", "blue", "a", "z", "measure"))
for word, several in readings.items():
    print(f"{word:8s}", "  or  ".join(" ".join(reading) for reading in several))

# %% [markdown]
# An acoustic model (a table of what each phone tends to sound like, learnt from many hours of speech) then
# scores every way to lay these phones over the sound in this order, and the best one wins. Ours is that of
# pocketsphinx, a library of 2006: no GPU, a fifth of a second a clip.

# %%
sound = log_mel(torch.from_numpy(clip.waveform)[None], clip.sample_rate, frames=len(clip.frames))[0].numpy()
aligned = align_phonemes(clip.waveform, clip.sample_rate, clip.transcript)
print(clip.transcript, "→", " ".join(phone.label for phone in aligned.phones))
players.audio(clip.waveform, clip.sample_rate)

# %% [markdown]
# > **Predict, then run.** Hiss (S, Z, F, the burst of T) is high in the spectrogram, vowels are stripes at
# > its bottom. Where will the lines between the phones fall, and will you agree with them?

# %% figure="A spectrogram with a line and a name for each phone that was found."
figure, axis = pictures.subplots(width=10, height=3.6)
pictures.plot_spectrogram(axis, sound, sample_rate=clip.sample_rate)
for start, end, label in aligned.phones:
    axis.axvline(start, color="white", linewidth=0.8)
    axis.text((start + end) / 2, 122, label, color="white", ha="center", va="top", fontsize=8)
for start, end, label in aligned.words:
    axis.text((start + end) / 2, 131, label, ha="center", fontsize=10)
axis.set_xlim(aligned.words[0].start - 0.1, aligned.words[-1].end + 0.1)
pictures.show(figure, "A spectrogram with a line and a name for each phone that was found.")

# %% [markdown]
# Is it right? This clip comes with the times of its words: those of a puppet are known exactly, since they
# were made; those of GRID were found by another aligner.
#
# > **Predict, then run.** A video frame lasts 40 ms. By how much will a word's start be off, in the median?

# %%
errors = [1000 * abs(a.start - b.start) for a, b in zip(aligned.words, clip.words, strict=True)]
print("off by", ", ".join(f"{error:.0f}" for error in errors), "ms")
print(f"median {np.median(errors):.0f} ms")

# %% [markdown]
# Half a frame or so: good enough to ask what a mouth does during an M. But an aligner answers *whatever*
# transcript it is given. What if someone mixed up the files?

# %%
others = [sentence(key.split("/")[-1]) for key in corpus.keys()[50::50][:3]]
for text in (clip.transcript, *others):
    try:
        fit = align_phonemes(clip.waveform, clip.sample_rate, text, least_fit=-np.inf).fit
        print(f"fit {fit:6.1f}  {text}")
    except SignalError as error:
        print(f"refused     {error.what}")

# %% [markdown]
# The *fit* is the mean score (a logarithm) of 10 ms of speech. Wrong words fit worse, or find no way to
# the end of the sound at all; a sentence that is half right fits half as badly. Where nobody says otherwise
# (here `least_fit` does) the package refuses what is below -38. That finds files that were mixed up, not a
# slip in one word.

# %% [markdown] exercise="frame_phones" difficulty=2 minutes=8
# ### Exercise 1 · A phone for each frame
#
# A network sees frames. Write `frame_phones(starts, ends, frames)`: `starts` and `ends` (P,) are the times of
# P phones in seconds, in order; return (frames,): for each video frame, 25 a second, the **index** of the
# phone that is heard at the frame's **middle**, or -1 where there is none.
#
# > hint: Frame t lasts from t / 25 to (t + 1) / 25 seconds. Make an array of all middles first.
#
# > hint: `(starts[:, None] <= middles) & (middles < ends[:, None])` is (P, frames), true where a phone is
# > heard. `argmax(axis=0)` finds its row; `any(axis=0)` says whether there is one.


# %% solution="frame_phones"
def frame_phones(starts, ends, frames):
    """The index of the phone at the middle of each frame, or -1: (frames,)."""
    # solution
    middles = (np.arange(frames) + 0.5) / 25
    heard = (starts[:, None] <= middles) & (middles < ends[:, None])
    return np.where(heard.any(axis=0), heard.argmax(axis=0), -1)
    # end solution


# %%
check.frame_phones(frame_phones)

# %% [markdown]
# ## 3 · Which sounds are rare?
#
# To *count* phonemes (as one calls phones whose timing does not matter) nobody needs to listen: the
# dictionary's first reading of each word will do. Here is the whole corpus.
#
# > **Predict, then run.** The letters, digits and colours of GRID: which phoneme will lead? And which of the
# > 39 will be missing? Try "measure", "boy", "house", "shoe" against the grammar above.

# %%
keys = corpus.keys()
texts = [sentence(key.split("/")[-1]).split() for key in keys]
readings, _ = pronounce(sorted({word for words in texts for word in words}))
counts = count_phonemes([phone for word in words for phone in readings[word][0]] for words in texts)
shares = phoneme_shares(counts)
print(counts.shape, "counts; never said:", ", ".join(np.array(PHONEMES)[shares == 0]))

# %% figure="The share of each phoneme in the corpus, falling steeply, and a line where all would be equal."
figure, axis = pictures.subplots(width=9, height=2.8)
plot_shares(axis, shares)
axis.set_title(f"{len(texts)} sentences of {corpus.name}")
pictures.show(
    figure, "The share of each phoneme in the corpus, falling steeply, and a line where all would be equal."
)

# %% [markdown]
# The dotted line is where all would stand if they were equally frequent. A network trained on these clips
# will close many lips for "b" and "p", and never once round them for "oy".
#
# How far from the line is a histogram? The paper wants a distance and does not say which. A usual one is the
# **Kullback-Leibler divergence** from the uniform histogram of $K$ phonemes:
#
# $$ D(p) = \sum_{i=1}^{K} p_i \log \frac{p_i}{1/K} \tag{1} $$
#
# It is 0 where all shares are $1/K$, and $\log K$ where one phoneme is all there is. A phoneme that is never
# said adds nothing to the sum: $p \log p$ goes to 0 with $p$.

# %% [markdown] exercise="uniform_distance" difficulty=2 minutes=8
# ### Exercise 2 · Distance from uniform
#
# Write `uniform_distance(shares)`: of K shares (K,), which sum to 1 and of which some may be 0, return
# $D$ of Eq. 1 as a number, with the natural logarithm.
#
# > hint: K is `len(shares)`, zeros included. Sum over the shares above 0 only.
#
# > hint: `said = shares[shares > 0]`; then the sum of `said * np.log(said * len(shares))`.


# %% solution="uniform_distance"
def uniform_distance(shares):
    """KL(shares || uniform) in nats."""
    # solution
    said = shares[shares > 0]
    return float((said * np.log(said * len(shares))).sum())
    # end solution


# %%
check.uniform_distance(uniform_distance)

# %%
print(f"D = {distance_to_uniform(shares):.3f} here; at most {np.log(39):.3f}")
print(f"at least {np.log(39 / (shares > 0).sum()):.3f} for clips that never say the missing phonemes")

# %% [markdown]
# ## 4 · Choose clips: Algorithm 1
#
# We cannot change what was said, but we can choose whom to listen to. The algorithm of recurrent:
#
# 1. Give every clip a score: how rare are its phonemes? Rank the clips by it.
# 2. Fifty times, draw a size $n$ at random, and take the $n$ rarest clips.
# 3. Of the fifty, keep the one whose histogram is nearest to uniform.
#
# For the score the paper gives no formula either. We take the mean over a clip's phones of
# 1 / (share of that phoneme in the corpus).

# %% [markdown] exercise="rarity" difficulty=3 minutes=10
# ### Exercise 3 · How rare is a clip?
#
# Write `rarity(counts)`: `counts` (clips, K) says how often each clip says each phoneme. Return (clips,): the
# mean, over all the phones that a clip says, of 1 / share, where the share of a phoneme is that in **all**
# clips together. No clip is empty, but a phoneme may be said by none.
#
# > hint: The sum over clips gives each phoneme's total; all totals together give what to divide by. Leave the
# > columns out whose total is 0.
#
# > hint: A clip that says a phoneme three times adds three times its 1 / share: that is the product
# > `counts[:, said] @ inverse`. Then divide by `counts.sum(axis=1)`.


# %% solution="rarity"
def rarity(counts):
    """For each clip the mean of 1 / share over its phones: (clips,)."""
    # solution
    totals = counts.sum(axis=0)
    said = totals > 0
    inverse = totals.sum() / totals[said]
    return counts[:, said] @ inverse / counts.sum(axis=1)
    # end solution


# %%
check.rarity(rarity)

# %%
order = np.argsort(-score_rarity(counts), kind="stable")
for name, index in (("rarest", order[0]), ("most common", order[-1])):
    print(f"{name:12s} {' '.join(texts[index])}")

# %% [markdown]
# > **Predict, then run.** The slider says how many of the rarest clips are kept. At its right end the
# > histogram is the one above. What will it look like for ten clips? Where between the two is it flattest?


# %%
def keep(clips):
    """The histogram of the rarest clips, phonemes in the order of the whole corpus."""
    kept = phoneme_shares(counts[order[:clips]])
    figure, axis = pictures.subplots(width=9, height=2.6)
    plot_shares(axis, kept, np.argsort(-shares, kind="stable"), colour="orange")
    axis.set(title=f"the {clips} rarest clips: D = {distance_to_uniform(kept):.3f}", ylim=(0, 16))
    return figure


some = len(counts) // 3
widgets.explore(keep, alt="Shares of phonemes in the rarest clips.", clips=(5, len(counts)))

# %% figure="Shares of phonemes in the rarest third of the clips, flatter than in all."
pictures.show(keep(some), "Shares of phonemes in the rarest third of the clips, flatter than in all.")

# %% [markdown] exercise="best_size" difficulty=3 minutes=8
# ### Exercise 4 · The best of several draws
#
# Write `best_size(ranked, sizes)`: `ranked` (clips, K) are counts, the rarest clip first; `sizes` are the
# sizes that were drawn. Return the **size** for which the clips `ranked[:size]`, together, are nearest to
# uniform. `phoneme_shares(counts)` gives (K,) shares of some clips together, `distance_to_uniform(shares)`
# their distance.
#
# > hint: Make a list of distances, one a size, then find where it is smallest.
#
# > hint: `np.argmin(distances)` is the number of the best draw; the answer is `sizes` at that place.


# %% solution="best_size"
def best_size(ranked, sizes):
    """The size whose clips, together, are nearest to uniform."""
    # solution
    distances = [distance_to_uniform(phoneme_shares(ranked[:size])) for size in sizes]
    return int(sizes[np.argmin(distances)])
    # end solution


# %%
check.best_size(best_size)

# %% [markdown]
# The package's `select_clips` does all three steps. The paper draws $n$ between 5 000 and 15 114; we take the
# larger number for the size of its corpus, and so draw from a third of ours up to all of it.
# (`lipcourse select --out kept.json` writes the kept clips of a corpus, for training.)

# %%
selection = select_clips(counts, seed=0)
chance = np.random.default_rng(0).choice(len(counts), len(selection.chosen), replace=False)
by_chance = distance_to_uniform(phoneme_shares(counts[chance]))
print(f"all {len(counts)} clips         D = {selection.distance_before:.3f}")
print(f"{len(selection.chosen)} clips by chance    D = {by_chance:.3f}")
print(f"{len(selection.chosen)} clips selected     D = {selection.distance_after:.3f}")

# %% figure="Left, distance against the size of the fifty draws; right, shares before and after."
figure, (left, right) = pictures.subplots(1, 2, width=10, height=3, width_ratios=(1, 2))
left.plot(selection.sizes, selection.distances, "o", color=pictures.COLOURS["blue"], markersize=4)
left.plot(len(selection.chosen), selection.distance_after, "o", color=pictures.COLOURS["vermillion"])
left.set(xlabel="clips kept", ylabel="D")
falling = np.argsort(-shares, kind="stable")
plot_shares(right, selection.after, falling, colour="orange")
right.step(np.arange(39), 100 * shares[falling], where="mid", color=pictures.COLOURS["blue"])
right.set_xticks(range(39), [PHONEMES[index] for index in falling], fontsize=6)
right.set_title("bars: selected; line: all", fontsize=10)
pictures.show(figure, "Left, distance against the size of the fifty draws; right, shares before and after.")

# %% [markdown]
# Flatter, but far from flat. Six words of a fixed grammar leave little to choose: every sentence has a
# colour, a digit, an adverb. And look at the left panel: where smaller is always nearer, the fifty draws
# merely look for the smallest number they may. In a corpus of free speech there is more to win. You now
# know what the algorithm can do, and that two of its parts were ours to decide; `lipcourse select` offers
# three distances and three scores.
#
# ## 5 · A split that leaks
#
# Now to the other question: who is in the test clips? We build the simplest thing that can be called a model.
# It looks at a mouth, 16 by 16 grey pixels, and says how far it is open, in pixels. To do so, it finds
# the most similar mouth in its training frames (its **nearest neighbour**) and repeats that frame's opening.
# Nothing is learnt; everything is remembered.


# %%
def read(clip):
    """Mouths (T, 256), grey, and their true openings (T,) in pixels of a 64-pixel crop."""
    landmarks = track_landmarks(clip.frames).landmarks if clip.landmarks is None else clip.landmarks
    mouths, transforms = crop_mouths(clip.frames, landmarks)
    grey = torch.from_numpy(mouths).float().mean(-1)[:, None] / 255
    scale = np.linalg.norm(transforms[:, :2, 0], axis=1)
    small = interpolate(grey, (16, 16), mode="area").flatten(1)
    return small, torch.from_numpy(scale * mouth_opening(landmarks)).float()


each = min(5, max(2, size.clips // len(talkers)))
data = {name: [read(found) for found in corpus.clips(name, limit=each)] for name in talkers}
print(f"{each} clips of each of {len(data)} talkers of {corpus.name}")


# %% [markdown]
# Each clip is tested in its turn, in three ways, always with as many or nearly as many frames to remember:
#
# - **frames are split**: every second frame of the clip itself is among the training frames;
# - **clips are split**: the talker's *other* clips are, which say other sentences;
# - **talkers are split**: only clips of other talkers are.


# %%
def score(train, test):
    """The mean error, in pixels, of the opening of the nearest training frame."""
    mouths, openings = (torch.cat(parts) for parts in zip(*train, strict=True))
    nearest = torch.cdist(test[0], mouths).argmin(dim=1)
    return (openings[nearest] - test[1]).abs().mean().item()


def score_splits(talker, index):
    """Errors on one clip of a talker: split by frames, by clips, by talkers, and the mean opening guessed."""
    test, others = data[talker][index], [one for name in data if name != talker for one in data[name]]
    own = [one for place, one in enumerate(data[talker]) if place != index]
    even, odd = [part[::2] for part in test], [part[1::2] for part in test]
    guess = torch.cat([openings for _, openings in others]).mean()
    by_clips, by_frames = [*own, *others[len(own) :]], [even, *others[1:]]
    return score(by_frames, odd), score(by_clips, test), score(others, test), (guess - test[1]).abs().mean()


# %% [markdown]
# > **Predict, then run.** Which split will give the smallest error? Which one would you print in a paper? And
# > which one tells what the model will do on *you*?

# %%
errors = np.array([score_splits(name, index) for name in data for index in range(len(data[name]))])
means = errors.mean(axis=0)
for name, mean in zip(("frames split", "clips split", "talkers split", "mean guessed"), means, strict=True):
    print(f"{name:14s} {mean:.2f} px")
print(f"a talker who leaks makes the error {means[2] / means[1]:.1f} times smaller")

# %% figure="Errors of each clip by split, rising from frames to clips to talkers."
figure, axis = pictures.subplots(width=7, height=3)
axis.bar(range(3), means[:3], color=[pictures.COLOURS[name] for name in ("sky", "orange", "green")])
axis.plot(np.arange(3) + 0.25, errors[:, :3].T, "o", color=pictures.COLOURS["black"], markersize=3)
axis.axhline(means[3], color=pictures.COLOURS["black"], linestyle=":")
axis.set_xticks(range(3), ["frames split", "clips split", "talkers split"])
axis.set(ylabel="error (pixels)", title="bars: mean; dots: clips; dotted: the mean opening guessed")
pictures.show(figure, "Errors of each clip by split, rising from frames to clips to talkers.")

# %% [markdown]
# The same model, the same clips; only the split differs. Look at what it remembers, for two mouths of the
# first talker, with their openings:

# %% figure="A mouth to judge, the nearest one of the same talker, and the nearest one of other talkers."
(name, clips), images, labels = next(iter(data.items())), [], []
strangers = [one for other in data if other != name for one in data[other]]
pools = {"own other clip": [clips[1]], "other talkers": strangers}
for frame in (clips[0][1].argmax(), clips[0][1].argsort()[40]):
    shown = {"to judge": (clips[0][0][frame], clips[0][1][frame])}
    for who, pool in pools.items():
        mouths, openings = (torch.cat(parts) for parts in zip(*pool, strict=True))
        found = torch.cdist(shown["to judge"][0][None], mouths).argmin()
        shown[who] = mouths[found], openings[found]
    images += [(255 * mouth.reshape(16, 16)).byte().numpy() for mouth, _ in shown.values()]
    labels += [f"{who}: {opening:.1f} px" for who, (_, opening) in shown.items()]
figure = pictures.contact_sheet(images, labels, columns=6, width=10)
pictures.show(
    figure, "A mouth to judge, the nearest one of the same talker, and the nearest one of other talkers."
)

# %% [markdown]
# With frames split, the neighbour is the same moment 40 ms away. With clips split, it is the same skin, the
# same light, the same beard, and often the same mouth. With talkers split the model must find an *alike*
# mouth on another face, and skin can outweigh lips. On real faces that may be worse than no model: if you
# have GRID, see on which side of the dotted line its last bar ends.
#
# This is why the corpora here split by talker unless told otherwise, why GRID's four test talkers are the
# same whatever part of GRID you have, and why a sentence belongs to one puppet only: new talkers say new
# sentences. When you read a score, first look for the sentence that says who was tested.
#
# ## 6 · Quiz

# %%
quizzes.ask("corpora_and_phonemes")

# %% [markdown]
# ## What you take with you
#
# - Forced alignment turns a transcript into times, to within about half a video frame; the fit tells whether
#   the transcript was right.
# - Counting needs a dictionary only, and shows what a corpus can teach and what it cannot.
# - Algorithm 1 ranks clips by rarity and keeps the best of fifty sizes. It weighs what is there, and cannot
#   add what is not.
# - Frames, clips, talkers: how you split decides what your score means. Say it beside the number.
