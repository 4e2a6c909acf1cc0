package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.portrait.people.Renderer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Of which model, and beside which renders, figures are. */
final class MeasuredModel {
  private MeasuredModel() {}

  /**
   * How UNet, autoencoder and adapter of {@code folder} came to be, and the edition of the
   * renderer, whose prompts they draw.
   */
  static String told(Path folder) {
    return Stream.of(
            folder.resolve("unet/diffusion_pytorch_model.safetensors"),
            folder.resolve("vae/diffusion_pytorch_model.safetensors"),
            Extra.IP_ADAPTER.at(folder))
        .filter(Files::exists)
        .map(MeasuredModel::made)
        .collect(Collectors.joining(", ", "", ", edition " + Renderer.EDITION));
  }

  /** How {@code weights} came to be, by their own header. */
  static String made(Path weights) {
    try (Safetensors file = Safetensors.open(weights)) {
      return new TreeMap<>(file.metadata()).toString();
    }
  }
}
