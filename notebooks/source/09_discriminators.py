# ---
# title: Discriminators
# minutes: {cpu: 1, gpu: 1}
# builds: A judge who listens while it looks, trained here, and a picture of what it believes along a video.
# needs: Python, basic PyTorch (gradients, a training loop), notebooks 04 (flow), 07 (pairs), 08 (blur).
# picture: {file: images/09.png, alt: "A judge that listens learns; what it believes peaks where sound fits."}
# equations:
#   - "glance Eq. 4: the loss of the three-stream discriminator"
#   - "glance, section 3.5: its three streams"
# ---

# %% [markdown]
# # 09 · Discriminators
#
# Notebook 08 ended with a ghost: whatever we compare *with the truth*, where two mouths are possible the
# best guess is half of each. So let somebody else judge, who does not know the truth and asks: *could
# this be real?* That is a **discriminator**. "Lip Movements Generation at a Glance" (**glance**, ECCV
# 2018) asks its own one question more: *and does it belong to this sound?*
#
# You will write its loss, give it wrong pairs to learn from, train one in seconds on puppets, and watch what
# it believes when sound is shifted. On the way you will meet a number that many have stared at and nobody
# explained to them: a loss that stays at **0.69**.

# %% tags=["parameters"]
profile = "class"

# %%
import math

import torch
from torch.nn import functional

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, quizzes, widgets
from lipcourse.course.checks.discriminators import share_right, wrong_partners
from lipcourse.networks.glance import Generator
from lipcourse.networks.glance_discriminators import Discriminator
from lipcourse.profiles import choose_profile
from lipcourse.signals.alignment import crop_mouths
from lipcourse.signals.audio import log_mel
from lipcourse.signals.flow import draw_flow, estimate_flow
from lipcourse.training.losses import discriminator_loss, generator_loss

pictures.use_style()
size = choose_profile(profile)

# %% [markdown]
# Sound, mouth and optical flow of some puppets. (Only the middle of the pictures, at half size, 24 x 24:
# it saves time, and the discriminator takes any size.)


# %%
def prepare(clip):
    """Sound (1,4T,128), mouth (1,3,T,24,24) and its flow (1,2,T-1,24,24) of a clip."""
    mouths, _ = crop_mouths(clip.frames, clip.landmarks)
    sound = log_mel(torch.from_numpy(clip.waveform)[None], clip.sample_rate, frames=len(mouths))
    video = torch.from_numpy(mouths[:, 8:56, 8:56]).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    video = functional.avg_pool3d(video, (1, 2, 2))
    return sound, video, estimate_flow(video)


count = {"fast": 5, "class": 9, "full": 100}[size.name]
clips = [prepare(clip) for clip in open_corpus("puppet").clips(limit=count)]
print(len(clips), "clips;", *(tuple(part.shape) for part in clips[0]))

# %% [markdown]
# Each clip is cut into windows of 16 frames. The last clip is put aside: nobody will learn from it.

# %%
starts = range(2, 58, 8)


def window(clip, start, late=0):
    """Sound, video and flow of 16 frames; the sound may come from `late` frames earlier."""
    sound, video, flow = clip
    heard = sound[:, 4 * (start - late) : 4 * (start - late) + 64]
    return heard, video[:, :, start : start + 16], flow[:, :, start : start + 15]


def windows(clips):
    """All windows of some clips, in one batch: sound, video, flow."""
    cut = [window(clip, start) for clip in clips for start in starts]
    return [torch.cat(parts) for parts in zip(*cut, strict=True)]


known, unseen = windows(clips[:-1]), windows(clips[-1:])
print(len(known[0]), "windows to learn from,", len(unseen[0]), "put aside")

# %% [markdown]
# ## 1 · What the three streams see
#
# The **audio stream** takes the spectrogram, the **video stream** the frames, and the **motion stream** the
# flow between them. Flow is in the frames already, one might say. But a judge who looks at frames first
# learns what a *face* is like. The third stream shows it movement and nothing else.

# %% figure="A spectrogram, three frames of a mouth, and three fields of its flow."
figure, axes = pictures.subplots(1, 7, width=10, height=1.9, width_ratios=(2.6, 1, 1, 1, 1, 1, 1))
axes[0].imshow(known[0][3].T, origin="lower", aspect="auto", cmap="magma")
axes[0].set(title="sound", xlabel="column", ylabel="mel band")
for axis, frame in zip(axes[1:4], (2, 7, 12), strict=True):
    axis.imshow((known[1][3, :, frame].permute(1, 2, 0) + 1) / 2)
    axis.set_title(f"frame {frame}", fontsize=10)
for axis, step in zip(axes[4:], (2, 7, 12), strict=True):
    axis.imshow(draw_flow(known[2][3, :, step].numpy())[0])
    axis.set_title(f"flow {step}", fontsize=10)
for axis in axes[1:]:
    axis.set_axis_off()
pictures.show(figure, "A spectrogram, three frames of a mouth, and three fields of its flow.")

# %% [markdown]
# Each stream is four convolutions. Video and flow end in a grid of 4 x 4 places; the sound becomes one
# vector, copied to each of them. All are joined, and two more convolutions make **one number** of it.

# %%
torch.manual_seed(0)
judge = Discriminator(1 / 16)
heard = judge.audio_stream(known[0][:2])
print("sound ", tuple(heard.shape), " video ", tuple(judge.video_stream(known[1][:2]).shape))
print("motion", tuple(judge.motion_stream(known[2][:2]).shape))
print("verdict", tuple(judge(*(part[:2] for part in known)).shape))

# %% [markdown]
# (The paper has 256 channels in each stream; here 1/16 of it, 16.)
#
# ## 2 · Logits and 0.69
#
# The number is a **logit** $x$, from minus to plus infinity. The paper's $D$, a probability, is
# $\sigma(x) = 1 / (1 + e^{-x})$: 0 gives one half. Right pairs cost $-\log D$, wrong ones $-\log(1 - D)$.
#
# > **Predict, then run.** A judge without any idea says 1/2 to everything. What does that cost him?

# %%
x = torch.tensor([-2.0, 0.0, 2.0])
for name, cost in {"-log D": -torch.sigmoid(x).log(), "-log(1-D)": -(1 - torch.sigmoid(x)).log()}.items():
    print(f"{name:10s}", "  ".join(f"x = {a:2.0f}: {b:.3f}" for a, b in zip(x, cost, strict=True)))
print(f"ln 2 = {math.log(2):.3f}")

# %% [markdown]
# **0.693 is ln 2**, the price of not knowing. A loss of this kind that stays at 0.69 says nothing about
# learning rates. It says: *my two kinds look the same to me*. Ask then what the judge is given, before you
# turn any knob.
#
# One trap is in the formula as printed. A judge who is *sure* has D = 1 to the last digit:

# %%
sure = torch.tensor([40.0])
print("through D:       ", float(-(1 - torch.sigmoid(sure)).log()))
print("softplus(logit): ", float(functional.softplus(sure)))

# %% [markdown]
# One infinity, and all weights are NaN. But $-\log(1 - \sigma(x)) = \log(1 + e^x)$, which is `softplus(x)`,
# and $-\log \sigma(x)$ is `softplus(-x)`. No probability is ever computed.
#
# ## 3 · Three kinds of pairs
#
# $$ \ell_{dis} = -\log D(s_j, v_j) - \lambda_p \log(1 - D(s_j, \hat{v}_j)) - \lambda_u \log(1 - D(s_j, v_k)),
# \quad k \neq j \tag{glance 4} $$
#
# with $\lambda_p = \lambda_u = 1/2$. **Matched**: a real video with its sound. **Generated**: what the
# generator made of this sound. **Mismatched**: a real video with the sound of *another* window.

# %% [markdown] exercise="judge_three" difficulty=2 minutes=8
# ### Exercise 1 · Eq. 4 by hand
#
# Write `judge_three(matched, generated, mismatched)`: three batches of **logits** (B,). Return Eq. 4 with
# both weights 1/2: for each kind the mean over the batch.
#
# > hint: `functional.softplus(x)` is -log(1 - sigmoid(x)). Which kind wants a high logit, and which two a
# > low one?
#
# > hint: `softplus(-matched).mean() + 0.5 * softplus(generated).mean() + ...`


# %% solution="judge_three"
def judge_three(matched, generated, mismatched):
    """Eq. 4 on logits: one number."""
    # solution
    right = functional.softplus(-matched).mean()
    fake = functional.softplus(generated).mean()
    wrong = functional.softplus(mismatched).mean()
    return right + 0.5 * fake + 0.5 * wrong
    # end solution


# %%
check.judge_three(judge_three)

# %% [markdown]
# > **Predict, then run.** What is Eq. 4 for a judge who says 1/2 to everything? And for one who looks at
# > pictures only, is sure of what is real and what is generated, and does not listen?

# %%
none, yes = torch.zeros(8), torch.full((8,), 9.0)
print(f"no idea:  {discriminator_loss(none, none, none):.3f} = {2 * math.log(2):.3f} = 2 ln 2")
never_listens = [discriminator_loss(x + none, -yes, x + none) for x in torch.linspace(-3, 3, 61)]
print(f"sees all, hears nothing: {min(never_listens):.3f} at best")

# %% [markdown]
# The second one has learnt half of its trade, and its loss stays at 0.95 for ever. *Stuck* has many
# values; to know which one, look at the three terms apart.
#
# ## 4 · Wrong partners
#
# Where do mismatched pairs come from? Out of the batch itself: give each sound the video of its neighbour.

# %% [markdown] exercise="find_partners" difficulty=1 minutes=4
# ### Exercise 2 · No one with himself
#
# Write `find_partners(video)`: a batch (B, 3, T, H, W). Return as many videos, each that of the clip
# **before** it in the batch, and for the first that of the last.
#
# > hint: `torch.roll` moves along an axis, and what falls off at one end comes in at the other.
#
# > hint: Batches lie along axis 0: `video.roll(1, dims=0)`.


# %% solution="find_partners"
def find_partners(video):
    """The video of the clip before, for each clip of a batch."""
    # solution
    return video.roll(1, dims=0)
    # end solution


# %%
check.find_partners(find_partners)

# %% [markdown]
# A loss is hard to read; everybody can read how *often* the judge is right.

# %% [markdown] exercise="how_often_right" difficulty=1 minutes=4
# ### Exercise 3 · How often is it right?
#
# Write `how_often_right(matched, mismatched)`: two batches of logits, maybe of different sizes. Of **all**
# these pairs together, what share is judged rightly (more likely matched where it is, and not where it is
# not)?
#
# > hint: For which logit is D exactly 1/2?
#
# > hint: `torch.cat([matched > 0, mismatched < 0])` is True where it is right.


# %% solution="how_often_right"
def how_often_right(matched, mismatched):
    """The share of pairs that is judged rightly."""
    # solution
    return torch.cat([matched > 0, mismatched < 0]).float().mean()
    # end solution


# %%
check.how_often_right(how_often_right)

# %% [markdown]
# ## 5 · A judge learns
#
# There is no generator yet, so we train with matched and mismatched pairs alone, both with weight 1.


# %%
def logits_of(judge, sound, video, flow):
    """Logits of matched, and of mismatched pairs: each sound with the pictures of the window before."""
    wrong = wrong_partners(video), wrong_partners(flow)
    both = judge(sound.repeat(2, 1, 1), torch.cat([video, wrong[0]]), torch.cat([flow, wrong[1]]))
    return both.chunk(2)


def loss_of(matched, mismatched):
    """-log D - log(1 - D), the mean over the pairs."""
    return functional.softplus(-matched).mean() + functional.softplus(mismatched).mean()


# %%
def train(motion, steps, deaf=False):
    """Train a judge; return it, its losses, and how often it was right."""
    torch.manual_seed(0)
    judge, losses, right = Discriminator(1 / 16, motion), [], []
    adam = torch.optim.Adam(judge.parameters(), lr=3e-3, betas=(0.5, 0.999))
    for _ in range(steps):
        some = torch.randperm(len(known[0]))[:8]
        sound, video, flow = (part[some] for part in known)
        pairs = logits_of(judge, torch.full_like(sound, -100.0) if deaf else sound, video, flow)
        adam.zero_grad()
        loss_of(*pairs).backward()
        adam.step()
        losses.append(loss_of(*pairs).item())
        right.append(share_right(*pairs).item())
    return judge.eval(), losses, right


# %% [markdown]
# > **Predict, then run.** One judge sees all three streams. A second one is **deaf**: it gets silence in
# > place of the sound. Both are told the same. (The deaf one gets half
# the time; it will not need it.) Where will their losses end?

# %%
steps = {"fast": 50, "class": 250, "full": 2000}[size.name]
judge, *learning = train("flow", steps)
print(f"three streams: loss {sum(learning[0][-10:]) / 10:.2f}, right in {sum(learning[1][-10:]) / 10:.0%}")

# %%
_, *deaf_learning = train("flow", steps // 2, deaf=True)
losses, right = deaf_learning
print(f"deaf:          loss {sum(losses[-10:]) / 10:.2f}, right in {sum(right[-10:]) / 10:.0%}")


# %% [markdown]
# Numbers of single batches jump. Draw the mean of ten, beside what guessing would give.


# %%
def smooth(values):
    """The mean of the last ten values, at each step."""
    return [sum(values[max(0, k - 9) : k + 1]) / min(k + 1, 10) for k in range(len(values))]


def draw_learning(runs, names):
    """Losses and shares of right answers of several judges."""
    figure, (left, right) = pictures.subplots(1, 2, width=8, height=2.8)
    for (losses, shares), name, style in zip(runs, names, ("-", "--"), strict=True):
        left.plot(smooth(losses), style, label=name)
        right.plot(smooth(shares), style, label=name)
    for axis, level, text in ((left, 2 * math.log(2), "2 ln 2"), (right, 0.5, "guessing")):
        axis.axhline(level, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":", label=text)
        axis.set_xlabel("training step")
    left.set(title="-log D - log(1 - D)", ylim=(0, 2))
    right.set(title="how often right", ylim=(0.3, 1))
    left.legend(fontsize=9)
    return figure


# %% figure="Losses and shares right: the listening judge leaves 2 ln 2 and a half, the deaf one stays."
figure = draw_learning([learning, deaf_learning], ["three streams", "deaf"])
pictures.show(
    figure, "Losses and shares right: the listening judge leaves 2 ln 2 and a half, the deaf one stays."
)

# %% [markdown]
# The deaf one is shown each picture as often matched as mismatched. Its best answer is 1/2, and its loss
# stays at 2 ln 2 = 1.386, two terms of 0.693 each. It is not lazy: there is nothing to learn. This is what a
# judge looks like whose sound is shifted, empty, of another clip, or lost on the way. **A loss that stays at
# ln 2 is first of all a question about the data.**
#
# ## 6 · What does it know?
#
# Ask it, for one window, about a whole range of shifts: the video stays, the sound comes too late or too
# early.

# %%
shifts = range(-12, 13)


def belief(clip, starts):
    """D for each shift of the sound, the mean over windows: (25,)."""
    rows = []
    for start in starts:
        cut = [window(clip, start, late) for late in shifts]
        rows.append(torch.sigmoid(judge(*(torch.cat(parts) for parts in zip(*cut, strict=True)))))
    return torch.stack(rows).mean(0).detach()


# %% [markdown]
# > **Predict, then run.** What shape has this for a clip from which it learnt? And for the one put aside?

# %%
middle = list(starts)[2:6]
beliefs = {"learnt from": belief(clips[0], middle), "put aside": belief(clips[-1], middle)}

# %% figure="Belief against shift: highest where sound fits, for a clip it learnt from; flat for the other."
figure, axis = pictures.subplots(width=7, height=2.6)
for (name, believed), style in zip(beliefs.items(), ("o-", "s--"), strict=True):
    axis.plot(shifts, believed, style, label=name)
axis.axvline(0, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
axis.set(xlabel="sound late by (frames)", ylabel="D", ylim=(0, 1))
axis.legend()
pictures.show(
    figure,
    "Belief against shift: highest where sound fits, for a clip it learnt from; flat for the other.",
)

# %% [markdown]
# For a clip that it knows, belief is highest where the sound fits, and a few frames to either side it
# has gone. (There may be other humps. It was never shown this video with its own sound shifted, so nobody
# has told it that they are wrong.) That sounds like fine hearing. It is not: it has had a few dozen windows
# to learn from, and knows them **by heart**. For the clip put aside it has no idea where the sound
# belongs. What it takes to know this of strangers is thousands of clips.
#
# The same along the video, window after window. Slide the sound:


# %%
places = range(12, 47, 2)


def along(late=0):
    """D at each place of a clip it learnt from, its sound late by so many frames."""
    cut = zip(*(window(clips[0], start, late) for start in places), strict=True)
    believed = torch.sigmoid(judge(*(torch.cat(parts) for parts in cut))).detach()
    figure, axis = pictures.subplots(width=7, height=2.4)
    axis.plot(places, believed, "o-")
    axis.vlines([s for s in starts if s in places], 0, 1, color=pictures.COLOURS["orange"], alpha=0.5)
    axis.set(title=f"sound late by {late}", xlabel="first frame of the window", ylabel="D", ylim=(0, 1))
    return figure


widgets.explore(along, alt="Belief along a video.", late=(-10, 10))

# %% figure="Belief along the video with its own sound: high at the orange lines, changing between."
pictures.show(
    along(0), "Belief along the video with its own sound: high at the orange lines, changing between."
)

# %% [markdown]
# The orange lines are windows that it was shown: there it is surest. Between them the sound fits as well, and
# it sways: the sign of learning by heart. So test a judge on unseen clips, on shifted sound, and on windows
# that begin elsewhere. Being right in training proves little.
#
# ## 7 · Two streams or three
#
# Take the flow away (`motion="none"`, ablation g of the paper's Table 2), and train for as long.

# %%
two, *two_learning = train("none", steps)
counts = [sum(weight.numel() for weight in network.parameters()) for network in (judge, two)]
print(f"weights: {counts[0]:,} with flow, {counts[1]:,} without")

# %% figure="Losses and shares right of three streams and of two: both learn."
figure = draw_learning([learning, two_learning], ["three streams", "two streams"])
pictures.show(figure, "Losses and shares right of three streams and of two: both learn.")

# %% [markdown]
# The movement is in the frames as well, for whoever looks for it; given as flow, it need not be looked
# for. But a race of a few seconds, on windows learnt by heart, proves nothing. In the paper the third
# stream counts: with it LMD is 1.18, without it 1.39, and with the difference of frames in place of flow
# 1.40 (Table 2: e, g, i). A *generator* gets its gradient through the flow, too, and this one says "move",
# not "change colour".
#
# ## 8 · The slope a generator gets
#
# The generator wants the opposite of the judge, who minimises $-\log(1 - D)$ on generated videos. So it
# might minimise $\log(1 - D)$. glance minimises $-\log D$ instead. Both are lowest where D is 1. But early
# in training every video is plainly false, with a logit far below 0.
#
# > **Predict, then run.** At a logit of -6, D = 0.002. Which of the two pushes harder?

# %%
logit = torch.linspace(-8, 8, 161, requires_grad=True)
ways = {"-log D": functional.softplus(-logit), "log(1 - D)": -functional.softplus(logit)}
slopes = {name: torch.autograd.grad(way.sum(), logit)[0].abs() for name, way in ways.items()}

# %% figure="Slopes against logit: -log D is steep where videos are bad, log(1 - D) where they are good."
figure, axis = pictures.subplots(width=7, height=2.6)
for (name, slope), style in zip(slopes.items(), ("-", "--"), strict=True):
    axis.plot(logit.detach(), slope, style, label=name)
axis.set(xlabel="logit of a generated video (left: plainly false)", ylabel="size of the slope")
axis.legend()
pictures.show(
    figure,
    "Slopes against logit: -log D is steep where videos are bad, log(1 - D) where they are good.",
)

# %% [markdown]
# The slope of $\log(1 - D)$ has the size of D itself: where the judge is sure of the fraud, next to
# nothing. It has **saturated**, and the worst videos teach least. That of $-\log D$ has the size $1 - D$:
# full strength just there.
#
# ## 9 · Why detach?
#
# Judge and generator take turns. In the judge's turn the generated video comes out of the generator, and
# gradients would run back through it.

# %%
generator, fresh = Generator(1 / 64), Discriminator(1 / 64, "none")
sound, image = known[0][:2], functional.interpolate(known[1][:2, :, 0], size=64)
made = generator(sound, image).video


def who_learns(loss):
    """Which of the two networks gets a gradient from a loss."""
    parts = {"judge": fresh, "generator": generator}
    found = {}
    for name, part in parts.items():
        asked = torch.autograd.grad(loss, list(part.parameters()), retain_graph=True, allow_unused=True)
        found[name] = any(gradient is not None for gradient in asked)
    return [name for name, learns in found.items() if learns]


# %% [markdown]
# > **Predict, then run.** Who gets a gradient in each of three cases?

# %%
print("judge's turn, as it comes: ", who_learns(functional.softplus(fresh(sound, made)).mean()))
print("judge's turn, detached:    ", who_learns(functional.softplus(fresh(sound, made.detach())).mean()))
print("generator's turn:          ", who_learns(generator_loss(fresh(sound, made))))

# %% [markdown]
# As it comes, the generator would be taught to look *more* false: it gets the judge's gradient, with the
# wrong sign. (At the least it costs a backward pass through the larger network for nothing.) `detach` cuts
# the way back.
#
# In the generator's turn nothing may be cut: the gradient must run *through* the judge. That the judge's
# weights get one, too, does no harm, as long as only the generator's optimiser takes a step and the judge's
# gradients are set to zero before its own turn. And the flow that the judge sees must be computed from
# the generated video with gradients on: Lucas and Kanade's, of notebook 04, can do that.
#
# ## 10 · Quiz

# %%
quizzes.ask("discriminators")

# %% [markdown]
# ## What you take with you
#
# - 0.693 = ln 2 is the price of not knowing. A loss that stays there asks: what is the judge given?
# - Mismatched pairs teach a judge to listen. See that no clip is its own partner.
# - Work on logits, with softplus. Probabilities round to 0 and 1.
# - Accuracy on what was learnt says little: shift the sound, take other clips.
# - Generators minimise -log D: steep where they are bad. Detach in the judge's turn, never in theirs.
