# ---
# title: Faces and landmarks
# minutes: {cpu: 1, gpu: 1}
# builds: A face followed through a video, its mouth cut out upright, put back again, and scored.
# needs: Python, NumPy, notebook 01 (what a video frame is to the sound).
# picture:
#   file: images/02.png
#   alt: A drawn face of 68 points, each part in its colour, with frames round eyes and nose and the mouth.
# equations:
#   - "glance Eq. 5: LMD, the landmark distance between a real and a generated mouth"
# ---

# %% [markdown]
# # 02 · Faces and landmarks
#
# A network that makes lips move should not have to find them first. In this notebook you find a face, place
# 68 points on it, follow it through a clip, and cut its mouth out so that only speech moves it. Then you go
# the other way: a mouth cut out is put back where it came from. All the systems of this course start with
# the first half, and whoever watches their videos sees the second.
#
# At the end stands the first number by which papers on talking faces are compared, the **landmark distance**
# of "Lip Movements Generation at a Glance" (**glance**, ECCV 2018), and what it cannot see.

# %% tags=["parameters"]
profile = "class"

# %%
import time

import numpy as np

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, players, quizzes, widgets
from lipcourse.metrics.lmd import landmark_distance
from lipcourse.profiles import choose_profile
from lipcourse.signals import faces

pictures.use_style()
size = choose_profile(profile)
corpus = open_corpus()
print(corpus)

# %% [markdown]
# ## 1 · A face in a frame
#
# One clip of each of a few talkers. We work on the first; the others come in later.

# %%
clips = [next(corpus.clips(talker, limit=1)) for talker in corpus.talkers()[: size.talkers]]
clip = clips[0]
print(f"{clip.key}: frames {clip.frames.shape}, uint8 from {clip.frames.min()} to {clip.frames.max()}")
players.video(clip)

# %% [markdown]
# dlib's **detector** slides a window of 80 x 80 pixels over the frame, at several sizes of the frame, and
# asks of each place whether its edges run as they do in a face seen from the front. The answer is a box.
# dlib's **predictor** then moves 68 points from an average face onto this one: 15 rounds of 500 small
# decision trees, each of which compares the brightness of two pixels.

# %%
box = faces.detect_faces(clip.frames[0])[0]
points = faces.place_points(clip.frames[0], box)
print("box: left, top, right, bottom =", box)
print("points:", points.shape, " the first:", points[0], " the tip of the chin:", points[8])

# %% [markdown]
# Pixels are counted from the top left corner, so y grows **downwards**, and each point is x, then y. (An
# array of pixels has it the other way round: `frame[y, x]`. Almost everybody mixes this up once.)

# %% figure="The talker's face with the detector's box, and the 68 points coloured by part."
boxed = clip.frames[0].copy()
left, top, right, bottom = box.astype(int)
boxed[[top, bottom], left:right] = boxed[top:bottom, [left, right]] = (255, 255, 255)
both = [boxed, pictures.draw_landmarks(clip.frames[0], points)]
figure = pictures.contact_sheet(
    both, ["where: the detector's box", "what: the predictor's points"], columns=2
)
pictures.show(figure, "The talker's face with the detector's box, and the 68 points coloured by part.")

# %% [markdown]
# ## 2 · 68 numbers to know
#
# The points always come in the same order, so a number is a place on the face. You will write `48:68` often
# enough to know it by heart: the mouth. *Right* means the talker's right, which is on your left.

# %%
shapes = [faces.place_points(frame, box) for frame in clip.frames[::3]]
wide_open = max(shapes, key=lambda shape: shape[66, 1] - shape[62, 1])

# %% figure="The 68 points of a face with their numbers, each part in its own colour; the mouth enlarged."
figure, axes = pictures.subplots(1, 2, width=8.4, height=5.2, width_ratios=[1.25, 1])
for name, (start, stop, closed, colour) in pictures.REGIONS.items():
    part, told = list(range(start, stop)) + [start] * closed, f"{start}:{stop} {name}"
    for axis in axes if start >= 48 else axes[:1]:
        axis.plot(*wide_open[part].T, "o-", color=pictures.COLOURS[colour], markersize=3, label=told)
for number, (x, y) in enumerate(wide_open):
    axis = axes[int(number >= 48)]
    below = number in {*range(55, 60), *range(61, 64)}
    offset = (0, -10 if below else 4) if number not in {60, 64} else (7 if number == 60 else -7, -3)
    axis.annotate(number, (x, y), offset, textcoords="offset points", ha="center", fontsize=7)
for axis, title in zip(axes, ("0 to 47", "the mouth: 48 to 67"), strict=True):
    axis.set(aspect="equal", xlabel="x (px)", ylabel="y (px)", title=title)
    axis.yaxis.set_inverted(True)
axes[1].margins(y=0.2)
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
pictures.show(
    figure, "The 68 points of a face with their numbers, each part in its own colour; the mouth enlarged."
)

# %% [markdown]
# The outer lips, `48:60`, run from the right corner along the upper edge to the left corner (54) and back
# below. The inner lips, `60:68`, do the same inside.
#
# ## 3 · Follow, do not search
#
# A clip of three seconds has 75 frames. We could detect in each of them; the papers' own code does, on
# frames enlarged to twice their size. How long does that take?


# %%
def milliseconds(function, *arguments, **options):
    """How long one call takes."""
    start = time.perf_counter()
    function(*arguments, **options)
    return 1000 * (time.perf_counter() - start)


frame = clip.frames[0]
print(f"detect, frame doubled: {milliseconds(faces.detect_faces, frame, upsample=1):6.1f} ms")
print(f"detect:                {milliseconds(faces.detect_faces, frame):6.1f} ms")
print(f"place 68 points:       {milliseconds(faces.place_points, frame, box):6.1f} ms")

# %% [markdown]
# Placing is cheap, searching is dear. And a face that talks hardly leaves its box.
#
# > **Predict, then run.** If we detect in every frame of one second of the clip, how many *different* boxes
# > will there be: one, a handful, or one a frame?

# %%
second = clip.frames[:25]
boxes = np.stack([faces.detect_faces(frame)[0] for frame in second])
print(f"{len(np.unique(boxes, axis=0))} different boxes in {len(second)} frames")
print(np.unique(boxes, axis=0))

# %% [markdown]
# The detector moves its window in steps of about a tenth of the face, so its box stays, and now and then it
# jumps by a whole step. `track_landmarks` makes use of that: it detects on every 16th
# frame, looks for a jump only where two neighbouring boxes differ, and detects at once where the picture in
# the box has changed too much. The points are placed anew on every frame.

# %%
start = time.perf_counter()
tracks = [faces.track_landmarks(each.frames) for each in clips]
seconds = time.perf_counter() - start
for each, track in zip(clips, tracks, strict=True):
    print(f"{each.key}: detected on {track.detected.sum()} of {len(each.frames)} frames")
print(f"{1000 * seconds / sum(len(each.frames) for each in clips):.1f} ms a frame")

# %% [markdown]
# Is it the same? On the frames of the second above, the mouth points differ by this much from searching the
# face every time:

# %%
searched = np.stack([faces.place_points(frame, box) for frame, box in zip(second, boxes, strict=True)])
track = tracks[0]
difference = np.linalg.norm(track.landmarks[:25, 48:68] - searched[:, 48:68], axis=-1)
print(f"mouth points: {difference.mean():.3f} px apart on average")

# %% figure="Five frames of the clip with the points drawn over them."
moments = np.linspace(0, len(clip.frames) - 1, 5).astype(int)
zoom = max(1, 500 // clip.frames.shape[2])
drawn = [pictures.draw_landmarks(clip.frames[n], track.landmarks[n], scale=zoom) for n in moments]
figure = pictures.contact_sheet(drawn, [f"{n / clip.fps:.2f} s" for n in moments], columns=5)
pictures.show(figure, "Five frames of the clip with the points drawn over them.")

# %% [markdown]
# ## 4 · The mouth against the sound
#
# The distance between the inner lips is the simplest thing that points can tell about speech.

# %% [markdown] exercise="lip_gap" difficulty=2 minutes=6
# ### Exercise 1 · The gap between the lips
#
# Write `lip_gap(landmarks)`: for landmarks (T, 68, 2), the distance in pixels between the inner lips in each
# frame, (T,): the mean over the three pairs of points that face each other. Find the pairs in the picture of
# section 2. The head may be tilted.
#
# > hint: The corners are 60 and 64. Above, from right to left, lie 61, 62, 63. Which lie below them?
#
# > hint: `landmarks[:, [61, 62, 63]]` are the upper ones, `landmarks[:, [67, 66, 65]]` those below.
# > `np.linalg.norm(..., axis=-1)` makes a distance of a difference; then take the mean over the pairs.


# %% solution="lip_gap"
def lip_gap(landmarks):
    """Mean distance of three pairs of inner-lip points, in pixels: (T, 68, 2) to (T,)."""
    # solution
    upper, lower = landmarks[:, [61, 62, 63]], landmarks[:, [67, 66, 65]]
    return np.linalg.norm(lower - upper, axis=-1).mean(axis=-1)
    # end solution


# %%
check.lip_gap(lip_gap)

# %% [markdown]
# > **Predict, then run.** Here is what is said, with the time of each word. In which words must the lips
# > close altogether? (Say them aloud: lips close for *b*, *p* and *m*, and for nothing else.)

# %%
opening = faces.mouth_opening(track.landmarks)
print(" ".join(f"{word.label} ({word.start:.2f} s)" for word in clip.words))
print(f"the lips are between {opening.min():.1f} and {opening.max():.1f} px apart")

# %% figure="The waveform over the mouth opening, on one clock, with the words between them."
figure, (upper, lower) = pictures.subplots(2, 1, height=4.2, sharex=True)
pictures.plot_waveform(upper, clip.waveform, clip.sample_rate)
upper.set(xlabel="", ylim=(-1.05, 1.6))
lower.plot((np.arange(len(opening)) + 0.5) / clip.fps, opening, color=pictures.COLOURS["vermillion"])
lower.set(xlabel="seconds", ylabel="lip gap (px)", xlim=(0, clip.seconds))
for number, word in enumerate(clip.words):
    upper.text((word.start + word.end) / 2, 1.2, word.label, ha="center", fontsize=9)
    for axis in (upper, lower):
        shade = 0.15 + 0.2 * (number % 2)
        axis.axvspan(word.start, word.end, color=pictures.COLOURS["sky"], alpha=shade, linewidth=0)
pictures.show(figure, "The waveform over the mouth opening, on one clock, with the words between them.")

# %% [markdown]
# Two things to see. The curve dips just before a *b* or a *p* is heard, though rarely to the bottom: points
# are whole pixels, and 25 pictures a second miss the shortest closures. And the mouth often moves well
# **before** there is sound: people breathe in, and lips get ready. Notebook 04 measures by how much.
#
# ## 5 · When there is no face
#
# People turn away, cover their mouths, leave the picture. Let us cut a hole into the clip and see what the
# tracker says.

# %%
broken = clip.frames.copy()
broken[30:40] = 0
gone = faces.track_landmarks(broken)
print(f"{gone.missing} frames show no face:", np.flatnonzero(~gone.found))

# %% [markdown]
# It does not pretend. `found` says where there was no face; the points there are a straight line in time
# from the last face before to the first face after, so that later steps have something to work with, and you
# can leave those frames out.

# %% [markdown] exercise="fill_gaps" difficulty=3 minutes=10
# ### Exercise 2 · Across the gap
#
# Write `fill_gaps(landmarks, found)`: landmarks (T, 68, 2) hold zeros where `found` (T,) is False. Return
# landmarks (T, 68, 2) in which every gap is filled by linear interpolation in time. At the ends of the clip
# there is only one neighbour: hold it.
#
# > hint: `np.interp(x, known_x, known_y)` does just this, ends included, for one curve. How many curves are
# > 68 points?
#
# > hint: Reshape to (T, 136). For each column, `np.interp(np.arange(T), np.flatnonzero(found),
# > column[found])`. Stack the columns and go back to (T, 68, 2).


# %% solution="fill_gaps"
def fill_gaps(landmarks, found):
    """Interpolate landmarks (T, 68, 2) in time where `found` (T,) is False."""
    # solution
    times = np.arange(len(landmarks))
    rows = landmarks.reshape(len(landmarks), -1)
    columns = [np.interp(times, times[found], column[found]) for column in rows.T]
    return np.stack(columns, axis=1).reshape(landmarks.shape)
    # end solution


# %%
check.fill_gaps(fill_gaps)

# %% figure="The tip of the chin over time: the gap is crossed by a straight line."
figure, axis = pictures.subplots(height=2.6)
axis.plot(track.landmarks[20:50, 8, 1], "o-", color=pictures.COLOURS["sky"], markersize=4, label="whole clip")
axis.plot(gone.landmarks[20:50, 8, 1], color=pictures.COLOURS["vermillion"], label="with the hole")
axis.set(xlabel="frames after the 20th", ylabel="chin, y (px)")
axis.margins(y=0.3)
axis.legend(ncols=2, loc="upper left")
pictures.show(figure, "The tip of the chin over time: the gap is crossed by a straight line.")

# %% [markdown]
# ## 6 · Why align
#
# > **Predict, then run.** We cut a square around the first face, then the **same** square out of the clips of
# > all our talkers, and average all the frames. What will the average look like? And if each frame is first
# > turned, scaled and shifted so that eyes and nose lie in one place?

# %% figure="Two average faces: one a blur with ghost eyes, one sharp at eyes and nose."
aligned = [faces.align_faces(c.frames, t.landmarks) for c, t in zip(clips, tracks, strict=True)]
x, y = (int(v) for v in points.mean(axis=0))
raw = np.concatenate([each.frames[:, y - 75 : y + 75, x - 75 : x + 75] for each in clips])
upright = np.concatenate([crops for crops, _ in aligned])
figure, axes = pictures.subplots(1, 2, width=6, height=3.2)
for axis, frames, title in zip(axes, (raw, upright), ("as filmed", "aligned"), strict=True):
    axis.imshow(frames.mean(axis=0) / 255)
    axis.set(title=f"mean of {len(frames)} frames, {title}", xticks=[], yticks=[])
    axis.title.set_fontsize(10)
pictures.show(figure, "Two average faces: one a blur with ghost eyes, one sharp at eyes and nose.")

# %% [markdown]
# A network sees what the average shows. On the left it would have to learn where heads are; on the right it
# can use all it has on what differs: who speaks, and what the mouth does.
#
# The move is a **similarity**: turn, scale, shift, nothing else. It is written as a matrix (2, 3), with
# which a point $p$ of the frame becomes a point $q$ of the crop:
#
# $$ q = A\,p + t, \qquad A = s \begin{pmatrix} \cos\varphi & -\sin\varphi \\ \sin\varphi & \cos\varphi
# \end{pmatrix} \tag{1} $$
#
# It is fitted to eyes and nose, 21 points, and **not** to the mouth: if it followed the lips, it would take
# the movement away that we want to keep.

# %%
crops, transforms = aligned[0]
moved = faces.transform_points(track.landmarks, transforms)
for name, part in {"eyes and nose": slice(27, 48), "mouth": slice(48, 68)}.items():
    print(f"{name:14s} move by {moved[:, part].std(axis=0).mean():.2f} px in the crop")

# %% figure="Aligned faces of 128 pixels, one of each talker, with their points."
sheet = []
for (faces_of_one, matrices), one in zip(aligned, tracks, strict=True):
    sheet.append(
        pictures.draw_landmarks(faces_of_one[0], faces.transform_points(one.landmarks, matrices)[0], scale=2)
    )
figure = pictures.contact_sheet(sheet, [each.talker for each in clips], columns=min(5, len(sheet)))
pictures.show(figure, "Aligned faces of 128 pixels, one of each talker, with their points.")

# %% [markdown]
# The mouth is cut out with the same matrices, larger and centred on where the mouth is *on the whole*: once
# for the clip, so that the lips move in the crop and the crop does not move with the lips.

# %% figure="A film strip of mouths, upright and of one size, opening and closing."
mouths, mouth_transforms = faces.crop_mouths(clip.frames, track.landmarks)
print("mouths:", mouths.shape, " transforms:", mouth_transforms.shape)
shown = range(20, 60, 5)
figure = pictures.contact_sheet(mouths[shown], [f"{n / clip.fps:.2f} s" for n in shown], columns=8)
pictures.show(figure, "A film strip of mouths, upright and of one size, opening and closing.")

# %% [markdown]
# ## 7 · And back again
#
# A network will make mouths of 64 x 64 pixels. To see them speak in a face, we need the way back: from the
# crop to the frame.

# %% [markdown] exercise="to_frame" difficulty=3 minutes=8
# ### Exercise 3 · Back to the frame
#
# Write `to_frame(points, transform)`: points (N, 2) in pixels of a crop and the matrix (2, 3) that leads
# **from the frame to the crop**, as in formula (1). Return where the points lie in the frame, (N, 2).
#
# > hint: `A, t = transform[:, :2], transform[:, 2]`. Solve q = A p + t for p, on paper, before you type.
#
# > hint: p is the inverse of A times (q - t). Points are rows, so it reads
# > `(points - t) @ np.linalg.inv(A).T`.


# %% solution="to_frame"
def to_frame(points, transform):
    """Where points (N, 2) of a crop lie in its frame."""
    # solution
    A, t = transform[:, :2], transform[:, 2]
    return (points - t) @ np.linalg.inv(A).T
    # end solution


# %%
check.to_frame(to_frame)

# %% [markdown]
# `paste_back` does this for pixels, with a soft edge: near the border of the crop the frame shows through.
#
# > **Predict, then run.** We take the widest mouth of the clip and paste it into the frame with the most
# > closed one. What will give it away?

# %% figure="A closed mouth, the same frame with an open mouth pasted in, and what changed."
wide, closed = opening.argmax(), opening.argmin()
host, transform = clip.frames[closed], mouth_transforms[closed]
soft = faces.paste_back(host, mouths[wide], transform)
hard = faces.paste_back(host, mouths[wide], transform, feather=0)
window = (slice(max(y - 70, 0), y + 90), slice(max(x - 80, 0), x + 80))
panels = [image[window] for image in (host, hard, soft)]
figure = pictures.contact_sheet(panels, ["the frame", "pasted, hard edge", "pasted, soft edge"], columns=3)
pictures.show(figure, "A closed mouth, the same frame with an open mouth pasted in, and what changed.")

# %% [markdown]
# The edge gives the hard one away. The soft one is good enough to fool a quick look. With a real person in
# the frame, this would already be a manipulated picture: puppets do not mind, the talkers of a research
# corpus agreed to it, others have not been asked. Ask before you use somebody's face.
#
# Play with it: which mouth, into which frame, how soft an edge?


# %%
def swap(mouth=30, into=10, feather=0.15):
    """Paste the mouth of one frame into another."""
    made = faces.paste_back(clip.frames[into], mouths[mouth], mouth_transforms[into], feather=feather)
    return pictures.contact_sheet(
        [clip.frames[into][window], made[window]], ["the frame", "made"], 2, width=5
    )


last = len(mouths) - 1
widgets.explore(
    swap,
    alt="A frame, and the same with another mouth.",
    mouth=(0, last),
    into=(0, last),
    feather=(0, 0.5, 0.05),
)

# %% [markdown]
# Without sliders: four mouths of the clip in one and the same frame.

# %% figure="One frame with four different mouths of the clip pasted in."
chosen = np.quantile(opening, [0, 0.5, 0.8, 1], method="nearest")
numbers = [int(np.flatnonzero(opening == value)[0]) for value in chosen]
panels = [faces.paste_back(clip.frames[10], mouths[n], mouth_transforms[10])[window] for n in numbers]
figure = pictures.contact_sheet(panels, [f"mouth of frame {n}" for n in numbers], columns=4)
pictures.show(figure, "One frame with four different mouths of the clip pasted in.")

# %% [markdown]
# ## 8 · How far are two mouths apart?
#
# A network has made a clip; the real one lies beside it. Is the mouth where it should be? glance measures
# the **landmark distance** (LMD): find the points in both, and take the mean distance of the 20 mouth points,
# over points and frames. In between, it does one more thing:
#
# $$ \mathrm{LMD} = \frac{1}{T P} \sum_{t=1}^{T} \sum_{p=1}^{P} \left\lVert (x_{t,p} - \bar x_t) -
# (\hat x_{t,p} - \bar{\hat x}_t) \right\rVert_2, \qquad P = 20 \tag{glance 5} $$
#
# $\bar x_t$ is the mean of the 20 real points in frame $t$, $\bar{\hat x}_t$ that of the generated ones:
# both mouths are laid on their **mean points** first.
#
# > **Predict, then run.** Why? Think of a generated clip whose mouth is right, but whose face was cut out
# > three pixels to the left.

# %% [markdown] exercise="lip_distance" difficulty=3 minutes=8
# ### Exercise 4 · The landmark distance
#
# Write `lip_distance(reference, generated)`: two mouths over time, each (T, 20, 2). Return one number, Eq. 5.
#
# > hint: Three steps: take each frame's mean point away from both; a distance for each of the T x 20 pairs;
# > one mean over all of them.
#
# > hint: `reference - reference.mean(axis=1, keepdims=True)`, the same for `generated`; then
# > `np.linalg.norm(difference, axis=-1).mean()`.


# %% solution="lip_distance"
def lip_distance(reference, generated):
    """Eq. 5 of glance: mean distance of the mouth points, mean points aligned."""
    # solution
    real = reference - reference.mean(axis=1, keepdims=True)
    made = generated - generated.mean(axis=1, keepdims=True)
    return np.linalg.norm(real - made, axis=-1).mean()
    # end solution


# %%
check.lip_distance(lip_distance)

# %% [markdown]
# Now use it on mouths of which we know what is wrong with them. All come from the real clip, in pixels of
# the aligned face of 128:

# %%
mouth = moved[:, 48:68]
still = np.repeat(mouth.mean(axis=0, keepdims=True), len(mouth), axis=0)
other = faces.transform_points(tracks[1].landmarks, aligned[1][1])[: len(mouth), 48:68]
wrong = {
    "3 px aside": mouth + np.array([3.0, 0.0]),
    "2 frames late": np.roll(mouth, 2, axis=0),
    "mean mouth, still": still,
    "half as open": still + 0.5 * (mouth - still),
    "another talker": other,
}

# %%
plain = [np.linalg.norm(mouth[: len(m)] - m, axis=-1).mean() for m in wrong.values()]
eq5 = [float(landmark_distance(mouth[: len(m)], m)) for m in wrong.values()]

# %% figure="Bars of landmark distance: a shift costs most as points lie, nothing with mean points aligned."
figure, axis = pictures.subplots(height=3.4)
places = np.arange(len(wrong))
for shift, values, colour, name in ((-0.2, plain, "sky", "as they lie"), (0.2, eq5, "blue", "Eq. 5")):
    bars = axis.barh(places + shift, values, 0.38, color=pictures.COLOURS[colour], label=name)
    axis.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
axis.set(yticks=places, yticklabels=list(wrong), xlabel="mean distance of the mouth points (px)")
axis.yaxis.set_inverted(True)
axis.margins(x=0.1)
figure.legend(loc="outside upper right", ncols=2, fontsize=9)
pictures.show(
    figure, "Bars of landmark distance: a shift costs most as points lie, nothing with mean points aligned."
)

# %% [markdown]
# The lips of "3 px aside" are perfect, and as the points lie they look as bad as anybody's. With the mean
# points aligned they cost nothing: this is why Eq. 5 does it. The number is about lips, not about where a
# face was cut out.
#
# But look at the others too. A mouth that **never moves** scores about as well as the right movement 80 ms
# late, and half-hearted lips score better than both. A low LMD alone does not show that anybody speaks. In
# glance's table the best LMD on GRID is 1.18 px; you now know what to ask: pixels of which picture size, and
# how would a still mouth have scored? Notebook 12 asks it of every number.
#
# ## 9 · Quiz

# %%
quizzes.ask("faces_and_landmarks")

# %% [markdown]
# ## What you take with you
#
# - A detector says where a face is, a predictor what shape it has: 68 points, x then y, the mouth is `48:68`.
# - Following is several times faster than searching, and `found` says where there was nothing to follow.
# - Align on what speech leaves alone; keep the matrix, and every crop finds its way back.
# - LMD aligns the mean points, counts pixels, and forgives lips that do not move.
