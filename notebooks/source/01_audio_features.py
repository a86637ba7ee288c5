# ---
# title: Audio features
# minutes: {cpu: 1, gpu: 1}
# builds: A log-mel spectrogram in step with the video, sound made back from it, two kinds of MFCC.
# needs: Python, a little PyTorch; headphones or a loudspeaker.
# equations:
#   - "glance, section 3: the log-mel spectrogram (FFT 1024, 128 bands, 64 columns for 16 frames)"
#   - "atvg, section 4.1: MFCC, 28 x 12 a frame; recurrent, section 4: MFCC, 35 x 12 a frame"
# ---

# %% [markdown]
# # 01 · Audio features
#
# A camera writes 25 pictures a second, a microphone 44 100 numbers. A network that moves lips to speech needs
# both on one clock: *this* piece of sound belongs to *that* picture. In this notebook you turn a waveform
# into a picture of sound whose columns line up with the video, find out that a number printed in a paper
# cannot be right, and listen to what such a picture keeps and what it throws away.
#
# Three papers lend their numbers to the course: "Lip Movements Generation at a Glance" (**glance**, ECCV
# 2018), "Hierarchical Cross-Modal Talking Face Generation" (**atvg**, CVPR 2019) and "Talking Face Generation
# by Conditional Recurrent Adversarial Network" (**recurrent**, 2018).

# %% tags=["parameters"]
profile = "class"

# %%
import librosa
import numpy as np
import torch
from IPython.display import Audio

from lipcourse import pictures
from lipcourse.corpora.registry import open_corpus
from lipcourse.course import check, quizzes, widgets
from lipcourse.profiles import choose_profile
from lipcourse.signals.audio import log_mel, mel_filters, mel_to_waveform, mfcc_atvg, mfcc_recurrent

pictures.use_style()
heat = {"origin": "lower", "aspect": "auto", "cmap": "magma"}
size = choose_profile(profile)
corpus = open_corpus()
print(corpus)

# %% [markdown]
# ## 1 · A waveform is air pressure
#
# One clip of somebody talking. Play it first: you will meet the same sound again and again.

# %%
clip = next(corpus.clips(limit=1))
rate = clip.sample_rate
print(
    f"{clip.key}: “{clip.transcript}”, {len(clip.frames)} frames at {clip.fps:g} fps, {rate} samples a second"
)
Audio(clip.waveform, rate=rate)

# %% [markdown]
# The numbers are the pressure at the microphone. Each picture above them stands where its time is.

# %% figure="Frames of the clip over its waveform, which swells where the talker speaks."
figure, (top, bottom) = pictures.subplots(2, 1, height=4.0, height_ratios=[1, 1.6])
chosen = ((np.arange(9) + 0.5) / 9 * len(clip.frames)).astype(int)  # the middle of each ninth
top.imshow(np.hstack(clip.frames[chosen]), aspect="equal")
top.set_axis_off()
pictures.plot_waveform(bottom, clip.waveform, rate)
pictures.show(figure, "Frames of the clip over its waveform, which swells where the talker speaks.")

# %% [markdown]
# ## 2 · A window of sound, and its frequencies
#
# Nobody reads lips' shapes off that curve. What an ear hears in a vowel is *which frequencies* sound
# together, and they stay nearly the same for some hundredths of a second. So we cut out a **window** of 1024
# samples, let it fade in and out (a *Hann* window: without it, the hard edges would add frequencies that
# nobody spoke), and take its Fourier transform.
#
# > **Predict, then run.** The window lasts 1024 / 44 100 s, about 23 ms. How far apart are two neighbouring
# > frequencies of its transform: 1 Hz, 43 Hz or 1000 Hz?

# %% figure="A window that fades in and out; its power, strong below 1 kHz and falling above it."
loudest = int(np.abs(clip.waveform).argmax())
start = min(max(0, loudest - 512), len(clip.waveform) - 1024)
window = torch.from_numpy(clip.waveform[start : start + 1024]) * torch.hann_window(1024)
power = torch.fft.rfft(window).abs().square()
hertz = torch.fft.rfftfreq(1024, 1 / rate)
figure, (left, right) = pictures.subplots(1, 2, height=2.8)
left.plot(np.arange(1024) / rate * 1000, window)
left.set(xlabel="milliseconds", ylabel="amplitude, faded in and out")
right.plot(hertz / 1000, 10 * power.clamp(min=1e-10).log10())
right.set(xlabel="kHz", ylabel="decibels")
pictures.show(
    figure,
    "A window that fades in and out; its power, strong below 1 kHz and falling above it.",
)
print(f"{len(hertz)} frequencies, {hertz[1]:.1f} Hz apart")

# %% [markdown]
# Frequencies are 1 / 23 ms = 43 Hz apart: **a window that is short in time is coarse in frequency**, and the
# other way round. There is no window that is fine in both. Move the size of the window and look at the edges
# of the words (time) and at the stripes within vowels (frequency).


# %%
def draw_spectrogram(fft):
    """Draw one second of the clip in windows of `fft` samples."""
    sound = torch.from_numpy(clip.waveform[rate : 2 * rate])
    spectrum = torch.stft(sound, fft, 128, window=torch.hann_window(fft), return_complex=True)
    decibels = 20 * spectrum.abs().clamp(min=1e-5).log10()
    figure, axes = pictures.subplots(height=2.8)
    axes.imshow(decibels, extent=(1, 2, 0, rate / 2000), vmin=decibels.max() - 80, **heat)
    axes.set(ylim=(0, 5), xlabel="seconds", ylabel="kHz")
    axes.set_title(f"{fft} samples: {fft / rate * 1000:.0f} ms, {rate / fft:.0f} Hz")
    return figure


widgets.explore(draw_spectrogram, alt="One second of the clip.", fft=[256, 512, 1024, 2048, 4096])

# %% [markdown]
# Without the control, the two ends of it. glance uses 1024, between them.

# %% figure="The same second in windows of 256 samples: sharp in time, no stripes."
pictures.show(draw_spectrogram(256), "The same second in windows of 256 samples: sharp in time, no stripes.")

# %% figure="The same second in windows of 4096 samples: fine stripes, blurred in time."
pictures.show(
    draw_spectrogram(4096), "The same second in windows of 4096 samples: fine stripes, blurred in time."
)

# %% [markdown]
# ## 3 · Mel bands: as coarse as the ear
#
# Of 513 frequencies an ear tells low ones apart well and high ones badly: 200 and 300 Hz are far apart, 8000
# and 8100 Hz sound alike. The **mel scale** is bent that way. We lay 128 triangles over the frequencies,
# equally wide in mel, and let each gather the power under it.

# %% figure="Every eighth of 128 mel triangles: narrow at low frequencies, wide at high ones."
figure, axes = pictures.subplots(height=2.6)
axes.plot(torch.fft.rfftfreq(1024, 1 / 44_100) / 1000, mel_filters()[:, ::8])
axes.set(xlabel="kHz", ylabel="weight", title="Every eighth mel band", xlim=(0, 22.05))
pictures.show(
    figure,
    "Every eighth of 128 mel triangles: narrow at low frequencies, wide at high ones.",
)

# %% [markdown]
# The last step is the logarithm. Power spans a factor of ten thousand million between a whisper's hiss and a
# vowel; the ear hears ratios, and so should the network. In **decibels**, ten times the power is 10 dB more:
#
# $$ \mathrm{dB} = 10 \log_{10} \max(p, 10^{-10}) \tag{1} $$

# %% [markdown] exercise="mel_decibels" difficulty=2 minutes=6
# ### Exercise 1 · From a spectrum to decibels
#
# Write `mel_decibels(spectrum, filters)`. `spectrum` is what the Fourier transform gave, complex, (columns,
# 513); `filters` is (513, 128). Return (columns, 128) in decibels. Silence must stay finite.
#
# > hint: Three steps, in this order: power (the squared absolute value), bands (a matrix product), decibels.
#
# > hint: `spectrum.abs().square() @ filters` is the power in each band. `.clamp(min=1e-10)` before
# > `torch.log10`.


# %% solution="mel_decibels"
def mel_decibels(spectrum, filters):
    """Mel bands of a complex spectrum, in decibels."""
    # solution
    power = spectrum.abs().square() @ filters
    return 10 * torch.log10(power.clamp(min=1e-10))
    # end solution


# %%
check.mel_decibels(mel_decibels)

# %% [markdown]
# ## 4 · Counting columns: what the paper cannot mean
#
# glance makes 16 video frames at once. At 25 frames a second they last 0.64 s, and 0.64 s of sound at 44.1
# kHz are 28 224 samples. The paper slides a window of 1024 samples along them, 512 samples at a time (the
# *hop*), and its network expects **64 columns**: four for each frame.
#
# > **Predict, then run.** Does a hop of 512 give 64 columns? More? Fewer?
#
# First write the formula.

# %% [markdown] exercise="columns" difficulty=2 minutes=6
# ### Exercise 2 · How many windows fit?
#
# Write `columns(samples, fft, hop, padding)`: how many whole windows of `fft` samples fit into the sound if
# each starts `hop` samples after the one before. First the sound is made longer by `padding` samples (both
# ends together). Return a whole number.
#
# > hint: Where may the last window start at the latest? How many steps of `hop` lie before that place?
#
# > hint: Try it with numbers in which you can see the answer: 10 samples, windows of 4, hop 3: windows start
# > at 0, 3 and 6. So 1 + (10 - 4) // 3.


# %% solution="columns"
def columns(samples, fft, hop, padding):
    """How many whole windows fit."""
    # solution
    return 1 + (samples + padding - fft) // hop
    # end solution


# %%
check.columns(columns)

# %% [markdown]
# Now ask librosa, the library that most people use. By default it centres the first window on the first
# sample, which needs 512 samples of padding at each end, 1024 in all.

# %%
samples = int(0.64 * 44_100)
for hop, centred in [(512, True), (512, False), (441, True)]:
    spectrum = librosa.stft(np.zeros(samples), n_fft=1024, hop_length=hop, center=centred)
    print(f"hop {hop}, {'centred' if centred else 'not padded'}: {spectrum.shape[1]} columns")

# %% [markdown]
# **56, not 64**, and 54 without padding. The printed hop cannot be what the authors ran on the whole window.
# A hop of 441 samples is exactly 10 ms, a quarter of a video frame: the right clock. Yet centred it gives 65,
# one too many, since a window stands on either end.
#
# The package lets each column be centred on *its own* 10 ms. A window of 1024 reaches 583 samples further
# than a hop of 441, so the sound is padded with 291 samples before and 292 after (mirrored, so that no edge
# is heard), and 1 + (28 224 + 583 - 1024) // 441 = 64. It holds for any length: four columns for each frame.

# %%
for frames in (1, 16, 75):
    sound = torch.zeros(1, frames * 1764)
    print(f"{frames:2d} video frames: log_mel {tuple(log_mel(sound).shape)}")

# %% [markdown]
# ## 5 · Sound and pictures on one clock
#
# Columns `4t` to `4t + 3` belong to video frame `t`. Sound files are seldom exactly as
# long as their video (GRID's end 22 ms early); `frames=` fills up with silence, or cuts.

# %%
waveform = torch.from_numpy(clip.waveform)[None]
spectrogram = log_mel(waveform, rate, frames=len(clip.frames))
print(
    f"sound {len(clip.waveform) / rate:.3f} s, video {clip.seconds:.3f} s, log-mel {tuple(spectrogram.shape)}"
)

# %% figure="The clip's log-mel spectrogram: vowels are stripes below, hiss is bright above."
figure, axes = pictures.subplots(height=3.4)
pictures.plot_spectrogram(axes, spectrogram[0])
pictures.show(
    figure,
    "The clip's log-mel spectrogram: vowels are stripes below, hiss is bright above.",
)

# %% [markdown]
# Where it is black at the top, the recording holds nothing: GRID's sound was compressed, which took away
# what lies above 12 kHz, and the puppets' voice ends at 11 kHz.
#
# Look closer: eight frames around the loudest moment, each over its own four columns.

# %% figure="Eight frames of video, each over its own four columns of the spectrogram."
first = min(max(0, int(loudest / rate * 25) - 4), len(clip.frames) - 8)
figure, axes = pictures.subplots(2, 8, height=3.0, height_ratios=[1, 1.3])
shades = {"vmin": spectrogram.max() - 80, "vmax": spectrogram.max(), **heat}
for frame, (above, below) in enumerate(axes.T, start=first):
    own = range(4 * frame, 4 * frame + 4)
    above.imshow(clip.frames[frame])
    above.set_axis_off()
    above.set_title(f"frame {frame}", fontsize=9)
    below.imshow(spectrogram[0, own].T, **shades)
    below.set(xticks=range(4), xticklabels=[own[0], "", "", own[-1]], yticks=[])
    below.tick_params(labelsize=8)
axes[1, 0].set_ylabel("mel band")
pictures.show(
    figure,
    "Eight frames of video, each over its own four columns of the spectrogram.",
)

# %% [markdown]
# Do not believe it: test it. A click in the middle of frame 5 should light up the middle of columns 20 to 23,
# and no other frame's.
#
# The code that glance's authors released is one frame (40 ms) late in the sound. `offset=1` listens one frame
# later, as they did; what you see moves *four columns to the left*. Forty milliseconds are as long as a whole
# "p".

# %%
click = torch.zeros(1, 16 * 1764)
click[0, 5 * 1764 + 882] = 1
for offset in (0, 1):
    loudness = log_mel(click, offset=offset)[0].mean(dim=1)
    heard = (loudness > loudness.max() - 20).nonzero().flatten().tolist()
    print(f"offset {offset}: the click is heard in columns {heard}: frame {loudness.argmax() // 4}")

# %% [markdown]
# A network does not see a whole clip at once. glance reads windows of 16 frames that overlap by 8.

# %% [markdown] exercise="cut_windows" difficulty=3 minutes=8
# ### Exercise 3 · Windows of video frames
#
# Write `cut_windows(spectrogram, frames, overlap)`. `spectrogram` is (columns, 128) with four columns a video
# frame. Return all whole windows of so many video `frames`, neighbours sharing `overlap` frames: (windows, 4
# · frames, 128).
#
# > hint: Think in frames, then multiply by four. How many frames lie between the starts of two windows?
#
# > hint: `spectrogram.unfold(0, size, step)` cuts windows along axis 0 and puts what is within a window into
# > a new *last* axis. `.transpose(1, 2)` brings it into the middle.


# %% solution="cut_windows"
def cut_windows(spectrogram, frames, overlap):
    """Overlapping windows of video frames."""
    # solution
    step = frames - overlap
    return spectrogram.unfold(0, 4 * frames, 4 * step).transpose(1, 2)
    # end solution


# %%
check.cut_windows(cut_windows)

# %% [markdown]
# ## 6 · How the authors got 64
#
# They cut the sound into chunks of 40 ms, one a video frame, and transformed **each chunk alone** with the
# printed hop of 512: 1 + 1764 // 512 = 4 columns. So 16 × 4 = 64. But those columns stand 0, 11.6, 23.2 and
# 34.8 ms into the chunk, then the next chunk starts 5.2 ms later: the clock limps. And what lies beyond a
# chunk's edge is not the sound that follows but a mirror image of itself.
#
# > **Predict, then run.** A tone glides steadily upwards. Which picture shows a smooth line, and what does
# > the other one show?

# %% figure="A rising tone, windowed: a clean line; chunked: the line with streaks at each edge."
seconds = torch.arange(28_224) / 44_100
glide = 0.5 * torch.sin(2 * torch.pi * (400 * seconds + 3000 * seconds**2))[None]
figure, axes = pictures.subplots(1, 2, height=3.0, sharey=True)
for axis, mode in zip(axes, ("windowed", "chunked"), strict=True):
    picture = log_mel(glide, mode=mode)[0, :, :100]
    axis.imshow(picture.T, origin="lower", aspect="auto", cmap="magma", vmin=picture.max() - 60)
    axis.set(title=mode, xlabel="column", xticks=range(0, 65, 16))
axes[0].set_ylabel("mel band")
pictures.show(
    figure,
    "A rising tone, windowed: a clean line; chunked: the line with streaks at each edge.",
)

# %% [markdown]
# In the chunked picture there are streaks: where a chunk ends, the tone meets its own mirror image, and that
# kink has all frequencies. No such sound was in the air. The package does both: `mode="windowed"` is the
# default, `mode="chunked"` is there for those who compare with the authors' networks.
#
# ## 7 · Hear what a mel band keeps
#
# A spectrogram has lost things: 513 frequencies became 128 bands, and the *phase* (where in its swing each
# frequency was) is gone. What is left can be made audible. `mel_to_waveform` spreads each band's power over
# its frequencies and looks for phases that fit together (the Griffin-Lim algorithm: to sound and back, 32
# times).
#
# > **Predict, then run.** Will you still understand the words?

# %%
again = mel_to_waveform(spectrogram)[0]
Audio(again.numpy(), rate=44_100)

# %% [markdown]
# Every word is there, with a little echo. Lips could be read from this picture of sound, then: what the
# network needs has not been lost. Now keep some of the bands only. The lowest 40 hold what is below about 1.3
# kHz: vowels, the melody of the voice.

# %%
low = mel_to_waveform(spectrogram, bands=slice(0, 40))[0]
Audio(low.numpy(), rate=44_100)

# %% [markdown]
# And the highest 48, above about 4.7 kHz: only hiss is left, and yet you can follow the rhythm of the
# consonants.

# %%
high = mel_to_waveform(spectrogram, bands=slice(80, 128))[0]
Audio(high.numpy(), rate=44_100)

# %% [markdown]
# Choose your own bands.


# %%
def listen(first=0, bands=40):
    """Sound of some mel bands of one second of the clip."""
    part = mel_to_waveform(spectrogram[:, 100:200], bands=slice(first, first + bands), rounds=16)
    return Audio(part[0].numpy(), rate=44_100)


widgets.explore(listen, alt="A player of the bands chosen.", first=(0, 120, 8), bands=(8, 128, 8))

# %% [markdown]
# The same three choices as pictures: the spectrogram of what came back.

# %% figure="Spectrograms of three sounds made back: all bands, the lowest 40, the highest 48."
figure, axes = pictures.subplots(1, 3, height=2.8, sharey=True)
for axis, sound, title in zip(
    axes, (again, low, high), ("all bands", "bands 0 to 39", "bands 80 to 127"), strict=True
):
    picture = log_mel(sound[None])[0]
    axis.imshow(
        picture.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=-60,
        vmax=30,
        extent=(0, clip.seconds, 0, 128),
    )
    axis.set(title=title, xlabel="seconds", yticks=range(0, 129, 32))
axes[0].set_ylabel("mel band")
pictures.show(figure, "Spectrograms of three sounds made back: all bands, the lowest 40, the highest 48.")

# %% [markdown]
# ## 8 · MFCC: the shape of a spectrum in twelve numbers
#
# atvg and recurrent use an older, smaller feature. Take the mel bands of one column in decibels, a curve of
# 26 numbers, and describe *that curve* by cosines, slow ones first. Coefficient 0 is its mean, so loudness,
# and is thrown away; coefficient 1 says whether low or high frequencies are the stronger; the twelve together
# trace the curve roughly. They are called *mel-frequency cepstral coefficients*. With $B$ bands $d_b$,
#
# $$ c_k = \sqrt{\tfrac{2}{B}} \sum_{b=0}^{B-1} d_b
# \cos\!\left(\tfrac{\pi k}{B} \left(b + \tfrac12\right)\right), \qquad k = 1 \dots 12 \tag{2} $$

# %% [markdown] exercise="cepstrum" difficulty=3 minutes=8
# ### Exercise 4 · MFCC by hand
#
# Write `cepstrum(decibels)`: from mel bands in decibels, (columns, B), to coefficients 1 to 12, (columns,
# 12).
#
# > hint: Make the matrix of cosines first, (B, 12): `b` runs down, `k` runs across. The rest is a matrix
# > product.
#
# > hint: `b = torch.arange(B)[:, None] + 0.5`, `k = torch.arange(1, 13)`, then `torch.cos(torch.pi / B * b *
# > k)`. Do not forget the factor in front.


# %% solution="cepstrum"
def cepstrum(decibels):
    """Cosine coefficients 1 to 12 of each column."""
    # solution
    count = decibels.shape[1]
    band, order = torch.arange(count)[:, None] + 0.5, torch.arange(1, 13)
    return (2 / count) ** 0.5 * decibels @ torch.cos(torch.pi / count * band * order)
    # end solution


# %%
check.cepstrum(cepstrum)

# %% [markdown]
# For each video frame both papers cut out a stretch of sound *around* it: a lip gets ready for a sound before
# it is heard. atvg takes 280 ms (28 columns, windows of 25 ms), recurrent 350 ms (35 columns, windows of 20
# ms).

# %%
short = mfcc_atvg(waveform, rate, frames=len(clip.frames))
long = mfcc_recurrent(waveform, rate, frames=len(clip.frames))
print(f"atvg {tuple(short.shape)}, recurrent {tuple(long.shape)}")

# %% figure="MFCC of the clip; the 28 columns around one frame, its own four boxed."
figure, (left, right) = pictures.subplots(1, 2, height=3.0, width=9)
pictures.plot_mfcc(left, short[0])
pictures.plot_mfcc(right, short[0, first + 4])
right.axvspan(-20, 20, fill=False, edgecolor=pictures.COLOURS["black"], linewidth=2)
left.set_title("the clip", fontsize=11)
right.set_title(f"what atvg hears for frame {first + 4}", fontsize=11)
pictures.show(
    figure,
    "MFCC of the clip; the 28 columns around one frame, its own four boxed.",
)

# %% [markdown]
# The box is the frame's own 40 ms. Windows of neighbouring frames overlap: each column is seen by seven
# frames.
#
# ## 9 · What you know now

# %%
quizzes.ask("audio_features")

# %% [markdown]
# - A window short in time is coarse in frequency; 1024 samples at 44.1 kHz are 23 ms and 43 Hz.
# - Mel bands gather *power*, the logarithm comes *last*, with a floor for silence.
# - A hop must divide the video frame: 512 gives 56 columns for 16 frames, 441 gives 64.
# - Columns `4t` to `4t + 3` belong to frame `t`.
# - A column can be *late*: check alignment with a click before training on it.
# - 128 bands without phase keep every word; 12 coefficients keep the shape of the spectrum.
#
# **Further.** Does a voice at 8 kHz (a telephone) still have its hiss? Resample the clip with
# `torchaudio.functional.resample`, give `log_mel` the new `sample_rate`, and look above band 80. Next:
# notebook 02 finds the lips in the pictures.
