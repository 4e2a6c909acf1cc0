package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Where FLUX.2's tokens lie on its four axes: which picture, row, column, and place in the text.
 */
public final class Flux2Positions {
  private static final double FIRST_SHOWN = 10;

  private Flux2Positions() {}

  /**
   * The rotation of the text's tokens, then the picture's row by row, then those of a picture that
   * is shown.
   *
   * @param rows of the picture's tokens
   * @param columns of the picture's tokens
   * @param shown latents [1, channels, h, w], or null
   */
  public static RotaryEmbedding rotation(
      Flux2Config config, long textTokens, long rows, long columns, Tensor shown, Device device) {
    Tensor places = torch.arange(new Scalar((double) textTokens)).unsqueeze(1);
    Tensor all = torch.cat(
        new TensorVector(
            torch.cat(new TensorVector(torch.zeros(textTokens, 3), places), 1),
            picture(rows, columns, 0)),
        0);
    Tensor whole = shown == null
        ? all
        : torch.cat(new TensorVector(all, picture(shown.size(2), shown.size(3), FIRST_SHOWN)), 0);
    return RotaryEmbedding.of(whole.to(device, ScalarType.Float), config.axes(), config.theta());
  }

  private static Tensor picture(long rows, long columns, double which) {
    return torch.constant_pad_nd(
        LatentPacking.positions(2 * rows, 2 * columns, which), new long[] {0, 1}, new Scalar(0.0));
  }
}
