package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.Tensors;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The mask of an image prompt, resized to each level of the network like in diffusers'
 * {@code IPAdapterMaskProcessor}.
 */
public final class AttentionMask {
  private static final int LEVELS = 6;

  private final Map<Long, Tensor> levels;
  private final long imageQueries;

  /** Makes the mask for the generated image; its tensors belong to the calling scope. */
  public AttentionMask(RgbImage white, Generation generation) {
    RgbImage sized =
        PillowResampling.LANCZOS.resize(white, generation.width(), generation.height());
    Tensor binary = ImageTensors.toGrey(sized).ge(new Scalar(0.5)).to(ScalarType.Float);
    levels = new HashMap<>();
    imageQueries = 0;
    for (int level = 0, step = generation.vaeScaleFactor(); level < LEVELS; level++, step *= 2) {
      long queries = ceil(generation.width(), step) * ceil(generation.height(), step);
      levels.computeIfAbsent(
          queries,
          n -> Tensors.place(generation.compute(), downsample(binary, n)).view(1, 1, n, 1));
    }
  }

  private AttentionMask(Map<Long, Tensor> levels, long imageQueries) {
    this.levels = levels;
    this.imageQueries = imageQueries;
  }

  /**
   * Returns the mask for a sequence with text tokens before {@code image} image tokens. Text tokens
   * get the mean of the mask.
   */
  public AttentionMask afterText(long image) {
    return new AttentionMask(levels, image);
  }

  /** Returns the weight of each of {@code queries} positions, [1, 1, queries, 1]. */
  public Tensor forQueries(long queries) {
    Tensor level = levels.get(imageQueries == 0 ? queries : imageQueries);
    if (level == null) {
      throw new IllegalArgumentException(
          "the mask of an image prompt does not fit: an attention has " + queries
              + " positions, expected one of " + levels.keySet()
              + "; to edit an image, remove the mask from the image prompt");
    }
    return imageQueries == 0
        ? level
        : torch.cat(
            new TensorVector(level.mean().expand(1, 1, queries - imageQueries, 1), level), 2);
  }

  /** Resizes the mask to [1, 1, queries]. Rows and columns follow from the mask's aspect ratio. */
  private static Tensor downsample(Tensor mask, long queries) {
    double ratio = (double) mask.size(3) / mask.size(2);
    long rows = Math.max(1, (long) Math.sqrt(queries / ratio));
    rows += queries % rows == 0 ? 0 : 1;
    long columns = queries / rows;
    Tensor small = torch
        .upsample_bicubic2d(mask, new long[] {rows, columns}, false)
        .view(1, 1, rows * columns);
    long missing = queries - rows * columns;
    return missing > 0 ? torch.pad(small, 0, missing) : small.narrow(2, 0, queries);
  }

  private static long ceil(int pixels, int step) {
    return (pixels + step - 1L) / step;
  }
}
