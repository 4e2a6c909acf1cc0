package dev.likeness.diffusion.internal.sampling;

import dev.likeness.schedulers.Clipping;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/** Clipping of denoised predictions, the non-linear joint of a plan's rows, on tensors. */
final class Thresholding {
  private Thresholding() {}

  static Tensor apply(Clipping clipping, Tensor denoised) {
    return switch (clipping.kind()) {
      case NONE -> denoised;
      case CLAMP -> denoised.clamp(optional(-clipping.limit()), optional(clipping.limit()));
      case DYNAMIC -> dynamic(clipping, denoised);
    };
  }

  /**
   * Imagen's threshold, arXiv:2205.11487 section 2.3: each image by the quantile of its own
   * magnitudes.
   */
  private static Tensor dynamic(Clipping clipping, Tensor denoised) {
    Tensor magnitudes = denoised.flatten(1, -1).abs();
    Tensor s = magnitudes
        .quantile(clipping.ratio(), new LongOptional(1), true, "linear")
        .clamp(optional(1), optional(clipping.limit()))
        .view(-1, 1, 1, 1);
    return denoised.minimum(s).maximum(s.neg()).div(s);
  }

  private static ScalarOptional optional(double value) {
    return new ScalarOptional(new Scalar(value));
  }
}
