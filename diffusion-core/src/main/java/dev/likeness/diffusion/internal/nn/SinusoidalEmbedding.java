package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Sinusoidal features of a scalar (Vaswani et al. 2017, section 3.5), as in diffusers'
 * {@code get_timestep_embedding}. Always in f32, because a phase of 1000 radians needs the
 * precision.
 *
 * @param width number of features, even
 * @param cosineFirst cosines before sines ({@code flip_sin_to_cos})
 * @param shift {@code freq_shift}: subtracted from the number of frequencies in the exponent's
 *     divisor
 */
public record SinusoidalEmbedding(int width, boolean cosineFirst, double shift) {
  public SinusoidalEmbedding {
    if (width < 2 || width % 2 != 0) {
      throw new IllegalArgumentException(
          "the width of a sinusoidal embedding must be an even number of at least 2, got " + width);
    }
  }

  /** Returns features [n, width] in f32 of {@code values} [n]. */
  public Tensor embed(Tensor values) {
    long half = width / 2;
    TensorOptions here = values.options().dtype(new ScalarTypeOptional(ScalarType.Float));
    Tensor exponent = torch
        .arange(new Scalar(half), here)
        .mul(new Scalar(-Math.log(10000)))
        .div(new Scalar(half - shift));
    Tensor frequencies = torch.exp(exponent);
    Tensor phase = values.to(ScalarType.Float).unsqueeze(1).mul(frequencies.unsqueeze(0));
    Tensor sine = torch.sin(phase);
    Tensor cosine = torch.cos(phase);
    return torch.cat(
        cosineFirst ? new TensorVector(cosine, sine) : new TensorVector(sine, cosine), 1);
  }

  /**
   * Returns features [1, width] of a guidance scale, on the CPU, rounded like diffusers'
   * {@code get_guidance_scale_embedding}.
   */
  public static Tensor guidance(double scale, int width) {
    TensorOptions single = new TensorOptions(ScalarType.Float);
    long half = width / 2;
    float rate = (float) Math.log(10000) / (half - 1);
    Tensor phase = torch
        .exp(torch.arange(new Scalar(half), single).mul(new Scalar(-rate)))
        .mul(new Scalar((float) (scale - 1) * 1000f))
        .unsqueeze(0);
    return torch.cat(new TensorVector(torch.sin(phase), torch.cos(phase)), 1);
  }
}
