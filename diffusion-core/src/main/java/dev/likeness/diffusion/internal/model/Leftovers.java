package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a single file holds beside its networks (a layer that is never run, buffers of the noise
 * schedule), kept in a folder made of it, so that the way back gives the same file. Averaged copies
 * of the weights are not kept.
 */
public final class Leftovers {
  private static final String FILE = "leftovers.safetensors";
  static final String AVERAGED = "model_ema.";

  private Leftovers() {}

  /** Keeps in {@code folder} what no component of {@code file} claims. */
  public static void keep(SingleFile file, Path source, Path folder) {
    try (TensorSource rest = new RenamedSource(
        TensorFileFormat.open(source),
        name -> name.startsWith(AVERAGED) || file.claims(name) ? null : name)) {
      Map<String, String> metadata = TensorFileFormat.metadata(file.keys());
      if (!rest.names().isEmpty() || !metadata.isEmpty()) {
        SafetensorsWriter.write(folder.resolve(FILE), rest, metadata);
      }
    }
  }

  /** Adds what was kept beside a model, if anything was. */
  static void addTo(ModelParts files, List<TensorSource> sources, Map<String, String> metadata) {
    if (files instanceof ModelFolder folder && Files.exists(folder.root().resolve(FILE))) {
      Safetensors rest = Safetensors.open(folder.root().resolve(FILE));
      sources.add(rest);
      rest.metadata().forEach(metadata::putIfAbsent);
    }
  }
}
