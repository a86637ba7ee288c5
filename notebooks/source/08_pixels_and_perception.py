# ---
# title: Pixels and perception
# minutes: {cpu: 1, gpu: 1}
# builds: Three opinions on how like two pictures are, and a look at where in a frame each of them pushes.
# needs: Python, basic PyTorch (gradients, a training loop), notebook 02 (mouth crops).
# picture: {file: images/08.png, alt: "Five spoilt mouths, equally wrong by L1, and where features push."}
# equations:
#   - "glance, section 3.4: the pixel loss (L1)"
#   - "glance Eq. 3: the perceptual loss, on features of an autoencoder"
# ---

# %% [markdown]
# # 08 · Pixels and perception
#
# A generator paints a mouth, and we have the true one beside it. *How wrong is it?* A person looks and
# knows. A network needs one number, and the slope of that number at each pixel: this is all that it will
# ever learn from.
#
# Compare pixel by pixel, and the number is honest, but it has a taste that nobody asked for: where the
# sound leaves room for two mouths, it would rather have neither. "Lip Movements Generation at a Glance"
# (**glance**, ECCV 2018) therefore compares twice, pixels (its **L1** loss) and **features** of a small
# network that it trains for nothing else (its Eq. 3).
#
# You will build both and the two marks that papers print, PSNR and SSIM, train that network here in
# seconds, spoil a mouth in five ways, and see who minds what.

# %% tags=["parameters"]
profile = "class"

# %%
import torch
from torch.nn import functional

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, quizzes, widgets
from lipcourse.course.checks.pixels_and_perception import best_guesses, feature_push
from lipcourse.metrics.images import psnr, psnr_wrapped, ssim
from lipcourse.networks.autoencoder import PerceptualAutoencoder
from lipcourse.networks.layers import freeze
from lipcourse.profiles import choose_profile
from lipcourse.signals.alignment import crop_mouths
from lipcourse.training.losses import perceptual_loss, pixel_loss

pictures.use_style()
size = choose_profile(profile)

# %% [markdown]
# Two puppets, as networks see them: three colours, frames, height, width, numbers from -1 to 1.


# %%
def mouth_video(clip):
    """The mouths of a clip without what is behind them, (3, T, 48, 48) in [-1, 1]."""
    mouths, _ = crop_mouths(clip.frames, clip.landmarks)
    return torch.from_numpy(mouths[:, 8:56, 8:56]).permute(3, 0, 1, 2).float() / 127.5 - 1


def painted(frame):
    """One frame (3, H, W) in [-1, 1] as a picture for people, uint8 (H, W, 3)."""
    return ((frame.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


video, stranger = (mouth_video(clip) for clip in open_corpus("puppet").clips(limit=2))
print("video", tuple(video.shape))

# %% [markdown]
# ## 1 · Neither of both
#
# Before somebody speaks there is silence, and the lips may be shut or already open: the sound does not
# say. Suppose that of five times this very silence was heard, the mouth was shut in three and open in two.

# %% figure="Five mouths: three nearly shut, two wide open."
possible = video[:, [0, 4, 8, 24, 36]].unbind(dim=1)
figure = pictures.contact_sheet([painted(frame) for frame in possible], columns=5, width=6)
pictures.show(figure, "Five mouths: three nearly shut, two wide open.")

# %% [markdown]
# The network hears the same silence five times, so it must paint the *same* picture five times. Which one
# makes the mean error smallest? Look at a single pixel, between the lips, where the mouths differ most.
# Paint it in any brightness, and take the mean of the five errors, absolute (L1) or squared (L2):

# %%
frames = torch.stack(possible)  # (5, 3, 48, 48)
lips = frames.std(0).mean(0)[18:36, 8:40]  # the rows and columns of the lips
row, column = 18 + int(lips.argmax()) // 32, 8 + int(lips.argmax()) % 32
pixel = frames[:, :, row, column].mean(1)
paint = torch.linspace(-1, 1, 201)
differences = paint[:, None] - pixel
curves = {"L1": differences.abs().mean(1), "L2": differences.square().mean(1)}

# %% figure="Two curves over brightness: L1 has corners and its lowest point at one mouth, L2 between all."
figure, axis = pictures.subplots(width=7, height=2.8)
for (name, curve), marker in zip(curves.items(), "os", strict=True):
    line = axis.plot(paint, curve, label=name)[0]
    axis.plot(paint[curve.argmin()], curve.min(), marker, markersize=8, color=line.get_color())
axis.plot(pixel, torch.zeros(5), "|", markersize=18, color=pictures.COLOURS["black"])
axis.set(xlabel=f"brightness painted at row {row}, column {column}", ylabel="mean error", ylim=(-0.08, 1))
axis.legend()
pictures.show(
    figure, "Two curves over brightness: L1 has corners and its lowest point at one mouth, L2 between all."
)

# %% [markdown]
# The strokes at the bottom are the five mouths; three lie close together. L2 is lowest at their **mean**,
# where no mouth was. L1 is lowest at their **median**, the one in the middle: two lie above it and two
# below, so that a step to either side brings it nearer to two mouths and takes it away from three.

# %% [markdown] exercise="guess_both" difficulty=1 minutes=4
# ### Exercise 1 · The best guesses
#
# Write `guess_both(possible)`: of pictures (N, H, W) or (N, 3, H, W), with N odd, return two pictures:
# the one with the least mean **squared** error, then the one with the least mean **absolute** error.
#
# > hint: Each pixel is a question of its own: mean and median go along the axis of the pictures.
#
# > hint: `possible.mean(dim=0)`, and `possible.median(dim=0).values` (along an axis `median` also says
# > *where* the values were).


# %% solution="guess_both"
def guess_both(possible):
    """The best picture by squared errors, and by absolute errors."""
    # solution
    return possible.mean(dim=0), possible.median(dim=0).values
    # end solution


# %%
check.guess_both(guess_both)

# %% [markdown]
# > **Predict, then run.** What will both look like for the five mouths? And if *every* frame of the clip
# > were possible?

# %% figure="Five mouths: a ghost for L2, a shut mouth for L1; for all frames soft lips and grey teeth."
every = video.unbind(dim=1)[:75]
guesses = [*best_guesses(frames), *best_guesses(torch.stack(every))]
labels = ["L2 of five", "L1 of five", "L2 of all frames", "L1 of all frames"]
figure = pictures.contact_sheet([painted(guess) for guess in guesses], labels, columns=4, width=6.5)
pictures.show(
    figure, "Five mouths: a ghost for L2, a shut mouth for L1; for all frames soft lips and grey teeth."
)

# %% [markdown]
# L2 paints a ghost of two mouths. L1 takes the side of the majority, and is sharp. But it asks each pixel
# *by itself*: where many mouths are possible, the majority at one pixel is not the majority at its
# neighbour, and what comes out is nobody's mouth. And teeth or the dark between lips, which are at any one
# pixel seldom, are outvoted.
#
# So pixels alone make blur, L1 less so than L2. It is no fault of the network: this *is* the answer to the
# question that it was asked.
#
# ## 2 · Where a pixel loss pushes
#
# glance takes L1. As its weight in Eq. 2 is 0.5 whatever the size of a frame, the package takes the mean:
#
# $$ \ell_{pix} = \frac{1}{n} \sum_{i=1}^{n} \lvert \hat{v}_i - v_i \rvert \tag{glance, section 3.4} $$

# %% [markdown] exercise="absolute_error" difficulty=1 minutes=3
# ### Exercise 2 · The pixel loss
#
# Write `absolute_error(video, target)`: two videos (B, 3, T, H, W) in [-1, 1]. Return the mean over all
# their numbers of the absolute difference.
#
# > hint: Difference, absolute value, mean: in this order.
#
# > hint: `(video - target).abs().mean()`


# %% solution="absolute_error"
def absolute_error(video, target):
    """The mean absolute difference of two videos: one number."""
    # solution
    return (video - target).abs().mean()
    # end solution


# %%
check.absolute_error(absolute_error)

# %% [markdown]
# A network never sees a loss, only its gradient. Paint the ghost where the truth is an open mouth, and ask
# at each pixel: which way should it change, and how much does that matter?
#
# > **Predict, then run.** Half of the difference is repaired. What becomes of the push at a pixel that is
# > half as wrong as before, by L1, and by L2?


# %%
def push(loss_of, guess, truth):
    """Minus the gradient of a loss at a guess: the way in which each of its numbers should go."""
    guess = guess.clone().requires_grad_()
    return -torch.autograd.grad(loss_of(guess, truth), guess)[0]


ghost, truth = guesses[0], frames[3]
pixel_losses = {"L1": pixel_loss, "L2": functional.mse_loss}
pushes = {name: push(loss_of, ghost, truth) for name, loss_of in pixel_losses.items()}


# %%
def draw_push(axis, push, title):
    """Draw where a frame (3, H, W) should become brighter (purple) or darker (orange)."""
    shown = push.mean(0)
    strong = float(shown.abs().quantile(0.99))  # a few pixels may be pushed much harder
    axis.imshow(shown, cmap="PuOr", vmin=-strong, vmax=strong)
    axis.set(title=title, xticks=[], yticks=[])
    axis.title.set_fontsize(10)


# %% [markdown]
# Purple is where a frame should become brighter, orange where it should become darker.

# %% figure="Ghost, truth, and two pushes: L1 pushes all over the face alike, L2 at the lips and teeth."
figure, axes = pictures.subplots(1, 4, width=9, height=2.5)
for axis, frame, title in zip(axes, (ghost, truth), ("painted", "true"), strict=False):
    axis.imshow(painted(frame))
    axis.set(title=title, xticks=[], yticks=[])
for axis, (name, towards) in zip(axes[2:], pushes.items(), strict=True):
    draw_push(axis, towards, f"push of {name}")
pictures.show(
    figure, "Ghost, truth, and two pushes: L1 pushes all over the face alike, L2 at the lips and teeth."
)

# %%
for name, towards in pushes.items():
    strength = towards.abs().mean(0)
    print(f"{name}: {strength[14:40, 6:42].sum() / strength.sum():.0%} of the push is at the mouth")
print(f"(which is {26 * 36 / 48**2:.0%} of the frame)")

# %% [markdown]
# The slope of |x| is 1 or -1, whatever x is: **L1 pushes each wrong number with the same strength**, be it
# wrong by the width of a tooth or by a breath of colour in the chin. The slope of x² is 2x: L2 pushes
# where the error is large, and lets go long before it is gone. L1 works on until everything is right,
# and so it is sharper in the end; but it cares no more for lips than for cheeks, and most of a face is
# cheek.
#
# ## 3 · The marks that papers print
#
# Two numbers stand in nearly every table. The first is the **signal-to-noise ratio** (PSNR), L2 in the
# dress of a logarithm:
#
# $$ \mathrm{PSNR} = 10 \log_{10} \frac{p^2}{\frac{1}{n} \sum_i (\hat{v}_i - v_i)^2} \tag{1} $$
#
# in decibels. $p$ is the **peak**, the distance from black to white: 255 for 8-bit levels, and for our
# videos?

# %% [markdown] exercise="signal_to_noise" difficulty=2 minutes=6
# ### Exercise 3 · Decibels
#
# Write `signal_to_noise(reference, generated)`: two videos (3, T, H, W) in [-1, 1]. Return the PSNR of
# Eq. (1), one mean over all their numbers.
#
# > hint: How far apart are black (-1) and white (1)? And which of torch's logarithms has base ten?
#
# > hint: `10 * torch.log10(2**2 / mean_square)`


# %% solution="signal_to_noise"
def signal_to_noise(reference, generated):
    """The PSNR of two videos in [-1, 1], in decibels."""
    # solution
    mean_square = (reference - generated).square().mean()
    return 10 * torch.log10(2**2 / mean_square)
    # end solution


# %%
check.signal_to_noise(signal_to_noise)

# %% [markdown]
# The second, **SSIM**, looks through a small window at each place, and asks three things: is the mean
# brightness alike, the contrast, and do both go up and down together? It is 1 for the same picture.
# (The package takes it from torchmetrics.)
#
# ## 4 · A network that has seen mouths
#
# A person does not compare pixels. They see *lips, parted, teeth*. A network that is to compare like this
# needs features that mean something for mouths. Many take one that was trained to name cats and lorries.
# glance trains its own, and needs no labels: an **autoencoder**. Its encoder squeezes a frame of
# 3 x 48 x 48 numbers into features of 12 x 12 places; its decoder has to paint the frame again from
# them alone. (256 channels in the paper, which is no squeezing at all; 32 here.)

# %%
torch.manual_seed(1)
autoencoder = PerceptualAutoencoder(1 / 8)
print(
    "features",
    tuple(autoencoder.encode(video[None, :, :1]).shape),
    "  batch, channels, frames, height, width",
)

# %% [markdown]
# It is trained with the pixel loss, on the frames of the clip.


# %%
def train(network, steps):
    """Let an autoencoder return random frames of the video; return its losses."""
    adam = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 5e-3, total_steps=steps)
    losses = []
    for step in range(steps):
        network.train(step < 2 * steps // 3)  # then with fixed normalisation, as it will be used
        some = video[None, :, torch.randperm(video.shape[1])[:5]]
        loss = pixel_loss(network(some), some)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
        losses.append(loss.item())
    return losses


# %%
steps = {"fast": 60, "class": 200, "full": 4000}[size.name]
losses = train(autoencoder, steps)
freeze(autoencoder)
print(f"pixel loss: {losses[0]:.2f} at first, {sum(losses[-10:]) / 10:.2f} at the end")

# %% figure="Four mouths above; below, the same painted again from their features, much coarser."
some = video[:, [0, 24, 36, 44]]
with torch.inference_mode():
    again = autoencoder(some[None])[0]
shown = [painted(frame) for frame in (*some.unbind(1), *again.unbind(1))]
labels = ["shown"] * 4 + ["painted again"] * 4
figure = pictures.contact_sheet(shown, labels, columns=4, width=6)
pictures.show(figure, "Four mouths above; below, the same painted again from their features, much coarser.")

# %% [markdown]
# After so short a training it paints no beauties. It need not: the decoder is thrown away. What counts is
# that the features know a shut mouth from an open one and a wide one from a round one.
#
# ## 5 · Compare what it sees
#
# $$ \ell_{perc} = \lVert \varphi(\hat{v}) - \varphi(v) \rVert_2^2 \tag{glance 3} $$
#
# with the encoder $\varphi$. (Divided by the number of features, in the package.) One thing must not
# happen: that the *judge* learns from it. A judge who may change finds the easy way out, as phi_s and phi_v
# did in notebook 07: features that are 0 for everybody. So it is fixed first. `freeze` does two things:

# %%
fresh = PerceptualAutoencoder(1 / 32)
print("before:", fresh.training, next(fresh.parameters()).requires_grad)
freeze(fresh)
print("after: ", fresh.training, next(fresh.parameters()).requires_grad)

# %% [markdown]
# The first is for normalisation: in training mode it takes mean and variance from what it is shown, so
# that the features of one frame depend on the others beside it. The second spares the weights. Gradients
# still go *through* them, to the picture: that is the whole point.

# %% [markdown] exercise="compare_features" difficulty=3 minutes=10
# ### Exercise 4 · Compare features
#
# Write `compare_features(network, generated, target)`: the network is an autoencoder as training leaves
# it; both videos are (B, 3, T, H, W). Fix it (`freeze`), and return two things: the mean squared
# difference of what its `encode` sees in both, and the gradient of that at `generated`, in its shape.
#
# > hint: Gradients are asked of a tensor that wants them: take `generated.clone().requires_grad_()`, and
# > let the network see this one.
#
# > hint: `loss = (network.encode(given) - network.encode(target)).square().mean()`, then
# > `torch.autograd.grad(loss, given)[0]`.


# %% solution="compare_features"
def compare_features(network, generated, target):
    """The perceptual loss by a fixed network, and its gradient at the generated video."""
    # solution
    freeze(network)
    given = generated.clone().requires_grad_()
    loss = (network.encode(given) - network.encode(target)).square().mean()
    return loss.detach(), torch.autograd.grad(loss, given)[0]
    # end solution


# %%
check.compare_features(compare_features)

# %% [markdown]
# ## 6 · As wrong as each other
#
# Now spoil an open mouth in five ways: move it to the right, blur it, strew noise, make everything
# brighter, or let another mouth shine through. Each takes an amount.


# %%
noise = torch.randn(video[:, :1].shape, generator=torch.Generator().manual_seed(0))


def blurred(picture, amount):
    """Mean of neighbours, weighted by a bell `amount` pixels wide."""
    far = torch.arange(-9, 10)
    bell = torch.exp(-0.5 * (far / max(amount, 0.1)) ** 2)
    bell = (bell / bell.sum())[None, None]
    padded = functional.pad(picture, (9, 9, 9, 9), mode="replicate")
    across = functional.conv2d(padded.flatten(0, 1)[:, None], bell[:, :, None])
    return functional.conv2d(across, bell[..., None]).reshape(picture.shape)


# %%
def moved(picture, amount):
    """Moved to the right by `amount` pixels, part of a pixel included."""
    whole, part, width = int(amount), amount % 1, picture.shape[-1]
    padded = functional.pad(picture, (whole + 1, 0, 0, 0), mode="replicate")
    near, far = padded[..., 1 : 1 + width], padded[..., :width]
    return (1 - part) * near + part * far


right = video[:, 24:25]
other = video[:, 44:45]
SPOIL = {
    "moved": lambda amount: moved(right, 8 * amount),
    "blurred": lambda amount: blurred(right, 8 * amount),
    "noisy": lambda amount: right + amount * noise,
    "brighter": lambda amount: right + amount,
    "ghost": lambda amount: (1 - amount) * right + amount * other,
}

# %% [markdown]
# Move it by one pixel, and find for the other four that amount which makes **the same pixel loss**. (The
# loss rises with the amount: halve the interval again and again.)


# %%
def amount_for(spoil, wanted):
    """The amount at which a spoilt mouth has the pixel loss `wanted`."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if pixel_loss(spoil(middle), right) < wanted else (low, middle)
    return low


wanted = pixel_loss(moved(right, 1), right)
spoilt = {name: spoil(amount_for(spoil, wanted)) for name, spoil in SPOIL.items()}
for name, picture in spoilt.items():
    print(f"{name:9s} pixel loss {pixel_loss(picture, right):.4f}")

# %% figure="A mouth, and five spoilt ones: moved, blurred, noisy, brighter, and with another over it."
shown = [painted(picture[:, 0]) for picture in (right, *spoilt.values())]
figure = pictures.contact_sheet(shown, ["right", *spoilt], columns=6, width=9)
pictures.show(
    figure,
    "A mouth, and five spoilt ones: moved, blurred, noisy, brighter, and with another over it.",
)

# %% [markdown]
# > **Predict, then run.** By L1 all five are equally wrong. Put them in order by eye: which is the worst?
# > Then guess the order by PSNR, by SSIM, and by the perceptual loss.


# %%
def levels(picture):
    """A video (3, T, H, W) in [-1, 1] as 8-bit levels (T, H, W, 3), for the metrics."""
    return ((picture.clamp(-1, 1) + 1) * 127.5).round().byte().movedim(0, -1)


def opinions(picture):
    """PSNR, SSIM and perceptual loss of a spoilt mouth."""
    pair = levels(right), levels(picture)
    perceived, _ = feature_push(autoencoder, picture[None], right[None])
    return float(psnr(*pair)), float(ssim(*pair)), float(perceived)


marks = {name: opinions(picture) for name, picture in spoilt.items()}
print("          PSNR   SSIM  perceptual")
for name, values in marks.items():
    print("{:9s} {:4.1f}  {:.3f}  {:.3f}".format(name, *values))

# %% figure="Three rows of bars, one an opinion: each puts the five spoilt mouths in another order."
figure, axes = pictures.subplots(1, 3, width=9, height=2.6, sharey=True)
titles = ("PSNR (lower: worse)", "SSIM (lower: worse)", "perceptual (higher: worse)")
for axis, values, title in zip(axes, zip(*marks.values(), strict=True), titles, strict=True):
    axis.barh(list(marks), values, color=pictures.COLOURS["sky"])
    axis.set_title(title, fontsize=10)
    axis.set_xlim(left=0.9 * min(values) if "lower" in title else 0)
axes[0].yaxis.set_inverted(True)
pictures.show(
    figure, "Three rows of bars, one an opinion: each puts the five spoilt mouths in another order."
)

# %% [markdown]
# Three judges, three orders. (Bars of PSNR and SSIM do not begin at 0.)
#
# - **PSNR** cares for the *size* of errors: where the same L1 is spread thinly, as with brightness, it
#   is content; where it is piled up at edges it is not.
# - **SSIM** hates noise, which spoils every smooth window, and forgives brightness entirely.
# - **The features** hardly mind noise: an autoencoder cannot keep it, so it has learnt to overlook it. A
#   mouth that is moved or is half another one costs several times as much.
#
# No order is *the* right one. But a mouth that opens at the wrong time is a "ghost" or worse, and not
# noise. Is it the training that makes the features what they are? Ask an autoencoder that has not learnt:

# %%
torch.manual_seed(0)
untrained = freeze(PerceptualAutoencoder(1 / 8))
for judge in (autoencoder, untrained):
    losses = [float(feature_push(judge, picture[None], right[None])[0]) for picture in spoilt.values()]
    told = zip(spoilt, losses, strict=True)
    print("  ".join(f"{name} {loss / max(losses):4.0%}" for name, loss in told))

# %% [markdown]
# (Above the trained, below the untrained one; the worst is 100 %.) Random filters see shapes, too, but
# noise as well, and they mind blur as much as a ghost. Overlooking noise and looking at the mouth was learnt.
# What your own network minds depends on what it has been shown and for how long: train it from another
# seed, and the places in the middle may change. A learnt judge has its moods.
#
# ## 7 · Where features push
#
# > **Predict, then run.** Where will the push of L1 be for the moved mouth? For noise? And will features
# > push at single pixels?


# %%
def draw_pushes(column, picture, name):
    """A spoilt mouth, and below it where L1 and where the features push."""
    column[0].imshow(painted(picture[:, 0]))
    column[0].set(title=name, xticks=[], yticks=[])
    draw_push(column[1], push(pixel_loss, picture, right)[:, 0], "L1")
    _, gradient = feature_push(autoencoder, picture[None], right[None])
    draw_push(column[2], -gradient[0, :, 0], "features")


# %% figure="Five spoilt mouths; below, pushes of L1 cover the frame, those of features the lips."
figure, axes = pictures.subplots(3, 5, width=9, height=6)
for column, (name, picture) in zip(axes.T, spoilt.items(), strict=True):
    draw_pushes(column, picture, name)
pictures.show(
    figure,
    "Five spoilt mouths; below, pushes of L1 cover the frame, those of features the lips.",
)

# %% [markdown]
# Purple: brighter, please; orange: darker. L1 pushes everywhere, and all alike. The features push *at the
# mouth*, whatever was spoilt. Nobody told the autoencoder where lips are; but cheeks hardly change from
# frame to frame, and what changes is what it had to remember.
#
# Look for the fine checks in it, too: strides of two leave their mark, and a picture painted by features
# alone may end up with a weave over it. One more reason to keep the pixel loss beside it.
#
# Spoil it yourself:


# %%
def spoil_it(how="moved", amount=0.12):
    """A spoilt mouth, both pushes, and four opinions."""
    picture = SPOIL[how](amount)
    figure, axes = pictures.subplots(1, 3, width=7, height=2.9)
    psnr_of, ssim_of, perceived = opinions(picture)
    draw_pushes(axes, picture, how)
    figure.suptitle(
        f"L1 {pixel_loss(picture, right):.3f}   PSNR {psnr_of:.1f} dB   SSIM {ssim_of:.3f}   "
        f"perceptual {perceived:.2f}",
        fontsize=11,
    )
    return figure


widgets.explore(
    spoil_it, alt="A spoilt mouth and what losses make of it.", how=list(SPOIL), amount=(0.02, 0.5, 0.02)
)

# %% [markdown]
# The same without a slider: the perceptual loss of each kind, as the pixel loss grows.

# %% figure="Five curves that rise from 0; noise is the lowest for small errors."
figure, axis = pictures.subplots(width=7, height=2.8)
for (name, spoil), marker in zip(SPOIL.items(), "os^Dv", strict=True):
    ways = [spoil(amount_for(spoil, 0.01 * step)) for step in range(1, 6)]
    perceived = [opinions(way)[2] for way in ways]
    axis.plot([0.01 * step for step in range(1, 6)], perceived, marker + "-", label=name)
axis.set(xlabel="pixel loss (L1)", ylabel="perceptual loss")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
pictures.show(figure, "Five curves that rise from 0; noise is the lowest for small errors.")

# %% [markdown]
# ## 8 · Marks for whole films
#
# Papers give marks to films, not to frames. Here are four that nobody had to train anything for, all held
# against the same 16 frames of the first puppet: its first frame repeated, the mean of its frames, the truth
# blurred, and another puppet.
#
# > **Predict, then run.** One of them never moves its lips, one has no sharp lips at all. Which comes off
# > best by PSNR? By SSIM?

# %%
film = video[:, 20:36]
films = {
    "first frame": film[:, :1].expand_as(film),
    "mean frame": film.mean(1, keepdim=True).expand_as(film),
    "blurred truth": blurred(film, 1.5),
    "another puppet": stranger[:, 20:36],
}
print("                PSNR  SSIM  perceptual  PSNR wrapped")
for name, made in films.items():
    pair = levels(film), levels(made)
    perceived, _ = feature_push(autoencoder, made[None], film[None])
    print(f"{name:15s} {psnr(*pair):.1f}  {ssim(*pair):.2f}  {perceived:8.2f}  {psnr_wrapped(*pair):8.1f}")

# %% [markdown]
# A film that does not speak gets a respectable mark, and a blurred one a better one. So whenever you read
# "PSNR 29.9, SSIM 0.73", ask what *repeating the first frame* gets on the same clips.
#
# And the last column? The evaluation that came with glance squares differences of 8-bit levels *in 8
# bits*, where 16 x 16 = 256 is 0. Large errors wrap around and vanish, and even another puppet's face has
# 28 dB. The numbers in glance's tables, 28.5 to 30, lie near that floor. Compare with them only what has
# been computed in the same wrong way, and believe the first column. (Notebook 12 does both.)
#
# ## 9 · Does it end the blur?
#
# Back to the silence of section 1. Five mouths are possible, and one picture must do. Let gradient descent
# paint it: once for the mean perceptual loss over the five, starting from the ghost.
#
# > **Predict, then run.** The perceptual loss squares differences of *features*. What is the best guess
# > for features? Will the picture be sharp?

# %%
with torch.no_grad():
    wanted_features = torch.cat([autoencoder.encode(frame[None, :, None]) for frame in frames])
canvas = ghost[None, :, None].clone().requires_grad_()
painter = torch.optim.Adam([canvas], lr=0.02)
for _ in range(80):
    painter.zero_grad()
    features = autoencoder.encode(canvas).expand_as(wanted_features)
    perceptual_loss(features, wanted_features).backward()
    painter.step()

# %% figure="The ghost of L2, the shut mouth of L1, and what features paint."
shown = [painted(frame) for frame in (guesses[0], guesses[1], canvas.detach()[0, :, 0])]
figure = pictures.contact_sheet(shown, ["L2", "L1", "features"], columns=3, width=5)
pictures.show(figure, "The ghost of L2, the shut mouth of L1, and what features paint.")

# %% [markdown]
# Still a ghost, and now with a weave of dots, which these features do not see. The mean of five mouths'
# *features* is no mouth's features either. A better measure says better how *like* two mouths are. It does
# not say that one has to choose.
#
# For this one needs somebody who does not ask "how far from the truth?" but "could this be real?". To them a
# shut mouth is fine, an open one too, and a ghost is not. That is the discriminator, in notebook 09.
#
# ## 10 · Quiz

# %%
quizzes.ask("pixels_and_perception")

# %% [markdown]
# ## What you take with you
#
# - Where several answers are right, L2 paints their mean, L1 their median, each pixel by itself: blur is
#   what was asked for.
# - A network sees slopes only. L1 pulls at all errors alike, L2 at large ones.
# - PSNR is L2 with a logarithm; mind its peak. SSIM compares windows. Neither knows what lips are.
# - Features of a small network trained on mouths mind shapes more than noise. Fix the network first.
# - Give every mark together with that of a film that repeats its first frame.
