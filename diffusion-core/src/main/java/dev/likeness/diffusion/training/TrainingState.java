package dev.likeness.diffusion.training;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * A run as it can be stopped and gone on with: weights, their slow average (may be null) and the optimiser's moments in
 * one safetensors file, under {@code weights.}, {@code ema.}, {@code first.} and {@code second.}; the step in its
 * metadata. Randomness needs no place in it where every step draws from a source seeded by its own number.
 */
public record TrainingState(TrainableWeights weights, AdamW optimizer, Ema ema) {
  /** Writes the state, whole or not at all. */
  public void save(Path file, Map<String, String> notes) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    weights.leaves().forEach((name, t) -> tensors.put("weights." + name, t));
    if (ema != null) {
      ema.average().forEach((name, t) -> tensors.put("ema." + name, t));
    }
    optimizer.state().forEach((name, m) -> {
      tensors.put("first." + name, m.first());
      tensors.put("second." + name, m.second());
    });
    Map<String, String> metadata = new LinkedHashMap<>(notes);
    metadata.put("step", Long.toString(optimizer.steps()));
    SafetensorsWriter.write(file, tensors, metadata);
  }

  /** Takes up a saved state and returns its notes. */
  public Map<String, String> load(Path file) {
    try (TensorScope scope = TensorScope.open(); Safetensors saved = Safetensors.open(file)) {
      weights.load(under(saved, "weights."));
      if (ema != null) {
        ema.restore(tensors(saved, "ema."));
      }
      Map<String, Tensor> second = tensors(saved, "second.");
      Map<String, AdamW.Moments> moments = new LinkedHashMap<>();
      tensors(saved, "first.").forEach((name, t) -> moments.put(name, new AdamW.Moments(t, second.get(name))));
      optimizer.restore(Long.parseLong(saved.header().metadata().get("step")), moments);
      return saved.header().metadata();
    }
  }

  private static dev.likeness.diffusion.weights.TensorSource under(Safetensors saved, String prefix) {
    return new dev.likeness.diffusion.weights.Renamed(
        saved, name -> name.startsWith(prefix) ? name.substring(prefix.length()) : null);
  }

  private static Map<String, Tensor> tensors(Safetensors saved, String prefix) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    for (String name : saved.names()) {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), saved.read(name));
      }
    }
    return found;
  }
}
