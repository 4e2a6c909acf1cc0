package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.diffusion.internal.vae.AutoencoderTiny;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class AutoencoderParityTest {
  private static final double TOLERANCE = 1e-4;

  static List<String> variants() {
    return GoldenFolder.variants();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void decodesAndEncodesAsDiffusersDoes(String variant, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent);
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenReference expected = folder.reference();
        GoldenComponent part =
            GoldenComponent.open(folder, "vae", "diffusion_pytorch_model.safetensors")) {
      Autoencoder vae = open(variant, part);
      part.requireAllRead();
      Scalar scale = new Scalar(part.config().number("scaling_factor", 0.18215));
      Tensor decoded = vae.decode(expected.tensor("vae.latent").mul(scale));
      Closeness.assertWithinSpread(
          TOLERANCE, expected.tensor("vae.decoded"), decoded, variant + " decoded");
      compareLatents(variant, vae.encode(expected.tensor("vae.image")), expected, scale);
    }
  }

  private static Autoencoder open(String variant, GoldenComponent part) {
    return variant.equals("tiny-autoencoder")
        ? new AutoencoderTiny(AutoencoderTiny.Config.of(part.config()), part.weights())
        : new AutoencoderKL(AutoencoderConfig.of(part.config()), part.weights());
  }

  private static void compareLatents(
      String variant, LatentDistribution actual, GoldenReference expected, Scalar scale) {
    if (expected.has("vae.encoded")) {
      Closeness.assertWithinSpread(
          TOLERANCE, expected.tensor("vae.encoded"), actual.mean(), variant + " encoded");
      return;
    }
    Closeness.assertWithinSpread(
        TOLERANCE, expected.tensor("vae.mean"), actual.mean(), variant + " mean");
    Closeness.assertWithinSpread(
        TOLERANCE, expected.tensor("vae.logvar"), actual.logVariance(), variant + " log variance");
    try (NoiseSource noise = NoiseSource.seeded(new long[] {expected.number("vae_sample_seed")})) {
      Tensor mean = actual.mean();
      Tensor drawn = actual.sample(noise.next(mean.size(1), mean.size(2), mean.size(3)));
      Closeness.assertWithinSpread(
          TOLERANCE, expected.tensor("vae.drawn").mul(scale), drawn, variant + " drawn");
    }
  }
}
