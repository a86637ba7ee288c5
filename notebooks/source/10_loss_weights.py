# ---
# title: Loss weights
# minutes: {cpu: 2, gpu: 1}
# builds: A board with sliders on a network that learns, and a way to see which of its losses has the say.
# needs: Python, basic PyTorch (gradients, a training loop), notebooks 07, 08 and 09 (the four losses).
# picture: {file: images/10.png, alt: "Mouths before and after 20 steps, and each loss's share of the push."}
# equations:
#   - "glance Eq. 2: the full objective, four losses with a weight each"
#   - "glance Eq. 4: lambda_p and lambda_u, the discriminator's weights"
# ---

# %% [markdown]
# # 10 · Loss weights
#
# Four losses wait to be used: the lips should move with the sound (07), each pixel should be right, and so
# should features (08), and a judge should believe it all (09). "Lip Movements Generation at a Glance"
# (**glance**, ECCV 2018) adds them up, each with a weight: 1, 0.5, 1 and 1. Why these? What if one of
# them were twice as large, or missing?
#
# The paper answers with a table of nine finished trainings. You will do better, and *watch*: a small
# network learns here, in this kernel, while you turn its weights. First you build the instruments, so that
# you can read the board: the total, the share that each loss has in what reaches the pixels, and what
# lambda does to a judge.

# %% tags=["parameters"]
profile = "class"

# %%
from dataclasses import asdict, replace

import numpy as np
import torch

from lipcourse import pictures
from lipcourse.course import check, quizzes, widgets
from lipcourse.course.board import show_board
from lipcourse.course.board_pictures import draw_history, film, push_images
from lipcourse.course.checks.loss_weights import best_belief, weight_for_share
from lipcourse.course.loss_grid import OPTIONS, STAGES, WINDOWS, draw_trained, load_grid, true_strip, watch
from lipcourse.course.sentences import Sentences, one_puppet
from lipcourse.profiles import choose_profile
from lipcourse.training.live import LOSSES, true_frames
from lipcourse.training.losses import ObjectiveWeights, discriminator_loss

# %%
pictures.use_style()
size = choose_profile(profile)
paper = ObjectiveWeights()
print(paper)

# %% [markdown]
# ## 1 · One number
#
# A gradient belongs to *one* number. So four are added up:
#
# $$ \ell = \lambda_1 \ell_{corr} + \lambda_2 \ell_{pix} + \lambda_3 \ell_{perc} + \lambda_4 \ell_{gen},
# \qquad \lambda = (1, 0.5, 1, 1) \tag{glance 2} $$

# %% [markdown] exercise="weigh_losses" difficulty=1 minutes=5
# ### Exercise 1 · The total
#
# Write `weigh_losses(losses, weights)`: two dictionaries with the same keys (names), losses as tensors of one
# number, weights as numbers. Return the weighted sum. A loss whose weight is 0 must play no part,
# *whatever its value is*.
#
# > hint: Go through the names, and look up both. What is 0 times NaN?
#
# > hint: `sum(weights[name] * losses[name] for name in losses if weights[name])`


# %% solution="weigh_losses"
def weigh_losses(losses, weights):
    """The sum of the losses, each times its weight."""
    # solution
    return sum(weights[name] * losses[name] for name in losses if weights[name])
    # end solution


# %%
check.weigh_losses(weigh_losses)

# %% [markdown]
# ## 2 · A network that learns while you wait
#
# The generator of notebook 06, its judge, and the rest of glance, with a quarter of the paper's channels. The
# generator has a head start: it is the network `glance-puppets`, which comes with the course. It learned
# from 80 other puppets, by the pixel loss alone, and can speak. Its judge knows nothing yet. Here it goes on
# with one puppet's mouth, from a few sentences, at the paper's learning rate. The sentence that we look at
# is not among them.

# %%
clips = one_puppet(4 if size.name == "fast" else 6)
sentences = Sentences(clips, **WINDOWS)
print("to learn from:", "; ".join(sentences.transcripts[:-1]))
print("to look at:   ", sentences.transcripts[-1])

# %%
options = replace(OPTIONS, autoencoder_steps=4 if size.name == "fast" else OPTIONS.autoencoder_steps)
live = watch(sentences, options)

# %% [markdown]
# (The autoencoder, which the perceptual loss needs, has been trained meanwhile, as in notebook 08. Batch
# normalisation uses fixed statistics here, so that a sentence looks the same whatever it is shown with.)
#
# A look at the sentence before the first step: all four losses, once.

# %%
for name, value in live.history[0].losses.items():
    print(f"{name:12} {value:8.3f}   times {getattr(paper, name)}")

# %% [markdown]
# > **Predict, then run.** Which of the four will have the largest say in how the picture changes? The one
# > with the largest value? Now do some steps by the paper's weights.

# %%
for _ in range({"fast": 3, "class": 30, "full": 400}[size.name]):
    live.step()
print(f"step {live.history[-1].step}, {live.history[-1].seconds:.2f} s a step")

# %% figure="Two rows of eight mouths: the true ones above, below what the network paints by now."
strip = film(true_frames(live), live.pictures.frames)
figure = pictures.contact_sheet([strip], columns=1)
pictures.show(figure, "Two rows of eight mouths: the true ones above, below what the network paints by now.")

# %% [markdown]
# ## 3 · Who pushes the pixels?
#
# Each loss has a gradient at each pixel of the generated video: a *push*, towards brighter or darker. It
# goes on from there into the generator's weights. The total's push is the weighted sum of four, so ask how
# much of it comes from each.

# %% [markdown] exercise="push_shares" difficulty=2 minutes=8
# ### Exercise 2 · Shares
#
# Write `push_shares(gradients, weights)`: dictionaries by name; each gradient is a tensor (3, T, H, W), each
# weight a number. The *size* of a push is the sum over all pixels and colours of |weight x gradient|. Return
# a dictionary: for each name its size divided by the sum of all sizes, as a float.
#
# > hint: First a dictionary of sizes, then divide each by the sum of its values.
#
# > hint: `sizes = {name: weights[name] * float(each.abs().sum()) for name, each in gradients.items()}`


# %% solution="push_shares"
def push_shares(gradients, weights):
    """Each loss's part of all that pushes the pixels."""
    # solution
    sizes = {name: weights[name] * float(each.abs().sum()) for name, each in gradients.items()}
    return {name: size / sum(sizes.values()) for name, size in sizes.items()}
    # end solution


# %%
check.push_shares(push_shares)

# %% [markdown]
# `live` has measured this at each step, by the package's `gradient_shares`.

# %% figure="Left four loss curves, right the share of each loss in the push, step by step."
figure = draw_history(live.history)
pictures.show(figure, "Left four loss curves, right the share of each loss in the push, step by step.")

# %%
for name, share in live.history[-1].shares.items():
    print(f"{name:12} {share:8.3%}   (loss {live.history[-1].losses[name]:.3f})")

# %% [markdown]
# Weights of 1, 0.5, 1 and 1 look like a fair division. They are nothing of the kind: the pixel loss, which
# has half a weight, has next to no say. It is a **mean** over all pixels: however wrong, it pushes each of
# $n$ numbers by $1/n$, and cannot do more. The judge and the
# correlation loss look through networks, and networks amplify.
#
# So a weight by itself means nothing. It has a meaning beside a definition (mean or sum?), a size of network,
# a moment of the training. The paper's four belong to the paper's networks. On this one, the judge and the
# correlation loss do as they like: colours drift and stripes appear, and nobody with a say objects.
#
# A second thing to read with care: a push counts here whether it is steady or not. What is different in each
# step and at each pixel averages out on its way, as noise does; a weak push that always points the same way
# adds up. (And the correlation loss has a second way, around the pixels: it also teaches the audio
# encoder directly.)
#
# ## 4 · Where do they push?
#
# > **Predict, then run.** Which losses look at the lips? Which look everywhere?

# %% figure="Five maps of the frame: where each loss pushes, and where all do together."
maps = push_images(live.pictures, live.options.weights)
figure = pictures.contact_sheet(list(maps.values()), list(maps), columns=5)
pictures.show(figure, "Five maps of the frame: where each loss pushes, and where all do together.")

# %% [markdown]
# Each map has its own scale: it tells *where*, and the shares tell how much. The pixel loss is flat (notebook
# 08: L1 pushes every wrong number alike). The others have places of their own. And the last map, what
# the generator really gets, looks like whoever has the largest share.
#
# ## 5 · A weight for a share
#
# If shares are what counts, choose *them*, and compute the weight.

# %% [markdown] exercise="find_weight" difficulty=2 minutes=6
# ### Exercise 3 · What weight?
#
# Write `find_weight(size, others, share)`: `size` is how hard a loss pushes at weight 1, `others` how hard
# all the others push together, with their weights. Return the weight that gives it this `share` of the whole.
#
# > hint: With weight w it pushes by w·size, and the whole is w·size + others. Solve for w.
#
# > hint: w·size·(1 - share) = share·others


# %% solution="find_weight"
def find_weight(size, others, share):
    """The weight at which a loss has a share of the whole push."""
    # solution
    return share / (1 - share) * others / size
    # end solution


# %%
check.find_weight(find_weight)

# %% [markdown]
# What would it take to give the pixels half of the say, all other weights as in the paper?

# %%
sizes = {name: float(push.sum()) for name, push in live.pictures.pushes.items()}
others = sum(asdict(paper)[name] * sizes[name] for name in LOSSES if name != "pixel")
print(f"a pixel weight of {weight_for_share(sizes['pixel'], others, 0.5):,.0f}")

# %% [markdown]
# Turning up one weight so far is the same as turning down all the others (Adam does not mind how large a
# gradient is as a whole, only how its parts compare). That is what practice looks like: one loss keeps
# weight 1, the others get 0.1, 0.001, 0.0001, until curves and pictures look right.
#
# ## 6 · The judge has weights, too
#
# In Eq. 4 the judge is shown matched, generated and mismatched pairs; the latter two count $\lambda_p$ and
# $\lambda_u$:
#
# $$ \ell_{dis} = -\log D(s_j, v_j) - \lambda_p \log(1 - D(s_j, \hat{v})) - \lambda_u \log(1 - D(s_j, v_k))
# \tag{glance 4} $$
#
# Suppose that $m$ matched, $g$ generated and $u$ mismatched pairs look exactly alike to it. It must give
# them all the same answer $D$. Which one is best? Together they cost
#
# $$ -m \log D - (\lambda_p g + \lambda_u u) \log(1 - D) \tag{2} $$
#
# and the slope of this is 0 where $D$ is to $1 - D$ as $m$ is to $\lambda_p g + \lambda_u u$.

# %% [markdown] exercise="judge_belief" difficulty=3 minutes=8
# ### Exercise 4 · Its best answer
#
# Write `judge_belief(m, g, u, lambda_p, lambda_u)`: return the best $D$ for pairs that look alike, of which
# `m` are matched, `g` generated and `u` mismatched.
#
# > hint: You know the odds D : (1 - D). A probability is one side of the odds divided by both together.
#
# > hint: `m / (m + ...)`


# %% solution="judge_belief"
def judge_belief(m, g, u, lambda_p, lambda_u):
    """The D that makes Eq. 4 least for pairs that cannot be told apart."""
    # solution
    return m / (m + lambda_p * g + lambda_u * u)
    # end solution


# %%
check.judge_belief(judge_belief)

# %% [markdown]
# > **Predict, then run.** The judge cannot tell anything from anything (m = g = u). What does it say with
# > both lambdas 0.5? With both 1? And with $\lambda_u$ = 0, what does it no longer mind?

# %%
for lambdas in ((0.5, 0.5), (1.0, 1.0), (0.5, 0.0)):
    said = torch.logit(torch.tensor([best_belief(1, 1, 1, *lambdas)]))
    loss = discriminator_loss(said, said, said, lambda_p=lambdas[0], lambda_u=lambdas[1])
    print(f"lambdas {lambdas}: D = {torch.sigmoid(said).item():.2f}, loss {loss.item():.3f}")

# %% [markdown]
# The halves keep the two sides of the scales even: one right pair against half of each wrong one, and
# *undecided* is 1/2. With $\lambda_u$ = 0 no wrong sound counts, and it need not listen: sharp pictures pass.
#
# ## 7 · Turn a weight
#
# Enough instruments. A weight may be changed between any two steps. Begin anew with gentler weights, all but
# the pixels turned far down, and then give the paper's weights to what has been learned:
#
# > **Predict, then run.** What happens to the four curves, and what to the shares, where the weights change?

# %% figure="Loss curves and shares with a dotted line where weights were turned: shares change at once."
live.reset(options)
live.turn(correlation=0.001, pixel=1.0, perceptual=0.1, adversarial=0.0001)
for _ in range({"fast": 2, "class": 20, "full": 400}[size.name]):
    live.step()
learned = live.pictures.frames
live.turn(**asdict(paper))
for _ in range({"fast": 2, "class": 5, "full": 20}[size.name]):
    live.step()
figure = draw_history(live.history)
pictures.show(
    figure, "Loss curves and shares with a dotted line where weights were turned: shares change at once."
)

# %% figure="Three rows of mouths: true, after gentle weights, and after a few steps by the paper's."
strip = film(true_frames(live), learned, live.pictures.frames)
figure = pictures.contact_sheet([strip], columns=1)
pictures.show(
    figure, "Three rows of mouths: true, after gentle weights, and after a few steps by the paper's."
)

# %% [markdown]
# The dotted line is where the weights were turned. The shares jump at once; the losses follow in their own
# time.
#
# ## 8 · The board
#
# Now you. The network begins anew. Press **run**. Each slider acts on the next step, and a dotted line in the
# curves marks where you moved it. The list has the nine methods of the paper's Table 2. (f to i need other
# networks: choosing one begins anew.) **Reset** begins anew with the weights as they stand.

# %%
live.reset(options)
show_board(live)
# %% [markdown]
# Things to try, each with a prediction first. Give each some dozens of steps:
#
# 1. Everything 0 but the pixels. What becomes sharp, what stays soft, and does the mouth move?
# 2. Then raise the adversarial loss, from 0.0001 upwards, until the picture breaks. At which share?
# 3. Correlation alone. Its loss falls: are these lips that move with the sound? (Notebook 07 knows.)
# 4. No adversarial loss for 50 steps, then on. The judge learns only from then: what does its curve do?
# 5. $\lambda_p$ = 0: the judge is no longer told that generated pairs are wrong. Who profits?
#
# (Without a kernel the board is not here; what it shows are the figures of sections 2, 3, 4 and 7.)
#
# ## 9 · Trained already
#
# Patience is not everybody's. These are runs of 20 steps from the same head start, on the same sentences, and
# the weights of the losses are all in which they differ (f to i have other networks, too). Slide through
# methods and steps.

# %%
grid = load_grid()


def trained(run="e · full", step=STAGES[-1]):
    """A run of the grid at one of its stages."""
    return draw_trained(grid[run], step, true_strip())


widgets.explore(trained, alt="Truth, generated frames and curves.", run=list(grid), step=list(STAGES))

# %% figure="Rows of eight mouths: the truth, and what each run paints after its last step."
names = list(grid)
strips = [true_strip(), *(grid[name].strips[-1] for name in names)]
figure = pictures.contact_sheet(strips, ["truth", *names], columns=2, width=9)
pictures.show(figure, "Rows of eight mouths: the truth, and what each run paints after its last step.")

# %% [markdown]
# > **Before you read on:** write down which of these you would call best, and by which sign.
#
# Numbers at the end, each against the truth of the sentence:

# %%
print(f"{'':36} pixel  correlation   share of the pixel loss")
for name, run in grid.items():
    ends = [np.mean(run.losses[each][-3:]) for each in ("pixel", "correlation")]
    print(f"{name:36} {ends[0]:5.3f}  {ends[1]:11.3f}   {np.mean(run.shares['pixel'][-3:]):.1%}")

# %% [markdown]
# Do not take this for the paper's table. 20 steps of a small network tell how weights *act*: what each
# loss wants soonest, and what it leaves alone. None ends nearer to the truth than it began: the two in
# which the pixels have a say stay closest, a judge that knows nothing yet spoils most. Which method is
# best after a whole training is another question, with many talkers, metrics and intervals. Notebook 13
# asks it.
#
# One thing can be seen here, though: whoever has the say decides what the picture looks like, and at the
# paper's weights that is not the pixel loss.
#
# ## 10 · Quiz

# %%
quizzes.ask("loss_weights")

# %% [markdown]
# ## What you take with you
#
# - A weight means something only beside the size of its loss's gradient. Measure the *share*.
# - A mean over pixels pushes each of them by 1/n; networks amplify. Weights 1 and 0.5 may be 70 % and 0.01 %.
# - Look where a loss pushes, not only how much.
# - Leave a loss out by leaving it out: 0 times NaN is NaN.
# - The lambdas of Eq. 4 set where a judge who knows nothing stands, and what it need not learn.
