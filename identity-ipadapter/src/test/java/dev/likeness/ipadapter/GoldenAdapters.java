package dev.likeness.ipadapter;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Adapters of {@code tools/goldens/ipadapter.py} for one tiny base, or of
 * {@code ipadapter_flux_sd3.py} for one such as {@code flux/dev}, and what the reference draws with
 * them.
 */
public record GoldenAdapters(String base, Map<String, Object> record) {
  /** One request. */
  record Case(String base, int index, Map<?, ?> request) {
    List<Map<?, ?>> uses() {
      return ((List<?>) request.get("use"))
          .stream().<Map<?, ?>>map(use -> (Map<?, ?>) use).toList();
    }

    double number(String name) {
      return ((Number) request.get(name)).doubleValue();
    }

    @Override
    public String toString() {
      return base + " " + index + " " + request.get("use");
    }
  }

  public static GoldenAdapters of(String base) {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file(file(base, ".json.gz"))))) {
      Map<String, Object> record = JSON.std.mapFrom(in);
      return new GoldenAdapters(
          base, record.containsKey("bases") ? part(part(record, "bases"), base) : record);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String file(String base, String ending) {
    return (base.contains("/") ? "joint" : base) + ending;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> part(Map<String, Object> record, String name) {
    return (Map<String, Object>) record.get(name);
  }

  static Path file(String name) {
    return GoldenResource.file("/golden/ipadapter/" + name);
  }

  List<Case> cases() {
    List<?> cases = (List<?>) record.get("cases");
    return IntStream.range(0, cases.size())
        .mapToObj(i -> new Case(base, i, (Map<?, ?>) cases.get(i)))
        .toList();
  }

  Safetensors reference() {
    return Safetensors.open(file(file(base, ".safetensors")));
  }

  /** What a case draws, [images, 3, height, width]. */
  Tensor images(Safetensors reference, Case golden) {
    return reference.read(
        base.contains("/") ? base + "." + golden.index() : "case" + golden.index() + ".images");
  }

  /** The image encoder that an adapter looks through. */
  String encoder(String kind) {
    Object own = adapter(kind).get("encoder");
    return own == null ? "clip-quick" : own.toString();
  }

  /** Writes the LoRA of a joint base. */
  Path writeLora(Path folder) {
    Map<String, Object> lora = part(record, "lora");
    try (TensorScope scope = TensorScope.open()) {
      Path file = folder.resolve("lora.safetensors");
      SafetensorsWriter.write(
          file,
          SeededWeights.of(
              GoldenFolder.shapes(part(lora, "tensors")), ((Number) lora.get("seed")).longValue()),
          Map.of());
      return file;
    }
  }

  Map<String, long[]> shapes(String kind) {
    return GoldenFolder.shapes((Map<?, ?>) adapter(kind).get("tensors"));
  }

  private Map<?, ?> adapter(String kind) {
    return (Map<?, ?>) ((Map<?, ?>) record.get("adapters")).get(kind);
  }

  /** The adapter's tensors under their published names; owned by the calling scope. */
  Map<String, Tensor> tensors(String kind) {
    return SeededWeights.of(shapes(kind), ((Number) adapter(kind).get("seed")).longValue());
  }

  /** Writes an adapter as {@code ip-adapter-KIND.safetensors} below {@code folder}. */
  public Path write(String kind, Path folder) {
    return write(kind, folder.resolve("ip-adapter-" + kind + ".safetensors"), name -> name);
  }

  /** Writes an adapter under other names; those renamed to null are left out. */
  Path write(String kind, Path file, UnaryOperator<String> spelled) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> renamed = new HashMap<>();
      tensors(kind).forEach((name, tensor) -> {
        if (spelled.apply(name) != null) {
          renamed.put(spelled.apply(name), tensor);
        }
      });
      SafetensorsWriter.write(file, renamed, Map.of());
      return file;
    }
  }
}
