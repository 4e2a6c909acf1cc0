package dev.likeness.diffusion.internal.nn.transformer;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Rotary positions (Su et al. 2021, arXiv:2104.09864) over several axes: each axis turns its own
 * share of a head's pairs.
 *
 * @param cos cosines [tokens, headWidth / 2] or [batch, 1, tokens, headWidth / 2], f32
 * @param sin sines of the same angles
 */
public record RotaryEmbedding(Tensor cos, Tensor sin) {
  private static final double THETA = 10000;

  /** The rotation that most networks were trained with; see below. */
  public static RotaryEmbedding of(Tensor positions, List<Integer> widths) {
    return of(positions, widths, THETA);
  }

  /**
   * The rotation of tokens at {@code positions}; angles are computed in f64.
   *
   * @param positions [tokens, axes], or a row for each image [batch, 1, tokens, axes]
   * @param widths how many of a head's channels each axis turns, all even
   * @param theta the ratio of the fastest turn to the slowest
   */
  public static RotaryEmbedding of(Tensor positions, List<Integer> widths, double theta) {
    TensorVector angles = new TensorVector();
    for (int axis = 0; axis < widths.size(); axis++) {
      int width = widths.get(axis);
      Tensor exponents = torch
          .arange(new Scalar(0.0), new Scalar((double) width), new Scalar(2.0))
          .to(positions.device(), ScalarType.Double)
          .div(new Scalar((double) width));
      Tensor frequencies = torch.pow(new Scalar(theta), exponents).reciprocal();
      angles.push_back(
          positions.select(-1, axis).to(ScalarType.Double).unsqueeze(-1).mul(frequencies));
    }
    Tensor all = torch.cat(angles, -1);
    return new RotaryEmbedding(all.cos().to(ScalarType.Float), all.sin().to(ScalarType.Float));
  }

  /** These tokens, then others of as many rows. */
  public RotaryEmbedding concat(RotaryEmbedding others) {
    return new RotaryEmbedding(
        torch.cat(new TensorVector(cos, others.cos), -2),
        torch.cat(new TensorVector(sin, others.sin), -2));
  }

  /** The same after one more token, at the origin. */
  public RotaryEmbedding afterOrigin() {
    return new RotaryEmbedding(
        torch.cat(new TensorVector(torch.ones_like(cos.narrow(0, 0, 1)), cos), 0),
        torch.cat(new TensorVector(torch.zeros_like(sin.narrow(0, 0, 1)), sin), 0));
  }

  /** Turns queries or keys [batch, heads, tokens, headWidth], pair by neighbouring pair, in f32. */
  Tensor rotate(Tensor x) {
    Tensor pairs = x.to(ScalarType.Float).reshape(x.size(0), x.size(1), x.size(2), -1, 2);
    Tensor real = pairs.select(-1, 0);
    Tensor imaginary = pairs.select(-1, 1);
    Tensor turnedReal = real.mul(cos).sub_(imaginary.mul(sin));
    Tensor turnedImaginary = imaginary.mul(cos).add_(real.mul(sin));
    return torch
        .stack(new TensorVector(turnedReal, turnedImaginary), -1)
        .flatten(3, -1)
        .to(x.scalar_type());
  }
}
