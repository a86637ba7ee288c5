# ---
# title: Evaluation
# minutes: {cpu: 1, gpu: 1}
# builds: A league table of nine videos that nobody trained, and what fools each metric of the papers.
# needs: Python, notebooks 02 (landmarks, Eq. 5), 04 (offsets), 08 (why pixels blur).
# picture: {file: images/12.png, alt: "A still mouth beats one that talks, by two metrics of three."}
# equations:
#   - "glance Eq. 5: landmark distance, LMD"
#   - "glance, Table 3: LMD, SSIM, PSNR and CPBD on GRID"
# ---

# %% [markdown]
# # 12 · Evaluation
#
# "Lip Movements Generation at a Glance" (**glance**, ECCV 2018) reports, on GRID, LMD 1.18, SSIM 0.73,
# PSNR 29.89 and CPBD 0.175. Are these good numbers? No number says that by itself. It takes another one
# beside it: what would somebody get who did **nothing**?
#
# You will rebuild two of these metrics, find a bug in one of them that went to print, and set nine videos
# that nobody trained beside each other. A mouth that never moves will do better than you would like. In the
# end you decide which metric to trust.

# %% tags=["parameters"]
profile = "class"

# %%
import numpy as np

from lipcourse import pictures
from lipcourse.corpora.registry import TO_LEARN_FROM, open_corpus
from lipcourse.course import check, players, quizzes, widgets
from lipcourse.course.checks.evaluation import (
    draw_mean,
    published_psnr,
    score_lips,
    true_psnr,
)
from lipcourse.evaluation.comparison import compare
from lipcourse.evaluation.intervals import bootstrap
from lipcourse.evaluation.measures import MEASURES
from lipcourse.evaluation.trivial import BASELINES, blurred, first_frame, mean_frame
from lipcourse.profiles import choose_profile
from lipcourse.windows.prepare import prepare_clip

pictures.use_style()
size = choose_profile(profile)

# %% [markdown]
# Some puppets, a clip each. Their lips go with their sound to the frame, and their landmarks are known: no
# detector can be blamed for anything here.

# %%
corpus = open_corpus("puppet", puppets=TO_LEARN_FROM)
count = {"fast": 3, "class": 6, "full": 40}[size.name]
talkers = corpus.talkers()[:count]
clips = [prepare_clip(corpus.clip(corpus.keys(talker)[0]), "test") for talker in talkers]
clip, other = clips[0], clips[1]
print(len(clips), "clips of", len(clip.mouths), "frames,", clip.mouths.shape[1:])

# %% [markdown]
# ## 1 · Videos that nobody trained
#
# Five need no network. They are called **baselines**, and every report of `lipcourse evaluate` has them.
# Four more play the part of a network: each says the right thing, with one fault.

# %%
faults = {
    "3 frames late": lambda video: np.concatenate([video[:1].repeat(3, axis=0), video[:-3]]),
    "very blurred": lambda video: blurred(video, 3),
    "noisy": lambda video: video + np.random.default_rng(0).integers(-20, 21, video.shape),
    "16 levels darker": lambda video: video.astype(int) - 16,
}
methods = {
    name: {each.key: np.clip(fault(each.mouths), 0, 255).astype(np.uint8) for each in clips}
    for name, fault in faults.items()
}
print("need no network:", *BASELINES, sep="\n  ")

# %% figure="Film strips of a mouth: the truth, standing still, its mean, another talker, four with faults."
films = {
    "truth": clip.mouths,
    "first frame": first_frame(clip.mouths),
    "mean frame": mean_frame(clip.mouths),
    "another talker": other.mouths,
} | {name: made[clip.key] for name, made in methods.items()}
shown = np.linspace(20, 55, 10).astype(int)
figure, axes = pictures.subplots(len(films), 1, width=8, height=7)
for axis, (name, film) in zip(axes, films.items(), strict=True):
    axis.imshow(np.concatenate(list(film[shown]), axis=1))
    axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)
    axis.set(xticks=[], yticks=[])
pictures.show(
    figure,
    "Film strips of a mouth: the truth, standing still, its mean, another talker, four with faults.",
)

# %% [markdown]
# > **Predict.** You watch these as films, with sound. Rank them from best to worst, and write it down. No
# > metric has been to the cinema; keep your list beside the tables below.

# %%
row = np.concatenate([films[name] for name in ("truth", "first frame", "3 frames late", "very blurred")], 2)
players.video(
    np.repeat(np.repeat(row, 2, axis=1), 2, axis=2),
    waveform=clip.waveform,
    sample_rate=clip.sample_rate,
    alt="From left to right: the truth, the first frame repeated, 3 frames late, very blurred.",
)

# %% [markdown]
# ## 2 · LMD, and the frames that get lost
#
# $$ \mathrm{LMD} = \frac{1}{T} \sum_t \frac{1}{P} \sum_p \lVert LR_{t,p} - LF_{t,p} \rVert \tag{glance 5} $$
#
# $P = 20$ points of the mouth, each mouth's mean point taken away first. You wrote it in notebook 02. In
# generated videos there is one thing more: a detector must *find* the points, and in a bad mouth it may
# not. What then?

# %% [markdown] exercise="distance_and_loss" difficulty=2 minutes=8
# ### Exercise 1 · LMD that loses nothing in silence
#
# Write `distance_and_loss(reference, generated, found)`: two arrays of points (T, 20, 2), and an array (T,)
# that is True where a face was found. Return an array of **two** numbers: LMD over the frames in which a face
# was found, and the share of frames in which **none** was.
#
# > hint: Take the frames first: `reference[found]`. Then centre each frame of each mouth on its own mean.
#
# > hint: `points - points.mean(axis=1, keepdims=True)` centres. `np.linalg.norm(difference, axis=-1)` is the
# > distance of each point.


# %% solution="distance_and_loss"
def distance_and_loss(reference, generated, found):
    """LMD over the frames found, and the share of those lost."""
    # solution
    rest = reference[found] - generated[found]
    rest = rest - rest.mean(axis=1, keepdims=True)
    return np.array([np.linalg.norm(rest, axis=-1).mean(), 1 - found.mean()])
    # end solution


# %%
check.distance_and_loss(distance_and_loss)

# %% [markdown]
# > **Predict, then run.** True points: how far is a mouth that stands still from one that talks? And
# > somebody else, who says something else?

# %%
points, strange = clip.mouth_landmarks, other.mouth_landmarks
seen = np.ones(len(points), bool)
late = np.concatenate([points[:1].repeat(3, axis=0), points[:-3]])
still, late_by_3, stranger = (
    score_lips(points, made, seen)[0] for made in (points[:1].repeat(len(points), axis=0), late, strange)
)
print(f"stands still {still:.2f} px   3 frames late {late_by_3:.2f} px   another talker {stranger:.2f} px")

# %% [markdown]
# Pixels of a crop that is 64 wide: always say the scale, or the number means nothing. (glance does not
# say how large its faces were when it measured 1.18.)
#
# Three frames, 0.12 s, cost two thirds of what it costs to say nothing at all: LMD compares frame by
# frame. And another talker is hardly worse than standing still, though every word is wrong and the lips have
# another *shape*. LMD mixes when, what and who.
#
# Now lose frames. Let the detector fail where the mouth is worst:


# %%
def lose(share):
    """LMD of the late mouth when this share of its frames, the worst, shows no face: both ways to count."""
    each = np.array([score_lips(points[t, None], late[t, None], seen[:1])[0] for t in range(len(points))])
    found = each <= np.quantile(each, 1 - share)
    return score_lips(points, late, found)


for share in (0, 0.1, 0.3):
    print("LMD {:.2f} px, {:.0%} of the frames lost".format(*lose(share)))

# %% [markdown]
# The more it fails, the better it scores. So a report that drops frames in silence pays for being
# unrecognisable. The two numbers belong together.
#
# ## 3 · A bug that went to print
#
# $$ \mathrm{PSNR} = 10 \log_{10} \frac{255^2}{\text{mean of } (a - b)^2} \tag{PSNR} $$
#
# Here is how a published evaluation computed the mean (in numpy, pictures as they come from a file):

# %%
a, b = np.array([10, 100, 200], np.uint8), np.array([20, 116, 40], np.uint8)
difference = a - b
print("difference:", difference)
print("square:    ", difference * difference)

# %% [markdown]
# > **Predict.** 10 and 20 differ by 10, 100 and 116 by 16, 200 and 40 by 160. What is wrong here, and
# > which way does the result err?
#
# The arrays hold 8-bit numbers, and 8 bits hold 0 to 255. 10 - 20 is -10, which becomes 246. That square,
# 60516, becomes 100: by luck it is right. But 16² = 256 becomes **0**, and 160² = 25600 becomes **0** too.
# No error counts more than 255. PSNR can only be flattered.

# %% [markdown] exercise="honest_psnr" difficulty=1 minutes=5
# ### Exercise 2 · An honest PSNR
#
# Write `honest_psnr(reference, generated)`: two videos, uint8 (T, H, W, 3). Return the PSNR in decibels,
# **one** mean over all pixels of all frames, and no wrapping.
#
# > hint: What must happen before the subtraction?
#
# > hint: `reference.astype(float)` for both. Then `10 * np.log10(255**2 / np.mean(...))`.


# %% solution="honest_psnr"
def honest_psnr(reference, generated):
    """The true PSNR, in decibels."""
    # solution
    difference = reference.astype(float) - generated.astype(float)
    return 10 * np.log10(255**2 / np.mean(difference**2))
    # end solution


# %%
check.honest_psnr(honest_psnr)

# %% [markdown]
# How much does it flatter? Add an error of the same size to every pixel, and let that size grow.


# %%
def both_psnr(error):
    """The true and the published PSNR of a grey video that is off by `error` levels everywhere."""
    grey, off = (np.full((1, 16, 16, 3), level, np.uint8) for level in (100, 100 + error))
    with np.errstate(divide="ignore"):
        return true_psnr(grey, off), published_psnr(grey, off)


print("off by 15: true {:.1f} dB, published {:.1f} dB".format(*both_psnr(15)))
print("off by 16: true {:.1f} dB, published {:.1f} dB".format(*both_psnr(16)))
print("off by 40: true {:.1f} dB, published {:.1f} dB".format(*both_psnr(40)))

# %% figure="PSNR against the size of the error: the true one falls, the published one never below 24 dB."
errors = np.arange(1, 100)
true, published = np.array([both_psnr(error) for error in errors]).T
figure, axis = pictures.subplots(width=8, height=2.8)
axis.plot(errors, true, label="true")
axis.plot(errors, np.where(np.isfinite(published), published, np.nan), ".--", label="published")
axis.axhspan(28.45, 29.98, color=pictures.COLOURS["orange"], alpha=0.4, label="glance's Table 2 and 3, GRID")
axis.set(xlabel="levels that every pixel is off", ylabel="PSNR (dB)", ylim=(5, 58))
axis.legend(ncols=3, loc="upper right")
pictures.show(
    figure, "PSNR against the size of the error: the true one falls, the published one never below 24 dB."
)

# %% [markdown]
# Noise against other noise gives 27.9 dB: squares that wrap around are as good as drawn from 0 to 255. That
# is the **floor** of the published metric, and the orange band, every PSNR that glance prints for GRID, lies
# half a decibel to two above it. Between "as good as noise" and "the full model" there is hardly room.
#
# Not one of them can be compared with a true PSNR. That is why `lipcourse evaluate` prints both, the second
# under a name of its own, `psnr_wrapped`.
#
# ## 4 · The league table
#
# `compare` measures all nine videos on all clips. (Without landmarks found by a detector, which would take
# most of the time: 20 ms a frame.)

# %%
league = compare(methods, clips, landmarks=False, experts=False)
metrics = ("ssim", "psnr", "psnr_wrapped", "cpbd", "movement", "sync_error")
print(f"{'':26s}", *(f"{metric:>13s}" for metric in metrics))
for name in league.scores:
    print(f"{name:26s}", *(f"{league.interval(name, metric).mean:13.2f}" for metric in metrics))

# %% [markdown]
# (`nan`: where nothing moves, nobody can say by how many frames it leads its sound.)
#
# > **Predict, then run.** Under which metrics does "first frame repeated", which says nothing, beat "very
# > blurred", which says every word in time?


# %%
def ranking(metric):
    """The videos from best to worst, less the right one with a wrong sound, which has the true pixels."""
    means = {name: league.interval(name, metric).mean for name in league.scores if "wrong" not in name}
    return sorted(means, key=means.get, reverse=True)


for metric in ("ssim", "psnr", "psnr_wrapped"):
    order = ranking(metric)
    still, soft, noisy = (order.index(n) + 1 for n in ("first frame repeated", "very blurred", "noisy"))
    print(f"{metric:13s} best: {order[0]:17s} first frame {still}, very blurred {soft}, noisy {noisy}")

# %% [markdown]
# Two scandals in three lines.
#
# - `psnr_wrapped` puts **16 levels darker** first, far ahead: where the difference is 16, its square wraps to
#   nothing. (Only the darkest pixels, which stop at black, count at all.)
# - **First frame repeated** beats two videos that say every word in time, by SSIM and by the published PSNR.
#   The true PSNR has the opposite order. The bug does not only add decibels: it changes who wins.
#
# How sure is this? Look at the difference, clip by clip:

# %%
for metric in ("ssim", "psnr", "psnr_wrapped"):
    for rival in ("very blurred", "noisy"):
        more = league.difference("first frame repeated", rival, metric)
        print(
            f"{metric:13s} first frame less {rival:14s} {more.mean:+.2f}  [{more.low:+.2f}, {more.high:+.2f}]"
        )

# %% figure="Every video under four metrics, the one that stands still in orange, above real talk in some."
figure, axes = pictures.subplots(1, 4, width=10, height=3.4, sharey=True)
for axis, metric in zip(axes, ("ssim", "psnr", "psnr_wrapped", "cpbd"), strict=True):
    for place, name in enumerate(league.scores):
        mean, low, high, _ = league.interval(name, metric)
        colour = pictures.COLOURS["vermillion" if name == "first frame repeated" else "blue"]
        if np.isfinite(mean):
            axis.plot([low, high], [place, place], color=colour, alpha=0.5, linewidth=3)
            axis.plot(mean, place, "o", color=colour)
    axis.set_title(MEASURES[metric].label, fontsize=10)
axes[0].set_yticks(range(len(league.scores)), league.scores)
axes[0].invert_yaxis()
pictures.show(
    figure,
    "Every video under four metrics, the one that stands still in orange, above real talk in some.",
)

# %% [markdown]
# In brackets: a 95% interval. Where it does not hold zero, the order is no accident of these few clips. How
# wide it is depends on how it was drawn.
#
# ## 5 · How sure? Draw talkers, not clips
#
# The bootstrap asks: had we met other clips, what mean would we have got? It draws as many as there are, with
# replacement, again and again, and looks how the mean moves. But ten clips of one talker are not ten
# independent facts. A network that cannot do beards fails on all ten. So draw **talkers**, each with all
# clips.

# %% [markdown] exercise="mean_of_draw" difficulty=2 minutes=6
# ### Exercise 3 · The mean of a draw
#
# Write `mean_of_draw(values, talkers, drawn)`: a number for each clip, the talker of each clip, and the
# talkers that were drawn, such as `["s2", "s1", "s2"]`. Return the mean over all clips of those drawn;
# whoever was drawn twice counts twice.
#
# > hint: For each name in `drawn`, collect the values of the clips whose talker it is.
#
# > hint: `[value for name in drawn for value, talker in zip(values, talkers) if talker == name]`


# %% solution="mean_of_draw"
def mean_of_draw(values, talkers, drawn):
    """The mean over the clips of the talkers drawn."""
    # solution
    pairs = list(zip(values, talkers, strict=True))
    return np.mean([value for name in drawn for value, talker in pairs if talker == name])
    # end solution


# %%
check.mean_of_draw(mean_of_draw)

# %% [markdown]
# > **Predict, then run.** A method's LMD on 40 clips of 4 talkers, 10 each: one talker's beard costs it 0.8
# > px. Which interval is wider?

# %%
random = np.random.default_rng(0)
names = np.repeat(["s1", "s2", "s3", "s4"], 10).tolist()
scores = random.normal(1.2, 0.2, 40) + 0.8 * np.array([name == "s3" for name in names])
by_clip = [np.mean(random.choice(scores, 40)) for _ in range(2000)]
by_talker = [draw_mean(scores, names, random.choice(["s1", "s2", "s3", "s4"], 4)) for _ in range(2000)]
for name, means in (("clips drawn", by_clip), ("talkers drawn", by_talker)):
    low, high = np.quantile(means, [0.025, 0.975])
    print(f"{name:14s} mean {scores.mean():.2f}, 95% from {low:.2f} to {high:.2f}")

# %% figure="Means of 2000 draws: narrow where clips are drawn; wide, in steps, where talkers are."
figure, axis = pictures.subplots(width=8, height=2.4)
axis.hist([by_clip, by_talker], 50, histtype="stepfilled", alpha=0.6, label=["clips drawn", "talkers drawn"])
axis.set(xlabel="mean LMD of a draw (px)", ylabel="draws")
axis.legend()
pictures.show(figure, "Means of 2000 draws: narrow where clips are drawn; wide, in steps, where talkers are.")

# %% [markdown]
# The hills of the wide one are draws with the beard in them no times, once, twice. Clip by clip the table
# would have claimed to know all beards. `bootstrap` of the package does the same without loops:

# %%
print(bootstrap(scores, names))
print(bootstrap(scores, [str(number) for number in range(40)]))

# %% [markdown]
# ## 6 · What can fool whom?
#
# Look at the other columns of the table above.
#
# - **CPBD** asks how sharp a picture is, and compares with nothing. *Noisy* is the sharpest video of all.
#   More is not better: as much as the truth is.
# - **Movement**: the mean squared movement. Standing still has none; noise has most. Again: as the truth.
# - **Lead error**: by how many frames lips and sound are apart, against the truth. Only this one notices the
#   **right video with a wrong sound**, whose every pixel is right.
#
# Make one fault worse, step by step, and watch both kinds of PSNR.


# %%
def worse(fault, amount):
    """A film with a fault of some size: blur in pixels, noise in levels, light in levels, delay in frames."""
    video = clip.mouths.astype(int)
    made = {
        "blur": lambda: blurred(clip.mouths, amount / 4 + 0.01),
        "noise": lambda: video + np.random.default_rng(0).integers(-2 * amount, 2 * amount + 1, video.shape),
        "light": lambda: video - 2 * amount,
        "delay": lambda: video[np.maximum(np.arange(len(video)) - amount, 0)],
    }[fault]()
    return np.clip(made, 0, 255).astype(np.uint8)


# %%
def watch(fault="light", amount=8):
    """One frame with a fault, beside both kinds of PSNR for all sizes of it."""
    figure, (left, right) = pictures.subplots(1, 2, width=8, height=2.6, width_ratios=(1, 3))
    left.imshow(worse(fault, amount)[30])
    left.set_axis_off()
    sizes = range(1, 17)
    for measure, name, style in ((true_psnr, "true", "-"), (published_psnr, "published", "--")):
        right.plot(sizes, [measure(clip.mouths, worse(fault, each)) for each in sizes], style, label=name)
    right.axvline(amount, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
    right.set(xlabel=f"{fault}, in steps (dotted: the frame beside)", ylabel="PSNR (dB)")
    right.legend()
    return figure


widgets.explore(
    watch, alt="PSNR as a fault grows.", fault=["blur", "noise", "light", "delay"], amount=(1, 16)
)

# %% figure="A darker frame; the true PSNR falls with the darkness, the published one leaps up at 16 levels."
pictures.show(
    watch("light", 8),
    "A darker frame; the true PSNR falls with the darkness, the published one leaps up at 16 levels.",
)

# %% [markdown]
# A metric that leaps up while the picture gets worse is no metric.
#
# ## 7 · On real faces
#
# Puppets are drawn. Here are eight real clips, of eight GRID talkers, 75 frames each, their lips found by
# dlib in every frame, with 95% intervals by talker; below, what glance prints for GRID.
#
# | video | LMD, px | SSIM | true PSNR | published PSNR | CPBD |
# |---|---|---|---|---|---|
# | first frame repeated | 1.23 [1.01, 1.45] | 0.83 [0.81, 0.86] | 28.3 | **32.6** [31.9, 33.3] | 0.20 |
# | mean frame | 1.01 [0.88, 1.15] | 0.89 [0.87, 0.90] | 30.6 | **33.7** [32.9, 34.5] | 0.12 |
# | 3 frames late | 0.85 [0.75, 0.96] | 0.89 [0.87, 0.90] | 30.3 | 34.3 [33.5, 35.0] | 0.22 |
# | another talker | 2.10 [1.89, 2.28] | 0.51 [0.47, 0.56] | 18.4 | 28.4 [28.0, 28.8] | 0.22 |
# | blurred truth | 0.44 [0.39, 0.49] | 0.93 [0.93, 0.94] | 34.9 | 36.5 [36.1, 36.9] | 0.01 |
# | *glance, Table 3: full model* | *1.18* | *0.73* | | ***29.89*** | *0.175* |
# | *the same: Speech2Vid* | *1.35* | *0.74* | | ***29.36*** | *0.016* |
#
# **Standing still beats the full model** by the published PSNR, by SSIM, and is as sharp; by LMD it is level.
# Their crops and clips are not ours, so this is no proof that their network is bad. It is a proof that
# these numbers cannot show that it is *good*. One line with the first frame repeated would have told.
#
# Note what true LMD has below it: merely blurring the truth moves the points that dlib finds by 0.44 px.
# Differences of a tenth of a pixel are weather.
#
# ## 8 · Which one to trust?
#
# | metric | asks | is fooled by |
# |---|---|---|
# | LMD | are the lips' points where they should be? | lost frames; right lips, a moment late |
# | SSIM | are structures alike, pixel by pixel? | standing still: most of a picture never moves |
# | PSNR | are levels alike, pixel by pixel? | blur, which is never far off |
# | published PSNR | nearly nothing | a shift in light; standing still; its scale begins at 27.9 |
# | CPBD | is it sharp? | noise, and any sharp picture of anything |
# | lead error, sync | do lips go with the sound? | the right lips in the wrong face |
#
# > **Decide.** A colleague sends one number, "PSNR 30.1 on GRID". Which three questions do you ask? (Ours:
# > computed in floating point? what does the first frame repeated get, on the same clips? and the interval,
# > by talker?) And if you may report only two metrics of generated lips, which?
#
# We would take LMD with its lost frames, and a synchrony: one says whether the shape is right, the other
# whether it is heard. Then PSNR or SSIM for the picture, beside the first frame repeated. And look at the
# videos: your list from section 1 is a metric, too, and maybe the best.
#
# `lipcourse evaluate --generated run --reference prepared --out report` does all this for your own videos.
#
# ## 9 · Quiz

# %%
quizzes.ask("evaluation")

# %% [markdown]
# ## What you take with you
#
# - A number without a trivial baseline beside it says nothing. Repeat the first frame, always.
# - Eight bits wrap around: widen before you subtract. The bug changes who wins.
# - Frames without a face are counted and told, or failing pays.
# - Draw talkers, not clips, for an interval.
# - Every metric has its fool. Two that fail differently are worth more than four that fail alike.
