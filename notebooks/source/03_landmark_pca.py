# ---
# title: Landmark PCA
# minutes: {cpu: 1, gpu: 1}
# builds: A talking face that six numbers a frame can draw, and sliders to move it.
# needs: Python, a little PyTorch, notebook 02 (where the 68 points come from).
# picture: {file: images/03.png, alt: "Six faces of lines, one for each of six components, moved both ways."}
# equations:
#   - "atvg Eq. 4: landmarks from PCA coefficients, with a boost for each component"
# ---

# %% [markdown]
# # 03 · Landmark PCA
#
# A face in a frame is 68 points, 136 numbers. Yet a talker cannot move them as they like: when the lower
# lip drops, the chin goes with it, and the left half of the mouth does what the right half does. *Principal
# component analysis* (PCA) finds such habits by itself. Six numbers a frame turn out to be enough to draw a
# face that talks, and they are what the network of "Hierarchical Cross-Modal Talking Face Generation"
# (**atvg**, CVPR 2019) learns to say when it hears speech.
#
# You will take away what is *not* shape, do PCA by hand, put each of the six numbers on a slider, and then
# ask a question that the paper does not: how much of a talker's **mouth** do these six numbers hold?
#
# (The picture shows six components of ten talkers of GRID: Cooke et al., JASA 2006, CC BY 4.0.)

# %% tags=["parameters"]
profile = "class"

# %%
import numpy as np
import torch

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, quizzes, widgets
from lipcourse.profiles import choose_profile
from lipcourse.signals.faces import track_landmarks
from lipcourse.signals.shapes import DEMO_BOOST, MOUTH, ShapeModel, procrustes

pictures.use_style()
size = choose_profile(profile)
corpus = open_corpus()
print(corpus)

# %% [markdown]
# ## 1 · Clips in, points out
#
# A few clips of several talkers are enough. Each frame in which a face was found gives 68 points in pixels,
# x to the right and y **down**.

# %%
talkers = corpus.talkers()[: size.clips]
points, portraits = {}, []
for talker in talkers:
    found = []
    for clip in corpus.clips(talker, limit=size.clips // len(talkers)):
        track = track_landmarks(clip.frames)
        found.append(torch.from_numpy(track.landmarks[track.found]).double())
    points[talker] = torch.cat(found)
    portraits.append(pictures.draw_landmarks(clip.frames[0], track.landmarks[0], scale=2))

all_points = torch.cat(list(points.values()))
print(f"{len(talkers)} talkers of {corpus.name}: {tuple(all_points.shape)}")

# %% figure="One frame of each talker with its 68 points: people sit in different places."
figure = pictures.contact_sheet(portraits, talkers, columns=min(5, (len(talkers) + 1) // 2))
pictures.show(figure, "One frame of each talker with its 68 points: people sit in different places.")

# %% [markdown]
# From here on the pictures are put aside; only the points stay. A helper joins those of an eye, a brow, a
# lip:


# %%
def draw_face(axes, shape, colour, width=1.6, alpha=1.0):
    """Draw 68 points as lines."""
    for start, stop, closed, _ in pictures.REGIONS.values():
        part = list(range(start, stop)) + [start] * closed
        x, y = shape[part].T
        axes.plot(x, y, color=pictures.COLOURS[colour], linewidth=width, alpha=alpha)
    axes.set_aspect("equal")
    axes.yaxis.set_inverted(True)
    axes.set_axis_off()


# %% [markdown]
# ## 2 · Why Procrustes comes first
#
# > **Predict, then run.** PCA finds the direction in which the 136 numbers vary *most*, then the next one
# > at a right angle to it, and so on. If we give it the points just as they lie in their pictures, what
# > will its first component be: an opening mouth, a wide jaw, or something else?

# %% figure="The mean face moved along the first three components: it shifts and grows."
raw = ShapeModel.fit(all_points, components=3)
figure, axes = pictures.subplots(1, 3, width=8, height=3.0, sharex=True, sharey=True)
for k, axis in enumerate(axes):
    step = 2 * raw.explained_variance[k].sqrt() * torch.eye(3, dtype=torch.float64)[k]
    draw_face(axis, raw.inverse(-step), "blue")
    draw_face(axis, raw.inverse(step), "vermillion")
    axis.set_title(f"component {k + 1}: {raw.explained_variance_ratio[k]:.0%} of the variance", fontsize=10)
pictures.show(figure, "The mean face moved along the first three components: it shifts and grows.")

# %% [markdown]
# Blue is two standard deviations one way, vermillion two the other way. PCA found where people *sat*: to
# the left, to the right, higher, nearer to the camera. That is true, and useless: speech does not move a
# chair.
#
# **Procrustes analysis** takes away what is not shape. Each face may be shifted, scaled and turned until it
# lies as near as it can to one *mean shape*; what is left is its shape. (Procrustes was an innkeeper who
# made every guest fit the bed. Ours does it with least squares.)
#
# There is a neat way to write it. Read a point $(x, y)$ as the complex number $z = x + iy$. Then *turning
# and scaling is multiplying by one complex number* $w$: its length scales, its angle turns. With $z$ the 68
# points of a centred shape and $m$ those of the centred mean, the $w$ that makes $\sum_p |w z_p - m_p|^2$
# smallest is
#
# $$ w = \frac{\sum_p \bar z_p\, m_p}{\sum_p |z_p|^2} \tag{1} $$
#
# Try it on numbers small enough to check by eye: a square, turned by 90° and doubled.

# %%
square = torch.tensor([1 + 1j, -1 + 1j, -1 - 1j, 1 - 1j], dtype=torch.complex128)
moved = 2j * square
w = (moved.conj() * square).sum() / (moved.conj() * moved).sum()
print("w =", w.item(), "  w * moved =", (w * moved).tolist())

# %% [markdown] exercise="align_shape" difficulty=3 minutes=10
# ### Exercise 1 · Lay one face on another
#
# Write `align_shape(shape, mean)`: shift, scale and turn `shape` (68, 2) so that it lies as near to `mean`
# (68, 2) as it can, in the sense of least squares. Return it as (68, 2). A mirror image is not allowed: a
# left eye must not become a right eye.
#
# `torch.view_as_complex` makes (68,) complex numbers of (68, 2) real ones, `torch.view_as_real` goes back.
#
# > hint: Take away each shape's own centre first. Then the formula above gives w. At the end, the result
# > belongs around the centre of `mean`.
#
# > hint: `z = torch.view_as_complex(shape)`, the same for m. `z = z - z.mean()`, and `center = m.mean()`.
# > The answer is `w * z + center`, with w from z and m - center. Complex multiplication cannot mirror, so
# > you get that for free.


# %% solution="align_shape"
def align_shape(shape, mean):
    """Lay a shape on the mean shape: both (68, 2)."""
    # solution
    z, m = torch.view_as_complex(shape), torch.view_as_complex(mean)
    z, center = z - z.mean(), m.mean()
    w = (z.conj() * (m - center)).sum() / z.abs().square().sum()
    return torch.view_as_real(w * z + center)
    # end solution


# %%
check.align_shape(align_shape)

# %% [markdown]
# And the mean shape itself? It depends on the aligned shapes, which depend on it. The usual way goes back
# and forth between the two; in the plane one eigenvector gives it at once (the docstring of `procrustes`
# says whose idea that was). The package returns the aligned shapes, the mean shape, and the movement of
# every face:

# %%
alignment = procrustes(all_points)
mean_shape = alignment.mean
shapes = {talker: procrustes(own, mean_shape).shapes for talker, own in points.items()}
all_shapes = torch.cat(list(shapes.values()))

print("shapes", tuple(alignment.shapes.shape), " mean", tuple(mean_shape.shape))
print("faces were turned by up to", f"{alignment.similarity.angle.abs().max().rad2deg():.1f}°")

# %% figure="All faces before Procrustes and after: afterwards they lie on each other."
colours = ["blue", "vermillion", "green", "orange", "sky", "purple"]
figure, axes = pictures.subplots(1, 2, width=8, height=3.8)
for axis, pile, title in zip(axes, (points, shapes), ("before", "after Procrustes"), strict=True):
    for colour, own in zip(colours, pile.values(), strict=False):
        for shape in own[::25]:
            draw_face(axis, shape, colour, width=0.7, alpha=0.6)
    axis.set_title(title)
pictures.show(figure, "All faces before Procrustes and after: afterwards they lie on each other.")

# %% [markdown]
# Nothing is lost: the movement is kept, and its inverse puts a shape back into its picture. A generated
# mouth will need that. From here on a unit is no pixel: the points of the mean shape are 1 from its centre
# on average (root mean square).

# %%
back = alignment.similarity.inverse().apply(alignment.shapes)
print(f"there and back: {(back - all_points).abs().max():.1e} px")
print(f"one unit of shape is {1 / alignment.similarity.scale.mean():.0f} px in these pictures")

# %% [markdown]
# ## 3 · PCA by hand
#
# Write each shape as one row of 136 numbers, $x_0, y_0, x_1, y_1, \ldots$, and take the mean row away. What
# is left is how far each frame is from the mean face.

# %%
rows = all_shapes.reshape(-1, 136)
mean_row = rows.mean(0)
offsets = rows - mean_row
offsets.shape

# %% [markdown]
# The **singular value decomposition** writes this table as $U S V^\top$. The rows of $V^\top$ are
# directions, at right angles to each other and of length 1; the first is the one along which the rows
# spread most. The spread along direction $k$ (the variance) is $S_k^2 / (N - 1)$.

# %%
U, S, Vh = torch.linalg.svd(offsets, full_matrices=False)
variance = S.square() / (len(rows) - 1)
share = variance / variance.sum()
print("directions:", tuple(Vh.shape), " the first six hold", f"{share[:6].sum():.0%} of the variance")

# %% [markdown]
# How much of each direction is in a frame? A scalar product tells, since the directions have length 1.
# These six numbers a frame are the *coefficients*; multiplying them with the directions again and adding
# the mean draws the face.

# %%
coefficients = offsets @ Vh[:6].T
drawn = coefficients @ Vh[:6] + mean_row
print("136 numbers a frame became", coefficients.shape[1])
print(f"a point is off by {(drawn - rows).reshape(-1, 68, 2).norm(dim=-1).mean():.3f} units on average")

# %% figure="The share of variance of the first twelve components, falling, and their sum."
figure, axis = pictures.subplots(width=7, height=2.8)
number = np.arange(1, 13)
axis.bar(number, 100 * share[:12], color=pictures.COLOURS["sky"], label="each")
axis.plot(number, 100 * share[:12].cumsum(0), "o-", color=pictures.COLOURS["vermillion"], label="together")
axis.axvline(6.5, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
axis.set(xlabel="component", ylabel="% of the variance", xticks=number, ylim=(0, 100))
axis.legend(loc="center right")
pictures.show(figure, "The share of variance of the first twelve components, falling, and their sum.")

# %% [markdown] exercise="reconstruct_shapes" difficulty=3 minutes=10
# ### Exercise 2 · PCA from start to end
#
# Write `reconstruct_shapes(shapes, count)`: do PCA of `shapes` (N, 68, 2), keep the first `count`
# components, and draw every shape again from its `count` coefficients. Return (N, 68, 2).
#
# > hint: Four steps: make rows of 136 and centre them, SVD, coefficients, draw. The cells above do all four
# > for six components.
#
# > hint: `torch.linalg.svd` gives `Vh` with one direction a *row*: `Vh[:count]` has shape (count, 136). Do
# > not forget to add the mean row again, nor to reshape at the end.


# %% solution="reconstruct_shapes"
def reconstruct_shapes(shapes, count):
    """Draw shapes (N, 68, 2) again from their first `count` principal components."""
    # solution
    rows = shapes.reshape(len(shapes), 136)
    mean = rows.mean(0)
    _, _, Vh = torch.linalg.svd(rows - mean, full_matrices=False)
    coefficients = (rows - mean) @ Vh[:count].T
    return (coefficients @ Vh[:count] + mean).reshape(-1, 68, 2)
    # end solution


# %%
check.reconstruct_shapes(reconstruct_shapes)

# %% [markdown]
# The package's `ShapeModel` does the same, and keeps what is needed later. One thing is a matter of taste:
# a direction and its opposite are equally good, so the package turns each so that its largest entry is
# positive.

# %%
model = ShapeModel.fit(all_shapes, components=6)
signs = (model.components * Vh[:6]).sum(1).sign()
print(f"largest difference from our own: {(model.components - signs[:, None] * Vh[:6]).abs().max():.0e}")

# %% [markdown]
# ## 4 · What each of the six moves
#
# The mean face is in the middle; blue goes two standard deviations down, vermillion two up.
#
# > **Predict, then run.** Which of the six will open the mouth?

# %% figure="Six panels, one a component: the mean face moved down (blue) and up (red)."
figure, axes = pictures.subplots(2, 3, width=8, height=5.6, sharex=True, sharey=True)
deviations = model.explained_variance.sqrt()
for k, axis in enumerate(axes.flat):
    step = 2 * deviations[k] * torch.eye(6, dtype=torch.float64)[k]
    draw_face(axis, model.inverse(-step), "blue")
    draw_face(axis, model.inverse(step), "vermillion")
    axis.set_title(f"component {k + 1}: {model.explained_variance_ratio[k]:.0%}", fontsize=10)
pictures.show(figure, "Six panels, one a component: the mean face moved down (blue) and up (red).")

# %% [markdown]
# The first components tell *who* it is: a long face or a short one, a wide jaw, brows far from the eyes. Or
# where the head turns: a turned head is another shape for Procrustes, which only knows the plane. The mouth
# opens in a later one, and never alone. Nobody told PCA that we care about speech.
#
# ## 5 · Eq. 4: six numbers draw a face, with a boost
#
# atvg's network hears speech and says six coefficients a frame, $h$. Its Eq. 4 draws the points:
#
# $$ \hat p = (h \odot \omega)\, U^\top + \bar p \tag{atvg 4} $$
#
# $U^\top$ are our six rows, $\bar p$ is the mean shape, and $\omega$ is a **boost**, one factor for each
# component. In training $\omega = 1$. The demo that the authors released uses
# $\omega = (1, 2.2, 2.4, 2.6, 2.8, 3.0)$, which the paper does not mention.

# %% [markdown] exercise="draw_shapes" difficulty=2 minutes=5
# ### Exercise 3 · Eq. 4
#
# Write `draw_shapes(coefficients, components, mean, boost)`: coefficients (T, 6), components (6, 136), the
# mean shape (68, 2), a boost for each component (6,). Return the shapes (T, 68, 2).
#
# > hint: The boost belongs to the coefficients: multiply before you use the components.
#
# > hint: (T, 6) times (6,) is (T, 6); `@ components` makes it (T, 136). A row is x0, y0, x1, y1, ..., so
# > `.reshape(-1, 68, 2)` is right; then add `mean`.


# %% solution="draw_shapes"
def draw_shapes(coefficients, components, mean, boost):
    """Eq. 4 of atvg: shapes (T, 68, 2) from six coefficients a frame."""
    # solution
    return ((coefficients * boost) @ components).reshape(-1, 68, 2) + mean
    # end solution


# %%
check.draw_shapes(draw_shapes)

# %% [markdown]
# ## 6 · Six sliders
#
# Each slider is a coefficient, counted in its own standard deviations. Move one at a time first. Then
# switch the boost on, and find a setting that no face could make.


# %%
def slide(c1=0.0, c2=0.0, c3=0.0, c4=0.0, c5=0.0, c6=0.0, boost="ones"):
    """Draw the face of six coefficients, over the mean face."""
    h = torch.tensor([c1, c2, c3, c4, c5, c6], dtype=torch.float64) * deviations
    figure, axis = pictures.subplots(width=4, height=4)
    draw_face(axis, model.mean, "sky", width=0.8)
    draw_face(axis, model.inverse(h, boost=DEMO_BOOST if boost == "demo" else None), "black")
    return figure


sliders = {f"c{k}": (-3.0, 3.0, 0.5) for k in range(1, 7)}
widgets.explore(slide, alt="A face drawn from six coefficients.", boost=["ones", "demo"], **sliders)

# %% [markdown]
# Without sliders: one frame of a real clip, component by component, then with the boosts of the demo.

# %% figure="One frame drawn from none to six components, and from six with boosts."
own = shapes[talkers[0]]
frame = own[(own[:, 66] - own[:, 62])[:, 1].argmax()]
figure, axes = pictures.subplots(2, 4, width=8, height=4.6, sharex=True, sharey=True)
for count, axis in enumerate(axes.flat):
    h = model.transform(frame) * (torch.arange(6) < count)
    draw_face(axis, frame, "sky", width=0.9)
    draw_face(axis, model.inverse(h, boost=DEMO_BOOST if count == 7 else None), "black", width=1.2)
    axis.set_title(f"{count} components" if count < 7 else "6, boosted", fontsize=10)
axes[0, 0].set_title("the mean face", fontsize=10)
axes[0, 1].set_title("1 component", fontsize=10)
pictures.show(figure, "One frame drawn from none to six components, and from six with boosts.")

# %% [markdown]
# The true frame is light blue. Watch with which component the lips come apart: it is not the first.
#
# ## 7 · How many components are enough?
#
# The paper fits PCA on the training split. So shall we: all talkers but the last one, who stays unseen.
# With the inverse movement the error is told in pixels of the picture, which one can judge.


# %%
def pixel_error(model, pixels, count, part):
    """Mean distance in pixels between points and what `count` components draw of them."""
    aligned = procrustes(pixels, seen.mean)
    kept = model.transform(aligned.shapes) * (torch.arange(len(model.components)) < count)
    drawn = aligned.similarity.inverse().apply(model.inverse(kept))
    return float((drawn - pixels)[:, part].norm(dim=-1).mean())


unseen = talkers[-1]
seen_points = torch.cat([points[talker] for talker in talkers[:-1]])
seen = procrustes(seen_points)
wide_model = ShapeModel.fit(seen.shapes, components=60)
counts = [0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60]

# %% figure="The error falls with more components; for the unseen talker it stays higher."
figure, axes = pictures.subplots(1, 2, width=8, height=3.0, sharey=True)
parts = {"all 68 points": slice(0, 68), "the 20 points of the mouth": MOUTH}
piles = (seen_points, "talkers seen", "blue"), (points[unseen], "unseen talker", "vermillion")
for axis, (title, part) in zip(axes, parts.items(), strict=True):
    for pixels, name, colour in piles:
        errors = [pixel_error(wide_model, pixels, count, part) for count in counts]
        axis.plot(counts, errors, "o-", markersize=3, color=pictures.COLOURS[colour], label=name)
    axis.axvline(6, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
    axis.set(xlabel="components", ylim=(0, None), title=title)
axes[0].set_ylabel("mean error (px)")
axes[1].legend()
pictures.show(figure, "The error falls with more components; for the unseen talker it stays higher.")

# %% [markdown]
# At six (dotted) the seen talkers are drawn to within a pixel. The unseen one is farther off, the more so
# the fewer talkers PCA has seen: a handful do not teach it what *faces* can look like. Compare the profiles
# `fast` and `class`, which reads more talkers.
#
# ## 8 · How much of the mouth?
#
# > **Predict, then run.** The six components hold most of the variance of all shapes, and the first one
# > alone about half. How much of the *movement of one talker's mouth* does the first one explain? Write a
# > number down.
#
# Movement is what a mouth does around its own mean. If $d$ is how far a mouth point is from its mean over
# the clip, and $\hat d$ what the components draw of it, the share explained is
#
# $$ 1 - \frac{\sum \lVert d - \hat d \rVert^2}{\sum \lVert d \rVert^2} \tag{2} $$
#
# with sums over the 20 mouth points and all frames. It is 1 if the movement is drawn exactly.

# %% [markdown] exercise="mouth_share" difficulty=4 minutes=12
# ### Exercise 4 · The share of the mouth
#
# Write `mouth_share(shapes, components)`: the shapes (T, 68, 2) of one talker, components (K, 136) as
# orthonormal rows. Return one number: the share of the movement of the mouth (points 48 to 67) that all K
# together explain.
#
# > hint: Take the talker's own mean over the frames away, find the coefficients with *all* 136 coordinates,
# > draw the movement from them. Only then look at the mouth, in the error and in the total.
#
# > hint: With `moved` (T, 136), `drawn = moved @ components.T @ components`. Reshape both to (T, 68, 2)
# > before you cut `[:, 48:68]`: in a row of 136 the mouth is 96:136.


# %% solution="mouth_share"
def mouth_share(shapes, components):
    """The share (at most 1) of the mouth's movement that the components explain."""
    # solution
    moved = (shapes - shapes.mean(0)).reshape(-1, 136)
    error = moved - moved @ components.T @ components
    mouth = slice(96, 136)
    return float(1 - error[:, mouth].square().sum() / moved[:, mouth].square().sum())
    # end solution


# %%
check.mouth_share(mouth_share)

# %% [markdown]
# Now for each talker of ours, with one to six components:

# %%
mouth = torch.stack([model.share_explained(own, MOUTH) for own in shapes.values()])
print(f"component 1 holds {model.explained_variance_ratio[0]:.0%} of the variance of all shapes")
print(f"and explains {mouth[:, 0].mean():.0%} of how a mouth moves (mean over talkers)")

# %% figure="For each talker, the share of the mouth that one to six components explain."
figure, axis = pictures.subplots(width=7, height=1.2 + 0.32 * len(talkers))
image = axis.imshow(100 * mouth, cmap="magma", vmin=0, vmax=100, aspect="auto")
for (row, column), value in np.ndenumerate(100 * mouth.numpy()):
    axis.text(column, row, f"{value:.0f}", ha="center", va="center", color="black" if value > 55 else "white")
axis.set(xlabel="first components used", xticks=range(6), xticklabels=range(1, 7))
axis.set(ylabel="talker", yticks=range(len(talkers)), yticklabels=talkers)
figure.colorbar(image, ax=axis, label="% of the mouth's movement")
pictures.show(figure, "For each talker, the share of the mouth that one to six components explain.")

# %% [markdown]
# Variance of *what, over whom*? Over all talkers most variance is between people, and PCA serves that
# first. Of the movement of a mouth the first component holds next to nothing. (A number may even fall from
# one column to the next, or lie below zero: a component is chosen for the whole face, and can move a mouth
# the wrong way.)
#
# One change in one line: take each talker's own mean shape away before PCA. Then there is nothing left but
# movement.

# %%
moving = torch.cat([own - own.mean(0) for own in shapes.values()])
movement_model = ShapeModel.fit(moving, components=6)
moved_mouth = torch.stack([movement_model.share_explained(own, MOUTH) for own in shapes.values()])

# %% figure="PCA of movement explains more of the mouth with fewer components."
figure, axis = pictures.subplots(width=7, height=2.8)
piles = (mouth, "PCA of shapes", "blue"), (moved_mouth, "PCA of movement", "vermillion")
for shares, name, colour in piles:
    worst, best = 100 * shares.amin(0), 100 * shares.amax(0)
    axis.plot(range(1, 7), 100 * shares.mean(0), "o-", color=pictures.COLOURS[colour], label=name)
    axis.fill_between(range(1, 7), worst, best, color=pictures.COLOURS[colour], alpha=0.15)
axis.set(xlabel="components", ylabel="% of the mouth's movement", ylim=(-10, 100))
axis.legend(loc="lower right")
pictures.show(figure, "PCA of movement explains more of the mouth with fewer components.")

# %% [markdown]
# The band spans from the worst talker to the best. (Where heads turn a lot, turning is the first movement.)
# PCA of movement sees the mouth sooner, but it cannot draw a new face by itself: it needs that talker's own
# mean shape. atvg's PCA can: its network is shown one true frame of the talker to know which face to go on
# with. Neither choice is wrong. Know which one you made.
#
# ## 9 · What the demo's boosts exaggerate
#
# Look at the demo's boosts again: the first component gets 1, the others 2.2 to 3. The first is mostly
# *looks*. Now we can guess what the authors saw: a network trained with squared error prefers small
# movements, mouths hardly opened, and a boost on all but the first component opens them again.
#
# > **Predict, then run.** If the coefficients are *true* ones, from a real clip, what will the boosted
# > mouth do?

# %%
own = shapes[unseen][:75]
h = model.transform(own)
versions = {"true": own, "six components": model.inverse(h), "boosted": model.inverse(h, boost=DEMO_BOOST)}
gaps = {name: drawn[:, 66, 1] - drawn[:, 62, 1] for name, drawn in versions.items()}
for name, gap in gaps.items():
    crossed = int((gap < 0).sum())
    print(f"{name:15s} gap {gap.min():5.2f} to {gap.max():.2f}, below 0 in {crossed} of {len(gap)} frames")

# %% figure="The gap between the lips: boosted, it doubles, and lips pass through each other."
figure, axis = pictures.subplots(width=8, height=2.8)
styles = {"true": ("black", "-"), "six components": ("blue", "--"), "boosted": ("vermillion", "-")}
for name, (colour, line) in styles.items():
    axis.plot(np.arange(len(own)) / 25, gaps[name], line, color=pictures.COLOURS[colour], label=name)
axis.axhline(0, color=pictures.COLOURS["black"], linewidth=0.8, linestyle=":")
axis.set(xlabel="seconds", ylabel="gap between inner lips")
axis.legend(ncols=3, loc="upper right")
axis.margins(y=0.25)
pictures.show(figure, "The gap between the lips: boosted, it doubles, and lips pass through each other.")

# %% figure="The widest and the most closed frame, true, from six components, and boosted."
figure, axes = pictures.subplots(2, 3, width=7, height=5.2, sharex=True, sharey=True)
for row, frame, what in ((0, gaps["true"].argmax(), "widest"), (1, gaps["boosted"].argmin(), "closed")):
    for axis, (name, drawn) in zip(axes[row], versions.items(), strict=True):
        draw_face(axis, own[frame], "sky", width=0.9)
        draw_face(axis, drawn[frame], styles[name][0])
        axis.set_title(f"{name}, {what}", fontsize=10)
pictures.show(figure, "The widest and the most closed frame, true, from six components, and boosted.")

# %% [markdown]
# A boost multiplies the distance from the mean of *all* talkers. It cannot know which part of that is
# speech: wide mouths get wider, closed lips pass through each other (six components alone let them cross by
# a hair), and where a talker's looks lie in components 2 to 6, the looks are exaggerated too, like a
# caricature. It is a remedy for a shy network, not a part of Eq. 4. Whoever compares numbers should know
# whether it was on.
#
# ## 10 · Quiz

# %%
quizzes.ask("landmark_pca")

# %% [markdown]
# ## What you take with you
#
# - Procrustes takes away shift, scale and turn, returns the movement, and never mirrors.
# - PCA is: centre, SVD, keep the first rows of $V^\top$. Six coefficients draw a face (Eq. 4).
# - A share of variance means nothing until you say of what, and over whom.
# - `ShapeModel.inverse` is differentiable: in notebook 14 a network learns to say these six numbers.
