package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.training.RandomPrompt;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * What a model's autoencoder keeps of unseen renders without sensor noise: the peak signal-to-noise
 * ratio, in decibels.
 */
final class AutoencoderLoss {
  private static final int IMAGES = 48;
  private static final double PEAK = 255 * 255;

  private AutoencoderLoss() {}

  /** Of so many of the prompts' people as are enough, at the model's own size. */
  static Map<String, Object> measure(BaseModel base, List<RandomPrompt> prompts) {
    int side = base.defaults().width();
    double[] sorted = prompts.stream()
        .limit(IMAGES)
        .mapToDouble(prompt -> decibels(
            EngineAccess.model(base).autoencoder(),
            Renderer.render(prompt.person(), prompt.shot().withNoise(0), side).image()))
        .sorted()
        .toArray();
    double mean = Arrays.stream(sorted).average().orElseThrow();
    return Map.of("renders", sorted.length, "decibels, mean", mean, "decibels, least", sorted[0]);
  }

  private static double decibels(Autoencoder autoencoder, RgbImage image) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor latents = autoencoder.encode(ImageTensors.toSigned(image)).mode();
      return decibels(
          image.rgb(),
          ImageTensors.toImage(ImageTensors.toUnit(autoencoder.decode(latents))).rgb());
    }
  }

  static double decibels(byte[] one, byte[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      double apart = (one[i] & 0xff) - (other[i] & 0xff);
      sum += apart * apart;
    }
    return 10 * Math.log10(PEAK * one.length / sum);
  }
}
