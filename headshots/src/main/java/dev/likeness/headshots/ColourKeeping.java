package dev.likeness.headshots;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Gives a picture that was drawn over in windows the colours back that it had, as finely as is
 * asked: on {@code portrait} they were seen to pale with every doubling.
 */
final class ColourKeeping {
  /** So many parts across a picture are smaller than an eye on a headshot. */
  static final int PARTS = 32;

  private ColourKeeping() {}

  /**
   * {@code drawn} with the mean colours of {@code before} in each of so many parts across and down;
   * whatever is finer stays as drawn.
   */
  static RgbImage of(RgbImage before, RgbImage drawn, int across, int down) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor picture = ImageTensors.toSigned(drawn);
      Tensor lost = torch
          .adaptive_avg_pool2d(ImageTensors.toSigned(before), down, across)
          .sub(torch.adaptive_avg_pool2d(picture, down, across));
      Tensor smooth = torch.upsample_bilinear2d(
          lost,
          new long[] {picture.size(2), picture.size(3)},
          false,
          new DoubleOptional(),
          new DoubleOptional());
      return ImageTensors.toPicture(ImageTensors.toUnit(picture.add(smooth)));
    }
  }
}
