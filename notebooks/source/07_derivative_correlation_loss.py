# ---
# title: The derivative correlation loss
# minutes: {cpu: 2, gpu: 1}
# builds: A loss that asks whether lips move with the sound, and a probe that shows how it fools itself.
# needs: Python, basic PyTorch (gradients, a training loop), notebooks 04 (flow, the lead) and 06 (f_s).
# picture: {file: images/07.png, alt: "Alone, right and wrong pairs reach loss 0; pushed apart, they part."}
# equations:
#   - "glance Eq. 1: the correlation loss between changes of sound and movements of the mouth"
# ---

# %% [markdown]
# # 07 · The derivative correlation loss
#
# A generated mouth may be sharp and real, and say something else than is heard. Comparing pixels does not
# help much: between "pat" and "cat" few pixels differ, and for a moment only. "Lip Movements Generation
# at a Glance" (**glance**, ECCV 2018) therefore asks a question of its own: *do the lips move when the
# sound changes?* Its Eq. 1 makes a number of that, which can be learned from.
#
# You will build it from its parts: how sound changes, what optical flow sees of a mouth, two small
# networks that listen to the one and look at the other, and a cosine. Then you will do what one should do
# with any loss: minimise it *alone*, and watch what it really asks for. It is not what it says.

# %% tags=["parameters"]
profile = "class"

# %%
import numpy as np
import torch
from torch.nn import functional

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, quizzes, widgets
from lipcourse.course.checks.derivative_correlation_loss import push_apart
from lipcourse.networks.glance import AudioEncoder, Generator
from lipcourse.networks.glance_correlation import AudioDerivativeEncoder, FlowEncoder
from lipcourse.networks.layers import initialise_he, time_derivative
from lipcourse.profiles import choose_profile
from lipcourse.signals.alignment import crop_mouths, transform_points
from lipcourse.signals.audio import log_mel
from lipcourse.signals.flow import draw_flow, estimate_flow
from lipcourse.training.losses import correlation_loss, pixel_loss

# %%
pictures.use_style()
size = choose_profile(profile)
WIDTH = 1 / 4  # of all networks here: a quarter of the paper's channels
clips = list(open_corpus("puppet").clips(limit=min(size.clips, 200)))
clip = clips[0]
print(f"{len(clips)} clips; the first says “{clip.transcript}”")


# %% [markdown]
# Of each clip we need the sound (four columns a frame), the mouth, and its optical flow. Since these are
# puppets we also know what no camera tells: where each point of the lips *truly* is.


# %%
def prepare(clip):
    """Sound (1,4T,128), mouth (1,3,T,64,64), flow (1,2,T-1,64,64), true lip points (T,20,2)."""
    mouths, transforms = crop_mouths(clip.frames, clip.landmarks)
    sound = log_mel(torch.from_numpy(clip.waveform)[None], clip.sample_rate, frames=len(mouths))
    video = torch.from_numpy(mouths).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    points = transform_points(clip.landmarks[:, 48:], transforms)
    return sound, video, estimate_flow(video), points


sound, video, flow, points = prepare(clip)
print("sound", tuple(sound.shape), " video", tuple(video.shape), " flow", tuple(flow.shape))

# %% [markdown]
# ## 1 · How the sound changes
#
# Notebook 06 made features f_s of the sound: channels of time x pitch, one step a frame. Their
# **derivative** f_s' is what the loss listens to: how each feature changes from one frame to the next.
# Between 16 frames there are 15 changes, just as there are 15 fields of flow.

# %% [markdown] exercise="feature_changes" difficulty=1 minutes=4
# ### Exercise 1 · Changes
#
# Write `feature_changes(features)`: of features (B, C, T, F), time third, return (B, C, T - 1, F): each
# step is frame t + 1 **less** frame t.
#
# > hint: Two slices along time, one without its first step and one without its last.
#
# > hint: `features[:, :, 1:] - features[:, :, :-1]`, or `torch.diff` along `dim=2`.


# %% solution="feature_changes"
def feature_changes(features):
    """How features (B, C, T, F) change from frame to frame: (B, C, T - 1, F)."""
    # solution
    return features[:, :, 1:] - features[:, :, :-1]
    # end solution


# %%
check.feature_changes(feature_changes)

# %% [markdown]
# (The package's is called `time_derivative`.) On real speech, with an audio encoder that has learnt
# nothing yet:

# %%
torch.manual_seed(0)
listener = AudioEncoder(WIDTH).eval()
initialise_he(listener)
with torch.inference_mode():
    features = listener(sound[:, 4 * 10 : 4 * 26])
changes = time_derivative(features)
channel = int(features[0].flatten(1).std(1).argmax())

# %% figure="A channel of sound features: broad bright areas. Its changes: thin stripes of two colours."
figure, (left, right) = pictures.subplots(1, 2, width=8, height=2.8)
left.imshow(features[0, channel].T.numpy(), cmap="magma", aspect="auto")
left.set(title=f"f_s, channel {channel}", xlabel="frame", ylabel="pitch")
largest = float(changes[0, channel].abs().max())
right.imshow(changes[0, channel].T.numpy(), cmap="PuOr", vmin=-largest, vmax=largest, aspect="auto")
right.set(title="f_s', its changes", xlabel="step")
pictures.show(
    figure, "A channel of sound features: broad bright areas. Its changes: thin stripes of two colours."
)

# %% [markdown]
# Where a vowel lasts, f_s is bright and f_s' is pale. Where sounds begin and end there are stripes,
# purple up and orange down.
#
# ## 2 · What the flow sees
#
# On the other side stands optical flow, F(v): for each pixel, where it goes in the next frame. (The paper
# uses a trained FlowNet, as `lipcourse train glance --flow flownet` does; ours by default is the method of
# Lucas and Kanade, which has no weights and through which gradients flow just as well.) Is it right? A
# puppet can tell. Here is the step in which its lips move most.

# %%
moves = np.diff(points, axis=0)
columns, lines = np.rint(points[:-1]).astype(int).clip(0, 63).transpose(2, 0, 1)
seen = flow[0].numpy()[:, np.arange(len(moves))[:, None], lines, columns].transpose(1, 2, 0)
step = int(np.abs(moves[..., 1]).sum(1).argmax())
print("true movements", moves.shape, " what the flow says at these points", seen.shape)

# %% figure="A mouth with arrows at its points, its flow in colours, and flow against truth: a line."
figure, axes = pictures.subplots(1, 3, width=9, height=3.0)
axes[0].imshow((video[0, :, step].permute(1, 2, 0).numpy() + 1) / 2)
for arrows, colour in ((moves[step], "yellow"), (seen[step], "blue")):
    axes[0].quiver(
        *points[step].T, *arrows.T, color=pictures.COLOURS[colour], angles="xy", scale=25, width=0.012
    )
axes[0].set_title("true (yellow), seen (blue)", fontsize=10)
axes[1].imshow(draw_flow(flow[0, :, step].numpy())[0])
axes[1].set_title("flow: down is green", fontsize=10)
axes[2].plot(moves[..., 1].ravel(), seen[..., 1].ravel(), ".", markersize=2, alpha=0.5)
axes[2].set(xlabel="true dy (pixels a frame)", ylabel="dy of the flow")
for axis in axes[:2]:
    axis.set(xlim=(8, 55), ylim=(60, 16))
    axis.set_axis_off()
pictures.show(
    figure, "A mouth with arrows at its points, its flow in colours, and flow against truth: a line."
)

# %%
agreement = [np.corrcoef(seen[:, k, 1], moves[:, k, 1])[0, 1] for k in range(20)]
print(f"r of true and seen dy: median point {np.median(agreement):.2f}, worst point {min(agreement):.2f}")

# %% [markdown]
# It is right for nearly all points. The worst ones are inner points of the upper lip, where teeth come
# and go: what is uncovered was not there to be followed.
#
# ## 3 · Two small encoders
#
# A change of sound and a movement are not the same kind of thing. Two small networks bring them to a common
# form, 16 tracks along time (here 16 x 1/4 = 4):
#
# - $\phi_s$ takes f_s': four convolutions, 3 wide in time;
# - $\phi_v$ takes F(v): six convolutions, 3 long in time.
#
# Both end in ReLU, so none of their numbers is negative.

# %%
torch.manual_seed(0)
phi_s, phi_v = AudioDerivativeEncoder(WIDTH).eval(), FlowEncoder(WIDTH).eval()
with torch.inference_mode():
    print("phi_s(f_s')", tuple(phi_s(changes).shape), " phi_v(F(v))", tuple(phi_v(flow[:, :, 10:25]).shape))

# %% [markdown]
# > **Predict, then run.** How many steps of f_s' does one step of phi_s hear? How many steps of flow does
# > one step of phi_v see? (Four layers, six layers, kernel 3, stride 1 in time.)
#
# The gradient tells, as in notebook 06.


# %%
def steps_reached(network, given, step=12):
    """Which steps of the input one step of the output depends on: bool (T,)."""
    given.requires_grad_()
    gradient = torch.autograd.grad(network(given)[:, :, step].sum(), given)[0]
    axes = [axis for axis in range(given.ndim) if axis != 2]
    return gradient.abs().sum(dim=axes) > 0


heard = steps_reached(phi_s, torch.randn(4, 64, 25, 16))
looked_at = steps_reached(phi_v, torch.randn(4, 2, 25, 64, 64))
print(f"phi_s hears {int(heard.sum())} steps, phi_v sees {int(looked_at.sum())}")

# %% figure="Two rows of cells: 9 filled around step 12, and 13 around the same step."
figure, axis = pictures.subplots(width=8, height=1.6)
axis.imshow(torch.stack([heard, looked_at]), cmap="magma", aspect="auto", vmin=0, vmax=1.3)
axis.set(xlabel="step of the input", yticks=[0, 1], yticklabels=["phi_s, step 12", "phi_v, step 12"])
pictures.show(figure, "Two rows of cells: 9 filled around step 12, and 13 around the same step.")

# %% [markdown]
# Nine and thirteen: 4 and 6 steps to each side. Section 6 shows what this is good for.
#
# ## 4 · Eq. 1
#
# The loss is 1 less the cosine of the angle between both, each taken as *one long vector* of all channels
# and steps of a clip:
#
# $$ \ell_{corr} = 1 - \frac{\phi_s(f_s') \cdot \phi_v(F(v))}
# {\lVert \phi_s(f_s') \rVert \, \lVert \phi_v(F(v)) \rVert + \epsilon} \tag{glance 1} $$
#
# It is 0 where both point in the same direction. A small $\epsilon$ in the denominator keeps a still
# mouth from dividing by zero. (Called correlation, it is a cosine: no mean is taken away.)

# %% [markdown] exercise="cosine_loss" difficulty=2 minutes=8
# ### Exercise 2 · The loss
#
# Write `cosine_loss(audio, motion)`: phi_s and phi_v, both (B, C, T). For each clip of the batch take all
# C x T numbers as one vector, and compute 1 less the cosine, with 1e-8 added to the **product** of both
# lengths. Return the mean over the batch.
#
# > hint: `audio.flatten(1)` makes (B, C T): one row a clip. Then everything goes along `dim=1`.
#
# > hint: The scalar products are `(first * second).sum(1)`, the lengths `first.norm(dim=1)`. Divide by
# > `lengths_of_first * lengths_of_second + 1e-8`; take the mean last.


# %% solution="cosine_loss"
def cosine_loss(audio, motion):
    """Eq. 1 for phi_s and phi_v (B, C, T): one number."""
    # solution
    first, second = audio.flatten(1), motion.flatten(1)
    lengths = first.norm(dim=1) * second.norm(dim=1)
    cosine = (first * second).sum(1) / (lengths + 1e-8)
    return (1 - cosine).mean()
    # end solution


# %%
check.cosine_loss(cosine_loss)

# %% [markdown]
# Text and code of the paper part here. The *released code* takes the mean of the channels first and
# compares two tracks of 15 steps. The package has both, as `mode="flat"` (Eq. 1 as it reads) and
# `mode="channel_mean"`.
#
# > **Predict, then run.** Let phi_v say just what phi_s says, but with its channels in another order.
# > What do both readings make of it?

# %%
audio = torch.rand(1, 16, 15, generator=torch.Generator().manual_seed(0))
motion = audio.roll(1, dims=1)
for mode in ("flat", "channel_mean"):
    print(f"{mode:13s} {correlation_loss(audio, motion, mode=mode):.3f}")

# %% [markdown]
# A mean over channels forgets which channel said what: only *when* something changes counts. "flat" lets
# each channel specialise, one on lips that close, say, and one on lips that open, and asks that sound and
# movement agree on which it was.
#
# ## 5 · Why changes, and not values?
#
# The paper tried the loss without derivatives, on features and frames themselves (Table 2, ablation f).
# It is the worst row of all: LMD 1.96 where the full method has 1.18. Why?
#
# > **Predict, then run.** Take windows of *different* puppets who say different things, and measure the
# > cosine between their sounds' features, and between their videos. These pairs have nothing to do with
# > each other. What will the cosines be? And between the *changes* of the features, and between the
# > flows?

# %%
windows = [prepare(each) for each in clips[:6]]
with torch.inference_mode():
    of_sound = torch.cat([listener(each[0][:, 80:144]) for each in windows])
frames = torch.cat([each[1][:, :, 20:36] for each in windows]) + 1
kinds = {
    "features f_s": of_sound,
    "their changes f_s'": time_derivative(of_sound),
    "video": frames,
    "its flow F(v)": torch.cat([each[2][:, :, 20:35] for each in windows]),
}

# %% figure="Cosines of unrelated pairs: near 1 for features and video, near 0 for changes and flow."
figure, axis = pictures.subplots(width=7, height=2.4)
for row, values in enumerate(kinds.values()):
    rows = functional.normalize(values.flatten(1), dim=1)
    cosines = (rows @ rows.T)[~torch.eye(len(rows), dtype=torch.bool)]
    axis.plot(cosines, np.full(len(cosines), row), "o", alpha=0.4, color=pictures.COLOURS["blue"])
axis.set(yticks=range(4), yticklabels=list(kinds), xlim=(-0.5, 1.05), xlabel="cosine of unrelated windows")
axis.yaxis.set_inverted(True)
pictures.show(
    figure, "Cosines of unrelated pairs: near 1 for features and video, near 0 for changes and flow."
)

# %% [markdown]
# Any two windows of speech are alike, and any two mouths: a face is mostly face. A cosine of *values* is
# near 1 before anybody has said anything, and what speech adds is the last few percent. Changes have no
# such common part. What stays the same (who it is, the light, the microphone) is gone, and what moves is
# left.
#
# ## 6 · Lips that lead
#
# Notebook 04 found that lips may lead the sound, by another number of frames in each clip. A loss that
# compared step with step would punish that. Take the plainest case: one change of sound, and one movement
# some frames *before* it. Raw, they meet nowhere. Now let phi_s and phi_v do the simplest thing that they
# can do, an average over 3 steps in each of their layers. Or something cleverer: phi_s listens 4 steps
# ahead, phi_v looks 2 back.


# %%
def two_tracks(lead, encoders):
    """What encoders make of one change of sound and one movement `lead` steps before it: (41,) each."""
    sound, motion = torch.zeros(2, 1, 41)
    sound[0, 20], motion[0, 20 - lead] = 1, 1
    if encoders == "average":
        for _ in range(4):
            sound = functional.avg_pool1d(sound, 3, stride=1, padding=1)
        for _ in range(6):
            motion = functional.avg_pool1d(motion, 3, stride=1, padding=1)
    if encoders == "look for a lead of 6":
        sound, motion = sound.roll(-4, 1), motion.roll(2, 1)
    return sound[0], motion[0]


def agree(lead, encoders):
    """The cosine of both tracks."""
    sound, motion = two_tracks(lead, encoders)
    return 1 - float(correlation_loss(sound[None, None], motion[None, None]))


# %% [markdown]
# > **Predict, then slide.** With averages, up to which lead do the tracks still touch? (4 steps to one
# > side for the sound, 6 for the movement.)

# %%
WAYS = ["raw", "average", "look for a lead of 6"]


def slide(lead=6, encoders="average"):
    """Both tracks, and their cosine."""
    figure, axis = pictures.subplots(width=7, height=2.4)
    for track, name in zip(two_tracks(lead, encoders), ("phi_s", "phi_v"), strict=True):
        axis.step(range(-20, 21), track / track.max(), where="mid", label=name)
    axis.set(title=f"lead {lead}, {encoders}: cosine {agree(lead, encoders):.2f}", xlabel="step")
    axis.legend()
    return figure


widgets.explore(slide, alt="Two tracks and their cosine.", lead=(0, 12), encoders=WAYS)

# %% figure="Cosine against lead: a needle at 0, a wide bell that ends at 10, a needle at 6."
figure, axis = pictures.subplots(width=7, height=2.6)
leads = range(-12, 13)
for way, marker in zip(WAYS, "os^", strict=True):
    axis.plot(leads, [agree(lead, way) for lead in leads], marker=marker, label=way)
axis.set(xlabel="by how many frames the lips lead", ylabel="cosine")
axis.legend()
pictures.show(figure, "Cosine against lead: a needle at 0, a wide bell that ends at 10, a needle at 6.")

# %% [markdown]
# Averages are tolerant: they touch up to a lead of 4 + 6 = 10, though ever more faintly. Learned weights
# may be sharper, and may sit off the centre. This is why the authors need not say how far lips lead:
# within ten frames either way, that is left to the two encoders.
#
# ## 7 · Alone
#
# Now the experiment. Nobody has told phi_s and phi_v *what* to hear and see. They are trained with the
# generator, by the correlation loss. Which other loss of the objective (Eq. 2) has a say in them?

# %%
torch.manual_seed(0)
small = Generator(1 / 32)
ears, eyes = AudioDerivativeEncoder(1 / 32), FlowEncoder(1 / 32)
made = small(sound[:, 40:104], video[:, :, 10])
losses = {
    "pixel": pixel_loss(made.video, video[:, :, 10:26]),
    "correlation": correlation_loss(
        ears(time_derivative(made.audio_features)), eyes(estimate_flow(made.video))
    ),
}

# %%
parts = {"generator": small, "phi_s": ears, "phi_v": eyes}
for name, loss in losses.items():
    for part, network in parts.items():
        weights = list(network.parameters())
        found = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
        print(
            f"{name:12s} loss -> {part:10s}", "no gradient" if all(g is None for g in found) else "gradient"
        )

# %% [markdown]
# The pixel loss looks at the video, and so do the perceptual and the adversarial loss. They hold the
# *generator* to what is real. But phi_s and phi_v have one teacher only, and its wish is: agree!
#
# > **Predict, then run.** Is there a way for two networks to agree on everything without listening or
# > looking?

# %%
five = torch.full((8, 16, 15), 5.0)
print(f"the loss of two encoders that always say 5: {abs(float(correlation_loss(five, five))):.6f}")

# %% [markdown]
# There is. Will training find it? We cut all clips into windows and train both encoders on them by Eq. 1
# alone. (The audio encoder stays as it is.) Beside the loss of the **right** pairs we measure the loss of
# **wrong** ones: each sound with the movement of the next window in the batch.

# %%
starts = range(10, 56, 5)
prepared = windows + [prepare(each) for each in clips[6:]]
with torch.no_grad():
    spoken = torch.cat([listener(each[0][:, 4 * t : 4 * t + 64]) for each in prepared for t in starts])
spoken = time_derivative(spoken)
moved = torch.cat([each[2][:, :, t : t + 15] for each in prepared for t in starts])
print("f_s'", tuple(spoken.shape), " F(v)", tuple(moved.shape))


# %%
def train(loss_of, steps):
    """Train phi_s and phi_v by a loss of both; also return the loss of right and wrong pairs."""
    torch.manual_seed(1)
    encoders = torch.nn.ModuleList([AudioDerivativeEncoder(WIDTH), FlowEncoder(WIDTH)])
    adam, history = torch.optim.Adam(encoders.parameters(), lr=0.01), []
    for _ in range(steps):
        chosen = torch.randperm(len(spoken))[:16]
        audio, motion = encoders[0](spoken[chosen]), encoders[1](moved[chosen])
        adam.zero_grad()
        loss_of(audio, motion).backward()
        adam.step()
        pairs = (audio, motion), (audio, motion.roll(1, dims=0))
        history.append([float(correlation_loss(*pair).detach()) for pair in pairs])
    return encoders.eval(), history


steps = {"fast": 40, "class": 200, "full": 1000}[size.name]
alone, history_alone = train(correlation_loss, steps)
for label, value in zip(("right", "wrong"), history_alone[-1], strict=True):
    print(f"{label} pairs: loss {value:.3f}")

# %% [markdown]
# A triumph, were it not for the second line. The loss is near 0 for *any* sound with *any* movement. Look
# at what phi_s says of four windows, and phi_v of theirs:


# %%
def draw_tracks(encoders, title):
    """What both encoders say of four windows: each panel is channels x steps."""
    chosen = torch.arange(4) * (len(spoken) // 4)
    with torch.inference_mode():
        said = torch.stack([encoders[0](spoken[chosen]), encoders[1](moved[chosen])])
    figure, axes = pictures.subplots(2, 4, width=8, height=2.4)
    for axis, tracks in zip(axes.flat, said.flatten(0, 1), strict=True):
        axis.imshow(tracks, cmap="magma", vmin=0, vmax=float(said.max()), aspect="auto")
        axis.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("phi_s")
    axes[1, 0].set_ylabel("phi_v")
    figure.suptitle(title, fontsize=11)
    return figure


# %% figure="Eight panels that look nearly alike, bright at the same place, whatever is said."
figure = draw_tracks(alone, "trained by the correlation loss alone: four windows")
pictures.show(figure, "Eight panels that look nearly alike, bright at the same place, whatever is said.")

# %% [markdown]
# All alike, whatever is said: this is a **collapse**. A constant is the easiest way to agree. And see
# where it lights up: at one edge of the window, in all of them. Nothing is said there. But a convolution
# pads its input with zeros, so the *edge* is an event that both networks meet in every single window, and
# nobody had asked them not to use it. (With other first weights it may be the other edge, and take
# longer: in two other runs right pairs had reached 0.002 after 150 steps and wrong ones 0.1 to 0.3, with
# more than half of all that was said at an edge.)
#
# The loss is small, its curve looks healthy, and a generator that listens to it learns next to nothing.
#
# ## 8 · Wrong pairs
#
# The mending is to ask for *two* things: right pairs should agree, and wrong pairs should not. glance has
# this thought in its discriminator, which is shown real video with the wrong sound (Eq. 4, notebook 09).
# Here it is for the correlation loss:
#
# $$ \ell = \ell_{corr}(s_j, v_j) + \big(1 - \ell_{corr}(s_j, v_k)\big), \qquad k \neq j \tag{1} $$
#
# The second part is the cosine of the wrong pair. A constant now has $0 + 1 = 1$, and gains nothing.

# %% [markdown] exercise="add_mismatch" difficulty=2 minutes=6
# ### Exercise 3 · Push wrong pairs apart
#
# Write `add_mismatch(audio, motion)`: phi_s and phi_v of a batch, (B, C, T). Return the correlation loss
# of the right pairs, plus the *cosine* of the wrong ones: sound j with movement j - 1 (the first with the
# last). Use `correlation_loss`.
#
# > hint: `motion.roll(1, dims=0)` gives each clip the movement of the one before.
#
# > hint: The cosine is 1 less the correlation loss. So: loss of the right pairs + 1 - loss of the wrong
# > pairs.


# %% solution="add_mismatch"
def add_mismatch(audio, motion):
    """Right pairs together, wrong pairs apart: one number."""
    # solution
    right = correlation_loss(audio, motion)
    wrong = correlation_loss(audio, motion.roll(1, dims=0))
    return right + (1 - wrong)
    # end solution


# %%
check.add_mismatch(add_mismatch)

# %% [markdown]
# > **Predict, then run.** Train again, from the same first weights, with this loss. Where will the loss
# > of the right pairs end: lower than before, or higher?

# %%
apart, history_apart = train(push_apart, steps)
for label, value in zip(("right", "wrong"), history_apart[-1], strict=True):
    print(f"{label} pairs: loss {value:.3f}")

# %% figure="Alone, both losses fall to 0 together. Pushed apart, a gap opens between them."
figure, axes = pictures.subplots(1, 2, width=8, height=2.8, sharey=True)
titles = ("the correlation loss alone", "wrong pairs pushed apart")
for axis, history, title in zip(axes, (history_alone, history_apart), titles, strict=True):
    for values, name, style in zip(np.array(history).T, ("right pairs", "wrong pairs"), "-:", strict=True):
        axis.plot(values, style, label=name)
    axis.set(title=title, xlabel="training step", ylim=(0, 1))
axes[0].set_ylabel("correlation loss")
axes[0].legend()
pictures.show(figure, "Alone, both losses fall to 0 together. Pushed apart, a gap opens between them.")

# %% figure="Four windows, all different; in each, phi_s and phi_v light up at the same steps."
figure = draw_tracks(apart, "with wrong pairs pushed apart: the same four windows")
pictures.show(figure, "Four windows, all different; in each, phi_s and phi_v light up at the same steps.")

# %% [markdown]
# Sound (above) and movement (below) light up at the same steps, in each window at its own. The loss of
# the right pairs is *higher* than before, and now it means something: the gap between both curves is what
# has been learnt. Be fair: these are windows that it was trained on, and with a handful of clips much of
# the gap is learnt by heart. But it cannot be a constant.
#
# What does a generator get from either teacher? Ask for the gradient with respect to the flow.

# %%
for name, (ears, eyes) in {"alone": alone, "pushed apart": apart}.items():
    given = moved[:16].clone().requires_grad_()
    loss = correlation_loss(ears(spoken[:16]), eyes(given))
    gradient = torch.autograd.grad(loss, given)[0]
    print(f"{name:13s} loss {loss:.3f}, gradient {gradient.norm():.1e}")

# %% [markdown]
# So when you train glance, do not watch the correlation loss alone. Watch it for right *and* wrong pairs:
# if both fall together, it has gone silent, and the other losses do the work.
#
# ## 9 · Faint signals, steep slopes
#
# A cosine does not see length. Make phi_s a thousand times fainter: the loss stays.
#
# > **Predict, then run.** What becomes of its gradient with respect to phi_s?

# %%
audio = torch.rand(1, 16, 15, generator=torch.Generator().manual_seed(0))
motion = torch.rand(1, 16, 15, generator=torch.Generator().manual_seed(1))
scales, norms = torch.logspace(0, -13, 27, dtype=torch.float64), []
for scale in scales:
    given = (scale * audio.double()).requires_grad_()
    loss = correlation_loss(given, motion.double())
    norms.append(float(torch.autograd.grad(loss, given)[0].norm()))

# %% figure="Gradient against size of phi_s, both logarithmic: it rises as phi_s shrinks, then levels off."
figure, axis = pictures.subplots(width=6, height=2.6)
axis.loglog(scales, norms, "o-", markersize=4)
axis.set(xlabel="size of phi_s", ylabel="size of the gradient")
axis.xaxis.set_inverted(True)
pictures.show(
    figure, "Gradient against size of phi_s, both logarithmic: it rises as phi_s shrinks, then levels off."
)

# %% [markdown]
# It grows as phi_s shrinks: a short arrow turns with a small push. Where a clip is silent or a mouth
# stands still, a step of training may be torn far away by one window. The $\epsilon$ stops the growth,
# but late, at a gradient of about $10^9$: so one clips gradients in training as well. (At exactly zero
# there is no direction: the loss is 1.)
#
# ## 10 · Quiz

# %%
quizzes.ask("derivative_correlation_loss")

# %% [markdown]
# ## What you take with you
#
# - Compare changes, not values: what stays the same says nothing about who leads whom.
# - Eq. 1 is a cosine over all channels and steps; the released code compares the mean of the channels.
# - Receptive fields of 9 and 13 steps let lips lead or follow by up to ten frames.
# - Minimise a loss alone once, and see what it really asks for. This one asks to agree, on anything.
# - Give it wrong pairs, and agreeing on anything is no longer the best.
# - A cosine is blind to size, but its gradient is not.
