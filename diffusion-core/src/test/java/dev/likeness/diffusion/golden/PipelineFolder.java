package dev.likeness.diffusion.golden;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A tiny diffusers folder of {@code tools/goldens/flux.py}, {@code sd3.py} or
 * {@code zimage_klein.py}, written with weights made from their seeds, and what the reference
 * computed with it.
 *
 * @param path the folder
 * @param name its family and variant, e.g. {@code flux/dev}
 */
public record PipelineFolder(Path path, String name) {
  private static final String ROOT = "/golden/";

  /** Writes {@code name} below {@code parent}. */
  public static PipelineFolder write(String name, Path parent) {
    Path out = parent.resolve(name);
    String from = ROOT + name + "/";
    for (String file : List.of(
        "model_index.json",
        "scheduler/scheduler_config.json",
        "reference.json",
        "reference.safetensors")) {
      GoldenResource.copy(from + file, out.resolve(file));
    }
    GoldenResource.json(from + "model_index.json").forEach((part, type) -> {
      if (part.startsWith("tokenizer") && type instanceof List<?> pair && pair.get(1) != null) {
        String kind = pair.get(1).toString();
        String tokenizer = kind.startsWith("T5")
            ? "t5/today/"
            : kind.startsWith("Qwen") ? "qwen/today/" : "sd1/tokenizers/sd1-today/";
        GoldenResource.copy(
            ROOT + tokenizer + "tokenizer.json", out.resolve(part).resolve("tokenizer.json"));
        GoldenResource.copy(
            ROOT + tokenizer + "tokenizer_config.json",
            out.resolve(part).resolve("tokenizer_config.json"));
      }
    });
    GoldenResource.json(from + "weights.json.gz").forEach((part, recipe) -> {
      GoldenResource.copy(from + part + "/config.json", out.resolve(part).resolve("config.json"));
      writePart(name, (Map<?, ?>) recipe, out);
    });
    return new PipelineFolder(out, name);
  }

  /**
   * Writes the folder {@code name} of any family, e.g. {@code sd1/base} or {@code flux/dev}, below
   * {@code parent}.
   */
  public static Path any(String name, Path parent) {
    return name.startsWith("sd1/") || name.startsWith("sdxl/")
        ? GoldenFolder.write(
                name.substring(name.indexOf('/') + 1), GoldenFolder.KeyFormat.CURRENT, parent)
            .path()
        : write(name, parent).path();
  }

  /** What the reference computed. */
  public PipelineReference reference() {
    return PipelineReference.open(path);
  }

  private static void writePart(String name, Map<?, ?> recipe, Path out) {
    String file = (String) recipe.get("file");
    SeededFiles.write(
        out.resolve(file),
        name + "/" + file,
        () -> SeededWeights.of(
            GoldenFolder.shapes((Map<?, ?>) recipe.get("tensors")),
            ((Number) recipe.get("seed")).longValue()));
  }
}
