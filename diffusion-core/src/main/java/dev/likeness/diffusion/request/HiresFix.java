package dev.likeness.diffusion.request;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.internal.pipeline.LatentPreparation;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Latents;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A second pass over an enlarged picture, for sizes beyond those a model was trained on: drawn
 * small, enlarged, and drawn over, inside the mask or map of changes that the first pass had;
 * around it is the initial picture.
 *
 * @param scale how many times wider and higher, more than 1
 * @param strength the share of the steps that the second pass does, in 0..1
 * @param steps the second pass's steps before strength, or 0 for as many as the first
 * @param pixels whether the decoded picture is enlarged (Lanczos) and encoded again; its latents
 *     are enlarged (bilinear) otherwise, which needs more strength; a base made for inpainting
 *     needs the picture
 */
public record HiresFix(double scale, double strength, int steps, boolean pixels) {
  public HiresFix {
    if (!(scale > 1 && scale <= 8) || !(strength > 0 && strength <= 1) || steps < 0) {
      throw new IllegalArgumentException(
          "a second pass needs a scale in 1..8, a strength in 0..1 and no negative steps," + " got "
              + scale + ", " + strength + " and " + steps);
    }
  }

  /** Over enlarged latents. */
  public static HiresFix latents(double scale, double strength) {
    return new HiresFix(scale, strength, 0, false);
  }

  /** Over the enlarged picture. */
  public static HiresFix pixels(double scale, double strength) {
    return new HiresFix(scale, strength, 0, true);
  }

  /** The request for the second pass of a picture, inside the mask or map of the first. */
  public ImageRequest after(GeneratedImage first, int unit, LatentCodec space) {
    ImageRequest request = first.request();
    int width = (int) Math.round(request.width() * scale / unit) * unit;
    int height = (int) Math.round(request.height() * scale / unit) * unit;
    InitialImage enlarged = pixels
        ? InitialImage.of(first.picture())
        : InitialImage.of(first
            .latents()
            .resized(
                height * first.latents().height() / request.height(),
                width * first.latents().width() / request.width()));
    InitialImage before = request.initial();
    if (before != null && before.mask() != null) {
      InitialImage whole =
          before.picture() == null ? enlarged : around(enlarged, before, width, height, space);
      enlarged = before.byDegrees() ? whole.change(before.mask()) : whole.mask(before.mask());
    }
    ImageRequest counted = steps == 0 ? request : request.steps(steps);
    return counted
        .hires(null)
        .noise(null)
        .seed(first.seed())
        .count(1)
        .size(width, height)
        .between(0, 1)
        .from(enlarged.strength(strength));
  }

  private InitialImage around(
      InitialImage drawn, InitialImage before, int width, int height, LatentCodec space) {
    RgbImage known = Lanczos.resize(before.picture(), width, height);
    try (TensorScope scope = TensorScope.open()) {
      Tensor grey = ImageTensors.toGrey(Lanczos.resize(before.mask(), width, height));
      Tensor white = before.byDegrees() ? grey.gt(new Scalar(0.0)) : grey.ge(new Scalar(0.5));
      return pixels
          ? InitialImage.of(ImageTensors.toPicture(torch.where(
              white,
              ImageTensors.toUnit(Lanczos.resize(drawn.picture(), width, height)),
              ImageTensors.toUnit(known))))
          : InitialImage.of(Latents.of(torch.where(
              LatentPreparation.corners(white, space.model().autoencoder().factor()),
              drawn.latents().tensor(),
              space.encode(known).tensor())));
    }
  }
}
