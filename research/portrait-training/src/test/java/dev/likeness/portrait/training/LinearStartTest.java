package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.Ema;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LinearStartTest {
  @Test
  void drawsEveryColourBackBeforeItHasLearntAnything() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(3);
        TrainableWeights weights = new TrainableWeights(new LinearStart(noise, 8))) {
      AutoencoderKL autoencoder = autoencoder(weights);
      for (long seed = 0; seed < 3; seed++) {
        Tensor x = image(seed);
        double mse = autoencoder
                .decode(autoencoder.encode(x).mean())
                .sub(x)
                .square()
                .mean()
                .item_double()
            / 4;
        // Smooth colours of 8x8 blocks alone come to 19 to 24 dB; an image without one of its
        // chromas stays below.
        assertTrue(
            -10 * Math.log10(mse) > 18,
            "render " + seed + " comes back at " + -10 * Math.log10(mse) + " dB");
      }
    }
  }

  @Test
  void eveningTheLatentsCentresThemAndLeavesTheImage(@TempDir Path folder) {
    Path state = folder.resolve("state.safetensors");
    Path even = folder.resolve("even.safetensors");
    RenderStore store = new RenderStore(folder.resolve("renders"));
    store.fill(
        3,
        i -> Renderer.render(Person.random(i), shot(i), Architecture.PIXELS).image(),
        done -> {});
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(3);
        TrainableWeights weights = new TrainableWeights(new LinearStart(noise, 8));
        AdamW adam = AdamW.standard();
        Ema ema = new Ema(0.5)) {
      Tensor x = ImageTensors.toSigned(store.image(1));
      Tensor before = autoencoder(weights).decode(autoencoder(weights).encode(x).mean());
      ema.update(weights.leaves(), 1);
      new TrainingStateFile(weights, adam, ema).save(state, Map.of());
      EvenLatents.write(state, store, even);
      try (Safetensors saved = Safetensors.open(even);
          TrainableWeights evened = new TrainableWeights(null)) {
        evened.load(saved);
        Tensor latents = latents(evened, store, 1);
        assertEquals(
            0, autoencoder(evened).decode(latents).sub(before).abs().max().item_double(), 1e-3);
        Tensor sum = latents.add(latents(evened, store, 0)).add(latents(evened, store, 2));
        assertEquals(0, sum.mean(0, 2, 3).abs().max().item_double(), 1e-3);
      }
    }
  }

  private static AutoencoderKL autoencoder(Parameters weights) {
    return new AutoencoderKL(Architecture.autoencoderConfig(1), Weights.of(weights));
  }

  private static Tensor latents(Parameters weights, RenderStore store, int index) {
    return autoencoder(weights)
        .encode(ImageTensors.toSigned(store.image(index)))
        .mean();
  }

  private static Tensor image(long seed) {
    return ImageTensors.toSigned(
        Renderer.render(Person.random(seed), shot(seed), Architecture.PIXELS).image());
  }

  private static Shot shot(long seed) {
    return Shot.headshot(new Random(seed * 0x9E3779B97F4A7C15L)).withNoise(0);
  }
}
