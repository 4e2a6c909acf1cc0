package dev.likeness.lora;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * LoRA files of peft and diffusers, and what diffusers drew with them:
 * {@code tools/goldens/lora.py}.
 */
public final class GoldenLora {
  private static final String ROOT = "/golden/lora/";

  private GoldenLora() {}

  /** Files at weights, and the prefix of what was drawn with them. */
  record Case(String name, Map<String, Double> weights) {
    @Override
    public String toString() {
      return name + " " + weights;
    }
  }

  public static Path file(String name) {
    return resource(name + ".safetensors");
  }

  private static Path resource(String name) {
    return GoldenResource.file(URI.create(ROOT).resolve(name).getPath());
  }

  static Safetensors reference() {
    return Safetensors.open(file("reference"));
  }

  static Map<String, Object> record() {
    return record("reference");
  }

  public static Map<String, Object> record(String name) {
    try (InputStream in = Files.newInputStream(resource(name + ".json"))) {
      return JSON.std.mapFrom(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Case> cases() {
    List<?> cases = (List<?>) record().get("cases");
    return IntStream.range(0, cases.size())
        .mapToObj(i -> {
          Map<String, Double> weights = new LinkedHashMap<>();
          ((Map<?, ?>) cases.get(i))
              .forEach(
                  (file, weight) -> weights.put((String) file, ((Number) weight).doubleValue()));
          return new Case("case" + i, weights);
        })
        .toList();
  }
}
