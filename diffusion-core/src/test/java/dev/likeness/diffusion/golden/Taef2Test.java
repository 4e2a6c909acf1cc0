package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A tiny autoencoder whose deepest blocks have group norms, of {@code tools/goldens/taef2.py}. */
@ExtendWith(NoTensorLeaks.class)
class Taef2Test {
  @Test
  void decodesAndEncodesAsTheReferenceDoes() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        Safetensors expected =
            Safetensors.open(GoldenResource.file("/golden/taef2/reference.safetensors"));
        LoadedAutoencoder vae = ComponentFile.openAutoencoder(
            GoldenResource.file("/golden/taef2/taef2.safetensors"), Compute.EXACT);
        NoiseSource latents = NoiseSource.seeded(1);
        NoiseSource pixels = NoiseSource.seeded(2)) {
      assertEquals(128, vae.latentChannels());
      assertEquals(16, vae.vaeScaleFactor());
      Closeness.assertWithin(
          1e-5, expected.read("decoded"), vae.decode(latents.next(128, 1, 2)), "decoded");
      Tensor image = pixels
          .next(3, 16, 32)
          .clamp(new ScalarOptional(new Scalar(-1.0)), new ScalarOptional(new Scalar(1.0)));
      Closeness.assertWithin(1e-5, expected.read("encoded"), vae.encode(image).mode(), "encoded");
    }
  }
}
