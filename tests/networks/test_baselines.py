"""Speech2Vid and the video GAN: shapes, sizes, what each frame hears, and what is refused."""

import pytest
import torch

from lipcourse.errors import ModelError, OptionError
from lipcourse.generation.glance import generate
from lipcourse.networks.glance import Generator
from lipcourse.networks.lips import LipGenerator
from lipcourse.networks.speech2vid import Speech2Vid, windows_of_speech
from lipcourse.networks.video_gan import STEP, VideoGan
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.training.presets import GlanceOptions

NARROW = 1 / 32
BASELINES = {"speech2vid": Speech2Vid, "video_gan": VideoGan}


def speech(frames, batch=1, seed=0):
    return torch.randn(batch, 4 * frames, 128, generator=torch.Generator().manual_seed(seed)) * 15 - 50


def face(batch=1, seed=1):
    return torch.rand(batch, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture(scope="module", params=BASELINES)
def system(request):
    return request.param


@pytest.fixture(scope="module")
def network(system):
    torch.manual_seed(0)
    return BASELINES[system](NARROW).eval()


@pytest.mark.parametrize("frames", [1, 16, 19])
@torch.no_grad()
def test_video_has_a_frame_for_four_columns(network, frames):
    video, heard = network(speech(frames, 2), face(2))
    assert video.shape == (2, 3, frames, 64, 64)
    assert heard.shape[0] == 2
    assert heard.shape[2:] == (frames, 1)
    assert video.abs().max() <= 1


@pytest.mark.parametrize(("system", "millions"), [("speech2vid", 33.1), ("video_gan", 83.6)])
def test_parameters_are_those_the_docstring_tells(system, millions):
    with torch.device("meta"):
        whole, half = (BASELINES[system](width) for width in (1, 0.5))
    counts = [sum(each.numel() for each in network.parameters()) for network in (whole, half)]
    assert counts[0] == pytest.approx(millions * 1e6, rel=0.01)
    assert counts[0] / counts[1] == pytest.approx(4, rel=0.03)
    assert f"{millions} million" in BASELINES[system].__doc__


def test_a_frame_hears_as_far_as_it_says(network):
    frames, middle = 2 * network.reach + 33, network.reach + 5
    log_mel = speech(frames).requires_grad_()
    network(log_mel, face()).video[:, :, middle].square().sum().backward()
    heard = log_mel.grad.abs().sum(dim=(0, 2)).reshape(frames, 4).sum(dim=1).nonzero()[:, 0] - middle
    assert heard.min() >= -network.reach
    assert heard.max() <= network.reach
    assert heard.min() < 0 < heard.max()


def test_gradients_reach_both_inputs_and_all_weights(network):
    log_mel, image = speech(16).requires_grad_(), face().requires_grad_()
    network(log_mel, image).video.square().sum().backward()
    assert log_mel.grad.abs().sum() > 0
    assert image.grad.abs().sum() > 0
    assert all(each.grad is not None for each in network.parameters())
    network.zero_grad()


def test_long_sound_in_windows_is_the_whole_at_once(network):
    wave = torch.randn(90 * 640, generator=torch.Generator().manual_seed(3)).numpy() / 10
    lips = ((face()[0].permute(1, 2, 0) + 1) * 127.5).byte().numpy()
    whole = torch.cat([torch.from_numpy(each) for each in generate(network, wave, 16_000, lips)])
    parts = list(generate(network, wave, 16_000, lips, window=STEP))
    assert len(parts) == 6
    together = torch.cat([torch.from_numpy(each) for each in parts])
    assert together.shape == whole.shape == (90, 64, 64, 3)
    assert (together.int() - whole.int()).abs().max() <= 1


@torch.no_grad()
def test_speech2vid_makes_each_frame_by_itself():
    torch.manual_seed(0)
    network = Speech2Vid(NARROW).eval()
    log_mel, image = speech(20), face()
    video = network(log_mel, image).video
    later = network(log_mel[:, 4 * 5 :], image).video
    assert torch.allclose(video[:, :, 5 + network.reach :], later[:, :, network.reach :], atol=1e-5)


def test_speech2vid_s_mfccs_of_silence_are_nothing():
    assert windows_of_speech(torch.full((1, 8, 128), -100.0)).abs().max() < 1e-6
    assert windows_of_speech(speech(3)).shape == (1, 3, 12, 35)


def test_speech2vid_s_columns_are_around_the_frame():
    log_mel = torch.full((1, 40, 128), -100.0)
    log_mel[:, 20:24, :40] = 0  # frame 5
    windows = windows_of_speech(log_mel)
    assert windows[0, 5].abs().sum(dim=0).nonzero()[:, 0].tolist() == [15, 16, 17, 18]
    assert windows[0, 4].abs().sum(dim=0).nonzero()[:, 0].tolist() == [19, 20, 21, 22]


@torch.no_grad()
def test_the_video_gan_paints_over_a_background_that_stands_still():
    torch.manual_seed(0)
    network = VideoGan(NARROW).eval()
    network.mask.weight.zero_()
    network.mask.bias.fill_(-20)
    video = network(speech(16), face()).video
    assert torch.allclose(video, video[:, :, :1].expand_as(video), atol=1e-5)
    network.mask.bias.fill_(20)
    moved = network(speech(16), face()).video
    assert (moved - moved[:, :, :1]).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("log_mel", "image"),
    [
        (torch.zeros(1, 6, 128), torch.zeros(1, 3, 64, 64)),
        (torch.zeros(1, 8, 80), torch.zeros(1, 3, 64, 64)),
        (torch.zeros(1, 8, 128), torch.zeros(1, 3, 32, 32)),
        (torch.zeros(2, 8, 128), torch.zeros(1, 3, 64, 64)),
    ],
)
def test_inputs_of_another_shape_are_refused(network, log_mel, image):
    with pytest.raises(ModelError, match=r"needed|columns"):
        network(log_mel, image)


def test_no_width_is_refused(system):
    with pytest.raises(OptionError, match="width 0"):
        BASELINES[system](0)


def test_files_tell_systems_apart(system, network, tmp_path):
    path = save_network(tmp_path / "one.safetensors", network, system=system, options={"width": NARROW})
    assert describe(path).system == system
    assert isinstance(load_network(path, LipGenerator), BASELINES[system])
    with pytest.raises(ModelError, match=f"system {system}, no Generator"):
        load_network(path, Generator)
    with pytest.raises(ModelError, match="weights are not those"):
        save_network(tmp_path / "two.safetensors", network, system="glance", options={"width": NARROW})


def test_the_correlation_loss_is_not_for_baselines(system):
    with pytest.raises(OptionError, match=f"{system} has none"):
        GlanceOptions(network=system)
