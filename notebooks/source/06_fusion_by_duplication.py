# ---
# title: Fusion by duplication
# minutes: {cpu: 1, gpu: 1}
# builds: The volume in which speech meets a lip image, and a measurement of how far each frame hears.
# needs: Python, basic PyTorch (convolutions, gradients), notebook 01 (the log-mel spectrogram).
# picture: {file: images/06.png, alt: "Two cubes: speech copied along the width, a mouth along time."}
# equations:
#   - "glance, section 3.1 and Fig. 3: the two encoders, and their fusion by duplication"
# ---

# %% [markdown]
# # 06 · Fusion by duplication
#
# Speech says *when* something is said and how it sounds. A picture of lips says *whose* mouth it is and
# where in the picture it lies. A network that makes this mouth say that speech has to bring both together,
# and they do not fit: one has an axis of time and one of pitch, the other a height and a width.
#
# "Lip Movements Generation at a Glance" (**glance**, ECCV 2018) has an answer of one line: copy each along
# the axis that it lacks. You will write that line, look at what it makes from three sides, and then measure
# what follows from it: which row of the picture hears which pitch, what it all costs, how many columns of
# sound reach one frame, and what would be lost if one did it more simply.
#
# Nothing is trained here. All weights are drawn at random: what you find out holds *before* the network has
# learnt anything, because of how it is built.

# %% tags=["parameters"]
profile = "class"

# %%
import time

import torch

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, quizzes, widgets
from lipcourse.course.checks.fusion_by_duplication import block_parameters, columns_heard
from lipcourse.networks.glance import Generator, duplicate
from lipcourse.profiles import choose_profile
from lipcourse.signals.alignment import crop_mouths
from lipcourse.signals.audio import log_mel

pictures.use_style()
size = choose_profile(profile)

# %% [markdown]
# ## 1 · What goes in
#
# The network makes 16 frames at once: 0.64 s of speech go in, and *one* picture of the lips. Here they come
# from a puppet, which in these 16 frames says "place red".

# %%
clip = next(open_corpus("puppet").clips(limit=1))
mouths, _ = crop_mouths(clip.frames, clip.landmarks)
start = 12
sound = log_mel(torch.from_numpy(clip.waveform)[None], clip.sample_rate, frames=len(mouths))
sound = sound[:, 4 * start : 4 * (start + 16)]
image = torch.from_numpy(mouths[start]).permute(2, 0, 1)[None].float() / 127.5 - 1
print(f"{clip.key}: “{clip.transcript}”")
print("sound", tuple(sound.shape), " image", tuple(image.shape))

# %% figure="A spectrogram of 0.64 s on the left, a picture of a mouth on the right."
figure, (left, right) = pictures.subplots(1, 2, width=8, height=2.6, width_ratios=(3, 1))
pictures.plot_spectrogram(left, sound[0])
right.imshow(mouths[start])
right.set_axis_off()
pictures.show(figure, "A spectrogram of 0.64 s on the left, a picture of a mouth on the right.")

# %% [markdown]
# ## 2 · Two encoders
#
# The **audio encoder** is five convolutions, the **identity encoder** three. (After each come batch
# normalisation and ReLU.) Strides shrink: time 64 → 16, one step a frame; pitch 128 → 16; height and
# width 64 → 16. So both give 256 channels of 16 x 16 numbers:

# %%
torch.manual_seed(0)
generator = Generator().eval()
with torch.inference_mode():
    heard, seen = generator.audio_encoder(sound), generator.identity_encoder(image)
print("f_s", tuple(heard.shape), "  batch, channels, time, pitch")
print("f_p", tuple(seen.shape), "  batch, channels, height, width")


# %% [markdown]
# A channel is a small picture. Here are those that vary most. For the sound the rows are pitch, with **low
# sounds at the top**: row 0 comes first, as in any picture. (A spectrogram is drawn the other way round.)


# %%
def liveliest(features, count):
    """The channels (count,) of features (1, C, ...) that vary most."""
    return features[0].flatten(1).std(1).topk(count).indices.tolist()


def draw_channels(axes, features, channels, title):
    """Draw some channels of features (1, C, A, B), one an axis."""
    for axis, channel in zip(axes, channels, strict=True):
        axis.imshow(features[0, channel], cmap="magma")
        axis.set(title=f"{title}, channel {channel}", xticks=[], yticks=[])
        axis.title.set_fontsize(9)


# %% figure="Five channels of sound, like coarse spectrograms, over five of the image, like coarse mouths."
figure, axes = pictures.subplots(2, 5, width=9, height=4.2)
draw_channels(axes[0], heard.mT, liveliest(heard, 5), "f_s")
draw_channels(axes[1], seen, liveliest(seen, 5), "f_p")
axes[0, 0].set(xlabel="time", ylabel="pitch")
axes[1, 0].set(xlabel="width", ylabel="height")
pictures.show(
    figure, "Five channels of sound, like coarse spectrograms, over five of the image, like coarse mouths."
)

# %% [markdown]
# Even random filters keep what and where: above you can see the syllables and the pauses between them,
# below a nose, two lips, a chin. A convolution looks at neighbours, so *places stay places*.
#
# ## 3 · Copy what is missing
#
# Now both must become one block of numbers with time, height and width. f_s has time (T) and pitch (F); f_p
# has height (H) and width (W); all four are 16. The paper (its Fig. 3):
#
# - lays pitch along the height, and copies f_s along a new last axis: T x F becomes T x F x F;
# - copies f_p T times, once for each frame: H x W becomes T x H x W;
# - puts both on top of each other: 256 + 256 channels of 16 x 16 x 16.

# %% [markdown] exercise="copy_and_join" difficulty=2 minutes=8
# ### Exercise 1 · Copy and join
#
# Write `copy_and_join(audio, identity)`: audio features (B, C, T, F) and identity features (B, C', H, W),
# with H = F. Return (B, C + C', T, H, W): the audio's channels first, copied along the width; then the
# identity's, copied along time.
#
# > hint: `unsqueeze` makes a new axis of length 1. Where does it belong for the audio, so that F becomes
# > the height? Where for the identity?
#
# > hint: `audio.unsqueeze(-1).expand(-1, -1, -1, -1, W)` copies along the new last axis (-1 leaves an
# > axis as it is). The identity's new axis is number 2. Then `torch.cat([...], dim=1)`.


# %% solution="copy_and_join"
def copy_and_join(audio, identity):
    """Audio (B, C, T, F) and identity (B, C', H, W) as one volume (B, C + C', T, H, W)."""
    # solution
    frames, width = audio.shape[2], identity.shape[-1]
    audio = audio.unsqueeze(-1).expand(-1, -1, -1, -1, width)
    identity = identity.unsqueeze(2).expand(-1, -1, frames, -1, -1)
    return torch.cat([audio, identity], dim=1)
    # end solution


# %%
check.copy_and_join(copy_and_join)

# %% [markdown]
# From here on the package's `duplicate` does it, in two lines as yours.

# %%
volume = duplicate(heard, seen)
print("volume", tuple(volume.shape), f" {volume.numel():,} numbers from {heard.numel() + seen.numel():,}")

# %% [markdown]
# (`expand` itself copies nothing: it sets the *stride* of the new axis to 0, so that one number is read
# again and again. Only `torch.cat` writes copies into memory.)

# %%
wide = heard.unsqueeze(-1).expand(-1, -1, -1, -1, 16)
print("strides", wide.stride(), " the same memory:", wide.data_ptr() == heard.data_ptr())

# %% [markdown]
# ## 4 · From three sides
#
# A block of three axes can be cut in three ways: a **frame** (height and width at one time), a cut from the
# **side** (height and time at one column), and one from **above** (width and time at one row).
#
# > **Predict, then run.** Take a channel of the *sound*. In which of the three cuts will you see stripes,
# > and which way do they run? And in a channel of the *image*?


# %%
def draw_cuts(axes, block, frame=8):
    """Draw a block (T, H, W) cut in three ways."""
    low, high = float(block.min()), float(block.max())
    cuts = [
        (block[frame], f"frame {frame}", "width", "height"),
        (block[:, :, 8].T, "from the side", "time", "height"),
        (block[:, 8].T, "from above", "time", "width"),
    ]
    for axis, (cut, title, across, down) in zip(axes, cuts, strict=True):
        axis.imshow(cut, cmap="magma", vmin=low, vmax=high)
        axis.set(title=title, xlabel=across, ylabel=down, xticks=[], yticks=[])


def look(half="sound", channel=0, frame=8):
    """One channel of the volume, the liveliest first, from three sides."""
    features, first = (heard, 0) if half == "sound" else (seen, 256)
    figure, axes = pictures.subplots(1, 3, width=8, height=2.9)
    draw_cuts(axes, volume[0, first + liveliest(features, 20)[channel]], frame)
    return figure


# %%
widgets.explore(
    look, alt="A channel cut in three ways.", half=["sound", "image"], channel=(0, 19), frame=(0, 15)
)

# %% [markdown]
# The same without a slider, the liveliest channel of each:

# %% figure="Sound above: stripes in two cuts. Image below: a mouth, and stripes along time."
figure, axes = pictures.subplots(2, 3, width=8, height=5.4)
draw_cuts(axes[0], volume[0, liveliest(heard, 1)[0]])
draw_cuts(axes[1], volume[0, 256 + liveliest(seen, 1)[0]])
for axis, half in zip(axes[:, 0], ("sound", "image"), strict=True):
    axis.set_title(f"{half}, {axis.get_title()}")
pictures.show(figure, "Sound above: stripes in two cuts. Image below: a mouth, and stripes along time.")

# %% [markdown]
# A stripe runs along the axis that was *copied*. Sound is the same from left to right, so a frame shows
# level stripes, one a pitch; from the side it is f_s itself; from above a moment is the same at each width.
# The image is the same at all times: a frame shows f_p, the other two cuts level stripes along time.
#
# ## 5 · It copies and does not mix
#
# Change *one* number of f_s, at frame 5 and pitch 4. Which numbers of the volume change?
#
# > **Predict, then run.** How many of the 256 x 16 x 16 x 16 numbers of the sound's half? How many of the
# > image's?

# %%
poked = heard.clone()
poked[0, 0, 5, 4] += 1
touched = duplicate(poked, seen) != volume
print("changed:", int(touched[:, :256].sum()), "of the sound,", int(touched[:, 256:].sum()), "of the image")

# %% [markdown]
# One number, 16 copies: a straight line through the block, from left to right, at its own time and height.
# Mixing begins with the next layer, a 3-D convolution (3 x 3 x 3, 512 → 256 channels), which looks one step
# around in time, height *and* width. Here is where it changes its output:

# %%
mix = generator.fusion.mix
with torch.inference_mode():
    mixed = (mix(duplicate(poked, seen)) - mix(volume)).abs()
stages = {"copied": touched.float(), "after the convolution": mixed}

# %% figure="A poked number: a thin line in the copies, three cells thick after the convolution."
figure, axes = pictures.subplots(2, 3, width=8, height=5.4)
for row, (name, change) in zip(axes, stages.items(), strict=True):
    where = (change[0].amax(0) > 0).float()
    views = {"frame": where.amax(0), "side": where.amax(2).T, "above": where.amax(1).T}
    for axis, (view, cells) in zip(row, views.items(), strict=True):
        axis.imshow(cells, cmap="magma", vmin=0, vmax=1)
        axis.set(title=f"{name}, {view}", xticks=[], yticks=[])
        axis.title.set_fontsize(9)
pictures.show(figure, "A poked number: a thin line in the copies, three cells thick after the convolution.")

# %% [markdown]
# (Each view shows every cell that changed anywhere behind it.) So the fusion itself decides nothing. It
# brings together, at each place and time, everything that is known of it, and leaves it to a convolution
# to *learn* what this sound means at that place of this mouth.
#
# ## 6 · Which row hears which pitch?
#
# There is something odd in this. Pitch lies along the height: the top row of the picture is joined with the
# lowest sounds, the chin with the highest. Nobody believes that chins listen to hissing! We know of no
# deeper reason for it: F = H = 16 makes the copies fit, and that is all it needs.
#
# What does a row really hear? Ask the gradient: it is not zero where an output *depends* on an input.
# (All of this with a narrow network: `width` scales its channels and not what it looks at.)

# %%
torch.manual_seed(0)
small = Generator(width=1 / 32).eval()
heard_frame = torch.rand(1, 8, 1, 16, requires_grad=True)
small_seen = torch.rand(1, 8, 16, 16)


# %%
def pitches_heard(blocks):
    """Which of 16 pitches reaches which of 16 rows after so many residual blocks: (16, 16)."""
    fused = small.fusion(heard_frame, small_seen)
    rows = small.decoder.blocks[:blocks](fused).unbind(dim=3)
    gradients = [torch.autograd.grad(row.sum(), heard_frame, retain_graph=True)[0] for row in rows]
    return torch.stack([gradient.abs().sum(dim=(0, 1, 2)) for gradient in gradients]) > 0


# %% [markdown]
# > **Predict, then run.** After the fusion's convolution row 5 hears the pitches 4, 5 and 6. The decoder
# > has nine residual blocks, with two convolutions of 3 x 3 each. After how many blocks does *every* row
# > hear *every* pitch?

# %% figure="Which pitch reaches which row: a thin diagonal, growing thicker until all is filled."
counts = (0, 1, 3, 5, 7, 9)
figure, axes = pictures.subplots(1, len(counts), width=10, height=2.3, sharey=True)
for axis, blocks in zip(axes, counts, strict=True):
    axis.imshow(pitches_heard(blocks), cmap="magma", vmin=0, vmax=1)
    axis.set(title=f"{blocks} blocks", xlabel="pitch", xticks=[0, 15], yticks=[0, 15])
axes[0].set_ylabel("row of the picture")
pictures.show(figure, "Which pitch reaches which row: a thin diagonal, growing thicker until all is filled.")

# %% [markdown]
# Each block adds two rows to each side: 1 + 2 x 7 = 15, so seven blocks bring the highest pitch to the
# top row, and nine are enough with room to spare. Where pitch was laid does not matter in the end: the
# decoder is deep enough to carry it anywhere. With two blocks it *would* matter.
#
# There is one thing that the layout does give for nothing. Sound is the same in every *column*, so it
# cannot tell left from right, and nor does speech: mouths open on both sides.
#
# ## 7 · What it costs
#
# A block of this network is a convolution **without bias**, a batch normalisation and a ReLU. The bias
# would be taken off again by the normalisation, which subtracts the mean; it brings a shift of its own.

# %% [markdown] exercise="count_weights" difficulty=2 minutes=6
# ### Exercise 2 · Count the weights
#
# Write `count_weights(inputs, outputs, kernel)`: how many numbers such a block *learns*; the kernel is a
# tuple such as (3, 3) or (3, 3, 3). The fusion's block is `count_weights(512, 256, (3, 3, 3))`.
#
# > hint: Each output channel has one kernel for each input channel. How many numbers does a kernel of 3 x
# > 3 x 3 have? And how many does batch normalisation learn for each channel?
#
# > hint: `math.prod(kernel)` (import math first). The normalisation learns a factor and a shift for each
# > output channel; its running mean and variance are measured, not learnt.


# %% solution="count_weights"
def count_weights(inputs, outputs, kernel):
    """How many numbers a convolution without bias and its batch normalisation learn."""
    # solution
    weights = inputs * outputs
    for side in kernel:
        weights *= side
    return weights + 2 * outputs
    # end solution


# %%
check.count_weights(count_weights)

# %% [markdown]
# > **Predict, then run.** Audio encoder, identity encoder, fusion, nine residual blocks, two enlarging
# > layers, the last layer that paints: which part has most of the weights, and what share?

# %%
parts = {
    "audio encoder": generator.audio_encoder,
    "identity encoder": generator.identity_encoder,
    "fusion": generator.fusion,
    "residual blocks": generator.decoder.blocks,
    "enlarging": generator.decoder.enlarge,
    "painting": generator.decoder.paint,
}
millions = {name: sum(w.numel() for w in part.parameters()) / 1e6 for name, part in parts.items()}
print(f"{sum(millions.values()):.1f} million in all")

# %% figure="Bars of millions of weights by part; the residual blocks have by far the most."
figure, axis = pictures.subplots(width=7, height=2.4)
bars = axis.barh(list(millions), list(millions.values()), color=pictures.COLOURS["sky"])
axis.bar_label(bars, fmt="%.2f", padding=3)
axis.set(xlabel="millions of weights", xlim=(0, 12))
axis.yaxis.set_inverted(True)
pictures.show(figure, "Bars of millions of weights by part; the residual blocks have by far the most.")

# %% [markdown]
# Nearly two thirds lie in the nine blocks, though each looks at one frame at a time (kernels of 1 x 3 x
# 3; as in the released code). With 3 x 3 x 3, as an option has it, there would be 37.9 million. One layer
# alone, the fusion's, has 3.5 million: half of them for sound, half for the image.
#
# ## 8 · What if one did it more simply?
#
# Many networks do it in another way: they squeeze the sound of a frame into *one vector*,
# and put the same vector at every place of the picture. What is lost?
#
# Take the most simple vector, the mean of f_s over pitch. Now move the whole sound up by 16 of 128 bands:
# the same syllables, said by a much smaller creature.

# %%
higher = torch.full_like(sound, -100.0)
higher[..., 16:] = sound[..., :-16]
with torch.inference_mode():
    heard_higher = generator.audio_encoder(higher)
ways = {
    "duplicated": (heard, heard_higher),
    "mean, tiled": (heard.mean(3, keepdim=True), heard_higher.mean(3, keepdim=True)),
}

# %% [markdown]
# > **Predict, then run.** By how many percent does it change what the decoder gets to hear: if pitch has
# > its own rows, and if only the mean is left?

# %%
for name, (before, after) in ways.items():
    change = (after - before).norm() / before.norm()
    print(f"{name:12s} changes by {change:.0%}")

# %% figure="A frame of one channel, sound and higher sound: stripes that move, and an even colour."
channel = liveliest(heard, 1)[0]
top = float(heard[0, channel].max())
figure, axes = pictures.subplots(1, 4, width=9, height=2.5)
for index, (name, both) in enumerate(ways.items()):
    for axis, features, what in zip(axes[2 * index :], both, ("", " (higher)"), strict=False):
        axis.imshow(features[0, channel, 8][:, None].expand(16, 16), cmap="magma", vmin=0, vmax=top)
        axis.set(title=name + what, xticks=[], yticks=[])
        axis.title.set_fontsize(9)
pictures.show(
    figure,
    "A frame of one channel, sound and higher sound: stripes that move, and an even colour.",
)

# %% [markdown]
# The mean hardly notices: a convolution looks for the same patterns at every pitch, so moving a sound
# moves its features, and a mean does not care where they are. But pitch is what tells an "s" from an
# "oo", and lips care very much.
#
# One can also put all 16 pitches into the vector, 16 x 256 = 4096 numbers. Then nothing is lost. What
# does the fusion's convolution cost in each case?

# %%
joined = {"duplicated": 256, "mean over pitch, tiled": 256, "all pitches, tiled": 16 * 256}
for name, channels in joined.items():
    print(f"{name:24s} {block_parameters(channels + 256, 256, (3, 3, 3)) / 1e6:5.1f} million weights")

# %% [markdown]
# More than the whole network has now. Duplication is a compromise: all of f_s arrives, at the price of a
# mean, since each row is given *its own* pitch and the decoder carries it to the others.
#
# ## 9 · How far does a frame hear?
#
# Frame $t$ owns four columns of sound, $4t$ to $4t + 3$. But a convolution 3 wide looks one step to each
# side, and after a stride of 2 a step is two columns. How many inputs does one output of many layers see?
# That is its **receptive field**. Begin with $r = 1$ and $j = 1$, and go through the layers from the first
# to the last; each one, with kernel $k$ and stride $s$, makes of them
#
# $$ r \leftarrow r + (k - 1)\, j, \qquad j \leftarrow j\, s \tag{1} $$
#
# where $r$ is how many inputs an output sees, and $j$ how many inputs apart two neighbours lie.

# %% [markdown] exercise="field_width" difficulty=2 minutes=6
# ### Exercise 3 · The receptive field
#
# Write `field_width(kernels, strides)`: two lists along time, from the first layer to the last. Return how
# many inputs one output sees. The audio encoder has the kernels `[3, 3, 3, 3, 3]` and the strides
# `[1, 2, 1, 2, 1]`.
#
# > hint: One loop over the layers, with two numbers that you carry along, as in the formula.
#
# > hint: First add `(kernel - 1) * apart`, and only then `apart *= stride`: a layer's kernel looks at its
# > inputs, which do not know yet of its own stride.


# %% solution="field_width"
def field_width(kernels, strides):
    """How many inputs one output sees."""
    # solution
    seen, apart = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        seen += (kernel - 1) * apart
        apart *= stride
    return seen
    # end solution


# %%
check.field_width(field_width)

# %% [markdown]
# A formula says how *many*. To know *which* columns, ask the network itself. The gradient of one step of
# its output with respect to the spectrogram is zero at every column that does not reach it.

# %% [markdown] exercise="find_columns" difficulty=3 minutes=10
# ### Exercise 4 · Measure it
#
# Write `find_columns(network, log_mel, frame)`: the network makes of a spectrogram (B, 4T, 128) an output
# (B, C, T, ...). Return bool (4T,): True for each column on which the output of this one frame depends.
#
# > hint: The spectrogram must ask for gradients (`log_mel.requires_grad_()`) before the network sees it.
# > Of the output take the one frame, sum it to a single number, and ask for the gradient.
#
# > hint: `torch.autograd.grad(output[:, :, frame].sum(), log_mel)[0]` has the shape of the spectrogram. A
# > column counts if any of its bands in any clip does: `.abs().sum(dim=(0, 2)) > 0`.


# %% solution="find_columns"
def find_columns(network, log_mel, frame):
    """Which columns of the spectrogram reach one frame of the output: bool (4T,)."""
    # solution
    log_mel = log_mel.clone().requires_grad_()
    output = network(log_mel)
    gradient = torch.autograd.grad(output[:, :, frame].sum(), log_mel)[0]
    return gradient.abs().sum(dim=(0, 2)) > 0
    # end solution


# %%
check.find_columns(find_columns)

# %% [markdown]
# (The network must be in `eval` mode for this. In training, batch normalisation takes mean and variance
# over all columns, so that each column reaches everything a little.)
#
# We measure with 40 frames of sound, at frame 20, whose own columns are 80 to 83.
#
# > **Predict, then run.** The audio encoder: 21 columns, by the formula. Then come the fusion (3 long in
# > time), the residual blocks (1), two enlarging layers (3 each) and the last one (7), which step from
# > frame to frame, four columns each. How many columns of sound reach a frame of the *video*?


# %%
def listen(log_mel):
    """What each stage of the network makes of a spectrogram (B, 4T, 128), all (B, C, T, ...)."""
    audio = small.audio_encoder(log_mel)
    fused = small.fusion(audio, small_seen)
    enlarged = small.decoder.enlarge(small.decoder.blocks(fused))
    return audio, fused, enlarged, small.decoder.paint(enlarged)


long_sound = 10 * torch.randn(1, 160, 128) - 50
names = ("audio encoder", "fusion", "enlarging", "the whole generator")
reach = {name: columns_heard(lambda mel, k=k: listen(mel)[k], long_sound, 20) for k, name in enumerate(names)}
for name, columns in reach.items():
    where = columns.nonzero().flatten()
    print(f"{name:20s} {len(where):2d} columns, {where[0]} to {where[-1]}")

# %% figure="Four bars around columns 80 to 83, from 21 columns wide to 69."
figure, axis = pictures.subplots(height=2.3)
for name, columns in reach.items():
    where = columns.nonzero().flatten()
    axis.barh(name, len(where), left=where[0] - 0.5, color=pictures.COLOURS["sky"])
axis.axvspan(79.5, 83.5, color=pictures.COLOURS["orange"], alpha=0.7)
axis.axvline(79.5 - 32, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
axis.axvline(79.5 + 32, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
axis.set(xlabel="column (10 ms)", xlim=(40, 122))
axis.yaxis.set_inverted(True)
pictures.show(figure, "Four bars around columns 80 to 83, from 21 columns wide to 69.")

# %% [markdown]
# A frame hears 69 columns, 0.69 s: more than a whole window of 64 (dotted). So in the paper's windows the
# frames in the middle hear everything, and the first and the last lack half of what they would like to
# hear. Whoever makes long videos of such windows had better lay them over each other.
#
# Look at the orange columns, the frame's own. The bars are centred on the *first* of them: step t of f_s
# is centred on column 4t, since a stride of 2 keeps columns 0, 2, 4 and so on. A frame hears a little
# more of what was than of what will be. And it does hear what *will* be, up to 0.31 s of it: lips that
# close for a "p" before it is heard need that.
#
# ## 10 · All frames at once
#
# There is no loop over time in this network. The lip image is encoded once, not once a frame; all frames
# lie in one tensor, and every layer works on all of them. A loop over frames through the residual blocks
# would give the same numbers, since these look at one frame at a time. Only it takes longer:

# %%
frames = {"fast": 25, "class": 75, "full": 75}[size.name]
blocks = small.decoder.blocks
long_volume = torch.rand(1, 8, frames, 16, 16)
with torch.inference_mode():
    blocks(long_volume)  # the first call is slow for reasons of its own
    clock = [time.perf_counter()]
    at_once = blocks(long_volume)
    clock.append(time.perf_counter())
    one_by_one = torch.cat([blocks(frame) for frame in long_volume.split(1, dim=2)], dim=2)
    clock.append(time.perf_counter())
print("the same numbers:", torch.allclose(at_once, one_by_one, atol=1e-5))
print(f"the loop takes {(clock[2] - clock[1]) / (clock[1] - clock[0]):.1f} times as long")

# %% [markdown]
# And since every layer slides along time, none of them knows the number 16. The same weights make as many
# frames as there is sound:

# %%
with torch.inference_mode():
    for count in (1, 16, 40):
        video = small(long_sound[:, : 4 * count], image).video
        print(f"{4 * count:3d} columns -> video {tuple(video.shape)}")

# %% [markdown]
# What the video shows is noise: nobody has told these weights yet what a mouth is. The next notebooks do.
#
# ## 11 · Quiz

# %%
quizzes.ask("fusion_by_duplication")

# %% [markdown]
# ## What you take with you
#
# - To join two things that lack different axes, copy each along the axis that it lacks.
# - Copying mixes nothing and costs nothing to learn; the convolution after it learns what goes with what.
# - Ask the gradient what an output depends on. It knows no excuses.
# - Depth carries things far: after seven residual blocks every row hears every pitch.
# - A mean over an axis forgets where along it something was. Tiling a vector keeps no place.
# - Convolutions that slide along time need no loop, and no fixed length.
