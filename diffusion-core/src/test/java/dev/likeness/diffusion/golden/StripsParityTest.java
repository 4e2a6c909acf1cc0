package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import java.nio.file.Path;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An autoencoder that works in strips, or on one image after the other, agrees with the whole. */
@ExtendWith(NoTensorLeaks.class)
class StripsParityTest {
  private static final double ROUNDING = 1e-5;

  @ParameterizedTest
  @ValueSource(strings = {"base", "four-levels", "lists", "bare-vae", "gelu"})
  void agreesWithTheWhole(String variant, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent);
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenReference expected = folder.reference();
        GoldenComponent part =
            GoldenComponent.open(folder, "vae", "diffusion_pytorch_model.safetensors")) {
      AutoencoderConfig config = AutoencoderConfig.of(part.config());
      AutoencoderKL whole = new AutoencoderKL(config, part.weights());
      Tensor latent = expected.tensor("vae.latent");
      Tensor latents = torch.cat(new TensorVector(latent, latent.flip(2)), 0);
      Tensor image = expected.tensor("vae.image");
      Tensor images = torch.cat(new TensorVector(image, image.flip(2)), 0);
      for (int rows : new int[] {2, 4, 10}) {
        Autoencoder strips = new AutoencoderKL(config, part.weights(), new RowTiling(rows));
        for (Autoencoder other : new Autoencoder[] {strips, strips.sliced()}) {
          compare(variant + " in strips of " + rows, whole, other, latents, images);
        }
      }
      compare(variant + " one by one", whole, whole.sliced(), latents, images);
    }
  }

  private static void compare(
      String what, Autoencoder whole, Autoencoder other, Tensor latents, Tensor images) {
    Closeness.assertWithin(
        ROUNDING, whole.decode(latents), other.decode(latents), what + " decoded");
    LatentDistribution expected = whole.encode(images);
    LatentDistribution actual = other.encode(images);
    Closeness.assertWithin(ROUNDING, expected.mean(), actual.mean(), what + " mean");
    Closeness.assertWithin(
        ROUNDING, expected.logVariance(), actual.logVariance(), what + " log variance");
  }
}
