package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.file.ModelConfig;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Rotary position embedding (Su et al. 2021, arXiv:2104.09864) over several axes. Each axis rotates
 * its own share of a head's channel pairs.
 *
 * @param cos cosines [tokens, headWidth / 2] or [batch, 1, tokens, headWidth / 2], f32
 * @param sin sines of the same angles
 * @param keyBias added to the attention scores of each key, [tokens], f32; or null
 */
public record RotaryEmbedding(Tensor cos, Tensor sin, Tensor keyBias) {
  private static final double THETA = 10000;

  /** Rotation without a bias of keys. */
  RotaryEmbedding(Tensor cos, Tensor sin) {
    this(cos, sin, null);
  }

  /**
   * Returns this rotation, in which the last {@code count} keys count as {@code weight} times:
   * log(weight) is added to their scores.
   *
   * @param added keys that the attention appends to those of this rotation
   */
  public RotaryEmbedding weighLastKeys(long added, long count, double weight) {
    if (weight == 1 || count == 0) {
      return this;
    }
    Tensor bias = cos.new_zeros(cos.size(-2) + added);
    bias.narrow(0, bias.size(0) - count, count).fill_(new Scalar(Math.log(weight)));
    return new RotaryEmbedding(cos, sin, bias);
  }

  /**
   * Reads an option of a transformer's config: the channels of a head that each axis rotates.
   *
   * @param name the name of the option
   * @param fallback the widths if the config does not have the option; their number is the number
   *     of axes
   * @param headWidth the channels of a head, which the widths must sum to
   * @param headWidthText the channels of a head as the config has them, for the error message
   */
  public static List<Integer> widths(
      ModelConfig c, String name, List<Integer> fallback, double headWidth, String headWidthText) {
    List<Integer> given = c.integers(name);
    List<Integer> widths = given == null ? fallback : given;
    if (widths.size() != fallback.size()
        || widths.stream().mapToInt(Integer::intValue).sum() != headWidth
        || widths.stream().anyMatch(width -> width % 2 != 0)) {
      String count = fallback.size() == 3 ? "three" : "four";
      throw c.wrong(name, widths, count + " even numbers that sum to " + headWidthText);
    }
    return widths;
  }

  /** Returns the rotation with the default theta; see below. */
  public static RotaryEmbedding of(Tensor positions, List<Integer> widths) {
    return of(positions, widths, THETA);
  }

  /**
   * Returns the rotation of tokens at {@code positions}; angles are computed in f64.
   *
   * @param positions [tokens, axes], or a row for each image [batch, 1, tokens, axes]
   * @param widths number of a head's channels that each axis rotates, all even
   * @param theta the ratio of the highest frequency to the lowest
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

  /** Concatenates the rotations of these tokens and others of the same batch. */
  public RotaryEmbedding concat(RotaryEmbedding others) {
    return new RotaryEmbedding(
        torch.cat(new TensorVector(cos, others.cos), -2),
        torch.cat(new TensorVector(sin, others.sin), -2));
  }

  /** Returns the rotation with one more token before the others, at the origin. */
  public RotaryEmbedding afterOrigin() {
    return new RotaryEmbedding(
        torch.cat(new TensorVector(torch.ones_like(cos.narrow(0, 0, 1)), cos), 0),
        torch.cat(new TensorVector(torch.zeros_like(sin.narrow(0, 0, 1)), sin), 0));
  }

  /**
   * Rotates queries or keys [batch, heads, tokens, headWidth] by pairs of neighbouring channels, in
   * f32.
   */
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
