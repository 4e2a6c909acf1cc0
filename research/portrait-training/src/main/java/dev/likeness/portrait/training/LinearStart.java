package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * First weights with which the autoencoder is already a linear one: three latents are the colour of
 * each 8x8 block (luma and two chromas, by the orthonormal cosine transform of three points), and
 * the decoder draws them back, smoothly between the blocks. Random first weights find the luma soon
 * and may never find both chromas.
 *
 * <p>Channels 0 to 2 of every layer carry red, green and blue, 3 to 5 their negatives, so that the
 * last activation passes them whole (silu(x) - silu(-x) = x); 6 and 7 are constants, so large that
 * the last normalisation divides by nearly the same number whatever the image. All other channels,
 * and what the carrying ones learn, start as {@link WeightInitializer} has it.
 */
final class LinearStart implements WeightInitializer {
  private static final float[][] COSINES = {
    {0.57735f, 0.57735f, 0.57735f}, {0.70711f, 0, -0.70711f}, {0.40825f, -0.81650f, 0.40825f}
  };
  private static final int CARRIED = 8;
  private static final float ANCHOR = 1.5f;
  private static final float GAIN = 2;
  private static final float LOG_VARIANCE = -5;

  private static final float[] CENTRE = {0, 0, 0, 0, 1, 0, 0, 0, 0};
  /**
   * The mean of the two by two pixels that a downsampler, padded at the right and bottom, looks at
   * first.
   */
  private static final float[] HALVE = {.25f, .25f, 0, .25f, .25f, 0, 0, 0, 0};
  /** After each pixel was doubled this draws straight lines between them. */
  private static final float[] BETWEEN = {
    .0625f, .125f, .0625f, .125f, .25f, .125f, .0625f, .125f, .0625f
  };

  private final WeightInitializer others;
  private final int latents;

  LinearStart(NoiseSource noise, int latents) {
    this.others = WeightInitializer.seeded(noise, name -> name.endsWith("conv2.weight"));
    this.latents = latents;
  }

  @Override
  public Tensor initial(String name, long... shape) {
    Tensor value = others.initial(name, shape);
    switch (name) {
      case "encoder.conv_in.weight", "decoder.conv_in.weight" ->
        enter(value, name.startsWith("decoder"));
      case "encoder.conv_in.bias", "decoder.conv_in.bias" -> {
        value.select(0, 6).fill_(new Scalar(ANCHOR));
        value.select(0, 7).fill_(new Scalar(-ANCHOR));
      }
      case "encoder.conv_out.weight" -> leaveEncoder(value);
      case "encoder.conv_out.bias" ->
        value.narrow(0, latents, latents).fill_(new Scalar(LOG_VARIANCE));
      case "decoder.conv_out.weight" -> leaveDecoder(value);
      case "quant_conv.weight", "post_quant_conv.weight" ->
        value.copy_(torch.eye(shape[0]).view(shape));
      default -> carry(name, value);
    }
    return value;
  }

  private static void enter(Tensor weight, boolean fromLatents) {
    weight.narrow(0, 0, CARRIED).zero_();
    for (int colour = 0; colour < 3; colour++) {
      for (int i = 0; i < 3; i++) {
        float k = fromLatents ? COSINES[i][colour] / GAIN : i == colour ? 1 : 0;
        tap(weight, colour, i, CENTRE, k);
        tap(weight, colour + 3, i, CENTRE, -k);
      }
    }
  }

  private static void carry(String name, Tensor weight) {
    float[] kernel = name.endsWith("downsamplers.0.conv.weight")
        ? HALVE
        : name.endsWith("upsamplers.0.conv.weight")
            ? BETWEEN
            : name.endsWith("conv_shortcut.weight") ? new float[] {1} : null;
    if (kernel == null) {
      return;
    }
    weight.narrow(0, 0, CARRIED).zero_();
    for (int i = 0; i < CARRIED; i++) {
      tap(weight, i, i, kernel, 1);
    }
  }

  private void leaveEncoder(Tensor weight) {
    weight.narrow(0, 0, 3).zero_();
    weight.narrow(0, latents, latents).zero_();
    for (int latent = 0; latent < 3; latent++) {
      for (int colour = 0; colour < 3; colour++) {
        tap(weight, latent, colour, CENTRE, GAIN * COSINES[latent][colour]);
        tap(weight, latent, colour + 3, CENTRE, -GAIN * COSINES[latent][colour]);
      }
    }
  }

  private static void leaveDecoder(Tensor weight) {
    weight.zero_();
    for (int colour = 0; colour < 3; colour++) {
      tap(weight, colour, colour, CENTRE, 1);
      tap(weight, colour, colour + 3, CENTRE, -1);
    }
  }

  private static void tap(Tensor weight, long out, long in, float[] kernel, float factor) {
    Tensor place = weight.select(0, out).select(0, in);
    place.copy_(torch.tensor(kernel).mul(new Scalar(factor)).view(place.size(0), place.size(1)));
  }
}
