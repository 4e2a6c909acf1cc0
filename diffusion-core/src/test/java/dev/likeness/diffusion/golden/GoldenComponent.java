package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Set;

/** One network's files in a golden folder, opened in f32. */
record GoldenComponent(ModelConfig config, LoadedWeights loaded) implements AutoCloseable {
  static GoldenComponent open(GoldenFolder folder, String component, String weights) {
    return new GoldenComponent(
        ModelConfig.read(folder.path().resolve(component).resolve("config.json")),
        new LoadedWeights(
            Safetensors.open(folder.path().resolve(component).resolve(weights)), Compute.EXACT));
  }

  Weights weights() {
    return Weights.of(loaded);
  }

  void requireAllRead() {
    loaded.requireAllRead(Set.of("text_model.embeddings.position_ids"));
  }

  @Override
  public void close() {
    loaded.close();
  }
}
