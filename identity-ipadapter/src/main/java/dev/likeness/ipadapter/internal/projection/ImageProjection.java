package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Tensor;

/**
 * Turns references into tokens that a base model's attentions understand. Immutable and shared by
 * threads.
 */
@FunctionalInterface
public interface ImageProjection {
  /** Tokens [n, tokens, contextWidth] of n references. */
  Tensor forward(Sights sights);

  /**
   * The projection of a layout.
   *
   * @param w at {@code image_proj}
   * @param shortcut how much of FaceID-Plus's refined tokens is added to the plain ones; NaN for
   *     the refined ones alone
   */
  static ImageProjection of(AdapterLayout layout, Weights w, double shortcut) {
    return switch (layout.kind()) {
      case BASE, XLABS -> new PooledProjection(layout, w);
      case FULL_FACE -> new TokenProjection(layout, w);
      case PLUS -> new Resampler(layout, w, false);
      case PORTRAIT_UNNORM -> new Resampler(layout, w, true);
      case FACE_ID, PORTRAIT, INSTANT_X -> new TwoLayers(layout, w);
      case TIMED -> new TimestepResampler(layout, w);
      case FACE_ID_PLUS -> new RefinedFace(layout, w, shortcut);
    };
  }
}
