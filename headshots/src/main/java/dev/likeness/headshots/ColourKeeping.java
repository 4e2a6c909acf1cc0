package dev.likeness.headshots;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Gives a picture that was drawn over in windows the colours back that it had: on {@code portrait} they were seen to pale with
 * every doubling.
 */
final class ColourKeeping {
  /** Parts across a picture whose mean colours are kept: on a headshot a part is smaller than an eye. */
  private static final long PARTS = 32;

  private ColourKeeping() {}

  /** {@code drawn} with the colours, part by part, of {@code before}; whatever is finer stays as drawn. */
  static Picture of(Picture before, Picture drawn) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor picture = Images.toSigned(drawn);
      Tensor lost = parts(Images.toSigned(before)).sub(parts(picture));
      Tensor smooth = torch.upsample_bilinear2d(lost, new long[] {picture.size(2), picture.size(3)}, false,
          new DoubleOptional(), new DoubleOptional());
      return Images.toPicture(Images.toUnit(picture.add(smooth)));
    }
  }

  private static Tensor parts(Tensor picture) {
    return torch.adaptive_avg_pool2d(picture, PARTS, PARTS);
  }
}
