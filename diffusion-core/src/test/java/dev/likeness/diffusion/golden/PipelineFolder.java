package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * A tiny diffusers folder of {@code tools/goldens/flux.py}, {@code sd3.py} or {@code qwen.py}, written with weights made from their seeds,
 * and what the reference computed with it.
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
    for (String file : List.of("model_index.json", "scheduler/scheduler_config.json", "reference.json", "reference.safetensors")) {
      copy(from + file, out.resolve(file));
    }
    json(from + "model_index.json").forEach((part, type) -> {
      if (part.startsWith("tokenizer") && type instanceof List<?> pair && pair.get(1) != null) {
        String kind = pair.get(1).toString();
        String tokenizer = kind.startsWith("T5") ? "t5/today/" : kind.startsWith("Qwen") ? "qwen/today/" : "sd1/tokenizers/sd1-today/";
        copy(ROOT + tokenizer + "tokenizer.json", out.resolve(part).resolve("tokenizer.json"));
        copy(ROOT + tokenizer + "tokenizer_config.json", out.resolve(part).resolve("tokenizer_config.json"));
      }
    });
    json(from + "weights.json.gz").forEach((part, recipe) -> {
      copy(from + part + "/config.json", out.resolve(part).resolve("config.json"));
      writePart((Map<?, ?>) recipe, out);
    });
    return new PipelineFolder(out, name);
  }

  /** What the reference computed. */
  public PipelineReference reference() {
    return PipelineReference.open(path);
  }

  private static void writePart(Map<?, ?> recipe, Path out) {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(out.resolve((String) recipe.get("file")),
          SeededWeights.of(GoldenFolder.shapes((Map<?, ?>) recipe.get("tensors")), ((Number) recipe.get("seed")).longValue()),
          Map.of("format", "pt"));
    }
  }

  private static Map<String, Object> json(String resource) {
    try (InputStream in = open(resource); InputStream text = resource.endsWith(".gz") ? new GZIPInputStream(in) : in) {
      return JSON.std.mapFrom(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(String resource, Path to) {
    try (InputStream in = open(resource)) {
      Files.createDirectories(to.getParent());
      Files.copy(in, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String resource) {
    InputStream in = PipelineFolder.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IllegalArgumentException("no golden " + resource + "; tools/goldens/README.md says how to make it");
    }
    return in;
  }
}
