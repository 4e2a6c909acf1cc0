package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Latents that show nothing, for trainings to go through the motions. */
final class NoiseLatents {
  private NoiseLatents() {}

  /** So many, in a file in {@code folder}; every caption is the same. */
  static LatentSet of(Path folder, int images) {
    return of(folder, images, OptionalDouble.empty());
  }

  /** The same, multiplied by {@code scale} where it is there. */
  static LatentSet of(Path folder, int images, OptionalDouble scale) {
    Path file = folder.resolve("latents.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1)) {
      SafetensorsWriter.write(
          file,
          Map.of(
              "latents",
              noise.next(images, 8, 32, 32).squeeze(0).to(ScalarType.Half),
              "tokens",
              torch.ones(images, 3, Architecture.TOKENS).to(ScalarType.Short),
              "focus",
              torch.ones(images, 1, 32, 32).to(ScalarType.Half)),
          Map.of());
    }
    return new LatentSet(List.of(file), new int[Architecture.TOKENS], scale);
  }
}
