# ---
# title: Full training
# minutes: {cpu: 8, gpu: 5}
# builds: A training that you can watch, kill, resume and trust, and an unseen puppet that talks.
# needs: Python, basic PyTorch (a training loop), notebooks 06 to 09 for the networks and their losses.
# picture: {file: images/11.png, alt: "Three film strips of a mouth: truth, right sound, wrong sound."}
# equations:
#   - "glance Eq. 2: the full objective of the generator"
#   - "glance Eq. 4: the discriminator's loss"
# ---

# %% [markdown]
# # 11 · Full training
#
# The parts are there: a generator that hears a sound and sees a mouth (06), a loss that asks whether lips
# move with the sound (07), losses of pixels and of features (08), a discriminator (09). Now they learn
# together, as in "Lip Movements Generation at a Glance" (**glance**, ECCV 2018).
#
# A training runs for minutes, hours or days, and says little. Most of what one must know is how to tell
# early that it is *wrong*. So you will first read the algorithm in the very code that runs, then let it
# learn one batch by heart, train, read its curves, pull the plug, poison it, and at last let a puppet talk
# that no network has ever seen.
#
# The cells are the same for `fast`, where all of it takes seconds and nothing is learned to speak of, for
# `class` (five minutes of training on a laptop) and for `full`, which on a CUDA GPU does what the paper
# did.

# %% tags=["parameters"]
profile = "class"
folder = ""  # where the run is kept; name one, and a notebook that was killed goes on from there
weights = "glance-puppets"  # who talks in section 8: a shipped network, or a file

# %%
import inspect
import tempfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.utils.flop_counter import FlopCounterMode

from lipcourse import pictures
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.course import check, players, quizzes, widgets
from lipcourse.errors import ModelError
from lipcourse.evaluation.glance import FILMS, GENERATED, OTHER_SOUND, RIGHT_VIDEO, make_films

# %%
from lipcourse.generation.glance import to_frames, to_network
from lipcourse.generation.portrait import Portrait
from lipcourse.metrics.images import psnr
from lipcourse.networks.glance import Generator
from lipcourse.networks.weights import describe, load_network
from lipcourse.training import glance as trainer
from lipcourse.training.loop import launch, learning_rate
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import PRESETS, choose_options
from lipcourse.training.validation import opening
from lipcourse.windows.corpus import prepare
from lipcourse.windows.dataset import WindowLoader
from lipcourse.windows.prepare import prepare_clip

pictures.use_style()
home = Path(folder or tempfile.mkdtemp())

# %% [markdown]
# ## 1 · The algorithm, and its code
#
# A paper puts its method into a box. Ours stands at the top of `lipcourse/training/glance.py`, and it is
# printed here from that file, not copied:

# %%
print("\n".join(trainer.__doc__.splitlines()[2:7]))


# %% [markdown]
# Each line of the box is a few lines of code. This prints them, from one phrase to the next:


# %%
def show(function, first, last):
    """Print a piece of the library's own source, from the line with `first` to that before `last`."""
    lines = inspect.getsource(function).splitlines()
    start = next(n for n, line in enumerate(lines) if first in line)
    stop = next(n for n, line in enumerate(lines) if n > start and last in line)
    print(textwrap.dedent("\n".join(lines[start:stop])))


print("line 1\n")
show(trainer.pretraining_step, "with fabric", "optimizer, clip")

# %% [markdown]
# `fabric` is Lightning Fabric: it knows the device and its precision, and lets several processes share a
# step. Take it away, and what is left is plain PyTorch. Line 3, the generator makes a film of the sound and
# one picture, and the flow of that film is measured:

# %%
show(trainer.adversarial_step, "with fabric", "if options.weights")

# %% [markdown]
# Line 4, the discriminator's turn. $D(s, v)$ is how likely the film $v$ belongs to the sound $s$:
#
# $$ \ell_{dis} = -\log D(s_j, v_j) - \lambda_p \log(1 - D(s_j, \hat v_j)) - \lambda_u \log(1 - D(s_j, v_k)),
# \quad k \ne j \tag{glance 4} $$
#
# with $\lambda_p = \lambda_u = 0.5$. The first film is true, the second generated, the third is a true one
# of *other* words: whoever only looks whether a film is sharp falls for it.

# %%
show(trainer.Glance.discriminator_loss, "return", "lambda_p=")
show(trainer.adversarial_step, "if options.weights", "# Half")

# %% [markdown]
# See `video.detach()`: the discriminator learns from the film, and the film learns nothing from that. Line
# 5, the generator's turn:
#
# $$ \ell = \ell_{corr} + 0.5\, \ell_{pix} + \ell_{perc} + \ell_{gen} \tag{glance 2} $$

# %%
show(trainer.Glance.generator_losses, "if weights.pixel", "return losses")

# %% [markdown]
# Now it is the other way round: gradients go *through* the discriminator (`held` keeps its own weights
# still) and on into the generator. Who learns when, and who is held, is where most such trainings are
# wrong. So write it once yourself.

# %% [markdown] exercise="alternate" difficulty=3 minutes=12
# ### Exercise 1 · Take turns
#
# Write `alternate(generator, judge, optimizers, sound, truth, turns)`. In each turn: `made =
# generator(sound)`; then the judge does a step of `optimizers["judge"]` down the mean of $-\log D(s, v)$
# plus the mean of $-\log(1 - D(s, \hat v))$; then the generator does a step of `optimizers["generator"]`
# down the mean of $-\log D(s, \hat v)$, asked of the judge that has just learned. `judge(sound, film)`
# gives probabilities. Return a list with one pair a turn: the judge's loss and the generator's, as
# numbers (`.item()`).
#
# > hint: The judge sees `made.detach()` in its own step and `made` in the generator's. Each step is
# > `zero_grad()`, `backward()`, `step()`, and the first is finished before the second begins.
#
# > hint: `told = -judge(sound, truth).log().mean() - (1 - judge(sound, made.detach())).log().mean()` is the
# > judge's loss. The generator's backward pass leaves gradients in the judge as well: empty them before
# > the judge's next one.


# %% solution="alternate"
def alternate(generator, judge, optimizers, sound, truth, turns):
    """The losses of judge and generator, one pair a turn."""
    # solution
    losses = []
    for _ in range(turns):
        made = generator(sound)
        told = -judge(sound, truth).log().mean() - (1 - judge(sound, made.detach())).log().mean()
        optimizers["judge"].zero_grad()
        told.backward()
        optimizers["judge"].step()
        fooled = -judge(sound, made).log().mean()
        optimizers["generator"].zero_grad()
        fooled.backward()
        optimizers["generator"].step()
        losses.append((told.item(), fooled.item()))
    return losses
    # end solution


# %%
check.alternate(alternate)

# %% [markdown]
# ## 2 · Three sizes of one training
#
# All that can be chosen stands in one frozen dataclass, `GlanceOptions`. Its defaults are the paper's,
# and a profile is a set of them.

# %%
names = ("width", "frames", "painted", "batch", "steps", "autoencoder_steps", "hearing_steps")
names += ("learning_rate", "schedule", "clip_gradient")
print(f"{'':18s}" + "".join(f"{profile_name:>12s}" for profile_name in PRESETS))
for name in names:
    print(f"{name:18s}" + "".join(f"{getattr(each, name)!s:>12s}" for each in PRESETS.values()))
for name in vars(ObjectiveWeights()):
    print(
        f"{'l_' + name:18s}" + "".join(f"{getattr(each.weights, name)!s:>12s}" for each in PRESETS.values())
    )

# %% [markdown]
# `class` has a pixel loss and nothing else: in five minutes a discriminator would not learn to judge. And it
# takes two head starts (`lipcourse/training/headstart.py`), of which the paper, with days on a GPU, has no
# need:
#
# - **Hear first** (`hearing_steps`). Beside who it is, what the sound changes in a picture is little, and is
#   learned last. But in our clips we *know* where the lips' points go: for some steps the audio encoder
#   learns to tell that, alone, at a hundredth of the work.
# - **Pictures before films** (`painted`). A window of 16 frames shows one person, 16 times. For the same work
#   one can paint a single frame of 16 windows, and meet 16 people. The sound of each window is heard whole;
#   only its middle frame is painted.
#
# What does it cost? PyTorch can count operations on its device "meta", where tensors have a shape and no
# numbers, so that even the paper's network takes no time. And the machine's speed is measured by the one
# thing that it does best, a product of matrices.


# %%
def gigaflop(options):
    """Billions of operations (an addition or a product each) of the generator for one window."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network = Generator(options.width, options.block_kernel)
        silence, nobody = torch.zeros(1, 4 * options.frames, 128), torch.zeros(1, 3, 64, 64)
        network(silence, nobody, options.painted_frames)
    return counter.get_total_flops() / 1e9, sum(each.numel() for each in network.parameters()) / 1e6


device = "cuda" if torch.cuda.is_available() else "cpu"
matrix = torch.rand(1024, 1024, device=device, dtype=torch.bfloat16 if device == "cuda" else torch.float32)
times = []
for _ in range(5):
    began = time.perf_counter()
    (matrix @ matrix).sum().item()
    times.append(time.perf_counter() - began)
speed = 2 * 1024**3 / 1e9 / min(times)

# %% [markdown]
# A backward pass takes about twice as long as the forward pass before it, so a step costs three times the
# forward pass of its windows, *at least*: discriminator, flow and autoencoder come on top, and no network
# reaches the speed of a plain product.
#
# > **Predict, then run.** `full` is four times as wide as `class`, and paints 16 frames of a window where
# > `class` paints one. How many times as many weights has it, and how many times as many operations?

# %%
print(f"this machine ({device}) multiplies matrices at {speed:,.0f} GFLOP/s\n")
print("          million weights   GFLOP a window   minutes at the very least")
for name, options in PRESETS.items():
    cost, millions = gigaflop(options)
    least = 3 * cost * options.batch * options.steps / speed / 60
    print(f"{name:10s}{millions:15.2f}{cost:17.1f}{least:28,.2f}")

# %% [markdown]
# Weights grow nearly with the square of the width, since each of twice as many channels reads twice as many.
# Operations do, too, and with the frames that are painted. Divide the last number of `full` by 1440 for days.
# That is why it wants a GPU, and why `class` is narrow.
#
# The **learning rate** need not stay the same. A common plan lets it rise in a straight line for some
# steps, while Adam's running means are still poor, and then fall to nothing along half a wave:

# %% [markdown] exercise="rise_and_fall" difficulty=2 minutes=8
# ### Exercise 2 · Rise and fall
#
# Write `rise_and_fall(step, steps, warmup, highest)` for a step counted **from 0** in a training of
# `steps`. While `step < warmup` it rises in a straight line: the first step has `highest / warmup`, the
# last one of the rise has `highest`. Then it is `highest` times $(1 + \cos \pi x) / 2$, where $x$ goes
# from 0, at step `warmup`, towards 1, which it would reach at step `steps`.
#
# > hint: Steps count from 0, so step 0 is the first of `warmup` steps up. And how many steps does the fall
# > have?
#
# > hint: Up: `highest * (step + 1) / warmup`. Down: `x = (step - warmup) / (steps - warmup)`.


# %% solution="rise_and_fall"
def rise_and_fall(step, steps, warmup, highest):
    """The learning rate of a step."""
    # solution
    if step < warmup:
        return highest * (step + 1) / warmup
    share = (step - warmup) / (steps - warmup)
    return highest * (1 + np.cos(np.pi * share)) / 2
    # end solution


# %%
check.rise_and_fall(rise_and_fall)

# %% [markdown]
# (The package's is called `learning_rate`.) Move its parts:


# %%
def draw_schedule(warmup=50, steps=1000, schedule="cosine"):
    """The learning rate along a training."""
    figure, axis = pictures.subplots(width=6, height=2.4)
    axis.plot([learning_rate(2e-4, step, steps, schedule, warmup) for step in range(steps)])
    axis.set(xlabel="step", ylabel="learning rate", xlim=(0, 1000), ylim=(0, 2.2e-4))
    return figure


widgets.explore(
    draw_schedule,
    alt="The learning rate along a training.",
    warmup=(0, 300, 50),
    steps=(400, 1000, 300),
    schedule=["cosine", "constant"],
)

# %% figure="A curve that rises quickly to 0.0002 and falls to 0 along half a wave."
pictures.show(draw_schedule(), "A curve that rises quickly to 0.0002 and falls to 0 along half a wave.")

# %% [markdown]
# ## 3 · Puppets to learn from
#
# A network sees clips as `lipcourse prepare` leaves them: the mouth cut out upright, its sound beside it,
# in a few large files. We split by *talker*: who is used for testing has never been seen.
#
# Notebook 04 had puppets whose lips come before their sound, by 0 to 7 frames, drawn anew for each clip. Here
# `lead_frames=0`. Why? A network cannot hear what was drawn: with a drawn lead the best that it can do is a
# blur of eight mouths, and it learns to ignore the sound, however long it is trained. **Look at your data
# before you blame your network.**

# %%
clips, talkers, tested = {"fast": (8, 4, 2), "class": (200, 40, 4), "full": (1000, 100, 20)}[profile]
corpus = PuppetCorpus(clips, talkers, lead_frames=0)
data = home / "prepared"
done = prepare(corpus, data, jobs=1 if profile == "fast" else -1)
print(f"{done.clips} clips in", ", ".join(done.shards))
for split in ("train", "validation", "test"):
    who = sorted({key.split("/")[1] for key in corpus.keys(split=split)})
    print(f"{split:10s} {len(corpus.keys(split=split)):3d} clips of {', '.join(who)}")

# %% [markdown]
# > **Predict, then run.** A clip has 75 frames; a window is 16 of them, and one begins every 8 frames. How
# > many windows has an epoch of the training clips?

# %%
loader = WindowLoader(data, "glance", split="train", batch=2, frames=16, stride=8)
batch = next(iter(loader))
print(f"{loader.windows} windows; a batch of 2:")
for name in ("video", "log_mel", "image", "other_video"):
    print(f"  {name:12s} {tuple(getattr(batch, name).shape)}")

# %% [markdown]
# `image` is a frame of the same clip at random, so that it tells who speaks and not what is said.
# `other_video` is $v_k$ of Eq. 4, a window of another clip.
#
# ## 4 · First of all: learn one batch by heart
#
# Before anything is trained for an hour, do this. Take *one* batch, and train on it again and again. A
# network that works must learn it by heart; one that cannot has a bug, or a learning rate that is off by
# far. It takes a minute, and finds nearly everything.
#
# The steps are the trainer's own, with the pixel loss alone and shorter windows.

# %%
fabric = launch()
by_heart = replace(
    PRESETS["fast"], weights=ObjectiveWeights(correlation=0, pixel=1, perceptual=0, adversarial=0), steps=50
)
one = next(iter(WindowLoader(data, "glance", batch=2, frames=6, stride=6))).to(fabric.device)
torch.manual_seed(0)
parts = trainer.Glance(by_heart).to(fabric.device)
optimizer = torch.optim.Adam(parts.generator.parameters(), betas=by_heart.betas)

# %%
falling, seen = [], {}
parts.prepare(pretraining=False)
for step in range(by_heart.steps):
    optimizer.param_groups[0]["lr"] = learning_rate(5e-3, step, by_heart.steps, "cosine", 0)
    losses = trainer.adversarial_step(fabric, parts, {"generator": optimizer}, one)
    falling.append(losses["pixel"])
    if step in (0, 4, 14, by_heart.steps - 1):
        with torch.no_grad():
            seen[step + 1] = to_frames(parts.generator(one.log_mel, one.image).video)[2]
print(f"pixel loss {falling[0]:.3f} -> {falling[-1]:.3f}: a factor of {falling[0] / falling[-1]:.0f}")

# %% figure="A loss that falls steeply, and a mouth that appears out of noise beside the true one."
figure, axes = pictures.subplots(1, 6, width=9.5, height=2.3, width_ratios=(2.4, 1, 1, 1, 1, 1))
axes[0].semilogy(range(1, by_heart.steps + 1), falling)
axes[0].set(xlabel="step", ylabel="pixel loss")
for axis, (step, frame) in zip(axes[1:], seen.items(), strict=False):
    axis.imshow(frame)
    axis.set_title(f"step {step}", fontsize=9)
axes[5].imshow(to_frames(one.video)[2])
axes[5].set_title("truth", fontsize=9)
for axis in axes[1:]:
    axis.set_axis_off()
pictures.show(figure, "A loss that falls steeply, and a mouth that appears out of noise beside the true one.")

# %% [markdown]
# It works. That says nothing about other clips: a network that has two windows by heart knows nothing else.
#
# ## 5 · Train
#
# This is it. `train` takes options, prepared clips and a folder, and calls us with each line of progress.
# We do it in two sittings, half of the steps each: the second goes on where the first stopped, which
# needs no more than the same folder. (For that the learning rate stays constant here.)
#
# From time to time it is asked about talkers that it does not learn from, with the right sound and with
# another clip's. Watch **r**, by which the mouth follows the truth: when does it begin to listen?
#
# `fast` takes a few steps and learns nothing that can be seen. With `class` it takes about five minutes;
# with `full` it is the paper's training, on a GPU, for as long as that takes.


# %%
def tell(line):
    """Say what a validation has found, as soon as it has."""
    if line.note:
        print(f"step {line.step:4d}: {line.note}")


options = replace(choose_options(profile), schedule="constant")
half = replace(options, steps=options.steps // 2)
first = trainer.train(half, data, home / "run", progress=tell)
print(first.progress[-1] if first.progress else "done in an earlier sitting")

# %%
run = trainer.train(options, data, home / "run", progress=tell)
print(run.progress[-1] if run.progress else "done in an earlier sitting")

# %% [markdown]
# (If there is a warning of one talker, it is right: in the few clips of `fast` one puppet alone is there to
# validate with, so "another clip" is another sentence of the same puppet.)
#
# ## 6 · What a run says of itself
#
# A line of progress has every loss, the lengths of gradients, windows a second and the time that is left.
# The run keeps them, and so does TensorBoard (`tensorboard --logdir RUN/log`). Curves are better than
# lines:

# %% figure="Left, the losses by step, on a logarithmic scale. Right, the PSNR of validations."
figure, (left, right) = pictures.subplots(1, 2, width=9, height=3)
lines = [line for line in first.progress + run.progress if line.phase == "glance"]
styles = {"pixel": "-", "perceptual": "--", "correlation": "-.", "adversarial": ":", "discriminator": "-"}
for name, style in styles.items():
    told = [(line.step, line.losses[name]) for line in lines if name in line.losses]
    if told:
        left.semilogy(*zip(*told, strict=True), style, marker=".", label=name)
left.set(xlabel="step", ylabel="loss")
left.legend(fontsize=8)
steps, measured = list(run.validations), list(run.validations.values())
right.plot(steps, [each.psnr for each in measured], "o-", label="generated")
right.plot(steps, [each.psnr_first_frame for each in measured], "--", label="first frame repeated")
right.set(xlabel="step", ylabel="PSNR (dB)")
right.legend(fontsize=8)
pictures.show(figure, "Left, the losses by step, on a logarithmic scale. Right, the PSNR of validations.")

# %%
for step, each in run.validations.items():
    print(f"step {step}: {each}")

# %% [markdown]
# How to read this:
#
# - The losses on the left are of *training* windows, each line of one batch: they jump. On the right are
#   talkers never trained on. Only these count.
# - "first frame repeated" needs no network. Below that line the network is worse than a photograph.
# - **r** says how the opening of the mouth follows the truth, with the right sound and with another clip's. A
#   network that listens has a large one and a small one. Both equal: it does not listen, however fine its
#   pictures are.
# - Where there is a discriminator: at $2 \ln 2 \approx 1.39$ it cannot tell anything; at 0 it is
#   always right, and the generator has little to learn from. Neither is good for long. And l_gen may *rise*
#   while films become better, since the judge learns, too.
#
# The last weights of such a run depend on the last few batches. A **running mean** of the weights is
# smoother, and often better than any single step; validation and generation can use that.

# %% [markdown] exercise="average_weights" difficulty=2 minutes=6
# ### Exercise 3 · A running mean
#
# Write `average_weights(history, decay)`: `history` is a list of tensors, the weights after each step.
# The mean begins as the first of them. With every further one it becomes `decay` of what it was, plus the
# rest (so that both make 1) of the new weights. Return the mean at the end.
#
# > hint: One loop over `history[1:]`, and one tensor that you carry along.
#
# > hint: `mean = decay * mean + (1 - decay) * weights`. A decay of 0.999 changes the mean slowly.


# %% solution="average_weights"
def average_weights(history, decay):
    """The running mean of weights after all steps."""
    # solution
    mean = history[0]
    for weights in history[1:]:
        mean = decay * mean + (1 - decay) * weights
    return mean
    # end solution


# %%
check.average_weights(average_weights)

# %% [markdown]
# ## 7 · What goes wrong
#
# ### The power goes
#
# A run that is killed should cost minutes, not days. From time to time the trainer writes a checkpoint: all
# weights, the state of Adam, of random numbers, and the place in the order of windows. It is written beside
# its place and renamed, so that at any moment there is one whole checkpoint.
#
# Here are two runs of a very small network. One does its five steps; the other dies in step 3, having
# saved at step 2, and is started again.

# %%
tiny = replace(
    PRESETS["fast"], width=1 / 32, frames=4, stride=8, batch=2, steps=3, autoencoder_steps=2, save_every=2,
    validate_every=0, device="cpu",
)  # fmt: skip


def power_cut(line):
    """Die in step 3."""
    if line.step == 3:
        raise RuntimeError("the power is gone")


# %% [markdown]
# > **Predict, then run.** Which steps does the second run do after its restart? Will its weights be about
# > the same as the first one's, or the same to the last bit?

# %%
whole = trainer.train(tiny, data, home / "whole", resume=False, progress=lambda _: None)
try:
    trainer.train(tiny, data, home / "killed", resume=False, progress=power_cut)
except RuntimeError as death:
    print(death)
again = trainer.train(tiny, data, home / "killed", progress=lambda _: None)
print("steps after the restart:", [line.step for line in again.progress])

# %%
one_state, other_state = (load_file(each.out / "checkpoint.safetensors") for each in (whole, again))
same = sum(torch.equal(one_state[name], other_state[name]) for name in one_state)
print(f"{same} of {len(one_state)} tensors are the same, bit for bit")

# %% [markdown]
# Step 3 is done twice, and nobody can tell. If the order of windows or the random numbers were not kept, it
# would go on as well, and just as nobody could tell: only its results could never be had again. (The
# package's tests do this with a SIGKILL, in the middle of writing, too.)
#
# ### A number that is none
#
# NaN, "not a number", comes of 0/0, of the logarithm of 0, of infinity less infinity; and whatever is
# computed with it is NaN. We put *one* into the sound of the first of two windows.
#
# > **Predict, then run.** What share of the video is NaN, for each window: with the network in `eval`
# > mode, and in training mode?

# %%
poisoned = batch.log_mel.clone()
poisoned[0, 0, 0] = float("nan")
small = Generator(width=1 / 32)
picture = batch.image.float() / 127.5 - 1
for mode in (False, True):
    with torch.no_grad():
        video = small.train(mode)(poisoned, picture).video
    shares = video.isnan().float().mean(dim=(1, 2, 3, 4)).tolist()
    print("training" if mode else "eval    ", "  ".join(f"window {n}: {s:.0%}" for n, s in enumerate(shares)))

# %% [markdown]
# In `eval` mode the second window does not know of the first, and of the first those frames are lost that
# hear that moment. In training **batch normalisation** takes a mean over all windows: one NaN, and all is
# NaN, the loss as well. A step of Adam along its gradient makes weights NaN, and nothing brings them
# back.
#
# So the trainer looks at losses and gradients before each step. With a learning rate that is a little too
# large, say:

# %%
try:
    trainer.train(
        replace(tiny, learning_rate=1e20), data, home / "nan", resume=False, progress=lambda _: None
    )
except ModelError as told:
    print(str(told).replace(str(home), "..."))

# %% [markdown]
# It says at which step, which loss or gradient, and on which clips: look at these first, since it may be
# one bad file. No step is taken along it. With `skip_nan=True` such a step is left out and
# counted.
#
# ### A gradient that is too long
#
# Long before infinity there are gradients a hundred times as long as usual, and one step along such a one
# can undo an hour. A gradient is therefore made shorter where it exceeds a limit. All weights have *one*
# gradient, a long vector $g$ in many tensors:
#
# $$ g \leftarrow g \cdot \min\left(1, \frac{c}{\lVert g \rVert}\right) \tag{1} $$

# %% [markdown] exercise="shorten" difficulty=2 minutes=8
# ### Exercise 4 · Shorten
#
# Write `shorten(gradients, longest)`: a list of tensors that together are one gradient. If its length,
# over *all* numbers of *all* tensors, exceeds `longest`, scale it to that length; else leave it. Return a
# list of tensors of the same shapes.
#
# > hint: The length is the root of the sum of the squares of all numbers. One factor for all tensors.
#
# > hint: `length = sum(each.square().sum() for each in gradients) ** 0.5`, then multiply each tensor by
# > `min(1, longest / length)`.


# %% solution="shorten"
def shorten(gradients, longest):
    """The gradient, at most so long, in the same direction."""
    # solution
    length = float(sum(each.square().sum() for each in gradients)) ** 0.5
    factor = min(1.0, longest / length) if length else 1.0
    return [factor * each for each in gradients]
    # end solution


# %%
check.shorten(shorten)

# %% [markdown]
# How long were the gradients of *your* run, before they were made shorter?

# %% figure="Lengths of the generator's gradient by step on a logarithmic scale, and the limit as a line."
figure, axis = pictures.subplots(width=6, height=2.5)
lengths = [line.losses["generator gradient"] for line in lines]
axis.semilogy([line.step for line in lines], lengths, "o-", markersize=4)
axis.axhline(options.clip_gradient, linestyle="--", color=pictures.COLOURS["vermillion"])
axis.set(xlabel="step", ylabel="length of the gradient")
pictures.show(
    figure, "Lengths of the generator's gradient by step on a logarithmic scale, and the limit as a line."
)

# %% [markdown]
# Whatever lies above the line was shortened to it. If all points do, the limit is in truth the length of
# every step, and the learning rate means something else than it says. (Adam divides by the usual size of a
# gradient anyway, so that little harm is done.)
#
# ## 8 · Let a puppet talk
#
# Training a network that talks takes longer than a lesson. So one is shipped, trained by this very code; it
# takes a line. Put `weights = run.generator` above to see your own.

# %%
network = load_network(weights, Generator).to(device)
card = describe(weights)
print(f"{card.parameters / 1e6:.2f} million weights, {card.options}, {card.facts.get('steps')} steps")

# %% [markdown]
# And here is a puppet of the test split. Nobody has trained on this face, this voice, these sentences.
# The network gets the mouth of its *first frame* and a sound. We make films: with the clip's own sound;
# with that of another clip; and two that need no network.

# %%
originals = list(corpus.clips(split="test", limit=tested))
unseen = [prepare_clip(clip, "test") for clip in originals]
films = [
    make_films(network, clip, other) for clip, other in zip(unseen, unseen[1:] + unseen[:1], strict=True)
]
print(f"right sound: “{unseen[0].transcript}”\nwrong sound: “{unseen[1].transcript}”")

# %% [markdown]
# > **Predict, then run.** If the network listens, in which rows of the next picture is the mouth open at
# > the same moments?

# %% figure="Three rows of mouths over time: the truth, generated with the right sound, and with a wrong one."
shown = {"truth": RIGHT_VIDEO, "right sound": GENERATED, "wrong sound": OTHER_SOUND}
moments = np.linspace(10, 59, 8).round().astype(int)
sheet = [films[0][name][moment] for name in shown.values() for moment in moments]
times = [f"{moment / 25:.2f} s" for moment in moments[1:]]
labels = [label for name in shown for label in (name, *times)]
pictures.show(
    pictures.contact_sheet(sheet, labels, columns=8, width=9.5),
    "Three rows of mouths over time: the truth, generated with the right sound, and with a wrong one.",
)

# %% [markdown]
# A strip shows eight moments of 75. How open the mouth is can be seen from how dark the middle of the
# picture is: between open lips it is dark. That gives a curve for each film, without any detector.


# %%
def openness(film):
    """How dark the middle of each frame is, less its mean: (T,)."""
    return opening(to_network(film))[0].numpy()


# %% figure="Darkness of the mouth over time: the truth, the right sound's film and the wrong sound's."
figure, axis = pictures.subplots(width=8, height=2.6)
for (label, name), style in zip(shown.items(), ("-", "--", ":"), strict=True):
    axis.plot(np.arange(75) / 25, openness(films[0][name])[:75], style, label=label)
axis.set(xlabel="seconds", ylabel="mouth open")
axis.legend(fontsize=8)
pictures.show(
    figure, "Darkness of the mouth over time: the truth, the right sound's film and the wrong sound's."
)

# %% [markdown]
# Two numbers a film, over all clips that we test: **r**, how the opening follows the truth, and the
# **PSNR**, how near the pixels are. (A film that stands still has no r.)

# %%
truth = np.concatenate([openness(each[RIGHT_VIDEO]) for each in films])
print(f"{len(films)} clips            r    PSNR (dB)")
for name in FILMS[:-1]:
    made = np.concatenate([openness(each[name]) for each in films])
    r = f"{np.corrcoef(truth, made)[0, 1]:.2f}" if made.std() > 1e-6 else "  –"
    pairs = [(torch.from_numpy(each[RIGHT_VIDEO]), torch.from_numpy(each[name])) for each in films]
    print(f"{name:22s}{r:>5s}{np.mean([float(psnr(*pair)) for pair in pairs]):10.1f}")

# %% [markdown]
# Compare the first row with the second: what is better with the right sound can only come from
# *listening*. Compare it with the third: a photograph of the same mouth. And mind the fourth: a blurred
# mean that nobody would call a mouth that talks can have a fine PSNR. Which number would you believe?
# Notebook 12 goes on from here.
#
# Numbers are one thing. The mouth goes back into the picture of the puppet, and the sound with it:


# %%
def talk(name, sound):
    """The first test clip's picture with one of its films in it, and a sound."""
    clip, mouths = unseen[0], films[0][name]
    portrait = Portrait(originals[0].frames[0], clip.mouths[0], clip.mouth_transforms[0])
    told = f"Still picture, moving mouth: {name}, “{sound.transcript}”."
    return players.video(
        portrait.speaking(mouths), waveform=sound.waveform, sample_rate=sound.sample_rate, alt=told
    )


talk(GENERATED, originals[0])

# %% [markdown]
# The same picture says what another clip says:

# %%
talk(OTHER_SOUND, originals[1])


# %% [markdown]
# And frame by frame, side by side:


# %%
def side_by_side(frame=30):
    """One moment of the three films."""
    return pictures.contact_sheet([films[0][name][frame] for name in shown.values()], list(shown), 3, width=5)


widgets.explore(side_by_side, alt="Truth, right sound and wrong sound at one moment.", frame=(0, 74))

# %% figure="Three mouths at the moment when the true one is open widest."
widest = int(openness(films[0][RIGHT_VIDEO]).argmax())
pictures.show(side_by_side(widest), "Three mouths at the moment when the true one is open widest.")

# %% [markdown]
# This one is drawn at the moment when the true mouth is open widest. Does the middle one know?
#
# ## 9 · Quiz

# %%
quizzes.ask("full_training")

# %% [markdown]
# ## What you take with you
#
# - Read the loop as an algorithm: who learns, from what, and who is held still meanwhile.
# - One batch by heart, before anything else.
# - Judge by what was never trained on, beside what needs no network: a photograph, a wrong sound.
# - A checkpoint has more than weights: the optimiser, random numbers, and the place in the data.
# - One NaN is all NaN. Look before each step, and say on which clip.
# - Shorten a gradient as a whole; cut piece by piece it points elsewhere.
# - Count operations before you start: the shortest time possible is known in advance.
